#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "stream/replay/answer.hpp"

namespace stream::replay {

/// How long so many bytes take at `rate` bytes a second (not 0), rounded up; the largest time there is where that overflows.
Nanos transfer_time(std::uint64_t bytes, std::uint64_t rate);

/// Finds the moments between two server-sent events in the bytes of a stream.
class SseGap {
 public:
  void feed(std::string_view bytes);
  /// Whether another block could begin here: at the beginning, and behind each empty line.
  bool open() const { return open_; }

 private:
  bool open_ = true;
  bool line_empty_ = true;
  bool cr_ = false;
};

/// Walks an answer in the order of time: its steps, repeated as often as it says, in pieces where its rate demands, and with
/// keep-alive comments in between; of a live answer what has come, as it came. Pure: it is told nothing of a clock. Times are
/// counted from the request, exactly, however long it goes on.
class Playback {
 public:
  explicit Playback(std::shared_ptr<const Answer> answer);

  const Answer& answer() const { return *answer_; }
  /// The last step has been taken.
  bool done() const { return done_; }
  /// A live answer of which nothing more has come yet.
  bool waiting() const { return waiting_; }
  /// More of a live answer may have come.
  void refresh();
  /// What is due next. Until take(); not when done() or waiting().
  const Step& next() const { return next_; }
  void take();

 private:
  void find_next();
  Step round_step(std::size_t index) const;
  void limit_rate(Step& step);
  void keepalive_before(const Step& step);

  std::shared_ptr<const Answer> answer_;
  std::size_t index_ = 0;    // of the step that next_ is, or is a part of
  std::uint64_t round_ = 0;  // from 0
  Nanos round_begin_{};      // what is added to the steps' times
  Step next_{};
  Step held_{};           // what comes behind the keep-alive that next_ is
  bool comment_ = false;  // next_ is a keep-alive
  bool done_ = false;
  bool waiting_ = false;
  bool headed_ = false;
  bool begun_ = false;  // some of the body is gone
  Nanos last_{};        // when the last thing was due
  SseGap gap_;
  // With a rate: how much of the step is gone, and since when the line has been busy with how much.
  std::size_t sent_ = 0;
  Nanos busy_since_{};
  std::uint64_t busy_bytes_ = 0;
};

}  // namespace stream::replay
