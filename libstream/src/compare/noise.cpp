#include "stream/compare/noise.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "noise_matcher.hpp"
#include "stream/text/ascii.hpp"
#include "stream/text/units.hpp"

namespace stream {
namespace {

using ascii::lower_case;

constexpr std::size_t kMaxFilters = 64;
constexpr std::array<std::string_view, 3> kAnswerFields{"status", "content-type", "ending"};

bool is_answer_field(std::string_view name) {
  return std::find(kAnswerFields.begin(), kAnswerFields.end(), name) != kAnswerFields.end();
}

bool has_expression(NoiseAction action) {
  return action == NoiseAction::accept || action == NoiseAction::mask || action == NoiseAction::regex;
}

bool is_array_action(NoiseAction action) { return action == NoiseAction::set || action == NoiseAction::key; }

tl::unexpected<Error> refuse(const NoiseRule& rule, std::string message, std::string hint) {
  return fail({ErrorCode::usage, std::move(message), rule.place, std::move(hint)});
}

// A JSON number, but with zeros in front let pass: what people write.
bool is_decimal(std::string_view text) {
  const std::size_t dot = std::min(text.find('.'), text.size());
  const auto digits = [](std::string_view part) {
    return !part.empty() && part.find_first_not_of("0123456789") == std::string_view::npos;
  };
  return digits(text.substr(0, dot)) && (dot == text.size() || digits(text.substr(dot + 1)));
}

}  // namespace

std::string_view to_string(NoiseAction action) {
  constexpr std::array<std::string_view, 10> kNames{"ignore", "accept", "mask",      "type", "shape",
                                                    "size",   "regex",  "tolerance", "set",  "key"};
  return kNames[static_cast<std::size_t>(action)];
}

std::string to_string(const NoiseRule& rule) { return fmt::format("{} '{}'", to_string(rule.action), rule.path); }

Result<Tolerance> parse_tolerance(std::string_view text) {
  Tolerance out;
  const bool percent = text.ends_with('%');
  const std::string_view amount = text.substr(0, text.size() - (percent ? 1 : 0));
  if (is_decimal(amount)) {
    out.amount = amount;
    out.percent = percent;
    return out;
  }
  // A number without a unit is no time here.
  const bool unit = !text.empty() && lower_case(text).back() >= 'a';
  if (const auto span = parse_duration(text); unit && span && *span >= Nanos(0)) {
    out.span = span;
    return out;
  }
  return fail({ErrorCode::usage,
               fmt::format("'{}' is no tolerance", text),
               {},
               "a tolerance is an amount (0.1), a part of the expected value (5%), or a time (150ms)"});
}

Status NoiseRules::add(NoiseRule rule) {
  auto compiled = std::make_shared<Compiled>();
  compiled->field = !rule.pattern && rule.path.starts_with('@') && lower_case(rule.path) != "@data";
  if (rule.pattern) {
    compiled->path = *rule.pattern;
  } else if (compiled->field) {
    const std::size_t star = rule.path.find('*');
    if (rule.path.size() == 1 || (star != std::string::npos && star + 1 != rule.path.size())) {
      return refuse(rule, fmt::format("the pattern '{}' names no field", rule.path), "fields are @type, @id, @header/NAME …");
    }
    compiled->name = lower_case(std::string_view(rule.path).substr(1));
    if (is_answer_field(compiled->name)) {
      if (rule.action != NoiseAction::ignore || !rule.only.any()) {
        return refuse(rule, fmt::format("the pattern '{}' names a part of the answer, which can only be ignored", rule.path), {});
      }
      compiled->used = true;  // every answer has them
    }
  } else if (!rule.path.starts_with('@')) {
    auto path = parse_path(rule.path);
    if (!path) {
      Error error = std::move(path).error();
      error.place = rule.place;
      return fail(std::move(error));
    }
    compiled->path = std::move(*path);
  }
  compiled->path.below = rule.action == NoiseAction::mask || rule.action == NoiseAction::tolerance;
  if (has_expression(rule.action)) {
    re2::RE2::Options options(re2::RE2::Quiet);
    compiled->expression = std::make_unique<re2::RE2>(re2::StringPiece(rule.match.data(), rule.match.size()), options);
    if (!compiled->expression->ok()) {
      return refuse(rule, fmt::format("the regular expression '{}' is none: {}", rule.match, compiled->expression->error()),
                    "expressions are those of RE2: without look-around and back-references");
    }
    std::string why;
    if (rule.action == NoiseAction::mask && !compiled->expression->CheckRewriteString(rule.replace, &why)) {
      return refuse(rule, fmt::format("the replacement '{}' does not fit '{}': {}", rule.replace, rule.match, why),
                    "write \\1 for what the first group matched, \\\\ for a backslash");
    }
  }
  if (is_array_action(rule.action) && compiled->field)
    return refuse(rule, fmt::format("'{}' is for arrays, and '{}' is a field", to_string(rule.action), rule.path), {});
  if (rule.action == NoiseAction::key) {
    std::string by = rule.by;
    if (!by.empty() && by.front() != '/' && by.front() != '.') {
      by.clear();
      append_pointer(by, rule.by);
    }
    auto path = parse_path(by);
    if (!path || by.empty())
      return refuse(rule, fmt::format("'{}' is no place of a key", rule.by), "a name, or a path such as /meta/id");
    compiled->by = std::move(*path);
  }
  if (rule.action == NoiseAction::tolerance && rule.within.amount.empty() && !rule.within.span) {
    return refuse(rule, "a tolerance without an amount", {});
  }
  if (!rule.only.any()) {
    auto known = std::find(filters_.begin(), filters_.end(), rule.only);
    if (known == filters_.end()) {
      if (filters_.size() == kMaxFilters) {
        return refuse(rule, fmt::format("more than {} different choices of items (kind, event, dir)", kMaxFilters), {});
      }
      known = filters_.insert(filters_.end(), rule.only);
    }
    compiled->filter = std::uint64_t{1} << static_cast<unsigned>(known - filters_.begin());
  }
  compiled->rule = std::move(rule);
  rules_.push_back(std::move(compiled));
  return {};
}

Status NoiseRules::ignore(std::string_view path) {
  NoiseRule rule;
  rule.path = path;
  return add(std::move(rule));
}

const NoiseRule& NoiseRules::operator[](std::size_t index) const { return rules_[index]->rule; }

std::vector<std::size_t> NoiseRules::unused() const {
  std::vector<std::size_t> out;
  for (std::size_t i = 0; i < rules_.size(); ++i) {
    if (!rules_[i]->used && !rules_[i]->rule.optional) out.push_back(i);
  }
  return out;
}

bool NoiseRules::ignores(std::string_view answer_field) const {
  return std::any_of(rules_.begin(), rules_.end(), [&](const auto& compiled) {
    return compiled->field && compiled->rule.action == NoiseAction::ignore && compiled->filter == 0 &&
           compiled->names_field(answer_field);
  });
}

namespace {

std::vector<PathPattern> paths_of(const std::vector<std::shared_ptr<const NoiseRules::Compiled>>& rules) {
  std::vector<PathPattern> out;
  for (const auto& compiled : rules) out.push_back(compiled->path);
  return out;
}

}  // namespace

NoiseMatcher::NoiseMatcher(const NoiseRules& rules) : rules_(rules), path_(paths_of(rules.rules_)) {
  field_effects_.emplace_back();
  for (const auto& compiled : rules.rules_) {
    has_field_rules_ = has_field_rules_ || compiled->field;
    has_arrays_ = has_arrays_ || is_array_action(compiled->rule.action);
    if (!compiled->used && !compiled->rule.optional) unmet_.push_back(compiled.get());
  }
}

std::uint64_t NoiseMatcher::filters(const Item& item) const {
  std::uint64_t out = 0;
  for (std::size_t i = 0; i < rules_.filters_.size(); ++i) {
    const NoiseFilter& only = rules_.filters_[i];
    if (only.direction && *only.direction != item.direction) continue;
    if (!only.kinds.empty() && std::find(only.kinds.begin(), only.kinds.end(), item.kind) == only.kinds.end()) continue;
    const auto of_type = [&](const ItemField& field) {
      return field.name == "type" && std::find(only.events.begin(), only.events.end(), field.value) != only.events.end();
    };
    if (!only.events.empty() && std::none_of(item.fields.begin(), item.fields.end(), of_type)) continue;
    out |= std::uint64_t{1} << i;
  }
  return out;
}

NoiseMatcher::State NoiseMatcher::root(std::uint64_t filters) {
  if (rules_.empty()) return kNothing;
  const auto known = roots_.find(filters);
  if (known != roots_.end()) return known->second;
  std::vector<std::uint32_t> active;
  for (std::size_t i = 0; i < rules_.rules_.size(); ++i) {
    const NoiseRules::Compiled& compiled = *rules_.rules_[i];
    if (!compiled.field && (compiled.filter == 0 || (compiled.filter & filters) != 0))
      active.push_back(static_cast<std::uint32_t>(i));
  }
  return roots_.emplace(filters, path_.start(active)).first->second;
}

NoiseMatcher::State NoiseMatcher::field(std::uint64_t filters, std::string_view name) {
  if (!has_field_rules_) return kNothing;
  auto& fields = fields_[filters];
  if (const auto known = fields.find(name); known != fields.end()) return known->second;
  std::vector<std::uint32_t> named;
  for (std::size_t i = 0; i < rules_.rules_.size(); ++i) {
    const NoiseRules::Compiled& compiled = *rules_.rules_[i];
    if (compiled.field && (compiled.filter == 0 || (compiled.filter & filters) != 0) && compiled.names_field(lower_case(name)))
      named.push_back(static_cast<std::uint32_t>(i));
  }
  State state = kNothing;
  if (!named.empty()) {
    state = kField | static_cast<State>(field_effects_.size());
    field_effects_.push_back(make_effect(named));
  }
  fields.emplace(name, state);
  return state;
}

const NoiseEffect& NoiseMatcher::effect(State state) {
  if ((state & kField) != 0) return field_effects_[state & ~kField];
  while (effects_.size() <= state) effects_.push_back(make_effect(path_.matched(static_cast<State>(effects_.size()))));
  return effects_[state];
}

NoiseEffect NoiseMatcher::make_effect(const std::vector<std::uint32_t>& rules) {
  NoiseEffect out;
  std::vector<std::uint32_t> relaxed;
  for (const std::uint32_t index : rules) {
    const NoiseRules::Compiled* const compiled = rules_.rules_[index].get();
    compiled->used = true;
    if (compiled->rule.action == NoiseAction::ignore) {
      out.ignored = true;
    } else if (compiled->rule.action == NoiseAction::mask) {
      out.masks.push_back(compiled);
    } else if (is_array_action(compiled->rule.action)) {
      out.array = compiled;  // the last one counts
    } else {
      out.relaxed.push_back(compiled);
      relaxed.push_back(index);
    }
  }
  if (!relaxed.empty())
    out.relaxed_id = relaxed_ids_.emplace(relaxed, static_cast<std::uint32_t>(relaxed_ids_.size() + 1)).first->second;
  return out;
}

bool NoiseMatcher::searching() {
  std::erase_if(unmet_, [](const NoiseRules::Compiled* compiled) { return compiled->used.load(); });
  return !unmet_.empty();
}

std::string masked(const NoiseEffect& effect, std::string_view text) {
  std::string out(text);
  for (const NoiseRules::Compiled* mask : effect.masks) {
    re2::RE2::GlobalReplace(&out, *mask->expression, mask->rule.replace);
  }
  return out;
}

bool within(const Tolerance& tolerance, const Json& expected, const Json& actual) {
  if (expected.kind() != actual.kind()) return false;
  if (tolerance.span) {
    if (!expected.is_string()) return false;
    const auto near = [&](Nanos a, Nanos b) {
      Nanos::rep apart = 0;
      if (__builtin_sub_overflow(a.count(), b.count(), &apart)) return false;
      return apart >= -tolerance.span->count() && apart <= tolerance.span->count();
    };
    const auto time_e = parse_iso8601(expected.as_string());
    const auto time_a = parse_iso8601(actual.as_string());
    if (time_e && time_a) return near(time_e->time.time_since_epoch(), time_a->time.time_since_epoch());
    const auto span_e = parse_duration(expected.as_string());
    const auto span_a = parse_duration(actual.as_string());
    return span_e && span_a && near(*span_e, *span_a);
  }
  if (expected.is_number())
    return near_numbers(expected.number_text(), actual.number_text(), tolerance.amount, tolerance.percent);
  if (!expected.is_string()) return false;
  const auto number = [](const Json& value) -> std::optional<std::string> {
    auto parsed = parse_json(value.as_string());
    if (!parsed || !parsed->is_number()) return std::nullopt;
    return parsed->number_text();
  };
  const auto number_e = number(expected);
  const auto number_a = number(actual);
  return number_e && number_a && near_numbers(*number_e, *number_a, tolerance.amount, tolerance.percent);
}

std::size_t code_points(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

}  // namespace stream
