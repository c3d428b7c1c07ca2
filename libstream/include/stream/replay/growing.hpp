#pragma once

#include <memory>

#include "stream/replay/answer.hpp"

namespace stream::replay {

class Clock;

/// The answer of an exchange that is still being recorded: what has come so far, at its time, and what comes later when it is
/// there (and not before its time). All who ask get it from the beginning. HTTP only; a pace's jitter and rounds do not count.
class GrowingAnswer {
 public:
  /// `begun` has its response. What is in its timeline already is played, too.
  GrowingAnswer(const Exchange& begun, const Pace& pace);
  GrowingAnswer(const GrowingAnswer&) = delete;
  GrowingAnswer& operator=(const GrowingAnswer&) = delete;
  ~GrowingAnswer();

  const std::shared_ptr<const Answer>& answer() const { return answer_; }
  /// What the recording says next of this exchange: data, or its end.
  void add(const Event& event);
  /// The end has come.
  bool over() const;

 private:
  void head(const Event* first);
  void data(const Event& event);

  Exchange head_;  ///< without a timeline
  Pace pace_;
  std::unique_ptr<Clock> clock_;
  std::shared_ptr<const Answer> answer_;  ///< fields of the head are set when it is pushed
  std::shared_ptr<Answer> made_;
  bool headed_ = false;
};

}  // namespace stream::replay
