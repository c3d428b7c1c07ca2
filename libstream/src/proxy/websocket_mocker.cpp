#include "websocket_mocker.hpp"

#include <algorithm>
#include <utility>

namespace stream::proxy {
namespace {

WsMessageOptions options_of(WsSender sender, std::size_t max_message) {
  WsMessageOptions options;
  options.sender = sender;
  options.limits.max_entry = max_message;
  return options;
}

}  // namespace

WebSocketMocker::WebSocketMocker(std::unique_ptr<mock::WebSocketConversation> mock, Tap* tap, Tap::Id id, std::size_t max_message)
    : mock_(std::move(mock)),
      tap_(tap),
      id_(id),
      client_(options_of(WsSender::client, max_message)),
      origin_(options_of(WsSender::server, max_message)) {}

/// Behind what is due at the same time.
void WebSocketMocker::put(Due due) {
  const auto place =
      std::upper_bound(due_.begin(), due_.end(), due.at, [](TapTime at, const Due& other) { return at < other.at; });
  due_.insert(place, std::move(due));
}

/// Never before what was to go on earlier.
void WebSocketMocker::forward(std::string bytes, TapTime at) {
  forwarded_ = std::max(forwarded_, at);
  put({forwarded_, Due::Kind::forward, 0, std::move(bytes)});
}

void WebSocketMocker::take_actions(std::vector<mock::Action> actions) {
  for (mock::Action& action : actions) {
    const bool send = action.kind == mock::Action::Kind::send;
    put({action.at, send ? Due::Kind::send : Due::Kind::close, action.number, std::move(action.bytes)});
  }
}

void WebSocketMocker::open(TapTime now, Out& out) {
  auto actions = mock_->open(now);
  if (actions) {
    take_actions(std::move(*actions));
  } else {
    out.trouble = to_string(actions.error());
  }
  advance(now, out);
}

void WebSocketMocker::client(std::string_view bytes, TapTime now, Out& out) {
  if (as_it_is_) {
    forward(std::string(bytes), now);
    return advance(now, out);
  }
  raw_ += bytes;
  std::vector<WsMessage> messages;
  const Status status = client_.feed(bytes, messages);
  for (const WsMessage& message : messages) {
    take_message(message, now, out);
    advance(now, out);  // its answers stand before the next
  }
  if (!status || client_.closed()) {
    // What breaks the protocol, or comes behind a close, is the origin's business.
    as_it_is_ = true;
    forward(std::exchange(raw_, {}), now);
  }
  advance(now, out);
}

/// The bytes of a message without the control frames within it that have gone on already, and forgets them.
std::string WebSocketMocker::raw_of(const WsMessage& message) {
  std::string raw;
  std::uint64_t at = message.begin;
  const auto part = [&](std::uint64_t from, std::uint64_t to) {
    raw.append(raw_, static_cast<std::size_t>(from - raw_begin_), static_cast<std::size_t>(to - from));
  };
  for (const auto& [begin, end] : sent_) {
    if (begin < at || end > message.end) continue;
    part(at, begin);
    at = end;
  }
  part(at, message.end);
  return raw;
}

void WebSocketMocker::take_message(const WsMessage& message, TapTime now, Out& out) {
  std::string raw = raw_of(message);
  if (is_control(message.opcode)) {
    // Between the fragments of a message that is not complete.
    if (message.begin != raw_begin_) {
      sent_.emplace_back(message.begin, message.end);
    } else {
      raw_.erase(0, static_cast<std::size_t>(message.end - raw_begin_));
      raw_begin_ = message.end;
    }
    closes_[0] = closes_[0] || message.opcode == WsOpcode::close;
    tell(Direction::send, message, false, now, out);
    forward(std::move(raw), now);
    return;
  }
  raw_.erase(0, static_cast<std::size_t>(message.end - raw_begin_));
  raw_begin_ = message.end;
  sent_.clear();
  auto reply = mock_->message(static_cast<int>(message.opcode), message.data, now);
  if (!reply) {
    out.trouble = to_string(reply.error());
    tell(Direction::send, message, false, now, out);
    forward(std::move(raw), now);
    return;
  }
  tell(Direction::send, message, reply->handled, now, out);
  if (reply->handled) {
    ++out.mocked;
    take_actions(std::move(reply->actions));
  } else {
    forward(std::move(raw), std::max(now, reply->at));
  }
}

void WebSocketMocker::origin(std::string_view bytes, TapTime now, Out& out) {
  std::vector<WsMessage> messages;
  (void)origin_.feed(bytes, messages);
  if (!closed_by_mock_) {
    out.to_client += bytes;
    for (const WsMessage& message : messages) {
      closes_[1] = closes_[1] || message.opcode == WsOpcode::close;
      tell(Direction::receive, message, false, now, out);
    }
  }
  advance(now, out);
}

/// What the client is told by the mock, now.
void WebSocketMocker::say(Due due, TapTime now, Out& out) {
  if (closed_by_mock_ || closes_[1]) return;  // nothing is said behind a close
  if (origin_.failure()) {
    out.trouble = "the origin has broken the protocol: nothing can be said between its messages any more";
    return;
  }
  WsMessage message;
  ++out.mocked;
  message.data = std::move(due.bytes);
  if (due.kind == Due::Kind::send) {
    message.opcode = static_cast<WsOpcode>(due.number);
    append_frame(out.to_client, {true, 0, message.opcode, std::nullopt}, message.data);
  } else {
    message.opcode = WsOpcode::close;
    message.code = static_cast<std::uint16_t>(due.number);
    if (!append_close(out.to_client, due.number, message.data)) (void)append_close(out.to_client, due.number);
    closed_by_mock_ = true;
  }
  tell(Direction::receive, message, true, now, out);
}

void WebSocketMocker::advance(TapTime now, Out& out) {
  for (auto at = due_.begin(); at != due_.end() && at->at <= now;) {
    if (at->kind == Due::Kind::forward) {
      out.to_origin += at->bytes;
    } else if (origin_.between_messages() || origin_.failure()) {
      say(std::move(*at), now, out);
    } else {
      // The origin is in the middle of a message, and may have to hear of the client to end it: what goes there does not wait.
      ++at;
      continue;
    }
    at = due_.erase(at);
  }
}

std::optional<TapTime> WebSocketMocker::next() const {
  // What waits for the origin to end its message is done when that comes.
  const bool open = origin_.between_messages() || origin_.failure();
  const auto first =
      std::find_if(due_.begin(), due_.end(), [&](const Due& due) { return open || due.kind == Due::Kind::forward; });
  return first == due_.end() ? std::nullopt : std::optional(first->at);
}

void WebSocketMocker::tell(Direction direction, const WsMessage& message, bool mocked, TapTime now, Out& out) {
  ++out.messages;
  if (tap_ == nullptr) return;
  if (message.opcode == WsOpcode::close) {
    TapClose close;
    close.direction = direction;
    if (message.code) close.code = *message.code;
    close.reason = message.data;
    close.mocked = mocked;
    tap_->close(id_, now, close);
    return;
  }
  TapMessage told;
  told.direction = direction;
  told.opcode = static_cast<int>(message.opcode);
  told.data = message.data;
  told.size = message.data.size();
  told.mocked = mocked;
  tap_->message(id_, now, told);
}

}  // namespace stream::proxy
