#pragma once

#include <boost/beast/http/fields.hpp>
#include <boost/beast/http/message.hpp>
#include <cstddef>
#include <string>
#include <string_view>

#include "http1_request.hpp"
#include "stream/net/server.hpp"

/// HTTP/1 as text: no socket and no clock here.
namespace stream::net {

using RequestHeader = boost::beast::http::request_header<>;

/// A request without its body, with the target's forms (RFC 9112 §3.2) brought to one.
Request make_request(Http1RequestHead head, std::string peer);
/// The same request for Beast, which answers WebSocket handshakes.
RequestHeader make_handshake(const Request& request);

/// "Not Found"; empty for a status without a name.
std::string_view standard_reason(int status);

enum class Framing {
  none,         ///< no body follows: HEAD, 1xx, 204, 304
  length,       ///< Content-Length
  chunked,      ///< only HTTP/1.1
  until_close,  ///< HTTP/1.0 without a length
};

struct ResponseHead {
  std::string bytes{};  ///< with the empty line
  Framing framing = Framing::none;
  bool keep_alive = false;
};

/// The head of an answer to `request`; `keep_alive`: the client would go on with this connection.
///
/// A complete body that was recorded with a Content-Length gets one, of its own size; any other goes in chunks. A body that
/// was cut off gets the Content-Length it was recorded with, if that says more than there is, so that the client notices.
ResponseHead make_response_head(const replay::Answer& answer, const Request& request, bool keep_alive);

/// `size` in hexadecimal and CR LF.
void append_chunk_size(std::string& out, std::size_t size);
/// The last chunk and the trailer fields.
void append_last_chunk(std::string& out, const replay::Answer& answer);

/// A whole response with a JSON body {"error": why}, after which the connection is closed.
std::string make_refusal(int status, std::string_view why);

}  // namespace stream::net
