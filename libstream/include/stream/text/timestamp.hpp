#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace stream {

/// A span of time in integer nanoseconds; negative before the start.
using Nanos = std::chrono::nanoseconds;
/// A moment: nanoseconds since 1970-01-01T00:00:00Z (leap seconds not counted).
using WallTime = std::chrono::sys_time<std::chrono::nanoseconds>;

/// ISO 8601 as HAR writers have it: "T" or a space, any number of fraction digits (those past the ninth are cut), "Z",
/// ±hh:mm, ±hhmm. `zone` tells whether a zone was there; without one UTC is taken.
struct ParsedTime {
  WallTime time{};
  bool zone = true;
};
std::optional<ParsedTime> parse_iso8601(std::string_view text);

/// "2026-11-22T09:15:30.123Z": always UTC; milliseconds at least, more digits (up to nine) only if they are not 0.
std::string format_iso8601(WallTime time);

/// Decimal seconds (milliseconds) as a JSON number: as many fraction digits as are needed, up to nine (six), no exponent.
/// Exact: parse_decimal_seconds(format_decimal_seconds(t)) == t.
std::string format_decimal_seconds(Nanos time);
std::string format_decimal_millis(Nanos time);

/// Reads a JSON number as seconds (milliseconds), exactly, rounding half away from zero past the nanosecond; no value if it
/// is no number or out of range. Exponents are understood.
std::optional<Nanos> parse_decimal_seconds(std::string_view number);
std::optional<Nanos> parse_decimal_millis(std::string_view number);

}  // namespace stream
