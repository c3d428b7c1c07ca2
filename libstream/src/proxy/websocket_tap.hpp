#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "stream/codec/websocket.hpp"
#include "stream/record/tap.hpp"

namespace stream::proxy {

/// Reads along with the frames of a WebSocket, and tells the messages. What breaks the protocol ends the telling of its
/// direction, not the relaying.
class WebSocketTap {
 public:
  /// `extensions`: what the server has agreed on. `tap` may be null: then messages are only counted.
  WebSocketTap(Tap* tap, Tap::Id id, std::string_view extensions, std::size_t max_message);

  /// Bytes that `from` has sent; how many messages they completed.
  std::size_t feed(WsSender from, std::string_view bytes, TapTime at);

  bool closed() const { return closed_[0] || closed_[1]; }
  /// Why a direction was not understood; empty: everything was.
  const std::string& failure() const { return failure_; }

 private:
  void tell(WsSender from, const WsMessage& message, TapTime at);

  Tap* tap_;
  Tap::Id id_;
  WsMessageDecoder decoders_[2];     // NOLINT(modernize-avoid-c-arrays): by WsSender
  bool closed_[2] = {false, false};  // NOLINT(modernize-avoid-c-arrays)
  bool failed_[2] = {false, false};  // NOLINT(modernize-avoid-c-arrays)
  std::string failure_{};
  std::vector<WsMessage> messages_{};
};

}  // namespace stream::proxy
