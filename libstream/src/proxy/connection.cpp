#include "connection.hpp"

#include <array>
#include <cerrno>
#include <utility>

#include "connection_parts.hpp"

namespace stream::proxy {
namespace {

using boost::system::error_code;
using net::Transport;

constexpr std::size_t kReadSize = std::size_t{256} << 10;
/// What is read while the other end does not take all: so much may have to be held at once.
constexpr std::size_t kSmallRead = std::size_t{16} << 10;
constexpr auto kLinger = std::chrono::seconds(2);
constexpr auto kCloseHandshake = std::chrono::seconds(10);  // from one end's end to the other's

std::array<char, kReadSize>& read_buffer() {
  static thread_local std::array<char, kReadSize> buffer;
  return buffer;
}

}  // namespace

Connection::Connection(net::Services& services, Shared& shared, Transport transport, std::string peer)
    : services_(services),
      shared_(shared),
      number_(++shared.clients),
      peer_(std::move(peer)),
      timer_([this] {
        const auto self = shared_from_this();
        on_timeout();
      }),
      mock_timer_([this] {
        const auto self = shared_from_this();
        if (mode_ != Mode::websocket || !mocker_) return;
        now_ = net::SteadyClock::now();
        WebSocketMocker::Out out;
        mocker_->advance(tap_time(now_), out);
        carry_out(std::move(out));
      }),
      fault_timer_([this] {
        const auto self = shared_from_this();
        now_ = net::SteadyClock::now();
        run_faults();
      }) {
  ++shared_.stats.connections;
  client_.open(std::move(transport));
}

Connection::~Connection() {
  services_.timers.disarm(timer_);
  services_.timers.disarm(mock_timer_);
  services_.timers.disarm(fault_timer_);
}

void Connection::start() {
  now_ = moved_ = began_ = net::SteadyClock::now();
  if (!client_.transport().prepare()) return close();
  if (shared_.options.target && !shared_.options.tls) mode_ = Mode::http;
  watch();
  read_client();
}

void Connection::abort() { close(); }

void Connection::drain() {
  draining_ = true;
  if (mode_ == Mode::http && !exchange_) close_when_sent();
  if (mode_ == Mode::greeting || mode_ == Mode::tls) close();
}

// Reading.

bool Connection::wants_client() const {
  if (client_.ended || closing_) return false;
  switch (mode_) {
    case Mode::greeting:
    case Mode::lingering:
      return true;
    case Mode::http:
      if (exchange_ && exchange_->collecting) return true;
      // Between the request's end and the response's it is only seen whether the client is still there.
      return exchange_ && exchange_->request_done ? in_.size() < kMostUnsent : origin_.unsent() < kMostUnsent;
    case Mode::connecting:
      return in_.size() < kMostUnsent;
    case Mode::websocket:
    case Mode::tunnel:
      return origin_.unsent() == 0;
    case Mode::tls:
    case Mode::closed:
      return false;
  }
  return false;
}

bool Connection::wants_origin() const {
  return origin_.is_open() && !origin_.ended && client_.unsent() == 0 &&
         !(exchange_ && exchange_->fault && exchange_->fault->full());
}

void Connection::read_client() {
  if (mode_ == Mode::closed || client_.reading || !wants_client()) return;
  client_.reading = true;
  client_.transport().wait_readable([self = shared_from_this(), this](const error_code& error) {
    if (mode_ == Mode::closed) return;
    client_.reading = false;
    if (error) return lost(client_);
    now_ = net::SteadyClock::now();
    on_client_readable();
  });
}

void Connection::read_origin() {
  if (mode_ == Mode::closed || origin_.reading || !wants_origin()) return;
  origin_.reading = true;
  origin_.transport().wait_readable([self = shared_from_this(), this, number = origin_number_](const error_code& error) {
    if (mode_ == Mode::closed || number != origin_number_) return;
    origin_.reading = false;
    if (error) return lost(origin_);
    now_ = net::SteadyClock::now();
    on_origin_readable();
  });
}

void Connection::on_client_readable() {
  auto& buffer = read_buffer();
  const std::size_t size = origin_.writing ? kSmallRead : kReadSize;
  // Not for ever: others want to be served, too.
  for (int round = 0; round < 4 && wants_client(); ++round) {
    const auto io = client_.transport().read({buffer.data(), size});
    now_ = net::SteadyClock::now();  // not before: what was read is no older
    if (io.kind == Transport::Kind::again) break;
    if (io.kind == Transport::Kind::end) {
      client_ended();
      break;
    }
    if (io.kind == Transport::Kind::failed) return lost(client_);
    touch();
    take_client({buffer.data(), io.size});
    if (mode_ == Mode::closed || (io.size < size && !client_.transport().secure())) break;
  }
  read_client();
}

void Connection::on_origin_readable() {
  auto& buffer = read_buffer();
  const std::size_t size = client_.writing ? kSmallRead : kReadSize;
  for (int round = 0; round < 4 && wants_origin(); ++round) {
    const auto io = origin_.transport().read({buffer.data(), size});
    now_ = net::SteadyClock::now();  // not before: what was read is no older
    if (io.kind == Transport::Kind::again) {
      if (exchange_ && exchange_->fault) exchange_->fault->caught_up();
      break;
    }
    if (io.kind == Transport::Kind::end) {
      origin_gone(false);
      break;
    }
    if (io.kind == Transport::Kind::failed) return origin_gone(true);
    touch();
    from_origin({buffer.data(), io.size});
    if (mode_ == Mode::closed || (io.size < size && origin_.is_open() && !origin_.transport().secure())) break;
  }
  read_origin();
}

void Connection::take_client(std::string_view bytes) {
  switch (mode_) {
    case Mode::greeting:
      in_.append(bytes);
      return greet();
    case Mode::http: {
      if (!in_.empty() || (exchange_ && exchange_->request_done)) {
        in_.append(bytes);
        if (exchange_ && exchange_->request_done) return;
        return parse_requests();
      }
      while (!bytes.empty() && mode_ == Mode::http && feed_request(bytes)) {
      }
      if (mode_ == Mode::http || mode_ == Mode::greeting || mode_ == Mode::connecting) in_.append(bytes);
      if (mode_ == Mode::greeting && !in_.empty()) greet();
      return;
    }
    case Mode::connecting:
      in_.append(bytes);
      return;
    case Mode::websocket:
      if (mocker_) {
        WebSocketMocker::Out out;
        mocker_->client(bytes, tap_time(now_), out);
        return carry_out(std::move(out));
      }
      shared_.stats.messages += frames_->feed(WsSender::client, bytes, tap_time(now_));
      return send(origin_, bytes);
    case Mode::tunnel:
      return send(origin_, bytes);
    case Mode::lingering:
    case Mode::tls:
    case Mode::closed:
      return;
  }
}

void Connection::take_origin(std::string_view bytes) {
  switch (mode_) {
    case Mode::http:
      if (exchange_ && exchange_->sent_head) return take_response(bytes);
      return drop_origin();  // nobody has asked for anything
    case Mode::websocket:
      if (mocker_) {
        WebSocketMocker::Out out;
        mocker_->origin(bytes, tap_time(now_), out);
        return carry_out(std::move(out));
      }
      shared_.stats.messages += frames_->feed(WsSender::server, bytes, tap_time(now_));
      return send(client_, bytes);
    case Mode::tunnel:
      return send(client_, bytes);
    default:
      return;
  }
}

/// Nothing more comes from the client. What it has asked for it still gets, as it would without us: the origin sees the end, too.
void Connection::client_ended() {
  client_.ended = true;
  switch (mode_) {
    case Mode::http:
      if (exchange_ && exchange_->request_done) {
        origin_.shut_wanted = true;
        if (origin_.is_open()) shut_if_wanted(origin_);
        return;
      }
      if (exchange_) end_exchange("abort", "the client ended the connection within its request");
      return close();
    case Mode::websocket:
    case Mode::tunnel:
      origin_.shut_wanted = true;
      shut_if_wanted(origin_);
      began_ = now_;
      return end_if_over();
    default:
      return close();
  }
}

void Connection::origin_ended() {
  origin_.ended = true;
  switch (mode_) {
    case Mode::http: {
      if (!exchange_ || !exchange_->sent_head) return drop_origin();
      Exchange& exchange = *exchange_;
      std::vector<net::Http1Item> items;
      if (auto status = exchange.response->finish(items); !status) {
        if (retry()) return;
        return response_broken("reset", status.error().message);
      }
      for (auto& item : items) on_response_item(item);
      if (exchange_ && exchange_->response_done) finish_exchange();
      return;
    }
    case Mode::websocket:
    case Mode::tunnel:
      client_.shut_wanted = true;
      shut_if_wanted(client_);
      began_ = now_;
      return end_if_over();
    default:
      return;
  }
}

/// Of what has two ends: both are there.
void Connection::end_if_over() {
  const bool frames = mode_ == Mode::websocket;
  if (!frames && mode_ != Mode::tunnel) return;
  if (!client_.ended || !origin_.ended || client_.unsent() != 0 || origin_.unsent() != 0) return;
  if (frames) end_websocket();
  close();
}

void Connection::end_websocket() {
  const bool closed = saw_close();
  end_exchange(closed ? "eof" : "reset", closed ? "" : "the connection ended without a close");
}

// Writing.

void Connection::send(Side& to, std::string_view first, std::string_view second) {
  if (mode_ == Mode::closed) return;
  const std::uint64_t before = to.bytes();
  const Side::Sent sent = to.send(first, second);
  (&to == &client_ ? shared_.stats.bytes_down : shared_.stats.bytes_up) += to.bytes() - before;
  settle(to, sent);
}

void Connection::settle(Side& to, Side::Sent sent) {
  if (sent == Side::Sent::failed) return lost(to);
  if (sent == Side::Sent::waiting) return wait_writable(to);
  if (to.is_open()) shut_if_wanted(to);
}

void Connection::wait_writable(Side& to) {
  if (to.writing) return;
  to.writing = true;
  const bool is_origin = &to == &origin_;
  to.transport().wait_writable([self = shared_from_this(), this, is_origin, number = origin_number_](const error_code& error) {
    if (mode_ == Mode::closed || (is_origin && number != origin_number_)) return;
    Side& side = is_origin ? origin_ : client_;
    side.writing = false;
    if (error) return lost(side);
    now_ = net::SteadyClock::now();
    on_writable(side);
  });
}

void Connection::on_writable(Side& to) {
  touch();
  const std::uint64_t before = to.bytes();
  const Side::Sent sent = to.flush();
  (&to == &client_ ? shared_.stats.bytes_down : shared_.stats.bytes_up) += to.bytes() - before;
  settle(to, sent);
  if (mode_ == Mode::closed || sent != Side::Sent::all) return;
  if (&to == &client_ && closing_) return linger();
  end_if_over();
  if (mode_ == Mode::closed) return;
  if (&to == &origin_ && exchange_ && exchange_->request_done && exchange_->sent == net::SteadyTime{}) exchange_->sent = now_;
  read_client();
  read_origin();
}

void Connection::shut_if_wanted(Side& to) {
  if (!to.shut_wanted || to.shut || to.unsent() != 0 || !to.is_open()) return;
  const auto io = to.transport().shutdown_send(Transport::Farewell::yes);
  if (io.kind == Transport::Kind::again) return wait_writable(to);
  to.shut = true;
}

// Ending.

void Connection::watch() {
  if (mode_ == Mode::closed) return;
  services_.timers.arm(timer_, net::SteadyClock::now() + std::chrono::seconds(1));
}

void Connection::on_timeout() {
  now_ = net::SteadyClock::now();
  const ProxyOptions& options = shared_.options;
  const auto idle = now_ - moved_;
  const auto state = now_ - began_;
  switch (mode_) {
    case Mode::greeting:
    case Mode::tls:
      if (state > options.head_timeout && (mode_ == Mode::tls || !in_.empty())) {
        shared_.report(peer_, tunnel_ ? tunnel_->host : "", "the beginning of the connection took too long");
        return close();
      }
      if (idle > options.idle_timeout) return close();
      break;
    case Mode::http:
      if (exchange_ && exchange_->id == 0 && now_ - exchange_->began > options.head_timeout)
        return refuse(408, "the head of the request took too long");
      if (idle <= options.idle_timeout || attempt_.active()) break;
      if (!exchange_) return close();
      // A response that has begun may pause for as long as it likes; a request and the wait for an answer may not.
      if (!exchange_->request_done) {
        end_exchange("timeout", "the client sent no more of its request");
        return close();
      }
      if (!exchange_->headed) return fail_exchange(504, "timeout", "the origin did not answer");
      if (client_.unsent() != 0) {
        end_exchange("timeout", "the client did not read");
        return close();
      }
      break;
    case Mode::websocket:
      if ((client_.ended || origin_.ended) && state > kCloseHandshake) {
        end_websocket();
        return close();
      }
      break;
    case Mode::tunnel:
      if ((client_.ended || origin_.ended) && idle > options.idle_timeout) return close();
      break;
    case Mode::lingering:
      if (state > kLinger) return close();
      break;
    case Mode::connecting:
    case Mode::closed:
      break;
  }
  watch();
}

void Connection::close_when_sent() {
  if (mode_ == Mode::closed) return;
  closing_ = true;
  if (client_.unsent() == 0) linger();
}

void Connection::linger() {
  if (client_.ended) return close();
  const auto io = client_.transport().shutdown_send(Transport::Farewell::yes);
  if (io.kind == Transport::Kind::again) return wait_writable(client_);
  if (io.kind == Transport::Kind::failed) return close();
  mode_ = Mode::lingering;
  closing_ = false;
  in_.clear();
  began_ = now_;
  read_client();
}

/// A connection has gone without a word.
void Connection::lost(Side& side) {
  if (mode_ == Mode::closed) return;
  now_ = net::SteadyClock::now();
  const bool of_origin = &side == &origin_;
  if (of_origin && mode_ == Mode::http) {
    if (!exchange_ || !exchange_->sent_head) return drop_origin();
    if (retry()) return;
    // It may have answered before it went, without reading all of a request.
    if (exchange_->response_done) {
      end_exchange("eof", {});
      exchange_.reset();
      drop_origin();
      return close_when_sent();
    }
    return response_broken("reset", "the origin reset the connection");
  }
  if (exchange_)
    end_exchange(of_origin ? "reset" : "abort", of_origin ? "the origin reset the connection" : "the client went away");
  Side& other = of_origin ? client_ : origin_;
  if (other.is_open()) other.transport().reset_on_close();
  close();
}

void Connection::close() {
  if (mode_ == Mode::closed) return;
  if (exchange_) end_exchange("abort", "the connection was closed");
  mode_ = Mode::closed;
  services_.timers.disarm(timer_);
  attempt_ = {};
  services_.timers.disarm(mock_timer_);
  services_.timers.disarm(fault_timer_);
  client_.close();
  origin_.close();
  services_.release(*this);  // every way here holds a reference
}

std::string_view Connection::mode_name() const {
  switch (mode_) {
    case Mode::greeting:
    case Mode::tls:
      return "greeting";
    case Mode::http:
      if (!exchange_) return "idle";
      return attempt_.active() ? "connecting" : exchange_->request_done ? "response" : "request";
    case Mode::connecting:
      return "connecting";
    case Mode::websocket:
      return "websocket";
    case Mode::tunnel:
      return "tunnel";
    case Mode::lingering:
    case Mode::closed:
      return "closing";
  }
  return "";
}

LiveConnection Connection::live() const {
  LiveConnection live;
  live.number = number_;
  live.client = peer_;
  live.state = mode_name();
  if (origin_.is_open() || attempt_.active()) live.origin = to_string(origin_key_);
  if (exchange_) live.url = exchange_->to.url;
  live.bytes_up = origin_.bytes();
  live.bytes_down = client_.bytes();
  return live;
}

}  // namespace stream::proxy
