#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "stream/text/timestamp.hpp"

namespace stream {

/// "150ms", "2s", "1.5m", "3h", "250us", "10ns", "1m30s"; a bare number is seconds. No value if it is none of these.
std::optional<Nanos> parse_duration(std::string_view text);
/// Bytes: "10MiB" (1024²), "10MB" (1000²), "4k" (1000), "4Ki", "512", "512B".
std::optional<std::uint64_t> parse_size(std::string_view text);
/// For people: "1.234 s", "12.3 ms", "850 µs"; and "12.3 MB".
std::string format_duration(Nanos time);
std::string format_size(std::uint64_t bytes);

}  // namespace stream
