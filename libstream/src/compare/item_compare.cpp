#include "item_compare.hpp"

#include <algorithm>
#include <utility>

#include "json_walk.hpp"
#include "noise_matcher.hpp"
#include "stream/compare/json_compare.hpp"

namespace stream {
namespace {

ShownValue::Form form_of(const Item& item) {
  return item.form == DataForm::bytes ? ShownValue::Form::bytes : ShownValue::Form::text;
}

// More differences than this between two values that have nothing in common are shown as one.
constexpr std::size_t kMaxUnalike = 6;

// Items that are equal to the byte are passed over; in so many of them it is looked for what unused rules may name.
constexpr std::size_t kMaxLookedInto = 10'000;

}  // namespace

std::size_t first_difference(std::string_view a, std::string_view b) {
  const auto at = std::mismatch(a.begin(), a.begin() + static_cast<std::ptrdiff_t>(std::min(a.size(), b.size())), b.begin());
  return static_cast<std::size_t>(at.first - a.begin());
}

ItemComparer::ItemComparer(const ValueRules& rules, const Limits& limits)
    : limits_(limits),
      json_(rules),
      noise_(json_.matcher()),
      text_hash_(rules.numbers, std::min(limits.max_depth, kDeepestLimit)) {}

ItemComparer::State ItemComparer::root(const Item& item) { return noise_.root(noise_.filters(item)); }

std::vector<ItemComparer::Field> ItemComparer::kept_fields(const Item& item) {
  std::vector<Field> out;
  const std::uint64_t filters = noise_.filters(item);
  for (const ItemField& field : item.fields) {
    const State state = noise_.field(filters, field.name);
    if (!noise_.ignored(state)) out.push_back({&field, state});
  }
  return out;
}

bool ItemComparer::ignores(const Item& item, const ItemField& field) {
  return noise_.ignored(noise_.field(noise_.filters(item), field.name));
}

bool ItemComparer::equal(const Field& a, const Field& b) {
  if (a.field->name != b.field->name) return false;
  if (a.field->value == b.field->value) return true;
  if (a.state == NoiseMatcher::kNothing && b.state == NoiseMatcher::kNothing) return false;
  return json_.equal(Json(a.field->value), a.state, Json(b.field->value), b.state);
}

bool ItemComparer::equal_fields(const Item& a, const Item& b) {
  if (a.fields == b.fields) return true;
  const auto in_a = kept_fields(a);
  const auto in_b = kept_fields(b);
  return std::equal(in_a.begin(), in_a.end(), in_b.begin(), in_b.end(),
                    [&](const Field& x, const Field& y) { return equal(x, y); });
}

std::optional<Json> ItemComparer::parse(const Item& item) const {
  if (item.form == DataForm::value) {
    if (auto value = parse_json(item.data, limits_)) return std::move(*value);
    return std::nullopt;
  }
  if (item.form != DataForm::ndjson) return std::nullopt;
  Json::Array lines;
  for (std::string_view rest = item.data; !rest.empty();) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    auto value = parse_json(line, limits_);
    if (!value) return std::nullopt;
    lines.push_back(std::move(*value));
  }
  return Json(std::move(lines));
}

bool ItemComparer::equal(const Item& expected, const Item& actual) {
  if (expected.kind != actual.kind || expected.direction != actual.direction || !equal_fields(expected, actual)) return false;
  if (expected.form == actual.form && expected.data == actual.data && expected.fields == actual.fields) {
    look_into(expected);
    return true;
  }
  return equal_data(expected, actual);
}

bool ItemComparer::looks_into_equal() { return looked_into_ < kMaxLookedInto && noise_.searching(); }

void ItemComparer::look_into(const Item& item) {
  if (!looks_into_equal()) return;
  ++looked_into_;
  fingerprint(item);
}

bool ItemComparer::equal_data(const Item& expected, const Item& actual) {
  const State state_e = root(expected);
  const State state_a = root(actual);
  if (noise_.ignored(state_e) || noise_.ignored(state_a)) return noise_.ignored(state_e) && noise_.ignored(state_a);
  if (expected.form != actual.form) return false;
  if (expected.data == actual.data) return true;
  if (expected.form == DataForm::bytes) return equal_bytes(expected, state_e, actual, state_a);
  const auto value_e = parse(expected);
  const auto value_a = parse(actual);
  if (value_e.has_value() != value_a.has_value()) return false;  // text that is no JSON is equal to no JSON
  if (value_e) return json_.equal(*value_e, state_e, *value_a, state_a);
  if (noise_.effect(state_e).plain() && noise_.effect(state_a).plain()) return false;
  return json_.equal(Json(expected.data), state_e, Json(actual.data), state_a);
}

bool ItemComparer::equal_bytes(const Item& expected, State state_e, const Item& actual, State state_a) {
  const NoiseEffect& effect = noise_.effect(state_e);
  if (effect.relaxed_id != noise_.effect(state_a).relaxed_id) return false;
  return std::any_of(effect.relaxed.begin(), effect.relaxed.end(), [&](const NoiseRules::Compiled* rule) {
    switch (rule->rule.action) {
      case NoiseAction::type:
      case NoiseAction::shape:
        return true;
      case NoiseAction::size:
        return expected.data.size() == actual.data.size();
      case NoiseAction::accept:
        return rule->matches(actual.data);
      case NoiseAction::regex:
        return rule->matches(expected.data) && rule->matches(actual.data);
      case NoiseAction::ignore:
      case NoiseAction::mask:
      case NoiseAction::tolerance:
      case NoiseAction::set:
      case NoiseAction::key:
        break;
    }
    return false;
  });
}

std::uint64_t ItemComparer::hash_data(const Item& item, State state) {
  if (item.form == DataForm::value && state == NoiseMatcher::kNothing) {
    if (const auto hash = text_hash_.hash(item.data)) return *hash;
  }
  if (const auto value = parse(item)) return json_.hash(*value, state);
  const NoiseEffect& effect = noise_.effect(state);
  if (item.form != DataForm::bytes) return effect.plain() ? hash_bytes(item.data) : json_.hash(Json(item.data), state);
  if (effect.relaxed.empty()) return hash_bytes(item.data);
  const bool by_size = effect.relaxed.size() == 1 && effect.relaxed.front()->rule.action == NoiseAction::size;
  return by_size ? hash_combine(1, item.data.size()) : 0;
}

std::uint64_t ItemComparer::fingerprint(const Item& item) {
  std::uint64_t out = static_cast<std::uint64_t>(item.kind) * 2 + static_cast<std::uint64_t>(item.direction);
  for (const auto& [field, state] : kept_fields(item)) {
    const std::uint64_t value = noise_.effect(state).plain() ? hash_bytes(field->value) : json_.hash(Json(field->value), state);
    out = hash_combine(out, hash_combine(hash_bytes(field->name), value));
  }
  const State state = root(item);
  if (noise_.ignored(state)) return out;
  return hash_combine(hash_combine(out, static_cast<std::uint64_t>(item.form)), hash_data(item, state));
}

std::uint64_t ItemComparer::key(const Item& item, const PathPattern& pattern) {
  std::uint64_t out = static_cast<std::uint64_t>(item.kind) * 2 + static_cast<std::uint64_t>(item.direction);
  const auto value = parse(item);
  if (!value) return out;
  walk_places(*value, pattern,
              [&](const Json& at, const Levels&) { out = hash_combine(out, json_.hash(at, NoiseMatcher::kNothing)); });
  return out;
}

std::vector<std::uint32_t> ItemComparer::features(const Item& item) {
  std::vector<std::uint32_t> out;
  for (const auto& [field, state] : kept_fields(item)) {
    const std::uint64_t name = hash_bytes(field->name);
    out.push_back(static_cast<std::uint32_t>(noise_.effect(state).plain()
                                                 ? hash_bytes(field->value, name)
                                                 : hash_combine(name, json_.hash(Json(field->value), state))));
  }
  const State state = root(item);
  if (!noise_.ignored(state)) {
    if (const auto value = parse(item)) {
      json_.features(out, *value, state);
    } else if (item.form == DataForm::bytes) {
      for (std::size_t at = 0; at < item.data.size() && out.size() < 64; at += 64) {
        out.push_back(static_cast<std::uint32_t>(hash_bytes(std::string_view(item.data).substr(at, 64))));
      }
    } else {
      text_features(out, noise_.effect(state).masks.empty() ? item.data : masked(noise_.effect(state), item.data));
    }
  }
  std::sort(out.begin(), out.end());
  return out;
}

ShownValue ItemComparer::shown(const Item& item) const {
  if (item.form == DataForm::none) return {};
  if (const auto value = parse(item)) return {ShownValue::Form::json, to_json(*value)};
  return {form_of(item), item.data};
}

std::vector<Difference> ItemComparer::compare(const Item& expected, const Item& actual, bool values) {
  std::vector<Difference> out;
  compare_fields(expected, actual, out);
  const bool ignored = noise_.ignored(root(expected)) && noise_.ignored(root(actual));
  if (!ignored) compare_data(expected, actual, values, out);
  return out;
}

std::optional<Lockstep::Changes> ItemComparer::count(const Item& expected, const Item& actual) {
  if (expected.form != DataForm::value || actual.form != DataForm::value || expected.fields != actual.fields ||
      expected.data.find('\n') != std::string::npos || actual.data.find('\n') != std::string::npos || noise_.searching() ||
      noise_.has_arrays())
    return std::nullopt;
  const State state = root(expected);
  if (state != root(actual) || noise_.ignored(state)) return std::nullopt;
  if (!lockstep_ || lockstep_root_ != state) lockstep_.emplace(json_, state, limits_);
  lockstep_root_ = state;
  const auto found = lockstep_->count(expected.data, actual.data);
  return found && found->changed + found->type <= kMaxUnalike ? found : std::nullopt;
}

void ItemComparer::compare_fields(const Item& expected, const Item& actual, std::vector<Difference>& out) {
  if (equal_fields(expected, actual)) return;
  const auto add = [&](ValueChange change, const ItemField* e, const ItemField* a) {
    Difference difference;
    difference.subject = Subject::field;
    difference.change = change;
    difference.field = e != nullptr ? e->name : a->name;
    if (e != nullptr) difference.expected_value = {ShownValue::Form::text, e->value};
    if (a != nullptr) difference.actual_value = {ShownValue::Form::text, a->value};
    out.push_back(std::move(difference));
  };
  // A header may be repeated: the first of a name stands opposite the first.
  auto rest = kept_fields(actual);
  for (const Field& field : kept_fields(expected)) {
    const auto other = std::find_if(rest.begin(), rest.end(), [&](const Field& f) { return f.field->name == field.field->name; });
    if (other == rest.end()) {
      add(ValueChange::missing, field.field, nullptr);
      continue;
    }
    if (!equal(field, *other)) add(ValueChange::changed, field.field, other->field);
    rest.erase(other);
  }
  for (const Field& field : rest) add(ValueChange::extra, nullptr, field.field);
}

void ItemComparer::compare_data(const Item& expected, const Item& actual, bool values, std::vector<Difference>& out) {
  // Another form of the same bytes is said by the field that tells the form, unless that is ignored.
  if (expected.data == actual.data && (expected.form == actual.form || !out.empty())) return;
  const auto value_e = parse(expected);
  const auto value_a = parse(actual);
  const State state_e = root(expected);
  const State state_a = root(actual);
  if (!value_e || !value_a || expected.form != actual.form) {
    if (equal_data(expected, actual)) return;
    Difference difference;
    difference.change =
        value_e.has_value() == value_a.has_value() && expected.form == actual.form ? ValueChange::changed : ValueChange::type;
    difference.expected_value = {form_of(expected), expected.data};
    difference.actual_value = {form_of(actual), actual.data};
    if (value_e) difference.expected_value = {ShownValue::Form::json, to_json(*value_e)};
    if (value_a) difference.actual_value = {ShownValue::Form::json, to_json(*value_a)};
    if (!value_e && !value_a && expected.form == actual.form) difference.offset = first_difference(expected.data, actual.data);
    out.push_back(std::move(difference));
    return;
  }
  const auto found = json_.compare(*value_e, state_e, *value_a, state_a);
  if (found.size() > kMaxUnalike) {
    std::vector<std::uint32_t> in_e;
    std::vector<std::uint32_t> in_a;
    json_.features(in_e, *value_e, state_e);
    json_.features(in_a, *value_a, state_a);
    std::sort(in_e.begin(), in_e.end());
    std::sort(in_a.begin(), in_a.end());
    if (likeness(in_e, in_a) == 0) {
      Difference difference;
      difference.expected_value = {ShownValue::Form::json, to_json(*value_e)};
      difference.actual_value = {ShownValue::Form::json, to_json(*value_a)};
      out.push_back(std::move(difference));
      return;
    }
  }
  for (const JsonDifference& part : found) {
    Difference difference;
    difference.change = part.change;
    difference.duplicate = part.duplicate;
    difference.pointer = part.change == ValueChange::extra ? part.actual_pointer : part.expected_pointer;
    difference.actual_pointer = part.change == ValueChange::extra ? part.expected_pointer : part.actual_pointer;
    if (part.expected != nullptr && values) difference.expected_value = {ShownValue::Form::json, to_json(*part.expected)};
    if (part.actual != nullptr && values) difference.actual_value = {ShownValue::Form::json, to_json(*part.actual)};
    out.push_back(std::move(difference));
  }
}

}  // namespace stream
