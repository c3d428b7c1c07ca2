#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "stream/text/json.hpp"
#include "stream/text/timestamp.hpp"

namespace har {

/// What the `time` members of one `_webSocketMessages` array mean: writers disagree.
enum class MessageClock {
  untimed,       ///< -1 or missing (Playwright with omitTiming)
  seconds,       ///< since the epoch: Chrome, mitmproxy, HTTP Toolkit, Proxyman
  milliseconds,  ///< since the epoch: Playwright
  microseconds,  ///< since the epoch: not seen, but unmistakable
  monotonic,     ///< seconds since some moment: chrome-har-capturer, cypress-har-generator
};

/// Decides by the median of the times and the start of the entry.
MessageClock detect_message_clock(const std::vector<const stream::Json*>& times, stream::WallTime started);
/// The same of times as they are written, without those that are -1; their order is changed.
MessageClock detect_message_clock(std::span<double> times, stream::WallTime started);

/// A time as nanoseconds since the clock's zero; no value if it is not a number.
std::optional<stream::Nanos> read_message_time(const stream::Json& time, MessageClock clock);

}  // namespace har
