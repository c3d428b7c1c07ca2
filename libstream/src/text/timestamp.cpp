#include "stream/text/timestamp.hpp"

#include <fmt/format.h>

#include <limits>

namespace stream {
namespace {

constexpr std::int64_t kBillion = 1'000'000'000;

struct Scanner {
  std::string_view text;
  std::size_t at = 0;

  bool done() const { return at >= text.size(); }
  char peek() const { return done() ? '\0' : text[at]; }
  bool take(char c) {
    if (peek() != c) return false;
    ++at;
    return true;
  }
  /// Exactly `count` digits.
  bool number(int count, int& value) {
    value = 0;
    for (int i = 0; i < count; ++i, ++at) {
      if (peek() < '0' || peek() > '9') return false;
      value = value * 10 + (peek() - '0');
    }
    return true;
  }
};

/// `digits` fraction digits of a count of 10^-digits, without trailing zeros.
std::string format_decimal(std::int64_t value, std::int64_t unit, int digits) {
  const bool negative = value < 0;
  // The magnitude as unsigned: the most negative value has no positive counterpart.
  const std::uint64_t magnitude = negative ? 0 - static_cast<std::uint64_t>(value) : static_cast<std::uint64_t>(value);
  const auto divisor = static_cast<std::uint64_t>(unit);
  std::string text = fmt::format("{}{}", negative ? "-" : "", magnitude / divisor);
  if (const std::uint64_t fraction = magnitude % divisor; fraction != 0) {
    std::string tail = fmt::format("{:0{}}", fraction, digits);
    tail.erase(tail.find_last_not_of('0') + 1);
    text += '.';
    text += tail;
  }
  return text;
}

/// A JSON number times 10^scale as an integer, rounded half away from zero.
std::optional<std::int64_t> scaled(std::string_view number, int scale) {
  Scanner in{number};
  const bool negative = in.take('-');
  std::string digits;
  int point = 0;  // digits before the decimal point
  while (in.peek() >= '0' && in.peek() <= '9') digits += in.text[in.at++];
  if (digits.empty()) return std::nullopt;
  point = static_cast<int>(digits.size());
  if (in.take('.')) {
    const std::size_t before = digits.size();
    while (in.peek() >= '0' && in.peek() <= '9') digits += in.text[in.at++];
    if (digits.size() == before) return std::nullopt;
  }
  if (in.take('e') || in.take('E')) {
    const bool minus = in.take('-');
    if (!minus) in.take('+');
    int exponent = 0;
    if (in.done()) return std::nullopt;
    while (in.peek() >= '0' && in.peek() <= '9') {
      exponent = std::min(exponent * 10 + (in.text[in.at++] - '0'), 100'000);
    }
    point += minus ? -exponent : exponent;
  }
  if (!in.done()) return std::nullopt;
  point += scale;
  std::uint64_t value = 0;
  constexpr std::uint64_t kMax = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  for (int i = 0; i < point; ++i) {
    const std::uint64_t digit =
        static_cast<std::size_t>(i) < digits.size() ? static_cast<std::uint64_t>(digits[static_cast<std::size_t>(i)] - '0') : 0;
    if (value == 0 && digit == 0) {
      if (static_cast<std::size_t>(i) >= digits.size()) break;  // 0e100000
      continue;
    }
    if (value > (kMax - digit) / 10) return std::nullopt;
    value = value * 10 + digit;
  }
  const bool round_up =
      point >= 0 && static_cast<std::size_t>(point) < digits.size() && digits[static_cast<std::size_t>(point)] >= '5';
  if (round_up) {
    if (value == kMax) return std::nullopt;
    ++value;
  }
  return negative ? -static_cast<std::int64_t>(value) : static_cast<std::int64_t>(value);
}

}  // namespace

std::optional<ParsedTime> parse_iso8601(std::string_view text) {
  Scanner in{text};
  int year = 0;
  int month = 0;
  int day = 0;
  int hour = 0;
  int minute = 0;
  int second = 0;
  if (!in.number(4, year)) return std::nullopt;
  const bool dashes = in.take('-');
  if (!in.number(2, month)) return std::nullopt;
  if (dashes && !in.take('-')) return std::nullopt;
  if (!in.number(2, day)) return std::nullopt;
  if (!in.take('T') && !in.take('t') && !in.take(' ')) return std::nullopt;
  if (!in.number(2, hour)) return std::nullopt;
  const bool colons = in.take(':');
  if (!in.number(2, minute)) return std::nullopt;
  if (in.peek() == ':' || (!colons && in.peek() >= '0' && in.peek() <= '9')) {
    in.take(':');
    if (!in.number(2, second)) return std::nullopt;
  }
  std::int64_t fraction = 0;
  if (in.take('.') || in.take(',')) {
    std::int64_t unit = kBillion / 10;
    const std::size_t from = in.at;
    while (in.peek() >= '0' && in.peek() <= '9') {
      fraction += unit * (in.peek() - '0');
      unit /= 10;
      ++in.at;
    }
    if (in.at == from) return std::nullopt;
  }
  ParsedTime result;
  int offset_minutes = 0;
  if (in.take('Z') || in.take('z')) {
  } else if (in.peek() == '+' || in.peek() == '-') {
    const bool minus = in.text[in.at++] == '-';
    int hours = 0;
    int minutes = 0;
    if (!in.number(2, hours)) return std::nullopt;
    in.take(':');
    if (!in.done() && !in.number(2, minutes)) return std::nullopt;
    if (hours > 23 || minutes > 59) return std::nullopt;
    offset_minutes = (hours * 60 + minutes) * (minus ? -1 : 1);
  } else {
    result.zone = false;
  }
  if (!in.done()) return std::nullopt;
  using namespace std::chrono;
  const year_month_day date{std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
                            std::chrono::day(static_cast<unsigned>(day))};
  // Nanoseconds in 64 bits reach from 1677 to 2262.
  if (!date.ok() || year < 1678 || year > 2261 || hour > 24 || minute > 59 || second > 60) return std::nullopt;
  result.time = sys_days(date) + hours(hour) + minutes(minute - offset_minutes) + seconds(second) + nanoseconds(fraction);
  return result;
}

std::string format_iso8601(WallTime time) {
  using namespace std::chrono;
  const auto day = floor<days>(time);
  const year_month_day date(day);
  const hh_mm_ss clock(time - day);
  std::string fraction = fmt::format("{:09}", clock.subseconds().count());
  fraction.erase(std::max(fraction.find_last_not_of('0') + 1, std::size_t{3}));
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), clock.hours().count(),
                     clock.minutes().count(), clock.seconds().count(), fraction);
}

std::string format_decimal_seconds(Nanos time) { return format_decimal(time.count(), kBillion, 9); }
std::string format_decimal_millis(Nanos time) { return format_decimal(time.count(), 1'000'000, 6); }

std::optional<Nanos> parse_decimal_seconds(std::string_view number) {
  const auto value = scaled(number, 9);
  return value ? std::optional(Nanos(*value)) : std::nullopt;
}

std::optional<Nanos> parse_decimal_millis(std::string_view number) {
  const auto value = scaled(number, 6);
  return value ? std::optional(Nanos(*value)) : std::nullopt;
}

}  // namespace stream
