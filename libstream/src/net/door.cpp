#include "door.hpp"

#include <fmt/format.h>

#include <boost/asio/ip/address.hpp>
#include <utility>

#include "greeting.hpp"
#include "http1_connection.hpp"

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

Door::Door(asio::io_context& context, TimerQueue& timers, const ServerOptions& options, Handler& handler, Entrance entrance)
    : options_(options),
      entrance_(std::move(entrance)),
      timers_(timers),
      acceptor_(context.get_executor()),
      services_{context, timers, handler, options_, nullptr},
      accept_timer_([this] { accept(); }) {
  services_.released = [this] {
    if (accept_waits_) accept();
    if (services_.draining && services_.sessions.empty() && drained_) drained_();
  };
}

Door::~Door() { timers_.disarm(accept_timer_); }

Status Door::bind() {
  if (options_.certificates != nullptr) {
    STREAM_ASSIGN(tls_, TlsServer::make(*options_.certificates));
    services_.tls = tls_.get();
  } else if (options_.tls) {
    return fail({ErrorCode::usage, "TLS needs certificates", {}, {}});
  }
  STREAM_ASSIGN(const tcp::endpoint wanted, find_address(options_.host, options_.port));
  error_code error;
  acceptor_.open(wanted.protocol(), error);
  if (!error) acceptor_.set_option(asio::socket_base::reuse_address(true), error);
  if (!error) acceptor_.bind(wanted, error);
  if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
  tcp::endpoint bound;
  if (!error) bound = acceptor_.local_endpoint(error);
  if (error) return fail(listen_error(wanted, error));
  port_ = bound.port();
  url_ = (options_.tls ? "https://" : "http://") + to_text(bound);
  return {};
}

void Door::accept() {
  if (!acceptor_.is_open()) return;
  accept_waits_ = services_.sessions.size() >= options_.max_connections;
  if (accept_waits_) return;
  acceptor_.async_accept(services_.context.get_executor(), [this](const error_code& error, Socket socket) {
    if (!acceptor_.is_open()) return;
    if (error == asio::error::no_descriptors || error == boost::system::errc::too_many_files_open_in_system) {
      return timers_.arm(accept_timer_, SteadyClock::now() + kAcceptPause);
    }
    if (!error) {
      error_code gone;
      const tcp::endpoint peer = socket.remote_endpoint(gone);
      if (!gone) enter(Transport(std::move(socket)), to_text(peer));
    }
    accept();
  });
}

void Door::drain(std::function<void()> drained) {
  error_code ignored;
  acceptor_.close(ignored);
  services_.draining = true;
  drained_ = std::move(drained);
  const auto sessions = services_.sessions;  // a copy: they release themselves
  for (const auto& [key, session] : sessions) session->drain();
  if (services_.sessions.empty() && drained_) drained_();
}

void Door::end() {
  error_code ignored;
  acceptor_.close(ignored);
  drained_ = {};
  const auto sessions = std::exchange(services_.sessions, {});
  for (const auto& [key, session] : sessions) session->abort();
}

void Door::enter(Transport transport, std::string peer) {
  ++services_.stats.connections;
  if (entrance_) return services_.adopt(entrance_(services_, std::move(transport), std::move(peer)));
  if (options_.tls) return services_.adopt(std::make_shared<Greeting>(services_, std::move(transport), std::move(peer)));
  services_.adopt(std::make_shared<Http1Connection>(services_, std::move(transport), std::move(peer)));
}

}  // namespace stream::net
