#include "http1_connection.hpp"

#include <array>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>

#include "greeting.hpp"
#include "websocket_session.hpp"

namespace stream::net {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using replay::StepKind;

constexpr std::size_t kMaxInput = 64 * 1024;    // read ahead of the request that is being answered
constexpr std::size_t kGather = 64 * 1024;      // bytes put together for one write
constexpr std::size_t kLargePiece = 16 * 1024;  // written from where it is
constexpr std::size_t kIdleBuffer = 4 * 1024;   // what a buffer may keep between two requests
constexpr int kTurn = 64;                       // writes, before others have their turn
constexpr auto kDrainTime = std::chrono::seconds(2);
constexpr auto kResetPoll = std::chrono::milliseconds(1);

}  // namespace

Http1Connection::Http1Connection(Services& services, Transport transport, std::string peer, std::string tunnel)
    : services_(services),
      transport_(std::move(transport)),
      peer_(std::move(peer)),
      tunnel_(std::move(tunnel)),
      step_timer_([this] {
        const auto self = shared_from_this();
        ending_ == StepKind::reset ? finish_reset() : advance();
      }),
      limit_timer_([this] {
        const auto self = shared_from_this();
        on_limit();
      }) {}

Http1Connection::~Http1Connection() {
  services_.timers.disarm(step_timer_);
  services_.timers.disarm(limit_timer_);
}

void Http1Connection::start() {
  if (!transport_.prepare()) return close();
  if (!refusal_.empty()) return refuse(400, refusal_);
  limit(services_.options.idle_timeout);
  wait_readable();
}

void Http1Connection::abort() { close(); }

void Http1Connection::drain() {
  // Of a request whose head is here the client knows nothing yet: it is still answered.
  if (state_ == State::idle || state_ == State::stalled) close();
}

// ---- reading

void Http1Connection::wait_readable() {
  if (reading_ || state_ == State::closed) return;
  if (in_.size() >= kMaxInput + services_.options.max_head && state_ != State::lingering)
    return;  // goes on with the next request
  reading_ = true;
  // Behind the end of the input only an error is of interest: the client has not just stopped sending, it has gone.
  const auto ready = [self = shared_from_this(), this](const error_code& error) {
    reading_ = false;
    if (state_ == State::closed) return;
    if (error || input_ended_) return client_left();
    on_readable();
    wait_readable();
  };
  input_ended_ ? transport_.wait_gone(ready) : transport_.wait_readable(ready);
}

void Http1Connection::on_readable() {
  static thread_local std::array<char, kMaxInput> buffer;
  const Transport::Io io = transport_.read(buffer);
  if (io.kind == Transport::Kind::again) return;
  if (io.kind == Transport::Kind::end) return on_end_of_input();
  if (io.kind == Transport::Kind::failed) {
    if (state_ == State::idle && !transport_.failure().empty()) services_.handler.refused(peer_, 0, transport_.failure());
    return client_left();
  }
  if (state_ == State::lingering) return;
  in_.append(buffer.data(), io.size);
  process_input();
}

void Http1Connection::on_end_of_input() {
  input_ended_ = true;
  // A client may close its sending side behind its request and wait for the answer (RFC 9112 §9.6). Who does that in the middle
  // of a stream has left: a page that closes an EventSource is seen by nothing else before the next event.
  const bool stream = player_ && player_->answer().kind != StreamKind::http && served_.body_bytes != 0;
  if (state_ != State::answering || stream) client_left();
}

void Http1Connection::process_input() {
  if (state_ == State::idle) {
    // RFC 9112 §2.2: empty lines in front of a request are ignored.
    std::size_t empty = 0;
    while (in_.compare(empty, 2, "\r\n") == 0) empty += 2;
    in_.erase(0, empty);
    if (in_.empty() || in_ == "\r") return;
    state_ = State::head;
    const ServerOptions& options = services_.options;
    reader_.emplace(Http1RequestLimits{options.max_head, options.max_fields, options.max_body, options.kept_body});
    limit(options.head_timeout);
  }
  if (state_ != State::head && state_ != State::body) return;
  std::size_t used = 0;
  while (!reader_->done() && reader_->refusal() == nullptr && used < in_.size()) {
    used += reader_->feed(std::string_view(in_).substr(used));
    if (reader_->refusal() != nullptr) break;
    if (state_ == State::head && reader_->headed() && !on_head()) return;
  }
  in_.erase(0, used);
  if (const Http1Refusal* const refusal = reader_->refusal()) return refuse(refusal->status, refusal->why);
  if (reader_->done()) return on_request();
  if (state_ == State::body) limit_body();
}

bool Http1Connection::on_head() {
  arrival_ = SteadyClock::now();
  state_ = State::body;
  body_seen_ = 0;
  keep_alive_ = reader_->head().keep_alive;
  request_ = make_request(std::move(reader_->head()), peer_);
  request_.secure = transport_.secure();
  if (request_.secure && !request_.absolute) request_.scheme = "https";
  if (!tunnel_.empty()) set_tunnel(request_, tunnel_);
  limit(services_.options.idle_timeout);
  if (request_.method == "CONNECT") {
    const std::string_view length = replay::find_header(request_.headers, "content-length");
    const bool body = !replay::find_header(request_.headers, "transfer-encoding").empty() ||
                      length.find_first_not_of('0') != std::string_view::npos;
    const std::string_view wrong = !tunnel_.empty()                         ? "CONNECT within a tunnel"
                                   : !parse_connect_target(request_.target) ? "CONNECT needs a host and a port"
                                   : body                                   ? "CONNECT with a body"
                                                                            : "";
    if (!wrong.empty()) {
      refuse(400, wrong);
      return false;
    }
  }
  if (request_.minor_version > 0 && !reader_->done() && !replay::find_header(request_.headers, "expect").empty()) {
    if (!replay::iequals(replay::find_header(request_.headers, "expect"), "100-continue")) {
      refuse(417, "the only expectation that can be met is 100-continue");
      return false;
    }
    out_ += "HTTP/1.1 100 Continue\r\n\r\n";
    if (!flush() && state_ == State::closed) return false;
  }
  return true;
}

/// A body must not only come, but come as fast as is asked for: bytes one by one would hold a connection for ever.
void Http1Connection::limit_body() {
  const ServerOptions& options = services_.options;
  const std::uint64_t size = reader_->body_size();
  if (size == body_seen_) return;  // framing is no progress
  body_seen_ = size;
  Nanos time = options.idle_timeout;
  if (options.min_body_rate != 0) {
    const std::chrono::seconds earned(static_cast<std::int64_t>(size / options.min_body_rate));
    time = std::min<Nanos>(time, options.idle_timeout + earned - (SteadyClock::now() - arrival_));
  }
  limit(time);
}

void Http1Connection::on_request() {
  services_.timers.disarm(limit_timer_);
  request_.body = std::move(reader_->body());
  request_.body_size = reader_->body_size();
  if (request_.method == "CONNECT") {
    state_ = State::answering;
    opens_tunnel_ = true;
    out_ += "HTTP/1.1 200 Connection established\r\n\r\n";
    if (flush()) open_tunnel();
    return;
  }
  auto answer = services_.handler.answer(request_);
  state_ = State::answering;
  if (answer->websocket && !request_.websocket) {
    static const auto kUpgradeRequired = [] {
      replay::Answer made =
          *replay::make_answer(426, "application/json", "{\"error\":\"this is a WebSocket: ask for an upgrade\"}\n");
      made.headers.push_back({"Upgrade", "websocket"});  // RFC 9110 §15.5.22
      made.headers.push_back({"Connection", "Upgrade"});
      return std::make_shared<const replay::Answer>(std::move(made));
    }();
    answer = kUpgradeRequired;
  }
  served_ = Served{};
  head_ = ResponseHead{};
  ending_.reset();
  if (answer->websocket) return upgrade(std::move(answer));
  player_.emplace(std::move(answer), arrival_, SteadyClock::now(), services_.stats);
  if (player_->answer().live) {
    player_->listen([this] {
      if (state_ == State::answering) services_.timers.arm(step_timer_, SteadyClock::now());
    });
  }
  advance();
}

void Http1Connection::refuse(int status, std::string_view why) {
  state_ = State::answering;
  player_.reset();
  ending_ = StepKind::cut;  // the connection is of no more use
  if (status != 0) out_ += make_refusal(status, why);
  ++services_.stats.refused;
  services_.handler.refused(peer_, status, why);
  if (flush()) linger();
}

void Http1Connection::open_tunnel() {
  Transport transport = transport_.take();
  transport.unread(in_);  // the client need not have waited for our answer
  auto next = std::make_shared<Greeting>(services_, std::move(transport), peer_, request_.target);
  services_.adopt(std::move(next));  // first, so that there is always a session
  close();
}

void Http1Connection::finish_without_answer() { opens_tunnel_ ? open_tunnel() : linger(); }

// ---- answering

void Http1Connection::advance() {
  if (state_ != State::answering || writing_) return;
  for (int turn = 0;;) {
    while (!ending_ && view_.empty() && out_.size() < kGather) {
      const SteadyTime now = SteadyClock::now();
      if (player_->waits(now) || player_->next_time() > now) break;
      compose(player_->take(now));
    }
    if (!flush()) return;
    if (ending_) return finish_answer();
    if (player_->waits(SteadyClock::now())) return;
    // A stream that never ends and is always late must let others have their turn.
    if (player_->next_time() > SteadyClock::now() || ++turn == kTurn) {
      services_.timers.arm(step_timer_, player_->next_time());
      return;
    }
  }
}

void Http1Connection::compose(const replay::Step& step) {
  switch (step.kind) {
    case StepKind::head:
      head_ = make_response_head(player_->answer(), request_, keep_alive_ && !services_.draining);
      out_ += head_.bytes;
      served_.status = player_->answer().status;
      if (head_.framing == Framing::none) ending_ = StepKind::end;
      return;
    case StepKind::data:
      served_.body_bytes += step.bytes.size();
      services_.stats.bytes += step.bytes.size();
      if (head_.framing == Framing::chunked) append_chunk_size(out_, step.bytes.size());
      if (step.bytes.size() < kLargePiece) {
        out_ += step.bytes;
        if (head_.framing == Framing::chunked) out_ += "\r\n";
      } else {
        view_ = step.bytes;
        if (head_.framing == Framing::chunked) tail_ = "\r\n";
      }
      return;
    case StepKind::raw:
      out_ += step.bytes;
      return;
    case StepKind::end:
      if (head_.framing == Framing::chunked) append_last_chunk(out_, player_->answer());
      [[fallthrough]];
    case StepKind::cut:
    case StepKind::reset:
    case StepKind::stall:
      ending_ = step.kind;
      return;
    case StepKind::message:
    case StepKind::close:
      ending_ = StepKind::cut;
      return;  // only in WebSocket answers, which are not played here
  }
}

bool Http1Connection::flush() {
  while (has_output()) {
    const std::array<std::string_view, 3> pieces{out_, view_, tail_};
    const Transport::Io io = transport_.write(pieces);
    if (io.kind == Transport::Kind::again) {
      wait_writable();
      return false;
    }
    if (io.kind != Transport::Kind::done) {
      client_left();
      return false;
    }
    std::size_t sent = io.size;
    const auto take = [&](auto& piece, auto remove) {
      const std::size_t size = std::min(sent, piece.size());
      remove(piece, size);
      sent -= size;
    };
    take(out_, [](std::string& piece, std::size_t size) { piece.erase(0, size); });
    const auto remove_prefix = [](std::string_view& piece, std::size_t size) { piece.remove_prefix(size); };
    take(view_, remove_prefix);
    take(tail_, remove_prefix);
  }
  return true;
}

void Http1Connection::wait_writable() {
  if (writing_) return;
  writing_ = true;
  limit(services_.options.idle_timeout);
  transport_.wait_writable([self = shared_from_this(), this](const error_code& error) {
    writing_ = false;
    if (state_ == State::closed) return;
    if (error) return client_left();
    if (state_ != State::answering) return static_cast<void>(flush());  // a 100 Continue
    services_.timers.disarm(limit_timer_);
    if (player_) return advance();
    if (flush()) finish_without_answer();  // a refusal
  });
}

void Http1Connection::finish_answer() {
  served_.last = *ending_;
  switch (*ending_) {
    case StepKind::reset:
      limit(kDrainTime);
      return finish_reset();
    case StepKind::stall:
      report(Outcome::complete);
      if (input_ended_) return close();
      state_ = State::stalled;
      return limit(services_.options.idle_timeout);
    case StepKind::end:
      report(Outcome::complete);
      if (state_ == State::closed) return;
      if (!head_.keep_alive || input_ended_ || services_.draining) return linger();
      break;
    default:
      report(Outcome::complete);
      farewell_ = Transport::Farewell::no;
      return linger();
  }
  player_.reset();
  reader_.reset();
  release_memory();
  state_ = State::idle;
  limit(services_.options.idle_timeout);
  // Not from here: requests sent at once would be answered one inside the other.
  if (!in_.empty()) {
    asio::post(services_.context, [self = shared_from_this(), this] {
      if (state_ != State::idle) return;
      process_input();
      wait_readable();
    });
  }
}

/// A connection may be idle for long, and there may be thousands of them: what a large request or answer took is not held.
void Http1Connection::release_memory() {
  request_ = {};  // of its strings it keeps what they have room for
  for (std::string* const buffer : {&request_.body, &request_.target, &in_, &out_, &head_.bytes}) {
    if (buffer->capacity() > kIdleBuffer) buffer->shrink_to_fit();
  }
}

void Http1Connection::finish_reset() {
  if (state_ != State::answering) return;
  // What was sent before a recorded reset is to arrive: the reset would throw it out of our buffer.
  if (transport_.unsent() != 0) return services_.timers.arm(step_timer_, SteadyClock::now() + kResetPoll);
  report(Outcome::complete);
  transport_.reset_on_close();
  close();
}

void Http1Connection::report(Outcome outcome) {
  if (!player_) return;
  served_.outcome = outcome;
  served_.max_lateness = player_->max_lateness();
  const Player player = std::move(*player_);
  player_.reset();
  services_.handler.served(request_, player.answer(), served_);
}

void Http1Connection::upgrade(std::shared_ptr<const replay::Answer> answer) {
  auto conversation = services_.handler.converse(request_, answer);
  auto next = std::make_shared<WebSocketSession>(
      services_, Upgrade{transport_.take(), std::move(request_), arrival_, std::exchange(in_, {}), std::exchange(out_, {}),
                         std::move(answer), std::move(conversation)});
  services_.adopt(std::move(next));  // first, so that there is always a session
  close();
}

// ---- ending

void Http1Connection::limit(Nanos time) { services_.timers.arm(limit_timer_, SteadyClock::now() + time); }

void Http1Connection::on_limit() {
  switch (state_) {
    case State::head:
    case State::body:
      if (!writing_) return refuse(408, "the request did not arrive in time");
      break;
    case State::answering:
      report(Outcome::timed_out);
      break;
    case State::idle:
    case State::stalled:
    case State::lingering:
    case State::closed:
      break;
  }
  close();
}

void Http1Connection::client_left() {
  if (state_ == State::answering) report(Outcome::client_left);
  close();
}

void Http1Connection::linger() {
  if (state_ == State::closed) return;
  const Transport::Io io = transport_.shutdown_send(farewell_);
  if (io.kind == Transport::Kind::again) return wait_writable();
  if (io.kind != Transport::Kind::done || input_ended_) return close();
  state_ = State::lingering;
  in_.clear();
  limit(kDrainTime);
  wait_readable();
}

void Http1Connection::close() {
  if (state_ == State::closed) return;
  state_ = State::closed;
  services_.timers.disarm(step_timer_);
  services_.timers.disarm(limit_timer_);
  transport_.close();
  services_.release(*this);  // every way here holds a reference
}

}  // namespace stream::net
