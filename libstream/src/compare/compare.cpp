#include "stream/compare/compare.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "item_compare.hpp"
#include "kinds.hpp"
#include "lane.hpp"
#include "side.hpp"

namespace stream {
namespace {

constexpr std::size_t kPairBudget = std::size_t{1} << 22;
// Of a live stream: how far ahead an item is looked for among the expected ones.
constexpr std::size_t kLookAhead = 64;

ItemRef ref(const Item& item) { return {item.kind, item.direction, item.number, item.t, item.offset, item.line, {}}; }

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
        sink_(sink),
        comparer_(options.values, options.limits),
        expected_(expected, result_.expected),
        actual_(actual, result_.actual) {}

  Result<Comparison> run() {
    STREAM_TRY(expected_.open());
    STREAM_TRY(actual_.open());
    compare_answers();
    auto kind = options_.kind ? options_.kind : common_kind(expected_.head, actual_.head);
    // An answer without a body may be anything, and whether it is one is known at its end.
    DecodeOptions decode;
    decode.noise = options_.noise;
    decode.limits = options_.limits;
    decode.findings = options_.findings;
    if (!kind || is_plain(*kind) || *kind == StreamKind::websocket) {
      if (!live()) {
        STREAM_TRY(expected_.load());
        STREAM_TRY(actual_.load());
      }
      if (!kind && !options_.kind) kind = common_kind(expected_.head, actual_.head);
      if (kind) decode.body = common_form(expected_.head.exchange, actual_.head.exchange, options_.limits);
    }
    decode.source = options_.expected_source;
    expected_.decode_as(kind.value_or(expected_.head.exchange.kind()), decode);
    decode.source = options_.actual_source;
    actual_.decode_as(kind.value_or(actual_.head.exchange.kind()), decode);
    if (!kind) {
      add_value(Subject::stream_kind, std::string(to_string(result_.expected.kind)), std::string(to_string(result_.actual.kind)));
    }
    if (sink_ != nullptr) STREAM_TRY(sink_->begin(result_.expected, result_.actual, said_));
    said_.clear();
    if (kind) {
      STREAM_TRY(compare_items());
    } else {
      STREAM_TRY(drain(expected_));
      STREAM_TRY(drain(actual_));
    }
    expected_.finish();
    actual_.finish();
    said_.clear();
    if (!result_.stopped) compare_endings();
    if (sink_ != nullptr) STREAM_TRY(sink_->end(result_, said_));
    return std::move(result_);
  }

 private:
  enum class Which : std::uint8_t { expected, actual };

  bool live() const { return expected_.live() || actual_.live(); }
  bool full() const { return !options_.count_all && result_.total >= options_.max_differences; }
  bool wants_values() const { return sink_ != nullptr || result_.differences.size() < options_.max_differences; }

  void add(Difference difference) {
    if (full()) {
      result_.stopped = true;
      return;
    }
    ++result_.total;
    ++result_.by_change[static_cast<std::size_t>(difference.change)];
    if (sink_ != nullptr) said_.push_back(difference);
    if (result_.differences.size() < options_.max_differences) result_.differences.push_back(std::move(difference));
  }

  void add_value(Subject subject, std::string expected, std::string actual) {
    // The kind cannot be ignored: bodies of different kinds would pass without having been compared.
    if (subject != Subject::stream_kind && options_.values.noise.ignores(to_string(subject))) return;
    Difference difference;
    difference.subject = subject;
    difference.expected_value = {ShownValue::Form::text, std::move(expected)};
    difference.actual_value = {ShownValue::Form::text, std::move(actual)};
    add(std::move(difference));
  }

  void compare_answers() {
    const Exchange& e = expected_.head.exchange;
    const Exchange& a = actual_.head.exchange;
    if (!expected_.head.bare && !actual_.head.bare) {
      const auto shown = [](int status) { return status == 0 ? std::string("no answer") : std::to_string(status); };
      // A recorded pipe has neither a request nor an answer.
      const bool known = (e.request || e.response) && (a.request || a.response);
      if (known && e.status() != a.status()) add_value(Subject::status, shown(e.status()), shown(a.status()));
    }
    const std::string type_e = content_type(e);
    const std::string type_a = content_type(a);
    if (!type_e.empty() && !type_a.empty() && type_e != type_a) add_value(Subject::content_type, type_e, type_a);
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

  /// Reads more items of a side, unless it has ended.
  Status read(Which which) {
    read_.clear();
    STREAM_ASSIGN(const bool more, side(which).read(read_));
    if (!more && options_.truncation == Truncation::allowed && is_cut(summary(which))) drop_unfinished(which);
    for (Item& item : read_) {
      if (is_void(item)) continue;
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
    if (live()) return compare_live();
    for (;;) {
      for (const Which which : {Which::expected, Which::actual}) {
        while (!side(which).finished() && !window_full(which)) STREAM_TRY(read(which));
      }
      if (expected_.finished() && actual_.finished()) return compare_rest();
      // What is equal needs no alignment.
      bool moved_on = false;
      for (Lane& lane : lanes_) {
        STREAM_ASSIGN(const bool some, pass_equal(lane));
        moved_on = moved_on || some;
      }
      if (moved_on) continue;
      STREAM_TRY(compare_window());
      if (result_.stopped) return {};
    }
  }

  /// Takes off what both begin with.
  Result<bool> pass_equal(Lane& lane) {
    bool some = false;
    while (!lane.expected.empty() && !lane.actual.empty() &&
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
  Status compare_window() {
    // The lane in which there is most to do; the other has no partners to offer for now.
    const auto size = [](const Lane& lane) { return lane.expected.size() + lane.actual.size(); };
    Lane& lane = size(lanes_[0]) >= size(lanes_[1]) ? lanes_[0] : lanes_[1];
    std::size_t budget = kPairBudget / 16;
    LaneAlignment alignment = align_lane(lane, lane.expected.size(), lane.actual.size(), comparer_, options_.align, budget);
    result_.bounded = result_.bounded || alignment.bounded;
    std::vector<LaneStep>& steps = alignment.steps;
    // Behind the last of three equal items in a row, and not at the very end, where partners may be missing yet.
    std::size_t commit = 0;
    std::size_t run = 0;
    std::size_t i = 0;
    std::size_t j = 0;
    const auto near_end = [&](Which which, std::size_t at, std::size_t count) {
      return !side(which).finished() && at > count - count / 8;
    };
    for (std::size_t k = 0; k < steps.size(); ++k) {
      if (steps[k].expected != LaneStep::kNone) i = steps[k].expected + 1;
      if (steps[k].actual != LaneStep::kNone) j = steps[k].actual + 1;
      run = steps[k].equal ? run + 1 : 0;
      if (near_end(Which::expected, i, lane.expected.size()) || near_end(Which::actual, j, lane.actual.size())) break;
      if (run >= 3) commit = k + 1;
    }
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
    return commit_steps(lane, steps);
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
      if (full() && !step.equal) {
        result_.stopped = true;
        return {};
      }
      STREAM_TRY(say_step(lane, step));
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
      if (full() && !each.step.equal) {
        result_.stopped = true;
        return {};
      }
      STREAM_TRY(say_step(*each.lane, each.step));
    }
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

  /// What has arrived is compared with what is expected next; nothing waits for what has not.
  Status compare_live() {
    for (;;) {
      while (!expected_.finished() && !window_full(Which::expected)) STREAM_TRY(read(Which::expected));
      if (options_.allow_extra && expected_.finished() && waiting(Which::expected) == 0) {
        result_.extra_allowed = true;  // not read further
        return {};
      }
      if (actual_.finished()) return compare_rest();
      STREAM_TRY(read(Which::actual));
      if (actual_.finished()) continue;
      for (Lane& lane : lanes_) {
        while (!lane.actual.empty()) {
          STREAM_ASSIGN(const bool some, pass_equal(lane));
          if (some) continue;
          if (lane.expected.empty() && !expected_.finished()) break;
          std::size_t budget = kPairBudget / 16;
          const std::size_t ahead = std::min(lane.expected.size(), lane.actual.size() + kLookAhead);
          LaneAlignment alignment = align_lane(lane, ahead, lane.actual.size(), comparer_, options_.align, budget);
          // Expected items behind the last that has a partner may still come.
          while (!alignment.steps.empty() && alignment.steps.back().actual == LaneStep::kNone) alignment.steps.pop_back();
          STREAM_TRY(commit_steps(lane, alignment.steps));
          if (result_.stopped) return {};
        }
      }
    }
  }

  // What is said.

  Status say_step(Lane& lane, const LaneStep& step) {
    using enum CompareStep::Kind;
    const Item* const e = step.expected == LaneStep::kNone ? nullptr : &lane.expected[step.expected].item;
    const Item* const a = step.actual == LaneStep::kNone ? nullptr : &lane.actual[step.actual].item;
    said_.clear();
    CompareStep told;
    told.expected = e;
    told.actual = a;
    if (step.equal) {
      told.kind = equal;
    } else if (step.moved) {
      told.kind = moved;
      add_whole(lane, step, e, a);
    } else if (e != nullptr && a != nullptr) {
      auto found = comparer_.compare(*e, *a);
      if (!found.empty()) ++result_.items_differing;
      for (Difference& difference : found) {
        difference.expected = ref(*e);
        difference.actual = ref(*a);
        add(std::move(difference));
      }
      told.kind = found.empty() ? equal : changed;
    } else {
      told.kind = e != nullptr ? missing : extra;
      add_whole(lane, step, e, a);
    }
    if (sink_ == nullptr) return {};
    told.differences = said_;
    return sink_->step(told);
  }

  /// An item without a partner, or at another place.
  void add_whole(Lane& lane, const LaneStep& step, const Item* e, const Item* a) {
    ++result_.items_differing;
    Difference difference;
    difference.subject = Subject::item;
    difference.change = step.moved ? ValueChange::moved : e != nullptr ? ValueChange::missing : ValueChange::extra;
    if (e != nullptr) {
      difference.expected = ref(*e);
      difference.expected.fields = e->fields;
    }
    if (a != nullptr) {
      difference.actual = ref(*a);
      difference.actual.fields = a->fields;
    }
    if (wants_values()) {
      const bool left = e != nullptr;
      ShownValue& value = left ? difference.expected_value : difference.actual_value;
      value = comparer_.shown(left ? *e : *a);
      const auto& items = left ? lane.expected : lane.actual;
      const std::size_t at = left ? step.expected : step.actual;
      const auto tell_apart = [&](const Item& other) {
        value.focus = std::max(value.focus, first_difference(value.text, comparer_.shown(other).text));
      };
      if (at > 0) {
        tell_apart(items[at - 1].item);
      } else if (const auto& last = left ? last_e_ : last_a_; last) {
        tell_apart(*last);
      }
      if (at + 1 < items.size()) tell_apart(items[at + 1].item);
    }
    add(std::move(difference));
  }

  void compare_endings() {
    const auto& e = result_.expected;
    const auto& a = result_.actual;
    if (e.cut_off == a.cut_off && e.end_reason == a.end_reason) return;
    if (result_.extra_allowed) return;
    if (options_.truncation == Truncation::allowed && (is_cut(e) || is_cut(a))) return;
    const auto shown = [](const SideSummary& side) { return side.cut_off ? std::string("cut off") : side.end_reason; };
    add_value(Subject::ending, shown(e), shown(a));
  }

  const CompareOptions& options_;
  CompareSink* sink_;
  Comparison result_;
  ItemComparer comparer_;
  Side expected_;
  Side actual_;
  std::array<Lane, 2> lanes_;           ///< received, sent
  std::array<std::size_t, 2> bytes_{};  ///< of the data of the items that wait, by side
  std::vector<Item> read_;
  std::optional<Item> last_e_;  ///< the last one that was taken off, on each side
  std::optional<Item> last_a_;
  std::vector<Difference> said_;  ///< for the sink: since it heard something last
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
