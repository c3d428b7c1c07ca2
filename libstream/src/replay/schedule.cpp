#include "stream/replay/schedule.hpp"

#include <algorithm>
#include <limits>

namespace stream::replay {
namespace {

constexpr std::int64_t kMillion = 1'000'000;

/// time / (speed / 10^6), rounded up; the largest time there is where that overflows.
Nanos scale(std::int64_t time, std::int64_t speed) {
  const std::int64_t whole = time / speed;
  const std::int64_t rest = time % speed;
  if (whole >= std::numeric_limits<std::int64_t>::max() / kMillion - kMillion) return Nanos::max();
  return Nanos(whole * kMillion + (rest * kMillion + speed - 1) / speed);
}

/// Adds up the pauses between events.
class Clock {
 public:
  Clock(Nanos begin, const Pace& pace) : last_(begin), pace_(pace) {}

  /// The replayed time of an event at recorded time `t`.
  Nanos at(Nanos t) {
    if (t > last_) {
      Nanos gap = t - last_;
      if (pace_.max_gap) gap = std::min(gap, *pace_.max_gap);
      sum_ = sum_ > Nanos::max() - gap ? Nanos::max() : sum_ + gap;
      last_ = t;
    }
    return pace_.no_delay ? Nanos{} : scale(sum_.count(), pace_.speed_millionths);
  }
  Nanos last() const { return last_; }

 private:
  Nanos last_;
  Nanos sum_{};
  const Pace& pace_;
};

bool is_traffic(const Event& event) {
  return event.kind == EventKind::data || event.kind == EventKind::message || event.kind == EventKind::close;
}

/// The close to replay: the server's own, else the one it answered the client's with.
const Event* find_close(const Exchange& exchange) {
  const Event* found = nullptr;
  for (const Event& event : exchange.timeline) {
    if (event.kind != EventKind::close) continue;
    if (event.direction == Direction::receive) return &event;
    if (found == nullptr) found = &event;
  }
  return found;
}

StepKind ending(const Exchange& exchange) {
  if (!exchange.end) return StepKind::cut;
  const std::string& reason = exchange.end->reason;
  if (reason.empty() || reason == "eof") return StepKind::end;
  if (reason == "reset" || reason == "abort" || reason == "error") return StepKind::reset;
  return reason == "timeout" ? StepKind::stall : StepKind::cut;
}

Step close_step(Nanos at, const Event* close) {
  if (close == nullptr) return {at, StepKind::close, 1000, {}};
  const int code = close->code.value_or(1005);
  if (code == 1006) return {at, StepKind::cut, 0, {}};  // RFC 6455 §7.1.5: the connection was lost without a close frame
  return {at, StepKind::close, code, close->reason};
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

std::vector<Step> make_schedule(const Exchange& exchange, const Pace& pace) {
  const bool websocket = is_websocket(exchange);
  const Event* const close = websocket ? find_close(exchange) : nullptr;
  std::vector<Step> steps;
  steps.reserve(exchange.timeline.size() + 2);
  Clock clock(exchange.begin(), pace);

  const bool answered = exchange.response && (exchange.status() != 0 || websocket);
  bool headed = false;
  const auto head = [&](Nanos t) {
    steps.push_back({clock.at(t), StepKind::head, 0, {}});
    headed = true;
  };
  for (const Event& event : exchange.timeline) {
    if (!is_traffic(event)) continue;
    const bool ours = event.direction == Direction::receive;
    // The head stands in time order among what the client sent, and before everything that the server sent.
    if (!headed && answered && (ours || event.t >= exchange.response->t)) head(exchange.response->t);
    const Nanos at = clock.at(event.t);
    if (&event == close) {
      if (!headed) head(event.t);
      steps.push_back(close_step(at, close));
      return steps;
    }
    const EventKind sent = websocket ? EventKind::message : EventKind::data;
    if (!ours || event.kind != sent || (event.data.empty() && !websocket)) continue;
    if (!headed) head(event.t);
    steps.push_back(websocket ? Step{at, StepKind::message, event.opcode, event.data} : Step{at, StepKind::data, 0, event.data});
  }
  if (!headed && answered) head(exchange.response->t);

  const Nanos last = clock.at(exchange.end ? exchange.end->t : clock.last());
  const StepKind kind = ending(exchange);
  const bool closes = websocket && headed && (kind == StepKind::end || kind == StepKind::cut);
  // An exchange that is over without an answer cannot end well.
  if (closes) {
    steps.push_back(close_step(last, nullptr));
  } else {
    steps.push_back({last, !headed && kind == StepKind::end ? StepKind::cut : kind, 0, {}});
  }
  return steps;
}

}  // namespace stream::replay
