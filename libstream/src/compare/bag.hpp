#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "teller.hpp"

namespace stream {

/// Finds for each item its partner on the other side, wherever that stands: the one that is equal, or has the same key. What
/// waits for a partner is bounded by the window of the options.
class Bag {
 public:
  enum class Which : std::uint8_t { expected, actual };

  /// All outlive it. `key`: what partners have in common; without it they are equal.
  Bag(const CompareOptions& options, ItemComparer& comparer, Teller& teller, const PathPattern* key)
      : options_(options), comparer_(comparer), teller_(teller), key_(key) {}

  /// Sets `windowed` where an item was given up that might have got a partner later.
  Status add(Which which, Item item, bool& windowed);
  std::size_t waiting(Which which) const { return side(which).items.size(); }
  /// What has no partner, in its order.
  std::vector<Item> take_rest(Which which);

 private:
  struct Side {
    std::map<std::uint64_t, std::pair<std::uint64_t, Item>> items{};  ///< print and item, by order
    std::unordered_map<std::uint64_t, std::deque<std::uint64_t>> by_print{};
    std::size_t bytes = 0;
  };
  const Side& side(Which which) const { return sides_[static_cast<std::size_t>(which)]; }
  Side& side(Which which) { return sides_[static_cast<std::size_t>(which)]; }
  std::uint64_t print_of(const Item& item);
  static Item remove(Side& side, std::uint64_t order);

  const CompareOptions& options_;
  ItemComparer& comparer_;
  Teller& teller_;
  const PathPattern* key_;
  std::array<Side, 2> sides_;
  std::uint64_t next_ = 0;
};

}  // namespace stream
