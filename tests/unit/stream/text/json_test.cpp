#include "stream/text/json.hpp"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>

using stream::ErrorCode;
using stream::Json;
using stream::parse_json;
using stream::to_json;

namespace {

std::string round_trip(std::string_view text) {
  const auto value = parse_json(text);
  return value ? to_json(*value) : "error: " + to_string(value.error());
}

}  // namespace

TEST_CASE("a value keeps member order, duplicates and the spelling of numbers") {
  const std::string text = R"({"b":1.0,"a":-0,"b":1E+5,"c":[100000000000000000000000001,0.10,1e-7],"":null})";
  CHECK(round_trip(text) == text);
  const auto value = parse_json(text);
  REQUIRE(value);
  CHECK((*value)["b"].number_text() == "1E+5");  // the last of a name, as JSON.parse has it
  CHECK((*value)["nothing"].is_null());
  CHECK((*value)["c"].as_array()[0].int_or(-1) == -1);
}

TEST_CASE("a lone surrogate escape survives, a pair becomes its character") {
  CHECK(round_trip(R"("\ud800")") == R"("\ud800")");
  CHECK(round_trip(R"("a\udc00\ud83d\ude00\ud83dz")") == "\"a\\udc00\xF0\x9F\x98\x80\\ud83dz\"");
  CHECK(round_trip(R"("\ud800\ud800\udc00")") == "\"\\ud800\xF0\x90\x80\x80\"");
}

TEST_CASE("control characters are escaped when written and refused when raw") {
  CHECK(round_trip(R"("\u0000\b\t\n\f\r\u001f\"\\\/")") == R"("\u0000\b\t\n\f\r\u001f\"\\/")");
  const auto value = parse_json("\"a\nb\"");
  REQUIRE_FALSE(value);
  CHECK(value.error().message == "a string holds the control character 0x0a, which must be escaped");
}

TEST_CASE("an error names its place: line, column, offset and pointer") {
  const auto value = parse_json("{\"log\": {\n  \"a/b\": [1, 2, tru]}}");
  REQUIRE_FALSE(value);
  CHECK(value.error().code == ErrorCode::syntax);
  CHECK(value.error().place.line == 2);
  CHECK(value.error().place.column == 17);
  CHECK(value.error().place.offset == 26);
  CHECK(value.error().place.pointer == "/log/a~1b/2");
  CHECK(to_string(value.error()) == "2:17: /log/a~1b/2: expected 'true'");

  const auto moved = locate(value.error(), {"x.har", 10, 5, 100, "/log/entries/7"});
  CHECK(moved.place.line == 11);
  CHECK(moved.place.column == 17);
  CHECK(moved.place.offset == 126);
  CHECK(moved.place.pointer == "/log/entries/7/log/a~1b/2");
}

TEST_CASE("nesting beyond the limit is refused by an error that names the option") {
  const std::string deep(10'000, '[');
  const auto value = parse_json(deep);
  REQUIRE_FALSE(value);
  CHECK(value.error().code == ErrorCode::limit);
  CHECK(value.error().hint == "raise the limit with --max-depth");
  stream::Limits limits;
  limits.max_depth = 10'000;
  CHECK(parse_json(std::string(2000, '[') + std::string(2000, ']'), limits));
  CHECK(parse_json(deep + std::string(10'000, ']'), limits).error().message == "nested deeper than 2000 levels");
}

TEST_CASE("every cut of a value is called truncated, and never accepted") {
  const std::string text = "{\"a\":[1,true,null,\"\\u00e9\\ud83d\\ude00 \xC3\xA9\xE2\x82\xAC\"],\"b\":{\"c\":-1.5e+7}}";
  REQUIRE(parse_json(text));
  for (std::size_t cut = 0; cut < text.size(); ++cut) {
    const auto value = parse_json(std::string_view(text).substr(0, cut));
    INFO(text.substr(0, cut));
    REQUIRE_FALSE(value);
    CHECK(value.error().code == ErrorCode::truncated);
  }
}

TEST_CASE("what stands behind a value is refused, or counted by the prefix parser") {
  const auto value = parse_json("{} {}");
  REQUIRE_FALSE(value);
  CHECK(value.error().message == "expected the end of the value, found '{'");
  std::size_t consumed = 0;
  CHECK(stream::parse_json_prefix(" [1] x", consumed));
  CHECK(consumed == 4);
}

TEST_CASE("invalid UTF-8 is refused at its byte") {
  const auto value = parse_json("[\"a\xff\"]");
  REQUIRE_FALSE(value);
  CHECK(value.error().place.offset == 3);
  CHECK(value.error().message == "invalid UTF-8: the byte 0xff");
}

TEST_CASE("strings that are not UTF-8 are written with replacement characters, never as invalid JSON") {
  CHECK(to_json(Json(std::string("a\xff\"\n"))) == "\"a\xEF\xBF\xBD\\\"\\n\"");
}

TEST_CASE("pretty printing indents, and leaves empty containers in one line") {
  CHECK(to_json(*parse_json(R"({"a":[],"b":{},"c":[1,{"d":2}]})"), {2}) ==
        "{\n  \"a\": [],\n  \"b\": {},\n  \"c\": [\n    1,\n    {\n      \"d\": 2\n    }\n  ]\n}");
}

TEST_CASE("members are set, replaced and erased by name") {
  Json object = Json::object();
  object.set("a", 1);
  object.set("b", "x");
  object.set("a", 2.5);
  CHECK(to_json(object) == R"({"a":2.5,"b":"x"})");
  CHECK(object.erase("a") == 1);
  CHECK(to_json(object) == R"({"b":"x"})");
}

TEST_CASE("random values survive being written and read") {
  std::mt19937 random(7);
  const auto make = [&](auto&& self, int depth) -> Json {
    switch (random() % (depth > 4 ? 4 : 6)) {
      case 0:
        return Json();
      case 1:
        return Json(random() % 2 == 0);
      case 2:
        return Json(static_cast<double>(random()) / 7.0);
      case 3: {
        std::string text;
        for (std::size_t i = random() % 20; i > 0; --i) text += static_cast<char>(random() % 128);
        return Json(text);
      }
      case 4: {
        Json::Array items;
        for (std::size_t i = random() % 5; i > 0; --i) items.push_back(self(self, depth + 1));
        return Json(std::move(items));
      }
      default: {
        Json::Object members;
        for (std::size_t i = random() % 5; i > 0; --i) members.push_back({std::to_string(random() % 3), self(self, depth + 1)});
        return Json(std::move(members));
      }
    }
  };
  for (int i = 0; i < 2000; ++i) {
    const Json value = make(make, 0);
    const auto compact = parse_json(to_json(value));
    REQUIRE(compact);
    CHECK(*compact == value);
    const auto pretty = parse_json(to_json(value, {2}));
    REQUIRE(pretty);
    CHECK(*pretty == value);
  }
}

TEST_CASE("JSONTestSuite: what must be accepted is, what must be refused is") {
  const char* corpus = std::getenv("HARTAPE_CORPUS");
  if (corpus == nullptr) {
    WARN("skipped: HARTAPE_CORPUS is not set");
    return;
  }
  std::size_t count = 0;
  for (const auto& file : std::filesystem::directory_iterator(std::filesystem::path(corpus) / "jsontestsuite")) {
    const std::string name = file.path().filename().string();
    std::ifstream in(file.path(), std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(in), {}};
    // Files are named as in the suite, perhaps with a prefix: y_ accept, n_ refuse, i_ either.
    const std::size_t mark = std::min({name.find("y_"), name.find("n_"), name.find("i_")});
    INFO(name);
    if (mark == std::string::npos) continue;  // the suite's transformation cases have no verdict
    const bool accepted = parse_json(text).has_value();
    if (name[mark] == 'y') CHECK(accepted);
    if (name[mark] == 'n') CHECK_FALSE(accepted);
    ++count;
  }
  CHECK(count > 150);
}
