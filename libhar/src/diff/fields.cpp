#include "diff/fields.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>

#include "check/http_text.hpp"
#include "stream/text/near.hpp"

namespace har::diff {
namespace {

using stream::ItemKind;

/// What may follow a field's name in a place.
enum class Rest : std::uint8_t { none, name, data };

struct FieldName {
  std::string_view name;
  Rest rest = Rest::none;
  bool of_half = false;  ///< both the request and the answer have it
};

constexpr std::array<FieldName, kFields> kNames{{{"method"},
                                                 {"url"},
                                                 {"query", Rest::name},
                                                 {"http-version", Rest::none, true},
                                                 {"header", Rest::name, true},
                                                 {"cookie", Rest::name, true},
                                                 {"body", Rest::data, true},
                                                 {"status"},
                                                 {"status-text"},
                                                 {"redirect-url"},
                                                 {"content-type", Rest::none, true},
                                                 {"size", Rest::name, true},
                                                 {"message", Rest::data},
                                                 {"event", Rest::data},
                                                 {"ending"},
                                                 {"start"},
                                                 {"time"},
                                                 {"timing", Rest::name},
                                                 {"page"},
                                                 {"connection"},
                                                 {"server-ip"},
                                                 {"cache"},
                                                 {"comment"},
                                                 {"custom", Rest::name}}};

const FieldName& name_of(Field field) { return kNames[static_cast<std::size_t>(field)]; }

std::vector<ItemKind> kinds_of(Field field) {
  switch (field) {
    case Field::message:
      return {ItemKind::message, ItemKind::control, ItemKind::close};
    case Field::event:
      return {ItemKind::event,  ItemKind::id_block, ItemKind::unfinished, ItemKind::comment,
              ItemKind::record, ItemKind::line,     ItemKind::part,       ItemKind::chunk};
    case Field::body:
      return {ItemKind::body};
    default:
      return {};
  }
}

tl::unexpected<stream::Error> refuse(std::string_view place, std::string hint) {
  return stream::fail({stream::ErrorCode::usage, fmt::format("'{}' names no place of an entry", place), {}, std::move(hint)});
}

/// A place of JSON data, a field of a message or event, or the data as a whole.
stream::Result<stream::NoiseRule> data_rule(std::string_view place, Field field, std::string_view rest, stream::NoiseRule rule) {
  rule.only.kinds = kinds_of(field);
  const bool pointer = rest.empty() || rest.front() == '/' || rest.front() == '[';
  if (pointer || field == Field::body || rest.starts_with("..")) {
    rule.path = rest.starts_with('[') ? fmt::format(".{}", rest) : std::string(rest);
    auto parsed = stream::parse_path(rule.path);
    if (!parsed) return refuse(place, parsed.error().hint.empty() ? parsed.error().message : parsed.error().hint);
    return rule;
  }
  rule.path = fmt::format("@{}", rest.substr(1));  // message.opcode
  return rule;
}

}  // namespace

std::string_view to_string(Field field) { return name_of(field).name; }

std::string_view to_string(Half half) {
  constexpr std::array<std::string_view, 3> kHalves{"entry", "request", "response"};
  return kHalves[static_cast<std::size_t>(half)];
}

std::string place_of(Half half, Field field, std::string_view name, std::string_view pointer) {
  std::string out;
  if (name_of(field).of_half) (out += to_string(half)) += '.';
  out += name_of(field).name;
  if (!name.empty()) (out += '.') += name;
  out += pointer;
  return out;
}

std::string rule_name(Field field, std::string_view name) {
  std::string out(name_of(field).name);
  if (name_of(field).rest == Rest::name) (out += '/') += lower_case(name);
  return out;
}

stream::Result<stream::NoiseRule> rule_at(std::string_view place) {
  stream::NoiseRule rule;
  // As noise files have it.
  if (place.empty() || place.front() == '/' || place.front() == '.') {
    rule.path = place;
    auto parsed = stream::parse_path(place);
    if (!parsed) return stream::fail(std::move(parsed).error());
    return rule;
  }
  std::string_view rest = place;
  const bool at = rest.front() == '@';
  if (at) rest.remove_prefix(1);
  Half half = Half::entry;
  for (const auto& [prefix, means] : {std::pair{"request.", Half::request}, std::pair{"response.", Half::response}}) {
    if (!lower_case(rest.substr(0, std::string_view(prefix).size())).starts_with(prefix)) continue;
    half = means;
    rest.remove_prefix(std::string_view(prefix).size());
    break;
  }
  const std::size_t end = std::min(rest.find_first_of("./["), rest.size());
  const std::string name = lower_case(rest.substr(0, end));
  rest.remove_prefix(end);
  const auto* const known = std::find_if(kNames.begin(), kNames.end(), [&](const FieldName& each) { return each.name == name; });
  if (known == kNames.end()) {
    if (at) {  // a field of events and messages: @type, @opcode
      rule.path = place;
      return rule;
    }
    std::vector<std::string_view> names;
    for (const FieldName& each : kNames) names.push_back(each.name);
    const auto near = stream::near_word(name, names);
    return refuse(place, near ? fmt::format("did you mean {}?", *near)
                              : "places are status, header.NAME, query.NAME, cookie.NAME, body/POINTER, message/POINTER …");
  }
  const auto field = static_cast<Field>(std::distance(kNames.begin(), known));
  if (half != Half::entry && !known->of_half) {
    // "response.status" is as good as "status"; "request.status" is nothing.
    const bool of_request = field == Field::method || field == Field::url || field == Field::query;
    const bool of_response = field == Field::status || field == Field::status_text || field == Field::redirect_url ||
                             field == Field::message || field == Field::event;
    if ((half == Half::request && !of_request) || (half == Half::response && !of_response))
      return refuse(place, fmt::format("{} is no part of the {}", known->name, to_string(half)));
  }
  if (half != Half::entry && known->of_half)
    rule.only.direction = half == Half::request ? stream::Direction::send : stream::Direction::receive;
  if (known->rest == Rest::data) return data_rule(place, field, rest, std::move(rule));
  if (known->rest == Rest::none) {
    if (!rest.empty()) return refuse(place, fmt::format("{} has nothing below it", known->name));
    rule.path = fmt::format("@{}", known->name);
    // What streams call the type of the answer has no half.
    if (field == Field::media_type && rule.only.direction) rule.path = "@mime-type";
    return rule;
  }
  rule.path = fmt::format("@{}/{}", known->name, rest.size() < 2 ? "*" : rest.substr(1));
  return rule;
}

}  // namespace har::diff
