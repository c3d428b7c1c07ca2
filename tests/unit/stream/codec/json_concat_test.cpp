#include "stream/codec/json_concat.hpp"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "text_cuts.hpp"

using namespace std::string_literals;
using stream::JsonConcatDecoder;
using stream::JsonConcatItem;
using stream::JsonConcatOptions;
using Items = std::vector<JsonConcatItem>;
using Strings = std::vector<std::string>;

namespace {

Decoded<JsonConcatItem> decode(std::string_view bytes, JsonConcatOptions options = {}) {
  return decode_every_way<JsonConcatItem, JsonConcatDecoder>(options, bytes);
}

Decoded<JsonConcatItem> parse(std::string_view bytes) {
  JsonConcatOptions options;
  options.parse = true;
  return decode(bytes, options);
}

Strings texts(const Decoded<JsonConcatItem>& decoded) {
  Strings all;
  for (const auto& item : decoded.items) all.push_back(item.text);
  return all;
}

}  // namespace

TEST_CASE("values follow each other without anything between them") {
  const auto decoded = parse("{\"a\":1}{\"b\":[2]}[]\"x\"\"y\"1\"z\"true[3]-4.5e6{}");
  CHECK(texts(decoded) ==
        Strings{"{\"a\":1}", "{\"b\":[2]}", "[]", "\"x\"", "\"y\"", "1", "\"z\"", "true", "[3]", "-4.5e6", "{}"});
  CHECK(decoded.rules.empty());
}

TEST_CASE("values may be printed over several lines, and have their places") {
  const auto decoded = parse("{\n  \"a\": 1\n}\r\n\n [\n2]\n7");
  CHECK(decoded.items == Items{{"{\n  \"a\": 1\n}", 1, 0, 12, true}, {"[\n2]", 5, 16, 20, true}, {"7", 7, 21, 22, true}});
  CHECK(decoded.rules.empty());
}

TEST_CASE("brackets and quotation marks in strings end nothing") {
  const auto text = "{\"]}\\\"{[\\\\\":\"}\\\\\\\"]\"}"s;
  CHECK(texts(parse(text + text)) == Strings{text, text});
  CHECK(texts(parse("\"a\\\"b\\\\\"\"c\"")) == Strings{"\"a\\\"b\\\\\"", "\"c\""});
}

TEST_CASE("what is no value stops none of the others") {
  const auto decoded = parse("{\"a\":1},\n{\"b\":!}\nnul {\"c\":3}");
  CHECK(texts(decoded) == Strings{"{\"a\":1}", ",", "{\"b\":!}", "nul", "{\"c\":3}"});
  CHECK(decoded.rules == Strings{"json-concat-invalid", "json-concat-invalid", "json-concat-invalid"});
  CHECK(decoded.findings[1].place == stream::Place{"", 2, 6, 14, "/b"});
  CHECK(decoded.items[4].valid);
  CHECK(decode("{\"a\":!} nul").items[0].valid);
}

TEST_CASE("a value that the input cuts off is truncated") {
  for (const std::string text : {"{\"a\":[1,", "\"ab", "\"ab\\", "{\"a", "tru", "-"}) {
    CAPTURE(text);
    const auto decoded = decode("1 " + text);
    REQUIRE(decoded.items.size() == 2);
    CHECK(decoded.items[1] == JsonConcatItem{text, 1, 2, 2 + text.size(), false});
    CHECK(decoded.rules == Strings{"json-concat-truncated"});
  }
  CHECK(decode("1 2").rules.empty());
}

TEST_CASE("a byte order mark before the first value is left out with a warning") {
  for (const std::string text : {"{}", "12 ", "\"a\""}) {
    const auto decoded = parse("\xEF\xBB\xBF" + text);
    REQUIRE(decoded.items.size() == 1);
    CHECK(decoded.items[0].begin == 3);
    CHECK(decoded.items[0].valid);
    CHECK(decoded.rules == Strings{"json-concat-bom"});
  }
  CHECK(decode("\xEF\xBB\xBF").items.empty());
  CHECK(decode(" \n").items.empty());
}

TEST_CASE("a value over the limit is refused by name, and stays refused") {
  JsonConcatOptions options;
  options.limits.max_entry = 4;
  options.source = "a";
  CHECK(decode("[12][]1234", options).items.size() == 3);
  const auto decoded = decode("[12]\n[123][]", options);
  CHECK(decoded.items.size() == 1);
  REQUIRE(decoded.error);
  CHECK(decoded.error->code == stream::ErrorCode::limit);
  CHECK(to_string(*decoded.error) == "a:2:1: a value of more than 4 bytes (--max-entry)");
  JsonConcatDecoder decoder(options);
  Items items;
  CHECK_FALSE(decoder.feed("12345", items));
  CHECK_FALSE(decoder.feed(" ", items));
  CHECK_FALSE(decoder.finish(items));
}
