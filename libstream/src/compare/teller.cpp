#include "teller.hpp"

#include <algorithm>
#include <optional>

namespace stream {

ItemRef ref(const Item& item) { return {item.kind, item.direction, item.number, item.t, item.offset, item.line, {}}; }

Teller::Teller(const CompareOptions& options, CompareSink* sink, ItemComparer& comparer, Comparison& result)
    : options_(options), sink_(sink), comparer_(comparer), result_(result), timing_(options.timing) {}

void Teller::add(Difference difference) {
  if (full()) {
    result_.stopped = true;
    return;
  }
  ++result_.total;
  ++result_.by_change[static_cast<std::size_t>(difference.change)];
  if (sink_ != nullptr) said_.push_back(difference);
  if (result_.differences.size() < options_.max_differences) result_.differences.push_back(std::move(difference));
}

void Teller::add_value(Subject subject, std::string expected, std::string actual) {
  // The kind cannot be ignored: bodies of different kinds would pass without having been compared.
  if (subject != Subject::stream_kind && options_.values.noise.ignores(to_string(subject))) return;
  Difference difference;
  difference.subject = subject;
  difference.expected_value = {ShownValue::Form::text, std::move(expected)};
  difference.actual_value = {ShownValue::Form::text, std::move(actual)};
  add(std::move(difference));
}

Status Teller::begin() {
  if (sink_ != nullptr) STREAM_TRY(sink_->begin(result_.expected, result_.actual, said_));
  said_.clear();
  return {};
}

Status Teller::pair(const Item& expected, const Item& actual, bool equal) {
  bool differs = false;
  std::optional<Lockstep::Changes> counted;
  if (!equal && !wants_values() && options_.count_all) counted = comparer_.count(expected, actual);
  if (counted) {
    differs = counted->changed + counted->type != 0;
    result_.total += counted->changed + counted->type;
    result_.by_change[static_cast<std::size_t>(ValueChange::changed)] += counted->changed;
    result_.by_change[static_cast<std::size_t>(ValueChange::type)] += counted->type;
  } else if (!equal) {
    auto found = comparer_.compare(expected, actual, wants_values());
    differs = !found.empty();
    for (Difference& difference : found) {
      difference.expected = ref(expected);
      difference.actual = ref(actual);
      add(std::move(difference));
    }
  }
  if (timing_.active()) {
    std::vector<Difference> found;
    timing_.item(true, expected);
    timing_.item(false, actual);
    timing_.pair(expected, actual, found);
    differs = differs || !found.empty();
    for (Difference& difference : found) add(std::move(difference));
  }
  if (differs) ++result_.items_differing;
  return tell(differs ? CompareStep::Kind::changed : CompareStep::Kind::equal, &expected, &actual);
}

Status Teller::moved(const Item& expected, const Item& actual, const Neighbours& neighbours) {
  if (timing_.active()) {
    timing_.item(true, expected);
    timing_.item(false, actual);
  }
  ++result_.items_differing;
  add(whole(ValueChange::moved, &expected, &actual, neighbours));
  return tell(CompareStep::Kind::moved, &expected, &actual);
}

Status Teller::missing(const Item& expected, const Neighbours& neighbours) {
  if (timing_.active()) timing_.item(true, expected);
  ++result_.items_differing;
  add(whole(ValueChange::missing, &expected, nullptr, neighbours));
  return tell(CompareStep::Kind::missing, &expected, nullptr);
}

Status Teller::extra(const Item& actual, const Neighbours& neighbours) {
  if (timing_.active()) timing_.item(false, actual);
  ++result_.items_differing;
  add(whole(ValueChange::extra, nullptr, &actual, neighbours));
  return tell(CompareStep::Kind::extra, nullptr, &actual);
}

/// An item without a partner, or at another place.
Difference Teller::whole(ValueChange change, const Item* expected, const Item* actual, const Neighbours& neighbours) {
  Difference difference;
  difference.subject = Subject::item;
  difference.change = change;
  if (expected != nullptr) {
    difference.expected = ref(*expected);
    difference.expected.fields = expected->fields;
  }
  if (actual != nullptr) {
    difference.actual = ref(*actual);
    difference.actual.fields = actual->fields;
  }
  if (!wants_values()) return difference;
  ShownValue& value = expected != nullptr ? difference.expected_value : difference.actual_value;
  value = comparer_.shown(expected != nullptr ? *expected : *actual);
  for (const Item* other : {neighbours.before, neighbours.behind}) {
    if (other != nullptr) value.focus = std::max(value.focus, first_difference(value.text, comparer_.shown(*other).text));
  }
  return difference;
}

Status Teller::skipped(std::size_t count) {
  wanted_ -= std::min(wanted_, count);
  unsaid_ += count + kept_.size();
  kept_.clear();
  return {};
}

Status Teller::tell(CompareStep::Kind kind, const Item* expected, const Item* actual) {
  if (sink_ == nullptr) {
    said_.clear();
    return {};
  }
  CompareStep step;
  step.kind = kind;
  step.expected = expected;
  step.actual = actual;
  if (kind == CompareStep::Kind::equal) {
    if (options_.context == SIZE_MAX || wanted_ > 0) {
      wanted_ -= wanted_ > 0 ? 1 : 0;
      return sink_->step(step);
    }
    if (options_.context == 0) {
      ++unsaid_;
      return {};
    }
    if (kept_.size() == options_.context) {
      kept_.pop_front();
      ++unsaid_;
    }
    kept_.emplace_back(*expected, *actual);
    return {};
  }
  STREAM_TRY(tell_kept());
  if (options_.context != SIZE_MAX) wanted_ = options_.context;
  step.differences = said_;
  const Status status = sink_->step(step);
  said_.clear();
  return status;
}

Status Teller::tell_kept() {
  if (unsaid_ != 0) STREAM_TRY(sink_->skip(std::exchange(unsaid_, 0)));
  for (const auto& [expected, actual] : kept_) {
    CompareStep step;
    step.expected = &expected;
    step.actual = &actual;
    STREAM_TRY(sink_->step(step));
  }
  kept_.clear();
  return {};
}

Status Teller::finish_timing(bool complete) {
  if (!timing_.active() || !complete) return {};
  std::vector<Difference> found;
  STREAM_TRY(timing_.finish(options_, found));
  for (Difference& difference : found) add(std::move(difference));
  return {};
}

Status Teller::end() {
  if (sink_ == nullptr) return {};
  unsaid_ += kept_.size();
  kept_.clear();
  if (unsaid_ != 0) STREAM_TRY(sink_->skip(std::exchange(unsaid_, 0)));
  return sink_->end(result_, said_);
}

}  // namespace stream
