#include "stream/proxy/proxy.hpp"

#include <utility>

#include "connection.hpp"
#include "idle_tap.hpp"
#include "server_access.hpp"
#include "stream/net/server.hpp"

namespace stream::proxy {
namespace {

/// Of a server whose connections answer nothing themselves.
class NoHandler final : public net::Handler {
 public:
  std::shared_ptr<const replay::Answer> answer(const net::Request&) override { return std::make_shared<replay::Answer>(); }
};

}  // namespace

struct Proxy::Impl {
  explicit Impl(const ProxyOptions& wanted) : options(wanted) {
    if (options.tap == nullptr) return;
    tap = std::make_unique<IdleTap>(*options.tap);
    options.tap = tap.get();
  }

  ProxyOptions options;
  std::unique_ptr<IdleTap> tap;
  Shared shared{options};
  NoHandler handler;
  net::Services* services = nullptr;  // of the server's door, once a connection has come
  std::unique_ptr<net::Server> server;
};

Result<std::unique_ptr<Proxy>> Proxy::listen(const ProxyOptions& options) {
  auto impl = std::make_unique<Impl>(options);
  net::ServerOptions server;
  server.host = options.host;
  server.port = options.port;
  server.certificates = options.certificates;
  server.tls = options.tls;
  server.max_connections = options.max_connections;
  STREAM_ASSIGN(impl->server, net::ServerAccess::listen(server, impl->handler,
                                                        [state = impl.get()](net::Services& services, net::Transport transport,
                                                                             std::string peer) -> std::shared_ptr<net::Session> {
                                                          state->services = &services;
                                                          return std::make_shared<Connection>(
                                                              services, state->shared, std::move(transport), std::move(peer));
                                                        }));
  if (impl->tap) impl->tap->runs_in(net::ServerAccess::timers(*impl->server));
  for (const replay::FaultRule& rule : impl->options.faults) STREAM_TRY(replay::check_live_fault(rule));
  impl->shared.faults = replay::FaultPlan(impl->options.faults, impl->options.fault_seed);
  STREAM_ASSIGN(const net::Url own, net::parse_url(impl->server->url()));
  STREAM_ASSIGN(impl->shared.connector,
                OriginConnector::make(net::ServerAccess::context(*impl->server), net::ServerAccess::timers(*impl->server),
                                      options.origin, {own.host, own.port}));
  net::ServerAccess::at_end(*impl->server, [state = impl.get()] {
    state->shared.connector.reset();
    if (state->tap) state->tap->stop();
  });
  return std::unique_ptr<Proxy>(new Proxy(std::move(impl)));
}

Proxy::Proxy(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Proxy::~Proxy() = default;

std::uint16_t Proxy::port() const { return impl_->server->port(); }
const std::string& Proxy::url() const { return impl_->server->url(); }
Status Proxy::run() { return impl_->server->run(); }
void Proxy::stop() noexcept { impl_->server->stop(); }
void Proxy::drain(Nanos limit) { impl_->server->drain(limit); }
void Proxy::post(std::function<void()> work) { impl_->server->post(std::move(work)); }
void Proxy::every(Nanos period, std::function<void()> work) { impl_->server->every(period, std::move(work)); }
void Proxy::on_notify(std::function<void(int)> work) { impl_->server->on_notify(std::move(work)); }
void Proxy::notify(int number) noexcept { impl_->server->notify(number); }
Result<std::string> Proxy::also_listen(const net::ServerOptions& options, net::Handler& handler) {
  return impl_->server->also_listen(options, handler);
}

ProxyStats Proxy::stats() const {
  ProxyStats stats = impl_->shared.stats;
  stats.open_connections = impl_->services == nullptr ? 0 : impl_->services->sessions.size();
  return stats;
}

std::vector<LiveConnection> Proxy::connections() const {
  std::vector<LiveConnection> all;
  if (impl_->services == nullptr) return all;
  for (const auto& [key, session] : impl_->services->sessions) {
    if (const auto* connection = dynamic_cast<const Connection*>(session.get())) all.push_back(connection->live());
  }
  return all;
}

}  // namespace stream::proxy
