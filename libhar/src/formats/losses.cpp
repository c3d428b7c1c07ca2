#include "formats/losses.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

namespace har::format {
namespace {

using stream::Json;
using stream::JsonMember;

constexpr std::string_view kRule = "lost-";

/// Whether a member says something: that it is null, empty or unknown says nothing.
bool says_something(std::string_view path, const Json& value) {
  if (value.is_null()) return false;
  if (value.is_string()) return !value.as_string().empty();
  if (value.is_array()) return !value.as_array().empty();
  if (value.is_object()) {
    return std::any_of(value.as_object().begin(), value.as_object().end(),
                       [&](const JsonMember& member) { return says_something({}, member.value); });
  }
  if (value.is_number()) {
    // Numbers that stand for "not known", and the sizes that a writer without knowledge gives.
    const std::int64_t number = value.int_or(1);
    return number != -1 && (number != 0 || path.find("ize") == std::string_view::npos);
  }
  return value.bool_or(false);
}

bool covers(std::string_view held, std::string_view path) {
  return path.starts_with(held) && (path.size() == held.size() || path[held.size()] == '.' || path[held.size()] == '[');
}

class Walk {
 public:
  Walk(HeldMembers held, std::set<std::string>& lost) : held_(held), lost_(lost) {}

  void object(const std::string& path, const Json& value) {
    for (const JsonMember& member : value.as_object()) {
      const std::string below = path.empty() ? member.name : path + "." + member.name;
      if (says_something(below, member.value)) step(below, member.value);
    }
  }

 private:
  void step(const std::string& path, const Json& value) {
    if (std::any_of(held_.begin(), held_.end(), [&](std::string_view held) { return covers(held, path); })) return;
    // Only what a format holds a part of is taken apart.
    const bool part_held = std::any_of(held_.begin(), held_.end(), [&](std::string_view held) { return covers(path, held); });
    if (part_held && value.is_object()) {
      object(path, value);
    } else if (part_held && value.is_array()) {
      for (const Json& element : value.as_array()) {
        if (element.is_object()) object(path + "[]", element);
      }
    } else {
      lost_.insert(path);
    }
  }

  HeldMembers held_;
  std::set<std::string>& lost_;
};

}  // namespace

bool says_something(const Json& value) { return says_something({}, value); }

void report_losses(const Json& entry, HeldMembers held, std::string_view format, const stream::Place& place,
                   const stream::FindingSink& report) {
  if (!report || !entry.is_object()) return;
  std::set<std::string> lost;
  Walk(held, lost).object("", entry);
  for (const std::string& path : lost) {
    std::string what = path;
    std::replace(what.begin(), what.end(), '.', '-');
    for (std::size_t at; (at = what.find("[]")) != std::string::npos;) what.erase(at, 2);
    report_loss(what, fmt::format("{} is left out: {} has no place for it", path, format), place, report);
  }
}

void report_loss(std::string_view what, std::string message, const stream::Place& place, const stream::FindingSink& report) {
  if (report) report({stream::Level::warning, std::string(kRule).append(what), std::move(message), place});
}

}  // namespace har::format

bool har::is_loss(const stream::Finding& finding) { return finding.rule.starts_with(format::kRule); }
