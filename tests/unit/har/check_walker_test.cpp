#include "check/walker.hpp"

#include <fmt/format.h>

#include <catch2/catch.hpp>

#include "check/locate.hpp"
#include "entry_marks.hpp"
#include "stream/text/json.hpp"

using namespace har::check;

namespace {

using Lines = std::vector<std::string>;

struct Walked {
  bool good = false;
  Marks marks;
  Facts facts;

  Lines lines() const {
    Lines out;
    for (const Mark& mark : marks) {
      out.push_back(fmt::format("{} {}@{}: {}", rule(mark.rule).name, mark.pointer, mark.offset, mark.message));
    }
    return out;
  }
};

/// Any JSON.
Walked walk(std::string_view text, std::size_t max_depth = 100) {
  Walked out;
  out.good = Walker(max_depth).walk(text, har_shape().shape, Shape::kNone, nullptr, nullptr, out.marks);
  return out;
}

/// An entry of a HAR.
Walked walk_entry(std::string_view text, bool strict = false) {
  Walked out;
  out.good = Walker(100, strict).walk(text, har_shape().shape, har_shape().entry, &out.facts, nullptr, out.marks);
  return out;
}

}  // namespace

TEST_CASE("the walk says where the text stops being JSON, and what should be there") {
  CHECK(walk("{}").good);
  CHECK(walk("").lines() == Lines{"json-syntax @0: expected a value, found the end"});
  CHECK(walk("{").lines() == Lines{"json-syntax @1: expected a member's name, found the end"});
  CHECK(walk("[1,]").lines() == Lines{"json-syntax /1@3: expected a value, found ']'"});
  CHECK(walk("[1 2]").lines() == Lines{"json-syntax /0@3: expected ',' or ']', found a number"});
  CHECK(walk(R"({"a" 1})").lines() == Lines{"json-syntax @5: expected ':', found a number"});
  CHECK(walk(R"({"a":1,})").lines() == Lines{"json-syntax /a@7: expected a member's name, found '}'"});
  CHECK(walk(R"({"a":1 "b":2})").lines() == Lines{"json-syntax /a@7: expected ',' or '}', found a string"});
  CHECK(walk(R"({a:1})").lines() == Lines{"json-syntax @1: expected a member's name, found 'a'"});
  CHECK(walk(R"({1:1})").lines() == Lines{"json-syntax @1: expected a member's name, found a number"});
  CHECK(walk("{} {}").lines() == Lines{"json-syntax @3: expected the end, found '{'"});
  CHECK(walk("[1}").lines() == Lines{"json-syntax /0@2: expected ',' or ']', found '}'"});
  CHECK(walk(R"({"a":[{"b":nul}]})").lines() == Lines{"json-syntax /a/0/b@11: expected a value, found 'n'"});
  CHECK(walk("[\xef\xbb\xbf]").lines() == Lines{"json-syntax /0@1: expected a value, found the byte 0xef"});
  CHECK(walk("[\"a\tb\"]").lines() == Lines{"json-syntax @3: a control character in a string, which must be escaped"});
  CHECK(walk(R"({"a":"\x"})").lines().size() == 1);
  CHECK(walk(R"(["a)").lines().size() == 1);
}

TEST_CASE("numbers are those of JSON") {
  for (const char* good : {"0", "-0", "12", "-1.5", "1e5", "1E+5", "1.25e-10", "0.0"}) {
    INFO(good);
    CHECK(walk(good).good);
    CHECK(walk("[" + std::string(good) + "]").good);
  }
  for (const char* bad : {"01", "-", "-01", "1.", ".5", "+1", "1e", "1e+", "0x1", "1_0", "Infinity", "NaN", "-Infinity", "1-2",
                          "--1", "1.2.3", "1a", "00", "1e5.5"}) {
    INFO(bad);
    CHECK_FALSE(walk(bad).good);
    CHECK_FALSE(walk("[" + std::string(bad) + "]").good);
  }
}

TEST_CASE("words are those of JSON") {
  for (const char* good : {"true", "false", "null", " true\n"}) CHECK(walk(good).good);
  for (const char* bad :
       {"tru", "True", "truee", "nul", "nulls", "false0", "undefined", "true\"\"", "\"\"true", "nullnull", "true-"}) {
    INFO(bad);
    CHECK_FALSE(walk(bad).good);
    CHECK_FALSE(walk("[" + std::string(bad) + "]").good);
  }
}

TEST_CASE("nesting is followed as deep as the limit allows") {
  CHECK(walk(std::string(100, '[') + std::string(100, ']')).good);
  const Walked deep = walk(std::string(101, '[') + std::string(101, ']'));
  CHECK_FALSE(deep.good);
  REQUIRE(deep.marks.size() == 1);
  CHECK(deep.marks[0].rule == RuleId::json_limit);
  CHECK(deep.marks[0].offset == 100);
  CHECK(deep.marks[0].message == "nested deeper than 100 levels; --max-depth raises the limit");
}

TEST_CASE("a number that a double does not hold is marked, one that it rounds is not") {
  const auto marked = [](std::string_view number) { return !walk(number).marks.empty(); };
  CHECK_FALSE(marked("9007199254740992"));
  CHECK(marked("9007199254740993"));
  CHECK(walk("9007199254740993").lines() == Lines{"json-number @0: 9007199254740993 becomes 9007199254740992 in a double"});
  CHECK_FALSE(marked("10000000000000000"));
  CHECK_FALSE(marked("-9007199254740992"));
  CHECK(marked("-9007199254740993"));
  CHECK_FALSE(marked("1e308"));
  CHECK(marked("1e309"));
  CHECK(marked("-1e400"));
  CHECK_FALSE(marked("1700000000.123456789"));
  CHECK_FALSE(marked("0.1"));
}

TEST_CASE("a member that stands twice is marked where it stands again, however it is written") {
  CHECK(walk(R"({"a":1,"b":2,"a":3})").lines() == Lines{"har-duplicate-member /a@13: the member stands there twice"});
  CHECK(walk(R"({"a":1,"\u0061":3})").lines() == Lines{"har-duplicate-member /a@7: the member stands there twice"});
  CHECK(walk(R"([{"a":1},{"a":1}])").lines().empty());
  CHECK(walk(R"({"a":{"a":{"a":1}},"b":{"a":1}})").lines().empty());
  CHECK(walk(R"({"a":{"b":1},"a":1})").lines().size() == 1);
  CHECK(walk(R"({"":1,"":2})").lines() == Lines{"har-duplicate-member /@6: the member stands there twice"});
  CHECK(walk(R"({"a/b~c":1,"a/b~c":2})").lines() == Lines{"har-duplicate-member /a~1b~0c@11: the member stands there twice"});
}

TEST_CASE("of an object with thousands of members those that stand twice are found, and no others") {
  for (const std::size_t count : {63U, 64U, 65U, 66U, 130U, 5000U}) {
    std::string text = "{\"deep\":{\"m1\":1}";
    for (std::size_t i = 0; i < count; ++i) text += fmt::format(",\"m{}\":{{\"m1\":[{{\"m2\":1}}]}}", i);
    INFO(count);
    CHECK(walk(text + "}").marks.empty());
    CHECK(walk(text + ",\"m0\":1}").marks.size() == 1);
    CHECK(walk(text + fmt::format(",\"m{}\":1}}", count - 1)).marks.size() == 1);
    // The names of an object within it are its own, and do not disturb those of the outer one.
    std::string inner = ",\"inner\":{";
    for (std::size_t i = 0; i < count; ++i) inner += fmt::format("\"m{}\":0,", i);
    CHECK(walk(text + inner + "\"x\":0},\"m5\":1}").marks.size() == 1);
    CHECK(walk(text + inner + "\"m5\":0},\"m5\":1}").marks.size() == 2);
  }
}

TEST_CASE("of a rule that is broken everywhere the first hundred places are marked, and the others are counted") {
  std::string text = "[";
  for (int i = 0; i < 250; ++i) text += R"({"a":1,"a":2},)";
  text += "0]";
  const Walked walked = walk(text);
  REQUIRE(walked.marks.size() == 101);
  CHECK(walked.marks.back().message == "150 more like those before");
}

TEST_CASE("half a surrogate pair is marked once, where the first one stands") {
  CHECK(walk(R"(["\ud83d\ude00"])").marks.empty());
  CHECK(walk(R"(["a","\ud83d","\ude00"])").lines() == Lines{"json-surrogate @6: half a surrogate pair: \\ud83d"});
  CHECK(walk(R"({"\ude00":1})").lines() == Lines{"json-surrogate @2: half a surrogate pair: \\ude00"});
}

TEST_CASE("an entry that is right is not marked, and its values are noted") {
  const std::string text = test::entry_with({});
  const Walked walked = walk_entry(text, true);
  CHECK(walked.good);
  CHECK(walked.lines() == Lines{});
  CHECK(walked.facts[Slot::url].raw == "\"https://a.example/p\"");
  CHECK(walked.facts[Slot::time].raw == "50");
  CHECK(walked.facts[Slot::text].inner() == "hello");
  CHECK(walked.facts[Slot::request_headers].raw == "[]");
  CHECK_FALSE(walked.facts[Slot::messages]);
  CHECK(walked.facts.entry == text);
}

TEST_CASE("values are noted as they stand, white space and escapes around them or not") {
  const Walked walked =
      walk_entry(R"({ "time" : 12.50 , "request" : { "url" : "a\"b" , "headers" : [ { "name" : "N" , "value" : "V" } ,
    { "value" : "W" } , 7 , [ ] , { } ] } , "\u0070ageref" : "p" , "time" : 13 })");
  CHECK(walked.facts[Slot::time].raw == "13");
  CHECK(walked.facts[Slot::url].raw == "\"a\\\"b\"");
  CHECK(walked.facts[Slot::pageref].raw == "\"p\"");
  const auto& headers = walked.facts[List::request_headers];
  REQUIRE(headers.size() == 3);
  CHECK(headers[0].name.raw == "\"N\"");
  CHECK(headers[0].value.raw == "\"V\"");
  CHECK(headers[0].object == R"({ "name" : "N" , "value" : "V" })");
  CHECK(headers[1].index == 1);
  CHECK_FALSE(headers[1].name);
  CHECK(headers[2].index == 4);
  CHECK(headers[2].object == "{ }");
}

TEST_CASE("facts of one text are gone when the next is walked") {
  Walker walker(100);
  Facts facts;
  Marks marks;
  const auto& har = har_shape();
  const std::string first =
      test::entry_with({{{"pageref"}, R"("p")"}, {{"request", "headers"}, R"([{"name":"a","value":"b"}])"}});
  REQUIRE(walker.walk(first, har.shape, har.entry, &facts, nullptr, marks));
  CHECK(facts[List::request_headers].size() == 1);
  const std::string second = test::entry_with({});
  REQUIRE(walker.walk(second, har.shape, har.entry, &facts, nullptr, marks));
  CHECK_FALSE(facts[Slot::pageref]);
  CHECK(facts[List::request_headers].empty());
  CHECK(marks.empty());
  // A text that is given up leaves nothing behind, either.
  CHECK_FALSE(walker.walk(R"({"request":{"headers":[{"name":"a")", har.shape, har.entry, &facts, nullptr, marks));
  marks.clear();
  REQUIRE(walker.walk(second, har.shape, har.entry, &facts, nullptr, marks));
  CHECK(facts[List::request_headers].empty());
  CHECK(marks.empty());
}

TEST_CASE("what is missing, of another type or out of bounds is marked with its place") {
  const auto lines = [](std::initializer_list<test::Change> changes) {
    const std::string text = test::entry_with(changes);
    const Walked walked = walk_entry(text, true);
    Lines out;
    for (const Mark& mark : walked.marks) {
      // A member that should not be there is marked at its name.
      const std::size_t place = *locate(text, mark.pointer);
      CHECK((mark.rule == RuleId::har_member ? mark.offset < place : mark.offset == place));
      out.push_back(fmt::format("{} {}: {}", rule(mark.rule).name, mark.pointer, mark.message));
    }
    return out;
  };
  CHECK(lines({{{"cache"}, ""}}) == Lines{"har-required : the member \"cache\" is missing"});
  CHECK(lines({{{"response", "content", "mimeType"}, ""}}) ==
        Lines{"har-required /response/content: the member \"mimeType\" is missing"});
  CHECK(lines({{{"request", "bodySize"}, "null"}}) == Lines{"har-type /request/bodySize: expected an integer, found null"});
  CHECK(lines({{{"request", "bodySize"}, "-2"}}) ==
        Lines{"size-negative /request/bodySize: expected -1 or more (-1: unknown), found -2"});
  CHECK(lines({{{"response", "content", "size"}, "-1"}}) ==
        Lines{"content-size-unknown /response/content/size: expected 0 or more, found -1"});
  CHECK(lines({{{"response", "content", "size"}, "-7"}}) ==
        Lines{"size-negative /response/content/size: expected 0 or more, found -7"});
  CHECK(lines({{{"timings", "wait"}, "-1"}}) == Lines{"timings-unknown /timings/wait: expected 0 or more, found -1"});
  CHECK(lines({{{"timings", "wait"}, "-1.0"}}) == Lines{"timings-unknown /timings/wait: expected 0 or more, found -1.0"});
  CHECK(lines({{{"timings", "wait"}, "-1.5"}}) == Lines{"timings-negative /timings/wait: expected 0 or more, found -1.5"});
  CHECK(lines({{{"timings", "dns"}, "-2"}}) ==
        Lines{"timings-negative /timings/dns: expected -1 or more (-1: unknown), found -2"});
  CHECK(lines({{{"startedDateTime"}, R"("yesterday")"}}) ==
        Lines{"date-format /startedDateTime: expected a date such as 2026-11-22T09:15:30.123Z, found \"yesterday\""});
  CHECK(lines({{{"request", "headers"}, R"([{"name":"a","value":"b"},{"name":1,"value":"b"}])"}}) ==
        Lines{"har-type /request/headers/1/name: expected a string, found a number"});
  CHECK(lines({{{"request", "more"}, "1"}}).size() == 1);
  CHECK(lines({{{"request", "_more"}, "1"}}).empty());
}

TEST_CASE("a date that can be read though it is written otherwise is milder") {
  const auto regular = [](std::string_view date) {
    const Walked walked = walk_entry(test::entry_with({{{"startedDateTime"}, date}}));
    REQUIRE(walked.marks.size() == 1);
    return walked.marks[0].regular;
  };
  CHECK(regular(R"("2026-11-22T09:15:30+0200")") == Severity::warning);
  CHECK(regular(R"("2026-11-22 09:15:30Z")") == Severity::warning);
  CHECK_FALSE(regular(R"("22.11.2026")"));
}

TEST_CASE("a place is found by its pointer, and one that is not there is not") {
  const std::string_view text = R"( {"a":[1,{"b/c":"x","d~e":[ ]}],"\u0066":{"":2},"a2":3} )";
  const auto at = [&](std::string_view pointer) {
    const auto found = locate(text, pointer);
    return found ? std::string(text.substr(*found, 3)) : std::string("none");
  };
  CHECK(at("") == "{\"a");
  CHECK(at("/a") == "[1,");
  CHECK(at("/a/0") == "1,{");
  CHECK(at("/a/1") == "{\"b");
  CHECK(at("/a/1/b~1c") == "\"x\"");
  CHECK(at("/a/1/d~0e") == "[ ]");
  CHECK(at("/f/") == "2},");
  CHECK(at("/a2") == "3} ");
  CHECK(at("/a/2") == "none");
  CHECK(at("/a/1/d~0e/0") == "none");
  CHECK(at("/a/x") == "none");
  CHECK(at("/a/0/b") == "none");
  CHECK(at("/none") == "none");
  CHECK(at("/a/1/none/deeper") == "none");
  CHECK_FALSE(locate("", "").has_value());
  CHECK_FALSE(locate("{", "/a").has_value());
  CHECK_FALSE(locate(R"({"a")", "/a").has_value());
}
