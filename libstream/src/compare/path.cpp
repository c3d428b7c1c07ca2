#include "stream/compare/path.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstring>

#include "stream/text/ascii.hpp"
#include "stream/text/json.hpp"

namespace stream {
namespace {

using ascii::lower_case;

using Level = PathPattern::Level;

void append(std::vector<Level>& levels, Level level) {
  // "**" twice in a row says no more than once.
  if (level.kind == Level::Kind::any_depth && !levels.empty() && levels.back().kind == Level::Kind::any_depth) return;
  levels.push_back(std::move(level));
}

Result<Level> pointer_level(std::string_view token, std::string_view pattern) {
  if (token == "*") return Level{Level::Kind::any, {}, false};
  if (token == "**") return Level{Level::Kind::any_depth, {}, false};
  Level level;
  for (std::size_t i = 0; i < token.size(); ++i) {
    if (token[i] != '~') {
      level.name += token[i];
      continue;
    }
    const char escaped = ++i < token.size() ? token[i] : '\0';
    if (escaped == '\0' || std::strchr("012", escaped) == nullptr) {
      return fail({ErrorCode::usage,
                   fmt::format("the pattern '{}' has a ~ that is none of ~0, ~1 and ~2", pattern),
                   {},
                   "write ~0 for ~, ~1 for /, ~2 for a literal *"});
    }
    level.name += escaped == '0' ? '~' : escaped == '1' ? '/' : '*';
  }
  return level;
}

Result<PathPattern> parse_pointer(std::string_view text) {
  PathPattern out;
  for (std::string_view rest = text; !rest.empty();) {
    rest.remove_prefix(1);
    const std::size_t end = std::min(rest.find('/'), rest.size());
    STREAM_ASSIGN(Level level, pointer_level(rest.substr(0, end), text));
    append(out.levels, std::move(level));
    rest.remove_prefix(end);
  }
  return out;
}

// What stands in brackets: nothing or a star, an index, or a name in quotes. `rest` begins behind the opening one.
Result<Level> bracket_level(std::string_view& rest, std::string_view pattern) {
  const auto refuse = [&](std::string_view what) {
    return fail({ErrorCode::usage,
                 fmt::format("the pattern '{}' has {}", pattern, what),
                 {},
                 "write [] for any element, [0] for the first, [\"a.b\"] for a member of that name"});
  };
  Level level;
  if (rest.starts_with('"')) {
    std::size_t used = 0;
    const auto name = parse_json_prefix(rest, used);
    if (!name || !name->is_string()) return refuse("a name whose quotes are not closed");
    level.name = name->as_string();
    rest.remove_prefix(used);
  } else {
    const std::size_t end = std::min(rest.find(']'), rest.size());
    const std::string_view index = rest.substr(0, end);
    if (index.find_first_not_of("0123456789") != std::string_view::npos && index != "*")
      return refuse("brackets that hold no index");
    if (index.empty() || index == "*") {
      level.kind = Level::Kind::any;
    } else {
      level.name = index;
    }
    rest.remove_prefix(end);
  }
  if (!rest.starts_with(']')) return refuse("a bracket that is not closed");
  rest.remove_prefix(1);
  return level;
}

Result<PathPattern> parse_dotted(std::string_view text) {
  PathPattern out;
  if (text == ".") return out;
  std::string_view rest = text;
  // ".[0]" is how an element of the whole value is written.
  if (rest.starts_with(".[")) rest.remove_prefix(1);
  while (!rest.empty()) {
    if (rest.starts_with('[')) {
      rest.remove_prefix(1);
      STREAM_ASSIGN(Level level, bracket_level(rest, text));
      append(out.levels, std::move(level));
      continue;
    }
    if (rest.starts_with("..")) {
      append(out.levels, {Level::Kind::any_depth, {}, false});
      rest.remove_prefix(1);
    }
    const std::string_view name =
        rest.starts_with('.') ? rest.substr(1, std::min(rest.find_first_of(".[", 1), rest.size()) - 1) : std::string_view{};
    if (name.empty()) {
      return fail({ErrorCode::usage,
                   fmt::format("the pattern '{}' has a level without a name", text),
                   {},
                   "a pattern with dots is written .a.b[0] or ..name, or as a pointer: /a/b/0, /**/name"});
    }
    rest.remove_prefix(name.size() + 1);
    if (name == "*") {
      append(out.levels, {Level::Kind::any, {}, false});
    } else if (name == "**") {
      append(out.levels, {Level::Kind::any_depth, {}, false});
    } else {
      append(out.levels, {Level::Kind::name, std::string(name), false});
    }
  }
  return out;
}

}  // namespace

Result<PathPattern> parse_path(std::string_view text) {
  if (text.empty() || text.front() == '/') return parse_pointer(text);
  if (text.front() == '.') return parse_dotted(text);
  const std::string name(text.substr(0, 40));
  return fail({ErrorCode::usage,
               fmt::format("the pattern '{}' begins neither with / nor with @", text),
               {},
               fmt::format("/{0} is a member of the JSON value, /**/{0} one at any depth, @{0} a field of the event", name)});
}

PathMatcher::PathMatcher(std::vector<PathPattern> patterns) : patterns_(std::move(patterns)) {
  states_.emplace_back();  // kNothing
  for (Steps& steps : states_.front().steps) steps.otherwise = kNothing;
  ids_.emplace(std::vector<Position>{}, kNothing);
}

PathMatcher::State PathMatcher::start(const std::vector<std::uint32_t>& active) {
  std::vector<Position> positions;
  for (const std::uint32_t index : active) positions.emplace_back(index, 0);
  return intern(std::move(positions));
}

// Adds what may be skipped, and makes the set of positions a state.
PathMatcher::State PathMatcher::intern(std::vector<Position> positions) {
  for (std::size_t i = 0; i < positions.size(); ++i) {
    const auto [pattern, level] = positions[i];
    const auto& levels = patterns_[pattern].levels;
    if (level < levels.size() &&
        (levels[level].kind == Level::Kind::any_depth || levels[level].kind == Level::Kind::any_elements))
      positions.emplace_back(pattern, level + 1);
  }
  std::sort(positions.begin(), positions.end());
  positions.erase(std::unique(positions.begin(), positions.end()), positions.end());
  if (const auto known = ids_.find(positions); known != ids_.end()) return known->second;

  Node node;
  for (const auto& [pattern, level] : positions) {
    const auto& levels = patterns_[pattern].levels;
    if (level == levels.size()) {
      node.matched.push_back(pattern);
    } else if (levels[level].kind == Level::Kind::name) {
      for (Steps& steps : node.steps) steps.spelled.emplace(levels[level].name, kUnknown);
      node.any_case = node.any_case || levels[level].any_case;
    }
  }
  const auto id = static_cast<State>(states_.size());
  ids_.emplace(positions, id);
  node.positions = std::move(positions);
  states_.push_back(std::move(node));
  return id;
}

PathMatcher::State PathMatcher::take(State state, std::string_view name, Step step) {
  std::vector<Position> positions;
  for (const auto& [pattern, level] : states_[state].positions) {
    const auto& levels = patterns_[pattern].levels;
    if (level == levels.size()) {
      if (patterns_[pattern].below) positions.emplace_back(pattern, level);
      continue;
    }
    const Level& wanted = levels[level];
    switch (wanted.kind) {
      case Level::Kind::any:
        positions.emplace_back(pattern, level + 1);
        break;
      case Level::Kind::any_depth:
        positions.emplace_back(pattern, level);
        break;
      case Level::Kind::any_elements:
        if (step == Step::element) positions.emplace_back(pattern, level);
        break;
      case Level::Kind::name:
        if (wanted.any_case ? lower_case(name) == wanted.name : name == wanted.name) positions.emplace_back(pattern, level + 1);
        break;
    }
  }
  return intern(std::move(positions));
}

PathMatcher::State PathMatcher::find(State state, std::string_view name, Step step) {
  if (state == kNothing) return kNothing;
  const auto at = static_cast<std::size_t>(step);
  {
    auto& spelled = states_[state].steps[at].spelled;
    auto known = spelled.find(name);
    if (known == spelled.end() && states_[state].any_case && spelled.contains(lower_case(name)))
      known = spelled.emplace(name, kUnknown).first;
    if (known != spelled.end()) {
      if (known->second == kUnknown) {
        const State next = take(state, name, step);  // may move the states
        return states_[state].steps[at].spelled.find(name)->second = next;
      }
      return known->second;
    }
  }
  if (states_[state].steps[at].otherwise == kUnknown) {
    const State next = take(state, name, step);
    states_[state].steps[at].otherwise = next;
  }
  return states_[state].steps[at].otherwise;
}

PathMatcher::State PathMatcher::member(State state, std::string_view name) { return find(state, name, Step::member); }

PathMatcher::State PathMatcher::element(State state, std::size_t index) {
  if (state == kNothing) return kNothing;
  char digits[24];
  const auto end = std::to_chars(digits, digits + sizeof digits, index).ptr;
  return find(state, std::string_view(digits, static_cast<std::size_t>(end - digits)), Step::element);
}

}  // namespace stream
