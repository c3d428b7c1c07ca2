#pragma once

#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "stream/proxy/origin_options.hpp"
#include "timer_queue.hpp"
#include "transport.hpp"

namespace stream::proxy {

struct OriginTarget {
  std::string host{};  ///< a name or an IP address, without brackets
  std::uint16_t port = 0;
  bool tls = false;
  /// Whom the TLS handshake names, and whose the certificate must be, where that is not `host`: what a client that asked for an
  /// IP address has said in its own handshake.
  std::string sni{};
  /// An HTTP proxy in front of it makes a tunnel (CONNECT) also where there is no TLS, as RFC 6455 §4.1 has it for WebSocket.
  bool tunnel = false;

  bool operator==(const OriginTarget&) const = default;
};

/// A connection that can be written to.
struct OriginConnection {
  explicit OriginConnection(net::Transport of) : transport(std::move(of)) {}

  net::Transport transport;
  /// In the terms of HAR 1.2 §4.2.18.
  std::optional<Nanos> dns{};  ///< nothing: there was nothing to look up
  Nanos connect{};             ///< with `ssl`, and with all that a proxy in front of it took
  std::optional<Nanos> ssl{};  ///< the handshake with the origin
  /// Whom the socket is connected to; of a proxy in front of the origin its own.
  std::string address{};  ///< an IP address, without brackets
  std::uint16_t port = 0;
  std::string tls_version{};  ///< "TLSv1.3"; empty: no TLS
  bool resumed = false;       ///< the TLS session is an earlier one's
  /// What is wrong with the certificate of a host that is not verified, in words; empty: nothing.
  std::string certificate_problem{};
  /// It leads to an HTTP proxy: requests are to be in the absolute form (RFC 9112 §3.2.2), with this Proxy-Authorization where
  /// it is not empty.
  bool absolute_form = false;
  std::string proxy_authorization{};
};

/// Where a proxy listens itself.
struct OwnAddress {
  std::string address{};
  std::uint16_t port = 0;  ///< 0: nowhere
};

/// A connection that is being made. Destroying or moving over it cancels: the callback is not called any more.
class OriginAttempt {
 public:
  OriginAttempt() = default;
  OriginAttempt(OriginAttempt&& other) noexcept = default;
  OriginAttempt& operator=(OriginAttempt&& other) noexcept;
  ~OriginAttempt() { cancel(); }

  void cancel();
  /// It goes on.
  bool active() const;

 private:
  friend class OriginConnector;
  class Work;
  explicit OriginAttempt(std::shared_ptr<Work> work) : work_(std::move(work)) {}
  std::shared_ptr<Work> work_{};
};

/// Makes connections to origins: looks names up, connects to the address that answers first, by way of a proxy where there is
/// one, and shakes hands. Each step has a deadline. All in the thread of the io_context, but looking up.
class OriginConnector {
 public:
  using Done = std::function<void(Result<OriginConnection>)>;

  /// `own`, "127.0.0.1" or "::" and a port, is where we listen ourselves: what would lead there is refused, with ELOOP. Errors:
  /// `io` (certificates cannot be read). `context` and `timers` outlive it, and every attempt.
  static Result<std::unique_ptr<OriginConnector>> make(boost::asio::io_context& context, net::TimerQueue& timers,
                                                       const OriginOptions& options, const OwnAddress& own = {});
  OriginConnector(const OriginConnector&) = delete;
  OriginConnector& operator=(const OriginConnector&) = delete;
  ~OriginConnector();

  /// Calls `done` once, in run(), never from here; it may destroy the attempt, and make others. Errors: `io` (with errno in
  /// `system`, where there is one), `timeout`, `syntax` (a proxy in front of it does not speak what it should). Each says host
  /// and address, and what to do.
  [[nodiscard]] OriginAttempt connect(const OriginTarget& target, Done done);
  /// The same, with other options than make() was given as to time and proxies: resolve, ca_files, insecure and tls_sessions
  /// stay.
  [[nodiscard]] OriginAttempt connect(const OriginTarget& target, const OriginOptions& options, Done done);

 private:
  friend class OriginAttempt;
  struct Core;
  explicit OriginConnector(std::shared_ptr<Core> core) : core_(std::move(core)) {}
  std::shared_ptr<Core> core_;
};

}  // namespace stream::proxy
