// Items of a stream that arrives: each is compared at once, and what was said of it may turn out to be otherwise.
#include <algorithm>
#include <utility>

#include "stream_comparison.hpp"

namespace stream {
namespace {

// How far ahead an item is looked for among the expected ones, and how many of those that were said to have changed may still
// come.
constexpr std::size_t kLookAhead = 64;
constexpr std::size_t kLookBack = 8;

}  // namespace

Status StreamComparison::compare_live() {
  std::array<std::vector<Waiting>, 2> replaced;  // expected items that came as others, or are late; the last kLookBack of them
  for (;;) {
    while (!expected_.finished() && !window_full(Which::expected)) STREAM_TRY(read(Which::expected));
    if (all_has_come()) return {};
    if (actual_.finished()) return compare_rest();
    STREAM_TRY(read(Which::actual));
    if (actual_.finished() && options_.truncation == Truncation::allowed && is_cut(result_.actual)) continue;
    for (std::size_t direction = 0; direction < lanes_.size(); ++direction) {
      Lane& lane = lanes_[direction];
      while (!lane.actual.empty()) {
        while (lane.expected.empty() && !expected_.finished()) STREAM_TRY(read(Which::expected));
        if (lane.expected.empty() && options_.allow_extra) {
          result_.extra_allowed = true;
          take(lane, 0, 1);
          continue;
        }
        STREAM_TRY(compare_arrived(lane, replaced[direction]));
        if (over()) return {};
      }
    }
    STREAM_TRY(tell_texts());
    if (over()) return {};
  }
}

Status StreamComparison::compare_arrived(Lane& lane, std::vector<Waiting>& replaced) {
  const Item& actual = lane.actual.front().item;
  const auto is_actual = [&](const Waiting& expected) { return equal_items(comparer_, expected.item, actual); };
  if (!lane.expected.empty() && is_actual(lane.expected.front())) {
    STREAM_TRY(say_step(lane, {0, 0, true, false}));
    take(lane, 1, 1);
    replaced.clear();
    return {};
  }
  // One came that was not expected, and what was taken for changed comes now: those behind it are expected again.
  if (const auto late = std::find_if(replaced.begin(), replaced.end(), is_actual); late != replaced.end()) {
    STREAM_TRY(teller_.pair(late->item, actual, true));
    take(lane, 0, 1);
    for (auto again = replaced.end(); again != late + 1; --again) {
      bytes_[0] += std::prev(again)->item.data.size();
      lane.expected.push_front(std::move(*std::prev(again)));
    }
    replaced.clear();
    return {};
  }
  const auto end = lane.expected.begin() + static_cast<std::ptrdiff_t>(std::min(lane.expected.size(), kLookAhead));
  if (const auto ahead = std::find_if(lane.expected.begin(), end, is_actual); ahead != end) {
    for (auto skipped = ahead - lane.expected.begin(); skipped > 0 && !over(); --skipped) {
      STREAM_TRY(say_step(lane, {0, LaneStep::kNone, false, false}));
      take(lane, 1, 0);
    }
    return {};
  }
  if (lane.expected.empty() || lane.expected.front().item.kind != actual.kind) {
    STREAM_TRY(say_step(lane, {LaneStep::kNone, 0, false, false}));
    take(lane, 0, 1);
    return {};
  }
  STREAM_TRY(say_step(lane, {0, 0, false, false}));
  if (replaced.size() == kLookBack) replaced.erase(replaced.begin());
  replaced.push_back(lane.expected.front());
  take(lane, 1, 1);
  return {};
}

}  // namespace stream
