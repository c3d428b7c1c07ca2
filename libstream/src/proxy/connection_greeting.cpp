// What a client speaks, and tunnels: CONNECT, SOCKS, TLS; and how a connection gets its origin.
#include <openssl/ssl.h>

#include <utility>

#include "connection.hpp"
#include "http1_message.hpp"

namespace stream::proxy {
namespace {

using boost::system::error_code;
using net::Transport;

constexpr unsigned char kHandshake = 22;  // RFC 8446 §5.1: the type of a record, and a byte that no method begins with

}  // namespace

void Connection::greet() {
  if (socks_ || (!tunnel_ && !shared_.options.target && SocksGreeting::begins(in_.front()))) return greet_socks();
  const auto first = static_cast<unsigned char>(in_.front());
  if (first == kHandshake) {
    if (services_.tls != nullptr && (tunnel_ || shared_.options.tls)) return start_tls();
    shared_.report(peer_, tunnel_ ? tunnel_->host : "", "TLS, where HTTP is spoken");
    return close();
  }
  const bool letter = first >= 'A' && first <= 'Z';
  if (tunnel_ && !letter) return pass_through({tunnel_->host, tunnel_->port, false, {}}, &Connection::on_passed);
  mode_ = Mode::http;
  parse_requests();
}

void Connection::greet_socks() {
  if (!socks_) socks_ = std::make_unique<SocksGreeting>();
  in_.erase(0, socks_->feed(in_));
  if (const std::string output = socks_->take_output(); !output.empty()) send(client_, output);
  if (mode_ == Mode::closed || socks_->state() == SocksGreeting::State::more) return;
  if (socks_->state() == SocksGreeting::State::refused) {
    shared_.report(peer_, "", "SOCKS: " + socks_->refusal());
    return close_when_sent();
  }
  const SocksTarget target = socks_->target();
  if (!opens(target.host, target.port)) {
    tunnel_ = Tunnel{target.host, target.port, false, {}};
    return pass_through({target.host, target.port, false, {}}, &Connection::on_socks_reached);
  }
  send(client_, socks_->reply(SocksReply::succeeded));
  socks_.reset();
  enter_tunnel(target.host, target.port);
  if (mode_ == Mode::greeting && !in_.empty()) greet();
}

void Connection::on_socks_reached(Result<OriginConnection> reached) {
  send(client_, socks_->reply(reached ? SocksReply::succeeded : socks_reply(reached.error())));
  socks_.reset();
  on_passed(std::move(reached));
}

bool Connection::opens(const std::string& host, std::uint16_t port) const {
  return shared_.options.certificates != nullptr && (!shared_.options.opens || shared_.options.opens(host, port));
}

void Connection::start_tls() {
  client_.transport().unread(std::exchange(in_, {}));
  // A client of a reverse proxy that names nobody has come by an address.
  ask_.name = tunnel_ ? tunnel_->host : client_.transport().local_address();
  ask_.failure.clear();
  net::TlsSession session = services_.tls->session(ask_);
  if (!session || !client_.transport().start_tls(std::move(session))) return close();
  mode_ = Mode::tls;
  began_ = now_;
  shake_hands();
}

void Connection::shake_hands() {
  const auto io = client_.transport().handshake();
  if (io.kind == Transport::Kind::again) {
    client_.transport().wait_readable([self = shared_from_this(), this](const error_code& error) {
      if (mode_ == Mode::closed) return;
      if (error) return close();
      now_ = net::SteadyClock::now();
      touch();
      shake_hands();
    });
    return;
  }
  if (io.kind == Transport::Kind::done) {
    SSL* const tls = client_.transport().tls();
    net::TlsServer::forget(*tls);
    if (tunnel_) {
      tunnel_->tls = true;
      const char* const name = SSL_get_servername(tls, TLSEXT_NAMETYPE_host_name);
      if (name != nullptr && is_address(tunnel_->host)) tunnel_->name = name;
    }
    mode_ = Mode::http;
    return read_client();
  }
  const std::string& failure = client_.transport().failure();
  shared_.report(peer_, ask_.name,
                 !ask_.failure.empty() ? ask_.failure
                 : !failure.empty()    ? failure
                                       : "the client ended the TLS handshake");
  close();
}

void Connection::on_connect(std::string_view authority) {
  const auto target = net::parse_connect_target(authority);
  if (!target) return refuse(400, "CONNECT needs a host and a port");
  if (shared_.options.target) return refuse(405, "this is a reverse proxy: it opens no tunnels");
  std::string host = target->host;
  const std::uint16_t port = target->port;
  exchange_.reset();
  if (!opens(host, port)) {
    tunnel_ = Tunnel{std::move(host), port, false, {}};
    return pass_through({tunnel_->host, port, false, {}}, &Connection::on_tunnel_reached);
  }
  send(client_, "HTTP/1.1 200 Connection established\r\n\r\n");
  enter_tunnel(std::move(host), port);
}

void Connection::enter_tunnel(std::string host, std::uint16_t port) {
  if (mode_ == Mode::closed) return;
  tunnel_ = Tunnel{std::move(host), port, false, {}};
  mode_ = Mode::greeting;
  began_ = now_;
}

/// To the origin, without a look at what it is.
void Connection::pass_through(const Origin& origin, void (Connection::*then)(Result<OriginConnection>)) {
  mode_ = Mode::connecting;
  began_ = now_;
  connect(origin, true, then);
}

void Connection::on_tunnel_reached(Result<OriginConnection> reached) {
  if (reached) {
    send(client_, "HTTP/1.1 200 Connection established\r\n\r\n");
  } else {
    send(client_, net::make_refusal(reached.error().system == ELOOP ? 508 : 502, to_string(reached.error())));
  }
  on_passed(std::move(reached));
}

/// Calls `then` in the end, unless the connection has gone or drop_origin() was called.
void Connection::connect(const Origin& origin, bool tunnel, void (Connection::*then)(Result<OriginConnection>)) {
  origin_key_ = origin;
  attempt_ = shared_.connector->connect({origin.host, origin.port, origin.tls, origin.name, tunnel},
                                        [this, then](Result<OriginConnection> reached) {
                                          const auto self = shared_from_this();
                                          if (mode_ == Mode::closed) return;
                                          now_ = net::SteadyClock::now();
                                          touch();
                                          attempt_ = {};
                                          (this->*then)(std::move(reached));
                                        });
}

/// From here on it is the origin.
void Connection::adopt(OriginConnection& reached) {
  origin_number_ = ++shared_.origins;
  origin_address_ = reached.address;
  origin_port_ = reached.port;
  origin_used_ = false;
  absolute_form_ = reached.absolute_form;
  proxy_authorization_ = std::move(reached.proxy_authorization);
  origin_.open(std::move(reached.transport));
  if (!exchange_) return;
  // Whatever was neither looking up nor connecting: the phases add up to the time.
  exchange_->timings.blocked =
      std::max(Nanos{}, Nanos(now_ - exchange_->began) - reached.dns.value_or(Nanos{}) - reached.connect);
  exchange_->timings.dns = reached.dns;
  exchange_->timings.connect = reached.connect;
  exchange_->timings.ssl = reached.ssl;
  exchange_->reached = now_;
}

void Connection::on_passed(Result<OriginConnection> reached) {
  if (mode_ == Mode::closed) return;
  if (!reached) {
    shared_.report(peer_, origin_key_.host, to_string(reached.error()));
    return close_when_sent();
  }
  adopt(*reached);
  mode_ = Mode::tunnel;
  send(origin_, std::exchange(in_, {}));
  if (client_.ended) {
    origin_.shut_wanted = true;
    shut_if_wanted(origin_);
  }
  read_client();
  read_origin();
}

}  // namespace stream::proxy
