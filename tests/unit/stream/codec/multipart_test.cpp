#include "stream/codec/multipart.hpp"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "text_cuts.hpp"

using namespace std::string_literals;
using stream::boundary_of;
using stream::MultipartDecoder;
using stream::MultipartEncoder;
using stream::MultipartHeader;
using stream::MultipartItem;
using stream::MultipartOptions;
using Headers = std::vector<MultipartHeader>;
using Strings = std::vector<std::string>;

namespace {

Decoded<MultipartItem> decode(std::string_view bytes, std::string boundary = "b", std::size_t max_entry = 1000000) {
  MultipartOptions options;
  options.boundary = std::move(boundary);
  options.limits.max_entry = max_entry;
  return decode_every_way<MultipartItem, MultipartDecoder>(options, bytes);
}

Strings bodies(const Decoded<MultipartItem>& decoded) {
  Strings all;
  for (const auto& item : decoded.items) all.push_back(item.body);
  return all;
}

// A part without remarks: with a Content-Length, and CRLF.
std::string part(const std::string& body) {
  return "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body + "\r\n";
}

}  // namespace

TEST_CASE("parts stand between delimiters and have headers and a body") {
  const std::string bytes =
      "--b\r\nContent-Type: image/jpeg\r\nX-Time:\t1 \r\nContent-Length: 4\r\n\r\n\r\n--\r\n--b\r\n" + part("two") + "--b--\r\n";
  const auto decoded = decode(bytes);
  REQUIRE(decoded.items.size() == 2);
  CHECK(decoded.rules.empty());
  const auto& first = decoded.items[0];
  CHECK(first.number == 1);
  CHECK(first.headers == Headers{{"Content-Type", "image/jpeg"}, {"X-Time", "1"}, {"Content-Length", "4"}});
  CHECK(first.body == "\r\n--");
  CHECK(first.begin == 0);
  CHECK(bytes.substr(first.body_begin, first.end - first.body_begin) == first.body);
  CHECK(first.complete);
  CHECK(decoded.items[1].body == "two");
  CHECK(bytes.substr(decoded.items[1].begin, 5) == "--b\r\n");
  CHECK(decoded.items[1].number == 2);
}

TEST_CASE("headers are found whatever their case, and a part without Content-Type is plain text") {
  const auto decoded = decode("--b\r\ncontent-TYPE: a/b\r\ncontent-length: 1\r\n\r\n1\r\n--b\r\n" + part("2") + "--b--");
  REQUIRE(decoded.items.size() == 2);
  REQUIRE(decoded.items[0].header("Content-Type") != nullptr);
  CHECK(decoded.items[0].content_type() == "a/b");
  CHECK(decoded.items[1].header("Content-Type") == nullptr);
  CHECK(decoded.items[1].content_type() == "text/plain; charset=us-ascii");
  CHECK(decoded.rules.empty());
}

TEST_CASE("the line break before a delimiter belongs to the delimiter") {
  const auto decoded = decode("--b\r\n\r\none\r\n\r\n--b\r\n\r\n--b\r\n\r\n\r\n--b--\r\n");
  CHECK(bodies(decoded) == Strings{"one\r\n", "", ""});
  CHECK(decoded.rules == Strings{"multipart-no-content-length"});
  CHECK(decoded.findings[0].level == stream::Level::note);
}

TEST_CASE("headers may be absent, but for the empty line") {
  const auto decoded = decode("--b\r\n\r\nbody\r\n--b--\r\n");
  REQUIRE(decoded.items.size() == 1);
  CHECK(decoded.items[0].headers.empty());
  CHECK(decoded.items[0].body == "body");
}

TEST_CASE("preamble and epilogue are ignored, and noted") {
  const auto decoded =
      decode("This is: a preamble\r\n--bogus\r\n--b\r\n" + part("1") + "--b--\r\n\r\n--b\r\n" + part("2") + "--b--\r\n");
  CHECK(bodies(decoded) == Strings{"1"});
  CHECK(decoded.rules == Strings{"multipart-preamble", "multipart-epilogue"});
}

TEST_CASE("a delimiter may be padded with white space, and ends where its line does") {
  CHECK(bodies(decode("--b \t\r\n\r\none\r\n--bc\r\n--b-\r\n--b--x\r\n --b\r\nx--b\r\n--b\t\r\n\r\ntwo\r\n--b-- \r\n")) ==
        Strings{"one\r\n--bc\r\n--b-\r\n--b--x\r\n --b\r\nx--b", "two"});
}

TEST_CASE("no delimiter is looked for within a Content-Length") {
  const auto decoded = decode("--b\r\n" + part("x\r\n--b\r\ny\r\n--b--\r\n") + "--b--\r\n");
  CHECK(bodies(decoded) == Strings{"x\r\n--b\r\ny\r\n--b--\r\n"});
  CHECK(decoded.rules.empty());
}

TEST_CASE("a boundary of 70 characters of any allowed kind works, and others are reported") {
  const std::string longest = "'()+_,-./:=? 0aZ" + std::string(54, 'x');
  const auto stream_of = [](const std::string& boundary) {
    return "--" + boundary + "\r\n" + part("1") + "--" + boundary + "--\r\n";
  };
  CHECK(bodies(decode(stream_of(longest), longest)) == Strings{"1"});
  CHECK(decode(stream_of(longest), longest).rules.empty());
  for (const std::string& bad : {longest + "x", "a b "s, "a\"b"s}) {
    CAPTURE(bad);
    CHECK(decode(stream_of(bad), bad).rules == Strings{"multipart-bad-boundary"});
    CHECK(bodies(decode(stream_of(bad), bad)) == Strings{"1"});
  }
}

TEST_CASE("a boundary parameter with the dashes of the delimiter is understood both ways") {
  const auto as_is = decode("--cam\r\n" + part("1") + "--cam\r\n" + part("----cam") + "--cam--\r\n", "--cam");
  CHECK(bodies(as_is) == Strings{"1", "----cam"});
  CHECK(as_is.rules == Strings{"multipart-boundary-dashes"});
  const auto strict = decode("----cam\r\n\r\n1\r\n--cam\r\n2\r\n----cam--\r\n", "--cam");
  CHECK(bodies(strict) == Strings{"1\r\n--cam\r\n2"});
  CHECK(strict.rules == Strings{"multipart-no-content-length"});
}

TEST_CASE("the first part may have no delimiter before it") {
  const auto decoded = decode("\r\n" + part("1") + "--b\r\n" + part("2") + "--b--\r\n");
  CHECK(bodies(decoded) == Strings{"1", "2"});
  CHECK(decoded.items[0].begin == 2);
  CHECK(decoded.rules == Strings{"multipart-leading-blank-line", "multipart-no-first-boundary"});
  CHECK(bodies(decode("Content-Type: image/jpeg\r\n\r\n1\r\n--b\r\n" + part("2") + "--b--\r\n")) == Strings{"1", "2"});
}

TEST_CASE("a stream without any delimiter has no parts and is reported") {
  const auto decoded = decode("not a multipart stream\n");
  CHECK(decoded.items.empty());
  REQUIRE(decoded.rules == Strings{"multipart-no-first-boundary"});
  CHECK(decoded.findings[0].level == stream::Level::error);
  CHECK(decode("").rules.empty());
}

TEST_CASE("empty lines before the first delimiter are noted once") {
  const auto decoded = decode("\r\n\r\n--b\r\n" + part("1") + "--b--\r\n");
  CHECK(bodies(decoded) == Strings{"1"});
  CHECK(decoded.rules == Strings{"multipart-leading-blank-line"});
}

TEST_CASE("LF alone ends lines too, and is reported once") {
  const auto decoded = decode("--b\nContent-Length: 1\n\n1\n--b\n\nb\r\n\n--b--\n");
  CHECK(bodies(decoded) == Strings{"1", "b\r\n"});
  CHECK(decoded.rules == Strings{"multipart-bare-lf", "multipart-no-content-length"});
  CHECK(decode("--b\r\n\r\nb\n--b--\r\n").rules == Strings{"multipart-no-content-length", "multipart-bare-lf"});
  CHECK(decode("--b\r\nContent-Length: 1\r\n\r\nb\n--b--\r\n").rules == Strings{"multipart-bare-lf"});
}

TEST_CASE("empty lines after a counted body are no part of it") {
  const auto decoded = decode("--b\r\n" + part("1") + "\r\n\r\n--b\r\n" + part("2") + "--b--\r\n");
  CHECK(bodies(decoded) == Strings{"1", "2"});
  CHECK(decoded.rules == Strings{"multipart-extra-blank-line"});
}

TEST_CASE("a delimiter may follow a counted body at once") {
  const auto decoded = decode("--b\r\nContent-Length: 3\r\n\r\n123--b\r\n" + part("2") + "--b--\r\n");
  CHECK(bodies(decoded) == Strings{"123", "2"});
  CHECK(decoded.rules == Strings{"multipart-missing-line-break"});
}

TEST_CASE("a part with a wrong Content-Length ends at the next delimiter") {
  const auto with_length = [](std::size_t length) {
    return decode("--b\r\nContent-Type: image/jpeg\r\nContent-Length: " + std::to_string(length) + "\r\n\r\n\xFF\xD8" +
                  "12\n34\xFF\xD9\r\n--b\r\n" + part("2") + "--b--\r\n");
  };
  for (const std::size_t length : {0U, 1U, 4U, 8U, 10U, 11U, 12U, 17U, 60U, 1000U, 2000000U}) {
    CAPTURE(length);
    const auto decoded = with_length(length);
    CHECK(bodies(decoded) == Strings{"\xFF\xD8" + "12\n34\xFF\xD9"s, "2"});
    CHECK(decoded.rules == Strings{"multipart-wrong-content-length"});
  }
  CHECK(with_length(9).rules.empty());
  CHECK(with_length(0).findings[0].message == "Content-Length says 0 bytes, the delimiter comes after 9");
}

TEST_CASE("a JPEG with a wrong Content-Length is checked for its ends") {
  const auto decoded = decode("--b\r\nContent-Type: image/jpeg\r\nContent-Length: 5\r\n\r\n\xFF\xD8" + "1234567\r\n--b--\r\n"s);
  CHECK(decoded.rules == Strings{"multipart-wrong-content-length", "multipart-jpeg-cut"});
}

TEST_CASE("a Content-Length that is no number is reported and not used") {
  for (const std::string length : {"x", "-1", "1x", "", "99999999999999999999"}) {
    CAPTURE(length);
    const auto decoded = decode("--b\r\nContent-Length: " + length + "\r\n\r\nbody\r\n--b--\r\n");
    CHECK(bodies(decoded) == Strings{"body"});
    CHECK(decoded.rules == Strings{"multipart-bad-content-length"});
  }
}

TEST_CASE("without a boundary the first line says it") {
  const auto decoded = decode("\r\n--frame \r\n" + part("1") + "--frame\r\n" + part("--x\r\n") + "--frame--\r\n", "");
  CHECK(bodies(decoded) == Strings{"1", "--x\r\n"});
  CHECK(decoded.rules == Strings{"multipart-leading-blank-line", "multipart-no-boundary"});
  const auto later = decode(part("1") + "--frame\r\n" + part("2") + "--frame--\r\n", "");
  CHECK(bodies(later) == Strings{"1", "2"});
  CHECK(later.rules == Strings{"multipart-no-first-boundary", "multipart-no-boundary"});
  CHECK(decode("-- signature\r\n--frame\r\n" + part("1"), "").items.empty());
}

TEST_CASE("a stream that is cut within a part keeps what there is, marked") {
  const auto searched = decode("--b\r\nX: 1\r\n\r\nbod");
  REQUIRE(searched.items.size() == 1);
  CHECK_FALSE(searched.items[0].complete);
  CHECK(searched.items[0].body == "bod");
  CHECK(searched.rules == Strings{"multipart-no-content-length", "multipart-truncated", "multipart-no-close"});

  const auto counted = decode("--b\r\n" + part("1") + "--b\r\nContent-Length: 9\r\n\r\n12\n\n");
  CHECK(bodies(counted) == Strings{"1", "12\n\n"});
  CHECK_FALSE(counted.items[1].complete);
  CHECK(counted.rules == Strings{"multipart-truncated", "multipart-no-close"});
  CHECK(counted.findings[0].message == "the input ends within a part, after 4 bytes of the 9 that Content-Length says");

  const auto headers = decode("--b\r\nContent-Type: image/jp");
  REQUIRE(headers.items.size() == 1);
  CHECK_FALSE(headers.items[0].complete);
  CHECK(headers.items[0].headers == Headers{{"Content-Type", "image/jp"}});
  CHECK(headers.items[0].end == 27);
}

TEST_CASE("a counted part that the stream ends behind is complete") {
  const std::string bytes = "--b\r\nContent-Length: 2\r\n\r\n12\r\n--b";
  for (std::size_t size = bytes.size() - 5; size <= bytes.size(); ++size) {
    CAPTURE(size);
    const auto decoded = decode(std::string_view(bytes).substr(0, size));
    REQUIRE(decoded.items.size() == 1);
    CHECK(decoded.items[0].body == "12");
    CHECK(decoded.items[0].complete);
    CHECK(decoded.rules == Strings{"multipart-no-close"});
  }
}

TEST_CASE("a delimiter that was written ahead makes no part") {
  const auto decoded = decode("--b\r\n" + part("1") + "--b\r\n");
  CHECK(bodies(decoded) == Strings{"1"});
  CHECK(decoded.rules == Strings{"multipart-no-close"});
  CHECK(decode("--b\r\n" + part("1") + "--b\r\n--b--\r\n").rules.empty());
  CHECK(decode("--b\r\n--b\r\n" + part("1") + "--b--\r\n").rules == Strings{"multipart-empty-part"});
}

TEST_CASE("folded headers are joined, and lines that are no headers are ignored") {
  const auto decoded =
      decode("--b\r\nX-A: 1\r\n  2\r\n\t3\r\nno header\r\n: x\r\nX Y: z\r\nContent-Length: 1\r\n\r\n1\r\n--b--\r\n");
  REQUIRE(decoded.items.size() == 1);
  CHECK(decoded.items[0].headers == Headers{{"X-A", "1 2 3"}, {"Content-Length", "1"}});
  CHECK(decoded.rules ==
        Strings{"multipart-folded-header", "multipart-bad-header", "multipart-bad-header", "multipart-bad-header"});
}

TEST_CASE("a part without an empty line after its headers has no body") {
  const auto decoded = decode("--b\r\nX: 1\r\n--b\r\n" + part("2") + "--b--\r\n");
  CHECK(bodies(decoded) == Strings{"", "2"});
  CHECK(decoded.rules == Strings{"multipart-no-blank-line"});
}

TEST_CASE("a part over the limit is refused by name, and stays refused") {
  const std::string bytes = "--b\r\n\r\n1\r\n--b\r\n\r\n12345678\r\n--b--\r\n";
  CHECK_FALSE(decode(bytes, "b", 15).error);
  const auto decoded = decode(bytes, "b", 14);
  CHECK(bodies(decoded) == Strings{"1"});
  REQUIRE(decoded.error);
  CHECK(decoded.error->code == stream::ErrorCode::limit);
  CHECK(to_string(*decoded.error) == "byte 10: a part of more than 14 bytes (--max-entry)");
  CHECK(decode("--b\r\nX: 1234567890\r\n", "b", 14).error);
  CHECK(decode("X-A: 1\r\n\r\n0123456789\r\n--b\r\n", "--b", 14).error);
  CHECK(decode("a preamble without end", "b", 14).error);
  CHECK(decode("--b\r\n" + part("0123456789"), "b", 30).error);
  CHECK(decode("--b\r\n\r\n0123456789", "b", 14).error);

  MultipartOptions options;
  options.limits.max_entry = 4;
  MultipartDecoder decoder(options);
  std::vector<MultipartItem> items;
  CHECK_FALSE(decoder.feed("12345", items));
  CHECK_FALSE(decoder.feed("\n", items));
  CHECK_FALSE(decoder.finish(items));
}

TEST_CASE("parts that are larger than a piece decode whole") {
  const std::string body(700000, '\n');
  std::string bytes =
      "--b\r\n\r\n" + body + "\r\n--b\r\n" + part(body) + "--b\r\nContent-Length: 5\r\n\r\n" + body + "\r\n--b--\r\n";
  MultipartOptions options;
  options.boundary = "b";
  MultipartDecoder decoder(options);
  std::vector<MultipartItem> items;
  REQUIRE(decoder.feed(bytes, items));
  REQUIRE(items.size() == 3);
  for (const auto& item : items) CHECK((item.body == body));
}

TEST_CASE("the boundary parameter is found in a Content-Type") {
  CHECK(boundary_of("multipart/x-mixed-replace;boundary=frame") == "frame");
  CHECK(boundary_of("multipart/mixed; charset=utf-8 ; BOUNDARY = \"a b;c\\\"d\" ; x=y") == "a b;c\"d");
  CHECK(boundary_of("multipart/mixed; x=\"boundary=no\"; boundary=--yes ") == "--yes");
  CHECK(boundary_of("multipart/mixed; boundary=\"unclosed") == "unclosed");
  CHECK(boundary_of("a;;b;boundary=x=y") == "x=y");
  CHECK_FALSE(boundary_of("multipart/mixed"));
  CHECK_FALSE(boundary_of("multipart/mixed; boundary=; x"));
  CHECK_FALSE(boundary_of("multipart/mixed; boundary=\"\""));
  CHECK_FALSE(boundary_of("multipart/mixed; boundary"));
  CHECK_FALSE(boundary_of("boundary=x"));
  CHECK_FALSE(boundary_of(""));
}

TEST_CASE("encoded parts begin with the delimiter, and the next one follows each body at once") {
  std::string bytes;
  MultipartEncoder encoder("b");
  encoder.part(bytes, {{"Content-Type", "text/plain"}, {"content-length", "9"}, {"X", "a\r\nb"}}, "one");
  CHECK(bytes == "--b\r\nContent-Type: text/plain\r\nX: a  b\r\nContent-Length: 3\r\n\r\none\r\n--b\r\n");
  encoder.part(bytes, {}, "\r\n--b--\r\n", MultipartEncoder::Next::close);
  const auto size = bytes.size();
  encoder.close(bytes);
  CHECK(bytes.size() == size);
  const auto decoded = decode(bytes);
  CHECK(bodies(decoded) == Strings{"one", "\r\n--b--\r\n"});
  CHECK(decoded.rules.empty());
}

TEST_CASE("an encoder may be closed when the next delimiter is written already") {
  std::string bytes;
  MultipartEncoder encoder("b");
  encoder.part(bytes, {}, "1");
  encoder.close(bytes);
  const auto decoded = decode(bytes);
  CHECK(bodies(decoded) == Strings{"1"});
  CHECK(decoded.rules.empty());
}
