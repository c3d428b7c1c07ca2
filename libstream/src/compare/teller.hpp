#pragma once

#include <deque>
#include <optional>
#include <utility>
#include <vector>

#include "item_compare.hpp"
#include "stream/compare/compare.hpp"
#include "timing.hpp"

namespace stream {

/// What stands before and behind an item that has no partner, on its own side: what tells it apart from them is shown.
struct Neighbours {
  const Item* before = nullptr;
  const Item* behind = nullptr;
};

/// Gathers what a comparison finds, and tells the sink of it.
class Teller {
 public:
  /// All outlive it.
  Teller(const CompareOptions& options, CompareSink* sink, ItemComparer& comparer, Comparison& result);

  /// No more differences are wanted.
  bool full() const { return !options_.count_all && result_.total >= options_.max_differences; }
  /// Whether the sink is told of every item, or something else needs to see it.
  bool sees_all() const { return (sink_ != nullptr && options_.context == SIZE_MAX) || timing_.active(); }

  /// A difference of the answer, the kind, or the end.
  void add_value(Subject subject, std::string expected, std::string actual);
  Status begin();
  /// Two items that stand opposite each other.
  Status pair(const Item& expected, const Item& actual, bool equal);
  /// The same item at another place.
  Status moved(const Item& expected, const Item& actual, const Neighbours& neighbours);
  Status missing(const Item& expected, const Neighbours& neighbours);
  Status extra(const Item& actual, const Neighbours& neighbours);
  /// How many of the equal items that come next the sink is to be told of; and how many of those before a difference.
  std::size_t wanted() const { return wanted_; }
  std::size_t wanted_before() const { return sink_ == nullptr ? 0 : options_.context; }
  /// So many equal items on each side, which nobody needs to see.
  Status skipped(std::size_t count);
  /// A difference that is of no single item.
  void add(Difference difference);
  /// Tells the sink of what was added.
  Status tell_texts() { return tell(CompareStep::Kind::changed, nullptr, nullptr); }
  /// Holds the times of all items against the rules. `complete`: both sides were read to their end.
  Status finish_timing(bool complete);
  Status end();

 private:
  bool wants_values() const { return sink_ != nullptr || result_.differences.size() < options_.max_differences; }
  Difference whole(ValueChange change, const Item* expected, const Item* actual, const Neighbours& neighbours);
  Status tell(CompareStep::Kind kind, const Item* expected, const Item* actual);
  /// Tells what was kept of the equal items before.
  Status tell_kept();

  const CompareOptions& options_;
  CompareSink* sink_;
  ItemComparer& comparer_;
  Comparison& result_;
  TimingCheck timing_;
  std::vector<Difference> said_;            ///< since the sink heard something last
  std::deque<std::pair<Item, Item>> kept_;  ///< the last equal items, as many as context asks for
  std::size_t unsaid_ = 0;                  ///< equal items before those
  std::size_t wanted_ = 0;                  ///< equal items that are still told of behind a difference
};

ItemRef ref(const Item& item);

}  // namespace stream
