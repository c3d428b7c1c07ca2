#include "merge/merged_log.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace har::merging {

using stream::Json;
using stream::JsonMember;

namespace {

const Json* member_of(const Json::Object& object, std::string_view name) {
  const auto found = std::find_if(object.begin(), object.end(), [&](const JsonMember& member) { return member.name == name; });
  return found == object.end() ? nullptr : &found->value;
}

}  // namespace

std::string creator_of(const LogInfo& info) {
  const Json* const creator = member_of(info.log, "creator");
  if (creator == nullptr || !(*creator)["name"].is_string()) return "";
  const std::string_view version = (*creator)["version"].string_or("");
  return fmt::format("{}{}{}", (*creator)["name"].as_string(), version.empty() ? "" : " ", version);
}

void MergedLog::add_member(Json::Object& to, const JsonMember& member, bool is_log) {
  if (is_log && (member.name == "pages" || member.name == "comment" || member.name == "version")) return;
  const Json* const first = member_of(to, member.name);
  if (first == nullptr) {
    to.push_back(member);
    return;
  }
  if (*first == member.value || (is_log && member.name == "creator" && provenance_)) return;
  const std::string name = (is_log ? "/log/" : "/") + member.name;
  if (std::find(reported_.begin(), reported_.end(), name) != reported_.end()) return;
  reported_.push_back(name);
  if (report_) {
    report_({stream::Level::warning,
             "log-members",
             fmt::format("the inputs do not agree on {}; that of the first that has it is kept", name),
             {}});
  }
}

void MergedLog::add(const std::vector<const LogInfo*>& logs) {
  if (member_of(info_.log, "version") == nullptr) {
    std::string highest;
    for (const LogInfo* log : logs) {
      const Json* const version = member_of(log->log, "version");
      if (version != nullptr && version->is_string()) highest = std::max(highest, version->as_string());
    }
    if (!highest.empty()) info_.log.push_back({"version", highest});
  }
  bool has_pages = member_of(info_.log, "pages") != nullptr;
  for (const LogInfo* log : logs) {
    for (const JsonMember& member : log->log) {
      if (member.name == "pages" && !std::exchange(has_pages, true)) info_.log.push_back({"pages", names_.pages()});
      add_member(info_.log, member, true);
    }
    for (const JsonMember& member : log->root) add_member(info_.root, member, false);
  }
}

void MergedLog::add_comment(const std::vector<const LogInfo*>& logs, const std::string& provenance) {
  std::vector<std::string> lines;
  for (const LogInfo* log : logs) {
    const Json* const comment = member_of(log->log, "comment");
    if (comment == nullptr || !comment->is_string() || comment->as_string().empty()) continue;
    if (std::find(lines.begin(), lines.end(), comment->as_string()) == lines.end()) lines.push_back(comment->as_string());
  }
  if (!provenance.empty()) lines.push_back(provenance);
  if (!lines.empty()) info_.log.push_back({"comment", fmt::format("{}", fmt::join(lines, "\n"))});
}

}  // namespace har::merging
