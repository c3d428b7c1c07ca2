// Bodies in another charset than UTF-8: text in a HAR, octets everywhere else.
#include <catch2/catch.hpp>

#include "body_text.hpp"
#include "conversion.hpp"
#include "har/diff/diff.hpp"
#include "har/exchange.hpp"
#include "har/match/request.hpp"
#include "stream/text/base64.hpp"
#include "stream/text/utf8.hpp"

using namespace har;
using namespace std::string_literals;
using stream::Charset;
using stream::Json;

namespace {

Json parse(std::string_view text) {
  auto json = stream::parse_json(text);
  INFO(text);
  REQUIRE(json);
  return *json;
}

/// An entry as Chrome writes it: the text is UTF-8, the size that of the octets, mimeType without parameters.
std::string entry(std::string_view type, const std::string& text, std::int64_t size, std::string_view more = "") {
  return R"({"startedDateTime":"2026-11-22T09:00:01.000Z","time":5,"request":{"method":"GET","url":"http://a/","httpVersion":"HTTP/1.1","cookies":[],"headers":[],"queryString":[],"headersSize":-1,"bodySize":0},)"
         R"("response":{"status":200,"statusText":"OK","httpVersion":"HTTP/1.1","cookies":[],"headers":[{"name":"Content-Type","value":")" +
         std::string(type) + R"("}],"content":{"size":)" + std::to_string(size) + R"(,"mimeType":"text/html","text":)" +
         to_json(Json(text)) + std::string(more) +
         R"(},"redirectURL":"","headersSize":-1,"bodySize":-1},"cache":{},"timings":{"send":0,"wait":1,"receive":4}})";
}

/// The octets that an entry's exchange has. The way back leads to the same entry.
std::string octets_of(const std::string& text) {
  const auto exchange = to_exchange(parse(text), {});
  REQUIRE(exchange);
  CHECK(to_json(to_entry(*exchange)) == to_json(parse(text)));
  return body_of(*exchange);
}

std::string message(std::string_view type, const std::string& body) {
  return "POST /a HTTP/1.1\r\nHost: h.example\r\nContent-Type: " + std::string(type) +
         "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body +
         "HTTP/1.1 200 OK\r\nContent-Type: " + std::string(type) + "\r\nContent-Length: " + std::to_string(body.size()) +
         "\r\n\r\n" + body;
}

struct Body {
  std::string type;
  std::string octets;
  std::string text;
};

const std::vector<Body>& bodies() {
  static const std::vector<Body> kAll{
      {"text/html; charset=iso-8859-1", "gr\xFC\xDF \x80", "grüß €"},
      {"text/plain;charset=\"Windows-1251\"", "\xEF\xF0\xE8\xE2\xE5\xF2", "привет"},
      {"application/xml; charset=Shift_JIS", "<a>\x93\xFA\x96\x7B\x83\x5C</a>", "<a>日本ソ</a>"},
      {"text/plain; charset=utf-16le", "a\0\xE5\x65"s, "a日"},
      {"text/plain; charset=utf-16", "\xFF\xFE" + "a\0\xE5\x65"s,
       "\xEF\xBB\xBF"
       "a日"},
      {"application/json; charset=gb2312", "{\"a\":\"\xC4\xE3\"}", "{\"a\":\"你\"}"},
      {"text/csv; charset=iso-2022-jp", "a\x1B$B\x46\x7C\x1B(B", "a日"},
      {"text/css; charset=big5", "/*\xA7\x41*/", "/*你*/"},
      {"text/javascript; charset=euc-kr", "\"\xC7\xD1\"", "\"한\""},
  };
  return kAll;
}

}  // namespace

TEST_CASE("a body in the charset that its type names is text in a HAR, and the same octets on the way back") {
  for (const Body& body : bodies()) {
    INFO(body.type);
    const std::string wire = message(body.type, body.octets);
    const auto har = test::convert(wire, "http1", "har");
    CHECK(har.errors.empty());
    const auto entries = test::entries_of(har.text);
    REQUIRE(entries.size() == 1);
    const Json& content = entries[0]["response"]["content"];
    CHECK(content["text"].string_or("") == body.text);
    CHECK(content.find("encoding") == nullptr);
    CHECK(content["size"].int_or(-1) == static_cast<std::int64_t>(body.octets.size()));
    const Json& post = entries[0]["request"]["postData"];
    CHECK(post["text"].string_or("") == body.text);
    CHECK(post.find("_encoding") == nullptr);
    // By way of HAR, and of a recording that is made of it.
    CHECK(test::convert(har.text, "har", "http1").text == wire);
    const auto recording = test::convert(har.text, "har", "recording");
    CHECK(test::convert(recording.text, "recording", "http1").text == wire);
    CHECK(test::entries_of(test::convert(recording.text, "recording", "har").text).at(0) == entries[0]);
  }
}

TEST_CASE("octets that are no text of the charset, or would not come back, are base64") {
  const Body odd[] = {
      {"text/html; charset=shift_jis", "\x93\xFA\x96", ""},            // cut
      {"text/html; charset=windows-1253", "a\xD2", ""},                // a hole
      {"text/html; charset=utf-16le", "\x3D\xD8", ""},                 // half a surrogate pair
      {"text/html; charset=windows-1252", "\x1F\x8B\x08\0\xFF"s, ""},  // compressed
      {"text/html; charset=gbk", "привет", ""},       // as long in UTF-8 as in GBK: which it was could not be told
      {"text/html; charset=ebcdic", "\x81\x82", ""},  // unknown
      {"image/png; charset=latin1", "\xFC", ""},      // no text
      {"multipart/mixed; charset=latin1; boundary=x", "\xFC", ""},
      {"text/event-stream; charset=latin1", "data: \xFC\n\n", ""},
      {"text/html; charset=utf-16be", "\xFF\xFE" + "a\0"s, ""},  // the mark of the other order: half of it is no character
  };
  for (const Body& body : odd) {
    INFO(body.type);
    const std::string wire = message(body.type, body.octets);
    const auto har = test::convert(wire, "http1", "har");
    const auto entries = test::entries_of(har.text);
    REQUIRE(entries.size() == 1);
    if (body.type.find("utf-16be") == std::string::npos) {
      CHECK(entries[0]["response"]["content"]["encoding"].string_or("") == "base64");
      CHECK(entries[0]["request"]["postData"]["_encoding"].string_or("") == "base64");
    }
    CHECK(test::convert(har.text, "har", "http1").text == wire);
  }
}

TEST_CASE("UTF-8 under the name of another charset stays what it is") {
  for (const std::string& type :
       {"text/html; charset=iso-8859-1"s, "text/html; charset=utf-16"s, "text/html; charset=iso-2022-jp"s}) {
    INFO(type);
    const std::string wire = message(type, "gr\xC3\xBC\xC3\x9F \xE2\x82\xAC");
    const auto har = test::convert(wire, "http1", "har");
    CHECK(test::entries_of(har.text).at(0)["response"]["content"]["text"].string_or("") == "grüß €");
    CHECK(test::convert(har.text, "har", "http1").text == wire);
  }
}

TEST_CASE("the text of a HAR becomes octets of the charset, if that is what its size says") {
  const std::string latin = "text/html; charset=iso-8859-1";
  CHECK(octets_of(entry(latin, "grüß", 4)) == "gr\xFC\xDF");
  CHECK(octets_of(entry(latin, "grüß", -1)) == "gr\xFC\xDF");
  CHECK(octets_of(entry(latin, "grüß", 0)) == "gr\xFC\xDF");
  CHECK(octets_of(entry(latin, "grüß", 6)) == "grüß");   // it was UTF-8
  CHECK(octets_of(entry(latin, "grüß", 99)) == "grüß");  // nothing fits
  CHECK(octets_of(entry(latin, "日", 3)) == "日");       // the charset does not have it
  CHECK(octets_of(entry(latin, "日", -1)) == "日");
  CHECK(octets_of(entry(latin, "abc", 3)) == "abc");
  CHECK(octets_of(entry("text/html", "grüß", 4)) == "grüß");  // no charset
  CHECK(octets_of(entry("text/html; charset=utf-8", "grüß", 4)) == "grüß");
  CHECK(octets_of(entry("text/html; charset=unheard-of", "grüß", 4)) == "grüß");
  CHECK(octets_of(entry("text/html; charset=shift_jis", "日本", 4)) == "\x93\xFA\x96\x7B");
  CHECK(octets_of(entry("text/html; charset=utf-16", "a", 2)) == "a\0"s);
  CHECK(octets_of(entry("text/html; charset=utf-16", "a", 4)) == "\xFF\xFE" + "a\0"s);  // Chrome has taken the mark away
  CHECK(octets_of(entry("text/html; charset=utf-16be", "a", 4)) == "\xFE\xFF" + "\0a"s);
  // Base64 is octets.
  CHECK(octets_of(entry(latin, stream::base64_encode("gr\xFC\xDF"), 4, R"(,"encoding":"base64")")) == "gr\xFC\xDF");
}

TEST_CASE("the size that Playwright has is that of the text which Chromium has transcoded") {
  const std::string text = entry("text/html; charset=iso-8859-1", "grüß", 6);
  ToExchangeOptions options;
  options.creator = "Playwright 1.61.0";
  const auto exchange = to_exchange(parse(text), options);
  REQUIRE(exchange);
  CHECK(body_of(*exchange) == "gr\xFC\xDF");
  CHECK(to_json(to_entry(*exchange)) == to_json(parse(text)));
}

TEST_CASE("a charset in mimeType counts where the header names none") {
  Json json = parse(entry("text/html", "ü", 1));
  json.find("response")->find("content")->set("mimeType", "text/html; charset=latin1");
  CHECK(octets_of(to_json(json)) == "\xFC");
  json.find("response")->find("headers")->as_array()[0].set("value", "text/html; charset=utf-8");
  CHECK(octets_of(to_json(json)) == "ü");
}

TEST_CASE("chunks are cut out of the octets of the charset") {
  std::string text = entry("text/html; charset=shift_jis", "日本", 4);
  text.pop_back();
  text += R"(,"_streamChunks":[{"time":1795338002,"offset":0,"size":1},{"time":1795338003,"offset":1,"size":3}]})";
  const auto exchange = to_exchange(parse(text), {});
  REQUIRE(exchange);
  std::vector<std::string> pieces;
  for (const stream::Event& event : exchange->timeline) pieces.push_back(event.data);
  CHECK(pieces == std::vector<std::string>{"\x93", "\xFA\x96\x7B"});
  CHECK(to_json(to_entry(*exchange)) == to_json(parse(text)));
}

TEST_CASE("a request is matched by the octets of its charset") {
  const std::string wire = message("text/plain; charset=shift_jis", "\x93\xFA");
  const auto har = test::convert(wire, "http1", "har");
  const auto exchange = to_exchange(test::entries_of(har.text).at(0), {});
  REQUIRE(exchange);
  CHECK(match::request_of(*exchange).body == "\x93\xFA");
}

TEST_CASE("every cut of a body in a charset comes back") {
  for (const Body& body : bodies()) {
    for (std::size_t cut = 1; cut <= body.octets.size(); ++cut) {
      const std::string wire = message(body.type, body.octets.substr(0, cut));
      INFO(body.type << " " << cut);
      const auto har = test::convert(wire, "http1", "har");
      CHECK(test::convert(har.text, "har", "http1").text == wire);
    }
  }
}

TEST_CASE("a text for octets stands for just these, whatever they are") {
  std::uint32_t state = 1;
  const auto random = [&] { return (state = state * 1664525U + 1013904223U) >> 24U; };
  for (int i = 0; i < 20'000; ++i) {
    std::string octets;
    for (std::uint32_t size = random() % 12; size > 0; --size) octets += static_cast<char>(random());
    BodyFacts facts{static_cast<Charset>(1 + random() % (stream::kCharsets - 1)), -1};
    if (random() % 2 == 0) facts.size = static_cast<std::int64_t>(octets.size());
    const auto text = text_of_octets(octets, facts);
    if (!text) continue;
    CHECK(octets_of_text(*text, facts).value_or(*text) == octets);
  }
}

TEST_CASE("bodies become files as octets, and are text again") {
  const std::string wire = message("text/html; charset=shift_jis", "\x93\xFA");
  const auto har = test::convert(wire, "http1", "har");
  const auto zip = test::convert(har.text, "har", "har-zip");
  CHECK(zip.errors.empty());
  const auto back = test::convert(zip.text, "har-zip", "har");
  const auto entries = test::entries_of(back.text);
  REQUIRE(entries.size() == 1);
  CHECK(entries[0]["response"]["content"]["text"].string_or("") == "日");
  CHECK(test::convert(back.text, "har", "http1").text == wire);
}

TEST_CASE("flows of mitmproxy hold the octets, and are text in a HAR") {
  const std::string wire = message("text/html; charset=iso-8859-1", "gr\xFC\xDF");
  const auto har = test::convert(wire, "http1", "har");
  const auto flows = test::convert(har.text, "har", "mitmproxy");
  CHECK(flows.errors.empty());
  CHECK(flows.text.find("gr\xFC\xDF") != std::string::npos);
  const auto back = test::entries_of(test::convert(flows.text, "mitmproxy", "har").text);
  REQUIRE(back.size() == 1);
  CHECK(back[0]["response"]["content"]["text"].string_or("") == "grüß");
  CHECK(back[0]["request"]["postData"]["text"].string_or("") == "grüß");
}

TEST_CASE("a session with octets and the same with their text do not differ") {
  const std::string latin = "text/html; charset=iso-8859-1";
  diff::DiffOptions options;
  REQUIRE(diff::add_profile(options));
  const std::string text = entry(latin, "grüß", 4);
  const std::string octets = entry(latin, stream::base64_encode("gr\xFC\xDF"), 4, R"(,"encoding":"base64")");
  const std::string others = entry(latin, stream::base64_encode("gr\xFC\xDD"), 4, R"(,"encoding":"base64")");
  diff::EntryComparer comparer(options);
  CHECK(comparer.compare(text, octets).differences.empty());
  CHECK(comparer.compare(octets, text).differences.empty());
  CHECK(comparer.compare(octets, octets).differences.empty());
  CHECK(comparer.compare(text, others).differences.size() == 1);
  CHECK(comparer.compare(octets, others).differences.size() == 1);
}
