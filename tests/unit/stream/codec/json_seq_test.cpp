#include "stream/codec/json_seq.hpp"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "text_cuts.hpp"

using namespace std::string_literals;
using stream::JsonSeqDecoder;
using stream::JsonSeqItem;
using stream::JsonSeqOptions;
using Kind = stream::JsonSeqItem::Kind;
using Items = std::vector<JsonSeqItem>;
using Strings = std::vector<std::string>;

namespace {

Decoded<JsonSeqItem> decode(std::string_view bytes, const JsonSeqOptions& options = {}) {
  return decode_every_way<JsonSeqItem, JsonSeqDecoder>(options, bytes);
}

}  // namespace

TEST_CASE("elements stand between record separators") {
  const auto decoded = decode("\x1E{\"a\":1}\n\x1E\"b\"\n\x1E" + "3\n"s);
  CHECK(decoded.items ==
        Items{{Kind::element, "{\"a\":1}", 0, 9, 1}, {Kind::element, "\"b\"", 9, 14, 2}, {Kind::element, "3", 14, 17, 3}});
  CHECK(decoded.rules.empty());
}

TEST_CASE("separators in a row are no empty elements") {
  const auto decoded = decode("\x1E\x1E\x1E[1]\n\x1E\x1E[2]\n\x1E");
  CHECK(decoded.items == Items{{Kind::element, "[1]", 2, 7, 1}, {Kind::element, "[2]", 8, 13, 2}});
  CHECK(decoded.rules.empty());
}

TEST_CASE("white space alone between separators is no element and is reported") {
  const auto decoded = decode("\x1E \n\x1E[2]\n");
  CHECK(decoded.items.size() == 1);
  CHECK(decoded.rules == Strings{"json-seq-empty"});
}

TEST_CASE("a bad element stops none of the others, and has its place") {
  JsonSeqOptions options;
  options.source = "a";
  const auto decoded = decode("\x1E[1]\n\x1E{\"a\":\n !}\n\x1E[3]\n", options);
  REQUIRE(decoded.items.size() == 3);
  CHECK(decoded.items[1].kind == Kind::invalid);
  CHECK(decoded.items[1].text == "{\"a\":\n !}");
  CHECK(decoded.items[2].kind == Kind::element);
  REQUIRE(decoded.rules == Strings{"json-seq-invalid"});
  CHECK(decoded.findings[0].place == stream::Place{"a", 3, 2, 13, "/a"});
}

TEST_CASE("two texts after one separator are no element") { CHECK(decode("\x1E{}{}\n").items[0].kind == Kind::invalid); }

TEST_CASE("numbers, true, false and null without white space after them may be truncated") {
  for (const std::string text : {"12", "true", "false", "null", "-0.5e3"}) {
    CAPTURE(text);
    CHECK(decode("\x1E" + text + "\x1E[]\n").items[0].kind == Kind::truncated);
    CHECK(decode("\x1E" + text + "\x1E[]\n").rules == Strings{"json-seq-truncated"});
    CHECK(decode("\x1E" + text).items[0].kind == Kind::truncated);
    for (const std::string space : {"\n", " ", "\t", "\r\n"}) CHECK(decode("\x1E" + text + space).items[0].kind == Kind::element);
  }
  CHECK(decode("\x1Etru").items[0].kind == Kind::truncated);
  CHECK(decode("\x1Etru\n").items[0].kind != Kind::element);
}

TEST_CASE("strings, arrays and objects show their own end") {
  for (const std::string text : {"\"a\"", "[]", "{}"}) {
    CAPTURE(text);
    const auto decoded = decode("\x1E" + text + "\x1E" + text + "\n");
    CHECK(decoded.items[0].kind == Kind::element);
    CHECK(decoded.rules == Strings{"json-seq-no-newline"});
  }
}

TEST_CASE("a cut object and a cut number are both reported") {
  const auto decoded = decode("\x1E{\"a\":1}\n\x1E{\"b\":\n\x1E" + "12\x1Etrue\n"s);
  REQUIRE(decoded.items.size() == 4);
  CHECK(decoded.items[0].kind == Kind::element);
  CHECK(decoded.items[1].kind == Kind::truncated);
  CHECK(decoded.items[2].kind == Kind::truncated);
  CHECK(decoded.items[3].kind == Kind::element);
  CHECK(decoded.rules == Strings{"json-seq-truncated", "json-seq-truncated"});
}

TEST_CASE("bytes before the first separator are no element") {
  const auto decoded = decode("{\"a\":1}\n\x1E[]\n");
  CHECK(decoded.items == Items{{Kind::stray, "{\"a\":1}", 0, 8, 1}, {Kind::element, "[]", 8, 12, 2}});
  CHECK(decoded.rules == Strings{"json-seq-stray"});
  CHECK(decode("\n\x1E[]\n").rules.empty());
}

TEST_CASE("an element may be printed over several lines, with white space around it") {
  const auto decoded = decode("\x1E\n {\n  \"a\": 1\n}\n\n\x1E[]\n");
  REQUIRE(decoded.items.size() == 2);
  CHECK(decoded.items[0] == JsonSeqItem{Kind::element, "{\n  \"a\": 1\n}", 0, 17, 2});
  CHECK(decoded.items[1].line == 6);
  CHECK(decoded.rules.empty());
}

TEST_CASE("writing on after a crash is safe") {
  const auto decoded = decode("\x1E{\"a\":1}\n\x1E{\"b\":\"cut\x1E{\"c\":3}\n");
  REQUIRE(decoded.items.size() == 3);
  CHECK(decoded.items[1].kind == Kind::truncated);
  CHECK(decoded.items[2].kind == Kind::element);
}

TEST_CASE("an element that is not UTF-8 is invalid") { CHECK(decode("\x1E\"\xFF\"\n").items[0].kind == Kind::invalid); }

TEST_CASE("an element over the limit is refused by name, and stays refused") {
  JsonSeqOptions options;
  options.limits.max_entry = 6;
  const auto decoded = decode("\x1E[12]\n\x1E[123]\n\x1E[]\n", options);
  CHECK(decoded.items.size() == 1);
  REQUIRE(decoded.error);
  CHECK(decoded.error->code == stream::ErrorCode::limit);
  CHECK(to_string(*decoded.error) == "2:2: an element of more than 6 bytes (--max-entry)");
  JsonSeqDecoder decoder(options);
  Items items;
  CHECK_FALSE(decoder.feed("\x1E[123456]", items));
  CHECK_FALSE(decoder.feed("\n", items));
  CHECK_FALSE(decoder.finish(items));
}

TEST_CASE("an encoded sequence decodes to its elements") {
  std::string bytes;
  for (const auto* text : {"1", "{\"a\":\"\\u001e\"}", "null"}) stream::encode_json_seq(bytes, text);
  const auto decoded = decode(bytes);
  REQUIRE(decoded.items.size() == 3);
  CHECK(decoded.items[1].text == "{\"a\":\"\\u001e\"}");
  CHECK(decoded.rules.empty());
}
