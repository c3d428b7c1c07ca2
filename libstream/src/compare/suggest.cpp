#include "stream/compare/suggest.hpp"

#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "stream/text/json.hpp"

namespace stream {
namespace {

constexpr std::size_t kMaxValues = 1'000;  // of one place

/// What is known of a place.
struct Seen {
  std::vector<Json> values{};  // of both sides
  std::size_t count = 0;
  bool mixed = false;  // values of different types, or not there on one side
};

bool all_match(const std::vector<Json>& values, const std::string& expression) {
  const re2::RE2 compiled(expression, re2::RE2::Quiet);
  return std::all_of(values.begin(), values.end(), [&](const Json& value) {
    return re2::RE2::PartialMatch(value.is_string() ? value.as_string() : to_json(value), compiled);
  });
}

// What all values begin with, up to the last mark that ends a word, such as "chatcmpl-".
std::string common_prefix(const std::vector<Json>& values) {
  std::string_view prefix = values.front().as_string();
  for (const Json& value : values) {
    const std::string_view text = value.as_string();
    const auto end = std::mismatch(prefix.begin(), prefix.end(), text.begin(), text.end()).first;
    prefix = prefix.substr(0, static_cast<std::size_t>(end - prefix.begin()));
  }
  const std::size_t mark = prefix.find_last_of("-_:/.");
  return std::string(prefix.substr(0, mark == std::string_view::npos ? 0 : mark + 1));
}

// The narrowest kind of values that all of them are of.
void classify(const Seen& seen, NoiseSuggestion& out) {
  const auto matched = [&](std::string what, std::string expression) {
    if (!all_match(seen.values, expression)) return false;
    out.known = true;
    out.what = std::move(what);
    out.rule.action = NoiseAction::regex;
    out.rule.match = std::move(expression);
    return true;
  };
  const auto all = [&](bool (Json::*is)() const) {
    return std::all_of(seen.values.begin(), seen.values.end(), [&](const Json& value) { return (value.*is)(); });
  };
  out.what = "values";
  if (seen.mixed || seen.values.empty()) return;
  if (all(&Json::is_number)) {
    out.known = true;
    out.rule.action = NoiseAction::type;
    // Seconds, milliseconds, microseconds or nanoseconds since 1970, from 2001 to 2286.
    out.what = all_match(seen.values, R"(^[1-9](\d{9}(\.\d+)?|\d{12}(\.\d+)?|\d{15}|\d{18})$)") ? "times" : "numbers";
    return;
  }
  if (!all(&Json::is_string)) return;
  out.what = "text";
  if (matched("times", R"(^\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?)?$)")) return;
  if (matched("times", R"(^(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT$)")) return;
  if (matched("UUIDs", "^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$")) return;
  if (matched("times or counters", R"(^\d+(\.\d+)?$)")) return;
  const std::string prefix = common_prefix(seen.values);
  const std::string quoted = re2::RE2::QuoteMeta(prefix);
  if (!prefix.empty() && matched("ids", fmt::format("^{}\\d+$", quoted))) return;
  if (matched("hexadecimal ids", fmt::format("^{}[0-9a-f]{{8,}}$", quoted))) return;
  // An id has no spaces, and letters and digits in a mixture that words do not have.
  if (all_match(seen.values, R"(\d)") || !prefix.empty()) {
    if (matched("ids", fmt::format("^{}[0-9A-Za-z_-]{{8,}}$", quoted))) return;
    if (matched("tokens", fmt::format("^{}[0-9A-Za-z_+/=.-]{{16,}}$", quoted))) return;
  }
}

// A pointer as a pattern that names nothing else: names that are stars are literal.
std::string pattern_of(std::string_view pointer) {
  std::string out;
  for (std::size_t i = 0; i < pointer.size(); ++i) {
    if (pointer.substr(i).starts_with("/*") && (i + 2 == pointer.size() || pointer[i + 2] == '/')) {
      out += "/~2";
      ++i;
    } else if (pointer.substr(i).starts_with("/**") && (i + 3 == pointer.size() || pointer[i + 3] == '/')) {
      out += "/~2~2";
      i += 2;
    } else {
      out += pointer[i];
    }
  }
  return out;
}

// By the pattern with * for every index of an array: the places that it names.
void walk(const Json& value, const std::string& concrete, const std::string& general,
          std::map<std::string, std::set<std::string>>& out) {
  if (value.is_array()) {
    for (std::size_t i = 0; i < value.as_array().size(); ++i) {
      std::string inner = concrete;
      append_pointer(inner, i);
      walk(value.as_array()[i], inner, general + "/*", out);
    }
  } else if (value.is_object()) {
    for (const JsonMember& member : value.as_object()) {
      std::string step;
      append_pointer(step, member.name);
      step = pattern_of(step);
      walk(member.value, concrete + step, general + step, out);
    }
  }
  if (concrete != general) out[general].insert(concrete);
}

class Suggester {
 public:
  explicit Suggester(const CompareOptions& options) : options_(options) {
    options_.max_differences = SIZE_MAX;
    options_.count_all = true;
  }

  Status compare(const Exchange& first, const Exchange& other) {
    STREAM_ASSIGN(const Comparison found, compare_exchanges(first, other, options_));
    for (const Difference& difference : found.differences) add(difference);
    // Where arrays have elements.
    DecodeOptions decode;
    decode.limits = options_.limits;
    STREAM_ASSIGN(const auto items, decode_items(first, found.expected.kind, std::move(decode)));
    for (const Item& item : items) {
      if (item.form != DataForm::value) continue;
      if (const auto value = parse_json(item.data, options_.limits)) walk(*value, {}, {}, elements_);
    }
    return {};
  }

  NoiseSuggestions finish() {
    generalise();
    for (const std::string& path : order_) {
      const auto seen = places_.find(path);
      if (seen == places_.end()) continue;
      NoiseSuggestion suggestion;
      suggestion.path = path;
      suggestion.count = seen->second.count;
      if (!seen->second.values.empty()) {
        const Json& value = seen->second.values.front();
        suggestion.example = value.is_string() ? value.as_string() : to_json(value);
      }
      classify(seen->second, suggestion);
      if (suggestion.known) suggestion.rule.path = path;
      out_.places.push_back(std::move(suggestion));
    }
    return std::move(out_);
  }

 private:
  void add(const Difference& difference) {
    const bool data = difference.subject == Subject::data;
    if ((!data && difference.subject != Subject::field) || difference.pointer != difference.actual_pointer) {
      ++out_.others;
      return;
    }
    std::string path = data ? pattern_of(difference.pointer) : "@" + difference.field;
    if (data && difference.expected_value.form == ShownValue::Form::bytes) path = "@data";
    const auto [place, is_new] = places_.try_emplace(path);
    if (is_new) order_.push_back(path);
    Seen& seen = place->second;
    ++seen.count;
    if (difference.change != ValueChange::changed) seen.mixed = true;
    for (const ShownValue* const side : {&difference.expected_value, &difference.actual_value}) {
      if (seen.values.size() >= kMaxValues || side->form == ShownValue::Form::none) continue;
      auto value = side->form == ShownValue::Form::json ? parse_json(side->text, options_.limits) : Json(side->text);
      if (value) seen.values.push_back(std::move(*value));
    }
  }

  // Where every element of an array varies, one pattern stands for them.
  void generalise() {
    for (const auto& [general, concrete] : elements_) {
      const bool all = concrete.size() > 1 && std::all_of(concrete.begin(), concrete.end(),
                                                          [&](const std::string& path) { return places_.contains(path); });
      if (!all) continue;
      Seen together;
      for (const std::string& path : concrete) {
        Seen& one = places_.at(path);
        together.count += one.count;
        together.mixed = together.mixed || one.mixed;
        std::move(one.values.begin(), one.values.end(), std::back_inserter(together.values));
        places_.erase(path);
      }
      const auto first = std::find_if(order_.begin(), order_.end(),
                                      [&elements = concrete](const std::string& path) { return elements.contains(path); });
      *first = general;
      places_.insert_or_assign(general, std::move(together));
    }
  }

  CompareOptions options_;
  NoiseSuggestions out_;
  std::map<std::string, Seen> places_;
  std::vector<std::string> order_;
  std::map<std::string, std::set<std::string>> elements_;  // by general pattern
};

std::string quoted(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'') out += '\'';
    out += static_cast<unsigned char>(c) < 0x20 || c == '\x7f' ? ' ' : c;
  }
  return out + "'";
}

std::string excerpt(std::string_view text) {
  constexpr std::size_t kLongest = 60;
  if (text.size() <= kLongest) return quoted(text);
  std::size_t end = kLongest;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
  return quoted(std::string(text.substr(0, end)) + "…");
}

}  // namespace

Result<NoiseSuggestions> suggest_noise(std::span<const Exchange> runs, const CompareOptions& options) {
  if (runs.size() < 2) return fail({ErrorCode::usage, "what varies between runs shows only in two or more of them", {}, {}});
  Suggester suggester(options);
  for (const Exchange& other : runs.subspan(1)) STREAM_TRY(suggester.compare(runs.front(), other));
  return suggester.finish();
}

std::string write_noise_file(const NoiseSuggestions& suggestions) {
  std::string out = "noise: 1\nrules:\n";
  for (const NoiseSuggestion& place : suggestions.places) {
    if (!place.known) continue;
    out += fmt::format("  - {}: {}\n", to_string(place.rule.action), quoted(place.path));
    if (place.rule.action == NoiseAction::regex) out += fmt::format("    match: {}\n", quoted(place.rule.match));
    out += fmt::format("    why: {}\n", quoted(place.what));
  }
  for (const NoiseSuggestion& place : suggestions.places) {
    if (!place.known)
      out += fmt::format("# {} varies too: {}, such as {}\n", quoted(place.path), place.what, excerpt(place.example));
  }
  if (suggestions.others != 0) out += fmt::format("# {} more differ in structure\n", suggestions.others);
  return out;
}

}  // namespace stream
