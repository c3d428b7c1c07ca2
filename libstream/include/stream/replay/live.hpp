#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "stream/replay/schedule.hpp"

namespace stream::replay {

/// The steps of an answer that is still coming while it is played: of a recording that is still written, or of another server.
/// Belongs to one thread.
class LiveSteps {
 public:
  enum class Keep : std::uint8_t {
    all,     ///< every player plays it from its beginning
    unread,  ///< there is one player, and what it has taken is let go
  };
  explicit LiveSteps(Keep keep) : keep_(keep) {}
  LiveSteps(const LiveSteps&) = delete;
  LiveSteps& operator=(const LiveSteps&) = delete;
  /// Tells the producer that nobody plays it any more.
  ~LiveSteps();

  /// Appends a step, with a copy of its bytes. One that is due before its predecessor is due with it; behind a last one nothing
  /// is taken.
  void push(const Step& step);
  bool ended() const { return ended_; }
  /// How many there are so far, those that were let go included.
  std::size_t size() const { return gone_ + steps_.size(); }
  /// One that was not let go.
  const Step& operator[](std::size_t index) const { return steps_[index - gone_].first; }
  /// The player has taken all before this one.
  void taken(std::size_t index);

  /// Calls `more` after each push, until it is told otherwise. The number is for forget().
  std::uint64_t listen(std::function<void()> more);
  void forget(std::uint64_t listener);

  /// Keep::unread: called with the number of bytes that were let go, for a producer that waits for them.
  std::function<void(std::size_t)> on_taken{};
  /// Called when the steps are gone.
  std::function<void()> on_abandoned{};

 private:
  Keep keep_;
  // A string's bytes stay where they are while the deque grows at its ends.
  std::deque<std::pair<Step, std::unique_ptr<const std::string>>> steps_{};
  std::size_t gone_ = 0;
  bool ended_ = false;
  std::vector<std::pair<std::uint64_t, std::function<void()>>> listeners_{};
  std::uint64_t next_listener_ = 1;
};

}  // namespace stream::replay
