#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "formats/formats.hpp"
#include "stream/text/json_scan.hpp"

namespace har::format {

using stream::Json;
using stream::JsonMember;

void LogMerge::add_member(Json::Object& to, const JsonMember& member, bool is_log) {
  const auto same = std::find_if(to.begin(), to.end(), [&](const JsonMember& other) { return other.name == member.name; });
  if (same == to.end()) {
    to.push_back(member);
    return;
  }
  const auto report = [&](std::string rule, std::string message) {
    if (report_) report_({stream::Level::warning, std::move(rule), std::move(message), {}});
  };
  if (is_log && member.name == "pages" && same->value.is_array() && member.value.is_array()) {
    std::set<std::string_view> ids;
    for (const Json& page : same->value.as_array()) ids.insert(page["id"].string_or(""));
    for (const Json& page : member.value.as_array()) {
      if (ids.contains(page["id"].string_or(""))) {
        report("log-page-ids", fmt::format("two inputs have a page \"{}\": which one an entry means can no longer be told",
                                           page["id"].string_or("")));
      }
    }
    auto& pages = same->value.as_array();
    pages.insert(pages.end(), member.value.as_array().begin(), member.value.as_array().end());
  } else if (same->value != member.value) {
    report("log-members",
           fmt::format("the inputs do not agree on {}{}; that of the first is kept", is_log ? "/log/" : "/", member.name));
  }
}

void LogMerge::add(const LogInfo& info, std::size_t log_from, std::size_t root_from) {
  for (std::size_t i = log_from; i < info.log.size(); ++i) add_member(merged_.log, info.log[i], true);
  for (std::size_t i = root_from; i < info.root.size(); ++i) add_member(merged_.root, info.root[i], false);
}

void LogOutput::require(Json::Object& log, const Json& creator) {
  if (std::exchange(required_, true)) return;
  const auto has = [&](std::string_view name) {
    return std::find(written_.begin(), written_.end(), name) != written_.end() ||
           std::any_of(log.begin(), log.end(), [&](const JsonMember& member) { return member.name == name; });
  };
  const bool named = has("creator");
  std::size_t at = 0;
  if (!has("version")) log.insert(log.begin(), JsonMember{"version", "1.2"});
  if (!log.empty() && log.front().name == "version") at = 1;
  if (!named && !creator.is_null()) log.insert(log.begin() + static_cast<std::ptrdiff_t>(at), JsonMember{"creator", creator});
}

stream::Status append_line(std::string& out, const Item& item) {
  if (!stream::append_minified(out, item.text)) {
    return stream::fail({stream::ErrorCode::syntax, "a string is not closed", item.where()});
  }
  out += '\n';
  return {};
}

}  // namespace har::format
