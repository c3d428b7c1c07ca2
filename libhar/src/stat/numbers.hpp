#pragma once

#include <cstdint>
#include <optional>

#include "har/stat/facts.hpp"
#include "stream/text/json_view.hpp"

/// Numbers of an entry, as they are counted.
namespace har::stat {

inline constexpr std::int64_t kLongest = std::int64_t{1} << 60;  // 36 years: several of these can be added

/// ns, of milliseconds; kNoTime for what is negative, or no number; at most kLongest.
std::int64_t millis(stream::RawJson raw);
/// ns, of seconds.
std::optional<std::int64_t> seconds(stream::RawJson raw);
/// Bytes; nothing for what is negative, or no number. A part of a byte is none.
std::optional<std::uint64_t> size_of(stream::RawJson raw);

inline std::int64_t or_zero(std::int64_t time) { return time > 0 ? time : 0; }
/// 0 for what is before; as long as can be for what is too far away.
std::int64_t since(std::int64_t begin, std::int64_t moment);

}  // namespace har::stat
