#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "stream/replay/fault.hpp"

namespace stream::replay {

/// The body of an answer that a `status` fault makes.
inline constexpr std::string_view kFaultBody = "{\"error\":\"this status is a fault that was asked for\"}\n";
/// What stands where a chunk's size should.
inline constexpr std::string_view kWrongChunk = "no size of a chunk\r\n";

/// A frame of a server's that breaks the protocol in this way, see FaultRule.
std::string_view wrong_ws_frame(std::string_view what);

// For notes: " after event 3", "1 byte".
std::string fault_place_text(const FaultPlace& place);
std::string fault_bytes_text(std::uint64_t count);

}  // namespace stream::replay
