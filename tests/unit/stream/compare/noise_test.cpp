#include "stream/compare/noise.hpp"

#include <catch2/catch.hpp>
#include <random>

#include "exchanges.hpp"
#include "stream/compare/json_compare.hpp"

using namespace exchanges;
using stream::CompareOptions;
using stream::ItemKind;
using stream::Json;
using stream::NoiseAction;
using stream::NoiseRule;
using stream::NoiseRules;
using stream::StreamKind;
using stream::ValueRules;
using Lines = std::vector<std::string>;

namespace {

NoiseRule rule(NoiseAction action, std::string path, std::string match = {}, std::string replace = {}) {
  NoiseRule out;
  out.action = action;
  out.path = std::move(path);
  out.match = std::move(match);
  out.replace = std::move(replace);
  return out;
}

NoiseRule tolerance(std::string path, std::string_view within) {
  NoiseRule out = rule(NoiseAction::tolerance, std::move(path));
  const auto parsed = stream::parse_tolerance(within);
  REQUIRE(parsed);
  out.within = *parsed;
  return out;
}

NoiseRule only_events(NoiseRule out, std::vector<std::string> events) {
  out.only.events = std::move(events);
  return out;
}

CompareOptions options(const std::vector<NoiseRule>& rules) {
  CompareOptions out;
  for (const NoiseRule& each : rules) REQUIRE(out.values.noise.add(each));
  return out;
}

Json json(std::string_view text) {
  auto value = stream::parse_json(text);
  REQUIRE(value);
  return *value;
}

// The verdict on two values under one rule; the hashes must agree with it.
bool equal(const NoiseRule& each, std::string_view expected, std::string_view actual) {
  ValueRules rules;
  REQUIRE(rules.noise.add(each));
  stream::JsonComparer comparer(rules);
  const Json e = json(expected);
  const Json a = json(actual);
  const bool same = comparer.equal(e, a);
  if (same) CHECK(comparer.hash(e) == comparer.hash(a));
  CHECK(same == comparer.compare(e, a).empty());
  return same;
}

stream::Error refused(NoiseRule each) {
  NoiseRules rules;
  const auto added = rules.add(std::move(each));
  REQUIRE_FALSE(added);
  CHECK(rules.empty());
  return added.error();
}

Lines sse(std::string_view expected, std::string_view actual, const CompareOptions& options) {
  return compare_bodies(StreamKind::sse, expected, actual, options);
}

}  // namespace

TEST_CASE("a mask replaces what it matches on both sides, there and below") {
  const auto hex = rule(NoiseAction::mask, "/url", "[0-9a-f]{8}", "H");
  CHECK(equal(hex, R"({"url":"/u/0123abcd/x"})", R"({"url":"/u/ffff0000/x"})"));
  CHECK_FALSE(equal(hex, R"({"url":"/u/0123abcd/x"})", R"({"url":"/u/ffff0000/y"})"));
  CHECK_FALSE(equal(hex, R"({"other":"0123abcd"})", R"({"other":"ffff0000"})"));
  CHECK(equal(hex, R"({"url":{"a":["0123abcd"]}})", R"({"url":{"a":["ffff0000"]}})"));
  CHECK_FALSE(equal(hex, R"({"url":12345678})", R"({"url":87654321})"));  // numbers are no strings
  const auto group = rule(NoiseAction::mask, "", "id=(\\w)\\w*", "id=\\1");
  CHECK(equal(group, R"(["id=abc"])", R"(["id=axyz"])"));
  CHECK_FALSE(equal(group, R"(["id=abc"])", R"(["id=bbc"])"));
}

TEST_CASE("type lets values of the same type pass, and no others") {
  const auto type = rule(NoiseAction::type, "/**/n");
  CHECK(equal(type, R"({"n":1,"a":[{"n":"x"}]})", R"({"n":2,"a":[{"n":"yy"}]})"));
  CHECK_FALSE(equal(type, R"({"n":1})", R"({"n":"1"})"));
  CHECK_FALSE(equal(type, R"({"n":1})", R"({})"));
  CHECK(equal(type, R"({"n":{"a":1}})", R"({"n":{}})"));
  CHECK_FALSE(equal(type, R"({"n":{}})", R"({"n":[]})"));
}

TEST_CASE("shape wants the same names, counts and types") {
  const auto shape = rule(NoiseAction::shape, "/u");
  CHECK(equal(shape, R"({"u":{"a":1,"b":[true,"x"]}})", R"({"u":{"b":[false,"y"],"a":2}})"));
  CHECK_FALSE(equal(shape, R"({"u":{"a":1}})", R"({"u":{"b":1}})"));
  CHECK_FALSE(equal(shape, R"({"u":{"a":1}})", R"({"u":{"a":"1"}})"));
  CHECK_FALSE(equal(shape, R"({"u":[1]})", R"({"u":[1,2]})"));
  CHECK_FALSE(equal(shape, R"({"u":[1],"v":1})", R"({"u":[2],"v":2})"));
}

TEST_CASE("size wants as many code points, elements or members") {
  const auto size = rule(NoiseAction::size, "/s");
  CHECK(equal(size, R"({"s":"abc"})", R"({"s":"äöü"})"));
  CHECK_FALSE(equal(size, R"({"s":"abc"})", R"({"s":"ab"})"));
  CHECK(equal(size, R"({"s":[1,2]})", R"({"s":["a",{}]})"));
  CHECK_FALSE(equal(size, R"({"s":[1,2]})", R"({"s":[1]})"));
  CHECK(equal(size, R"({"s":{"a":1}})", R"({"s":{"b":2}})"));
  CHECK_FALSE(equal(size, R"({"s":12})", R"({"s":34})"));  // a number has no size
  CHECK(equal(size, R"({"s":1})", R"({"s":1.0})"));
  CHECK_FALSE(equal(size, R"({"s":"12"})", R"({"s":[1,2]})"));
}

TEST_CASE("regex wants both sides to match") {
  const auto id = rule(NoiseAction::regex, "/id", "^req-[0-9]+$");
  CHECK(equal(id, R"({"id":"req-1"})", R"({"id":"req-22"})"));
  CHECK_FALSE(equal(id, R"({"id":"req-1"})", R"({"id":"x"})"));
  CHECK_FALSE(equal(id, R"({"id":"x"})", R"({"id":"req-1"})"));
  CHECK(equal(id, R"({"id":"x"})", R"({"id":"x"})"));
  CHECK(equal(rule(NoiseAction::regex, "/n", "^[0-9]$"), R"({"n":1})", R"({"n":"2"})"));
  CHECK(equal(rule(NoiseAction::regex, "/n", "^1$"), R"({"n":1})", R"({"n":1.0})"));
}

TEST_CASE("accept looks at the actual side alone") {
  const auto accept = rule(NoiseAction::accept, "/id", "^[0-9]+$");
  CHECK(equal(accept, R"({"id":"x"})", R"({"id":"22"})"));
  CHECK(equal(accept, R"({"id":"x"})", R"({"id":22})"));
  CHECK_FALSE(equal(accept, R"({"id":"22"})", R"({"id":"x"})"));
  CHECK_FALSE(equal(accept, R"({"id":"22"})", R"({})"));
}

TEST_CASE("tolerances are exact") {
  CHECK(equal(tolerance("/n", "0.1"), R"({"n":1.0})", R"({"n":1.1})"));
  CHECK(equal(tolerance("/n", "0.1"), R"({"n":0.4})", R"({"n":0.3})"));
  CHECK_FALSE(equal(tolerance("/n", "0.1"), R"({"n":1.0})", R"({"n":1.1000000000000000000000001})"));
  CHECK(equal(tolerance("/n", "5%"), R"({"n":100})", R"({"n":95})"));
  CHECK_FALSE(equal(tolerance("/n", "5%"), R"({"n":100})", R"({"n":94.999})"));
  CHECK(equal(tolerance("/n", "5%"), R"({"n":-100})", R"({"n":-105})"));
  CHECK_FALSE(equal(tolerance("/n", "5%"), R"({"n":0})", R"({"n":0.0001})"));
  CHECK_FALSE(equal(tolerance("/n", "0"), R"({"n":9007199254740992})", R"({"n":9007199254740993})"));
  CHECK(equal(tolerance("/n", "1"), R"({"n":9007199254740992})", R"({"n":9007199254740993})"));
  CHECK(equal(tolerance("/n", "1"), R"({"n":1e-300})", R"({"n":0})"));
  CHECK_FALSE(equal(tolerance("/n", "1"), R"({"n":1e300})", R"({"n":2e300})"));
  CHECK(equal(tolerance("/n", "10%"), R"({"n":1e300})", R"({"n":1.05e300})"));
  CHECK_FALSE(equal(tolerance("/n", "10%"), R"({"n":1e99999})", R"({"n":1e99998})"));
  CHECK(equal(tolerance("/n", "1"), R"({"n":"5"})", R"({"n":"6"})"));
  CHECK_FALSE(equal(tolerance("/n", "1"), R"({"n":"5"})", R"({"n":6})"));
  CHECK_FALSE(equal(tolerance("/n", "1"), R"({"n":"x"})", R"({"n":"y"})"));
  CHECK(equal(tolerance("/usage", "1"), R"({"usage":{"in":[5]}})", R"({"usage":{"in":[6]}})"));
}

TEST_CASE("times may be near each other") {
  const auto near = tolerance("/t", "150ms");
  CHECK(equal(near, R"({"t":"2026-01-01T00:00:00.000Z"})", R"({"t":"2026-01-01T01:00:00.150+01:00"})"));
  CHECK_FALSE(equal(near, R"({"t":"2026-01-01T00:00:00.000Z"})", R"({"t":"2026-01-01T00:00:00.151Z"})"));
  CHECK(equal(near, R"({"t":"2s"})", R"({"t":"1.9s"})"));
  CHECK_FALSE(equal(near, R"({"t":1})", R"({"t":1.1})"));  // whose unit is not known
}

TEST_CASE("several rules at a place add up") {
  ValueRules rules;
  REQUIRE(rules.noise.add(rule(NoiseAction::regex, "/id", "^a")));
  REQUIRE(rules.noise.add(rule(NoiseAction::regex, "/*", "^b")));
  REQUIRE(rules.noise.add(rule(NoiseAction::mask, "", "[0-9]+", "N")));
  stream::JsonComparer comparer(rules);
  const auto same = [&](const char* a, const char* b) {
    const bool out = comparer.equal(json(a), json(b));
    if (out) CHECK(comparer.hash(json(a)) == comparer.hash(json(b)));
    return out;
  };
  CHECK(same(R"({"id":"a1"})", R"({"id":"ax"})"));
  CHECK(same(R"({"id":"b1"})", R"({"id":"bx"})"));
  CHECK_FALSE(same(R"({"id":"a1"})", R"({"id":"b1"})"));
  CHECK(same(R"({"id":"c1"})", R"({"id":"c2"})"));
  CHECK_FALSE(same(R"({"x":"a1"})", R"({"x":"ax"})"));
}

TEST_CASE("fields of events have rules too") {
  const std::string a = "id: 7f3a\nevent: delta\nretry: 100\ndata: x\n\n";
  const std::string b = "id: 11bb\nevent: delta\nretry: 105\ndata: x\n\n";
  CHECK(sse(a, b, options({tolerance("@retry", "5%"), rule(NoiseAction::size, "@id")})).empty());
  CHECK(sse(a, b, options({tolerance("@retry", "4%"), rule(NoiseAction::size, "@ID")})) ==
        Lines{"event 1/1 @retry changed '100' '105'"});
  CHECK(sse(a, b, options({tolerance("@retry", "5"), rule(NoiseAction::mask, "@id", "[0-9a-f]", "h")})).empty());
  CHECK(sse(a, b, options({rule(NoiseAction::ignore, "@re*"), rule(NoiseAction::regex, "@id", "^[0-9a-f]{4}$")})).empty());
  const auto accepting = options({rule(NoiseAction::ignore, "@re*"), rule(NoiseAction::accept, "@id", "^1")});
  CHECK(compare_exchanges(bare(StreamKind::sse, a), bare(StreamKind::sse, b), accepting)->equal());
  CHECK_FALSE(compare_exchanges(bare(StreamKind::sse, b), bare(StreamKind::sse, a), accepting)->equal());
  CHECK(sse("data: x\n\n", "id: 1\ndata: x\n\n", options({rule(NoiseAction::type, "@id")})) == Lines{"event 1/1 @id extra '1'"});
}

TEST_CASE("a mask on a field makes events of another name the same before they are aligned") {
  const auto masked = options({rule(NoiseAction::mask, "@type", "-[0-9]+$", "")});
  CHECK(sse("event: tick-1\ndata: a\n\nevent: tick-2\ndata: b\n\n", "event: tick-7\ndata: b\n\n", masked).size() == 1);
  CHECK(sse("event: tick-1\ndata: a\n\n", "event: tick-2\ndata: a\n\n", masked).empty());
}

TEST_CASE("text and bytes are a value as a whole") {
  const auto lines = [](const char* a, const char* b, const CompareOptions& with) {
    return compare_bodies(StreamKind::text, a, b, with);
  };
  CHECK(lines("at 12:01\n", "at 13:37\n", options({rule(NoiseAction::mask, "@data", "[0-9]+:[0-9]+", "T")})).empty());
  CHECK(lines("at 12:01\n", "at 13:37\n", options({rule(NoiseAction::mask, "", "[0-9]+:[0-9]+", "T")})).empty());
  CHECK(lines("at 12:01\n", "at 13:3\n", options({rule(NoiseAction::size, "@data")})).size() == 1);
  CHECK(lines("at 12:01\n", "on 13:37\n", options({rule(NoiseAction::size, "@data")})).empty());
  CHECK(lines("at 12:01\n", "on 13:37\n", options({rule(NoiseAction::regex, "@data", "^at ")})).size() == 1);
  const auto blob = [](NoiseAction action, std::string_view a, std::string_view b) {
    return compare_bodies(StreamKind::binary, a, b, options({rule(action, "@data")})).size();
  };
  CHECK(blob(NoiseAction::size, "\x80\xff", "\x01\x80") == 0);
  CHECK(blob(NoiseAction::size, "\x80\xff", "\x01") == 1);
  CHECK(blob(NoiseAction::type, "\x80\xff", "\x01") == 0);
  CHECK(blob(NoiseAction::ignore, "\x80\xff", "\x01") == 0);
}

TEST_CASE("a rule may be for events of one type, one kind of item, or one direction only") {
  const std::string a = "event: delta\ndata: {\"id\":1}\n\nevent: done\ndata: {\"id\":1}\n\n";
  const std::string b = "event: delta\ndata: {\"id\":2}\n\nevent: done\ndata: {\"id\":2}\n\n";
  CHECK(sse(a, b, options({only_events(rule(NoiseAction::ignore, "/id"), {"delta"})})) == Lines{"event 2/2 changed /id 1 2"});
  CHECK(sse(a, b, options({only_events(rule(NoiseAction::type, "/id"), {"delta", "done"})})).empty());
  NoiseRule of_kind = rule(NoiseAction::ignore, "/id");
  of_kind.only.kinds = {ItemKind::record};
  CHECK(sse(a, b, options({of_kind})).size() == 2);
  of_kind.only.kinds = {ItemKind::record, ItemKind::event};
  CHECK(sse(a, b, options({of_kind})).empty());
  NoiseRule sent = rule(NoiseAction::ignore, "/id");
  sent.only.direction = stream::Direction::send;
  CHECK(sse(a, b, options({sent})).size() == 2);
  sent.only.direction = stream::Direction::receive;
  CHECK(sse(a, b, options({sent})).empty());
}

TEST_CASE("a rule that names nothing is known, also where the streams are equal") {
  const auto unused = [](const std::vector<NoiseRule>& rules, const char* a, const char* b) {
    const auto with = options(rules);
    sse(a, b, with);
    return with.values.noise.unused();
  };
  const auto ignore = [](const char* path) { return rule(NoiseAction::ignore, path); };
  using Indexes = std::vector<std::size_t>;
  const char* const event = "id: 1\ndata: {\"a\":{\"b\":1}}\n\n";
  CHECK(unused({ignore("/a/b"), ignore("/a/c"), ignore("@id"), ignore("@retry"), ignore("@status")}, event, event) ==
        Indexes{1, 3});
  CHECK(unused({ignore("/a/b"), ignore("/x")}, event, "data: {\"a\":{\"b\":2}}\n\n") == Indexes{1});
  CHECK(unused({only_events(ignore("/a/b"), {"x"}), ignore("/**/b")}, event, event) == Indexes{0});
  NoiseRule optional = ignore("/x");
  optional.optional = true;
  CHECK(unused({optional}, event, event).empty());
}

TEST_CASE("a rule that cannot be is refused") {
  CHECK(refused(rule(NoiseAction::mask, "/a", "[")).message == "the regular expression '[' is none: missing ]: [");
  CHECK(refused(rule(NoiseAction::mask, "/a", "(a)", "\\2")).message.find("the replacement '\\2' does not fit '(a)'") == 0);
  CHECK(refused(rule(NoiseAction::ignore, "created")).hint.find("/**/created") != std::string::npos);
  CHECK(refused(rule(NoiseAction::ignore, "@")).message == "the pattern '@' names no field");
  CHECK(refused(rule(NoiseAction::ignore, "@a*b")).message == "the pattern '@a*b' names no field");
  CHECK(refused(rule(NoiseAction::size, "@status")).message ==
        "the pattern '@status' names a part of the answer, which can only be ignored");
  NoiseRule placed = rule(NoiseAction::regex, "/a", "(");
  placed.place = {"noise.yml", 3, 5, {}, {}};
  CHECK(to_string(refused(placed)).find("noise.yml:3:5: ") == 0);
  NoiseRules rules;
  for (int i = 0; i < 64; ++i) REQUIRE(rules.add(only_events(rule(NoiseAction::ignore, "/a"), {std::to_string(i)})));
  CHECK_FALSE(rules.add(only_events(rule(NoiseAction::ignore, "/a"), {"one more"})));
  CHECK(rules.add(only_events(rule(NoiseAction::ignore, "/b"), {"7"})));
}

TEST_CASE("tolerances are read") {
  CHECK(stream::parse_tolerance("0.50")->amount == "0.50");
  CHECK(stream::parse_tolerance("5%")->percent);
  CHECK(stream::parse_tolerance("1.5s")->span == stream::Nanos(1'500'000'000));
  for (const char* bad : {"", "%", "-1", "x", "1e3", "5 %", ".5", "-1s"}) {
    INFO(bad);
    CHECK_FALSE(stream::parse_tolerance(bad));
  }
}

namespace {

Json random_value(std::mt19937& random, int depth) {
  const char* const strings[] = {"", "a", "b", "a1", "b22", "5", "5.0", "6", "2026-01-01T00:00:00Z", "2026-01-01T00:00:01Z", "ä"};
  const char* const numbers[] = {"0", "1", "1.0", "1.05", "10e-1", "2", "100", "1e2", "-1"};
  switch (random() % (depth > 2 ? 4 : 6)) {
    case 0:
      return Json(random() % 2 == 0);
    case 1:
      return random() % 8 == 0 ? Json() : Json(Json::Number{numbers[random() % std::size(numbers)]});
    case 2:
    case 3:
      return Json(strings[random() % std::size(strings)]);
    case 4: {
      Json::Array out;
      for (auto i = random() % 3; i > 0; --i) out.push_back(random_value(random, depth + 1));
      return Json(std::move(out));
    }
    default: {
      const char* const names[] = {"a", "b", "c"};
      Json::Object out;
      for (auto i = random() % 4; i > 0; --i) out.push_back({names[random() % 3], random_value(random, depth + 1)});
      return Json(std::move(out));
    }
  }
}

NoiseRule random_rule(std::mt19937& random) {
  const char* const paths[] = {"", "/a", "/b", "/*", "/**/a", "/**", "/a/b", "/0", "/*/1", "/c/*"};
  const std::string path = paths[random() % std::size(paths)];
  switch (random() % 9) {
    case 0:
      return rule(NoiseAction::ignore, path);
    case 1:
      return rule(NoiseAction::accept, path, "[a5]");
    case 2:
      return rule(NoiseAction::mask, path, "[0-9]+", "N");
    case 3:
      return rule(NoiseAction::type, path);
    case 4:
      return rule(NoiseAction::shape, path);
    case 5:
      return rule(NoiseAction::size, path);
    case 6:
      return rule(NoiseAction::regex, path, "^[a1]");
    case 7:
      return tolerance(path, "10%");
    default:
      return tolerance(path, "1s");
  }
}

// Changes a value here and there, so that the two have much in common.
void change(std::mt19937& random, Json& value) {
  if (random() % 4 == 0) {
    value = random_value(random, 1);
  } else if (value.is_array()) {
    for (Json& element : value.as_array()) change(random, element);
  } else if (value.is_object()) {
    for (stream::JsonMember& member : value.as_object()) change(random, member.value);
  }
}

}  // namespace

TEST_CASE("whatever the rules, equal values have equal hashes, and nothing differs between them") {
  std::mt19937 random(20261122);
  std::size_t equal_pairs = 0;
  for (int round = 0; round < 20'000; ++round) {
    ValueRules rules;
    for (auto i = random() % 4; i > 0; --i) REQUIRE(rules.noise.add(random_rule(random)));
    stream::JsonComparer comparer(rules);
    const Json a = random_value(random, 0);
    Json b = a;
    change(random, b);
    INFO(to_json(a) << " " << to_json(b));
    for (std::size_t i = 0; i < rules.noise.size(); ++i) UNSCOPED_INFO(to_string(rules.noise[i]));
    REQUIRE(comparer.equal(a, a));
    const bool same = comparer.equal(a, b);
    equal_pairs += same ? 1 : 0;
    if (same) REQUIRE(comparer.hash(a) == comparer.hash(b));
    if (same) REQUIRE(comparer.compare(a, b).empty());
    if (!same) REQUIRE_FALSE(comparer.compare(a, b).empty());
    ValueRules none;
    stream::JsonComparer exact(none);
    if (exact.equal(a, b)) REQUIRE(same);
  }
  CHECK(equal_pairs > 2'000);
}

TEST_CASE("arrays of a set are equal in any order, and no others are") {
  const NoiseRule set = rule(NoiseAction::set, "/a");
  CHECK(equal(set, R"({"a":[1,2,{"x":[3]}]})", R"({"a":[{"x":[3]},1.0,2]})"));
  CHECK_FALSE(equal(set, R"({"a":[1,2,2]})", R"({"a":[1,1,2]})"));
  CHECK_FALSE(equal(set, R"({"a":[1,2]})", R"({"a":[1,2,3]})"));
  CHECK_FALSE(equal(set, R"({"b":[1,2]})", R"({"b":[2,1]})"));
  CHECK_FALSE(equal(set, R"({"a":[{"x":[3,4]}]})", R"({"a":[{"x":[4,3]}]})"));
}

TEST_CASE("elements with the same key are opposite each other, wherever they stand") {
  NoiseRule key = rule(NoiseAction::key, "/a");
  key.by = "id";
  CHECK(equal(key, R"({"a":[{"id":1},{"id":2}]})", R"({"a":[{"id":2},{"id":1}]})"));
  ValueRules rules;
  REQUIRE(rules.noise.add(key));
  stream::JsonComparer comparer(rules);
  const Json expected = json(R"({"a":[{"id":1,"n":"x"},{"id":2},{"id":3}]})");
  const Json actual = json(R"({"a":[{"id":3},{"id":4},{"id":1,"n":"y"}]})");
  Lines found;
  for (const auto& each : comparer.compare(expected, actual)) {
    found.push_back(std::string(to_string(each.change)) + " " +
                    (each.change == stream::ValueChange::extra ? each.actual_pointer : each.expected_pointer));
  }
  CHECK(found == Lines{"changed /a/0/n", "missing /a/1", "extra /a/1"});

  key.by = "/meta/id";
  CHECK(equal(key, R"({"a":[{"meta":{"id":1}},{"meta":{"id":2}}]})", R"({"a":[{"meta":{"id":2}},{"meta":{"id":1}}]})"));
  NoiseRules refused;
  key.by = "";
  CHECK_FALSE(refused.add(key));
  CHECK_FALSE(refused.add(rule(NoiseAction::set, "@id")));
}
