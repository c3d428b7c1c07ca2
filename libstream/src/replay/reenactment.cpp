#include "stream/replay/reenactment.hpp"

#include <algorithm>

#include "clock.hpp"

namespace stream::replay {
namespace {
constexpr int kClose = 8;
constexpr int kNoCode = 1005;  // RFC 6455 §7.4.1: these stand for something that was not sent
constexpr int kNoClose = 1006;
constexpr int kNormal = 1000;
}  // namespace

Reenactment::Reenactment(const Exchange& exchange, Pace pace, std::int64_t speed_millionths) : pace_(pace) {
  Nanos before = exchange.response ? exchange.response->t : exchange.begin();
  for (const Event& event : exchange.timeline) {
    const bool message = event.kind == EventKind::message && event.opcode <= 2;
    const bool close = event.kind == EventKind::close && event.code != kNoClose;
    if ((!message && !close) || closes_) continue;
    if (event.direction == Direction::receive) {
      if (message) ++expected_;
    } else {
      Planned planned;
      planned.after = expected_;
      planned.pause = scale(std::max(Nanos{}, event.t - before), speed_millionths);
      planned.step.opcode = message ? event.opcode : kClose;
      planned.step.bytes = message ? std::string_view(event.data) : std::string_view(event.reason);
      if (close && event.code != kNoCode) planned.step.code = event.code;
      steps_.push_back(planned);
    }
    closes_ = close;
    before = std::max(before, event.t);
  }
  // One that broke off without a close breaks off again, if the server is the same.
  const bool broke = exchange.end && exchange.end->reason != "eof" && exchange.end->reason != "abort";
  const bool gone = std::any_of(exchange.timeline.begin(), exchange.timeline.end(),
                                [](const Event& event) { return event.kind == EventKind::close; });
  if (closes_ || broke || gone) return;
  Planned planned;
  planned.after = expected_;
  planned.step.opcode = kClose;
  planned.step.code = kNormal;
  planned.step.recorded = false;
  steps_.push_back(planned);
}

void Reenactment::open(Nanos now) {
  open_ = true;
  last_ = ready_ = now;
}

void Reenactment::message(int opcode, Nanos now) {
  if (opcode > 2) return;
  const bool waited = next_ < steps_.size() && heard_ < steps_[next_].after;
  ++heard_;
  if (waited && heard_ >= steps_[next_].after) ready_ = now;
}

void Reenactment::closed(Nanos /*now*/) { over_ = true; }

std::optional<Nanos> Reenactment::due() const {
  if (!open_ || over_ || next_ == steps_.size() || heard_ < steps_[next_].after) return std::nullopt;
  const Nanos behind = std::max(last_, ready_);
  return pace_ == Pace::recorded ? add(behind, steps_[next_].pause) : behind;
}

Reenactment::Step Reenactment::take() {
  // What was due, not what the clock says: lateness does not add up.
  last_ = due().value_or(last_);
  return steps_[next_++].step;
}

}  // namespace stream::replay
