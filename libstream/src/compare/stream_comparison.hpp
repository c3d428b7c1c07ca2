#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string_view>
#include <vector>

#include "item_compare.hpp"
#include "join.hpp"
#include "lane.hpp"
#include "lockstep.hpp"
#include "side.hpp"
#include "stream/compare/compare.hpp"
#include "teller.hpp"

namespace stream {

/// compare_streams(), once.
class StreamComparison {
 public:
  StreamComparison(EventSource& expected, EventSource& actual, const CompareOptions& options, CompareSink* sink)
      : options_(options),
        comparer_(options.values, options.limits),
        second_(options.values, options.limits),
        teller_(options, sink, comparer_, result_),
        expected_(expected, result_.expected, options.limits, options.expected_source, true),
        actual_(actual, result_.actual, options.limits, options.actual_source, false),
        joiners_{Joiner(options.join, comparer_, texts_, JoinedTexts::Which::expected, options.limits),
                 Joiner(options.join, comparer_, texts_, JoinedTexts::Which::actual, options.limits)} {}

  Result<Comparison> run();

 private:
  enum class Which : std::uint8_t { expected, actual };

  bool live() const { return actual_.live(); }
  static bool is_cut(const SideSummary& side) { return side.cut_off || side.end_reason != "eof"; }

  /// What an ordinary body is, and of a WebSocket that was declined, is seen in all of it; others are cut as their kind says.
  bool needs_whole(std::optional<StreamKind> kind) const;

  void compare_answers();

  Status drain(Side& side);

  // Items.

  std::deque<Waiting>& queue(Which which, Direction direction);
  bool waiting_anywhere() { return waiting(Which::expected) + waiting(Which::actual) > 0; }
  Side& side(Which which) { return which == Which::expected ? expected_ : actual_; }
  std::size_t waiting(Which which) { return queue(which, Direction::receive).size() + queue(which, Direction::send).size(); }
  bool window_full(Which which);

  /// A block that sets only what is ignored is not there.
  bool is_void(const Item& item);

  bool is_left_out(const Item& item) const;

  /// Reads more items of a side, unless it has ended.
  Status read(Which which, std::size_t lines = SIZE_MAX);
  const SideSummary& summary(Which which) const { return which == Which::expected ? result_.expected : result_.actual; }

  void drop_unfinished(Which which);

  Status compare_items();

  /// What the actual side goes on with is not read further.
  bool all_has_come();
  /// Nothing more is to be found out.
  bool over() const { return result_.stopped || teller_.full(); }
  /// What joined texts differ in by now. Of a live stream it is told at once.
  Status tell_texts();

  // In order, of what is there already: compare_windows.cpp.

  Status compare_windows();

  /// What the items of both sides are, if lines that are equal need not become items.
  std::optional<ItemKind> kind_of_passed_lines() const;

  /// Passes over lines that are equal, where nothing waits.
  Status pass_lines(ItemKind kind);

  /// The last of the lines, as what its neighbour is told apart from.
  static Item passed_item(ItemKind kind, std::string_view lines);

  /// Takes off what both begin with.
  Result<bool> pass_equal(Lane& lane);

  void take(Lane& lane, std::size_t count_e, std::size_t count_a);

  /// Windows that begin with items that differ: compares them up to the last place where they are sure to be equal again.
  /// `small`: there is more to be seen than these windows; false if it is needed.
  Result<bool> compare_window(bool small);

  /// Says the steps, which begin with the lane's first items, and takes those off.
  Status commit_steps(Lane& lane, std::vector<LaneStep>& steps);

  /// Both sides have ended, and what is left of them is here: all of it is compared, in the order of the expected side.
  Status compare_rest();

  /// What the other side has behind the end of one that was cut off is not missing, and what is allowed is not too much.
  void drop_tail(std::vector<LaneStep>& steps);

  // While it arrives: compare_live.cpp.

  /// What has arrived is compared with what is expected next, item by item, so that a difference is told at once. Nothing depends
  /// on how many items came together.
  Status compare_live();

  Status compare_arrived(Lane& lane, std::vector<Waiting>& replaced);

  // In other orders: compare_orders.cpp.

  /// Items are opposite each other wherever they stand.
  Status compare_bag(const PathPattern* key);

  /// The next item of a side, in either direction; nothing at its end.
  Result<std::optional<Item>> next_item(Which which);

  Status tell_rest();

  /// Each expected item is looked for behind the one before; what stands in between is passed over.
  Status compare_subsequence();

  // What is said.

  Status say_step(Lane& lane, const LaneStep& step);

  static Neighbours neighbours(const std::deque<Waiting>& items, std::size_t at, const std::optional<Item>& last);

  void compare_endings();

  const CompareOptions& options_;
  Comparison result_;
  ItemComparer comparer_;
  ItemComparer second_;  ///< for another thread
  Teller teller_;
  Side expected_;
  Side actual_;
  JoinedTexts texts_;
  std::array<Joiner, 2> joiners_;
  bool early_ = false;                   ///< the actual side was not read to its end, since all that is expected has come
  std::array<std::size_t, 2> passed_{};  ///< Order::subsequence: actual items at the front of each lane that are not expected
  std::array<Lane, 2> lanes_;            ///< received, sent
  std::array<std::size_t, 2> bytes_{};   ///< of the data of the items that wait, by side
  std::vector<Item> read_;
  std::optional<Lockstep> lockstep_;
  std::optional<Item> last_e_;  ///< the last one that was taken off, on each side
  std::optional<Item> last_a_;
};

}  // namespace stream
