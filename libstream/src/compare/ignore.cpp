#include "stream/compare/ignore.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstring>

namespace stream {
namespace {

std::string lower_case(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

}  // namespace

Status IgnoreSet::add(std::string_view pattern) {
  if (!pattern.empty() && pattern.front() == '@') {
    const std::size_t star = pattern.find('*');
    if (pattern.size() == 1 || (star != std::string_view::npos && star + 1 != pattern.size())) {
      return fail({ErrorCode::usage,
                   fmt::format("the pattern '{}' names no field", pattern),
                   {},
                   "fields are @type, @id, @header/NAME …"});
    }
    fields_.push_back(lower_case(pattern.substr(1)));
    return {};
  }
  if (!pattern.empty() && pattern.front() != '/') {
    const std::string name(pattern.substr(0, 40));
    return fail({ErrorCode::usage,
                 fmt::format("the pattern '{}' begins neither with / nor with @", pattern),
                 {},
                 fmt::format("/{0} is a member of the JSON value, /**/{0} one at any depth, @{0} a field of the event", name)});
  }
  std::vector<Level> levels;
  std::string_view rest = pattern;
  while (!rest.empty()) {
    rest.remove_prefix(1);
    const std::size_t end = std::min(rest.find('/'), rest.size());
    const std::string_view token = rest.substr(0, end);
    rest.remove_prefix(end);
    Level level;
    if (token == "*") {
      level.kind = Level::Kind::any;
    } else if (token == "**") {
      level.kind = Level::Kind::any_depth;
      // "**" twice in a row says no more than once.
      if (!levels.empty() && levels.back().kind == Level::Kind::any_depth) continue;
    } else {
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
    }
    levels.push_back(std::move(level));
  }
  patterns_.push_back(std::move(levels));
  return {};
}

bool IgnoreSet::field(std::string_view name) const {
  if (fields_.empty()) return false;
  const std::string wanted = lower_case(name);
  return std::any_of(fields_.begin(), fields_.end(), [&](const std::string& field) {
    return field.back() == '*' ? wanted.compare(0, field.size() - 1, field, 0, field.size() - 1) == 0 : wanted == field;
  });
}

IgnoreMatcher::IgnoreMatcher(const IgnoreSet& set) : set_(set) {
  states_.emplace_back();  // kNothing
  states_.front().otherwise_known = true;
  ids_.emplace(std::vector<Position>{}, kNothing);
  std::vector<Position> start;
  for (std::uint32_t i = 0; i < set.patterns_.size(); ++i) start.emplace_back(i, 0);
  root_ = intern(std::move(start));
}

// Adds what "**" may skip, and makes the set of positions a state.
IgnoreMatcher::State IgnoreMatcher::intern(std::vector<Position> positions) {
  for (std::size_t i = 0; i < positions.size(); ++i) {
    const auto [pattern, level] = positions[i];
    const auto& levels = set_.patterns_[pattern];
    if (level < levels.size() && levels[level].kind == IgnoreSet::Level::Kind::any_depth)
      positions.emplace_back(pattern, level + 1);
  }
  std::sort(positions.begin(), positions.end());
  positions.erase(std::unique(positions.begin(), positions.end()), positions.end());
  if (const auto known = ids_.find(positions); known != ids_.end()) return known->second;

  Node node;
  for (const auto& [pattern, level] : positions) {
    if (level == set_.patterns_[pattern].size()) node.accepts = true;
  }
  const State id = static_cast<State>(states_.size());
  ids_.emplace(positions, id);
  for (const auto& [pattern, level] : positions) {
    const auto& levels = set_.patterns_[pattern];
    if (level < levels.size() && levels[level].kind == IgnoreSet::Level::Kind::name)
      node.next.emplace(levels[level].name, kNothing);
  }
  node.positions = std::move(positions);
  // kNothing as a target means "not computed yet" for spelled names: their true target is computed on the first visit.
  states_.push_back(std::move(node));
  return id;
}

IgnoreMatcher::State IgnoreMatcher::step(State state, std::string_view name, bool spelled_out) {
  std::vector<Position> positions;
  for (const auto& [pattern, level] : states_[state].positions) {
    const auto& levels = set_.patterns_[pattern];
    if (level == levels.size()) continue;
    switch (levels[level].kind) {
      case IgnoreSet::Level::Kind::any:
        positions.emplace_back(pattern, level + 1);
        break;
      case IgnoreSet::Level::Kind::any_depth:
        positions.emplace_back(pattern, level);
        break;
      case IgnoreSet::Level::Kind::name:
        if (spelled_out && levels[level].name == name) positions.emplace_back(pattern, level + 1);
        break;
    }
  }
  return intern(std::move(positions));
}

IgnoreMatcher::State IgnoreMatcher::member(State state, std::string_view name) {
  if (state == kNothing) return kNothing;
  if (const auto spelled = states_[state].next.find(name); spelled != states_[state].next.end()) {
    if (spelled->second != kNothing) return spelled->second;
    const State next = step(state, name, true);
    states_[state].next.find(name)->second = next;  // step() may have moved the states
    return next;
  }
  if (!states_[state].otherwise_known) {
    const State next = step(state, name, false);
    states_[state].otherwise = next;
    states_[state].otherwise_known = true;
  }
  return states_[state].otherwise;
}

IgnoreMatcher::State IgnoreMatcher::element(State state, std::size_t index) {
  if (state == kNothing) return kNothing;
  char digits[24];
  const auto end = std::to_chars(digits, digits + sizeof digits, index).ptr;
  return member(state, std::string_view(digits, static_cast<std::size_t>(end - digits)));
}

}  // namespace stream
