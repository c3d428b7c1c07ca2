#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>

#include "check/base64_shape.hpp"
#include "check/entry_rules.hpp"
#include "check/http_text.hpp"
#include "check/saying.hpp"
#include "check/url_parts.hpp"
#include "check/words.hpp"

namespace har::check {
namespace {

// Dates.

/// The number that the `count` digits at the start of `text` say; -1 if they are none.
int digits(std::string_view text, std::size_t count) {
  int value = 0;
  for (std::size_t i = 0; i < count; ++i) {
    if (i >= text.size() || text[i] < '0' || text[i] > '9') return -1;
    value = value * 10 + (text[i] - '0');
  }
  return value;
}

/// Whether `text` is YYYY-MM-DDThh:mm:ss, a fraction if there is one, and Z or ±hh:mm.
bool is_date(std::string_view text) {
  constexpr std::string_view kPattern = "dddd-dd-ddTdd:dd:dd";
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  if (text.size() <= kPattern.size()) return false;
  for (std::size_t i = 0; i < kPattern.size(); ++i) {
    if (kPattern[i] == 'd' ? !digit(text[i]) : text[i] != kPattern[i]) return false;
  }
  text.remove_prefix(kPattern.size());
  if (text.front() == '.') {
    text.remove_prefix(1);
    while (!text.empty() && digit(text.front())) text.remove_prefix(1);
  }
  if (text == "Z") return true;
  return text.size() == 6 && (text[0] == '+' || text[0] == '-') && text[3] == ':' && digits(text.substr(1), 2) >= 0 &&
         digits(text.substr(4), 2) >= 0;
}

/// What of a date does not exist; empty: nothing, or it is not written as a date, which is another rule's.
std::string missing_moment(std::string_view text) {
  if (!is_date(text)) return {};
  const int year = digits(text, 4);
  const int month = digits(text.substr(5), 2);
  const int day = digits(text.substr(8), 2);
  const int hour = digits(text.substr(11), 2);
  const int minute = digits(text.substr(14), 2);
  const int second = digits(text.substr(17), 2);
  if (month < 1 || month > 12) return fmt::format("expected a month from 01 to 12, found {:02} in {}", month, quoted(text));
  using namespace std::chrono;
  const auto last = static_cast<unsigned>(
      year_month_day_last(std::chrono::year(year) / std::chrono::month(static_cast<unsigned>(month)) / std::chrono::last).day());
  if (day < 1 || static_cast<unsigned>(day) > last) {
    return fmt::format("expected a day from 01 to {} in {}, found {}", last, text.substr(0, 7), quoted(text));
  }
  const bool midnight = hour == 24 && minute == 0 && second == 0;  // ISO 8601: the end of the day
  if (hour > 23 && !midnight) return fmt::format("expected an hour up to 23, found {} in {}", hour, quoted(text));
  if (minute > 59) return fmt::format("expected a minute up to 59, found {} in {}", minute, quoted(text));
  if (second > 60) return fmt::format("expected a second up to 59, found {} in {}", second, quoted(text));  // 60: a leap second
  if (text.back() != 'Z') {
    const std::string_view zone = text.substr(text.size() - 5);
    if (digits(zone, 2) > 23 || digits(zone.substr(3), 2) > 59) {
      return fmt::format("expected a zone up to 23:59, found {}", quoted(text));
    }
  }
  return {};
}

void check_dates(const Facts& facts, Marks& marks, std::string& scratch) {
  if (std::string wrong = missing_moment(text_of(facts[Slot::started], scratch)); !wrong.empty()) {
    mark(marks, RuleId::date_value, facts, Slot::started, std::move(wrong));
  }
  for (const List list : {List::request_cookies, List::response_cookies}) {
    RecordMarks dates(RuleId::date_value, facts, list, marks);
    for (const Record& cookie : facts[list]) {
      if (!cookie.expires.is_string()) continue;
      std::string wrong = missing_moment(text_of(cookie.expires, scratch));
      if (!wrong.empty() && dates.next()) {
        mark(marks, RuleId::date_value, facts, list, cookie, cookie.expires, "expires", std::move(wrong));
      }
    }
    dates.finish();
  }
}

// Times and status.

void check_numbers(const Facts& facts, Marks& marks) {
  // What is below -1 is out of the schema's bounds, and so marked by the walk; between -1 and 0 nothing has a meaning.
  for (const Slot slot : {Slot::blocked, Slot::dns, Slot::connect, Slot::ssl}) {
    const Field& field = facts[slot];
    if (!field || field.raw.front() != '-') continue;
    const double value = number_of(field, 0);
    if (value >= 0 || value <= -1) continue;
    mark(marks, RuleId::timings_negative, facts, slot, fmt::format("expected milliseconds, or -1, found {}", field.raw));
  }
  const double status = number_of(facts[Slot::status], 200);
  if (status >= 100 && status < 600) return;
  if (status == 0 || status == -1 || status == -2) {
    mark(marks, RuleId::status_none, facts, Slot::status,
         fmt::format("expected a status from 100 to 599, found {}: no answer", facts[Slot::status].raw));
  } else {
    mark(marks, RuleId::status_range, facts, Slot::status,
         fmt::format("expected a status from 100 to 599, found {}", facts[Slot::status].raw));
  }
}

// Headers.

constexpr std::string_view kBreaks("\r\n\0", 3);

/// HTTP/2's :authority and the like are tokens behind a colon.
bool is_header_name(std::string_view name) { return is_token(name.starts_with(':') ? name.substr(1) : name); }

/// Chrome's protocol, and what is made from it, joins the values of headers of one name by LF, Set-Cookie above all. A line
/// that is a header itself is something else: it was smuggled in.
bool is_several_values(std::string_view value) {
  if (value.find_first_of(std::string_view("\r\0", 2)) != std::string_view::npos) return false;
  for (std::size_t line = value.find('\n'); line != std::string_view::npos; line = value.find('\n')) {
    value.remove_prefix(line + 1);
    const std::size_t colon = value.substr(0, value.find('\n')).find(':');
    if (value.empty() || (colon != std::string_view::npos && is_token(value.substr(0, colon)))) return false;
  }
  return true;
}

void check_header_value(const Facts& facts, List list, const Record& header, std::string_view value, Marks& marks) {
  std::size_t from = value.find_first_of(kBreaks);
  from -= std::min<std::size_t>(from, 20);
  while (from > 0 && (static_cast<unsigned char>(value[from]) & 0xC0U) == 0x80) --from;  // not within a character
  const bool several = is_several_values(value);
  std::string message =
      several ? fmt::format("expected one line, found {}: {}", std::count(value.begin(), value.end(), '\n') + 1, quoted(value))
              : fmt::format("expected no CR, LF or NUL, found {}", quoted(value.substr(from)));
  mark(marks, RuleId::header_value, facts, list, header, header.value, "value", std::move(message),
       several ? std::optional(Severity::note) : std::nullopt);
}

void check_headers(const Facts& facts, Marks& marks, std::string& scratch) {
  for (const List list : {List::request_headers, List::response_headers}) {
    RecordMarks names(RuleId::header_name, facts, list, marks);
    RecordMarks values(RuleId::header_value, facts, list, marks);
    for (const Record& header : facts[list]) {
      if (header.name.is_string() && !is_header_name(header.name.inner())) {
        const std::string_view name = text_of(header.name, scratch);
        if (!is_header_name(name) && names.next()) {
          mark(marks, RuleId::header_name, facts, list, header, header.name, "name",
               fmt::format("expected a header name, found {}", quoted(name)));
        }
      }
      // A control character can only be there as an escape.
      if (!header.value.is_string() || header.value.inner().find('\\') == std::string_view::npos) continue;
      const std::string_view value = text_of(header.value, scratch);
      if (value.find_first_of(kBreaks) == std::string_view::npos || !values.next()) continue;
      check_header_value(facts, list, header, value, marks);
    }
    names.finish();
    values.finish();
  }
}

// The request line and the connection.

constexpr std::array<std::string_view, 22> kSchemes = {"http",
                                                       "https",
                                                       "ws",
                                                       "wss",
                                                       "data",
                                                       "blob",
                                                       "about",
                                                       "file",
                                                       "chrome",
                                                       "chrome-extension",
                                                       "devtools",
                                                       "edge",
                                                       "extension",
                                                       "filesystem",
                                                       "ftp",
                                                       "moz-extension",
                                                       "ms-browser-extension",
                                                       "resource",
                                                       "safari-extension",
                                                       "safari-web-extension",
                                                       "view-source",
                                                       "webpack"};

/// What stands in URLs: 0 what may, 1 what may not although browsers send it, 2 what no one should.
constexpr std::array<char, 256> kUrl = [] {
  std::array<char, 256> table{};
  for (std::size_t c = 0; c < 256; ++c) table[c] = c <= ' ' || c >= 0x7F ? 2 : 0;
  for (const char c : {'\\', '^', '`', '{', '|', '}'}) table[static_cast<unsigned char>(c)] = 1;
  for (const char c : {'"', '<', '>'}) table[static_cast<unsigned char>(c)] = 2;
  return table;
}();

void check_url(const Facts& facts, Marks& marks, std::string& scratch) {
  if (!facts[Slot::url].is_string()) return;
  const std::string_view url = text_of(facts[Slot::url], scratch);
  if (url.empty()) {
    mark(marks, RuleId::url_absolute, facts, Slot::url, "expected a URL, found an empty string");
    return;
  }
  const UrlParts parts = split_url(url);
  if (!parts.has_scheme) {
    // RFC 9110 §9.3.6: the target of CONNECT is a host and a port.
    if (facts[Slot::method].raw != "\"CONNECT\"") {
      mark(marks, RuleId::url_absolute, facts, Slot::url, fmt::format("expected scheme://host/…, found {}", quoted(url)));
    }
    return;
  }
  const auto is = [&](std::string_view scheme) { return equal_ignoring_case(parts.scheme, scheme); };
  const bool web = is("https") || is("http") || is("wss") || is("ws");
  if (web && parts.host().empty()) {
    mark(marks, RuleId::url_absolute, facts, Slot::url, fmt::format("expected a host behind the scheme, found {}", quoted(url)));
  } else if (!web && std::none_of(kSchemes.begin(), kSchemes.end(), is)) {
    mark(marks, RuleId::url_scheme, facts, Slot::url, fmt::format("expected a known scheme, found {}", quoted(parts.scheme)));
  }
  if (is("data")) return;  // what it holds is no address
  if (parts.has_fragment) {
    mark(marks, RuleId::url_fragment, facts, Slot::url,
         fmt::format("expected no fragment, found {}", quoted(url.substr(url.find('#')))));
  }
  char worst = 0;
  for (const char c : url) worst = std::max(worst, kUrl[static_cast<unsigned char>(c)]);
  if (worst == 0) return;
  const auto at = static_cast<std::size_t>(
      std::find_if(url.begin(), url.end(), [&](char c) { return kUrl[static_cast<unsigned char>(c)] == worst; }) - url.begin());
  // The URL Standard has browsers send these as they are, in queries at least.
  const bool usual = worst == 1;
  mark(marks, RuleId::url_characters, facts, Slot::url,
       fmt::format("expected percent-encoding, found {} behind {}", quoted(url.substr(at), 20),
                   quoted(url.substr(at - std::min<std::size_t>(at, 20), std::min<std::size_t>(at, 20)))),
       usual ? std::optional(Severity::off) : std::nullopt);
}

bool is_ip_address(std::string_view text) {
  text = text.substr(0, text.find('%'));  // an IPv6 address may have a zone: fe80::1%eth0
  std::array<char, 64> name{};
  std::array<unsigned char, 16> address{};
  if (text.size() >= name.size() || text.find('\0') != std::string_view::npos) return false;
  std::copy(text.begin(), text.end(), name.begin());
  return inet_pton(AF_INET, name.data(), address.data()) == 1 || inet_pton(AF_INET6, name.data(), address.data()) == 1;
}

void check_server_address(const Facts& facts, Marks& marks, std::string& scratch) {
  if (!facts[Slot::server_address].is_string()) return;
  const std::string_view address = text_of(facts[Slot::server_address], scratch);
  if (is_ip_address(address)) return;
  const bool brackets = address.size() > 2 && address.front() == '[' && address.back() == ']';
  if (address.empty() || (brackets && is_ip_address(address.substr(1, address.size() - 2)))) {
    mark(marks, RuleId::server_address_form, facts, Slot::server_address,
         fmt::format("expected an IP address{}, found {}", brackets ? " without brackets" : "", quoted(address)));
  } else {
    mark(marks, RuleId::server_address, facts, Slot::server_address,
         fmt::format("expected an IP address, found {}", quoted(address)));
  }
}

void check_message(const Facts& facts, Marks& marks, std::string& scratch) {
  const Field& method = facts[Slot::method];
  if (method.is_string()) {
    const std::string_view name = text_of(method, scratch);
    if (!is_token(name)) {
      mark(marks, RuleId::method_token, facts, Slot::method, fmt::format("expected a method, found {}", quoted(name)));
    }
  }
  for (const Slot slot : {Slot::request_version, Slot::response_version}) {
    if (!facts[slot].is_string()) continue;
    const std::string_view version = facts[slot].inner();
    constexpr std::array<std::string_view, 7> kVersions = {"HTTP/1.1", "HTTP/2",   "HTTP/2.0", "HTTP/3",
                                                           "HTTP/3.0", "HTTP/1.0", "HTTP/0.9"};
    if (std::find(kVersions.begin(), kVersions.end(), version) != kVersions.end()) continue;
    mark(marks, RuleId::http_version, facts, slot,
         fmt::format("expected HTTP/x.y, found {}", quoted(text_of(facts[slot], scratch))));
  }
}

// Bodies.

bool is_media_type(std::string_view mime) {
  const std::string_view essence = essence_of(mime);
  const std::size_t slash = essence.find('/');
  return slash != std::string_view::npos && is_token(essence.substr(0, slash)) && is_token(essence.substr(slash + 1));
}

void check_base64(const Facts& facts, Slot slot, Marks& marks) {
  const Field& text = facts[slot];
  if (!text.is_string() || is_clean_base64(text.inner())) return;
  const Base64Shape shape = base64_shape(text);
  if (!shape.wrong.empty()) {
    mark(marks, RuleId::base64_invalid, facts, slot, fmt::format("expected base64, {}", shape.wrong));
    return;
  }
  if (shape.unpadded) {  // what browsers decode nevertheless
    mark(marks, RuleId::base64_invalid, facts, slot, "expected '=' at the end of the base64, found no padding",
         Severity::warning);
  }
  if (shape.breaks) mark(marks, RuleId::base64_breaks, facts, slot, "expected base64 in one piece, found white space in it");
}

void check_bodies(const Facts& facts, Marks& marks, std::string& scratch) {
  for (const Slot slot : {Slot::mime, Slot::post_mime}) {
    if (!facts[slot].is_string()) continue;
    const std::string_view mime = text_of(facts[slot], scratch);
    if (is_media_type(mime)) continue;
    mark(marks, RuleId::mime_type, facts, slot, fmt::format("expected type/subtype, found {}", quoted(mime)));
  }
  const Field& encoding = facts[Slot::encoding];
  const bool base64 = encoding.raw == "\"base64\"";
  if (encoding.is_string() && !base64) {
    mark(marks, RuleId::content_encoding, facts, Slot::encoding,
         fmt::format("expected \"base64\", found {}", quoted(text_of(encoding, scratch))));
  }
  if (base64) check_base64(facts, Slot::text, marks);
  if (facts[Slot::post_encoding].raw == "\"base64\"") check_base64(facts, Slot::post_text, marks);
  if (is_undeclared_base64(facts)) {
    mark(marks, RuleId::base64_undeclared, facts, Slot::text,
         fmt::format(
             "expected \"encoding\": \"base64\" beside base64 text, found none; the text decodes to {} bytes, which is size",
             facts[Slot::size].raw));
  }
}

}  // namespace

void check_values(const Facts& facts, Marks& marks) {
  thread_local std::string scratch;
  check_dates(facts, marks, scratch);
  check_numbers(facts, marks);
  check_message(facts, marks, scratch);
  check_url(facts, marks, scratch);
  check_headers(facts, marks, scratch);
  check_server_address(facts, marks, scratch);
  check_bodies(facts, marks, scratch);
}

}  // namespace har::check
