#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "stream/io/error.hpp"
#include "stream/record/tap.hpp"
#include "transport.hpp"

namespace boost::asio {
class io_context;
}

namespace stream::net {
class TimerQueue;
}

namespace stream::proxy {

/// Where an exchange wants to go.
struct Origin {
  std::string host{};  ///< a name or an address, without brackets
  std::uint16_t port = 0;
  bool tls = false;

  bool operator==(const Origin&) const = default;
};
/// "a.example:443", "[::1]:80"
std::string to_string(const Origin& origin);

/// A connection that stands.
struct Reached {
  net::Transport transport;  ///< prepared; TLS has shaken hands
  std::string address{};     ///< an IP address, without brackets
  std::uint16_t port = 0;
  std::optional<Nanos> dns{};
  std::optional<Nanos> connect{};  ///< with `ssl`
  std::optional<Nanos> ssl{};
  /// It leads to a proxy that takes requests in the absolute form.
  bool absolute_form = false;
  std::string proxy_authorization{};  ///< for it; empty: none
};

/// Destroying it gives an attempt up: its callback is not called any more.
class Attempt {
 public:
  Attempt() = default;
  Attempt(const Attempt&) = delete;
  Attempt& operator=(const Attempt&) = delete;
  virtual ~Attempt() = default;
};

/// Reaches origins. All of it is in the relay's thread.
class Connector {
 public:
  Connector() = default;
  Connector(const Connector&) = delete;
  Connector& operator=(const Connector&) = delete;
  virtual ~Connector() = default;

  using Done = std::function<void(Result<Reached>)>;
  /// `tunnel`: what goes over the connection is not HTTP in plain text, so that a proxy on the way is asked for a tunnel. `done`
  /// is called later, never from here. Errors: `io`, `timeout`.
  virtual std::unique_ptr<Attempt> connect(boost::asio::io_context& context, net::TimerQueue& timers, const Origin& origin,
                                           bool tunnel, Done done) = 0;
};

}  // namespace stream::proxy
