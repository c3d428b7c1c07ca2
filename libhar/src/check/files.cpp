// Bodies that stand in files beside the HAR.
#include <fmt/format.h>

#include "check/entry_rules.hpp"
#include "check/words.hpp"

namespace har::check {
namespace {

bool is_separator(char c) { return c == '/' || c == '\\'; }  // Windows programs take both

/// Whether a name leads out of the folder that it is looked for in, on any system: absolute, or more ".." than folders.
bool leaves_folder(std::string_view name) {
  if (is_separator(name.front())) return true;
  const bool drive = name.size() >= 2 && name[1] == ':' && ((name[0] | 0x20) >= 'a' && (name[0] | 0x20) <= 'z');
  if (drive) return true;
  std::size_t depth = 0;
  for (std::size_t at = 0; at < name.size();) {
    std::size_t end = at;
    while (end < name.size() && !is_separator(name[end])) ++end;
    const std::string_view part = name.substr(at, end - at);
    if (part == "..") {
      if (depth == 0) return true;
      --depth;
    } else if (!part.empty() && part != ".") {
      ++depth;
    }
    at = end + 1;
  }
  return false;
}

void check_file(const Facts& facts, Slot slot, std::string_view pointer, const SideFiles* files, Marks& marks) {
  const Field& field = facts[slot];
  if (!field.is_string()) return;
  const std::string name = text_of(field);
  if (name.empty()) return;
  if (leaves_folder(name)) {
    marks.push_back({RuleId::file_escape, facts.offset(field), std::string(pointer),
                     fmt::format("expected a file in the folder of the HAR, found {}", quoted(name))});
    return;
  }
  if (files == nullptr || !files->has_folder()) return;
  const auto found = files->find(name);
  if (found) return;
  if (found.error().code == stream::ErrorCode::io) {
    marks.push_back({RuleId::file_missing, facts.offset(field), std::string(pointer),
                     fmt::format("expected the file {} in the folder of the HAR, found none", quoted(name))});
  } else if (name.find("..") == std::string::npos) {  // "a/../b" stays in the folder, though we don't follow it
    marks.push_back({RuleId::file_escape, facts.offset(field), std::string(pointer),
                     fmt::format("expected a file in the folder of the HAR, found {}, a symbolic link out of it", quoted(name))});
  }
}

}  // namespace

void check_files(const Facts& facts, const SideFiles* files, Marks& marks) {
  if (facts[Slot::post_file]) check_file(facts, Slot::post_file, "/request/postData/_file", files, marks);
  if (facts[Slot::file]) check_file(facts, Slot::file, "/response/content/_file", files, marks);
}

}  // namespace har::check
