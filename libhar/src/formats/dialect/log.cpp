// What a log says beside its entries, in another program's words.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "formats/dialect/dialect.hpp"
#include "stream/text/timestamp.hpp"

namespace har::format::dialect {
namespace {

using stream::Json;
using stream::JsonMember;

/// Creator and browser: {name, version, comment}; nothing for what is none.
std::optional<Json> creator(const Json& value) {
  if (!value.is_object()) return std::nullopt;
  Json out = Json::object();
  for (const std::string_view name : {"name", "version"}) {
    const Json& text = value[name];
    out.set(name, text.is_string() ? text : text.is_number() ? Json(to_json(text)) : Json(""));
  }
  if (value["comment"].is_string()) out.set("comment", value["comment"]);
  return out;
}

/// A page with what HAR 1.2 requires; nothing for what is none.
std::optional<Json> page(const Json& value, bool own_members) {
  const auto started = stream::parse_iso8601(value["startedDateTime"].string_or(""));
  const Json* const id = value.find("id");
  if (!value.is_object() || !started || id == nullptr || !(id->is_string() || id->is_number())) return std::nullopt;
  Json out = Json::object();
  out.set("startedDateTime", stream::format_iso8601(std::chrono::floor<std::chrono::microseconds>(started->time)));
  out.set("id", id->is_string() ? *id : Json(to_json(*id)));
  out.set("title", value["title"].is_string() ? value["title"] : Json(""));
  Json timings = Json::object();
  for (const std::string_view name : {"onContentLoad", "onLoad"}) {
    const Json& time = value["pageTimings"][name];
    if (time.is_number() && std::isfinite(time.number_or(NAN))) timings.set(name, time.number_or(0) < -1 ? Json(-1) : time);
  }
  if (value["pageTimings"]["comment"].is_string()) timings.set("comment", value["pageTimings"]["comment"]);
  out.set("pageTimings", std::move(timings));
  if (value["comment"].is_string()) out.set("comment", value["comment"]);
  if (own_members) {
    for (const JsonMember& member : value.as_object()) {
      if (member.name.starts_with('_')) out.set(member.name, member.value);
    }
  }
  return out;
}

bool says_more(const Json& before, const Json& after) {
  return std::any_of(before.as_object().begin(), before.as_object().end(),
                     [&](const JsonMember& member) { return !member.value.is_null() && after.find(member.name) == nullptr; });
}

}  // namespace

LogInfo shaped_log(LogInfo info, Dialect dialect, const Json& instead, const stream::FindingSink& report) {
  const std::string name = fmt::format("the dialect {}", to_string(dialect));
  const auto lost = [&](std::string_view what, std::string_view path) {
    report_loss(what, fmt::format("{} is left out: {} has no place for it", path, name), {}, report);
  };
  LogInfo out;
  for (const JsonMember& member : info.root) lost(member.name, "/" + member.name);
  for (JsonMember& member : info.log) {
    if (member.name == "version") {
      out.log.push_back({"version", "1.2"});
    } else if (member.name == "creator" || member.name == "browser") {
      if (member.name == "browser" && dialect == Dialect::devproxy) {
        lost("log-browser", "log.browser");
        continue;
      }
      auto made = creator(member.value);
      if (!made && member.name == "creator")
        made = instead.is_object() ? instead : Json(Json::Object{{"name", "unknown"}, {"version", ""}});
      if (!made) continue;
      if (member.value.is_object() && says_more(member.value, *made))
        lost("log-" + member.name, fmt::format("what log.{} says more", member.name));
      out.log.push_back({member.name, std::move(*made)});
    } else if (member.name == "pages" && dialect != Dialect::devproxy) {
      Json::Array pages;
      std::size_t dropped = 0;
      bool more = false;
      for (const Json& each : member.value.is_array() ? member.value.as_array() : Json::Array()) {
        if (auto made = page(each, dialect == Dialect::playwright)) {
          more = more || says_more(each, *made);
          pages.push_back(std::move(*made));
        } else {
          ++dropped;
        }
      }
      if (more) lost("log-pages", "what a page says more");
      if (dropped > 0) lost("log-pages", fmt::format("what is no page ({})", dropped));
      out.log.push_back({"pages", std::move(pages)});
    } else if (member.name == "comment" && dialect != Dialect::devproxy && member.value.is_string()) {
      out.log.push_back(std::move(member));
    } else if (!member.value.is_null()) {
      lost("log-" + member.name, "log." + member.name);
    }
  }
  return out;
}

}  // namespace har::format::dialect
