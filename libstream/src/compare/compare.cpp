#include "stream/compare/compare.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>
#include <vector>

#include "kinds.hpp"
#include "stream_comparison.hpp"

namespace stream {
namespace {

/// Takes off what the cut left of the last item.
bool is_unfinished(const Item& item, const Limits& limits) {
  const auto truncated = [](const ItemField& field) {
    return (field.name == "state" && field.value == "truncated") || (field.name == "newline" && field.value == "none");
  };
  const bool cut_record = item.kind == ItemKind::record && item.form == DataForm::value && !parse_json(item.data, limits);
  return item.kind == ItemKind::unfinished || cut_record || std::any_of(item.fields.begin(), item.fields.end(), truncated);
}

}  // namespace

Result<Comparison> StreamComparison::run() {
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

bool StreamComparison::needs_whole(std::optional<StreamKind> kind) const {
  if (!kind || *kind == StreamKind::http) return true;
  if (*kind != StreamKind::websocket) return false;
  const auto begins_with_data = [](const SideHead& head) {
    return head.exchange.timeline.empty() || head.exchange.timeline.front().kind == EventKind::data;
  };
  return begins_with_data(expected_.head) || begins_with_data(actual_.head);
}

void StreamComparison::compare_answers() {
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

Status StreamComparison::drain(Side& side) {
  std::vector<Item> items;
  for (;;) {
    items.clear();
    STREAM_ASSIGN(const bool more, side.read(items));
    if (!more) return {};
  }
}

std::deque<Waiting>& StreamComparison::queue(Which which, Direction direction) {
  Lane& lane = lanes_[direction == Direction::receive ? 0 : 1];
  return which == Which::expected ? lane.expected : lane.actual;
}

bool StreamComparison::window_full(Which which) {
  return waiting(which) >= options_.window || bytes_[static_cast<std::size_t>(which)] >= options_.window_bytes;
}

bool StreamComparison::is_void(const Item& item) {
  return item.kind == ItemKind::id_block && std::all_of(item.fields.begin(), item.fields.end(),
                                                        [&](const ItemField& field) { return comparer_.ignores(item, field); });
}

bool StreamComparison::is_left_out(const Item& item) const {
  return item.kind == ItemKind::event && !item.fields.empty() &&
         std::find(options_.left_out_events.begin(), options_.left_out_events.end(), item.fields.front().value) !=
             options_.left_out_events.end();
}

Status StreamComparison::read(Which which, std::size_t lines) {
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

void StreamComparison::drop_unfinished(Which which) {
  for (const Direction direction : {Direction::receive, Direction::send}) {
    auto& items = queue(which, direction);
    if (!items.empty() && is_unfinished(items.back().item, options_.limits)) {
      bytes_[static_cast<std::size_t>(which)] -= items.back().item.data.size();
      items.pop_back();
    }
  }
}

Status StreamComparison::compare_items() {
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

bool StreamComparison::all_has_come() {
  if (!options_.allow_extra || !expected_.finished() || waiting(Which::expected) != 0) return false;
  early_ = true;
  result_.extra_allowed = result_.extra_allowed || waiting(Which::actual) != 0;
  return true;
}

Status StreamComparison::tell_texts() {
  if (!live()) return {};
  auto found = texts_.found();
  if (found.empty()) return {};
  for (Difference& difference : found) teller_.add(std::move(difference));
  return teller_.tell_texts();
}

Status StreamComparison::say_step(Lane& lane, const LaneStep& step) {
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

Neighbours StreamComparison::neighbours(const std::deque<Waiting>& items, std::size_t at, const std::optional<Item>& last) {
  Neighbours out;
  if (at > 0) {
    out.before = &items[at - 1].item;
  } else if (last) {
    out.before = &*last;
  }
  if (at + 1 < items.size()) out.behind = &items[at + 1].item;
  return out;
}

void StreamComparison::compare_endings() {
  const auto& e = result_.expected;
  const auto& a = result_.actual;
  if (e.cut_off == a.cut_off && e.end_reason == a.end_reason) return;
  if (result_.extra_allowed || e.unread || a.unread) return;
  if (options_.truncation == Truncation::allowed && (is_cut(e) || is_cut(a))) return;
  const auto shown = [](const SideSummary& side) { return side.cut_off ? std::string("cut off") : side.end_reason; };
  teller_.add_value(Subject::ending, shown(e), shown(a));
}

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
