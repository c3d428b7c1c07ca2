#include "stream/compare/compare.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "item_compare.hpp"

namespace stream {
namespace {

constexpr std::size_t kPairBudget = std::size_t{1} << 22;
// Events of different types that are less alike than this are two events, not one that changed.
constexpr int kOtherType = 400;

bool identical(const Item& a, const Item& b) {
  return a.kind == b.kind && a.direction == b.direction && a.form == b.form && a.data == b.data && a.fields == b.fields;
}

std::string_view type_of(const Item& item) {
  if (item.kind != ItemKind::event || item.fields.empty()) return {};
  return item.fields.front().value;
}

ItemRef ref(const Item& item) { return {item.kind, item.direction, item.number, item.t, item.offset, item.line, {}}; }

/// The items of one side that went in one direction, by their index.
using Lane = std::vector<const Item*>;

Lane lane_of(const std::vector<Item>& items, Direction direction) {
  Lane lane;
  for (const Item& item : items) {
    if (item.direction == direction) lane.push_back(&item);
  }
  return lane;
}

/// What is to be said about a lane: two items that stand opposite each other, or one that has no partner.
struct Step {
  bool equal = false;
  const Item* expected = nullptr;
  const Item* actual = nullptr;
  std::size_t position = 0;      // twice the expected position, less one for what stands before it
  const Item* before = nullptr;  // without a partner: its neighbours on its side
  const Item* after = nullptr;
};

class LaneComparison {
 public:
  LaneComparison(const CompareOptions& options, ItemComparer& comparer, const Lane& expected, const Lane& actual,
                 std::size_t& budget, bool show_equal)
      : options_(options), comparer_(comparer), expected_(expected), actual_(actual), budget_(budget), show_equal_(show_equal) {}

  void run(bool expected_cut, bool actual_cut) {
    const std::size_t shorter = std::min(expected_.size(), actual_.size());
    std::size_t prefix = 0;
    while (prefix < shorter && same(prefix, prefix)) ++prefix;
    std::size_t suffix = 0;
    while (suffix < shorter - prefix && same(expected_.size() - 1 - suffix, actual_.size() - 1 - suffix)) ++suffix;
    const std::size_t end_e = expected_.size() - suffix;
    const std::size_t end_a = actual_.size() - suffix;
    tail_e_ = prefix;
    tail_a_ = prefix;
    for (std::size_t i = 0; i < prefix; ++i) add_equal(i, i);
    if (end_e - prefix > 1 || end_a - prefix > 1) {
      align_middle(prefix, end_e, end_a);
    } else {
      add_run({prefix, prefix}, {end_e, end_a});
    }
    for (std::size_t i = suffix; i > 0; --i) add_equal(expected_.size() - i, actual_.size() - i);
    if (suffix != 0) {
      tail_e_ = expected_.size();
      tail_a_ = actual_.size();
    }
    if (actual_cut) drop_tail([&](const Step& step) { return step.actual == nullptr && index_e(step) >= tail_e_; });
    if (expected_cut) drop_tail([&](const Step& step) { return step.expected == nullptr && index_a(step) >= tail_a_; });
  }

  std::vector<Step> steps;
  std::size_t dropped = 0;
  bool bounded = false;

 private:
  bool same(std::size_t i, std::size_t j) {
    return identical(*expected_[i], *actual_[j]) || comparer_.equal(*expected_[i], *actual_[j]);
  }

  void align_middle(std::size_t begin, std::size_t end_e, std::size_t end_a) {
    std::vector<std::uint64_t> prints_e;
    std::vector<std::uint64_t> prints_a;
    for (std::size_t i = begin; i < end_e; ++i) prints_e.push_back(comparer_.fingerprint(*expected_[i]));
    for (std::size_t j = begin; j < end_a; ++j) prints_a.push_back(comparer_.fingerprint(*actual_[j]));
    const Alignment alignment = align(prints_e, prints_a, options_.align);
    bounded = bounded || alignment.bounded;
    Match from{begin, begin};
    for (const Match& match : alignment.matches) {
      const Match at{begin + match.expected, begin + match.actual};
      // Equal fingerprints are almost always equal items; where they are not, the two are part of the run.
      if (!same(at.expected, at.actual)) continue;
      add_run(from, at);
      add_equal(at.expected, at.actual);
      from = {at.expected + 1, at.actual + 1};
      tail_e_ = from.expected;
      tail_a_ = from.actual;
    }
    add_run(from, {end_e, end_a});
  }

  // Two runs without equal items: those that are alike are one item that changed.
  void add_run(Match from, Match to) {
    const std::size_t count_e = to.expected - from.expected;
    const std::size_t count_a = to.actual - from.actual;
    std::vector<Match> pairs;
    if (count_e != 0 && count_a != 0) {
      const bool alone = count_e == 1 && count_a == 1;
      std::vector<std::vector<std::uint32_t>> of_e(count_e);
      std::vector<std::vector<std::uint32_t>> of_a(count_a);
      if (!alone) {
        for (std::size_t i = 0; i < count_e; ++i) of_e[i] = comparer_.features(*expected_[from.expected + i]);
        for (std::size_t j = 0; j < count_a; ++j) of_a[j] = comparer_.features(*actual_[from.actual + j]);
      }
      const auto alike = [&](std::size_t i, std::size_t j) {
        const Item& e = *expected_[from.expected + i];
        const Item& a = *actual_[from.actual + j];
        if (e.kind != a.kind) return -1;
        if (alone) return 0;
        const int score = likeness(of_e[i], of_a[j]);
        return score < kOtherType && type_of(e) != type_of(a) ? -1 : score;
      };
      const Alignment paired = pair_alike(count_e, count_a, alike, budget_);
      bounded = bounded || paired.bounded;
      pairs = paired.matches;
    }
    pairs.push_back({count_e, count_a});
    std::size_t i = from.expected;
    std::size_t j = from.actual;
    for (const Match& pair : pairs) {
      while (i < from.expected + pair.expected) add(i++, SIZE_MAX, j);
      while (j < from.actual + pair.actual) add(SIZE_MAX, j++, i);
      if (i == to.expected || j == to.actual) continue;
      add(i++, j++, 0);
      tail_e_ = i;
      tail_a_ = j;
    }
  }

  void add_equal(std::size_t i, std::size_t j) {
    if (!show_equal_) return;
    add(i, j, 0);
    steps.back().equal = true;
  }

  void add(std::size_t i, std::size_t j, std::size_t opposite) {
    Step step;
    if (i != SIZE_MAX) {
      step.expected = expected_[i];
      step.position = 2 * step.expected->position;
    } else if (opposite < expected_.size()) {
      step.position = 2 * expected_[opposite]->position;
      step.position -= step.position == 0 ? 0 : 1;
    } else {
      step.position = SIZE_MAX;
    }
    if (j != SIZE_MAX) step.actual = actual_[j];
    if (i == SIZE_MAX || j == SIZE_MAX) {
      const Lane& lane = i != SIZE_MAX ? expected_ : actual_;
      const std::size_t at = i != SIZE_MAX ? i : j;
      if (at > 0) step.before = lane[at - 1];
      if (at + 1 < lane.size()) step.after = lane[at + 1];
    }
    steps.push_back(step);
    indices_.push_back({i, j});
  }

  std::size_t index_e(const Step& step) const { return indices_[static_cast<std::size_t>(&step - steps.data())].expected; }
  std::size_t index_a(const Step& step) const { return indices_[static_cast<std::size_t>(&step - steps.data())].actual; }

  template <class IsTail>
  void drop_tail(IsTail is_tail) {
    while (!steps.empty() && is_tail(steps.back())) {
      steps.pop_back();
      indices_.pop_back();
      ++dropped;
    }
  }

  const CompareOptions& options_;
  ItemComparer& comparer_;
  const Lane& expected_;
  const Lane& actual_;
  std::size_t& budget_;
  bool show_equal_;
  std::vector<Match> indices_;  // of the steps
  // From here on a side has nothing that stands opposite anything.
  std::size_t tail_e_ = 0;
  std::size_t tail_a_ = 0;
};

// An ordinary body may be text or binary all the same.
bool is_plain(StreamKind kind) { return kind == StreamKind::http || kind == StreamKind::text || kind == StreamKind::binary; }

/// What is known of the kind of one side.
struct Kind {
  explicit Kind(const Exchange& exchange) : kind(exchange.kind()), bare(is_bare_body(exchange)) {
    const bool named = exchange.response && (!exchange.response->stream_kind.empty() || !content_type(exchange).empty());
    const bool empty = std::none_of(exchange.timeline.begin(), exchange.timeline.end(), [](const Event& event) {
      return (event.kind == EventKind::data && event.direction == Direction::receive && !event.data.empty()) ||
             event.kind == EventKind::message;
    });
    open = bare ? empty || is_plain(kind) : !named && empty;
  }
  StreamKind kind;
  bool bare;  // its kind was found by looking at its bytes
  bool open;  // it may be anything
};

// The kind that both are decoded as; nothing if they are of different kinds.
std::optional<StreamKind> common_kind(const Exchange& expected, const Exchange& actual) {
  const Kind e(expected);
  const Kind a(actual);
  if (e.kind == a.kind) return e.kind;
  if (is_plain(e.kind) && is_plain(a.kind)) return StreamKind::http;
  if (e.open) return a.kind;
  if (a.open) return e.kind;
  // An answer that was recorded as ordinary text may look like a stream when it stands alone.
  if (e.bare && !a.bare && is_plain(a.kind)) return a.kind;
  if (a.bare && !e.bare && is_plain(e.kind)) return e.kind;
  return std::nullopt;
}

BodyForm common_form(const Exchange& expected, const Exchange& actual, const Limits& limits) {
  const auto e = body_forms(expected, limits);
  const auto a = body_forms(actual, limits);
  const bool json = is_json_type(content_type(expected)) || is_json_type(content_type(actual));
  for (const BodyForm form : e) {
    if (form == BodyForm::value && !json) continue;  // text that happens to be JSON, such as a number
    if (std::find(a.begin(), a.end(), form) != a.end()) return form;
  }
  return BodyForm::bytes;
}

void summarize(SideSummary& side, const Exchange& exchange, const std::vector<Item>& items) {
  side.items = items.size();
  std::array<std::size_t, static_cast<std::size_t>(ItemKind::body) + 1> counts{};
  for (const Item& item : items) ++counts[static_cast<std::size_t>(item.kind)];
  for (std::size_t kind = 0; kind < counts.size(); ++kind) {
    if (counts[kind] != 0) side.counts.emplace_back(static_cast<ItemKind>(kind), counts[kind]);
  }
  if (!items.empty()) side.last = items.back().t;
  side.bare = is_bare_body(exchange);
  if (exchange.end) {
    side.end_reason = exchange.end->reason.empty() ? "eof" : exchange.end->reason;
    side.end_error = exchange.end->data;
  } else {
    side.cut_off = true;
  }
}

// Takes off what the cut left of the last item.
void drop_unfinished(std::vector<Item>& items, const Limits& limits) {
  if (items.empty()) return;
  const Item& last = items.back();
  const auto truncated = [](const ItemField& field) {
    return (field.name == "state" && field.value == "truncated") || (field.name == "newline" && field.value == "none");
  };
  const bool cut_record = last.kind == ItemKind::record && last.form == DataForm::value && !parse_json(last.data, limits);
  if (last.kind == ItemKind::unfinished || cut_record || std::any_of(last.fields.begin(), last.fields.end(), truncated))
    items.pop_back();
}

class ExchangeComparison {
 public:
  ExchangeComparison(const Exchange& expected, const Exchange& actual, const CompareOptions& options, CompareSink* sink)
      : expected_(expected), actual_(actual), options_(options), sink_(sink), comparer_(options.values, options.limits) {}

  Result<Comparison> run() {
    compare_answers();
    const auto kind = options_.kind ? options_.kind : common_kind(expected_, actual_);
    result_.expected.kind = kind.value_or(expected_.kind());
    result_.actual.kind = kind.value_or(actual_.kind());
    DecodeOptions decode;
    decode.noise = options_.noise;
    decode.limits = options_.limits;
    decode.findings = options_.findings;
    if (kind && (is_plain(*kind) || *kind == StreamKind::websocket))
      decode.body = common_form(expected_, actual_, options_.limits);
    decode.source = options_.expected_source;
    STREAM_ASSIGN(auto items_e, decode_items(expected_, result_.expected.kind, decode));
    decode.source = options_.actual_source;
    STREAM_ASSIGN(auto items_a, decode_items(actual_, result_.actual.kind, decode));
    summarize(result_.expected, expected_, items_e);
    summarize(result_.actual, actual_, items_a);

    if (!kind) {
      add_value(Subject::stream_kind, std::string(to_string(result_.expected.kind)), std::string(to_string(result_.actual.kind)));
    }
    if (sink_ != nullptr) STREAM_TRY(sink_->begin(result_.expected, result_.actual, said_));
    if (kind) STREAM_TRY(compare_items(items_e, items_a));
    said_.clear();
    compare_endings();
    if (sink_ != nullptr) STREAM_TRY(sink_->end(result_, said_));
    return std::move(result_);
  }

 private:
  bool full() const { return !options_.count_all && result_.total >= options_.max_differences; }

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
    if (subject != Subject::stream_kind && options_.values.ignore.field(to_string(subject))) return;
    Difference difference;
    difference.subject = subject;
    difference.expected_value = {ShownValue::Form::text, std::move(expected)};
    difference.actual_value = {ShownValue::Form::text, std::move(actual)};
    add(std::move(difference));
  }

  void compare_answers() {
    if (!is_bare_body(expected_) && !is_bare_body(actual_)) {
      const auto shown = [](int status) { return status == 0 ? std::string("no answer") : std::to_string(status); };
      // A recorded pipe has neither a request nor an answer.
      const bool known = (expected_.request || expected_.response) && (actual_.request || actual_.response);
      if (known && expected_.status() != actual_.status())
        add_value(Subject::status, shown(expected_.status()), shown(actual_.status()));
    }
    const std::string type_e = content_type(expected_);
    const std::string type_a = content_type(actual_);
    if (!type_e.empty() && !type_a.empty() && type_e != type_a) add_value(Subject::content_type, type_e, type_a);
  }

  Status compare_items(std::vector<Item>& items_e, std::vector<Item>& items_a) {
    const bool allowed = options_.truncation == Truncation::allowed;
    const auto is_cut = [](const SideSummary& side) { return side.cut_off || side.end_reason != "eof"; };
    const bool cut_e = allowed && is_cut(result_.expected);
    const bool cut_a = allowed && is_cut(result_.actual);
    if (cut_e) drop_unfinished(items_e, options_.limits);
    if (cut_a) drop_unfinished(items_a, options_.limits);
    // A block that sets only what is ignored is not there.
    const auto is_void = [&](const Item& item) {
      return item.kind == ItemKind::id_block && std::all_of(item.fields.begin(), item.fields.end(), [&](const ItemField& field) {
               return options_.values.ignore.field(field.name);
             });
    };
    std::erase_if(items_e, is_void);
    std::erase_if(items_a, is_void);

    std::vector<Step> steps;
    std::size_t budget = kPairBudget;
    for (const Direction direction : {Direction::receive, Direction::send}) {
      const Lane lane_e = lane_of(items_e, direction);
      const Lane lane_a = lane_of(items_a, direction);
      LaneComparison lane(options_, comparer_, lane_e, lane_a, budget, sink_ != nullptr);
      lane.run(cut_e, cut_a);
      result_.bounded = result_.bounded || lane.bounded;
      result_.after_cut += lane.dropped;
      steps.insert(steps.end(), lane.steps.begin(), lane.steps.end());
    }
    std::stable_sort(steps.begin(), steps.end(), [](const Step& a, const Step& b) { return a.position < b.position; });
    for (const Step& step : steps) {
      if (full() && !step.equal) {
        result_.stopped = true;
        return {};
      }
      said_.clear();
      if (!step.equal) add_step(step);
      if (sink_ != nullptr) STREAM_TRY(tell(step));
    }
    return {};
  }

  Status tell(const Step& step) {
    using enum CompareStep::Kind;
    CompareStep told;
    // What is ignored makes two items equal that were not found to be.
    const bool same = step.equal || (step.expected != nullptr && step.actual != nullptr && said_.empty());
    told.kind = same ? equal : step.expected == nullptr ? extra : step.actual == nullptr ? missing : changed;
    told.expected = step.expected;
    told.actual = step.actual;
    told.differences = said_;
    return sink_->step(told);
  }

  void add_step(const Step& step) {
    if (step.expected != nullptr && step.actual != nullptr) {
      auto found = comparer_.compare(*step.expected, *step.actual);
      if (found.empty()) return;
      ++result_.items_differing;
      for (Difference& difference : found) {
        difference.expected = ref(*step.expected);
        difference.actual = ref(*step.actual);
        add(std::move(difference));
      }
      return;
    }
    ++result_.items_differing;
    Difference difference;
    difference.subject = Subject::item;
    const Item& item = step.expected != nullptr ? *step.expected : *step.actual;
    difference.change = step.expected != nullptr ? ValueChange::missing : ValueChange::extra;
    ItemRef& side = step.expected != nullptr ? difference.expected : difference.actual;
    side = ref(item);
    side.fields = item.fields;
    if (sink_ != nullptr || result_.differences.size() < options_.max_differences) {
      ShownValue& value = step.expected != nullptr ? difference.expected_value : difference.actual_value;
      value = comparer_.shown(item);
      for (const Item* other : {step.before, step.after}) {
        if (other != nullptr) value.focus = std::max(value.focus, first_difference(value.text, comparer_.shown(*other).text));
      }
    }
    add(std::move(difference));
  }

  void compare_endings() {
    const auto& e = result_.expected;
    const auto& a = result_.actual;
    if (e.cut_off == a.cut_off && e.end_reason == a.end_reason) return;
    const auto is_cut = [](const SideSummary& side) { return side.cut_off || side.end_reason != "eof"; };
    if (options_.truncation == Truncation::allowed && (is_cut(e) || is_cut(a))) return;
    const auto shown = [](const SideSummary& side) { return side.cut_off ? std::string("cut off") : side.end_reason; };
    add_value(Subject::ending, shown(e), shown(a));
  }

  const Exchange& expected_;
  const Exchange& actual_;
  const CompareOptions& options_;
  CompareSink* sink_;
  ItemComparer comparer_;
  Comparison result_;
  std::vector<Difference> said_;  ///< for the sink: since it heard something last
};

}  // namespace

std::string_view to_string(Subject subject) {
  constexpr std::array<std::string_view, 7> kNames{"status", "content-type", "kind", "item", "field", "data", "ending"};
  return kNames[static_cast<std::size_t>(subject)];
}

Result<Comparison> compare_exchanges(const Exchange& expected, const Exchange& actual, const CompareOptions& options,
                                     CompareSink* sink) {
  return ExchangeComparison(expected, actual, options, sink).run();
}

}  // namespace stream
