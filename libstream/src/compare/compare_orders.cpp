// Items that need not stand in order, or not next to each other.
#include <algorithm>
#include <utility>

#include "bag.hpp"
#include "stream_comparison.hpp"

namespace stream {

Status StreamComparison::compare_bag(const PathPattern* key) {
  Bag bag(options_, comparer_, teller_, key);
  std::array<std::size_t, 2> taken{};
  // The sides go on in step, whatever came together, so that what waits is as little as can be.
  for (std::array<bool, 2> done{}; !(done[0] && done[1]);) {
    const bool ahead = live() && bag.waiting(Bag::Which::expected) < options_.window / 2;
    const std::size_t at = done[1] || (!done[0] && (taken[0] <= taken[1] || ahead)) ? 0 : 1;
    if (at == 1 && options_.allow_extra && done[0] && bag.waiting(Bag::Which::expected) == 0) {
      early_ = true;
      result_.extra_allowed = true;
      return {};
    }
    const Which which = at == 0 ? Which::expected : Which::actual;
    STREAM_ASSIGN(auto item, next_item(which));
    done[at] = !item;
    if (!item) continue;
    ++taken[at];
    STREAM_TRY(bag.add(at == 0 ? Bag::Which::expected : Bag::Which::actual, std::move(*item), result_.windowed));
    if (at == 1 && waiting(which) == 0) STREAM_TRY(tell_texts());
    if (over()) return {};
  }
  for (const auto which : {Bag::Which::expected, Bag::Which::actual}) {
    for (Item& item : bag.take_rest(which)) {
      Lane& lane = lanes_[item.direction == Direction::receive ? 0 : 1];
      (which == Bag::Which::expected ? lane.expected : lane.actual).push_back({std::move(item), {}});
    }
  }
  bytes_ = {};
  // What is left of both is alike, or has another key.
  return key == nullptr ? compare_rest() : tell_rest();
}

Result<std::optional<Item>> StreamComparison::next_item(Which which) {
  while (waiting(which) == 0) {
    if (side(which).finished()) return std::optional<Item>();
    STREAM_TRY(read(which));
  }
  auto& received = queue(which, Direction::receive);
  auto& sent = queue(which, Direction::send);
  auto& from =
      received.empty() || (!sent.empty() && sent.front().item.position < received.front().item.position) ? sent : received;
  std::optional<Item> item(std::move(from.front().item));
  from.pop_front();
  bytes_[static_cast<std::size_t>(which)] -= item->data.size();
  return item;
}

Status StreamComparison::tell_rest() {
  for (Lane& lane : lanes_) {
    std::vector<LaneStep> steps;
    for (std::size_t i = 0; i < lane.expected.size(); ++i) steps.push_back({i, LaneStep::kNone, false, false});
    drop_tail(steps);
    const std::size_t missing = steps.size();
    for (std::size_t j = 0; j < lane.actual.size(); ++j) steps.push_back({LaneStep::kNone, j, false, false});
    std::vector<LaneStep> extra(steps.begin() + static_cast<std::ptrdiff_t>(missing), steps.end());
    drop_tail(extra);
    steps.resize(missing);
    steps.insert(steps.end(), extra.begin(), extra.end());
    for (const LaneStep& step : steps) {
      if (over()) return {};
      STREAM_TRY(say_step(lane, step));
    }
    lane = {};
  }
  return {};
}

Status StreamComparison::compare_subsequence() {
  bool forgot = false;
  for (;;) {
    while (!expected_.finished() && !window_full(Which::expected)) STREAM_TRY(read(Which::expected));
    for (Lane& lane : lanes_) {
      // In a lane all actual items but those that came last were looked at: none is the expected one.
      std::size_t& seen = passed_[&lane == &lanes_[0] ? 0 : 1];
      while (seen < lane.actual.size() && !lane.expected.empty() && !over()) {
        if (!equal_items(comparer_, lane.expected.front().item, lane.actual[seen].item)) {
          ++seen;
          continue;
        }
        STREAM_TRY(say_step(lane, {0, seen, true, false}));
        result_.between += seen;
        take(lane, 1, seen + 1);
        seen = 0;
      }
      while (seen > options_.window || (seen > 0 && bytes_[1] > options_.window_bytes)) {
        forgot = true;
        ++result_.between;
        take(lane, 0, 1);
        --seen;
      }
    }
    if (over()) return {};
    if (expected_.finished() && waiting(Which::expected) == 0) {
      if (live() || actual_.finished()) break;
      for (Lane& lane : lanes_) {
        result_.between += lane.actual.size();
        take(lane, 0, lane.actual.size());
      }
      passed_ = {};
    }
    if (actual_.finished()) break;
    STREAM_TRY(read(Which::actual));
    STREAM_TRY(tell_texts());
  }
  if (waiting(Which::expected) == 0) {
    result_.between += waiting(Which::actual);
    early_ = !actual_.finished();
    return {};
  }
  result_.windowed = forgot;
  return compare_rest();
}

}  // namespace stream
