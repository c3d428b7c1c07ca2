#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "check/entry_rules.hpp"
#include "check/shape.hpp"
#include "check/walker.hpp"
#include "har/check/rule.hpp"
#include "stream/text/json.hpp"

/// Entries that are right but for what a test changes, and what rules say about them.
namespace har::check::test {

/// A member, by its names from the outside in, and the JSON text of its value; an empty text takes the member out.
struct Change {
  std::vector<std::string_view> path{};
  std::string_view value{};
};

/// An entry that no rule marks, changed.
inline std::string entry_with(std::initializer_list<Change> changes) {
  constexpr std::string_view kEntry = R"({
    "startedDateTime": "2026-11-22T09:15:30.123Z", "time": 50,
    "request": {"method": "GET", "url": "https://a.example/p", "httpVersion": "HTTP/1.1", "cookies": [], "headers": [],
      "queryString": [], "headersSize": -1, "bodySize": 0},
    "response": {"status": 200, "statusText": "OK", "httpVersion": "HTTP/1.1", "cookies": [], "headers": [],
      "content": {"size": 5, "mimeType": "text/plain; charset=utf-8", "text": "hello"},
      "redirectURL": "", "headersSize": -1, "bodySize": 5},
    "cache": {}, "timings": {"blocked": -1, "dns": -1, "connect": 20, "ssl": 10, "send": 5, "wait": 20, "receive": 5},
    "serverIPAddress": "192.0.2.1"})";
  stream::Json entry = *stream::parse_json(kEntry);
  for (const Change& change : changes) {
    stream::Json* object = &entry;
    for (std::size_t i = 0; i + 1 < change.path.size(); ++i) {
      if (object->find(change.path[i]) == nullptr) object->set(change.path[i], stream::Json::object());
      object = object->find(change.path[i]);
    }
    const std::string_view last = change.path.back();
    if (change.value.empty()) {
      object->erase(last);
    } else {
      object->set(last, *stream::parse_json(change.value));
    }
  }
  return stream::to_json(entry);
}

using Rules = void (*)(const Facts&, Marks&);

/// What the rules say, one line a mark: "time-sum /time: expected …", with "(note)" behind where the rule is milder than usual.
inline std::vector<std::string> said(Rules rules, const std::string& entry) {
  Walker walker(512);
  Facts facts;
  Marks shape;
  if (!walker.walk(entry, har_shape().shape, har_shape().entry, &facts, nullptr, shape)) return {"not JSON"};
  Marks marks;
  rules(facts, marks);
  std::vector<std::string> lines;
  for (const Mark& mark : marks) {
    std::string line = std::string(rule(mark.rule).name) + " " + mark.pointer + ": " + mark.message;
    if (mark.regular) line += " (" + std::string(to_string(*mark.regular)) + ")";
    if (mark.offset >= entry.size()) line += " outside of the entry";
    lines.push_back(std::move(line));
  }
  return lines;
}

}  // namespace har::check::test
