#include "stream/net/server.hpp"

#include <fmt/format.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <cerrno>
#include <optional>
#include <utility>

#include "greeting.hpp"
#include "http1_connection.hpp"
#include "session.hpp"

namespace stream::net {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

constexpr auto kAcceptPause = std::chrono::milliseconds(50);  // where the system has no descriptor left

std::string to_text(const tcp::endpoint& endpoint) {
  const std::string address = endpoint.address().to_string();
  return fmt::format(fmt::runtime(endpoint.address().is_v6() ? "[{}]:{}" : "{}:{}"), address, endpoint.port());
}

Result<tcp::endpoint> find_address(const std::string& host, std::uint16_t port) {
  error_code error;
  if (const auto address = asio::ip::make_address(host, error); !error) return tcp::endpoint(address, port);
  asio::io_context context;
  tcp::resolver resolver(context);
  const auto found = resolver.resolve(tcp::v4(), host, "", error);
  if (!error && !found.empty()) return tcp::endpoint(found.begin()->endpoint().address(), port);
  return fail({ErrorCode::usage, fmt::format("\"{}\" is no address of this machine", host), {}, "use --host 127.0.0.1"});
}

Error listen_error(const tcp::endpoint& endpoint, const error_code& error) {
  const std::string where = to_text(endpoint);
  if (error == asio::error::address_in_use) {
    return {ErrorCode::io, where + " is in use by another program", {}, "choose another --port; --port 0 takes a free one"};
  }
  return {ErrorCode::io, fmt::format("cannot listen on {}: {}", where, error.message()), {}, {}};
}

}  // namespace

std::string_view to_string(Outcome outcome) {
  switch (outcome) {
    case Outcome::complete:
      return "complete";
    case Outcome::client_left:
      return "the client left";
    case Outcome::timed_out:
      return "the client did not read";
    case Outcome::failed:
      return "the client broke the protocol";
  }
  return "";
}

void Handler::served(const Request&, const replay::Answer&, const Served&) {}
void Handler::refused(std::string_view, int, std::string_view) {}
void Handler::received(const Request&, int, std::uint64_t) {}

struct Server::Impl {
  using Executor = asio::io_context::executor_type;

  Impl(const ServerOptions& server_options, Handler& handler)
      : options(server_options),
        stop_descriptor(context, eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)),
        services{context, timers, handler, options, nullptr},
        accept_timer([this] { accept(); }) {
    stop_native = stop_descriptor.native_handle();
    services.released = [this] {
      if (accept_waits) accept();
    };
  }
  ~Impl() {
    end();
    context.restart();
    context.poll();  // lets every handler go that still holds a session
    timers.disarm(accept_timer);
  }

  Status bind() {
    if (options.certificates != nullptr) {
      STREAM_ASSIGN(tls, TlsServer::make(*options.certificates));
      services.tls = tls.get();
    } else if (options.tls) {
      return fail({ErrorCode::usage, "TLS needs certificates", {}, {}});
    }
    STREAM_ASSIGN(const tcp::endpoint wanted, find_address(options.host, options.port));
    error_code error;
    acceptor.open(wanted.protocol(), error);
    if (!error) acceptor.set_option(asio::socket_base::reuse_address(true), error);
    if (!error) acceptor.bind(wanted, error);
    if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
    tcp::endpoint bound;
    if (!error) bound = acceptor.local_endpoint(error);
    if (error) return fail(listen_error(wanted, error));
    port = bound.port();
    url = (options.tls ? "https://" : "http://") + to_text(bound);
    return {};
  }

  void accept() {
    if (!acceptor.is_open()) return;
    accept_waits = services.sessions.size() >= options.max_connections;
    if (accept_waits) return;
    acceptor.async_accept(context.get_executor(), [this](const error_code& error, Socket socket) {
      if (!acceptor.is_open()) return;
      if (error == asio::error::no_descriptors || error == boost::system::errc::too_many_files_open_in_system) {
        return timers.arm(accept_timer, SteadyClock::now() + kAcceptPause);
      }
      if (!error) {
        error_code gone;
        const tcp::endpoint peer = socket.remote_endpoint(gone);
        if (!gone) greet(Transport(std::move(socket)), to_text(peer));
      }
      accept();
    });
  }

  void greet(Transport transport, std::string peer) {
    if (options.tls) return services.adopt(std::make_shared<Greeting>(services, std::move(transport), std::move(peer)));
    services.adopt(std::make_shared<Http1Connection>(services, std::move(transport), std::move(peer)));
  }

  Status run() {
    // Timeouts of epoll_wait may be as late as this (ns); 50 µs are usual.
    prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
    stop_descriptor.async_wait(decltype(stop_descriptor)::wait_read, [this](const error_code&) { end(); });
    accept();
    context.run();
    return {};
  }

  /// Closes everything, so that run() finds nothing left to do.
  void end() {
    error_code ignored;
    acceptor.close(ignored);
    const auto sessions = std::exchange(services.sessions, {});
    for (const auto& [key, session] : sessions) session->abort();
    timers.close();
    stop_descriptor.cancel(ignored);  // open until the end: stop() may come again
  }

  ServerOptions options;
  // One thread: no locks. stop() comes through a descriptor, which needs none.
  asio::io_context context{BOOST_ASIO_CONCURRENCY_HINT_UNSAFE};
  TimerQueue timers{context};
  asio::basic_socket_acceptor<tcp, Executor> acceptor{context.get_executor()};
  asio::posix::basic_stream_descriptor<Executor> stop_descriptor;
  int stop_native = -1;
  std::unique_ptr<TlsServer> tls;
  Services services;
  Timer accept_timer;
  bool accept_waits = false;  // for a session to end
  std::uint16_t port = 0;
  std::string url;
};

Result<std::unique_ptr<Server>> Server::listen(const ServerOptions& options, Handler& handler) {
  try {
    auto impl = std::make_unique<Impl>(options, handler);
    STREAM_TRY(impl->bind());
    return std::unique_ptr<Server>(new Server(std::move(impl)));
  } catch (const boost::system::system_error& error) {
    return fail({ErrorCode::io, std::string("cannot start a server: ") + error.what(), {}, {}});
  }
}

Server::Server(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Server::~Server() = default;

std::uint16_t Server::port() const { return impl_->port; }
const std::string& Server::url() const { return impl_->url; }
Status Server::run() { return impl_->run(); }

void Server::stop() noexcept {
  const std::uint64_t one = 1;
  const int before = errno;
  [[maybe_unused]] const ssize_t written = ::write(impl_->stop_native, &one, sizeof one);
  errno = before;
}

}  // namespace stream::net
