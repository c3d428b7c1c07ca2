#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace stream {

/// Item `expected` of one side stands opposite item `actual` of the other; both count from 0.
struct Match {
  std::size_t expected = 0;
  std::size_t actual = 0;
  bool operator==(const Match&) const = default;
};

/// How much work an alignment may be. The defaults end within about a second on any input.
struct AlignLimits {
  std::size_t steps = std::size_t{1} << 27;       ///< comparisons of fingerprints in one search
  std::size_t trace = std::size_t{1} << 23;       ///< remembered positions (4 bytes each) in one search
  std::size_t candidates = std::size_t{1} << 22;  ///< pairs of equal items (16 bytes each) in one search
  std::size_t window = 512;                       ///< items a side that are looked at together where all that is exceeded
};

struct Alignment {
  std::vector<Match> matches{};  ///< ascending on both sides
  /// The limits were met: the matches are right, but there may be a longer alignment.
  bool bounded = false;
};

/// The longest common subsequence of two sequences of fingerprints; the same for the same input, always.
///
/// What both begin and end with is taken off, as is every item whose fingerprint the other side does not have (neither
/// changes the length of the result). The rest is searched with Myers' O(ND) greedy algorithm; where the sides are too
/// different for it, with Hunt and Szymanski's, which is cheap where few items are equal to many. Past both limits the
/// rarest items become anchors, and between them a window of items at a time is aligned.
Alignment align(std::span<const std::uint64_t> expected, std::span<const std::uint64_t> actual, const AlignLimits& limits = {});

/// How alike two items are: 0 (nothing in common but their kind) to 1000; negative: never to be paired.
using Likeness = std::function<int(std::size_t expected, std::size_t actual)>;

/// Pairs the items of two runs, keeping their order, so that as much as possible is alike in all. `budget` is how many
/// pairs may be looked at: it is counted down, and once it is used up only pairs near the diagonal are. The result says
/// through `bounded` when that was so.
Alignment pair_alike(std::size_t expected_count, std::size_t actual_count, const Likeness& likeness, std::size_t& budget);

}  // namespace stream
