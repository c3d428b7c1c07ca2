#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "har/format.hpp"
#include "stream/codec/websocket_deflate.hpp"
#include "stream/record/event.hpp"

/// The WebSocket frames of a session's _w.txt: each behind a head of lines that says its length, its direction and its time.
namespace har::format::saz {

struct FrameOptions {
  stream::WallTime start{};                          ///< t = 0
  std::optional<stream::WsDeflateParams> deflate{};  ///< what the handshake agreed on
  stream::Place place{};
  stream::Limits limits{};
  stream::FindingSink report{};
};

/// Messages, pings, pongs and closes, in the order in which they were whole. What cannot be read is reported (saz-frames).
/// Errors: `limit`.
stream::Result<std::vector<stream::Event>> parse_frames(std::string_view text, const FrameOptions& options);

/// The text of the events that are frames; what cannot be one is reported as lost.
std::string write_frames(const stream::Exchange& exchange, stream::WallTime start, const stream::Place& place,
                         const stream::FindingSink& report);

}  // namespace har::format::saz
