#pragma once

#include <optional>
#include <string>

#include "stream/codec/websocket_deflate.hpp"
#include "stream/net/server.hpp"

namespace stream::net {

/// A server's answer to the opening handshake (RFC 6455 §4.2).
struct WebSocketHandshake {
  int status = 101;     ///< others: the handshake is refused
  std::string why{};    ///< it was refused
  std::string bytes{};  ///< the answer, with the empty line; of a refusal, with its body
  std::optional<WsDeflateParams> deflate{};
};

/// Checks what the client asks for and answers as `answer` says: with its headers, its subprotocol if that was offered, and
/// permessage-deflate as it was offered if the recorded server had accepted it.
WebSocketHandshake answer_handshake(const Request& request, const replay::Answer& answer);

}  // namespace stream::net
