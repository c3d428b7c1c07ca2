#include "capture/head_text.hpp"

#include <array>
#include <charconv>
#include <cstdio>
#include <optional>
#include <string>

#include "capture/fields.hpp"
#include "check/http_text.hpp"

namespace har::capture {
namespace {

using stream::TapField;

void put_pair(Text& out, bool& first, std::string_view name, std::string_view value) {
  out << (first ? R"({"name":)" : R"(,{"name":)");
  first = false;
  put_string(out, name);
  out << R"(,"value":)";
  put_string(out, value);
  out << '}';
}

void put_request_cookies(Text& out, std::span<const TapField> fields) {
  bool first = true;
  out << R"("cookies":[)";
  for (const TapField& field : fields) {
    if (!same_name(field.name, "cookie")) continue;
    each_part(field.value, ';', [&](std::string_view part) {
      const Pair pair = pair_of(part);
      put_pair(out, first, trimmed(pair.name), trimmed(pair.value));
    });
  }
  out << ']';
}

std::optional<int> number(std::string_view text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() ? std::optional(value) : std::nullopt;
}

/// RFC 6265 §5.1.1 in short: day, month, year and time, in any of the spellings of HTTP, as HAR has dates.
std::optional<std::string> iso_date(std::string_view text) {
  constexpr std::array<std::string_view, 12> kMonths{"jan", "feb", "mar", "apr", "may", "jun",
                                                     "jul", "aug", "sep", "oct", "nov", "dec"};
  int day = 0;
  std::size_t month = 0;
  std::optional<int> year;
  std::optional<std::string> time;
  std::string words(text);
  for (char& c : words) {
    if (c == '-' || c == ',') c = ' ';
  }
  each_part(words, ' ', [&](std::string_view word) {
    if (word.size() == 8 && word[2] == ':' && word[5] == ':') {
      time = word;
    } else if (const auto value = number(word)) {
      if (day == 0 && *value >= 1 && *value <= 31) {
        day = *value;
      } else if (!year) {
        year = *value < 70 ? *value + 2000 : *value < 100 ? *value + 1900 : *value;
      }
    } else {
      for (std::size_t i = 0; i < kMonths.size(); ++i) {
        if (month == 0 && same_name(word.substr(0, 3), kMonths[i])) month = i + 1;
      }
    }
  });
  const auto date = std::chrono::year(year.value_or(0)) / std::chrono::month(static_cast<unsigned>(month)) /
                    std::chrono::day(static_cast<unsigned>(day));
  if (!year || *year < 1601 || *year > 9999 || month == 0 || day == 0 || !time || !date.ok()) return std::nullopt;
  char out[40];
  std::snprintf(out, sizeof out, "%04d-%02u-%02dT%.8s.000Z", *year, static_cast<unsigned>(month), day, time->c_str());
  return stream::parse_iso8601(out) ? std::optional<std::string>(out) : std::nullopt;
}

void put_set_cookie(Text& out, bool& first, std::string_view value) {
  const std::size_t end = std::min(value.find(';'), value.size());
  const Pair pair = pair_of(value.substr(0, end));
  put_pair(out, first, trimmed(pair.name), trimmed(pair.value));
  out.cut(out.size() - 1);  // its brace: there may be more
  std::array<bool, 5> seen{};
  each_part(value.substr(end), ';', [&](std::string_view part) {
    const Pair attribute = pair_of(part);
    const std::string_view name = trimmed(attribute.name);
    const std::string_view text = trimmed(attribute.value);
    const auto once = [&](std::size_t index, std::string_view wanted) {
      return same_name(name, wanted) && !std::exchange(seen[index], true);
    };
    if (once(0, "path")) {
      out << R"(,"path":)";
      put_string(out, text);
    } else if (once(1, "domain")) {
      out << R"(,"domain":)";
      put_string(out, text);
    } else if (once(2, "expires")) {
      if (const auto date = iso_date(text)) out << R"(,"expires":")" << *date << '"';
    } else if (once(3, "httponly")) {
      out << R"(,"httpOnly":true)";
    } else if (once(4, "secure")) {
      out << R"(,"secure":true)";
    }
  });
  out << '}';
}

void put_pairs(Text& out, std::string_view list) {
  bool first = true;
  out << '[';
  while (!list.empty()) {
    const std::size_t end = std::min(list.find('&'), list.size());
    if (end != 0) {
      const Pair pair = pair_of(list.substr(0, end));
      put_pair(out, first, pair.name, pair.value);
    }
    list.remove_prefix(std::min(end + 1, list.size()));
  }
  out << ']';
}

void put_member(Text& out, bool& first, std::string_view name) {
  if (!first) out << ',';
  first = false;
  out << '"' << name << R"(":)";
}

/// What "+" and "%XX" stand for: a form is read by programs that do not know that it was one.
std::string form_decoded(std::string_view text) {
  std::string out(text);
  check::percent_decode(out);
  return out;
}

}  // namespace

void put_headers(Text& out, std::span<const TapField> fields) {
  bool first = true;
  out << '[';
  for (const TapField& field : fields) put_pair(out, first, field.name, field.value);
  out << ']';
}

void put_request(Text& out, const Captured& captured) {
  const stream::TapRequest& request = captured.request;
  out << R"({"method":)";
  put_string(out, request.method);
  out << R"(,"url":)";
  put_string(out, request.url);
  out << R"(,"httpVersion":)";
  put_string(out, request.version);
  out << ',';
  put_request_cookies(out, request.fields);
  out << R"(,"headers":)";
  put_headers(out, request.fields);
  out << R"(,"queryString":)";
  put_pairs(out, query_of(request.url));
  out << R"(,"headersSize":)";
  put_number(out, request.head_size);
  if (!captured.decoded_request.empty()) {
    out << R"(,"_decoded":)";
    put_string(out, captured.decoded_request);
  }
}

void put_response(Text& out, const Captured& captured) {
  const stream::TapResponse& response = captured.response;
  out << R"({"status":)";
  put_number(out, static_cast<std::uint64_t>(std::max(response.status, 0)));
  out << R"(,"statusText":)";
  put_string(out, response.reason);
  out << R"(,"httpVersion":)";
  put_string(out, response.version);
  out << R"(,"cookies":[)";
  bool first = true;
  for (const TapField& field : response.fields) {
    if (same_name(field.name, "set-cookie")) put_set_cookie(out, first, field.value);
  }
  out << R"(],"headers":)";
  put_headers(out, response.fields);
  out << R"(,"redirectURL":)";
  put_string(out, field_value(response.fields, "location"));
  out << R"(,"headersSize":)";
  put_number(out, response.head_size);
  if (!captured.decoded_response.empty()) {
    out << R"(,"_decoded":)";
    put_string(out, captured.decoded_response);
  }
}

void put_timings(Text& out, const stream::TapTimings& timings) {
  const auto phase = [&](std::string_view name, std::optional<stream::Nanos> time) {
    out << name;
    if (time) {
      put_millis(out, *time);
    } else {
      out << "-1";  // HAR 1.2 §4.2.18: it does not apply
    }
  };
  phase(R"({"blocked":)", timings.blocked);
  phase(R"(,"dns":)", timings.dns);
  phase(R"(,"connect":)", timings.connect);
  phase(R"(,"ssl":)", timings.ssl);
  phase(R"(,"send":)", timings.send);
  phase(R"(,"wait":)", timings.wait);
}

void put_request_members(Text& out, const Captured& captured) {
  const stream::TapConnection& connection = captured.request.connection;
  out << R"("_clientConnection":)";
  put_number(out, connection.client);
  if (connection.client_address.empty()) return;
  out << R"(,"_clientAddress":)";
  put_string(out, connection.client_address);
}

void put_response_members(Text& out, const Captured& captured) {
  const stream::TapConnection& connection = captured.response.connection;
  bool first = true;
  if (!connection.origin_address.empty()) {
    put_member(out, first, "serverIPAddress");
    put_string(out, connection.origin_address);
  }
  if (connection.origin != 0) {
    put_member(out, first, "connection");
    out << '"';
    put_number(out, connection.origin);
    out << '"';
  }
  if (connection.origin_port != 0) {
    put_member(out, first, "_serverPort");
    put_number(out, connection.origin_port);
  }
  if (connection.origin_reused) {
    put_member(out, first, "_connectionReused");
    out << "true";
  }
  if (captured.response.mocked) {
    put_member(out, first, "_mocked");
    out << "true";
  }
}

void put_params(Text& out, std::string_view form) {
  out << R"("params":[)";
  bool first = true;
  while (!form.empty()) {
    const std::size_t end = std::min(form.find('&'), form.size());
    if (end != 0) {
      const Pair pair = pair_of(form.substr(0, end));
      put_pair(out, first, form_decoded(pair.name), form_decoded(pair.value));
    }
    form.remove_prefix(std::min(end + 1, form.size()));
  }
  out << ']';
}

void put_mark(Text& out, const Captured& captured) {
  if (captured.kind == Captured::Kind::interim) {
    out << R"("text":"interim response )";
    put_number(out, static_cast<std::uint64_t>(captured.status));
    out << R"(","_status":)";
    put_number(out, static_cast<std::uint64_t>(captured.status));
  } else {
    out << R"("text":"trailers of the request")";
  }
  out << R"(,"_headers":)";
  put_headers(out, captured.fields);
}

stream::StreamKind kind_of(const Captured& response, bool websocket) {
  if (websocket && response.response.status == 101) return stream::StreamKind::websocket;
  return stream::stream_kind_of_media_type(field_value(response.response.fields, "content-type"));
}

}  // namespace har::capture
