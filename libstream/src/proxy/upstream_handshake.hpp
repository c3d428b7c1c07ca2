#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "stream/io/error.hpp"
#include "stream/proxy/upstream_proxy.hpp"

namespace stream::proxy {

/// What is said to a proxy in front of us until it has a connection to the target; no I/O.
class UpstreamHandshake {
 public:
  UpstreamHandshake() = default;
  UpstreamHandshake(const UpstreamHandshake&) = delete;
  UpstreamHandshake& operator=(const UpstreamHandshake&) = delete;
  virtual ~UpstreamHandshake() = default;

  /// What is to be sent now; gone from here.
  std::string take_output() { return std::exchange(output_, {}); }
  /// How many bytes were taken: what comes behind the handshake is the target's. Errors: `io` (the proxy refuses), `syntax`.
  virtual Result<std::size_t> feed(std::string_view bytes) = 0;
  bool done() const { return done_; }

 protected:
  std::string output_{};
  bool done_ = false;
};

/// `host` is a name or an IP address without brackets; for SOCKS of 255 bytes at most, which every name of a host is.
std::unique_ptr<UpstreamHandshake> make_upstream_handshake(const UpstreamProxy& proxy, const std::string& host,
                                                           std::uint16_t port);

}  // namespace stream::proxy
