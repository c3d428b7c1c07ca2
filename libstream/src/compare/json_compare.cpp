#include "stream/compare/json_compare.hpp"

#include <algorithm>
#include <unordered_map>

#include "json_parts.hpp"
#include "json_walk.hpp"
#include "noise_matcher.hpp"
#include "stream/compare/align.hpp"

namespace stream {
namespace {

// Restores the pointers of a search when a level is left.
class PointerScope {
 public:
  PointerScope(std::string& expected, std::string& actual)
      : expected_(expected), actual_(actual), expected_size_(expected.size()), actual_size_(actual.size()) {}
  PointerScope(const PointerScope&) = delete;
  PointerScope& operator=(const PointerScope&) = delete;
  ~PointerScope() {
    expected_.resize(expected_size_);
    actual_.resize(actual_size_);
  }

 private:
  std::string& expected_;
  std::string& actual_;
  std::size_t expected_size_;
  std::size_t actual_size_;
};

}  // namespace

/// Part of the elements of an array.
struct JsonComparer::Run {
  const std::vector<Element>& side;
  std::size_t begin = 0;
  std::size_t end = 0;

  /// The index in the array of the element at `at`, or of where one behind the last would be.
  std::size_t index(std::size_t at) const { return at < side.size() ? side[at].index : side.empty() ? 0 : side.back().index + 1; }
};

struct JsonComparer::Search {
  std::vector<JsonDifference> found{};
  std::size_t limit = SIZE_MAX;
  std::string expected_pointer{};
  std::string actual_pointer{};
  std::size_t pair_budget = std::size_t{1} << 18;

  bool full() const { return found.size() >= limit; }
  void add(ValueChange change, const Json* expected, const Json* actual, bool duplicate = false) {
    if (!full()) found.push_back({change, expected_pointer, actual_pointer, expected, actual, duplicate});
  }
};

std::string_view to_string(ValueChange change) {
  switch (change) {
    case ValueChange::changed:
      return "changed";
    case ValueChange::type:
      return "type";
    case ValueChange::missing:
      return "missing";
    case ValueChange::extra:
      return "extra";
    case ValueChange::moved:
      return "moved";
  }
  return "";
}

JsonComparer::JsonComparer(const ValueRules& rules)
    : rules_(rules), matcher_(std::make_unique<NoiseMatcher>(rules.noise)), top_(matcher_->root(0)) {}

JsonComparer::~JsonComparer() = default;

JsonComparer::State JsonComparer::data(const Item& item) { return matcher_->root(matcher_->filters(item)); }

JsonComparer::State JsonComparer::field(const Item& item, std::string_view name) {
  return matcher_->field(matcher_->filters(item), name);
}

JsonComparer::State JsonComparer::below(State state, std::string_view pointer) {
  while (!pointer.empty() && state != NoiseMatcher::kNothing && !matcher_->ignored(state)) {
    pointer.remove_prefix(1);
    const std::size_t end = std::min(pointer.find('/'), pointer.size());
    std::string name(pointer.substr(0, end));
    for (std::size_t at = 0; (at = name.find('~', at)) != std::string::npos; ++at) {
      const char kind = at + 1 < name.size() ? name[at + 1] : '0';
      name.replace(at, 2, 1, kind == '1' ? '/' : '~');
    }
    const bool index = !name.empty() && name.size() < 10 && name.find_first_not_of("0123456789") == std::string::npos;
    const State as_element = index ? matcher_->element(state, std::stoul(name)) : NoiseMatcher::kNothing;
    state = as_element != NoiseMatcher::kNothing ? as_element : matcher_->member(state, name);
    pointer.remove_prefix(end);
  }
  return state;
}

bool JsonComparer::ignored(State state) { return matcher_->ignored(state); }
bool JsonComparer::plain(State state) { return state == NoiseMatcher::kNothing || matcher_->effect(state).plain(); }
std::string JsonComparer::apply_masks(State state, std::string_view text) { return masked(matcher_->effect(state), text); }

std::vector<JsonComparer::Member> JsonComparer::members(const Json::Object& object, State state) {
  std::vector<Member> out;
  out.reserve(object.size());
  for (std::size_t i = 0; i < object.size(); ++i) {
    const State inner = matcher_->member(state, object[i].name);
    if (!matcher_->ignored(inner)) out.push_back({&object[i], inner, 0, i});
  }
  std::sort(out.begin(), out.end(), [](const Member& a, const Member& b) {
    const int c = a.member->name.compare(b.member->name);
    return c != 0 ? c < 0 : a.order > b.order;
  });
  for (std::size_t i = 1; i < out.size(); ++i) {
    if (out[i].member->name == out[i - 1].member->name) out[i].repeat = out[i - 1].repeat + 1;
  }
  return out;
}

std::vector<JsonComparer::Element> JsonComparer::elements(const Json::Array& array, State state) {
  std::vector<Element> out;
  out.reserve(array.size());
  for (std::size_t i = 0; i < array.size(); ++i) {
    const State inner = matcher_->element(state, i);
    if (!matcher_->ignored(inner)) out.push_back({&array[i], inner, i});
  }
  return out;
}

std::vector<JsonDifference> JsonComparer::compare(const Json& expected, State state_e, const Json& actual, State state_a,
                                                  std::size_t limit) {
  Search search;
  search.limit = limit;
  if (!matcher_->ignored(state_e) || !matcher_->ignored(state_a)) compare(search, expected, state_e, actual, state_a);
  return std::move(search.found);
}

void JsonComparer::compare(Search& search, const Json& expected, State state_e, const Json& actual, State state_a) {
  if (search.full()) return;
  const auto& relaxed = matcher_->effect(state_e).relaxed;
  if (!relaxed.empty() && equal(expected, state_e, actual, state_a)) return;
  // Of what a rule says that it need not be the same, the difference is the whole.
  const bool whole = std::any_of(relaxed.begin(), relaxed.end(), [](const NoiseRules::Compiled* rule) {
    return rule->rule.action == NoiseAction::shape || rule->rule.action == NoiseAction::size;
  });
  if (expected.kind() != actual.kind()) {
    search.add(ValueChange::type, &expected, &actual);
  } else if (expected.is_object() && !whole) {
    compare_objects(search, expected.as_object(), state_e, actual.as_object(), state_a);
  } else if (expected.is_array() && !whole) {
    compare_arrays(search, expected.as_array(), state_e, actual.as_array(), state_a);
  } else if (!equal(expected, state_e, actual, state_a)) {
    search.add(ValueChange::changed, &expected, &actual);
  }
}

void JsonComparer::compare_objects(Search& search, const Json::Object& expected, State state_e, const Json::Object& actual,
                                   State state_a) {
  const auto in_e = members(expected, state_e);
  const auto in_a = members(actual, state_a);
  // What becomes of each member, in the order of its object: expected first, then what only the actual side has.
  struct Step {
    const Member* expected = nullptr;
    const Member* actual = nullptr;
    bool duplicate = false;
  };
  std::vector<Step> steps;
  steps.reserve(in_e.size());
  const auto other_has = [](const std::vector<Member>& other, std::size_t at, const Member& member) {
    const auto same_name = [&](std::size_t i) { return i < other.size() && other[i].member->name == member.member->name; };
    return same_name(at) || (at > 0 && same_name(at - 1));
  };
  std::size_t i = 0;
  std::size_t j = 0;
  while (i < in_e.size() || j < in_a.size()) {
    const int order = i == in_e.size() ? 1 : j == in_a.size() ? -1 : in_e[i].compare(in_a[j]);
    if (order == 0) {
      steps.push_back({&in_e[i++], &in_a[j++], false});
    } else if (order < 0) {
      steps.push_back({&in_e[i], nullptr, other_has(in_a, j, in_e[i])});
      ++i;
    } else {
      steps.push_back({nullptr, &in_a[j], other_has(in_e, i, in_a[j])});
      ++j;
    }
  }
  std::sort(steps.begin(), steps.end(), [](const Step& a, const Step& b) {
    if ((a.expected == nullptr) != (b.expected == nullptr)) return a.expected != nullptr;
    return a.expected != nullptr ? a.expected->order < b.expected->order : a.actual->order < b.actual->order;
  });
  for (const Step& step : steps) {
    if (search.full()) return;
    const PointerScope scope(search.expected_pointer, search.actual_pointer);
    const std::string& name = step.expected != nullptr ? step.expected->member->name : step.actual->member->name;
    append_pointer(search.expected_pointer, name);
    append_pointer(search.actual_pointer, name);
    if (step.actual == nullptr) {
      search.add(ValueChange::missing, &step.expected->member->value, nullptr, step.duplicate);
    } else if (step.expected == nullptr) {
      search.add(ValueChange::extra, nullptr, &step.actual->member->value, step.duplicate);
    } else {
      compare(search, step.expected->member->value, step.expected->state, step.actual->member->value, step.actual->state);
    }
  }
}

void JsonComparer::compare_arrays(Search& search, const Json::Array& expected, State state_e, const Json::Array& actual,
                                  State state_a) {
  const auto in_e = elements(expected, state_e);
  const auto in_a = elements(actual, state_a);
  const NoiseRules::Compiled* const any_order = matcher_->effect(state_e).array;
  if (any_order != nullptr && any_order == matcher_->effect(state_a).array)
    return compare_in_any_order(search, *any_order, in_e, in_a);
  const auto same = [&](std::size_t i, std::size_t j) {
    return equal(*in_e[i].value, in_e[i].state, *in_a[j].value, in_a[j].state);
  };

  const std::size_t shorter = std::min(in_e.size(), in_a.size());
  std::size_t prefix = 0;
  std::size_t suffix = 0;
  if (in_e.size() != 1 || in_a.size() != 1) {  // else there is nothing to align, and looking would cost a pass for each level
    while (prefix < shorter && same(prefix, prefix)) ++prefix;
    while (suffix < shorter - prefix && same(in_e.size() - 1 - suffix, in_a.size() - 1 - suffix)) ++suffix;
  }
  const std::size_t end_e = in_e.size() - suffix;
  const std::size_t end_a = in_a.size() - suffix;
  if (end_e - prefix <= 1 && end_a - prefix <= 1) return compare_runs(search, {in_e, prefix, end_e}, {in_a, prefix, end_a});

  const auto hashes = [&](const std::vector<Element>& side, std::size_t end) {
    std::vector<std::uint64_t> out;
    out.reserve(end - prefix);
    for (std::size_t i = prefix; i < end; ++i) out.push_back(hash(*side[i].value, side[i].state));
    return out;
  };
  Alignment alignment = align(hashes(in_e, end_e), hashes(in_a, end_a));
  std::size_t from_e = prefix;
  std::size_t from_a = prefix;
  for (const Match& match : alignment.matches) {
    const std::size_t at_e = prefix + match.expected;
    const std::size_t at_a = prefix + match.actual;
    // Equal hashes are almost always equal values; where they are not, the pair is part of the run.
    if (!same(at_e, at_a)) continue;
    compare_runs(search, {in_e, from_e, at_e}, {in_a, from_a, at_a});
    from_e = at_e + 1;
    from_a = at_a + 1;
  }
  compare_runs(search, {in_e, from_e, end_e}, {in_a, from_a, end_a});
}

/// What a key's value is; elements without one are told apart by what they are.
std::uint64_t JsonComparer::key_of(const NoiseRules::Compiled& rule, const Element& element) {
  if (rule.rule.action == NoiseAction::key) {
    std::uint64_t key = 0;
    bool found = false;
    walk_places(*element.value, rule.by, [&](const Json& value, const Levels&) {
      key = hash_combine(key, hash(value, NoiseMatcher::kNothing));
      found = true;
    });
    if (found) return key;
  }
  return hash(*element.value, element.state);
}

void JsonComparer::compare_in_any_order(Search& search, const NoiseRules::Compiled& rule, const std::vector<Element>& expected,
                                        const std::vector<Element>& actual) {
  std::unordered_map<std::uint64_t, std::vector<std::size_t>> by_key;  // of the actual side, from the last to the first
  for (std::size_t j = actual.size(); j-- > 0;) by_key[key_of(rule, actual[j])].push_back(j);
  std::vector<Element> left_e;
  std::vector<bool> taken(actual.size(), false);
  for (const Element& element : expected) {
    const auto found = by_key.find(key_of(rule, element));
    if (found == by_key.end() || found->second.empty()) {
      left_e.push_back(element);
      continue;
    }
    const std::size_t j = found->second.back();
    found->second.pop_back();
    taken[j] = true;
    const PointerScope scope(search.expected_pointer, search.actual_pointer);
    append_pointer(search.expected_pointer, element.index);
    append_pointer(search.actual_pointer, actual[j].index);
    compare(search, *element.value, element.state, *actual[j].value, actual[j].state);
  }
  std::vector<Element> left_a;
  for (std::size_t j = 0; j < actual.size(); ++j) {
    if (!taken[j]) left_a.push_back(actual[j]);
  }
  if (rule.rule.action == NoiseAction::set) return compare_runs(search, {left_e, 0, left_e.size()}, {left_a, 0, left_a.size()});
  // With other keys they are other elements.
  for (const Element& element : left_e) {
    const PointerScope scope(search.expected_pointer, search.actual_pointer);
    append_pointer(search.expected_pointer, element.index);
    append_pointer(search.actual_pointer, actual.size());
    search.add(ValueChange::missing, element.value, nullptr);
  }
  for (const Element& element : left_a) {
    const PointerScope scope(search.expected_pointer, search.actual_pointer);
    append_pointer(search.expected_pointer, expected.size());
    append_pointer(search.actual_pointer, element.index);
    search.add(ValueChange::extra, nullptr, element.value);
  }
}

// Two runs of elements that found no equal: those that are alike are the same element, changed.
void JsonComparer::compare_runs(Search& search, const Run& expected, const Run& actual) {
  std::vector<Match> pairs;
  const std::size_t count_e = expected.end - expected.begin;
  const std::size_t count_a = actual.end - actual.begin;
  if (count_e == 1 && count_a == 1) {
    pairs.push_back({0, 0});
  } else if (count_e != 0 && count_a != 0) {
    const auto features_of = [&](const Run& run) {
      std::vector<std::vector<std::uint32_t>> out(run.end - run.begin);
      for (std::size_t i = 0; i < out.size(); ++i) {
        collect_features(out[i], *run.side[run.begin + i].value, run.side[run.begin + i].state, 0, 32);
        std::sort(out[i].begin(), out[i].end());
      }
      return out;
    };
    const auto of_e = features_of(expected);
    const auto of_a = features_of(actual);
    const auto alike = [&](std::size_t i, std::size_t j) {
      const bool same_kind = expected.side[expected.begin + i].value->kind() == actual.side[actual.begin + j].value->kind();
      return same_kind ? likeness(of_e[i], of_a[j]) : -1;
    };
    pairs = pair_alike(count_e, count_a, alike, search.pair_budget).matches;
  }
  pairs.push_back({count_e, count_a});
  std::size_t i = expected.begin;
  std::size_t j = actual.begin;
  const auto step_into = [&] {
    append_pointer(search.expected_pointer, expected.index(i));
    append_pointer(search.actual_pointer, actual.index(j));
  };
  for (const Match& pair : pairs) {
    for (; i < expected.begin + pair.expected && !search.full(); ++i) {
      const PointerScope scope(search.expected_pointer, search.actual_pointer);
      step_into();
      search.add(ValueChange::missing, expected.side[i].value, nullptr);
    }
    for (; j < actual.begin + pair.actual && !search.full(); ++j) {
      const PointerScope scope(search.expected_pointer, search.actual_pointer);
      step_into();
      search.add(ValueChange::extra, nullptr, actual.side[j].value);
    }
    if (search.full() || pair.expected == count_e || pair.actual == count_a) return;
    const PointerScope scope(search.expected_pointer, search.actual_pointer);
    step_into();
    compare(search, *expected.side[i].value, expected.side[i].state, *actual.side[j].value, actual.side[j].state);
    ++i;
    ++j;
  }
}

}  // namespace stream
