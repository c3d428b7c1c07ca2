#include "message_time.hpp"

#include <algorithm>
#include <cmath>

namespace har {

MessageClock detect_message_clock(const std::vector<const stream::Json*>& times, stream::WallTime started) {
  std::vector<double> values;
  for (const stream::Json* time : times) {
    if (time->is_number() && time->number_or(-1) != -1) values.push_back(time->number_or(-1));
  }
  return detect_message_clock(values, started);
}

MessageClock detect_message_clock(std::span<double> times, stream::WallTime started) {
  if (times.empty()) return MessageClock::untimed;
  const auto middle = times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2);
  std::nth_element(times.begin(), middle, times.end());
  const double median = *middle;
  if (median > 1e14) return MessageClock::microseconds;
  if (median > 1e11) return MessageClock::milliseconds;
  const double epoch = static_cast<double>(started.time_since_epoch().count()) / 1e9;
  constexpr double kMonth = 30.0 * 24 * 3600;
  return std::abs(median - epoch) < kMonth ? MessageClock::seconds : MessageClock::monotonic;
}

std::optional<stream::Nanos> read_message_time(const stream::Json& time, MessageClock clock) {
  if (!time.is_number() || clock == MessageClock::untimed) return std::nullopt;
  const auto value = clock == MessageClock::milliseconds   ? stream::parse_decimal_millis(time.number_text())
                     : clock == MessageClock::microseconds ? stream::parse_decimal_millis(time.number_text() + "e-3")
                                                           : stream::parse_decimal_seconds(time.number_text());
  if (value && clock != MessageClock::monotonic && value->count() < 0) return std::nullopt;  // -1: not timed
  return value;
}

}  // namespace har
