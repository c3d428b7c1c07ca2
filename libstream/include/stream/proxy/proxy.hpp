#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "stream/io/error.hpp"
#include "stream/mock/conversation.hpp"
#include "stream/mock/mock_set.hpp"
#include "stream/net/url.hpp"
#include "stream/proxy/origin_options.hpp"
#include "stream/record/tap.hpp"
#include "stream/replay/fault.hpp"
#include "stream/text/timestamp.hpp"

namespace stream::net {
class CertificateSource;
class Handler;
struct ServerOptions;
}  // namespace stream::net

/// A proxy that relays HTTP and WebSocket traffic byte for byte, and tells a Tap what passes.
namespace stream::proxy {

/// Something that went wrong with a connection and is no exchange's business.
struct Incident {
  std::string client{};  ///< "127.0.0.1:51234"
  std::string host{};    ///< that it wanted; empty: it is not known
  std::string what{};
};

struct ProxyOptions {
  std::string host = "127.0.0.1";  ///< where it listens
  std::uint16_t port = 0;          ///< 0: a free one
  /// A reverse proxy: every request goes there. Without it clients say where they want to go: in the absolute form, by CONNECT,
  /// by SOCKS.
  std::optional<net::Url> target{};
  bool keep_host = false;  ///< of a reverse proxy: the client's Host field is handed on as it is
  bool tls = false;        ///< of a reverse proxy: clients come over TLS
  /// Who we are for clients that come by TLS. Outlives the proxy. Null: TLS is passed through.
  net::CertificateSource* certificates = nullptr;
  /// Whether TLS to a host is opened, rather than passed through blind. Without it: all hosts.
  std::function<bool(std::string_view host, std::uint16_t port)> opens{};
  OriginOptions origin{};  ///< how origins are reached
  /// Hears what passes; outlives the proxy. May be null.
  Tap* tap = nullptr;
  std::function<void(const Incident&)> incident{};
  /// Requests and WebSocket messages that they answer do not reach the origin, see docs/mocks.md. Outlives the proxy; may be
  /// null. What changes about it changes in run()'s thread.
  mock::MockSet* mocks = nullptr;
  /// What a message gets that no rule fits, where the origin of a mocked WebSocket cannot be reached.
  mock::Unmatched on_unmatched = mock::Unmatched::drop;
  /// Answers that go wrong on the way to the client, see docs/replay.md; the origin's and the mocks'. check_live_fault() says
  /// which rules can be. What chance decides hangs on the seed.
  std::vector<replay::FaultRule> faults{};
  std::uint64_t fault_seed = 0;
  std::size_t max_mocked_body = std::size_t{16}
                                << 20;              ///< bytes of a request that are held to be matched; a larger one is relayed
  Nanos idle_timeout = std::chrono::minutes(5);     ///< of a connection on which nothing moves, but a WebSocket's or a tunnel's
  Nanos head_timeout = std::chrono::seconds(20);    ///< from the first byte of a request's head, or of TLS, to its last
  std::size_t max_head = std::size_t{1} << 20;      ///< bytes of a request's or a response's head
  std::size_t max_fields = 1000;                    ///< of a request's head
  std::size_t max_message = std::size_t{64} << 20;  ///< bytes of a WebSocket message that is told; a larger one is only relayed
  std::size_t max_connections = 16384;
};

struct ProxyStats {
  std::uint64_t connections = 0;
  std::uint64_t exchanges = 0;
  std::uint64_t failed = 0;      ///< exchanges that did not end as they should
  std::uint64_t messages = 0;    ///< of WebSockets, control frames too
  std::uint64_t mocked = 0;      ///< requests and messages that a mock answered
  std::uint64_t faulted = 0;     ///< exchanges that a fault has hit
  std::uint64_t deviations = 0;  ///< messages that no rule of a mock fits which was to be told of them
  std::uint64_t incidents = 0;
  std::uint64_t bytes_up = 0;    ///< handed to origins
  std::uint64_t bytes_down = 0;  ///< handed to clients
  std::size_t open_connections = 0;
  std::size_t open_exchanges = 0;
};

/// A connection, as it is now.
struct LiveConnection {
  std::uint64_t number = 0;
  std::string client{};
  std::string state{};   ///< "idle", "request", "response", "websocket", "tunnel", "connecting", "greeting"
  std::string origin{};  ///< "a.example:443"
  std::string url{};     ///< of the exchange that goes on
  std::uint64_t bytes_up = 0;
  std::uint64_t bytes_down = 0;
};

class Proxy {
 public:
  /// Errors: those of net::Server::listen().
  static Result<std::unique_ptr<Proxy>> listen(const ProxyOptions& options);
  Proxy(const Proxy&) = delete;
  Proxy& operator=(const Proxy&) = delete;
  ~Proxy();

  std::uint16_t port() const;
  const std::string& url() const;

  // As net::Server has them.
  Status run();
  void stop() noexcept;
  void drain(Nanos limit);
  void post(std::function<void()> work);
  void every(Nanos period, std::function<void()> work);
  void on_notify(std::function<void(int number)> work);
  void notify(int number) noexcept;
  Result<std::string> also_listen(const net::ServerOptions& options, net::Handler& handler);

  // In run()'s thread.
  ProxyStats stats() const;
  std::vector<LiveConnection> connections() const;

 private:
  struct Impl;
  explicit Proxy(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace stream::proxy
