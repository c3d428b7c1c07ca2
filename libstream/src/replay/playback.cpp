#include "stream/replay/playback.hpp"

#include <algorithm>

#include "clock.hpp"

namespace stream::replay {
namespace {

constexpr std::string_view kComment = ": keepalive\n\n";
constexpr std::uint64_t kPiecesASecond = 20;

}  // namespace

Nanos transfer_time(std::uint64_t bytes, std::uint64_t rate) {
  constexpr std::uint64_t kSecond = 1'000'000'000;
  constexpr std::uint64_t kLongest = 3'000'000'000;  // seconds
  const std::uint64_t seconds = bytes / rate;
  if (seconds >= kLongest) return Nanos::max();
  const std::uint64_t rest = bytes % rate;
  // A rate of more than 2^34 bytes a second is none that is noticed.
  const std::uint64_t nanos = rate > (std::uint64_t{1} << 34U) ? 0 : (rest * kSecond + rate - 1) / rate;
  return Nanos(static_cast<std::int64_t>(seconds * kSecond + nanos));
}

void SseGap::feed(std::string_view bytes) {
  for (const char c : bytes) {
    if (c == '\n' && cr_) {  // the second half of a line end
      cr_ = false;
      continue;
    }
    cr_ = c == '\r';
    const bool ends = cr_ || c == '\n';
    open_ = ends && line_empty_;
    line_empty_ = ends;
  }
}

Playback::Playback(std::shared_ptr<const Answer> answer) : answer_(std::move(answer)) { find_next(); }

Step Playback::round_step(std::size_t index) const {
  Step step = answer_->steps[index];
  step.at = add(step.at, round_begin_);
  step.after += round_ * answer_->client.size();
  return step;
}

void Playback::refresh() {
  if (waiting_) find_next();
}

void Playback::find_next() {
  const Answer& answer = *answer_;
  comment_ = false;
  if (answer.live) {
    waiting_ = index_ >= answer.live->size() && !answer.live->ended();
    done_ = index_ >= answer.live->size() && !waiting_;
    if (!waiting_ && !done_) next_ = (*answer.live)[index_];
    return;
  }
  if (index_ >= answer.steps.size()) {
    done_ = true;
    return;
  }
  if (answer.rounds != 1 && index_ + 1 == answer.steps.size() && (answer.rounds == 0 || round_ + 1 < answer.rounds)) {
    ++round_;
    round_begin_ = add(round_begin_, answer.loop_period);
    index_ = answer.loop_first;
  }
  next_ = round_step(index_);
  next_.at = std::max(next_.at, last_);
  if (answer.rate != 0) limit_rate(next_);
  if (answer.keepalive) keepalive_before(next_);
}

void Playback::limit_rate(Step& step) {
  if (step.kind != StepKind::data && step.kind != StepKind::message) return;
  const std::uint64_t rate = answer_->rate;
  if (step.kind == StepKind::data) {
    const auto piece = static_cast<std::size_t>(std::max<std::uint64_t>(1, rate / kPiecesASecond));
    step.bytes = step.bytes.substr(sent_, piece);
  }
  // Since when the line has been busy without a break: its times are counted from there, so that roundings do not add up.
  if (step.at > add(busy_since_, transfer_time(busy_bytes_, rate))) {
    busy_since_ = step.at;
    busy_bytes_ = 0;
  }
  busy_bytes_ += step.bytes.size();
  step.at = add(busy_since_, transfer_time(busy_bytes_, rate));
}

void Playback::keepalive_before(const Step& step) {
  if (!headed_ || !gap_.open()) return;
  const Nanos due = add(last_, *answer_->keepalive);
  if (due >= step.at) return;
  // A byte order mark is one at the very beginning only.
  if (!begun_ && step.bytes.starts_with('\xef')) return;
  held_ = step;
  next_ = {due, StepKind::data, 0, kComment};
  comment_ = true;
}

void Playback::take() {
  last_ = std::max(last_, next_.at);
  if (comment_) {
    next_ = held_;
    comment_ = false;
    keepalive_before(next_);
    return;
  }
  headed_ = headed_ || next_.kind == StepKind::head;
  const bool data = next_.kind == StepKind::data;
  begun_ = begun_ || data;
  if (answer_->keepalive && data) gap_.feed(next_.bytes);
  if (answer_->live) {
    answer_->live->taken(index_++);  // its own bytes are still to be sent
    return find_next();
  }
  const bool part = answer_->rate != 0 && data && sent_ + next_.bytes.size() < answer_->steps[index_].bytes.size();
  sent_ = part ? sent_ + next_.bytes.size() : 0;
  if (!part) ++index_;
  find_next();
}

}  // namespace stream::replay
