#include "stream/replay/schedule.hpp"

#include <algorithm>
#include <limits>

#include "clock.hpp"
#include "ending.hpp"
#include "random.hpp"
#include "spread.hpp"

namespace stream::replay {
namespace {

constexpr int kClose = 8;

bool is_traffic(const Event& event) {
  return event.kind == EventKind::data || event.kind == EventKind::message || event.kind == EventKind::close;
}

/// The part of a recording that is played.
struct Window {
  Nanos begin;
  Nanos end;

  Window(const Exchange& exchange, const Pace& pace)
      : begin(add(exchange.begin(), pace.start.value_or(Nanos{}))),
        end(pace.end ? std::max(begin, add(exchange.begin(), *pace.end)) : Nanos::max()) {
    open_begin = !pace.start;
    open_end = !pace.end;
  }
  bool holds(Nanos t) const { return (open_begin || t >= begin) && (open_end || t < end); }
  /// Into it.
  Nanos clamp(Nanos t) const { return open_begin && open_end ? t : std::clamp(t, open_begin ? Nanos::min() : begin, end); }

  bool open_begin = true;
  bool open_end = true;
};

/// The close to replay: the server's own, else the one it answered the client's with.
const Event* find_close(const Exchange& exchange, const Window& window) {
  const Event* found = nullptr;
  for (const Event& event : exchange.timeline) {
    if (event.kind != EventKind::close || !window.holds(event.t)) continue;
    if (event.direction == Direction::receive) return &event;
    if (found == nullptr) found = &event;
  }
  return found;
}

Step close_step(Nanos at, const Event* close) {
  if (close == nullptr) return {at, StepKind::close, 1000, {}};
  const int code = close->code.value_or(1005);
  if (code == 1006) return {at, StepKind::cut, 0, {}};  // RFC 6455 §7.1.5: the connection was lost without a close frame
  return {at, StepKind::close, code, close->reason};
}

void add_jitter(std::vector<Step>& steps, const Exchange& exchange, const Pace& pace) {
  if (!pace.jitter || *pace.jitter <= Nanos{}) return;
  Random random(mix(pace.seed, exchange.id));
  const auto limit = static_cast<std::uint64_t>(pace.jitter->count()) + 1;
  Nanos last{};
  for (Step& step : steps) {
    // An ending has none of its own: it follows what was sent.
    if (!is_last(step.kind)) step.at = add(step.at, Nanos(static_cast<std::int64_t>(random.below(limit))));
    step.at = last = std::max(last, step.at);
  }
}

std::vector<Step> plain_schedule(const Exchange& exchange, const Pace& pace, std::vector<ClientMessage>& client) {
  const bool websocket = is_websocket(exchange);
  const Window window(exchange, pace);
  const Event* const close = websocket ? find_close(exchange, window) : nullptr;
  const Spread spread = websocket ? Spread{} : find_spread(exchange, pace);
  std::vector<Step> steps;
  steps.reserve(exchange.timeline.size() + 2 + spread.pieces.size());
  Clock clock(window.begin, pace);

  const bool answered = exchange.response && (exchange.status() != 0 || websocket);
  bool headed = false;
  bool shortened = false;
  bool closed = false;  // by the client
  const auto push = [&](Step step) {
    step.after = client.size();
    steps.push_back(step);
  };
  const auto head = [&](Nanos t) {
    steps.push_back({clock.head(window.clamp(t)), StepKind::head, 0, {}});
    headed = true;
  };
  const auto data = [&](Nanos t, std::string_view bytes) {
    if (window.holds(t)) steps.push_back({clock.payload(t), StepKind::data, 0, bytes});
    shortened = shortened || (!window.open_end && t >= window.end);
  };
  for (const Event& event : exchange.timeline) {
    if (!is_traffic(event)) continue;
    const bool ours = event.direction == Direction::receive;
    // The head stands in time order among what the client sent, and before everything that the server sent.
    if (!headed && answered && (ours || event.t >= exchange.response->t)) head(exchange.response->t);
    if (&event == spread.event) {
      for (const Spread::Piece& piece : spread.pieces) data(piece.t, piece.bytes);
      continue;
    }
    if (!window.holds(event.t)) {
      shortened = shortened || (!window.open_end && event.t >= window.end);
      if (!headed && ours && !answered) head(event.t);
      continue;
    }
    if (&event == close) {
      if (!headed) head(event.t);
      const Nanos at = clock.other(event.t);
      if (!ours && !closed) client.push_back({at, kClose, close->reason});
      push(close_step(at, close));
      return steps;
    }
    const EventKind sent = websocket ? EventKind::message : EventKind::data;
    if (!ours || event.kind != sent || (event.data.empty() && !websocket)) {
      const Nanos at = clock.other(event.t);
      if (!websocket || ours || closed) continue;
      closed = event.kind == EventKind::close;
      if (closed) client.push_back({at, kClose, event.reason});
      if (event.kind == EventKind::message && event.opcode <= 2) client.push_back({at, event.opcode, event.data});
      continue;
    }
    if (!headed) head(event.t);
    if (!websocket) {
      data(event.t, event.data);
    } else if (event.opcode <= 2) {
      push({clock.payload(event.t), StepKind::message, event.opcode, event.data});
    } else {
      push({clock.other(event.t), StepKind::message, event.opcode, event.data});
    }
  }
  if (!headed && answered) head(exchange.response->t);

  const Nanos end = exchange.end ? exchange.end->t : clock.last();
  shortened = shortened || (!window.open_end && end > window.end);
  const Nanos last = clock.other(shortened ? window.end : window.clamp(end));
  const StepKind kind = shortened ? StepKind::end : exchange.end ? ending_of(exchange.end->reason) : StepKind::cut;
  const bool closes = websocket && headed && (kind == StepKind::end || kind == StepKind::cut);
  // An exchange that is over without an answer cannot end well.
  if (closes) {
    push(close_step(last, nullptr));
  } else {
    push({last, !headed && kind == StepKind::end ? StepKind::cut : kind, 0, {}});
  }
  return steps;
}

}  // namespace

std::optional<std::int64_t> parse_speed(std::string_view text) {
  constexpr std::int64_t kSlowest = 100'000;
  constexpr std::int64_t kFastest = 1'000'000'000;
  std::int64_t value = 0;
  int decimals = -1;  // digits behind the point; -1: no point yet
  bool digits = false;
  for (const char c : text) {
    if (c == '.' && decimals < 0) {
      decimals = 0;
      continue;
    }
    if (c < '0' || c > '9' || decimals == 6) return std::nullopt;
    value = value * 10 + (c - '0');
    digits = true;
    if (decimals >= 0) ++decimals;
    if (value > kFastest) return std::nullopt;
  }
  if (!digits) return std::nullopt;
  for (int i = std::max(decimals, 0); i < 6; ++i) {
    value *= 10;
    if (value > kFastest) return std::nullopt;
  }
  return value < kSlowest ? std::nullopt : std::optional(value);
}

bool is_websocket(const Exchange& exchange) {
  const int status = exchange.status();
  return (status == 101 || status == 0) && exchange.kind() == StreamKind::websocket;
}

std::vector<Step> make_schedule(const Exchange& exchange, const Pace& pace, std::vector<ClientMessage>* client) {
  std::vector<ClientMessage> unasked;
  auto steps = plain_schedule(exchange, pace, client != nullptr ? *client : unasked);
  add_jitter(steps, exchange, pace);
  return steps;
}

}  // namespace stream::replay
