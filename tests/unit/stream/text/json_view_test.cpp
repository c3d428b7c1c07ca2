#include "stream/text/json_view.hpp"

#include <catch2/catch.hpp>

#include "stream/text/json.hpp"

using namespace stream;

TEST_CASE("members are found by their decoded names, and of two with one name the first") {
  JsonObjectView view(RawJson{R"( {"a": 1, "\u0062": [1, "]"], "c": {"d": "}"} , "a": 2})"});
  CHECK_FALSE(view.find("a"));  // white space before it: no object
  view.reset(RawJson{R"({"a": 1, "\u0062": [1, "]"], "c": {"d": "}"} , "a": 2 })"});
  CHECK(view.find("b").text == R"([1, "]"])");
  CHECK(view.find("a").text == "1");
  CHECK(view.find("c").text == R"({"d": "}"})");
  CHECK_FALSE(view.find("d"));
  CHECK(view.members().size() == 4);
  CHECK_FALSE(view.broken());
}

TEST_CASE("objects that are not whole are called broken, and give what is before the break") {
  for (const std::string_view text : {R"({"a": 1)", R"({"a": 1,)", R"({"a": 1, "b")", R"({"a": 1 "b": 2})", R"({"a": 1,})",
                                      R"({"a": 1}x)", R"({"a": 1, "b": [})"}) {
    JsonObjectView view(RawJson{text});
    CHECK(view.find("a").text == "1");
    (void)view.members();
    CHECK(view.broken());
  }
  for (const std::string_view text : {"{}", "{ }", "{\"a\":1}", "3", "", "[1]"}) {
    JsonObjectView view(RawJson{text});
    (void)view.members();
    CHECK_FALSE(view.broken());
  }
}

TEST_CASE("elements come in their order, up to where the array breaks") {
  const auto all = [](std::string_view text) {
    JsonArrayView view(RawJson{text});
    std::string out;
    while (const RawJson value = view.next()) out += std::string(value.text) + "|";
    return out + (view.broken() ? "broken" : "");
  };
  CHECK(all("[]") == "");
  CHECK(all("[1, \"a]\", [2], {\"b\": []} ]") == "1|\"a]\"|[2]|{\"b\": []}|");
  CHECK(all("[1, 2") == "1|2|broken");
  CHECK(all("[1 2]") == "1|broken");
  CHECK(all("[1,]") == "1|broken");
  CHECK(all("{}") == "");
}

TEST_CASE("strings are decoded as a JSON parser decodes them") {
  for (const std::string_view text :
       {R"("")", R"("plain")", R"("\"\\\/\b\f\n\r\t")", R"("\u00e9\u20AC\ud83d\ude80")", R"("a\u0000b")",
        "\"0123456789012345678901234567890123456789012345678901234567890123456789\\\"x\""}) {
    const auto parsed = parse_json(text);
    REQUIRE(parsed);
    CHECK(RawJson{text}.string() == parsed->as_string());
  }
  CHECK(RawJson{R"("\ud800x")"}.string() == "\xEF\xBF\xBDx");
  CHECK(RawJson{"3"}.string().empty());
}

TEST_CASE("numbers are numbers of JSON only") {
  CHECK(RawJson{"1.5e3"}.number() == 1500.0);
  CHECK(RawJson{"-0"}.number() == 0.0);
  CHECK(RawJson{"17"}.integer() == 17);
  CHECK_FALSE(RawJson{"1.0"}.integer());
  CHECK_FALSE(RawJson{"99999999999999999999"}.integer());
  for (const std::string_view text : {"-inf", "nan", "inf", "-nan", "\"1\"", "null", "", "-", "1x"})
    CHECK_FALSE(RawJson{text}.number());
}

TEST_CASE("no cut of a text is read beyond its end") {
  const std::string_view whole = R"({"a\u0041": "x\"y", "b": [1, {"c": "]"}, null], "d": {"e": -1.5e-3}})";
  for (std::size_t size = 0; size <= whole.size(); ++size) {
    const std::string cut(whole.substr(0, size));
    JsonObjectView view(RawJson{cut});
    for (const auto& member : view.members()) {
      JsonArrayView array(member.value);
      while (array.next()) {
      }
      (void)member.value.string();
      (void)member.value.number();
    }
    CHECK(view.broken() == (size != 0 && size != whole.size()));
  }
}
