#include "websocket_session.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "websocket_handshake.hpp"

namespace stream::net {
namespace {

using boost::system::error_code;
using replay::Step;
using replay::StepKind;

constexpr std::size_t kReadSize = 64 * 1024;
constexpr std::size_t kMaxEarly = 64 * 1024;     // kept of what comes before the handshake is answered
constexpr std::size_t kMaxBehind = 16 * 1024;    // control frames that wait, before no more is read
constexpr std::size_t kGather = 16 * 1024;       // bytes put together for one write
constexpr std::size_t kLargePiece = 4 * 1024;    // written from where it is
constexpr std::size_t kKeptCapacity = 1024;      // of a buffer that is empty
constexpr std::size_t kSmallest = 64;            // what is compressed: below that it gains nothing
constexpr std::size_t kMostReused = 256 * 1024;  // of the buffer that messages are compressed into
constexpr std::size_t kMaxControl = 125;         // RFC 6455 §5.5
constexpr std::size_t kMaxReason = 123;
constexpr int kTurn = 64;  // writes, before others have their turn
constexpr auto kCloseTime = std::chrono::seconds(5);
constexpr auto kDrainTime = std::chrono::seconds(2);
constexpr auto kResetPoll = std::chrono::milliseconds(1);
constexpr int kGoingAway = 1001;                           // RFC 6455 §7.4.1
constexpr auto kFar = std::chrono::hours(24 * 365 * 100);  // no sum may overflow

/// Its beginning, not cut in the middle of a character.
std::string_view shortened(std::string_view text, std::size_t size) {
  if (text.size() <= size) return text;
  while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xC0) == 0x80) --size;
  return text.substr(0, size);
}

/// Compressors that forget each message can be anybody's.
WsDeflater& shared_deflater(int window_bits) {
  static thread_local std::array<std::optional<WsDeflater>, 16> deflaters;
  auto& deflater = deflaters.at(static_cast<std::size_t>(window_bits));
  if (!deflater) deflater.emplace(window_bits, false);
  return *deflater;
}

void release(std::string& buffer) {
  buffer.clear();
  if (buffer.capacity() > kKeptCapacity) std::string().swap(buffer);
}

}  // namespace

WebSocketSession::WebSocketSession(Services& services, Upgrade upgrade)
    : services_(services),
      transport_(std::move(upgrade.transport)),
      request_(std::move(upgrade.request)),
      answer_(std::move(upgrade.answer)),
      conversation_(std::move(upgrade.conversation)),
      zero_(upgrade.arrival),
      step_timer_([this] {
        const auto self = shared_from_this();
        on_step_timer();
      }),
      limit_timer_([this] {
        const auto self = shared_from_this();
        on_limit();
      }),
      open_(services.stats),
      input_(std::move(upgrade.input)),
      out_(std::move(upgrade.output)) {
  // A start that was missed moves the whole schedule, so that its pauses stay.
  const auto now = SteadyClock::now();
  if (const auto due = conversation_->due(); due && zero_ + std::min<Nanos>(*due, kFar) < now) zero_ = now - *due;
}

WebSocketSession::~WebSocketSession() {
  services_.timers.disarm(step_timer_);
  services_.timers.disarm(limit_timer_);
}

void WebSocketSession::start() {
  if (!transport_.prepare()) return close();
  limit(services_.options.idle_timeout);
  advance();
  wait_readable();
}

void WebSocketSession::abort() { close(); }

void WebSocketSession::drain() {
  // One that waits for the client may wait for ever.
  if (state_ != State::open || !headed_ || writing_ || conversation_->due()) return;
  finish(Outcome::complete);
  compose_close(kGoingAway, {});
  limit(kCloseTime);
  if (flush()) on_written();
}

// ---- reading

bool WebSocketSession::may_read() const {
  if (state_ == State::closed || input_ended_) return false;
  if (state_ != State::open) return true;
  if (!headed_) return input_.size() < kMaxEarly;
  // A client that does not read its pongs, or what it has asked for, is not listened to any more.
  return behind_.size() < kMaxBehind && conversation_->listens();
}

void WebSocketSession::wait_readable() {
  if (reading_ || !may_read()) return;
  reading_ = true;
  transport_.wait_readable([self = shared_from_this(), this](const error_code& error) {
    reading_ = false;
    if (state_ == State::closed) return;
    if (error) return client_left();
    on_readable();
    wait_readable();
  });
}

void WebSocketSession::on_readable() {
  static thread_local std::array<char, kReadSize> buffer;
  const Transport::Io io = transport_.read(buffer);
  if (io.kind == Transport::Kind::again) return;
  if (io.kind == Transport::Kind::end) return on_end_of_input();
  if (io.kind == Transport::Kind::failed) return client_left();
  if (state_ == State::lingering || state_ == State::stalled || ending_) return;
  pinged_ = false;
  if (!writing_ && state_ == State::open) limit(services_.options.idle_timeout);
  if (!headed_) {
    input_.append(buffer.data(), io.size);
  } else {
    take_input({buffer.data(), io.size});
  }
}

void WebSocketSession::take_input(std::string_view bytes) {
  std::vector<WsMessage> messages;
  // In pieces, so that not everything that a client sends at once is held as messages.
  constexpr std::size_t kPiece = 4 * 1024;
  while (!bytes.empty() && !client_closed_ && !ending_ && (state_ == State::open || state_ == State::closing)) {
    const std::string_view piece = bytes.substr(0, kPiece);
    bytes.remove_prefix(piece.size());
    messages.clear();
    const auto status = decoder_->feed(piece, messages);
    for (const WsMessage& message : messages) {
      if (ending_ || (state_ != State::open && state_ != State::closing)) return;
      on_message(message);
    }
    if (!status) return on_violation();
  }
}

void WebSocketSession::on_message(const WsMessage& message) {
  if (message.opcode == WsOpcode::close) return on_close(message);
  const int opcode = static_cast<int>(message.opcode);
  services_.handler.received(request_, opcode, message.data.size());
  if (state_ != State::open) return;  // said before it had our close
  if (message.opcode == WsOpcode::ping) {
    append_frame(behind_, {true, 0, WsOpcode::pong, {}}, message.data);
    if (!writing_) flush();
    return;
  }
  if (message.opcode == WsOpcode::pong) return;
  conversation_->message(opcode, message.data, SteadyClock::now() - zero_);
  tell_deviations();
  advance();
}

void WebSocketSession::on_close(const WsMessage& message) {
  client_closed_ = true;
  if (state_ == State::closing) {
    if (has_output()) return;  // on_written() goes on
    finish(Outcome::complete);
    return linger();
  }
  // A client that closes when everything has been said does what the recorded one did.
  const Outcome outcome = conversation_->over() ? Outcome::complete : Outcome::client_left;
  conversation_->closed(SteadyClock::now() - zero_);
  tell_deviations();
  served_.outcome = outcome;
  limit(kCloseTime);
  if (const auto due = conversation_->due(); due && conversation_->answers_close()) {
    const SteadyTime time = zero_ + std::min<Nanos>(*due, kFar);
    if (time < SteadyClock::now() + kCloseTime) return advance();  // as the recorded server did
  }
  compose_close(message.code, message.data);
  if (!writing_ && flush()) on_written();
}

void WebSocketSession::on_violation() {
  client_closed_ = true;  // it is not heard any more
  if (state_ == State::closing) return has_output() ? void() : on_written();
  const WsFailure& failure = *decoder_->failure();
  served_.why = failure.close_code == kWsTooBig
                    ? "a message is larger than " + std::to_string(services_.options.max_message) + " bytes"
                    : failure.error.message;
  conversation_->closed(SteadyClock::now() - zero_);
  tell_deviations();
  finish(Outcome::failed);
  compose_close(failure.close_code, served_.why);
  limit(kCloseTime);
  if (!writing_ && flush()) on_written();
}

void WebSocketSession::on_end_of_input() {
  input_ended_ = true;
  client_left();
}

// ---- sending

void WebSocketSession::on_step_timer() {
  if (ending_ == StepKind::reset) return finish_reset();
  advance();
  wait_readable();
}

void WebSocketSession::advance() {
  play();
  if (state_ == State::open && headed_ && !input_.empty()) {
    const std::string bytes = std::exchange(input_, {});
    take_input(bytes);
  }
}

void WebSocketSession::play() {
  if (state_ != State::open || writing_) return;
  for (int turn = 0;;) {
    while (!ending_ && state_ == State::open && view_.empty() && out_.size() < kGather) {
      const auto due = conversation_->due();
      if (!due) break;
      const SteadyTime time = zero_ + std::min<Nanos>(*due, kFar);
      const SteadyTime now = SteadyClock::now();
      if (time > now) break;
      served_.max_lateness = std::max<Nanos>(served_.max_lateness, now - time);
      services_.stats.took_step(now - time);
      compose(conversation_->take());
      limit(services_.options.idle_timeout);
    }
    if (!flush()) return;
    if (ending_ || state_ != State::open) return on_written();
    const auto due = conversation_->due();
    if (!due) return services_.timers.disarm(step_timer_);
    const SteadyTime time = zero_ + std::min<Nanos>(*due, kFar);
    // A conversation that never ends and is always late must let others have their turn.
    if (time > SteadyClock::now() || ++turn == kTurn) return services_.timers.arm(step_timer_, time);
  }
}

void WebSocketSession::compose(const Step& step) {
  served_.last = step.kind;
  switch (step.kind) {
    case StepKind::head:
      return compose_head();
    case StepKind::message:
      return compose_message(step.number, step.bytes);
    case StepKind::raw:
      served_.body_bytes += step.bytes.size();
      services_.stats.bytes += step.bytes.size();
      return compose_bytes(step.bytes);
    case StepKind::close:
      return compose_close(step.number, step.bytes);
    case StepKind::data:
    case StepKind::end:
      ending_ = StepKind::cut;  // of no WebSocket
      return;
    case StepKind::cut:
    case StepKind::reset:
    case StepKind::stall:
      ending_ = step.kind;
      return;
  }
}

void WebSocketSession::compose_head() {
  WebSocketHandshake handshake = answer_handshake(request_, *answer_);
  served_.status = handshake.status;
  out_ += handshake.bytes;
  headed_ = true;
  if (handshake.status != 101) {
    served_.why = std::move(handshake.why);
    finish(Outcome::failed);
    input_.clear();
    ending_ = StepKind::cut;
    return;
  }
  deflate_ = handshake.deflate;
  WsMessageOptions options;
  options.sender = WsSender::client;
  options.deflate = deflate_;
  options.limits.max_entry = services_.options.max_message;
  decoder_ = std::make_unique<WsMessageDecoder>(std::move(options));
  conversation_->open(SteadyClock::now() - zero_);
  tell_deviations();
}

void WebSocketSession::compose_message(int opcode, std::string_view bytes) {
  served_.body_bytes += bytes.size();
  services_.stats.bytes += bytes.size();
  ++served_.messages;
  WsFrameHead head;
  if (opcode == 9 || opcode == 10) {
    head.opcode = static_cast<WsOpcode>(opcode);
    return append_frame(out_, head, bytes.substr(0, kMaxControl));
  }
  head.opcode = opcode == 1 ? WsOpcode::text : WsOpcode::binary;
  if (!deflate_ || bytes.size() < kSmallest) {
    append_frame_head(out_, head, bytes.size());
    return compose_bytes(bytes);
  }
  static thread_local std::string packed;
  packed.clear();
  if (deflate_->context_takeover(WsSender::server)) {
    if (!deflater_) deflater_.emplace(*deflate_, WsSender::server);
    deflater_->deflate(bytes, packed);
  } else {
    shared_deflater(deflate_->window_bits(WsSender::server)).deflate(bytes, packed);
  }
  head.rsv = kWsRsv1;
  append_frame_head(out_, head, packed.size());
  if (packed.size() >= kLargePiece) packed_ = std::move(packed);
  compose_bytes(packed_.empty() ? packed : packed_);
  if (packed.capacity() > kMostReused) std::string().swap(packed);
}

void WebSocketSession::compose_bytes(std::string_view bytes) {
  bytes.size() < kLargePiece ? static_cast<void>(out_ += bytes) : static_cast<void>(view_ = bytes);
}

void WebSocketSession::compose_close(std::optional<int> code, std::string_view reason) {
  state_ = State::closing;
  // RFC 6455 §7.4: other codes never stand in a frame.
  if (code && !is_valid_close_code(*code)) code.reset();
  const std::string_view text = code ? shortened(reason, kMaxReason) : std::string_view{};
  if (!append_close(behind_, code, text)) (void)append_close(behind_, code);  // a reason that is no UTF-8
}

bool WebSocketSession::flush() {
  while (has_output()) {
    const std::array<std::string_view, 3> pieces{std::string_view(out_).substr(sent_), view_, behind_};
    const Transport::Io io = transport_.write(pieces);
    if (io.kind == Transport::Kind::again) {
      if (writing_) return false;
      writing_ = true;
      limit(services_.options.idle_timeout);
      transport_.wait_writable([self = shared_from_this(), this](const error_code& error) {
        writing_ = false;
        if (state_ == State::closed) return;
        if (error) return client_left();
        limit(services_.options.idle_timeout);
        if (state_ == State::open && !ending_) {
          advance();
        } else if (flush()) {
          on_written();
        }
        wait_readable();
      });
      return false;
    }
    if (io.kind != Transport::Kind::done) {
      client_left();
      return false;
    }
    std::size_t sent = io.size;
    const std::size_t of_out = std::min(sent, out_.size() - sent_);
    sent_ += of_out;
    sent -= of_out;
    const std::size_t of_view = std::min(sent, view_.size());
    view_.remove_prefix(of_view);
    behind_.erase(0, sent - of_view);
  }
  release(out_);
  release(behind_);
  release(packed_);
  sent_ = 0;
  return true;
}

/// Everything that was composed has left.
void WebSocketSession::on_written() {
  if (ending_) return carry_out_ending();
  if (state_ != State::closing) return;
  if (client_closed_) {
    finish(served_.outcome);
    return linger();
  }
  limit(kCloseTime);
}

void WebSocketSession::carry_out_ending() {
  switch (*ending_) {
    case StepKind::reset:
      limit(kDrainTime);
      return finish_reset();
    case StepKind::stall:
      finish(Outcome::complete);
      state_ = State::stalled;
      return limit(services_.options.idle_timeout);
    default:
      finish(Outcome::complete);
      return linger();
  }
}

void WebSocketSession::finish_reset() {
  if (state_ == State::closed) return;
  // What was sent before a recorded reset is to arrive: the reset would throw it out of our buffer.
  if (transport_.unsent() != 0) return services_.timers.arm(step_timer_, SteadyClock::now() + kResetPoll);
  finish(Outcome::complete);
  transport_.reset_on_close();
  close();
}

// ---- ending

void WebSocketSession::tell_deviations() {
  for (const replay::Deviation& deviation : conversation_->take_deviations())
    services_.handler.deviated(request_, *answer_, deviation);
}

void WebSocketSession::finish(Outcome outcome) {
  if (finished_) return;
  finished_ = true;
  open_.reset();
  served_.outcome = outcome;
  served_.deviations = conversation_->deviation_count();
  services_.handler.served(request_, *answer_, served_);
}

/// The connection is gone, or the client's side of it, without a close frame.
void WebSocketSession::client_left() {
  if (state_ == State::closed) return;
  // The close frame is out: a client that does not answer it has heard everything.
  const bool heard = state_ == State::closing && !has_output() && !client_closed_;
  if (!finished_ && !heard) {
    conversation_->closed(SteadyClock::now() - zero_);
    tell_deviations();
  }
  finish(heard || client_closed_ ? served_.outcome : Outcome::client_left);
  close();
}

void WebSocketSession::linger() {
  if (state_ == State::closed) return;
  const bool cut = ending_ == StepKind::cut && served_.last == StepKind::cut;
  const Transport::Io io = transport_.shutdown_send(cut ? Transport::Farewell::no : Transport::Farewell::yes);
  if (io.kind == Transport::Kind::again) {
    limit(kDrainTime);
    transport_.wait_writable([self = shared_from_this(), this](const error_code& error) {
      if (state_ != State::closed) error ? close() : linger();
    });
    return;
  }
  if (io.kind != Transport::Kind::done || input_ended_) return close();
  state_ = State::lingering;
  services_.timers.disarm(step_timer_);
  limit(kDrainTime);
  wait_readable();
}

void WebSocketSession::limit(Nanos time) {
  const SteadyTime before = limit_at_;
  limit_at_ = SteadyClock::now() + time;
  // What is only moved on needs no timer of its own.
  if (before == SteadyTime{} || limit_at_ < before) services_.timers.arm(limit_timer_, limit_at_);
}

void WebSocketSession::on_limit() {
  if (state_ == State::closed) return;
  if (SteadyClock::now() < limit_at_) return services_.timers.arm(limit_timer_, limit_at_);
  limit_at_ = {};
  switch (state_) {
    case State::open:
      // Nothing was heard for long. That may be as it should: any client that is there answers a ping.
      if (!writing_ && headed_ && !ending_ && !pinged_ && !client_closed_) {
        pinged_ = true;
        append_frame(behind_, {true, 0, WsOpcode::ping, {}}, {});
        limit(services_.options.idle_timeout);
        flush();
        return;
      }
      if (!writing_ && !headed_) return limit(services_.options.idle_timeout);  // its time has not come
      conversation_->closed(SteadyClock::now() - zero_);
      tell_deviations();
      finish(Outcome::timed_out);
      break;
    case State::closing:
      finish(has_output() ? Outcome::timed_out : served_.outcome);
      break;
    case State::lingering:
    case State::stalled:
    case State::closed:
      break;
  }
  close();
}

void WebSocketSession::close() {
  if (state_ == State::closed) return;
  state_ = State::closed;
  services_.timers.disarm(step_timer_);
  services_.timers.disarm(limit_timer_);
  transport_.close();
  services_.release(*this);  // every way here holds a reference
}

}  // namespace stream::net
