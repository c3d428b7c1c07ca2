#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "stream/replay/answer.hpp"

namespace stream::replay {

/// From one step up to, not including, another.
struct StepRange {
  std::size_t begin = 0;
  std::size_t end = 0;
};

/// A copy of an answer that is changed for one request. Its rounds are unrolled as far as somebody wants to change them.
class Edit {
 public:
  explicit Edit(std::shared_ptr<const Answer> origin);

  Answer& answer() { return answer_; }
  std::vector<Step>& steps() { return answer_.steps; }
  const std::vector<Step>& steps() const { return answer_.steps; }
  /// The steps before this one are played once: all but the last, or those before the rounds that are left.
  std::size_t once() const { return answer_.rounds == 1 ? answer_.steps.size() - 1 : answer_.loop_first; }
  std::size_t first() const { return answer_.steps.front().kind == StepKind::head ? 1 : 0; }

  /// Takes up to `rounds` out of the repetition and puts them in front of it. False: there are no more, or they would become too
  /// many steps.
  bool unroll(std::uint64_t rounds);
  /// The bytes of the body that are played once.
  std::string body() const;
  std::uint64_t body_size() const;
  /// Makes a step begin at this byte of the body; which.
  std::size_t split(std::uint64_t offset);
  /// Puts a step in, or takes some out, before once().
  void insert(std::size_t index, Step step);
  void erase(StepRange range);
  /// Everything behind the first `index` steps gives way to this last step.
  void finish_with(std::size_t index, Step last);
  /// Bytes that live as long as the answer.
  std::string_view keep(std::string bytes);

  /// The answer; nothing may follow.
  std::shared_ptr<const Answer> take(std::string_view note);

 private:
  struct Kept {
    std::shared_ptr<const Answer> origin;
    std::deque<std::string> strings;
  };
  Answer answer_;
  std::shared_ptr<Kept> kept_;
};

/// The events of what is played once: what the kind of the answer makes one of. Server-sent events, lines of NDJSON and text,
/// JSON texts of a sequence and WebSocket messages; of anything else, and of compressed bodies, the chunks. Each is made steps of
/// its own.
class Events {
 public:
  explicit Events(Edit& edit);

  std::size_t size() const { return extents_.size(); }
  /// The steps of one, from 0. They change when steps are split, put in, or taken out.
  StepRange steps(std::size_t index);
  /// Its bytes, joined.
  std::string bytes(std::size_t index);
  bool are_messages() const { return messages_; }

 private:
  struct Extent {  // of bytes; of messages: the step
    std::uint64_t begin = 0;
    std::uint64_t end = 0;
  };
  void find_in(StreamKind kind, std::string_view body);
  Edit& edit_;
  bool messages_ = false;
  std::vector<Extent> extents_{};
};

/// Whether the body's bytes are what it is about, not compressed.
bool is_plain(const Answer& answer);

}  // namespace stream::replay
