#include "stream/compare/compare.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "bag.hpp"
#include "item_compare.hpp"
#include "join.hpp"
#include "kinds.hpp"
#include "lane.hpp"
#include "line_scan.hpp"
#include "lockstep.hpp"
#include "noise_matcher.hpp"
#include "side.hpp"
#include "teller.hpp"

namespace stream {
namespace {

constexpr std::size_t kPairBudget = std::size_t{1} << 22;
// Of a live stream: how far ahead an item is looked for among the expected ones, and how many of those that were said to have
// changed may still come.
constexpr std::size_t kLookAhead = 64;
constexpr std::size_t kLookBack = 8;
// Around a difference between lines that are not decoded as long as they are equal, so many items are aligned before a whole
// window is; that is good enough where so many equal ones in a row follow.
constexpr std::size_t kSmallWindow = 32;
constexpr std::size_t kSure = 8;
// Lines must be shorter than this to be passed over: what is longer may be longer than the limit.
constexpr std::size_t kLongestPassed = std::size_t{1} << 20;

bool is_cut(const SideSummary& side) { return side.cut_off || side.end_reason != "eof"; }

/// Takes off what the cut left of the last item.
bool is_unfinished(const Item& item, const Limits& limits) {
  const auto truncated = [](const ItemField& field) {
    return (field.name == "state" && field.value == "truncated") || (field.name == "newline" && field.value == "none");
  };
  const bool cut_record = item.kind == ItemKind::record && item.form == DataForm::value && !parse_json(item.data, limits);
  return item.kind == ItemKind::unfinished || cut_record || std::any_of(item.fields.begin(), item.fields.end(), truncated);
}

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

  Result<Comparison> run() {
    STREAM_TRY(expected_.open());
    STREAM_TRY(actual_.open());
    compare_answers();
    auto kind = options_.kind ? options_.kind : common_kind(expected_.head, actual_.head);
    // An answer without a body may be anything, and whether it is one is known at its end.
    DecodeOptions decode;
    decode.noise = options_.noise;
    decode.chunks = options_.chunks;
    decode.limits = options_.limits;
    decode.findings = options_.findings;
    if (needs_whole(kind)) {
      STREAM_TRY(expected_.load());
      STREAM_TRY(actual_.load());
      if (!kind && !options_.kind) kind = common_kind(expected_.head, actual_.head);
      if (kind) decode.body = common_form(expected_.head.exchange, actual_.head.exchange, options_.limits);
    }
    decode.source = options_.expected_source;
    expected_.decode_as(kind.value_or(expected_.head.exchange.kind()), decode, options_.until);
    decode.source = options_.actual_source;
    actual_.decode_as(kind.value_or(actual_.head.exchange.kind()), decode, options_.until);
    if (!kind) {
      teller_.add_value(Subject::stream_kind, std::string(to_string(result_.expected.kind)),
                        std::string(to_string(result_.actual.kind)));
    }
    STREAM_TRY(teller_.begin());
    if (kind) {
      STREAM_TRY(compare_items());
    } else {
      STREAM_TRY(drain(expected_));
      STREAM_TRY(drain(actual_));
    }
    const bool complete = !result_.stopped && !teller_.full();
    if (complete && kind) {
      const bool allowed = options_.truncation == Truncation::allowed;
      for (Difference& difference :
           texts_.finish(early_ || (allowed && is_cut(result_.expected)), allowed && is_cut(result_.actual)))
        teller_.add(std::move(difference));
      STREAM_TRY(teller_.finish_timing(!early_));
    }
    result_.stopped = result_.stopped || (!complete && (!expected_.finished() || !actual_.finished() || waiting_anywhere()));
    expected_.finish();
    actual_.finish();
    if (!result_.stopped) compare_endings();
    STREAM_TRY(teller_.end());
    return std::move(result_);
  }

 private:
  enum class Which : std::uint8_t { expected, actual };

  bool live() const { return actual_.live(); }

  /// What an ordinary body is, and of a WebSocket that was declined, is seen in all of it; others are cut as their kind says.
  bool needs_whole(std::optional<StreamKind> kind) const {
    if (!kind || *kind == StreamKind::http) return true;
    if (*kind != StreamKind::websocket) return false;
    const auto begins_with_data = [](const SideHead& head) {
      return head.exchange.timeline.empty() || head.exchange.timeline.front().kind == EventKind::data;
    };
    return begins_with_data(expected_.head) || begins_with_data(actual_.head);
  }

  void compare_answers() {
    const Exchange& e = expected_.head.exchange;
    const Exchange& a = actual_.head.exchange;
    if (!expected_.head.bare && !actual_.head.bare) {
      const auto shown = [](int status) { return status == 0 ? std::string("no answer") : std::to_string(status); };
      // A recorded pipe has neither a request nor an answer.
      const bool known = (e.request || e.response) && (a.request || a.response);
      if (known && e.status() != a.status()) teller_.add_value(Subject::status, shown(e.status()), shown(a.status()));
    }
    const std::string type_e = content_type(e);
    const std::string type_a = content_type(a);
    if (!type_e.empty() && !type_a.empty() && type_e != type_a) teller_.add_value(Subject::content_type, type_e, type_a);
  }

  Status drain(Side& side) {
    std::vector<Item> items;
    for (;;) {
      items.clear();
      STREAM_ASSIGN(const bool more, side.read(items));
      if (!more) return {};
    }
  }

  // Items.

  std::deque<Waiting>& queue(Which which, Direction direction) {
    Lane& lane = lanes_[direction == Direction::receive ? 0 : 1];
    return which == Which::expected ? lane.expected : lane.actual;
  }
  bool waiting_anywhere() { return waiting(Which::expected) + waiting(Which::actual) > 0; }
  Side& side(Which which) { return which == Which::expected ? expected_ : actual_; }
  std::size_t waiting(Which which) { return queue(which, Direction::receive).size() + queue(which, Direction::send).size(); }
  bool window_full(Which which) {
    return waiting(which) >= options_.window || bytes_[static_cast<std::size_t>(which)] >= options_.window_bytes;
  }

  /// A block that sets only what is ignored is not there.
  bool is_void(const Item& item) {
    return item.kind == ItemKind::id_block && std::all_of(item.fields.begin(), item.fields.end(),
                                                          [&](const ItemField& field) { return comparer_.ignores(item, field); });
  }

  bool is_left_out(const Item& item) const {
    return item.kind == ItemKind::event && !item.fields.empty() &&
           std::find(options_.left_out_events.begin(), options_.left_out_events.end(), item.fields.front().value) !=
               options_.left_out_events.end();
  }

  /// Reads more items of a side, unless it has ended.
  Status read(Which which, std::size_t lines = SIZE_MAX) {
    read_.clear();
    STREAM_ASSIGN(const bool more, side(which).read(read_, lines));
    if (!more && options_.truncation == Truncation::allowed && is_cut(summary(which))) drop_unfinished(which);
    for (Item& item : read_) {
      if (is_void(item) || is_left_out(item)) continue;
      if (!options_.join.empty() && !joiners_[static_cast<std::size_t>(which)].take(item)) continue;
      bytes_[static_cast<std::size_t>(which)] += item.data.size();
      const Direction direction = item.direction;
      queue(which, direction).push_back({std::move(item), {}});
    }
    // The end was seen together with the last items.
    if (more && side(which).finished() && options_.truncation == Truncation::allowed && is_cut(summary(which)))
      drop_unfinished(which);
    return {};
  }
  const SideSummary& summary(Which which) const { return which == Which::expected ? result_.expected : result_.actual; }

  void drop_unfinished(Which which) {
    for (const Direction direction : {Direction::receive, Direction::send}) {
      auto& items = queue(which, direction);
      if (!items.empty() && is_unfinished(items.back().item, options_.limits)) {
        bytes_[static_cast<std::size_t>(which)] -= items.back().item.data.size();
        items.pop_back();
      }
    }
  }

  Status compare_items() {
    switch (options_.order) {
      case Order::unordered:
        return compare_bag(nullptr);
      case Order::by_key:
        return compare_bag(&options_.key);
      case Order::subsequence:
        return compare_subsequence();
      case Order::strict:
        break;
    }
    return live() ? compare_live() : compare_windows();
  }

  /// What the actual side goes on with is not read further.
  bool all_has_come() {
    if (!options_.allow_extra || !expected_.finished() || waiting(Which::expected) != 0) return false;
    early_ = true;
    result_.extra_allowed = result_.extra_allowed || waiting(Which::actual) != 0;
    return true;
  }
  /// Nothing more is to be found out.
  bool over() const { return result_.stopped || teller_.full(); }
  /// What joined texts differ in by now. Of a live stream it is told at once.
  Status tell_texts() {
    if (!live()) return {};
    auto found = texts_.found();
    if (found.empty()) return {};
    for (Difference& difference : found) teller_.add(std::move(difference));
    return teller_.tell_texts();
  }

  Status compare_windows() {
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

  /// What the items of both sides are, if lines that are equal need not become items.
  std::optional<ItemKind> kind_of_passed_lines() const {
    if (teller_.sees_all() || !options_.join.empty() || options_.until || options_.limits.max_entry < kLongestPassed) return {};
    const auto kind = expected_.kind_of_lines();
    return kind == actual_.kind_of_lines() ? kind : std::nullopt;
  }

  /// Passes over lines that are equal, where nothing waits.
  Status pass_lines(ItemKind kind) {
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

  /// The last of the lines, as what its neighbour is told apart from.
  static Item passed_item(ItemKind kind, std::string_view lines) {
    lines.remove_suffix(1);
    lines.remove_prefix(lines.rfind('\n') + 1);
    if (lines.ends_with('\r')) lines.remove_suffix(1);
    Item item;
    item.kind = kind;
    item.form = kind == ItemKind::record ? DataForm::value : DataForm::text;
    item.data = lines;
    return item;
  }

  /// Takes off what both begin with.
  Result<bool> pass_equal(Lane& lane) {
    bool some = false;
    while (!over() && !lane.expected.empty() && !lane.actual.empty() &&
           equal_items(comparer_, lane.expected.front().item, lane.actual.front().item)) {
      STREAM_TRY(say_step(lane, {0, 0, true, false}));
      take(lane, 1, 1);
      some = true;
    }
    return some;
  }

  void take(Lane& lane, std::size_t count_e, std::size_t count_a) {
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

  /// Windows that begin with items that differ: compares them up to the last place where they are sure to be equal again.
  /// `small`: there is more to be seen than these windows; false if it is needed.
  Result<bool> compare_window(bool small) {
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

  /// Says the steps, which begin with the lane's first items, and takes those off.
  Status commit_steps(Lane& lane, std::vector<LaneStep>& steps) {
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

  /// Both sides have ended, and what is left of them is here: all of it is compared, in the order of the expected side.
  Status compare_rest() {
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

  /// What the other side has behind the end of one that was cut off is not missing, and what is allowed is not too much.
  void drop_tail(std::vector<LaneStep>& steps) {
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

  /// What has arrived is compared with what is expected next, item by item, so that a difference is told at once. Nothing depends
  /// on how many items came together.
  Status compare_live() {
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

  Status compare_arrived(Lane& lane, std::vector<Waiting>& replaced) {
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

  /// Items are opposite each other wherever they stand.
  Status compare_bag(const PathPattern* key) {
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

  /// The next item of a side, in either direction; nothing at its end.
  Result<std::optional<Item>> next_item(Which which) {
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

  Status tell_rest() {
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

  /// Each expected item is looked for behind the one before; what stands in between is passed over.
  Status compare_subsequence() {
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

  // What is said.

  Status say_step(Lane& lane, const LaneStep& step) {
    const Item* const e = step.expected == LaneStep::kNone ? nullptr : &lane.expected[step.expected].item;
    const Item* const a = step.actual == LaneStep::kNone ? nullptr : &lane.actual[step.actual].item;
    if (step.moved) return teller_.moved(*e, *a, neighbours(lane.expected, step.expected, last_e_));
    if (e != nullptr && a != nullptr) return teller_.pair(*e, *a, step.equal);
    if (e != nullptr) return teller_.missing(*e, neighbours(lane.expected, step.expected, last_e_));
    if (options_.order == Order::subsequence) {
      ++result_.between;
      return {};
    }
    return teller_.extra(*a, neighbours(lane.actual, step.actual, last_a_));
  }

  static Neighbours neighbours(const std::deque<Waiting>& items, std::size_t at, const std::optional<Item>& last) {
    Neighbours out;
    if (at > 0) {
      out.before = &items[at - 1].item;
    } else if (last) {
      out.before = &*last;
    }
    if (at + 1 < items.size()) out.behind = &items[at + 1].item;
    return out;
  }

  void compare_endings() {
    const auto& e = result_.expected;
    const auto& a = result_.actual;
    if (e.cut_off == a.cut_off && e.end_reason == a.end_reason) return;
    if (result_.extra_allowed || e.unread || a.unread) return;
    if (options_.truncation == Truncation::allowed && (is_cut(e) || is_cut(a))) return;
    const auto shown = [](const SideSummary& side) { return side.cut_off ? std::string("cut off") : side.end_reason; };
    teller_.add_value(Subject::ending, shown(e), shown(a));
  }

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

}  // namespace

std::string_view to_string(Subject subject) {
  constexpr std::array<std::string_view, 9> kNames{"status", "content-type", "kind",   "item",  "field",
                                                   "data",   "text",         "timing", "ending"};
  return kNames[static_cast<std::size_t>(subject)];
}

Result<Comparison> compare_streams(EventSource& expected, EventSource& actual, const CompareOptions& options, CompareSink* sink) {
  return StreamComparison(expected, actual, options, sink).run();
}

Result<Comparison> compare_exchanges(const Exchange& expected, const Exchange& actual, const CompareOptions& options,
                                     CompareSink* sink) {
  const auto e = events_of(expected);
  const auto a = events_of(actual);
  return compare_streams(*e, *a, options, sink);
}

}  // namespace stream
