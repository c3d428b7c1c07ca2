#include "check/fix_rules.hpp"

#include <fmt/format.h>

#include "check/fix_values.hpp"
#include "stream/text/timestamp.hpp"

namespace har::check::edit {

void drop_null(Text& text, Node object, std::string_view name) {
  if (const Node member = text.find(object, name); text.is_null(member)) text.drop(member, RuleId::har_type);
}

void require(Text& text, Node object, std::string_view name, std::string_view json, std::string_view why) {
  const Node member = text.find(object, name);
  if (member == kNone) {
    text.add(object, name, std::string(json), RuleId::har_required, why);
  } else if (text.is_null(member)) {
    text.set(member, RuleId::har_type, std::string(json), why);
  }
}

void make_string(Text& text, Node node) {
  if (text.is(node, Kind::number) || text.is(node, Kind::boolean)) text.set(node, RuleId::har_type, quote(text.raw(node)));
}

void make_number(Text& text, Node node, bool integer) {
  if (!text.is(node, Kind::string)) return;
  auto number = number_in(text.string(node));
  if (number && (!integer || is_integer(*number))) text.set(node, RuleId::har_type, std::move(*number));
}

void make_date(Text& text, Node node) {
  if (text.is(node, Kind::number)) {
    if (const auto date = har_date_of_number(text.raw(node))) text.set(node, RuleId::har_type, quote(*date));
    return;
  }
  if (!text.is(node, Kind::string)) return;
  const std::string now = text.string(node);
  const auto date = har_date(now);
  if (!date || *date == now) return;
  const auto parsed = stream::parse_iso8601(now);
  text.set(node, RuleId::date_format, quote(*date), parsed && !parsed->zone ? "without a zone it is taken for UTC" : "");
}

namespace {

void repair_program(Text& text, Node program) {
  if (!text.is(program, Kind::object)) return;
  drop_null(text, program, "comment");
  for (const std::string_view name : {"name", "version"}) {
    require(text, program, name, "\"\"");
    make_string(text, text.find(program, name));
  }
}

void repair_page(Text& text, Node page) {
  if (!text.is(page, Kind::object)) return;
  drop_null(text, page, "comment");
  make_date(text, text.find(page, "startedDateTime"));
  const Node id = text.find(page, "id");
  make_string(text, id);
  make_string(text, text.find(page, "title"));
  if (text.is(id, Kind::string)) require(text, page, "title", text.raw(id), "the page's id");
  const Node timings = text.find(page, "pageTimings");
  if (!text.is(timings, Kind::object)) {
    if (timings == kNone || text.is_null(timings)) require(text, page, "pageTimings", "{}");
    return;
  }
  for (const std::string_view name : {"onContentLoad", "onLoad", "comment"}) {
    drop_null(text, timings, name);
    if (name != "comment") make_number(text, text.find(timings, name));
  }
}

}  // namespace

void repair_log(Text& text, Node log) {
  drop_null(text, log, "comment");
  const Node version = text.find(log, "version");
  if (text.is_null(version)) {
    text.set(version, RuleId::har_type, "\"1.2\"");
  } else {
    make_string(text, version);
  }
  const Node creator = text.find(log, "creator");
  if (text.is(creator, Kind::string)) {
    text.set(creator, RuleId::har_type, fmt::format("{{\"name\":{},\"version\":\"\"}}", text.raw(creator)));
  } else if (text.is_null(creator)) {
    text.set(creator, RuleId::har_type, R"({"name":"unknown","version":""})");
  } else {
    repair_program(text, creator);
  }
  drop_null(text, log, "browser");
  repair_program(text, text.find(log, "browser"));
  const Node pages = text.find(log, "pages");
  if (text.is_null(pages)) text.set(pages, RuleId::har_type, "[]");
  if (text.is(pages, Kind::array)) {
    for (Node page = text.first(pages); page != kNone; page = text.next(page)) repair_page(text, page);
  }
}

}  // namespace har::check::edit
