#include "stream/compare/json_compare.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <random>

using stream::Json;
using stream::JsonComparer;
using stream::JsonDifference;
using stream::ValueChange;
using stream::ValueRules;

namespace {

Json parse(std::string_view text) {
  auto value = stream::parse_json(text);
  REQUIRE(value);
  return *value;
}

ValueRules rules_of(std::initializer_list<const char*> patterns) {
  ValueRules rules;
  for (const char* pattern : patterns) REQUIRE(rules.noise.ignore(pattern));
  return rules;
}

// "changed /a 1 2", "missing /b 3", "extra /c 4", with "~ /pointer" where the actual one differs.
std::vector<std::string> differences(std::string_view expected, std::string_view actual, const ValueRules& rules = {}) {
  const Json e = parse(expected);
  const Json a = parse(actual);
  JsonComparer comparer(rules);
  std::vector<std::string> out;
  for (const JsonDifference& difference : comparer.compare(e, a)) {
    std::string line(to_string(difference.change));
    line += ' ';
    line += difference.change == ValueChange::extra ? difference.actual_pointer : difference.expected_pointer;
    if (difference.expected_pointer != difference.actual_pointer) {
      line += " ~ " + (difference.change == ValueChange::extra ? difference.expected_pointer : difference.actual_pointer);
    }
    if (difference.expected != nullptr) line += ' ' + stream::to_json(*difference.expected);
    if (difference.actual != nullptr) line += ' ' + stream::to_json(*difference.actual);
    if (difference.duplicate) line += " duplicate";
    out.push_back(line);
  }
  CHECK(comparer.equal(e, a) == out.empty());
  CHECK(comparer.equal(a, e) == out.empty());
  CHECK(comparer.compare(a, e).empty() == out.empty());
  if (out.empty()) CHECK(comparer.hash(e) == comparer.hash(a));
  return out;
}

using Lines = std::vector<std::string>;

Json random_json(std::mt19937& random, int depth) {
  switch (random() % (depth > 0 ? 7 : 5)) {
    case 0:
      return nullptr;
    case 1:
      return random() % 2 == 0;
    case 2:
      return Json(static_cast<std::int64_t>(random() % 1000));
    case 3:
      return Json(static_cast<std::int64_t>(random() % 3));
    case 4:
      return std::string(random() % 5, static_cast<char>('a' + random() % 3));
    case 5: {
      Json::Array out;
      for (auto n = random() % 5; n > 0; --n) out.push_back(random_json(random, depth - 1));
      return out;
    }
    default: {
      Json::Object out;
      for (auto n = random() % 5; n > 0; --n) {
        const std::string name(1, static_cast<char>('a' + random() % 6));
        if (std::none_of(out.begin(), out.end(), [&](const auto& member) { return member.name == name; })) {
          out.push_back({name, random_json(random, depth - 1)});
        }
      }
      return out;
    }
  }
}

void shuffle_members(Json& value, std::mt19937& random) {
  if (value.is_array()) {
    for (Json& element : value.as_array()) shuffle_members(element, random);
  } else if (value.is_object()) {
    for (auto& member : value.as_object()) shuffle_members(member.value, random);
    std::shuffle(value.as_object().begin(), value.as_object().end(), random);
  }
}

// Replaces one scalar somewhere by a string that is nowhere else; false if there is no scalar.
bool change_one(Json& value, std::mt19937& random) {
  std::vector<Json*> scalars;
  const auto collect = [&](const auto& self, Json& at) -> void {
    if (at.is_array()) {
      for (Json& element : at.as_array()) self(self, element);
    } else if (at.is_object()) {
      for (auto& member : at.as_object()) self(self, member.value);
    } else {
      scalars.push_back(&at);
    }
  };
  collect(collect, value);
  if (scalars.empty()) return false;
  *scalars[random() % scalars.size()] = Json("a value that is nowhere else");
  return true;
}

}  // namespace

TEST_CASE("equal values have no differences") {
  CHECK(differences("1", "1.0").empty());
  CHECK(differences(R"({"a":1,"b":[1,2]})", R"( {"b":[1e0,2.0],"a":1} )").empty());
  CHECK(differences("\"\\u00e9\"", "\"é\"").empty());
  CHECK(differences("[]", "[ ]").empty());
}

TEST_CASE("values of the same type or length are not therefore equal") {
  CHECK(differences("1", "2") == Lines{"changed  1 2"});
  CHECK(differences("\"abc\"", "\"abd\"") == Lines{"changed  \"abc\" \"abd\""});
  CHECK(differences("true", "false") == Lines{"changed  true false"});
  CHECK(differences("9007199254740993", "9007199254740992") == Lines{"changed  9007199254740993 9007199254740992"});
  CHECK(differences("[1,2]", "[2,1]").size() == 2);
}

TEST_CASE("values of different types that look alike differ") {
  CHECK(differences("1", "\"1\"") == Lines{"type  1 \"1\""});
  CHECK(differences("null", "false") == Lines{"type  null false"});
  CHECK(differences(R"({"a":null})", R"({})") == Lines{"missing /a null"});
  CHECK(differences("[]", "{}") == Lines{"type  [] {}"});
  CHECK(differences("0", "false") == Lines{"type  0 false"});
}

TEST_CASE("a string that holds JSON is compared as a string") {
  CHECK(differences(R"("{\"a\":1}")", R"("{\"a\": 1}")").size() == 1);
}

TEST_CASE("differences have pointers with escapes") {
  CHECK(differences(R"({"a/b":{"c~d":[0,1]}})", R"({"a/b":{"c~d":[0,2]}})") == Lines{"changed /a~1b/c~0d/1 1 2"});
  CHECK(differences(R"({"":1})", R"({"":2})") == Lines{"changed / 1 2"});
}

TEST_CASE("members are reported in the order of the expected value, then the extra ones") {
  CHECK(differences(R"({"z":1,"a":2,"m":3})", R"({"m":4,"q":5,"b":6,"z":0})") ==
        Lines{"changed /z 1 0", "missing /a 2", "changed /m 3 4", "extra /q 5", "extra /b 6"});
}

TEST_CASE("one element inserted or removed is one difference") {
  CHECK(differences("[1,2,3]", "[0,1,2,3]") == Lines{"extra /0 0"});
  CHECK(differences("[1,2,3]", "[1,2,3,4]") == Lines{"extra /3 4"});
  CHECK(differences("[1,2,3]", "[1,3]") == Lines{"missing /1 2"});
  CHECK(differences("[]", "[7]") == Lines{"extra /0 7"});
  CHECK(differences(R"([{"id":1,"v":"x"},{"id":2,"v":"y"}])", R"([{"id":0,"v":"w"},{"id":1,"v":"x"},{"id":2,"v":"z"}])") ==
        Lines{"extra /0 {\"id\":0,\"v\":\"w\"}", "changed /1/v ~ /2/v \"y\" \"z\""});
}

TEST_CASE("repeated names are compared one by one from the last") {
  CHECK(differences(R"({"a":1,"a":2})", R"({"a":1,"a":2})").empty());
  CHECK(differences(R"({"a":1,"a":2})", R"({"a":2})") == Lines{"missing /a 1 duplicate"});
  CHECK(differences(R"({"a":2})", R"({"a":1,"a":2})") == Lines{"extra /a 1 duplicate"});
  CHECK(differences(R"({"a":1,"a":2})", R"({"a":2,"a":1})") == Lines{"changed /a 1 2", "changed /a 2 1"});
  CHECK(differences(R"({"a":1,"b":0,"a":2})", R"({"a":1,"a":2,"b":0})").empty());
}

TEST_CASE("what is ignored is ignored before anything is aligned") {
  const auto rules = rules_of({"/**/ts", "/items/*/n"});
  CHECK(differences(R"({"ts":1,"a":{"TS":2}})", R"({"ts":9,"a":{"TS":8}})", rules) == Lines{"changed /a/TS 2 8"});
  CHECK(differences(R"({"a":[{"ts":1,"v":1},{"ts":2,"v":2}]})", R"({"a":[{"ts":9,"v":0},{"ts":8,"v":1},{"v":2}]})", rules) ==
        Lines{"extra /a/0 {\"ts\":9,\"v\":0}"});
  CHECK(differences(R"({"items":[{"n":1},{"n":2}]})", R"({"items":[{},{"n":[]}]})", rules).empty());
  CHECK(differences("1", "[2]", rules_of({""})).empty());
  CHECK(differences("[1,2,3]", "[1,9,3]", rules_of({"/1"})).empty());
  CHECK(differences("[1,2,3]", "[1,3]", rules_of({"/1"})).size() == 1);  // 3 and nothing are left of the two
}

TEST_CASE("with the spelling rule numbers differ as they are written") {
  ValueRules rules;
  rules.numbers = stream::NumberRule::spelling;
  CHECK(differences("[1]", "[1.0]", rules) == Lines{"changed /0 1 1.0"});
}

TEST_CASE("a limit stops the search") {
  const ValueRules rules;
  JsonComparer comparer(rules);
  CHECK(comparer.compare(parse("[1,2,3,4]"), parse("[5,6,7,8]"), 2).size() == 2);
}

TEST_CASE("the order of members never matters, and one changed scalar is one difference") {
  std::mt19937 random(5);
  const ValueRules rules;
  JsonComparer comparer(rules);
  for (int round = 0; round < 1500; ++round) {
    const Json value = random_json(random, 4);
    Json shuffled = value;
    shuffle_members(shuffled, random);
    REQUIRE(comparer.equal(value, shuffled));
    REQUIRE(comparer.hash(value) == comparer.hash(shuffled));
    REQUIRE(comparer.compare(value, shuffled).empty());
    if (change_one(shuffled, random)) {
      CAPTURE(to_json(value), to_json(shuffled));
      REQUIRE_FALSE(comparer.equal(value, shuffled));
      REQUIRE(comparer.compare(value, shuffled).size() == 1);
      REQUIRE(comparer.compare(shuffled, value).size() == 1);
    }
  }
}
