#include "stat/numbers.hpp"

#include <algorithm>
#include <string_view>

#include "stream/text/timestamp.hpp"

namespace har::stat {

using stream::RawJson;

namespace {

/// A decimal number without an exponent times 10^`scale`; nothing for what is larger, or has more decimals: the long way knows
/// of these, too.
std::optional<std::int64_t> plain_decimal(std::string_view number, unsigned scale) {
  if (number.size() > 18 || number.empty()) return std::nullopt;
  std::int64_t value = 0;
  unsigned decimals = 0;
  bool point = false;
  for (const char c : number) {
    if (c == '.' && !point) {
      point = true;
    } else if (c >= '0' && c <= '9') {
      value = value * 10 + (c - '0');
      decimals += point ? 1 : 0;
    } else {
      return std::nullopt;
    }
  }
  if (decimals > scale || number.front() == '.' || number.back() == '.') return std::nullopt;
  for (; decimals < scale; ++decimals) {
    if (value > INT64_MAX / 10) return std::nullopt;
    value *= 10;
  }
  return value;
}

}  // namespace

std::int64_t millis(RawJson raw) {
  if (!raw.is_number()) return kNoTime;
  if (const auto plain = plain_decimal(raw.text, 6)) return std::min(*plain, kLongest);
  const auto time = stream::parse_decimal_millis(raw.text);
  if (time) return time->count() >= 0 ? std::min<std::int64_t>(time->count(), kLongest) : kNoTime;
  return raw.number().value_or(-1) > 0 ? kLongest : kNoTime;  // centuries, as Fiddler has them now and then
}

std::optional<std::int64_t> seconds(RawJson raw) {
  if (!raw.is_number()) return std::nullopt;
  if (const auto plain = plain_decimal(raw.text, 9)) return plain;
  const auto time = stream::parse_decimal_seconds(raw.text);
  return time ? std::optional(time->count()) : std::nullopt;
}

std::int64_t since(std::int64_t begin, std::int64_t moment) {
  std::int64_t span = 0;
  if (__builtin_sub_overflow(moment, begin, &span)) return moment > begin ? kLongest : 0;
  return std::clamp<std::int64_t>(span, 0, kLongest);
}

std::optional<std::uint64_t> size_of(RawJson raw) {
  constexpr std::int64_t kMost = std::int64_t{1} << 53;
  if (const auto integer = raw.integer()) {
    return *integer >= 0 ? std::optional(static_cast<std::uint64_t>(std::min(*integer, kMost))) : std::nullopt;
  }
  const auto number = raw.number();
  if (!number || *number < 0) return std::nullopt;
  return static_cast<std::uint64_t>(std::min(*number, static_cast<double>(kMost)));
}

}  // namespace har::stat
