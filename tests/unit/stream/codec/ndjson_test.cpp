#include "stream/codec/ndjson.hpp"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "text_cuts.hpp"

using namespace std::string_literals;
using stream::NdjsonDecoder;
using stream::NdjsonItem;
using stream::NdjsonOptions;
using Items = std::vector<NdjsonItem>;
using Strings = std::vector<std::string>;

namespace {

Decoded<NdjsonItem> decode(std::string_view bytes, const NdjsonOptions& options = {}) {
  return decode_every_way<NdjsonItem, NdjsonDecoder>(options, bytes);
}

NdjsonOptions parsing() {
  NdjsonOptions options;
  options.parse = true;
  return options;
}

}  // namespace

TEST_CASE("each line is a record, ended by LF or CRLF") {
  const auto decoded = decode("{\"a\":1}\r\n[2]\n", parsing());
  CHECK(decoded.items == Items{{"{\"a\":1}", 1, 0, 9, true, true}, {"[2]", 2, 9, 13, true, true}});
  CHECK(decoded.rules.empty());
}

TEST_CASE("scalars are records") { CHECK(decode("1\n\"a\"\nnull\ntrue\n", parsing()).items.size() == 4); }

TEST_CASE("a record keeps the spelling of its numbers, its duplicates, escapes and white space") {
  const auto text = " { \"b\":100000000000000000000000001,\"a\":1.50e+0 , \"b\":\"\\u0041\\/\" }\t"s;
  const auto decoded = decode(text + "\n", parsing());
  REQUIRE(decoded.items.size() == 1);
  CHECK(decoded.items[0].text == text);
  CHECK(decoded.rules.empty());
}

TEST_CASE("U+2028, U+2029 and U+0085 do not end a record") {
  CHECK(decode("\"\u2028\u2029\u0085\"\n", parsing()).items.size() == 1);
}

TEST_CASE("empty lines are skipped with a note, or are errors") {
  NdjsonOptions options = parsing();
  const auto skipped = decode("1\n\n \t\r\n2\n", options);
  CHECK(skipped.items == Items{{"1", 1, 0, 2, true, true}, {"2", 4, 7, 9, true, true}});
  CHECK(skipped.rules == Strings{"ndjson-empty-line", "ndjson-empty-line"});
  CHECK(skipped.findings[0].level == stream::Level::note);
  options.empty_lines = NdjsonOptions::EmptyLines::error;
  const auto refused = decode("1\n\n \t\r\n2\n", options);
  CHECK(refused.items == skipped.items);
  CHECK(refused.rules == skipped.rules);
  CHECK(to_string(refused.findings[1]) == "3:1: error: expected a JSON text, found an empty line [ndjson-empty-line]");
}

TEST_CASE("a byte order mark is left out with a warning") {
  const auto decoded = decode("\xEF\xBB\xBF"s + "[1]\n", parsing());
  CHECK(decoded.items == Items{{"[1]", 1, 3, 7, true, true}});
  CHECK(decoded.rules == Strings{"ndjson-bom"});
  CHECK(decode("\xEF\xBB\xBF").items.empty());
  CHECK_FALSE(decode("1\n\xEF\xBB\xBF"s + "1\n", parsing()).items[1].valid);
}

TEST_CASE("a bad record stops none of the others, and has its place") {
  NdjsonOptions options = parsing();
  options.source = "a.ndjson";
  const auto decoded = decode("{\"a\":1}\n{\"a\":}\n{\"a\":3}\n", options);
  REQUIRE(decoded.items.size() == 3);
  CHECK(decoded.items[0].valid);
  CHECK_FALSE(decoded.items[1].valid);
  CHECK(decoded.items[2].valid);
  REQUIRE(decoded.rules == Strings{"ndjson-invalid"});
  CHECK(decoded.findings[0].place == stream::Place{"a.ndjson", 2, 6, 13, ""});
  CHECK(decoded.findings[0].level == stream::Level::error);
}

TEST_CASE("records are not parsed unless asked for") {
  const auto decoded = decode("{\"a\":}\n\xFF\n");
  CHECK(decoded.items.size() == 2);
  CHECK(decoded.items[0].valid);
  CHECK(decoded.rules.empty());
}

TEST_CASE("a record that is not UTF-8 is not valid") { CHECK_FALSE(decode("\"\xFF\"\n", parsing()).items[0].valid); }

TEST_CASE("a last line without a line end is accepted if it is whole") {
  const auto decoded = decode("1\n{\"a\":2}");
  CHECK(decoded.items == Items{{"1", 1, 0, 2, true, true}, {"{\"a\":2}", 2, 2, 9, true, false}});
  CHECK(decoded.rules == Strings{"ndjson-no-newline"});
  CHECK(decoded.findings[0].level == stream::Level::warning);
}

TEST_CASE("a last line that is cut off is a truncated record") {
  const auto decoded = decode("1\n{\"a\":2");
  CHECK(decoded.items == Items{{"1", 1, 0, 2, true, true}, {"{\"a\":2", 2, 2, 8, false, false}});
  REQUIRE(decoded.rules == Strings{"ndjson-truncated"});
  CHECK(decoded.findings[0].level == stream::Level::error);
  CHECK(decoded.findings[0].message.find("the last line has no line end and is cut off: ") == 0);
}

TEST_CASE("bytes of 0 are reported with what they come from") {
  const auto decoded = decode("1\n"s + "\0\0\0{\"a\":1}\n"s + "2\n");
  REQUIRE(decoded.items.size() == 3);
  CHECK_FALSE(decoded.items[1].valid);
  REQUIRE(decoded.rules == Strings{"ndjson-nul"});
  CHECK(decoded.findings[0].message.find("lost in a crash") != std::string::npos);
}

TEST_CASE("a record over the limit is refused by name, and stays refused") {
  NdjsonOptions options;
  options.limits.max_entry = 8;
  const auto decoded = decode("1234567\n12345678\n1\n", options);
  CHECK(decoded.items.size() == 1);
  REQUIRE(decoded.error);
  CHECK(decoded.error->code == stream::ErrorCode::limit);
  CHECK(to_string(*decoded.error) == "2: a line of more than 8 bytes (--max-entry)");
  NdjsonDecoder decoder(options);
  Items items;
  CHECK_FALSE(decoder.feed("123456789", items));
  CHECK_FALSE(decoder.feed("\n", items));
  CHECK_FALSE(decoder.finish(items));
}

TEST_CASE("lines are large by default") {
  const std::string text = "\"" + std::string(std::size_t{64} << 20, 'x') + "\"";
  NdjsonDecoder decoder;
  Items items;
  for (std::size_t at = 0; at < text.size(); at += 65536) REQUIRE(decoder.feed(std::string_view(text).substr(at, 65536), items));
  REQUIRE(decoder.feed("\n", items));
  REQUIRE(items.size() == 1);
  CHECK(items[0].end == text.size() + 1);
}

TEST_CASE("an encoded record is one line whatever white space is in it") {
  std::string bytes;
  stream::encode_ndjson(bytes, "{\r\n  \"a\": \"\\n\"\n}");
  stream::encode_ndjson(bytes, "2");
  CHECK(bytes == "{    \"a\": \"\\n\" }\n2\n");
}
