#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "streamserve/follow.hpp"
#include "streamserve/match.hpp"
#include "streamserve/streamserve.hpp"

/// What can be answered.
namespace tools::streamserve {

/// The recorded exchanges, and how often each was asked for. It is replaced as a whole when the inputs are read anew; answers
/// that are going on hold the one that they came from.
class Repertoire {
 public:
  /// Reads the inputs. `options` outlives it. Errors: those of load(), and `usage`.
  static stream::Result<std::shared_ptr<Repertoire>> load(const Options& options, Messages& messages);
  Repertoire(const Repertoire&) = delete;
  Repertoire& operator=(const Repertoire&) = delete;

  Finder& finder() { return finder_; }
  Recording& recording() { return *recording_; }
  const Recording& recording() const { return *recording_; }

  /// The answer of an exchange that is still being recorded; null: it is none.
  std::shared_ptr<const stream::replay::Answer> growing(std::size_t index) const {
    return follower_ ? follower_->growing(index) : nullptr;
  }
  /// Takes what has been recorded meanwhile, with --follow.
  void poll() {
    if (follower_) follower_->poll();
  }

  void count(std::size_t index) {
    if (index >= asked_.size()) asked_.resize(recording_->size());
    if (asked_[index]++ == 0) ++asked_exchanges_;
  }
  std::uint32_t asked(std::size_t index) const { return index < asked_.size() ? asked_[index] : 0; }
  /// How many exchanges were never asked for.
  std::size_t unasked() const { return recording_->size() - asked_exchanges_; }

 private:
  Repertoire(std::unique_ptr<Recording> recording, const Options& options);

  const std::unique_ptr<Recording> recording_;
  Finder finder_;
  std::unique_ptr<Follower> follower_;
  std::vector<std::uint32_t> asked_;
  std::size_t asked_exchanges_ = 0;
};

}  // namespace tools::streamserve
