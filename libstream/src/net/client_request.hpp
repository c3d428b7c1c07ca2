#pragma once

#include <string>
#include <vector>

#include "stream/codec/websocket_deflate.hpp"
#include "stream/net/client.hpp"
#include "stream/net/url.hpp"

/// A client's request as HTTP/1.1 text, and what a WebSocket handshake has agreed on: no socket and no clock here.
namespace stream::net {

struct PreparedRequest {
  std::string method{};
  std::vector<replay::HeaderField> headers{};
  std::string head{};  ///< with the empty line
};

/// `websocket_key`: of the handshake; not used without one. Errors: `usage`.
Result<PreparedRequest> prepare_request(const ClientRequest& request, const Url& url, std::string_view websocket_key);

/// What a 101 has agreed on; an error is why the client must fail the connection (RFC 6455 §4.1).
Result<std::optional<WsDeflateParams>> check_handshake(const std::vector<replay::HeaderField>& headers,
                                                       const ClientRequest& request, std::string_view websocket_key);

}  // namespace stream::net
