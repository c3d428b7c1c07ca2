#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string_view>
#include <vector>

#include "item_compare.hpp"
#include "stream/compare/align.hpp"
#include "stream/compare/compare.hpp"

namespace stream {

/// Which words a text has, roughly: each sets a bit.
using WordSketch = std::array<std::uint64_t, 8>;
WordSketch sketch_words(std::string_view text);
/// Like likeness(): 1000 if they are the same, 0 if they share nothing.
int likeness(const WordSketch& a, const WordSketch& b);

/// An item that waits for its partner.
struct Waiting {
  Item item{};
  std::optional<std::uint64_t> print{};  ///< its fingerprint, once it was asked for
  std::optional<WordSketch> words{};     ///< of its data, once it was asked for
};

/// The items of both sides that went in one direction, and were not compared yet.
struct Lane {
  std::deque<Waiting> expected{};
  std::deque<Waiting> actual{};
};

/// What is to be said about a lane: two items that stand opposite each other, or one that has no partner.
struct LaneStep {
  static constexpr std::size_t kNone = SIZE_MAX;
  std::size_t expected = kNone;  ///< index in the lane
  std::size_t actual = kNone;
  bool equal = false;
  bool moved = false;  ///< the same item, but at another place: its two indexes are not in the order of the other steps

  bool pair() const { return expected != kNone && actual != kNone; }
};

struct LaneAlignment {
  std::vector<LaneStep> steps{};  ///< ascending on both sides, but for what moved
  bool bounded = false;
};

/// Aligns the first items of a lane: equal ones are found (a shortest list of differences, within the limits), and between
/// them those that are alike are one that changed. `budget` as for pair_alike(). With a second comparer, of the same rules, there
/// is work for a second thread.
LaneAlignment align_lane(Lane& lane, std::size_t expected_count, std::size_t actual_count, ItemComparer& comparer,
                         const AlignLimits& limits, std::size_t& budget, ItemComparer* second = nullptr);

/// Makes one step of an item that is missing here and one that is extra there, where the two are equal.
void find_moved(Lane& lane, ItemComparer& comparer, std::vector<LaneStep>& steps);

bool equal_items(ItemComparer& comparer, const Item& expected, const Item& actual);

}  // namespace stream
