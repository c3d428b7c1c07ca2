#include "json_walk.hpp"

#include <algorithm>

namespace stream {
namespace {

using Level = PathPattern::Level;

bool fits(const Level& level, std::string_view name) {
  if (level.kind == Level::Kind::any) return true;
  if (level.kind != Level::Kind::name) return false;
  if (!level.any_case) return level.name == name;
  return std::equal(level.name.begin(), level.name.end(), name.begin(), name.end(),
                    [](char a, char b) { return a == (b >= 'A' && b <= 'Z' ? b - 'A' + 'a' : b); });
}

using Visit = std::function<void(const Json&, const Levels&)>;

// NOLINTNEXTLINE(misc-no-recursion): as deep as the value
void walk(const Json& value, const PathPattern& pattern, std::size_t at, Levels& levels, const Visit& visit) {
  if (at == pattern.levels.size()) {
    visit(value, levels);
    return;
  }
  const Level& level = pattern.levels[at];
  const bool deep = level.kind == Level::Kind::any_depth || level.kind == Level::Kind::any_elements;
  if (deep) walk(value, pattern, at + 1, levels, visit);
  const auto below = [&](const std::string& name, const Json& child) {
    if (!deep && !fits(level, name)) return;
    levels.push_back(name);
    walk(child, pattern, deep ? at : at + 1, levels, visit);
    levels.pop_back();
  };
  if (value.is_object() && level.kind != Level::Kind::any_elements) {
    for (const JsonMember& member : value.as_object()) below(member.name, member.value);
  } else if (value.is_array()) {
    std::size_t index = 0;
    for (const Json& element : value.as_array()) below(std::to_string(index++), element);
  }
}

}  // namespace

std::optional<std::size_t> element_index(std::string_view name, std::size_t size) {
  std::size_t index = 0;
  if (name.empty() || name.size() > 9) return std::nullopt;
  for (const char c : name) {
    if (c < '0' || c > '9') return std::nullopt;
    index = index * 10 + static_cast<std::size_t>(c - '0');
  }
  return index < size ? std::optional(index) : std::nullopt;
}

void walk_places(const Json& value, const PathPattern& pattern, const Visit& visit) {
  Levels levels;
  walk(value, pattern, 0, levels, visit);
}

void remove_place(Json& value, const Levels& levels) {
  Json* at = &value;
  for (std::size_t i = 0; i < levels.size() && at != nullptr; ++i) {
    const bool last = i + 1 == levels.size();
    if (at->is_object()) {
      auto& members = at->as_object();
      const auto found =
          std::find_if(members.begin(), members.end(), [&](const JsonMember& member) { return member.name == levels[i]; });
      if (found == members.end()) return;
      if (last) {
        members.erase(found);
        return;
      }
      at = &found->value;
    } else if (at->is_array()) {
      const auto index = element_index(levels[i], at->as_array().size());
      if (!index) return;
      at = &at->as_array()[*index];
      if (last) *at = Json(nullptr);
    }
  }
}

}  // namespace stream
