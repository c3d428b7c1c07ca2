#pragma once

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <functional>
#include <memory>
#include <string>

#include "session.hpp"
#include "tls_server.hpp"

namespace stream::net {

/// What becomes of a connection that has come.
using Entrance = std::function<std::shared_ptr<Session>(Services&, Transport, std::string peer)>;

/// An address that is listened at, and the connections that came there.
class Door {
 public:
  /// Without an `entrance` they are of HTTP/1, answered by the handler.
  Door(boost::asio::io_context& context, TimerQueue& timers, const ServerOptions& options, Handler& handler,
       Entrance entrance = {});
  Door(const Door&) = delete;
  Door& operator=(const Door&) = delete;
  ~Door();

  /// Errors: those of Server::listen().
  Status bind();
  void accept();
  /// Takes no more connections. `drained` is called when the last one has gone, perhaps at once.
  void drain(std::function<void()> drained);
  /// Closes everything.
  void end();

  std::uint16_t port() const { return port_; }
  const std::string& url() const { return url_; }
  const ServerStats& stats() const { return services_.stats; }

 private:
  void enter(Transport transport, std::string peer);

  const ServerOptions options_;
  const Entrance entrance_;
  TimerQueue& timers_;
  boost::asio::basic_socket_acceptor<boost::asio::ip::tcp, boost::asio::io_context::executor_type> acceptor_;
  std::unique_ptr<TlsServer> tls_;
  Services services_;
  Timer accept_timer_;
  bool accept_waits_ = false;  // for a session to end
  std::function<void()> drained_;
  std::uint16_t port_ = 0;
  std::string url_;
};

}  // namespace stream::net
