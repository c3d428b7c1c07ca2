#include "hardiff/against/comparable.hpp"

#include <algorithm>
#include <array>

#include "har/exchange.hpp"
#include "stream/replay/answer.hpp"
#include "stream/replay/cookie_jar.hpp"
#include "stream/text/ascii.hpp"

namespace tools::hardiff {

using stream::Json;
using stream::replay::iequals;
using namespace std::string_view_literals;

namespace {

using stream::ascii::trimmed;

// Those of a connection, and of the server's other ways to be reached.
constexpr std::array kConnectionFields{"connection"sv, "keep-alive"sv,       "transfer-encoding"sv,   "upgrade"sv,
                                       "alt-svc"sv,    "proxy-connection"sv, "sec-websocket-accept"sv};
constexpr std::array kAddressFields{"location"sv, "content-location"sv, "access-control-allow-origin"sv};
// What an entry says of the answer beside `response`.
constexpr std::array kOfTheAnswer{
    "startedDateTime"sv,      "time"sv,          "timings"sv, "response"sv,    "_webSocketMessages"sv, "_webSocketClose"sv,
    "_eventSourceMessages"sv, "_streamChunks"sv, "_error"sv,  "_incomplete"sv, "_streamKind"sv,        "_recordingEvents"sv};
// Sizes of what went over the wire.
constexpr std::array kWireSizes{"headersSize"sv, "bodySize"sv};

template <class List>
bool is_one_of(std::string_view name, const List& names) {
  return std::any_of(names.begin(), names.end(), [&](std::string_view known) { return iequals(name, known); });
}

/// `name` as `from` has it: its value, or that it is not there.
void take_over(Json& to, const Json& from, std::string_view name) {
  if (const Json* value = from.find(name)) {
    to.set(name, *value);
  } else {
    to.erase(name);
  }
}

class Maker {
 public:
  Maker(const Json& expected, const LiveOutcome& outcome, const Targets& targets, std::string_view recorded_url)
      : expected_(expected), outcome_(outcome), targets_(targets) {
    if (auto url = stream::net::parse_url(recorded_url)) asked_ = std::move(*url);
  }

  std::string make() {
    Json entry = har::to_entry(counted());
    Json response = entry["response"];
    finish_response(response);
    entry.set("response", std::move(response));
    Json out = Json::object();
    // In the order of the recording, so that what is compared as text is.
    for (const stream::JsonMember& member : expected_.as_object()) {
      if (!is_one_of(member.name, kOfTheAnswer)) {
        out.as_object().push_back(member);
      } else if (const Json* value = entry.find(member.name)) {
        out.set(member.name, *value);
      }
    }
    for (const stream::JsonMember& member : entry.as_object()) {
      if (is_one_of(member.name, kOfTheAnswer) && out.find(member.name) == nullptr) out.set(member.name, member.value);
    }
    // When pieces came is kept where the recording has it.
    if (expected_.find("_streamChunks") == nullptr) out.erase("_streamChunks");
    if (outcome_.met || outcome_.left || outcome_.counted != SIZE_MAX) {
      take_over(out, expected_, "_incomplete");
      take_over(out, expected_, "_error");
    }
    if (outcome_.met) {
      for (const std::string_view name : {"_eventSourceMessages", "_streamChunks", "_streamKind", "_recordingEvents"}) {
        take_over(out, expected_, name);
      }
    }
    return stream::to_json(out);
  }

 private:
  /// Without what comes of the way in which we ended it.
  stream::Exchange counted() const {
    stream::Exchange got = outcome_.got;
    if (outcome_.counted < got.timeline.size()) got.timeline.resize(outcome_.counted);
    std::size_t closes = 0;
    std::erase_if(got.timeline, [&](const stream::Event& event) {
      return event.kind == stream::EventKind::close && ++closes > std::max<std::size_t>(1, outcome_.recorded_closes);
    });
    return got;
  }

  void finish_response(Json& response) const {
    if (!response.is_object()) return;
    const Json& expected = expected_["response"];
    const bool answered = response["status"].int_or(0) != 0;
    if (!answered || !expected.is_object()) return;
    take_over(response, expected, "httpVersion");
    for (const std::string_view name : kWireSizes) take_over(response, expected, name);
    // HTTP/2 has none.
    if (expected["statusText"].string_or("").empty() || response["statusText"].string_or("").empty()) {
      take_over(response, expected, "statusText");
    }
    response.set("headers", headers(response["headers"], expected["headers"]));
    Json cookies = har_cookies(response["headers"]);
    const bool listed = expected["cookies"].is_array() && !expected["cookies"].as_array().empty();
    // A recorder that lists none may not know of lists.
    response.set("cookies",
                 listed || har_cookies(expected["headers"]) == Json::array() ? std::move(cookies) : expected["cookies"]);
    if (const auto location = targets_.recorded_address(response["redirectURL"].string_or(""), asked_)) {
      response.set("redirectURL", *location);
    }
    // Recorders differ in what they write for "none".
    if (response["redirectURL"].string_or("").empty() && expected["redirectURL"].string_or("").empty()) {
      take_over(response, expected, "redirectURL");
    }
    take_content(response, expected);
    for (const stream::JsonMember& member : expected.as_object()) {
      if (member.name.starts_with('_') && response.find(member.name) == nullptr) response.set(member.name, member.value);
    }
  }

  void take_content(Json& response, const Json& expected) const {
    const Json& before = expected["content"];
    if (outcome_.met && before.is_object()) {
      Json content = before;
      take_over(content, response["content"], "mimeType");
      response.set("content", std::move(content));
      return;
    }
    Json* content = response.find("content");
    if (content == nullptr || !content->is_object()) return;
    take_over(*content, before, "compression");
    for (const stream::JsonMember& member : before.is_object() ? before.as_object() : Json::Object{}) {
      if (member.name.starts_with('_') && member.name != "_file" && content->find(member.name) == nullptr) {
        content->set(member.name, member.value);
      }
    }
  }

  Json headers(const Json& live, const Json& expected) const {
    Json out = Json::array();
    // A connection's fields stand where they stood, so that an order that is compared is the server's.
    std::vector<Json> rest;
    if (live.is_array()) {
      for (const Json& field : live.as_array()) {
        if (!is_one_of(field["name"].string_or(""), kConnectionFields)) rest.push_back(as_recorded(field));
      }
    }
    std::size_t taken = 0;
    if (expected.is_array()) {
      for (const Json& field : expected.as_array()) {
        if (is_one_of(field["name"].string_or(""), kConnectionFields)) {
          out.as_array().push_back(field);
        } else if (taken < rest.size()) {
          out.as_array().push_back(std::move(rest[taken++]));
        }
      }
    }
    for (; taken < rest.size(); ++taken) out.as_array().push_back(std::move(rest[taken]));
    return out;
  }

  Json as_recorded(const Json& field) const {
    Json out = field;
    const std::string_view name = field["name"].string_or("");
    const std::string_view value = field["value"].string_or("");
    if (is_one_of(name, kAddressFields)) {
      if (const auto address = targets_.recorded_address(value, asked_)) out.set("value", *address);
    }
    return out;
  }

  const Json& expected_;
  const LiveOutcome& outcome_;
  const Targets& targets_;
  stream::net::Url asked_{};
};

}  // namespace

Json har_cookies(const Json& headers) {
  Json out = Json::array();
  if (!headers.is_array()) return out;
  for (const Json& field : headers.as_array()) {
    if (!iequals(field["name"].string_or(""), "set-cookie")) continue;
    std::string_view all = field["value"].string_or("");
    while (!all.empty()) {  // several may stand in one, line by line
      std::string_view line = all.substr(0, std::min(all.find('\n'), all.size()));
      all.remove_prefix(std::min(line.size() + 1, all.size()));
      Json cookie = Json::object();
      bool first = true;
      bool http_only = false;
      bool secure = false;
      while (!line.empty() || first) {
        const std::string_view part = line.substr(0, std::min(line.find(';'), line.size()));
        line.remove_prefix(std::min(part.size() + 1, line.size()));
        const auto equals = std::min(part.find('='), part.size());
        const std::string_view name = trimmed(part.substr(0, equals));
        const std::string_view value = trimmed(part.substr(std::min(equals + 1, part.size())));
        if (std::exchange(first, false)) {
          cookie.set("name", name);
          cookie.set("value", value);
        } else if (iequals(name, "path")) {
          cookie.set("path", value);
        } else if (iequals(name, "domain")) {
          cookie.set("domain", value);
        } else if (iequals(name, "expires")) {
          // HAR wants ISO 8601 here.
          if (const auto date = stream::replay::parse_cookie_date(value)) {
            cookie.set("expires", stream::format_iso8601(stream::WallTime(*date)));
          }
        } else if (iequals(name, "samesite")) {
          cookie.set("sameSite", value);
        } else if (iequals(name, "httponly")) {
          http_only = true;
        } else if (iequals(name, "secure")) {
          secure = true;
        }
      }
      cookie.set("httpOnly", http_only);
      cookie.set("secure", secure);
      out.as_array().push_back(std::move(cookie));
    }
  }
  return out;
}

std::string comparable_entry(const Json& expected, const LiveOutcome& outcome, const Targets& targets,
                             std::string_view recorded_url) {
  return Maker(expected, outcome, targets, recorded_url).make();
}

}  // namespace tools::hardiff
