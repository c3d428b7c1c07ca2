#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "stream/io/error.hpp"
#include "stream/proxy/upstream_proxy.hpp"
#include "stream/text/timestamp.hpp"

namespace stream::proxy {

/// The addresses of a host, the one to be tried first in front ("192.0.2.1", "2001:db8::1"). Called in a thread of its own,
/// several at a time; may block. Errors: `io`.
using Resolve = std::function<Result<std::vector<std::string>>(const std::string& host)>;

/// getaddrinfo(), in its order (RFC 6724).
Result<std::vector<std::string>> system_addresses(const std::string& host);

/// How origins are reached.
struct OriginOptions {
  Nanos connect_timeout = std::chrono::seconds(10);  ///< looking up and connecting, to the origin or the proxy in front of it
  Nanos tls_timeout = std::chrono::seconds(10);      ///< one handshake
  Nanos proxy_timeout = std::chrono::seconds(20);    ///< until the proxy in front of it has a tunnel
  /// Between two addresses of a host that are tried beside each other (RFC 8305 §5).
  Nanos attempt_delay = std::chrono::milliseconds(250);

  /// Files of certificates (PEM) that are trusted besides the system's (SSL_CERT_FILE and SSL_CERT_DIR name others).
  std::vector<std::string> ca_files{};
  /// Hosts whose certificates are not verified: globs, "*" stands for any characters.
  std::vector<std::string> insecure{};
  std::size_t tls_sessions = 1024;  ///< hosts whose TLS sessions are kept to be resumed

  std::optional<UpstreamProxy> upstream{};
  NoProxy no_proxy{};

  Resolve resolve = system_addresses;
};

}  // namespace stream::proxy
