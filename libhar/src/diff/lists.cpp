#include "diff/lists.hpp"

#include <algorithm>
#include <numeric>
#include <optional>
#include <tuple>

#include "check/http_text.hpp"
#include "diff/fields.hpp"
#include "stream/text/json.hpp"

namespace har::diff {
namespace {

using stream::ValueChange;

/// Indexes into a list, of those that count, by name and then as they stand.
std::vector<std::size_t> sorted(const std::vector<Named>& list, const std::vector<std::string>& keys) {
  std::vector<std::size_t> out(list.size());
  std::iota(out.begin(), out.end(), std::size_t{0});
  std::stable_sort(out.begin(), out.end(), [&](std::size_t a, std::size_t b) { return keys[a] < keys[b]; });
  return out;
}

std::vector<std::string> keys_of(const std::vector<Named>& list, bool any_case) {
  std::vector<std::string> out;
  out.reserve(list.size());
  for (const Named& each : list) out.push_back(any_case ? lower_case(each.name) : each.name);
  return out;
}

/// Two that stand opposite each other; kNone: nothing.
constexpr std::size_t kNone = SIZE_MAX;
struct Opposite {
  std::size_t expected = kNone;
  std::size_t actual = kNone;
};

class Comparison {
 public:
  Comparison(Found& found, Judge& judge, const std::vector<Named>& expected, const std::vector<Named>& actual,
             const ListRules& rules)
      : found_(found), judge_(judge), expected_(expected), actual_(actual), rules_(rules) {}

  void run() {
    keys_e_ = keys_of(expected_, rules_.any_case);
    keys_a_ = keys_of(actual_, rules_.any_case);
    const auto of_e = sorted(expected_, keys_e_);
    const auto of_a = sorted(actual_, keys_a_);
    std::size_t i = 0;
    std::size_t j = 0;
    while (i < of_e.size() || j < of_a.size()) {
      const std::string& name =
          j == of_a.size() || (i < of_e.size() && keys_e_[of_e[i]] <= keys_a_[of_a[j]]) ? keys_e_[of_e[i]] : keys_a_[of_a[j]];
      std::vector<std::size_t> in_e;
      std::vector<std::size_t> in_a;
      while (i < of_e.size() && keys_e_[of_e[i]] == name) in_e.push_back(of_e[i++]);
      while (j < of_a.size() && keys_a_[of_a[j]] == name) in_a.push_back(of_a[j++]);
      group(name, std::move(in_e), std::move(in_a));
    }
    std::sort(opposites_.begin(), opposites_.end(), [](const Opposite& a, const Opposite& b) {
      return std::tie(a.expected, a.actual) < std::tie(b.expected, b.actual);
    });
    for (const Opposite& each : opposites_) tell(each);
    if (rules_.exact && opposites_.empty()) spelling();
  }

 private:
  std::string_view name_of(const Opposite& each) const {
    return each.expected != kNone ? keys_e_[each.expected] : keys_a_[each.actual];
  }

  void group(const std::string& name, std::vector<std::size_t> in_e, std::vector<std::size_t> in_a) {
    const Judge::Spot spot = spot_of(name);
    if (!spot.compared) return;
    const auto same = [&](std::size_t e, std::size_t a) {
      const bool header = rules_.field == Field::header;  // blanks around its value are no part of it
      const std::string_view value_e = header ? check::trimmed(expected_[e].value) : std::string_view(expected_[e].value);
      const std::string_view value_a = header ? check::trimmed(actual_[a].value) : std::string_view(actual_[a].value);
      return judge_.same(spot, value_e, value_a) || (rules_.passes && rules_.passes(name, value_e, value_a));
    };
    if (in_e.size() == 1 && in_a.size() == 1) {
      if (!same(in_e[0], in_a[0])) opposites_.push_back({in_e[0], in_a[0]});
      return;
    }
    if (!(rules_.in_order && in_e.size() == in_a.size())) take_equal(in_e, in_a);
    const std::size_t both = std::min(in_e.size(), in_a.size());
    for (std::size_t i = 0; i < both; ++i) {
      if (!same(in_e[i], in_a[i])) opposites_.push_back({in_e[i], in_a[i]});
    }
    for (std::size_t i = both; i < in_e.size(); ++i) opposites_.push_back({in_e[i], kNone});
    for (std::size_t i = both; i < in_a.size(); ++i) opposites_.push_back({kNone, in_a[i]});
  }

  /// Takes out what is the same on both sides, wherever it stands among its name.
  void take_equal(std::vector<std::size_t>& in_e, std::vector<std::size_t>& in_a) const {
    const auto by_value = [](const std::vector<Named>& list) {
      return [&list](std::size_t a, std::size_t b) { return std::tie(list[a].value, a) < std::tie(list[b].value, b); };
    };
    std::sort(in_e.begin(), in_e.end(), by_value(expected_));
    std::sort(in_a.begin(), in_a.end(), by_value(actual_));
    std::vector<std::size_t> left_e;
    std::vector<std::size_t> left_a;
    std::size_t i = 0;
    std::size_t j = 0;
    while (i < in_e.size() || j < in_a.size()) {
      const int order = i == in_e.size() ? 1 : j == in_a.size() ? -1 : expected_[in_e[i]].value.compare(actual_[in_a[j]].value);
      if (order < 0) {
        left_e.push_back(in_e[i++]);
      } else if (order > 0) {
        left_a.push_back(in_a[j++]);
      } else {
        ++i;
        ++j;
      }
    }
    std::sort(left_e.begin(), left_e.end());
    std::sort(left_a.begin(), left_a.end());
    in_e = std::move(left_e);
    in_a = std::move(left_a);
  }

  Judge::Spot spot_of(std::string_view name) {
    if (!rules_.in_body) return judge_.spot(rules_.half, rules_.field, name);
    std::string pointer;
    stream::append_pointer(pointer, name);
    const auto state = judge_.json().below(judge_.body(rules_.half), pointer);
    const bool ignored = judge_.json().ignored(state);
    return {state, !ignored && judge_.shown(rules_.half, pointer), ignored};
  }

  FieldDifference difference(const Opposite& each, ValueChange change) const {
    const std::string_view name = name_of(each);
    FieldDifference out = difference_of(rules_.half, rules_.field, rules_.in_body ? std::string_view() : name, change);
    if (rules_.in_body) {
      stream::append_pointer(out.pointer, name);
      out.actual_body_pointer = out.pointer;
      out.place += out.pointer;
    }
    if (each.expected != kNone) out.expected_pointer = expected_[each.expected].pointer;
    if (each.actual != kNone) out.actual_pointer = actual_[each.actual].pointer;
    return out;
  }

  void tell(const Opposite& each) {
    const ValueChange change = each.expected == kNone ? ValueChange::extra
                               : each.actual == kNone ? ValueChange::missing
                                                      : ValueChange::changed;
    FieldDifference out = difference(each, change);
    if (each.expected != kNone) out.expected = text_value(expected_[each.expected].value);
    if (each.actual != kNone) out.actual = text_value(actual_[each.actual].value);
    const auto& others = each.expected == kNone ? keys_e_ : keys_a_;
    out.duplicate = change != ValueChange::changed && std::find(others.begin(), others.end(), name_of(each)) != others.end();
    found_.add(std::move(out));
  }

  /// The order of names and their case, where all values are the same.
  void spelling() {
    const bool same = std::equal(expected_.begin(), expected_.end(), actual_.begin(), actual_.end(),
                                 [](const Named& a, const Named& b) { return a.name == b.name && a.value == b.value; });
    if (same || expected_.size() != actual_.size() || !spot_of("").compared) return;
    FieldDifference out =
        difference_of(rules_.half, rules_.field, {}, keys_e_ == keys_a_ ? ValueChange::changed : ValueChange::moved);
    const auto all = [](const std::vector<Named>& list) {
      std::string names;
      for (const Named& each : list) (names += names.empty() ? "" : ", ") += each.name;
      return names;
    };
    out.expected = text_value(all(expected_));
    out.actual = text_value(all(actual_));
    if (out.expected.text == out.actual.text) return;
    found_.add(std::move(out));
  }

  Found& found_;
  Judge& judge_;
  const std::vector<Named>& expected_;
  const std::vector<Named>& actual_;
  const ListRules& rules_;
  std::vector<std::string> keys_e_{};
  std::vector<std::string> keys_a_{};
  std::vector<Opposite> opposites_{};
};

}  // namespace

void compare_lists(Found& found, Judge& judge, const std::vector<Named>& expected, const std::vector<Named>& actual,
                   const ListRules& rules) {
  Comparison(found, judge, expected, actual, rules).run();
}

std::vector<Named> named_of(stream::RawJson array, std::string_view pointer) {
  std::vector<Named> out;
  stream::JsonArrayView elements(array);
  stream::JsonObjectView object;
  std::size_t index = 0;
  for (stream::RawJson element = elements.next(); element; element = elements.next(), ++index) {
    object.reset(element);
    Named each;
    const stream::RawJson value = object.find("value");
    each.name = object.find("name").string();
    each.value = value.is_string() ? value.string() : std::string(value.text);
    each.pointer = std::string(pointer) + "/" + std::to_string(index) + "/value";
    out.push_back(std::move(each));
  }
  return out;
}

}  // namespace har::diff
