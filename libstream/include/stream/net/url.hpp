#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "stream/io/error.hpp"

namespace stream::net {

/// What a client needs to know of an address (RFC 3986).
struct Url {
  std::string scheme{};  ///< http, https, ws or wss
  std::string user{};    ///< "name:password" as written, percent escapes undone; empty without one
  std::string host{};    ///< without the brackets of an IPv6 address
  std::uint16_t port = 0;
  std::string target = "/";  ///< path and query; the fragment is gone

  bool secure() const { return scheme == "https" || scheme == "wss"; }
  bool websocket() const { return scheme == "ws" || scheme == "wss"; }
  /// What a Host field says: with the port where it is not the scheme's own.
  std::string authority() const;
  /// The address without the user.
  std::string text() const;
  /// Scheme, host and port are the same, ws counting as http.
  bool same_origin(const Url& other) const;
};

/// Reads an absolute address. Without a scheme it is http, as curl has it ("localhost:8080/x"). A space or another character that
/// cannot stand in a request is percent-encoded as UTF-8. Errors: `usage`.
Result<Url> parse_url(std::string_view text);

/// What a Location field means at `base` (RFC 3986 §5.2). Errors: `usage`.
Result<Url> resolve_url(const Url& base, std::string_view reference);

}  // namespace stream::net
