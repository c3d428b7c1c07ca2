#include "connection.hpp"

#include <openssl/ssl.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "http1_message.hpp"

namespace stream::proxy {
namespace {

using boost::system::error_code;
using net::Transport;

constexpr std::size_t kReadSize = std::size_t{256} << 10;
/// What one end does not take is held up to about this; then the other is not read.
constexpr std::size_t kMostUnsent = std::size_t{64} << 10;
/// What is read while the other end does not take all: so much may have to be held at once.
constexpr std::size_t kSmallRead = std::size_t{16} << 10;
/// A request up to this is sent once more where a connection that was kept turns out to be gone.
constexpr std::size_t kRepeatable = std::size_t{64} << 10;
constexpr auto kLinger = std::chrono::seconds(2);
constexpr auto kCloseHandshake = std::chrono::seconds(10);  // from one end's end to the other's
constexpr unsigned char kHandshake = 22;  // RFC 8446 §5.1: the type of a record, and a byte that no method begins with

std::array<char, kReadSize>& read_buffer() {
  static thread_local std::array<char, kReadSize> buffer;
  return buffer;
}

TapTime tap_time(net::SteadyTime time) { return std::chrono::duration_cast<Nanos>(time.time_since_epoch()); }

net::Http1RequestLimits limits_of(const ProxyOptions& options) {
  net::Http1RequestLimits limits;
  limits.max_head = options.max_head;
  limits.max_fields = options.max_fields;
  limits.max_body = UINT64_MAX;
  limits.kept_body = SIZE_MAX;  // it is taken away each time
  return limits;
}

std::vector<TapField> fields_of(const std::vector<replay::HeaderField>& headers) {
  std::vector<TapField> fields;
  fields.reserve(headers.size());
  for (const replay::HeaderField& field : headers) fields.push_back({field.name, field.value});
  return fields;
}

/// As RFC 9112 §9.3 has it.
bool persists(const net::Http1Head& head) {
  if (net::lists_token(head.headers, "Connection", "close")) return false;
  return head.minor_version > 0 || net::lists_token(head.headers, "Connection", "keep-alive");
}

/// The part of a response up to the end of its head, or of a line of it.
std::string_view of_head(std::string_view bytes) {
  constexpr std::string_view kEnd = "\r\n\r\n";
  const std::size_t end = bytes.find(kEnd);
  if (end != std::string_view::npos) return bytes.substr(0, end + kEnd.size());
  const std::size_t line = bytes.find('\n');
  return bytes.substr(0, line == std::string_view::npos ? bytes.size() : line + 1);
}

constexpr std::string_view kVersions[] = {"HTTP/1.0", "HTTP/1.1"};

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

// Greetings and tunnels.

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

// HTTP.

void Connection::parse_requests() {
  std::string bytes = std::exchange(in_, {});
  std::string_view rest = bytes;
  while (!rest.empty() && mode_ == Mode::http && feed_request(rest)) {
  }
  if (mode_ == Mode::closed) return;
  in_.assign(rest);
  if (mode_ == Mode::greeting && !in_.empty()) greet();
}

bool Connection::feed_request(std::string_view& bytes) {
  if (closing_) return false;
  if (!exchange_) {
    exchange_.emplace(limits_of(shared_.options));
    exchange_->began = now_;
    began_ = now_;
  }
  Exchange& exchange = *exchange_;
  if (exchange.request_done) return false;
  if (!exchange.request.headed()) {
    const std::size_t used = exchange.request.feed(bytes);
    exchange.raw_head.append(bytes.substr(0, used));
    bytes.remove_prefix(used);
    if (const auto* refusal = exchange.request.refusal()) {
      refuse(refusal->status, refusal->why);
      return false;
    }
    if (!exchange.request.headed()) return !bytes.empty();
    on_request_head();
    if (!exchange_ || mode_ != Mode::http || closing_) return false;
    if (exchange.request.done()) on_request_done();
    return true;
  }
  // The body: its bytes go on as they stand.
  const std::uint64_t plain = exchange.request.plain();
  std::size_t used = 0;
  std::string decoded;
  std::string_view told;
  if (plain != 0) {
    used = static_cast<std::size_t>(std::min<std::uint64_t>(plain, bytes.size()));
    exchange.request.skip_plain(used);
    told = bytes.substr(0, used);
  } else {
    used = exchange.request.feed(bytes);
    decoded = std::move(exchange.request.body());
    exchange.request.body().clear();
    told = decoded;
  }
  if (const auto* refusal = exchange.request.refusal()) {
    const std::string why = refusal->why;
    end_exchange("error", why);
    if (!exchange.headed) {
      refuse(refusal->status, why);
    } else {
      close_when_sent();
    }
    return false;
  }
  const std::string_view wire = bytes.substr(0, used);
  bytes.remove_prefix(used);
  exchange.request_wire += used;
  if (exchange.told && !told.empty()) shared_.options.tap->request_data(exchange.id, tap_time(now_), told);
  if (exchange.collecting) {
    if (!collect(wire, told)) return false;
    if (exchange_->request.done()) on_request_done();
    return exchange_.has_value() && mode_ == Mode::http && !exchange_->request_done;
  }
  if (exchange.repeatable) {
    exchange.repeatable = exchange.copy.size() + used <= kRepeatable;
    if (exchange.repeatable) exchange.copy.append(wire);
  }
  if (!exchange.response_done || origin_.is_open()) send(origin_, wire);
  if (mode_ != Mode::http || !exchange_) return false;
  if (exchange.request.done()) on_request_done();
  return exchange_.has_value() && !(exchange_->request_done);
}

void Connection::on_request_head() {
  Exchange& exchange = *exchange_;
  exchange.head = std::move(exchange.request.head());
  if (exchange.head.method == "CONNECT") {
    const std::string authority = exchange.head.target;
    return on_connect(authority);
  }
  exchange.websocket = asks_for_websocket(exchange.head);
  auto to = find_destination(exchange.head, exchange.websocket, tunnel_ ? &*tunnel_ : nullptr, shared_.options.target,
                             shared_.options.keep_host);
  if (!to) return refuse(400, to.error().message);
  exchange.to = std::move(*to);
  exchange.id = ++shared_.exchanges;
  ++shared_.stats.exchanges;
  ++shared_.stats.open_exchanges;

  const bool same = origin_.is_open() && !origin_.ended && !mock_origin_ && origin_key_ == exchange.to.origin;
  if (!same) drop_origin();
  if (Tap* const tap = shared_.options.tap) {
    const auto fields = fields_of(exchange.head.headers);
    TapRequest told;
    told.method = exchange.head.method;
    told.url = exchange.to.url;
    told.version = kVersions[exchange.head.minor_version != 0 ? 1 : 0];
    told.fields = fields;
    told.head_size = exchange.raw_head.size();
    told.websocket = exchange.websocket;
    told.connection = tap_connection();
    exchange.told = tap->request(exchange.id, tap_time(exchange.began), told) == TapInterest::all;
  }
  if (mock::MockSet* const mocks = shared_.options.mocks) {
    const mock::Request asked{exchange.head.method, exchange.to.url, &exchange.head.headers, {}, false};
    if (exchange.websocket) {
      exchange.conversation = mocks->connect(asked);
    } else {
      exchange.collecting = mocks->may_match(asked);
    }
  }
  if (shared_.faults.asks_for_body({exchange.head.method, exchange.to.target, {}, &exchange.head.headers}))
    exchange.collecting = true;
  if (!exchange.collecting) {
    meet_faults(false);
    choose_origin();
  }
}

/// The one that there is, if it is the same; else it is to be reached.
void Connection::choose_origin() {
  Exchange& exchange = *exchange_;
  if (auto answer = exchange.fault ? exchange.fault->answer() : nullptr) return play(std::move(answer));
  if (!origin_.is_open()) return connect(exchange.to.origin, exchange.websocket, &Connection::on_reached);
  exchange.reached = now_;
  if (now_ > exchange.began) exchange.timings.blocked = now_ - exchange.began;  // its head came in pieces
  exchange.repeatable = origin_used_;
  forward_head();
}

/// False: nothing more of the request is to be fed now.
bool Connection::collect(std::string_view wire, std::string_view body) {
  Exchange& exchange = *exchange_;
  exchange.held.append(wire);
  exchange.body.append(body);
  if (exchange.body.size() <= shared_.options.max_mocked_body) return true;
  // It is too large to be held, and goes to the origin.
  exchange.collecting = false;
  exchange.body = {};
  shared_.report(peer_, exchange.to.origin.host, "a request is too large to be matched with mocks, and is relayed");
  meet_faults(false);
  choose_origin();
  return mode_ == Mode::http && exchange_.has_value();
}

/// The answer comes from a mock.
void Connection::play(std::shared_ptr<const replay::Answer> answer, std::unique_ptr<replay::Conversation> conversation) {
  drop_origin();
  mock_origin_ = std::make_unique<MockOrigin>(services_, std::move(answer), std::move(conversation),
                                              [this](const replay::Deviation& deviation) { on_deviation(deviation); });
  auto transport = mock_origin_->connect();
  if (!transport) return fail_exchange(500, "error", "there are no sockets left for a mock");
  exchange_->mocked = true;
  exchange_->reached = now_;
  exchange_->repeatable = false;
  origin_number_ = ++shared_.origins;
  absolute_form_ = false;
  proxy_authorization_.clear();
  origin_.open(std::move(*transport));
  forward_head();
}

/// Of a mock that plays alone.
void Connection::on_deviation(const replay::Deviation& deviation) {
  if (!exchange_) return;
  const std::string text = "mock: " + to_string(deviation);
  if (deviation.kind != replay::Deviation::Kind::failed) {
    if (shared_.options.on_unmatched != mock::Unmatched::report) return;
    ++shared_.stats.deviations;
    if (exchange_->deviation.empty()) exchange_->deviation = text;
  }
  shared_.report(peer_, exchange_->to.origin.host, text);
}

/// What a mock has done to a WebSocket.
void Connection::carry_out(WebSocketMocker::Out out) {
  shared_.stats.messages += out.messages;
  shared_.stats.mocked += out.mocked;
  if (!out.trouble.empty()) shared_.report(peer_, origin_key_.host, "mock: " + out.trouble);
  if (!out.to_origin.empty()) send(origin_, out.to_origin);
  if (mode_ != Mode::closed && !out.to_client.empty()) send(client_, out.to_client);
  if (mode_ != Mode::websocket) return;
  if (const auto next = mocker_->next()) services_.timers.arm(mock_timer_, net::SteadyTime(*next));
}

// Faults.

/// The request is known as far as it will be when it is decided who answers.
void Connection::meet_faults(bool body_known) {
  Exchange& exchange = *exchange_;
  if (!shared_.faults.active() || exchange.fault) return;
  const replay::FaultRequest asked{exchange.head.method, exchange.to.target, exchange.body, &exchange.head.headers, body_known};
  LiveRequest facts;
  facts.head = exchange.head.method == "HEAD";
  facts.websocket = exchange.websocket;
  facts.chunks = exchange.head.minor_version != 0;
  facts.max_head = shared_.options.max_head;
  auto fault = std::make_unique<LiveFault>(shared_.faults, asked, facts, tap_time(now_));
  if (!fault->active()) return;
  exchange.fault = std::move(fault);
  if (const auto next = exchange.fault->next()) services_.timers.arm(fault_timer_, net::SteadyTime(*next));
}

void Connection::from_origin(std::string_view bytes) {
  if (!exchange_ || !exchange_->fault) return take_origin(bytes);
  exchange_->fault->origin(bytes, tap_time(now_));
  run_faults();
}

void Connection::origin_gone(bool reset) {
  if (!exchange_ || !exchange_->fault) return reset ? lost(origin_) : origin_ended();
  exchange_->fault->origin_ended(reset, tap_time(now_));
  run_faults();
}

/// Does what is due.
void Connection::run_faults() {
  if (mode_ == Mode::closed || !exchange_ || !exchange_->fault) return;
  LiveFault* const fault = exchange_->fault.get();
  const auto id = exchange_->id;
  const bool was_full = fault->full();
  bool alive = true;
  for (LiveOp& op : fault->advance(tap_time(now_))) {
    if (mode_ == Mode::closed) return;
    alive = exchange_ && exchange_->id == id && !exchange_->ended;
    if (op.kind == LiveOp::Kind::reset || op.kind == LiveOp::Kind::cut) {
      return break_off(op.kind == LiveOp::Kind::reset, alive ? "a fault that was asked for: " + fault->note() : std::string());
    }
    if (!alive && mode_ != Mode::tunnel) return;
    switch (op.kind) {
      case LiveOp::Kind::pass:
        take_origin(op.bytes);
        break;
      case LiveOp::Kind::raw:
        send(client_, op.bytes);
        break;
      case LiveOp::Kind::end:
        origin_ended();
        break;
      case LiveOp::Kind::lost:
        return lost(origin_);
      default:
        break;
    }
  }
  if (mode_ == Mode::closed || !exchange_ || exchange_->id != id) return;
  if (const auto next = fault->next()) services_.timers.arm(fault_timer_, net::SteadyTime(*next));
  if (was_full) read_origin();
}

/// In the middle of what the client is to get.
void Connection::break_off(bool reset, const std::string& why) {
  end_exchange(reset ? "reset" : "error", why);
  exchange_.reset();
  drop_origin();
  if (reset) {
    client_.transport().reset_on_close();
    if (client_.unsent() == 0) return close();
  }
  close_when_sent();
}

void Connection::on_request_done() {
  Exchange& exchange = *exchange_;
  exchange.request_done = true;
  if (exchange.told && !exchange.request.trailers().empty()) {
    std::vector<TapField> trailers;
    for (const auto& trailer : exchange.request.trailers()) trailers.push_back({trailer.name, trailer.value});
    shared_.options.tap->request_trailers(exchange.id, tap_time(now_), trailers);
  }
  if (exchange.collecting) {
    exchange.collecting = false;
    meet_faults(true);
    std::shared_ptr<const replay::Answer> mocked;
    if (shared_.options.mocks != nullptr && !exchange.websocket) {
      const mock::Request asked{exchange.head.method, exchange.to.url, &exchange.head.headers, exchange.body, false};
      auto found = shared_.options.mocks->match(asked);
      if (!found) return fail_exchange(500, "error", "mock: " + to_string(found.error()));
      mocked = std::move(found->answer);
    }
    exchange.body = {};
    if (mocked == nullptr) return choose_origin();
    ++shared_.stats.mocked;
    if (auto answer = exchange.fault ? exchange.fault->answer() : nullptr) mocked = std::move(answer);
    return play(std::move(mocked));
  }
  if (exchange.sent_head && origin_.unsent() == 0) exchange.sent = now_;
  if (exchange.response_done) finish_exchange();
}

void Connection::on_reached(Result<OriginConnection> reached) {
  if (!exchange_) return;
  if (!reached) return unreached(reached.error());
  adopt(*reached);
  forward_head();
  if (mode_ == Mode::closed || !exchange_) return;
  if (client_.ended && exchange_->request_done) {
    origin_.shut_wanted = true;
    shut_if_wanted(origin_);
  }
  read_client();
}

void Connection::unreached(const Error& error) {
  if (exchange_->conversation) {
    shared_.report(peer_, origin_key_.host, to_string(error) + "; the mock answers alone");
    auto answer = mock::handshake_answer(*exchange_->conversation, "mock");
    auto conversation = mock::make_conversation(std::move(exchange_->conversation), shared_.options.on_unmatched, *answer);
    ++shared_.stats.mocked;
    return play(std::move(answer), std::move(conversation));
  }
  const bool late = error.code == ErrorCode::timeout;
  const int status = late ? 504 : error.system == ELOOP ? 508 : 502;
  fail_exchange(status, late ? "timeout" : "error", to_string(error));
}

/// In front of what came of the body meanwhile.
void Connection::forward_head() {
  Exchange& exchange = *exchange_;
  Forwarding forwarding;
  forwarding.target = absolute_form_ ? std::string_view(exchange.to.url) : std::string_view(exchange.to.target);
  forwarding.authority = exchange.to.authority;
  forwarding.proxy_authorization = proxy_authorization_;
  // What is compressed cannot lose a message.
  forwarding.extensions = exchange.conversation == nullptr && !(exchange.mocked && exchange.websocket) && !exchange.fault;
  std::string head = forwarded_head(exchange.raw_head, forwarding);
  head += std::exchange(exchange.held, {});  // what was collected of the body
  std::string().swap(exchange.raw_head);
  exchange.sent_head = true;
  exchange.response.emplace(exchange.head.method == "HEAD", shared_.options.max_head);
  if (exchange.repeatable) exchange.copy = head;
  origin_.put_first(head);
  const std::uint64_t before = origin_.bytes();
  const Side::Sent sent = origin_.flush();
  shared_.stats.bytes_up += origin_.bytes() - before;
  if (sent == Side::Sent::all && exchange.request_done) exchange.sent = now_;
  settle(origin_, sent);
  if (mode_ != Mode::closed && origin_.is_open()) read_origin();
}

void Connection::take_response(std::string_view bytes) {
  Exchange& exchange = *exchange_;
  std::vector<net::Http1Item> items;
  while (!bytes.empty() && exchange_ && !exchange.response_done && mode_ == Mode::http) {
    if (exchange.first == net::SteadyTime{}) exchange.first = now_;
    if (const std::uint64_t plain = exchange.response->plain(); plain != 0) {
      const std::string_view part = bytes.substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(plain, bytes.size())));
      exchange.response->skip_plain(part.size());
      exchange.response_wire += part.size();
      if (exchange.told) shared_.options.tap->data(exchange.id, tap_time(now_), part);
      bytes.remove_prefix(part.size());
      exchange.response_done = exchange.response->done();
      answer(part);
      continue;
    }
    items.clear();
    const std::uint64_t before = exchange.response->consumed();
    const bool headed = exchange.headed;
    // Up to the end of the head first: what follows is passed on without a copy, if it can be.
    const std::string_view piece = headed ? bytes : of_head(bytes);
    const Status status = exchange.response->feed(piece, items);
    const auto used = static_cast<std::size_t>(exchange.response->consumed() - before);
    const std::string_view wire = bytes.substr(0, used);
    bytes.remove_prefix(used);
    if (!headed) {
      exchange.held.append(wire);
    } else {
      exchange.response_wire += used;
    }
    for (auto& item : items) on_response_item(item);
    if (mode_ == Mode::closed || !exchange_) return;
    if (headed) answer(wire);
    if (mode_ == Mode::closed || !exchange_) return;
    if (!status) {
      if (exchange.headed) answer({});
      if (mode_ == Mode::closed) return;
      return response_broken("error", status.error().message);
    }
  }
  if (exchange_ && exchange_->headed) answer({});
  if (mode_ == Mode::websocket || mode_ == Mode::tunnel) {
    if (!bytes.empty()) take_origin(bytes);
    return;
  }
  if (!exchange_ || mode_ != Mode::http) return;
  if (exchange.response_done) {
    if (!bytes.empty()) exchange.reusable = false;  // there is more than a response
    finish_exchange();
  }
}

/// To the client: what it gets of the answer's head, if it has not got it yet, and `wire` behind it, in one piece.
void Connection::answer(std::string_view wire) {
  const std::string head = std::exchange(exchange_->held, {});
  if (!head.empty() || !wire.empty()) send(client_, head, wire);
}

void Connection::on_response_item(net::Http1Item& item) {
  Exchange& exchange = *exchange_;
  switch (item.kind) {
    case net::Http1Item::Kind::interim:
      if (exchange.told) {
        const auto fields = fields_of(item.head.headers);
        shared_.options.tap->interim(exchange.id, tap_time(now_), item.head.status, fields);
      }
      exchange.first = {};  // of the answer itself
      send(client_, std::exchange(exchange.held, {}));
      return;
    case net::Http1Item::Kind::head:
      return on_response_head(item.head);
    case net::Http1Item::Kind::data:
      if (exchange.told) shared_.options.tap->data(exchange.id, tap_time(now_), item.data);
      return;
    case net::Http1Item::Kind::end:
      exchange.response_done = true;
      if (mode_ == Mode::http && exchange.told && !item.trailers.empty()) {
        // Told with the end.
        exchange.trailers = std::move(item.trailers);
      }
      return;
  }
}

void Connection::on_response_head(const net::Http1Head& head) {
  Exchange& exchange = *exchange_;
  exchange.headed = true;
  exchange.status = head.status;
  exchange.copy.clear();
  exchange.repeatable = false;
  exchange.reusable = persists(head) && !exchange.response->until_close();
  exchange.timings.send = (exchange.sent == net::SteadyTime{} ? exchange.first : exchange.sent) - exchange.reached;
  exchange.timings.wait = exchange.sent == net::SteadyTime{} ? Nanos{} : exchange.first - exchange.sent;
  if (exchange.told) {
    const auto fields = fields_of(head.headers);
    TapResponse told;
    told.status = head.status;
    told.reason = head.reason;
    told.version = kVersions[head.minor_version != 0 ? 1 : 0];
    told.fields = fields;
    told.head_size = static_cast<std::size_t>(head.size);
    told.timings = exchange.timings;
    told.connection = tap_connection();
    told.mocked = exchange.mocked;
    exchange.told = shared_.options.tap->response(exchange.id, tap_time(now_), told) == TapInterest::all;
  }
  // What came with the head goes on with it; behind this one there are frames.
  if (head.status != 101) return;
  answer({});
  if (mode_ != Mode::closed) begin_websocket(head);
}

void Connection::begin_websocket(const net::Http1Head& head) {
  Exchange& exchange = *exchange_;
  if (exchange.conversation) {
    mode_ = Mode::websocket;
    mocker_ = std::make_unique<WebSocketMocker>(std::move(exchange.conversation), exchange.told ? shared_.options.tap : nullptr,
                                                exchange.id, shared_.options.max_message);
    WebSocketMocker::Out out;
    mocker_->open(tap_time(now_), out);
    carry_out(std::move(out));
  } else if (exchange.websocket) {
    std::string extensions;
    for (const auto& field : head.headers) {
      if (!replay::iequals(field.name, "Sec-WebSocket-Extensions")) continue;
      extensions += extensions.empty() ? field.value : ", " + field.value;
    }
    frames_ = std::make_unique<WebSocketTap>(exchange.told ? shared_.options.tap : nullptr, exchange.id, extensions,
                                             shared_.options.max_message);
    mode_ = Mode::websocket;
  } else {
    end_exchange("eof", {});
    mode_ = Mode::tunnel;
  }
  // What the client has sent before it knew.
  const std::string early = std::exchange(in_, {});
  if (!early.empty()) take_client(early);
  if (client_.ended && mode_ != Mode::closed) {
    origin_.shut_wanted = true;
    shut_if_wanted(origin_);
  }
}

/// The origin has not kept what it began.
void Connection::response_broken(std::string_view reason, const std::string& error) {
  if (!exchange_) return;
  if (!exchange_->headed) return fail_exchange(502, reason, error);
  // Where the client has ended first, the origin only did as it was told.
  if (client_.ended) {
    end_exchange("abort", "the client ended the connection before it had the response");
  } else {
    end_exchange(reason, error);
  }
  exchange_.reset();
  drop_origin();
  // The client sees that there should have been more.
  if (reason == "reset") client_.transport().reset_on_close();
  if (client_.unsent() == 0) return close();
  closing_ = true;
}

/// A connection that was kept may have been closed by the origin just when it was used again.
bool Connection::retry() {
  if (!exchange_ || !exchange_->repeatable || exchange_->first != net::SteadyTime{}) return false;
  Exchange& exchange = *exchange_;
  exchange.repeatable = false;
  exchange.sent = {};
  const std::string copy = std::exchange(exchange.copy, {});
  drop_origin();
  exchange.again = copy;
  connect(exchange.to.origin, exchange.websocket, &Connection::on_reached_again);
  return true;
}

void Connection::on_reached_again(Result<OriginConnection> reached) {
  if (!exchange_) return;
  if (!reached) return unreached(reached.error());
  adopt(*reached);
  origin_.put_first(std::exchange(exchange_->again, {}));
  const Side::Sent sent = origin_.flush();
  if (sent == Side::Sent::all && exchange_->request_done) exchange_->sent = now_;
  settle(origin_, sent);
  if (mode_ == Mode::closed) return;
  read_origin();
  read_client();
}

void Connection::finish_exchange() {
  Exchange& exchange = *exchange_;
  if (mode_ != Mode::http) return;
  const bool persists = exchange.reusable && exchange.head.keep_alive && !client_.ended;
  if (!exchange.request_done) {
    // The client is still sending. Where it has been told that the connection ends, nobody waits for that.
    if (persists && !origin_.ended) return;
    end_exchange("eof", {});
    exchange_.reset();
    drop_origin();
    return close_when_sent();
  }
  end_exchange("eof", {});
  const bool cut_short = exchange.fault && exchange.fault->cut_short();
  const bool keep_origin = exchange.reusable && !origin_.ended && !mock_origin_ && !cut_short;
  exchange_.reset();
  origin_used_ = true;
  if (!keep_origin) drop_origin();
  if (!persists || draining_) return close_when_sent();
  if (!in_.empty()) {
    // Not from here: a client could ask us into a deep recursion.
    boost::asio::post(services_.context, [self = shared_from_this(), this] {
      if (mode_ != Mode::http || exchange_ || in_.empty()) return;
      now_ = net::SteadyClock::now();
      parse_requests();
      read_client();
    });
    return;
  }
  read_client();
  read_origin();  // an end is noticed
}

/// There is no answer of the origin's: the client gets one of ours.
void Connection::fail_exchange(int status, std::string_view reason, const std::string& why) {
  end_exchange(reason, why);
  exchange_.reset();
  drop_origin();
  send(client_, net::make_refusal(status, why));
  close_when_sent();
}

/// `why` is a copy: it may be of the exchange, which ends here.
void Connection::refuse(int status, std::string why) {
  shared_.report(peer_, "", why);
  exchange_.reset();
  drop_origin();
  if (status != 0) send(client_, net::make_refusal(status, why));
  close_when_sent();
}

void Connection::end_exchange(std::string_view reason, std::string_view error) {
  if (!exchange_ || exchange_->id == 0 || exchange_->ended) return;
  exchange_->ended = true;
  --shared_.stats.open_exchanges;
  if (reason == "eof" && !exchange_->deviation.empty()) {
    reason = "error";
    error = exchange_->deviation;
  }
  if (reason != "eof") ++shared_.stats.failed;
  const std::string_view fault = exchange_->fault ? std::string_view(exchange_->fault->note()) : std::string_view();
  if (!fault.empty()) ++shared_.stats.faulted;
  if (!exchange_->told) return;
  const auto trailers = fields_of(exchange_->trailers);
  TapEnd end;
  end.reason = reason;
  end.error = error;
  end.fault = fault;
  end.trailers = trailers;
  end.request_body_wire = exchange_->request_wire;
  end.response_body_wire = exchange_->response_wire;
  shared_.options.tap->end(exchange_->id, tap_time(now_), end);
}

TapConnection Connection::tap_connection() const {
  TapConnection connection;
  connection.client = number_;
  connection.client_address = peer_;
  if (origin_.is_open()) {
    connection.origin = origin_number_;
    connection.origin_address = origin_address_;
    connection.origin_port = origin_port_;
    connection.origin_reused = origin_used_;
  }
  return connection;
}

void Connection::drop_origin() {
  attempt_ = {};
  origin_.close();
  mock_origin_.reset();
  origin_number_ = 0;  // late calls of its waits are not meant any more
  origin_used_ = false;
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
