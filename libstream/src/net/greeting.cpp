#include "greeting.hpp"

#include <array>
#include <utility>

#include "http1_connection.hpp"
#include "http1_message.hpp"

namespace stream::net {
namespace {

using boost::system::error_code;

constexpr unsigned char kHandshake = 22;  // RFC 8446 §5.1: the type of a record, and a byte that no method begins with

}  // namespace

Greeting::Greeting(Services& services, Transport transport, std::string peer)
    : Greeting(services, std::move(transport), std::move(peer), {}) {}

Greeting::Greeting(Services& services, Transport transport, std::string peer, std::string tunnel)
    : services_(services),
      transport_(std::move(transport)),
      peer_(std::move(peer)),
      tunnel_(std::move(tunnel)),
      limit_timer_([this] {
        const auto self = shared_from_this();
        on_limit();
      }) {
  const auto target = parse_connect_target(tunnel_);
  ask_.name = target ? target->host : transport_.local_address();
}

Greeting::~Greeting() { services_.timers.disarm(limit_timer_); }

void Greeting::start() {
  if (!transport_.prepare()) return close();
  limit(services_.options.idle_timeout);
  wait();
}

void Greeting::abort() { close(); }

void Greeting::wait() {
  transport_.wait_readable([self = shared_from_this(), this](const error_code& error) {
    if (closed_) return;
    if (error) return close();
    shaking_ ? shake_hands() : on_first_byte();
  });
}

void Greeting::on_first_byte() {
  static thread_local std::array<char, Transport::kReadSize> buffer;
  const Transport::Io io = transport_.read(buffer);
  if (io.kind == Transport::Kind::again) return wait();
  if (io.kind != Transport::Kind::done) return close();
  transport_.unread({buffer.data(), io.size});
  if (static_cast<unsigned char>(buffer[0]) == kHandshake) return start_tls();
  hand_over(tunnel_.empty() ? "this port speaks TLS: the address begins with https://" : "");
}

void Greeting::start_tls() {
  if (services_.tls == nullptr) return fail("there is no certificate for TLS in a tunnel");
  TlsSession session = services_.tls->session(ask_);
  if (!session || !transport_.start_tls(std::move(session))) return fail("out of memory");
  shaking_ = true;
  limit(services_.options.head_timeout);
  shake_hands();
}

void Greeting::shake_hands() {
  const Transport::Io io = transport_.handshake();
  if (io.kind == Transport::Kind::again) return wait();
  if (io.kind == Transport::Kind::done) return hand_over();
  fail(!ask_.failure.empty()                ? ask_.failure
       : !transport_.failure().empty()      ? transport_.failure()
       : io.kind == Transport::Kind::failed ? "the connection is gone"
                                            : "the client ended the connection");
}

void Greeting::hand_over(std::string_view refusal) {
  if (shaking_) TlsServer::forget(*transport_.tls());
  auto next = std::make_shared<Http1Connection>(services_, transport_.take(), peer_, tunnel_);
  if (!refusal.empty()) next->refuse_all(std::string(refusal));
  close();
  services_.adopt(std::move(next));
}

void Greeting::fail(std::string_view why) {
  services_.handler.refused(peer_, 0, why);
  close();
}

void Greeting::limit(Nanos time) { services_.timers.arm(limit_timer_, SteadyClock::now() + time); }

void Greeting::on_limit() {
  if (closed_) return;
  shaking_ ? fail("the TLS handshake took too long") : close();
}

void Greeting::close() {
  if (closed_) return;
  closed_ = true;
  services_.timers.disarm(limit_timer_);
  transport_.close();
  services_.release(*this);  // every way here holds a reference
}

}  // namespace stream::net
