#pragma once

#include <cstdint>
#include <memory>
#include <vector>

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

  void count(std::size_t index) {
    if (asked_[index]++ == 0) --unasked_;
  }
  std::uint32_t asked(std::size_t index) const { return asked_[index]; }
  /// How many exchanges were never asked for.
  std::size_t unasked() const { return unasked_; }

 private:
  Repertoire(std::unique_ptr<Recording> recording, const Options& options);

  const std::unique_ptr<Recording> recording_;
  Finder finder_;
  std::vector<std::uint32_t> asked_;
  std::size_t unasked_;
};

}  // namespace tools::streamserve
