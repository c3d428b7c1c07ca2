// Items in order, of which windows are there on both sides: what is equal is passed by, the rest is aligned.
#include <algorithm>
#include <utility>

#include "line_scan.hpp"
#include "noise_matcher.hpp"
#include "stream_comparison.hpp"

namespace stream {
namespace {

constexpr std::size_t kPairBudget = std::size_t{1} << 22;
// Around a difference between lines that are not decoded as long as they are equal, so many items are aligned before a whole
// window is; that is good enough where so many equal ones in a row follow.
constexpr std::size_t kSmallWindow = 32;
constexpr std::size_t kSure = 8;
// Lines must be shorter than this to be passed over: what is longer may be longer than the limit.
constexpr std::size_t kLongestPassed = std::size_t{1} << 20;

}  // namespace

Status StreamComparison::compare_windows() {
  const std::optional<ItemKind> kind = kind_of_passed_lines();
  std::size_t target = kind ? 1 : options_.window;  // so many items are to wait
  for (;;) {
    if (kind && waiting(Which::expected) == 0 && waiting(Which::actual) == 0) {
      STREAM_TRY(pass_lines(*kind));
      target = std::max<std::size_t>({1, teller_.wanted(), teller_.wanted_before()});
    }
    for (const Which which : {Which::expected, Which::actual}) {
      while (!side(which).finished() && !window_full(which) && waiting(which) < target)
        STREAM_TRY(read(which, target - waiting(which)));
    }
    if (expected_.finished() && actual_.finished()) return compare_rest();
    // What is equal needs no alignment.
    bool moved_on = false;
    for (Lane& lane : lanes_) {
      STREAM_ASSIGN(const bool some, pass_equal(lane));
      moved_on = moved_on || some;
    }
    if (moved_on) continue;
    if (all_has_come()) return {};
    if (target < kSmallWindow && kSmallWindow < options_.window) {
      target = kSmallWindow;
    } else if (target < options_.window) {
      STREAM_ASSIGN(const bool done, compare_window(true));
      if (!done) target = options_.window;
    } else {
      STREAM_ASSIGN(const bool done, compare_window(false));
      (void)done;
    }
    if (over()) return {};
  }
}

std::optional<ItemKind> StreamComparison::kind_of_passed_lines() const {
  if (teller_.sees_all() || !options_.join.empty() || options_.until || options_.limits.max_entry < kLongestPassed) return {};
  const auto kind = expected_.kind_of_lines();
  return kind == actual_.kind_of_lines() ? kind : std::nullopt;
}

Status StreamComparison::pass_lines(ItemKind kind) {
  const bool json = kind == ItemKind::record;
  Item item;
  item.kind = kind;
  const JsonComparer::State root = json ? comparer_.root(item) : NoiseMatcher::kNothing;
  // Without rules there is little that is equal though its bytes are not, and it need not be found fast.
  const bool in_step = root != NoiseMatcher::kNothing;
  if (in_step && !lockstep_) lockstep_.emplace(comparer_.json(), root, options_.limits);
  std::size_t walked = 0;
  for (;;) {
    if (teller_.wanted() != 0 || comparer_.looks_into_equal()) return {};
    STREAM_ASSIGN(const std::string_view expected, expected_.lines());
    STREAM_ASSIGN(const std::string_view actual, actual_.lines());
    if (expected.empty() || actual.empty()) return {};
    PassedLines passed;
    if (const EqualLines equal = equal_lines(expected, actual, json); equal.lines != 0) {
      passed = {equal.bytes, equal.bytes, equal.lines};
    } else if (in_step && !comparer_.json().matcher().searching()) {
      passed = lockstep_->pass(expected, actual, expected_.tokens(), expected_.lines_begin());
      walked += passed.lines;
      if (passed.lines != 0) expected_.want_tokens(true);
    }
    // The last ones are told of before a difference.
    const std::size_t kept = teller_.wanted_before();
    if (kept != 0 && passed.lines != 0) {
      if (passed.lines <= kept) return {};
      for (std::size_t i = 0; i < kept; ++i) {
        passed.expected = expected.rfind('\n', passed.expected - 2) + 1;
        passed.actual = actual.rfind('\n', passed.actual - 2) + 1;
      }
      passed.lines -= kept;
    }
    if (passed.lines == 0) return {};
    last_e_ = passed_item(kind, expected.substr(0, passed.expected));
    last_a_ = passed_item(kind, actual.substr(0, passed.actual));
    expected_.skip(passed.expected, passed.lines);
    actual_.skip(passed.actual, passed.lines);
    STREAM_TRY(teller_.skipped(passed.lines));
    if (kept != 0) return {};
  }
}

Item StreamComparison::passed_item(ItemKind kind, std::string_view lines) {
  lines.remove_suffix(1);
  lines.remove_prefix(lines.rfind('\n') + 1);
  if (lines.ends_with('\r')) lines.remove_suffix(1);
  Item item;
  item.kind = kind;
  item.form = kind == ItemKind::record ? DataForm::value : DataForm::text;
  item.data = lines;
  return item;
}

Result<bool> StreamComparison::pass_equal(Lane& lane) {
  bool some = false;
  while (!over() && !lane.expected.empty() && !lane.actual.empty() &&
         equal_items(comparer_, lane.expected.front().item, lane.actual.front().item)) {
    STREAM_TRY(say_step(lane, {0, 0, true, false}));
    take(lane, 1, 1);
    some = true;
  }
  return some;
}

void StreamComparison::take(Lane& lane, std::size_t count_e, std::size_t count_a) {
  for (; count_e > 0; --count_e) {
    bytes_[0] -= lane.expected.front().item.data.size();
    last_e_ = std::move(lane.expected.front().item);
    lane.expected.pop_front();
  }
  for (; count_a > 0; --count_a) {
    bytes_[1] -= lane.actual.front().item.data.size();
    last_a_ = std::move(lane.actual.front().item);
    lane.actual.pop_front();
  }
}

Result<bool> StreamComparison::compare_window(bool small) {
  // The lane in which there is most to do; the other has no partners to offer for now.
  const auto size = [](const Lane& lane) { return lane.expected.size() + lane.actual.size(); };
  Lane& lane = size(lanes_[0]) >= size(lanes_[1]) ? lanes_[0] : lanes_[1];
  std::size_t budget = kPairBudget / 16;
  LaneAlignment alignment =
      align_lane(lane, lane.expected.size(), lane.actual.size(), comparer_, options_.align, budget, &second_);
  std::vector<LaneStep>& steps = alignment.steps;
  // Behind the last of three equal items in a row, and not at the very end, where partners may be missing yet.
  std::size_t commit = 0;
  std::size_t run = 0;
  std::size_t sure = 0;  // equal items in a row, none of them like the one before
  std::size_t i = 0;
  std::size_t j = 0;
  const auto near_end = [&](Which which, std::size_t at, std::size_t count) {
    return !side(which).finished() && at > count - count / 8;
  };
  for (std::size_t k = 0; k < steps.size(); ++k) {
    if (steps[k].expected != LaneStep::kNone) i = steps[k].expected + 1;
    if (steps[k].actual != LaneStep::kNone) j = steps[k].actual + 1;
    run = steps[k].equal ? run + 1 : 0;
    const bool other = steps[k].equal && (i < 2 || lane.expected[i - 1].item.data != lane.expected[i - 2].item.data);
    sure = !steps[k].equal ? 0 : sure + (other ? 1U : 0U);
    if (near_end(Which::expected, i, lane.expected.size()) || near_end(Which::actual, j, lane.actual.size())) break;
    if (small ? sure >= kSure : run >= 3) commit = k + 1;
  }
  if (small && commit == 0) return false;
  result_.bounded = result_.bounded || alignment.bounded;
  if (commit == 0) {
    // Nothing in common: half of the windows is compared as well as it goes.
    result_.windowed = true;
    const std::size_t half_e = (lane.expected.size() + 1) / 2;
    const std::size_t half_a = (lane.actual.size() + 1) / 2;
    for (std::size_t k = 0; k < steps.size(); ++k) {
      const bool beyond = (steps[k].expected != LaneStep::kNone && steps[k].expected >= half_e) ||
                          (steps[k].actual != LaneStep::kNone && steps[k].actual >= half_a);
      if (beyond) break;
      commit = k + 1;
    }
    if (commit == 0) commit = 1;
  }
  steps.resize(commit);
  STREAM_TRY(commit_steps(lane, steps));
  return true;
}

Status StreamComparison::commit_steps(Lane& lane, std::vector<LaneStep>& steps) {
  std::size_t count_e = 0;
  std::size_t count_a = 0;
  for (const LaneStep& step : steps) {
    if (step.expected != LaneStep::kNone) count_e = step.expected + 1;
    if (step.actual != LaneStep::kNone) count_a = step.actual + 1;
  }
  find_moved(lane, comparer_, steps);
  for (const LaneStep& step : steps) {
    STREAM_TRY(say_step(lane, step));
    if (over()) return {};
  }
  take(lane, count_e, count_a);
  return {};
}

Status StreamComparison::compare_rest() {
  struct Placed {
    Lane* lane;
    LaneStep step;
    std::size_t position;  // twice the expected position, less one for what stands before it
  };
  std::vector<Placed> placed;
  std::size_t budget = kPairBudget;
  for (Lane& lane : lanes_) {
    LaneAlignment alignment = align_lane(lane, lane.expected.size(), lane.actual.size(), comparer_, options_.align, budget);
    result_.bounded = result_.bounded || alignment.bounded;
    drop_tail(alignment.steps);
    find_moved(lane, comparer_, alignment.steps);
    std::size_t next = 0;  // the expected item that comes next
    for (const LaneStep& step : alignment.steps) {
      std::size_t position = SIZE_MAX;
      if (step.expected != LaneStep::kNone) {
        position = 2 * lane.expected[step.expected].item.position;
        next = step.expected + 1;
      } else if (next < lane.expected.size()) {
        position = 2 * lane.expected[next].item.position;
        position -= position == 0 ? 0 : 1;
      }
      placed.push_back({&lane, step, position});
    }
  }
  std::stable_sort(placed.begin(), placed.end(), [](const Placed& a, const Placed& b) { return a.position < b.position; });
  for (const Placed& each : placed) {
    if (over()) {
      result_.stopped = true;
      return {};
    }
    STREAM_TRY(say_step(*each.lane, each.step));
  }
  for (Lane& lane : lanes_) lane = {};
  return {};
}

void StreamComparison::drop_tail(std::vector<LaneStep>& steps) {
  const bool allowed = options_.truncation == Truncation::allowed;
  const bool cut_e = allowed && is_cut(result_.expected);
  const bool cut_a = allowed && is_cut(result_.actual);
  while (!steps.empty()) {
    const LaneStep& last = steps.back();
    if (last.pair()) return;
    if (last.expected == LaneStep::kNone ? cut_e : cut_a) {
      ++result_.after_cut;
    } else if (last.expected == LaneStep::kNone && options_.allow_extra) {
      result_.extra_allowed = true;
    } else {
      return;
    }
    steps.pop_back();
  }
}

}  // namespace stream
