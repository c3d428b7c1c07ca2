#include "stream/codec/chunked.hpp"

#include <catch2/catch.hpp>

#include "every_cut.hpp"

using namespace std::string_literals;
using stream::ChunkedDecoder;
using stream::ChunkedItem;
using stream::ChunkedOptions;
using stream::ChunkedTrailer;
using stream::ErrorCode;
using Kind = stream::ChunkedItem::Kind;

namespace {

Decoded<ChunkedItem> decode(std::string_view bytes, const ChunkedOptions& options = {}) {
  return decode_every_cut<ChunkedItem>(bytes, [&] { return ChunkedDecoder(options); });
}

/// The message of the error, with its offset; "" if there is none.
std::string error_of(std::string_view bytes, const ChunkedOptions& options = {}) {
  const auto decoded = decode(bytes, options);
  if (!decoded.error) return "";
  return std::to_string(decoded.error->place.offset.value_or(9999)) + ": " + decoded.error->message;
}

ChunkedOptions lenient() {
  ChunkedOptions options;
  options.lenient = true;
  return options;
}

/// The rules of the findings, with offsets, in a lenient decoder, and the items.
std::string findings_of(std::string_view bytes, std::vector<ChunkedItem>& items) {
  std::string text;
  ChunkedOptions options = lenient();
  options.findings = [&](const stream::Finding& finding) {
    text += finding.rule + '@' + std::to_string(finding.place.offset.value_or(9999)) + ' ';
  };
  std::string whole;
  const auto decoded = decode_every_cut<ChunkedItem>(
      bytes,
      [&] {
        text.clear();
        return ChunkedDecoder(options);
      },
      [&](const auto&) {
        if (whole.empty()) whole = text;
        CHECK(text == whole);
      });
  CHECK_FALSE(decoded.error.has_value());
  items = decoded.items;
  return whole;
}

}  // namespace

TEST_CASE("chunks come with their data, extensions and places") {
  const auto decoded = decode("4\r\nWiki\r\n5;a=1;b=\"q;\\\"x\"\r\npedia\r\n0\r\n\r\n");
  REQUIRE_FALSE(decoded.error.has_value());
  REQUIRE(decoded.items.size() == 3);
  const auto& [wiki, pedia, end] = std::tie(decoded.items[0], decoded.items[1], decoded.items[2]);
  CHECK((wiki == ChunkedItem{Kind::chunk, true, 0, 9, 4, 3, "", "Wiki", {}}));
  CHECK((pedia == ChunkedItem{Kind::chunk, true, 9, 33, 5, 26, ";a=1;b=\"q;\\\"x\"", "pedia", {}}));
  CHECK((end == ChunkedItem{Kind::end, true, 33, 38, 0, 0, "", "", {}}));
}

TEST_CASE("trailers are a list of fields in their order") {
  const auto decoded = decode("0;last\r\nExpires: never \r\nX-A:\r\nX-A:\tb c\t\r\n\r\n");
  REQUIRE_FALSE(decoded.error.has_value());
  REQUIRE(decoded.items.size() == 1);
  CHECK(decoded.items[0].extensions == ";last");
  CHECK((decoded.items[0].trailers ==
         std::vector<ChunkedTrailer>{{"Expires", "never", 8, 25}, {"X-A", "", 25, 31}, {"X-A", "b c", 31, 42}}));
  CHECK(decoded.items[0].end == 44);
}

TEST_CASE("sizes may be written in either case and with leading zeros") {
  const auto decoded = decode("00a\r\n0123456789\r\nA\r\n0123456789\r\n000\r\n\r\n");
  REQUIRE_FALSE(decoded.error.has_value());
  CHECK(decoded.items.size() == 3);
  CHECK(decoded.items[0].size == 10);
  CHECK(decoded.items[1].size == 10);
}

TEST_CASE("what follows the body is not taken") {
  const std::string body = "1\r\nx\r\n0\r\n\r\n";
  const std::string next = "HTTP/1.1 200 OK\r\n";
  const auto decoded = decode_every_cut<ChunkedItem>(
      body + next, [] { return ChunkedDecoder(); },
      [&](const ChunkedDecoder& decoder) {
        CHECK(decoder.done());
        CHECK(decoder.consumed() == body.size());
      });
  CHECK_FALSE(decoded.error.has_value());
  CHECK(decoded.items.size() == 2);
}

TEST_CASE("offsets count from the origin, and consumed bytes from the first byte fed") {
  ChunkedOptions options;
  options.origin = 1000;
  ChunkedDecoder decoder(options);
  const auto decoded = decode_parts<ChunkedItem>(decoder, {"1\r\nx\r\n0\r\n\r\n"});
  CHECK(decoded.items[0].begin == 1000);
  CHECK(decoded.items[0].data_begin == 1003);
  CHECK(decoded.items[1].end == 1011);
  CHECK(decoder.consumed() == 11);
}

TEST_CASE("a strict decoder refuses what two readers could understand differently") {
  using Row = std::pair<std::string, std::string>;
  const auto& [bytes, error] = GENERATE(values<Row>({
      {"5\nhello\r\n0\r\n\r\n", "1: expected CRLF at the end of a chunk's size line, found LF alone"},
      {"5\r\nhello\n0\r\n\r\n", "8: expected CRLF after chunk data, found LF alone"},
      {"0\r\n\n", "3: expected CRLF at the end of a trailer line, found LF alone"},
      {"0\r\na: b\n\r\n", "7: expected CRLF at the end of a trailer line, found LF alone"},
      {"5\rhello\r\n", "1: a CR within the size line of a chunk"},
      {"5;a\rb\r\nhello\r\n", "3: a CR within the size line of a chunk"},
      {"0\r\na: b\rc\r\n\r\n", "7: a CR within a trailer line"},
      {"5 \r\nhello\r\n", "2: expected a chunk extension (\";name=value\"), found the end of the line"},
      {"5 6\r\nhello\r\n", "2: expected a chunk extension (\";name=value\"), found '6'"},
      {"5;\r\nhello\r\n", "2: expected a chunk extension (\";name=value\"), found the end of the line"},
      {"5;a=\r\nhello\r\n", "4: expected a chunk extension (\";name=value\"), found the end of the line"},
      {"5;a=\"b\r\nhello\r\n", "4: expected a chunk extension (\";name=value\"), found '\"'"},
      {"5;a=b c\r\nhello\r\n", "6: expected a chunk extension (\";name=value\"), found 'c'"},
      {"0\r\na: b\r\n c\r\n\r\n", "9: a trailer line that is folded (RFC 9112 §5.2)"},
      {"0\r\na : b\r\n\r\n", "4: white space before the colon of a trailer line"},
  }));
  INFO(bytes);
  CHECK(error_of(bytes) == error);
}

TEST_CASE("what has no second reading is refused by a lenient decoder too") {
  using Row = std::pair<std::string, std::string>;
  const auto& [bytes, error] = GENERATE(values<Row>({
      {"\r\n", "0: expected a chunk size in hexadecimal, found CR"},
      {"0x5\r\nhello\r\n", "1: expected ';' or the end of the line after a chunk size, found 'x'"},
      {"-1\r\n", "0: expected a chunk size in hexadecimal, found '-'"},
      {"+5\r\nhello\r\n", "0: expected a chunk size in hexadecimal, found '+'"},
      {" 5\r\nhello\r\n", "0: expected a chunk size in hexadecimal, found byte 0x20"},
      {";a\r\n", "0: expected a chunk size in hexadecimal, found ';'"},
      {"5g\r\nhello\r\n", "1: expected ';' or the end of the line after a chunk size, found 'g'"},
      {"5_0\r\n", "1: expected ';' or the end of the line after a chunk size, found '_'"},
      {"8000000000000000\r\n", "0: a chunk size is larger than 2^63-1"},
      {"10000000000000000\r\n", "0: a chunk size is larger than 2^63-1"},
      {"10000000000000005\r\nhello\r\n", "0: a chunk size is larger than 2^63-1"},
      {"5;a\x01=b\r\nhello\r\n", "3: byte 0x01 in the extensions of a chunk"},
      {"5\r\nhelloworld\r\n", "8: expected CRLF after 5 bytes of chunk data, found 'w'"},
      {"5\r\nhello\rX\r\n", "9: expected LF after 5 bytes of chunk data, found 'X'"},
      {"5\r\nhel\r\n0\r\n\r\n", "8: expected CRLF after 5 bytes of chunk data, found '0'"},
      {"0\r\nno colon\r\n\r\n", "3: expected a trailer line (\"name: value\") or the empty line at the end of the body"},
      {"0\r\n: b\r\n\r\n", "3: expected a trailer line (\"name: value\") or the empty line at the end of the body"},
      {"0\r\na b: c\r\n\r\n", "3: expected a trailer line (\"name: value\") or the empty line at the end of the body"},
      {"0\r\n a: c\r\n\r\n", "3: expected a trailer line (\"name: value\") or the empty line at the end of the body"},
      {"0\r\na: \x7f\r\n\r\n", "6: byte 0x7f in a trailer line"},
  }));
  INFO(bytes);
  CHECK(error_of(bytes) == error);
  CHECK(error_of(bytes, lenient()) == error);
}

TEST_CASE("a size just below 2^63 is read, and refused as larger than an entry") {
  CHECK(error_of("7fffffffffffffff\r\n") == "0: a chunk of 9223372036854775807 bytes is larger than 268435456 (--max-entry)");
  ChunkedOptions options;
  options.pieces = true;
  ChunkedDecoder decoder(options);
  std::vector<ChunkedItem> items;
  CHECK(decoder.feed("7fffffffffffffff\r\nabc", items));
  REQUIRE(items.size() == 2);
  CHECK(items[0].size == 0x7fffffffffffffff);
  CHECK(items[1].data == "abc");
}

TEST_CASE("a NUL ends nothing") {
  CHECK(error_of("5\0\r\nhello\r\n"s) == "1: expected ';' or the end of the line after a chunk size, found byte 0x00");
  CHECK(error_of("5;\0\r\nhello\r\n"s) == "2: byte 0x00 in the extensions of a chunk");
  CHECK(error_of("0\r\na\0: b\r\n\r\n"s) == "4: byte 0x00 in a trailer line");
}

TEST_CASE("a lenient decoder goes on after what has one reading, and says where") {
  std::vector<ChunkedItem> items;
  SECTION("line ends") {
    CHECK(findings_of("5\nhello\n0\n\n", items) == "chunk-bare-lf@1 chunk-bare-lf@7 chunk-bare-lf@9 chunk-bare-lf@10 ");
    REQUIRE(items.size() == 2);
    CHECK(items[0].data == "hello");
  }
  SECTION("a padded size") {
    CHECK(findings_of("5  \r\nhello\r\n0 \r\n\r\n", items) == "chunk-extension@3 chunk-extension@14 ");
    CHECK(items[0].extensions == "  ");
  }
  SECTION("folded trailers") {
    CHECK(findings_of("0\r\na: b\r\n  c\r\nd : e\r\n\r\n", items) == "chunk-fold@9 chunk-trailer-space@15 ");
    CHECK((items[0].trailers == std::vector<ChunkedTrailer>{{"a", "b c", 3, 14}, {"d", "e", 14, 21}}));
  }
  SECTION("a field that has no meaning in a trailer") {
    CHECK(findings_of("0\r\nContent-length: 5\r\n\r\n", items) == "chunk-trailer-field@3 ");
  }
  SECTION("a chunk that is cut off") {
    CHECK(findings_of("2\r\nab\r\n5\r\nhel", items) == "chunk-cut@13 ");
    REQUIRE(items.size() == 2);
    CHECK(items[0].complete);
    CHECK((items[1] == ChunkedItem{Kind::chunk, false, 7, 13, 5, 10, "", "hel", {}}));
  }
  SECTION("no last chunk") {
    CHECK(findings_of("2\r\nab\r\n", items) == "chunk-cut@7 ");
    CHECK(items.size() == 1);
  }
  SECTION("trailers that are cut off") {
    CHECK(findings_of("0\r\na: b\r\nc: ", items) == "chunk-cut@12 ");
    REQUIRE(items.size() == 1);
    CHECK_FALSE(items[0].complete);
    CHECK(items[0].trailers.size() == 1);
  }
}

TEST_CASE("an input that ends early is an error that says where it ends") {
  using Row = std::pair<std::string, std::string>;
  const auto& [bytes, error] = GENERATE(values<Row>({
      {"", "0: expected a chunk, found the end of the input"},
      {"1", "1: the input ends within a chunk size"},
      {"1;a", "3: the input ends within the size line of a chunk"},
      {"1\r", "2: the input ends within the size line of a chunk"},
      {"5\r\nhel", "6: the input ends 2 bytes before the end of a chunk of 5 bytes"},
      {"1\r\nx", "4: expected CRLF after chunk data, found the end of the input"},
      {"1\r\nx\r", "5: expected CRLF after chunk data, found the end of the input"},
      {"1\r\nx\r\n", "6: expected a chunk, found the end of the input"},
      {"0\r\n", "3: the input ends within the trailer section of a chunked body"},
      {"0\r\na: b\r\n\r", "10: the input ends within the trailer section of a chunked body"},
  }));
  const auto decoded = decode(bytes);
  REQUIRE(decoded.error.has_value());
  CHECK(decoded.error->code == ErrorCode::truncated);
  CHECK(error_of(bytes) == error);
}

TEST_CASE("every limit names the option that raises it") {
  ChunkedOptions options;
  options.limits.max_entry = 10;
  CHECK(error_of("a\r\n0123456789\r\n0\r\n\r\n", options).empty());
  CHECK(error_of("b\r\n0123456789a\r\n", options) == "0: a chunk of 11 bytes is larger than 10 (--max-entry)");
  const std::string line(stream::chunked_line_limit(options.limits), 'x');
  CHECK(error_of("1;" + line + "\r\n", options) == "1: the extensions of a chunk are longer than 16384 bytes (--max-entry)");
  CHECK(error_of("0\r\na: b\r\nc: " + line + "\r\n", options) ==
        "9: the trailer section is longer than 16384 bytes (--max-entry)");
  CHECK(error_of(std::string(line.size() + 1, '0') + "\r\n", options) ==
        "0: a chunk size has more than 16384 digits (--max-entry)");
  options.limits.max_entry = std::size_t{32} << 20;
  CHECK(error_of("1;" + line + "\r\nx\r\n0\r\n\r\n", options).empty());
}

TEST_CASE("a decoder that has failed returns the same error again, and takes nothing") {
  ChunkedDecoder decoder;
  std::vector<ChunkedItem> items;
  const auto first = decoder.feed("5\r\nhelloX", items);
  REQUIRE_FALSE(first);
  CHECK(decoder.consumed() == 8);
  CHECK(decoder.feed("\r\n", items).error() == first.error());
  CHECK(decoder.finish(items).error() == first.error());
  CHECK(decoder.consumed() == 8);
  CHECK(items.empty());
}

TEST_CASE("places name the source") {
  ChunkedOptions options;
  options.source = "body.bin";
  std::string findings;
  options.findings = [&](const stream::Finding& finding) { findings += to_string(finding); };
  ChunkedDecoder decoder(options);
  const auto decoded = decode_parts<ChunkedItem>(decoder, {"0\r\nHost: a\r\nx"});
  REQUIRE(decoded.error.has_value());
  CHECK(to_string(*decoded.error) == "body.bin: byte 13: the input ends within the trailer section of a chunked body");
  CHECK(findings == "body.bin: byte 3: warning: Host has no meaning in a trailer (RFC 9110 §6.5.1) [chunk-trailer-field]");
}

TEST_CASE("in pieces, data is given out as it arrives") {
  ChunkedOptions options;
  options.pieces = true;
  options.limits.max_entry = 2;  // a chunk may be larger
  ChunkedDecoder decoder(options);
  std::vector<ChunkedItem> items;
  REQUIRE(decoder.feed("5;x\r\nhe", items));
  REQUIRE(items.size() == 2);
  CHECK((items[0] == ChunkedItem{Kind::size_line, true, 0, 5, 5, 5, ";x", "", {}}));
  CHECK((items[1] == ChunkedItem{Kind::data, true, 5, 7, 0, 5, "", "he", {}}));
  items.clear();
  REQUIRE(decoder.feed("llo\r\n0\r\n\r\n", items));
  REQUIRE(items.size() == 2);
  CHECK((items[0] == ChunkedItem{Kind::data, true, 7, 10, 0, 7, "", "llo", {}}));
  CHECK(items[1].kind == Kind::end);
}

TEST_CASE("joined pieces are the same for every cut") {
  const std::string bytes = "5;x\r\nhello\r\n1\r\n!\r\n0\r\na: b\r\n\r\n";
  ChunkedOptions options;
  options.pieces = true;
  for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
    ChunkedDecoder decoder(options);
    const auto decoded =
        decode_parts<ChunkedItem>(decoder, {std::string_view(bytes).substr(0, cut), std::string_view(bytes).substr(cut)});
    CHECK_FALSE(decoded.error.has_value());
    std::string joined;
    std::uint64_t at = 0;
    for (const auto& item : decoded.items) {
      if (item.kind == Kind::data) {
        CHECK(item.begin >= at);
        CHECK(bytes.substr(item.begin, item.end - item.begin) == item.data);
        at = item.end;
        joined += item.data;
      } else {
        joined += item.kind == Kind::end ? '.' : '|';
      }
    }
    CHECK(joined == "|hello|!.");
  }
}

TEST_CASE("what is encoded decodes to the same") {
  std::string wire;
  stream::append_chunk(wire, "hello");
  stream::append_chunk(wire, "");
  stream::append_chunk(wire, std::string(300, 'x'), ";n=\"v\"");
  const std::vector<ChunkedTrailer> trailers = {{"Digest", "sha-256=abc", 0, 0}, {"Empty", "", 0, 0}};
  REQUIRE(stream::append_last_chunk(wire, trailers, ";last"));
  CHECK(wire == "5\r\nhello\r\n12c;n=\"v\"\r\n" + std::string(300, 'x') + "\r\n0;last\r\nDigest: sha-256=abc\r\nEmpty: \r\n\r\n");
  const auto decoded = decode(wire);
  REQUIRE_FALSE(decoded.error.has_value());
  REQUIRE(decoded.items.size() == 3);
  CHECK(decoded.items[1].extensions == ";n=\"v\"");
  CHECK(decoded.items[2].trailers[0].value == "sha-256=abc");
}

TEST_CASE("a trailer that would be something else on the wire is not encoded") {
  std::string wire;
  const std::vector<ChunkedTrailer> bad_name = {{"a b", "c", 0, 0}};
  const std::vector<ChunkedTrailer> bad_value = {{"a", "b\r\nc: d", 0, 0}};
  CHECK(stream::append_last_chunk(wire, bad_name).error().message == "\"a b\" is no name for a trailer field");
  CHECK(stream::append_last_chunk(wire, bad_value).error().message == "the value of the trailer field a has a control character");
  CHECK(wire.empty());
}
