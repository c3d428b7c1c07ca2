#include "item_compare.hpp"

#include <algorithm>
#include <utility>

#include "stream/compare/json_compare.hpp"

namespace stream {
namespace {

ShownValue::Form form_of(const Item& item) {
  return item.form == DataForm::bytes ? ShownValue::Form::bytes : ShownValue::Form::text;
}

// More differences than this between two values that have nothing in common are shown as one.
constexpr std::size_t kMaxUnalike = 6;

}  // namespace

std::size_t first_difference(std::string_view a, std::string_view b) {
  const auto at = std::mismatch(a.begin(), a.begin() + static_cast<std::ptrdiff_t>(std::min(a.size(), b.size())), b.begin());
  return static_cast<std::size_t>(at.first - a.begin());
}

ItemComparer::ItemComparer(const ValueRules& rules, const Limits& limits)
    : rules_(rules), limits_(limits), json_(rules), data_ignored_(rules.ignore.field("data") || json_.ignores_all()) {}

std::vector<const ItemField*> ItemComparer::kept_fields(const Item& item) const {
  std::vector<const ItemField*> out;
  for (const ItemField& field : item.fields) {
    if (!rules_.ignore.field(field.name)) out.push_back(&field);
  }
  return out;
}

bool ItemComparer::equal_fields(const Item& a, const Item& b) const {
  if (a.fields == b.fields) return true;
  const auto in_a = kept_fields(a);
  const auto in_b = kept_fields(b);
  return std::equal(in_a.begin(), in_a.end(), in_b.begin(), in_b.end(),
                    [](const ItemField* x, const ItemField* y) { return *x == *y; });
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

bool ItemComparer::equal(const Item& a, const Item& b) {
  if (a.kind != b.kind || a.direction != b.direction || !equal_fields(a, b)) return false;
  if (data_ignored_) return true;
  if (a.form != b.form) return false;
  if (a.data == b.data) return true;
  const auto value_a = parse(a);
  if (!value_a) return false;  // text equals only itself, and text that is no JSON no JSON
  const auto value_b = parse(b);
  return value_b && json_.equal(*value_a, *value_b);
}

std::uint64_t ItemComparer::fingerprint(const Item& item) {
  std::uint64_t out = static_cast<std::uint64_t>(item.kind) * 2 + static_cast<std::uint64_t>(item.direction);
  for (const ItemField& field : item.fields) {
    if (!rules_.ignore.field(field.name)) out = hash_combine(out, hash_combine(hash_bytes(field.name), hash_bytes(field.value)));
  }
  if (data_ignored_) return out;
  out = hash_combine(out, static_cast<std::uint64_t>(item.form));
  const auto value = parse(item);
  return hash_combine(out, value ? json_.hash(*value) : hash_bytes(item.data));
}

std::vector<std::uint32_t> ItemComparer::features(const Item& item) {
  std::vector<std::uint32_t> out;
  for (const ItemField* field : kept_fields(item)) {
    out.push_back(static_cast<std::uint32_t>(hash_bytes(field->value, hash_bytes(field->name))));
  }
  if (!data_ignored_) {
    if (const auto value = parse(item)) {
      json_.features(out, *value);
    } else if (item.form == DataForm::bytes) {
      for (std::size_t at = 0; at < item.data.size() && out.size() < 64; at += 64) {
        out.push_back(static_cast<std::uint32_t>(hash_bytes(std::string_view(item.data).substr(at, 64))));
      }
    } else {
      text_features(out, item.data);
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

std::vector<Difference> ItemComparer::compare(const Item& expected, const Item& actual) {
  std::vector<Difference> out;
  compare_fields(expected, actual, out);
  if (!data_ignored_) compare_data(expected, actual, out);
  return out;
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
  for (const ItemField* field : kept_fields(expected)) {
    const auto other = std::find_if(rest.begin(), rest.end(), [&](const ItemField* f) { return f->name == field->name; });
    if (other == rest.end()) {
      add(ValueChange::missing, field, nullptr);
      continue;
    }
    if ((*other)->value != field->value) add(ValueChange::changed, field, *other);
    rest.erase(other);
  }
  for (const ItemField* field : rest) add(ValueChange::extra, nullptr, field);
}

void ItemComparer::compare_data(const Item& expected, const Item& actual, std::vector<Difference>& out) {
  // Another form of the same bytes is said by the field that tells the form, unless that is ignored.
  if (expected.data == actual.data && (expected.form == actual.form || !out.empty())) return;
  const auto value_e = parse(expected);
  const auto value_a = parse(actual);
  if (!value_e || !value_a || expected.form != actual.form) {
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
  const auto found = json_.compare(*value_e, *value_a);
  if (found.size() > kMaxUnalike) {
    std::vector<std::uint32_t> in_e;
    std::vector<std::uint32_t> in_a;
    json_.features(in_e, *value_e);
    json_.features(in_a, *value_a);
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
    if (part.expected != nullptr) difference.expected_value = {ShownValue::Form::json, to_json(*part.expected)};
    if (part.actual != nullptr) difference.actual_value = {ShownValue::Form::json, to_json(*part.actual)};
    out.push_back(std::move(difference));
  }
}

}  // namespace stream
