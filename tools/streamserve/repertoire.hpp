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

  Finder& finder() const { return *finder_; }
  const std::vector<Recorded>& recorded() const { return recorded_; }
  /// One of recorded(), by its place there.
  std::size_t index_of(const Recorded& recorded) const { return static_cast<std::size_t>(&recorded - recorded_.data()); }

  void count(const Recorded& recorded) {
    if (asked_[index_of(recorded)]++ == 0) --unasked_;
  }
  std::uint64_t asked(std::size_t index) const { return asked_[index]; }
  /// How many exchanges were never asked for.
  std::size_t unasked() const { return unasked_; }

 private:
  explicit Repertoire(std::vector<Recorded> recorded);

  const std::vector<Recorded> recorded_;
  std::unique_ptr<Finder> finder_;
  std::vector<std::uint64_t> asked_;
  std::size_t unasked_;
};

}  // namespace tools::streamserve
