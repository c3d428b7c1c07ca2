// Whether values are the same as the rules have it, and hashes of what values share that are.
#include <algorithm>

#include "json_parts.hpp"
#include "json_text.hpp"
#include "noise_matcher.hpp"
#include "stream/compare/json_compare.hpp"

namespace stream {
namespace {

// The text that a regular expression is held against.
std::string text_of(const NoiseEffect& effect, const Json& value) {
  return value.is_string() ? masked(effect, value.as_string()) : to_json(value);
}

bool is_sized(const Json& value) { return value.is_string() || value.is_array() || value.is_object(); }

}  // namespace

bool JsonComparer::equal(const Json& expected, State state_e, const Json& actual, State state_a) {
  if (state_e == NoiseMatcher::kNothing && state_a == NoiseMatcher::kNothing) {
    return equal_plain(expected, state_e, actual, state_a);
  }
  const NoiseEffect& effect_e = matcher_->effect(state_e);
  const NoiseEffect& effect_a = matcher_->effect(state_a);
  if (effect_e.ignored || effect_a.ignored) return effect_e.ignored && effect_a.ignored;
  // At places with different rules none of them holds.
  if (effect_e.relaxed_id != 0 && effect_e.relaxed_id == effect_a.relaxed_id &&
      equal_relaxed(effect_e, expected, state_e, actual, state_a)) {
    return true;
  }
  if (expected.is_string() && actual.is_string() && !(effect_e.masks.empty() && effect_a.masks.empty())) {
    return masked(effect_e, expected.as_string()) == masked(effect_a, actual.as_string());
  }
  return equal_plain(expected, state_e, actual, state_a);
}

bool JsonComparer::equal_plain(const Json& a, State state_a, const Json& b, State state_b) {
  if (a.kind() != b.kind()) return false;
  switch (a.kind()) {
    case Json::Kind::null:
      return true;
    case Json::Kind::boolean:
      return a.as_bool() == b.as_bool();
    case Json::Kind::number:
      return equal_numbers(a.number_text(), b.number_text(), rules_.numbers);
    case Json::Kind::string:
      return a.as_string() == b.as_string();
    case Json::Kind::array: {
      if (state_a == NoiseMatcher::kNothing && state_b == NoiseMatcher::kNothing) {
        const auto& all_a = a.as_array();
        const auto& all_b = b.as_array();
        return std::equal(all_a.begin(), all_a.end(), all_b.begin(), all_b.end(),
                          [&](const Json& x, const Json& y) { return equal(x, state_a, y, state_b); });
      }
      const auto in_a = elements(a.as_array(), state_a);
      const auto in_b = elements(b.as_array(), state_b);
      if (in_a.size() != in_b.size()) return false;
      if (matcher_->effect(state_a).array != nullptr && matcher_->effect(state_b).array != nullptr)
        return equal_in_any_order(in_a, in_b);
      for (std::size_t i = 0; i < in_a.size(); ++i) {
        if (!equal(*in_a[i].value, in_a[i].state, *in_b[i].value, in_b[i].state)) return false;
      }
      return true;
    }
    case Json::Kind::object: {
      const auto& all_a = a.as_object();
      const auto& all_b = b.as_object();
      const auto same_name = [](const JsonMember& x, const JsonMember& y) { return x.name == y.name; };
      if (std::equal(all_a.begin(), all_a.end(), all_b.begin(), all_b.end(), same_name)) {
        // The usual case: nothing to sort. Repeated names stand opposite each other here too.
        for (std::size_t i = 0; i < all_a.size(); ++i) {
          if (!equal(all_a[i].value, matcher_->member(state_a, all_a[i].name), all_b[i].value,
                     matcher_->member(state_b, all_b[i].name))) {
            return false;
          }
        }
        return true;
      }
      const auto in_a = members(all_a, state_a);
      const auto in_b = members(all_b, state_b);
      if (in_a.size() != in_b.size()) return false;
      for (std::size_t i = 0; i < in_a.size(); ++i) {
        if (in_a[i].compare(in_b[i]) != 0) return false;
        if (!equal(in_a[i].member->value, in_a[i].state, in_b[i].member->value, in_b[i].state)) return false;
      }
      return true;
    }
  }
  return false;
}

bool JsonComparer::equal_relaxed(const NoiseEffect& effect, const Json& expected, State state_e, const Json& actual,
                                 State state_a) {
  for (const NoiseRules::Compiled* const rule : effect.relaxed) {
    bool same = false;
    switch (rule->rule.action) {
      case NoiseAction::accept:
        same = rule->matches(text_of(effect, actual));
        break;
      case NoiseAction::type:
        same = expected.kind() == actual.kind();
        break;
      case NoiseAction::shape:
        same = same_shape(expected, state_e, actual, state_a);
        break;
      case NoiseAction::size:
        same =
            expected.kind() == actual.kind() && is_sized(expected) && kept_size(expected, state_e) == kept_size(actual, state_a);
        break;
      case NoiseAction::regex:
        same = rule->matches(text_of(effect, actual)) && rule->matches(text_of(effect, expected));
        break;
      case NoiseAction::tolerance:
        same = within(rule->rule.within, expected, actual);
        break;
      case NoiseAction::ignore:
      case NoiseAction::mask:
      case NoiseAction::set:
      case NoiseAction::key:
        break;
    }
    if (same) return true;
  }
  return false;
}

bool JsonComparer::same_shape(const Json& a, State state_a, const Json& b, State state_b) {
  if (a.kind() != b.kind()) return false;
  // What has rules of its own below is equal by them, or by its shape.
  const auto same = [&](const Json& x, State state_x, const Json& y, State state_y) {
    return same_shape(x, state_x, y, state_y) || equal(x, state_x, y, state_y);
  };
  if (a.is_array()) {
    const auto in_a = elements(a.as_array(), state_a);
    const auto in_b = elements(b.as_array(), state_b);
    return std::equal(in_a.begin(), in_a.end(), in_b.begin(), in_b.end(),
                      [&](const Element& x, const Element& y) { return same(*x.value, x.state, *y.value, y.state); });
  }
  if (a.is_object()) {
    const auto in_a = members(a.as_object(), state_a);
    const auto in_b = members(b.as_object(), state_b);
    return std::equal(in_a.begin(), in_a.end(), in_b.begin(), in_b.end(), [&](const Member& x, const Member& y) {
      return x.compare(y) == 0 && same(x.member->value, x.state, y.member->value, y.state);
    });
  }
  return true;
}

/// Of a string its code points; otherwise how many members or elements are not ignored.
std::size_t JsonComparer::kept_size(const Json& value, State state) {
  if (value.is_object()) return members(value.as_object(), state).size();
  if (value.is_array()) return elements(value.as_array(), state).size();
  return code_points(masked(matcher_->effect(state), value.as_string()));
}

std::uint64_t JsonComparer::hash_shape(const Json& value, State state) {
  const auto inner = [&](const Json& part, State at) {
    return matcher_->effect(at).relaxed.empty() ? hash_shape(part, at) : kKindSeed - 2;
  };
  std::uint64_t out = kind_seed(value.kind());
  if (value.is_array()) {
    for (const Element& element : elements(value.as_array(), state))
      out = hash_combine(out, inner(*element.value, element.state));
  } else if (value.is_object()) {
    for (const Member& member : members(value.as_object(), state)) {
      out = hash_combine(out, hash_combine(hash_bytes(member.member->name), inner(member.member->value, member.state)));
    }
  }
  return out;
}

// What equal values share: with one rule what that keeps, with several nothing.
std::uint64_t JsonComparer::hash(const Json& value, State state) {
  if (state == NoiseMatcher::kNothing) return hash_plain(value, state);
  const NoiseEffect& effect = matcher_->effect(state);
  if (effect.ignored) return kKindSeed - 1;
  const std::uint64_t anything = kKindSeed - 2;
  if (effect.relaxed.size() > 1) return anything;
  if (effect.relaxed.size() == 1) {
    const NoiseRules::Compiled& rule = *effect.relaxed.front();
    switch (rule.rule.action) {
      case NoiseAction::accept:
        return anything;
      case NoiseAction::type:
        return kind_seed(value.kind());
      case NoiseAction::shape:
        return hash_shape(value, state);
      case NoiseAction::size:
        if (is_sized(value)) return hash_combine(kind_seed(value.kind()), kept_size(value, state));
        break;
      case NoiseAction::regex:
        // The same number may have another spelling, and so may what is in an array.
        if (!value.is_string() || rule.matches(masked(effect, value.as_string()))) return anything;
        break;
      case NoiseAction::tolerance:
        if (value.is_number() || value.is_string()) return anything;
        break;
      case NoiseAction::ignore:
      case NoiseAction::mask:
      case NoiseAction::set:
      case NoiseAction::key:
        break;
    }
  }
  if (value.is_string() && !effect.masks.empty()) {
    return hash_bytes(masked(effect, value.as_string()), kind_seed(Json::Kind::string));
  }
  return hash_plain(value, state);
}

std::uint64_t JsonComparer::hash_plain(const Json& value, State state) {
  const std::uint64_t seed = kind_seed(value.kind());
  switch (value.kind()) {
    case Json::Kind::null:
      return hash_combine(seed, 0);
    case Json::Kind::boolean:
      return hash_combine(seed, value.as_bool() ? 2 : 1);
    case Json::Kind::number: {
      std::string scratch;
      return hash_number(value.number_text(), rules_.numbers, scratch);
    }
    case Json::Kind::string:
      return hash_bytes(value.as_string(), seed);
    case Json::Kind::array: {
      std::uint64_t out = seed;
      const bool any_order = state != NoiseMatcher::kNothing && matcher_->effect(state).array != nullptr;
      for (std::size_t i = 0; i < value.as_array().size(); ++i) {
        const State inner = matcher_->element(state, i);
        if (matcher_->ignored(inner)) continue;
        const std::uint64_t element = hash(value.as_array()[i], inner);
        out = any_order ? out + hash_combine(seed, element) : hash_combine(out, element);
      }
      return out;
    }
    case Json::Kind::object: {
      // A sum, so that the order of members does not matter.
      std::uint64_t sum = 0;
      for (const JsonMember& member : value.as_object()) {
        const State inner = matcher_->member(state, member.name);
        if (!matcher_->ignored(inner)) sum += hash_combine(hash_bytes(member.name), hash(member.value, inner));
      }
      return hash_combine(seed, sum);
    }
  }
  return seed;
}

bool JsonComparer::equal_in_any_order(const std::vector<Element>& a, const std::vector<Element>& b) {
  const auto by_hash = [&](const std::vector<Element>& side) {
    std::vector<std::pair<std::uint64_t, const Element*>> out;
    for (const Element& element : side) out.emplace_back(hash(*element.value, element.state), &element);
    std::stable_sort(out.begin(), out.end(), [](const auto& x, const auto& y) { return x.first < y.first; });
    return out;
  };
  const auto in_a = by_hash(a);
  const auto in_b = by_hash(b);
  return std::equal(in_a.begin(), in_a.end(), in_b.begin(), in_b.end(), [&](const auto& x, const auto& y) {
    return x.first == y.first && equal(*x.second->value, x.second->state, *y.second->value, y.second->state);
  });
}

void JsonComparer::features(std::vector<std::uint32_t>& out, const Json& value, State state, std::size_t limit) {
  collect_features(out, value, state, 0, limit);
}

// Each scalar gives two features: that there is one at its path (array indices left out), and its value there.
void JsonComparer::collect_features(std::vector<std::uint32_t>& out, const Json& value, State state, std::uint64_t path,
                                    std::size_t limit) {
  if (out.size() >= limit || matcher_->ignored(state)) return;
  if (value.is_object()) {
    for (const JsonMember& member : value.as_object()) {
      collect_features(out, member.value, matcher_->member(state, member.name), hash_bytes(member.name, path), limit);
    }
    if (!value.as_object().empty()) return;
  }
  if (value.is_array()) {
    for (std::size_t i = 0; i < value.as_array().size() && out.size() < limit; ++i) {
      collect_features(out, value.as_array()[i], matcher_->element(state, i), hash_combine(path, 1), limit);
    }
    if (!value.as_array().empty()) return;
  }
  out.push_back(static_cast<std::uint32_t>(hash_combine(path, kind_seed(value.kind()))));
  out.push_back(static_cast<std::uint32_t>(hash_combine(path, hash(value, state))));
  if (value.is_string() && value.as_string().size() > 16 && matcher_->effect(state).plain())
    text_features(out, value.as_string(), std::min(limit, out.size() + 16));
}

}  // namespace stream
