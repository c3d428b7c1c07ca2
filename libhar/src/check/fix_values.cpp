#include "check/fix_values.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

#include "stream/text/ascii.hpp"
#include "stream/text/json_tokens.hpp"
#include "stream/text/timestamp.hpp"

namespace har::check::edit {
namespace {

using stream::ascii::is_digit;
using stream::ascii::is_space;

std::string_view trim(std::string_view text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

/// A day and a time of day, as they are said.
struct Moment {
  int year = -1;
  int month = 0;
  int day = 0;
  int hour = -1;
  int minute = 0;
  int second = 0;
  std::string fraction{};  ///< with its point
  std::string zone = "Z";

  bool exists() const {
    using namespace std::chrono;
    const year_month_day date{std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
                              std::chrono::day(static_cast<unsigned>(day))};
    const bool end_of_day = hour == 24 && minute == 0 && second == 0;
    return year >= 0 && date.ok() && hour >= 0 && (hour < 24 || end_of_day) && minute < 60 && second <= 60;
  }
  std::string text() const {
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}{}{}", year, month, day, hour, minute, second, fraction, zone);
  }
};

struct Scanner {
  std::string_view text;
  std::size_t at = 0;

  bool done() const { return at >= text.size(); }
  char peek() const { return done() ? '\0' : text[at]; }
  bool take(char c) {
    if (done() || text[at] != c) return false;
    ++at;
    return true;
  }
  bool number(std::size_t count, int& value) {
    if (text.size() - at < count) return false;
    value = 0;
    for (std::size_t i = 0; i < count; ++i, ++at) {
      if (!is_digit(text[at])) return false;
      value = value * 10 + (text[at] - '0');
    }
    return true;
  }
};

/// "Z", "+02:00", "+0200", "+02"; the whole rest of the text.
bool take_zone(Scanner& in, std::string& zone) {
  if (in.take('Z') || in.take('z')) {
    zone = "Z";
    return in.done();
  }
  const char sign = in.peek();
  if (sign != '+' && sign != '-') return false;
  ++in.at;
  int hours = 0;
  int minutes = 0;
  if (!in.number(2, hours)) return false;
  if (!in.done()) {
    in.take(':');
    if (!in.number(2, minutes)) return false;
  }
  if (hours > 23 || minutes > 59) return false;
  zone = fmt::format("{}{:02}:{:02}", sign, hours, minutes);
  return in.done();
}

std::optional<Moment> iso8601(std::string_view text) {
  Scanner in{text};
  Moment moment;
  if (!in.number(4, moment.year)) return std::nullopt;
  const bool dashes = in.take('-');
  if (!in.number(2, moment.month) || (dashes && !in.take('-')) || !in.number(2, moment.day)) return std::nullopt;
  if (!in.take('T') && !in.take('t') && !in.take(' ')) return std::nullopt;
  if (!in.number(2, moment.hour)) return std::nullopt;
  const bool colons = in.take(':');
  if (!in.number(2, moment.minute)) return std::nullopt;
  if (colons ? in.take(':') : is_digit(in.peek())) {
    if (!in.number(2, moment.second)) return std::nullopt;
    if (in.peek() == '.' || in.peek() == ',') {
      const std::size_t from = ++in.at;
      while (is_digit(in.peek())) ++in.at;
      if (in.at == from) return std::nullopt;
      moment.fraction = "." + std::string(text.substr(from, in.at - from));
    }
  }
  while (in.take(' ')) {
  }
  if (!in.done() && !take_zone(in, moment.zone)) return std::nullopt;
  return moment;
}

int month_of(std::string_view word) {
  constexpr std::array<std::string_view, 12> kMonths = {"jan", "feb", "mar", "apr", "may", "jun",
                                                        "jul", "aug", "sep", "oct", "nov", "dec"};
  std::string start(word.substr(0, 3));
  for (char& c : start) c = static_cast<char>(c | 0x20);
  const auto found = std::find(kMonths.begin(), kMonths.end(), start);
  return found == kMonths.end() ? 0 : static_cast<int>(found - kMonths.begin()) + 1;
}

/// The dates of HTTP and its relatives: a time with colons, a month by name, a day and a year, in any order.
std::optional<Moment> http_date(std::string_view text) {
  Moment moment;
  bool zoned = false;
  for (std::size_t at = 0; at < text.size();) {
    constexpr std::string_view kDelimiters = " ,-\t";
    if (kDelimiters.find(text[at]) != std::string_view::npos && !(text[at] == '-' && moment.hour >= 0)) {
      ++at;
      continue;
    }
    if (text[at] == '(') break;  // the zone's name, behind its number
    const std::size_t from = at;
    ++at;
    while (at < text.size() && kDelimiters.find(text[at]) == std::string_view::npos) ++at;
    std::string_view word = text.substr(from, at - from);
    if (word.find(':') != std::string_view::npos && is_digit(word.front()) && moment.hour < 0) {
      Scanner in{word};
      if (!in.number(in.text.find(':') == 1 ? 1 : 2, moment.hour) || !in.take(':') || !in.number(2, moment.minute) ||
          !in.take(':') || !in.number(2, moment.second) || !in.done()) {
        return std::nullopt;
      }
    } else if (moment.hour >= 0 && !zoned &&
               (word.starts_with("GMT") || word.starts_with("UTC") || word[0] == '+' || word[0] == '-')) {
      zoned = true;
      if (is_digit(word.back())) {
        Scanner in{word, word[0] == 'G' || word[0] == 'U' ? 3U : 0U};
        if (!take_zone(in, moment.zone)) return std::nullopt;
        if (moment.zone.substr(1) == "00:00") moment.zone = "Z";
      } else if (word.size() != 3) {
        return std::nullopt;
      }
    } else if (std::all_of(word.begin(), word.end(), is_digit)) {
      int number = 0;
      Scanner in{word};
      if (word.size() > 4 || !in.number(word.size(), number)) return std::nullopt;
      if (word.size() <= 2 && moment.day == 0) {
        moment.day = number;
      } else if (moment.year < 0 && (word.size() == 4 || word.size() == 2)) {
        // RFC 6265 section 5.1.1: two digits are of 1970 to 2069.
        moment.year = word.size() == 4 ? number : number + (number >= 70 ? 1900 : 2000);
      } else {
        return std::nullopt;
      }
    } else if (const int month = month_of(word); month != 0 && moment.month == 0) {
      moment.month = month;
    } else if (moment.day != 0 || moment.month != 0 || moment.hour >= 0) {
      return std::nullopt;  // only the day of the week may stand there, and before all of them
    }
  }
  return moment;
}

std::optional<std::string> from_epoch(std::int64_t seconds, std::int64_t nanoseconds) {
  constexpr std::int64_t kFirst = 978'307'200;   // 2001
  constexpr std::int64_t kLast = 4'102'444'800;  // 2100
  if (seconds < kFirst || seconds >= kLast || nanoseconds < 0 || nanoseconds >= 1'000'000'000) return std::nullopt;
  return stream::format_iso8601(stream::WallTime(std::chrono::seconds(seconds) + stream::Nanos(nanoseconds)));
}

std::optional<std::string> rust_time(std::string_view text) {
  const auto number = [&](std::string_view name) -> std::int64_t {
    const std::size_t at = text.find(name);
    if (at == std::string_view::npos) return -1;
    std::int64_t value = 0;
    std::size_t i = at + name.size();
    const std::size_t from = i;
    for (; i < text.size() && is_digit(text[i]) && i - from < 12; ++i) value = value * 10 + (text[i] - '0');
    return i == from ? -1 : value;
  };
  if (!text.starts_with("SystemTime {") || !text.ends_with('}')) return std::nullopt;
  return from_epoch(number("tv_sec: "), number("tv_nsec: "));
}

}  // namespace

std::optional<std::string> har_date(std::string_view text) {
  text = trim(text);
  if (auto rust = rust_time(text)) return rust;
  auto moment = iso8601(text);
  if (!moment) moment = http_date(text);
  if (!moment || moment->month == 0 || !moment->exists()) return std::nullopt;
  return moment->text();
}

std::optional<std::string> har_date_of_number(std::string_view number) {
  const auto seconds = stream::parse_decimal_seconds(number);
  if (seconds && seconds->count() >= 0) {
    if (auto date = from_epoch(seconds->count() / 1'000'000'000, seconds->count() % 1'000'000'000)) return date;
  }
  const auto millis = stream::parse_decimal_millis(number);
  if (!millis || millis->count() < 0) return std::nullopt;
  return from_epoch(millis->count() / 1'000'000'000, millis->count() % 1'000'000'000);
}

std::optional<std::string> ip_address(std::string_view text) {
  text = trim(text);
  const auto valid = [](std::string_view address) {
    // A scope stands behind a '%' (RFC 4007 section 11): fe80::1%eth0.
    const std::string name(address.substr(0, address.find('%')));
    std::array<unsigned char, 16> bytes{};
    return name.find('\0') == std::string::npos &&
           (inet_pton(AF_INET, name.c_str(), bytes.data()) == 1 || inet_pton(AF_INET6, name.c_str(), bytes.data()) == 1);
  };
  const auto port = [](std::string_view digits) {
    return !digits.empty() && digits.size() <= 5 && std::all_of(digits.begin(), digits.end(), is_digit);
  };
  if (valid(text)) return std::string(text);
  if (text.starts_with('[')) {
    const std::size_t close = text.find(']');
    if (close == std::string_view::npos) return std::nullopt;
    const std::string_view rest = text.substr(close + 1);
    if (!rest.empty() && !(rest[0] == ':' && port(rest.substr(1)))) return std::nullopt;
    text = text.substr(1, close - 1);
  } else if (const std::size_t colon = text.rfind(':'); colon != std::string_view::npos && port(text.substr(colon + 1))) {
    text = text.substr(0, colon);
    if (text.find(':') != std::string_view::npos) return std::nullopt;  // a broken IPv6 address is not cut to one that is right
  }
  return valid(text) ? std::optional(std::string(text)) : std::nullopt;
}

std::optional<std::string> number_in(std::string_view text) {
  text = trim(text);
  std::string_view rest = text;
  if (rest.starts_with('-')) rest.remove_prefix(1);
  if (rest.empty() || rest.size() > 40 || (rest.size() > 1 && rest[0] == '0' && is_digit(rest[1]))) return std::nullopt;
  if (!is_digit(rest[0]) || !stream::parse_decimal_millis(text)) return std::nullopt;
  return std::string(text);
}

bool is_integer(std::string_view number) {
  if (number.starts_with('-')) number.remove_prefix(1);
  return !number.empty() && std::all_of(number.begin(), number.end(), is_digit);
}

std::string_view reason_phrase(int status) {
  constexpr std::array<std::pair<int, std::string_view>, 61> kPhrases = {{
      {100, "Continue"},
      {101, "Switching Protocols"},
      {102, "Processing"},
      {103, "Early Hints"},
      {200, "OK"},
      {201, "Created"},
      {202, "Accepted"},
      {203, "Non-Authoritative Information"},
      {204, "No Content"},
      {205, "Reset Content"},
      {206, "Partial Content"},
      {207, "Multi-Status"},
      {208, "Already Reported"},
      {226, "IM Used"},
      {300, "Multiple Choices"},
      {301, "Moved Permanently"},
      {302, "Found"},
      {303, "See Other"},
      {304, "Not Modified"},
      {305, "Use Proxy"},
      {307, "Temporary Redirect"},
      {308, "Permanent Redirect"},
      {400, "Bad Request"},
      {401, "Unauthorized"},
      {402, "Payment Required"},
      {403, "Forbidden"},
      {404, "Not Found"},
      {405, "Method Not Allowed"},
      {406, "Not Acceptable"},
      {407, "Proxy Authentication Required"},
      {408, "Request Timeout"},
      {409, "Conflict"},
      {410, "Gone"},
      {411, "Length Required"},
      {412, "Precondition Failed"},
      {413, "Content Too Large"},
      {414, "URI Too Long"},
      {415, "Unsupported Media Type"},
      {416, "Range Not Satisfiable"},
      {417, "Expectation Failed"},
      {421, "Misdirected Request"},
      {422, "Unprocessable Content"},
      {423, "Locked"},
      {424, "Failed Dependency"},
      {425, "Too Early"},
      {426, "Upgrade Required"},
      {428, "Precondition Required"},
      {429, "Too Many Requests"},
      {431, "Request Header Fields Too Large"},
      {451, "Unavailable For Legal Reasons"},
      {500, "Internal Server Error"},
      {501, "Not Implemented"},
      {502, "Bad Gateway"},
      {503, "Service Unavailable"},
      {504, "Gateway Timeout"},
      {505, "HTTP Version Not Supported"},
      {506, "Variant Also Negotiates"},
      {507, "Insufficient Storage"},
      {508, "Loop Detected"},
      {510, "Not Extended"},
      {511, "Network Authentication Required"},
  }};
  const auto found = std::find_if(kPhrases.begin(), kPhrases.end(), [&](const auto& phrase) { return phrase.first == status; });
  return found == kPhrases.end() ? std::string_view{} : found->second;
}

std::optional<std::string> mended_base64(std::string_view text) {
  std::string out;
  out.reserve(text.size() + 3);
  std::copy_if(text.begin(), text.end(), std::back_inserter(out), [](char c) { return !is_space(c); });
  const std::size_t data = std::min(out.find('='), out.size());
  if (!stream::is_base64_alphabet(std::string_view(out).substr(0, data)) || data % 4 == 1) return std::nullopt;
  const std::size_t padding = (4 - data % 4) % 4;
  if (data != out.size() && out.substr(data) != std::string(padding, '=')) return std::nullopt;
  out.resize(data);
  out.append(padding, '=');
  return out == text ? std::nullopt : std::optional(std::move(out));
}

std::string without_controls(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte != 0x7f) out += c;
  }
  return std::string(trim(out));
}

}  // namespace har::check::edit
