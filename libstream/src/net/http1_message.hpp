#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "http1_request.hpp"
#include "stream/net/server.hpp"

/// HTTP/1 as text: no socket and no clock here.
namespace stream::net {

/// A request without its body, with the target's forms (RFC 9112 §3.2) brought to one.
Request make_request(Http1RequestHead head, std::string peer);
/// What CONNECT asks for.
struct ConnectTarget {
  std::string host{};  ///< without the brackets of an IPv6 address
  std::uint16_t port = 0;
  bool address = false;  ///< the host is an IP address

  bool operator==(const ConnectTarget&) const = default;
};
/// RFC 9112 §3.2.3: a host and a port, which is not 0. A host has letters, digits, "-", "." and "_".
std::optional<ConnectTarget> parse_connect_target(std::string_view target);
/// Tells a request that it came through a tunnel to `authority`, which CONNECT named.
void set_tunnel(Request& request, std::string_view authority);

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

/// A whole response with a JSON body {"error": why}, after which the connection is closed. `fields`: more lines of its head.
std::string make_refusal(int status, std::string_view why, std::string_view fields = {});

}  // namespace stream::net
