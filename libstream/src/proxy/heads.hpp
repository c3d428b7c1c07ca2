#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "http1_request.hpp"
#include "stream/net/url.hpp"

/// What is asked of whom, and the head that goes there: no socket and no clock here.
namespace stream::proxy {

/// Where an exchange wants to go.
struct Origin {
  std::string host{};  ///< a name or an address, without brackets
  std::uint16_t port = 0;
  bool tls = false;
  std::string name{};  ///< of `host`, an address: what TLS calls it; empty: nothing else

  bool operator==(const Origin&) const = default;
};
/// "a.example:443", "[::1]:80"
std::string to_string(const Origin& origin);

/// Inside of what a request came: a tunnel that CONNECT or SOCKS has opened.
struct Tunnel {
  std::string host{};
  std::uint16_t port = 0;
  bool tls = false;    ///< it holds TLS, which was opened
  std::string name{};  ///< that the client has said in its handshake, if `host` is an address
};

struct Destination {
  Origin origin{};
  std::string url{};        ///< absolute, without a fragment; http, https, ws or wss
  std::string target{};     ///< as the origin gets it: path and query, or "*"
  std::string authority{};  ///< that the Host field must name; empty: whatever it names
};

/// Where a request wants to go. Errors: `usage`: it does not say where, or to something that is no HTTP.
Result<Destination> find_destination(const net::Http1RequestHead& head, bool websocket, const Tunnel* tunnel,
                                     const std::optional<net::Url>& target, bool keep_host);

struct Forwarding {
  std::string_view target{};               ///< of the request line
  std::string_view authority{};            ///< of the Host field; empty: it stays
  std::string_view proxy_authorization{};  ///< for a proxy on the way; empty: none
  bool extensions = true;                  ///< Sec-WebSocket-Extensions goes on
};

/// The head as it is sent on: every line as it stood, but for the request's line, Proxy-Connection, Proxy-Authorization, and a
/// Host that must change. `raw` is a head that Http1RequestReader has accepted, with its empty line.
std::string forwarded_head(std::string_view raw, const Forwarding& forwarding);

/// An IP address rather than a name.
bool is_address(std::string_view host);

/// GET, with what RFC 6455 §4.1 asks for.
bool asks_for_websocket(const net::Http1RequestHead& head);

}  // namespace stream::proxy
