#pragma once

#include <algorithm>
#include <limits>

#include "stream/replay/schedule.hpp"

namespace stream::replay {

/// The sum, or the end of time where it overflows. `b` is not negative.
constexpr Nanos add(Nanos a, Nanos b) { return a > Nanos::max() - b ? Nanos::max() : a + b; }

/// time / (speed / 10^6), rounded up; the largest time there is where that overflows.
constexpr Nanos scale(Nanos time, std::int64_t speed) {
  constexpr std::int64_t kMillion = 1'000'000;
  const std::int64_t whole = time.count() / speed;
  const std::int64_t rest = time.count() % speed;
  if (whole >= std::numeric_limits<std::int64_t>::max() / kMillion - kMillion) return Nanos::max();
  return Nanos(whole * kMillion + (rest * kMillion + speed - 1) / speed);
}

/// Recorded moments, asked for in their order, as replayed ones. `pace` outlives it.
class Clock {
 public:
  Clock(Nanos begin, const Pace& pace) : last_(begin), pace_(pace) {}

  Nanos head(Nanos t) {
    advance(t);
    const Nanos at = pace_.ttfb.value_or(now());
    if (pace_.ttfb || pace_.interval) {  // what follows is counted from here
      base_ = at;
      sum_ = Nanos{};
      payload_.reset();
    }
    headed_ = true;
    return at;
  }
  /// A piece of the body, or a message.
  Nanos payload(Nanos t) {
    advance(t);
    if (pace_.min_gap) {
      if (payload_ && sum_ - *payload_ < *pace_.min_gap) sum_ = add(*payload_, *pace_.min_gap);
      payload_ = sum_;
    }
    if (pace_.interval) base_ = add(base_, *pace_.interval);
    return now();
  }
  /// Something that is no payload: what the client sent, a ping.
  Nanos other(Nanos t) {
    advance(t);
    return now();
  }
  /// The latest recorded moment so far.
  Nanos last() const { return last_; }

 private:
  void advance(Nanos t) {
    if (t <= last_) return;
    Nanos gap = t - last_;
    if (pace_.max_gap) gap = std::min(gap, *pace_.max_gap);
    sum_ = add(sum_, gap);
    last_ = t;
  }
  Nanos now() {
    // With an interval only what lies before the head counts of the recorded pauses.
    if (pace_.interval && headed_) return base_;
    return add(base_, pace_.no_delay ? Nanos{} : scale(sum_, pace_.speed_millionths));
  }

  Nanos last_;
  Nanos base_{};  // replayed time that is not recorded
  Nanos sum_{};   // of recorded pauses since then
  std::optional<Nanos> payload_{};
  bool headed_ = false;
  const Pace& pace_;
};

}  // namespace stream::replay
