#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>

#include "conversion.hpp"
#include "har/check/check.hpp"
#include "har/check/fix.hpp"
#include "stream/io/byte_source.hpp"

using namespace har;
using check::Repair;
using check::RuleId;
using stream::Json;

namespace {

constexpr std::string_view kEntry =
    R"({"startedDateTime":"2026-11-22T09:15:30.123Z","time":21,"request":{"method":"GET","url":"http://x.test/a?b=c","httpVersion":"HTTP/1.1",)"
    R"("cookies":[],"headers":[],"queryString":[{"name":"b","value":"c"}],"headersSize":-1,"bodySize":0},"response":{"status":404,)"
    R"("statusText":"Not Found","httpVersion":"HTTP/1.1","cookies":[],"headers":[{"name":"Content-Type","value":"text/plain"}],)"
    R"("content":{"size":5,"mimeType":"text/plain","text":"hello"},"redirectURL":"","headersSize":-1,"bodySize":5},"cache":{},)"
    R"("timings":{"send":1,"wait":20,"receive":0}})";

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  const std::size_t at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

std::string entry_with(std::string_view from, std::string_view to) { return replaced(std::string(kEntry), from, to); }

using Said = std::vector<std::string>;

struct Entry {
  std::string text;
  std::vector<std::string> said;
  check::Repairs repairs;
};

/// The entry, repaired; a second repair must find nothing.
Entry fixed(std::string_view text) {
  check::Fixer fixer;
  Entry out;
  const bool changed = fixer.entry(text, out.text, out.repairs);
  if (!changed) out.text = text;
  for (const Repair& repair : out.repairs) {
    CHECK(repair.offset <= text.size());
    out.said.push_back(std::string(check::rule(repair.rule).name) + " " + repair.pointer + " " + repair.message);
  }
  std::string again;
  check::Repairs more;
  CHECK_FALSE(fixer.entry(out.text, again, more));
  CHECK(again.empty());
  return out;
}

/// `dirt` in the place of `good` is repaired to `becomes`, and exactly `said` is said.
void repairs(std::string_view good, std::string_view dirt, std::string_view becomes, const std::string& said) {
  INFO(dirt);
  const Entry entry = fixed(entry_with(good, dirt));
  CHECK(entry.text == entry_with(good, becomes));
  CHECK(entry.said == std::vector<std::string>{said});
}

/// Is not touched.
void stays(std::string_view good, std::string_view odd) {
  INFO(odd);
  const std::string text = entry_with(good, odd);
  const Entry entry = fixed(text);
  CHECK(entry.text == text);
  CHECK(entry.said == std::vector<std::string>{});
}

struct Whole {
  std::string text;
  std::vector<std::string> said;
  check::FixSummary summary;
  std::string error;
};

Whole fix(std::string_view text, std::string_view format = "har", unsigned threads = 2, std::size_t max_read = 5000) {
  Whole out;
  Input input;
  input.path = "x";
  input.source = stream::memory_source(text, "x", max_read);
  input.format = find_format(format);
  const auto sink = stream::string_sink(out.text);
  const auto summary = check::fix(input, {{}, threads}, sink.get(),
                                  [&](const stream::Finding& finding) { out.said.push_back(to_string(finding)); });
  REQUIRE(sink->finish());
  if (summary) {
    out.summary = *summary;
  } else {
    out.error = to_string(summary.error());
  }
  return out;
}

std::string har_of(std::string_view entries, std::string_view before = R"("version":"1.2","creator":{"name":"a","version":"1"},)",
                   std::string_view behind = "") {
  return "{\"log\":{" + std::string(before) + "\"entries\":[" + std::string(entries) + "]" + std::string(behind) + "}}";
}

}  // namespace

TEST_CASE("an entry without dirt stays as it is") {
  const Entry entry = fixed(kEntry);
  CHECK(entry.text == kEntry);
  CHECK(entry.repairs.empty());
}

TEST_CASE("null and missing values become what HAR says for unknown") {
  repairs(R"("headersSize":-1,"bodySize":0)", R"("headersSize":null,"bodySize":0)", R"("headersSize":-1,"bodySize":0)",
          "har-type /request/headersSize was null, now -1: not known");
  repairs(R"(,"bodySize":5)", "", R"(,"bodySize":-1)", "har-required /response/bodySize was missing, now -1: not known");
  repairs(R"("receive":0)", R"("receive":null)", R"("receive":-1)", "har-type /timings/receive was null, now -1: not known");
  repairs(R"("send":1,"wait":20,"receive":0)", R"("blocked":null,"send":1,"wait":20,"receive":0)",
          R"("send":1,"wait":20,"receive":0)", "har-type /timings/blocked was null, dropped");
  repairs(R"({"send":1,"wait":20,"receive":0})", "null", R"({"send":-1,"wait":-1,"receive":-1})",
          R"(har-type /timings was null, now {"send":-1,"wait":-1,"receive":-1}: not known)");
  repairs(R"("cache":{})", R"("cache":null)", R"("cache":{})", "har-type /cache was null, now {}");
  repairs(R"("cache":{})", R"("cache":"")", R"("cache":{})", R"(har-type /cache was "", now {})");
  repairs(R"("statusText":"Not Found")", R"("statusText":null)", R"("statusText":"Not Found")",
          R"(har-type /response/statusText was null, now "Not Found")");
  repairs(R"("redirectURL":"")", R"("redirectURL":null)", R"("redirectURL":"")",
          R"(har-type /response/redirectURL was null, now "")");
  repairs(R"("time":21)", R"("time":null)", R"("time":21)", "har-type /time was null, now 21: the sum of the timings");
  repairs(R"("time":21)", R"("time":-1)", R"("time":21)", "timings-negative /time was -1, now 21: the sum of the timings");
  repairs(R"("cookies":[],"headers":[],"query)", R"("cookies":{},"headers":[],"query)", R"("cookies":[],"headers":[],"query)",
          "har-type /request/cookies was {}, now []");
  repairs(R"("cache":{})", R"("comment":null,"cache":{})", R"("cache":{})", "har-type /comment was null, dropped");
}

TEST_CASE("an entry without an answer gets an empty one") {
  const std::size_t from = kEntry.find(",\"response\"");
  const std::size_t to = kEntry.find(",\"cache\"");
  const Entry entry = fixed(std::string(kEntry.substr(0, from)) + std::string(kEntry.substr(to)));
  const auto json = stream::parse_json(entry.text);
  REQUIRE(json);
  CHECK((*json)["response"]["status"].int_or(-7) == 0);
  CHECK((*json)["response"]["content"]["size"].int_or(-7) == 0);
  CHECK(entry.said.size() == 1);
}

TEST_CASE("what the rest of the entry says is taken rather than unknown") {
  const std::string_view headers = R"("headers":[{"name":"Content-Type","value":"text/plain"}])";
  const std::string with_length = replaced(
      std::string(kEntry), headers, R"("headers":[{"name":"content-length","value":"5"},{"name":"location","value":"/b"}])");
  CHECK(fixed(replaced(with_length, R"("bodySize":5)", R"("bodySize":null)")).text == with_length);
  CHECK(fixed(replaced(with_length, R"("redirectURL":"")", R"("redirectURL":null)")).text ==
        replaced(with_length, R"("redirectURL":"")", R"("redirectURL":"/b")"));
  repairs(R"("size":5,"mimeType":"text/plain")", R"("size":null,"mimeType":"text/plain")", R"("size":5,"mimeType":"text/plain")",
          "har-type /response/content/size was null, now 5: the text's");
  repairs(R"("size":5,"mimeType":"text/plain","text")", R"("size":5,"mimeType":null,"text")",
          R"("size":5,"mimeType":"text/plain","text")",
          R"(har-type /response/content/mimeType was null, now "text/plain": Content-Type)");
  repairs(R"("queryString":[{"name":"b","value":"c"}])", R"("queryString":null)", R"("queryString":[{"name":"b","value":"c"}])",
          R"(har-type /request/queryString was null, now [{"name":"b","value":"c"}]: the URL's)");
  repairs(R"("bodySize":0)", R"("bodySize":0,"postData":{"mimeType":null,"text":"x"})",
          R"("bodySize":0,"postData":{"mimeType":"application/octet-stream","text":"x"})",
          R"(har-type /request/postData/mimeType was null, now "application/octet-stream": not known)");
  repairs(R"("httpVersion":"HTTP/1.1","cookies":[],"headers":[],)", R"("httpVersion":null,"cookies":[],"headers":[],)",
          R"("httpVersion":"HTTP/1.1","cookies":[],"headers":[],)",
          R"(har-type /request/httpVersion was null, now "HTTP/1.1": that of the other message)");
}

TEST_CASE("numbers in strings become numbers, and other things strings") {
  repairs(R"("wait":20)", R"("wait":" 20 ")", R"("wait":20)", R"(har-type /timings/wait was " 20 ", now 20)");
  repairs(R"("status":404)", R"("status":"404")", R"("status":404)", R"(har-type /response/status was "404", now 404)");
  repairs(R"("cache":{})", R"("connection":443,"cache":{})", R"("connection":"443","cache":{})",
          R"(har-type /connection was 443, now "443")");
  repairs(R"("value":"text/plain")", R"("value":12)", R"("value":"12")",
          R"(har-type /response/headers/0/value was 12, now "12")");
  stays(R"("wait":20)", R"("wait":"about 20")");
  stays(R"("wait":20)", R"("wait":"020")");
  stays(R"("status":404)", R"("status":"40.4")");
}

TEST_CASE("server addresses lose brackets and ports, or go") {
  const auto address = [](const std::string& text) { return "\"serverIPAddress\":" + text + ",\"cache\":{}"; };
  const auto case_of = [&](const std::string& dirt, const std::string& becomes, const std::string& said) {
    repairs(R"("cache":{})", address(dirt), becomes.empty() ? R"("cache":{})" : address(becomes), said);
  };
  case_of(R"("[2606:4700::1]")", R"("2606:4700::1")",
          R"(server-address-form /serverIPAddress was "[2606:4700::1]", now "2606:4700::1")");
  case_of(R"("10.0.0.1:443")", R"("10.0.0.1")", R"(server-address /serverIPAddress was "10.0.0.1:443", now "10.0.0.1")");
  case_of(R"("[::1]:80")", R"("::1")", R"(server-address /serverIPAddress was "[::1]:80", now "::1")");
  case_of(R"("")", "", R"(server-address-form /serverIPAddress was "", dropped)");
  case_of(R"("x.test")", "", R"(server-address /serverIPAddress was "x.test", dropped)");
  case_of("null", "", "har-type /serverIPAddress was null, dropped");
  stays(R"("cache":{})", address(R"("fe80::1%eth0")"));
}

TEST_CASE("dates are normalised, and what is no date stays") {
  const auto date = [](std::string_view dirt, std::string_view becomes, const std::string& why = "") {
    const std::string quoted = "\"" + std::string(dirt) + "\"";
    repairs(R"("2026-11-22T09:15:30.123Z")", quoted, "\"" + std::string(becomes) + "\"",
            "date-format /startedDateTime was " + quoted + ", now \"" + std::string(becomes) + "\"" + why);
  };
  const std::string utc = ": without a zone it is taken for UTC";
  date("2026-11-22T09:15:30.123", "2026-11-22T09:15:30.123Z", utc);
  date("2026-11-22 09:15:30", "2026-11-22T09:15:30Z", utc);
  date("2026-11-22T09:15:30.1234567+0200", "2026-11-22T09:15:30.1234567+02:00");
  date("2026-11-22T09:15Z", "2026-11-22T09:15:00Z");
  date("20261122T091530Z", "2026-11-22T09:15:30Z");
  date("Sun, 22 Nov 2026 09:15:30 GMT", "2026-11-22T09:15:30Z");
  date("Sunday, 22-Nov-26 09:15:30 GMT", "2026-11-22T09:15:30Z");
  date("Sun Nov 22 09:15:30 2026", "2026-11-22T09:15:30Z");
  date("Sun Nov 22 2026 09:15:30 GMT+0100 (CET)", "2026-11-22T09:15:30+01:00");
  date("SystemTime { tv_sec: 1795338930, tv_nsec: 5000000 }", "2026-11-22T09:15:30.005Z");
  repairs(R"("2026-11-22T09:15:30.123Z")", "1795338930123", R"("2026-11-22T09:15:30.123Z")",
          R"(har-type /startedDateTime was 1795338930123, now "2026-11-22T09:15:30.123Z")");
  for (const char* odd : {R"("2026-02-30T09:15:30Z")", R"("SCRUBBED")", R"("")", R"("2026-11-22T24:15:30Z")", "12",
                          R"("2026-11-22T09:15:30.1234567891+14:00")", R"("9999-12-31T23:59:60Z")", R"("22/11/2026 09:15")"}) {
    stays(R"("2026-11-22T09:15:30.123Z")", odd);
  }
}

TEST_CASE("headers in other forms become pairs of name and value") {
  const std::string_view good = R"([{"name":"Content-Type","value":"text/plain"}])";
  repairs(good, R"([["Content-Type","text/plain"]])", good,
          R"(har-type /response/headers/0 was ["Content-Type","text/plain"], now {"name":"Content-Type","value":"text/plain"})");
  repairs(good, R"({"Content-Type":"text/plain"})", good,
          R"(har-type /response/headers was {"Content-Type":"text/plain"}, now [{"name":"Content-Type","value":"text/plain"}])");
  repairs(good, R"([{"name":"Content-Type","value":["text/plain"]}])", good,
          R"(har-type /response/headers/0/value was ["text/plain"], now "text/plain")");
  repairs(good, R"([{"name":"a","value":["b","c"],"_x":1}])",
          R"([{"name":"a","value":"b","_x":1},{"name":"a","value":"c","_x":1}])",
          R"(har-type /response/headers/0 was one with the value ["b","c"], now 2)");
  repairs(good, R"([{"name":"a","value":"b\nc\r\n d"}])", R"([{"name":"a","value":"b"},{"name":"a","value":"c d"}])",
          R"(header-value /response/headers/0 was one with the value "b\nc\r\n d", now 2)");
  repairs(good, R"([{"name":"a","value":null}])", R"([{"name":"a","value":""}])",
          R"(har-type /response/headers/0/value was null, now "")");
  repairs(good, R"([{"name":"a","value":""}, null])", R"([{"name":"a","value":""}])",
          "har-type /response/headers/1 was null, dropped");
}

TEST_CASE("cookies lose what says nothing, and their dates become dates of HAR") {
  const std::string_view good = R"("cookies":[],"headers":[{"name":"Content-Type")";
  const auto cookies = [](std::string_view text) {
    return "\"cookies\":[" + std::string(text) + R"(],"headers":[{"name":"Content-Type")";
  };
  const auto case_of = [&](std::string_view dirt, std::string_view becomes, const std::string& said) {
    repairs(good, cookies(dirt), cookies(becomes), said);
  };
  const std::string expires = R"({"name":"a","value":"b","expires":"2026-11-22T09:15:30Z"})";
  case_of(R"({"name":"a","value":"b","expires":"Sun, 22-Nov-2026 09:15:30 GMT"})", expires,
          R"(date-format /response/cookies/0/expires was "Sun, 22-Nov-2026 09:15:30 GMT", now "2026-11-22T09:15:30Z")");
  case_of(R"({"name":"a","value":"b","expires":"Session"})", R"({"name":"a","value":"b"})",
          R"(date-format /response/cookies/0/expires was "Session", dropped)");
  case_of(R"({"expires":null,"name":"a","value":"b"})", R"({"name":"a","value":"b"})",
          "har-type /response/cookies/0/expires was null, dropped");
  case_of(R"({"name":"","value":""},{"name":"a","value":"b"})", R"({"name":"a","value":"b"})",
          R"(har-value /response/cookies/0 was {"name":"","value":""}, dropped: a cookie without a name and a value)");
  case_of(R"({"name":"a","value":"b","httpOnly":"true"})", R"({"name":"a","value":"b","httpOnly":true})",
          R"(har-type /response/cookies/0/httpOnly was "true", now true)");
  stays(good, cookies(R"({"name":"","value":"b"})"));
}

TEST_CASE("cookies that are not there are taken from the headers") {
  const std::string text =
      entry_with(R"("cookies":[],"headers":[],)", R"("cookies":[],"headers":[{"name":"Cookie","value":"a=1; b=2=3 ;c"}],)");
  CHECK(
      fixed(replaced(text, R"("cookies":[],"headers":[{"name":"Cookie")", R"("cookies":{},"headers":[{"name":"Cookie")")).text ==
      replaced(
          text, R"("cookies":[],"headers":[{"name":"Cookie")",
          R"("cookies":[{"name":"a","value":"1"},{"name":"b","value":"2=3"},{"name":"c","value":""}],"headers":[{"name":"Cookie")"));
  const std::string_view set_cookie =
      R"("headers":[{"name":"Set-Cookie","value":"a=b; Path=/; HttpOnly; Expires=Sun, 22 Nov 2026 09:15:30 GMT"}])";
  const std::string answer =
      replaced(std::string(kEntry), R"("headers":[{"name":"Content-Type","value":"text/plain"}])", set_cookie);
  const Entry entry =
      fixed(replaced(answer, R"("cookies":[],"headers":[{"name":"Set)", R"("cookies":null,"headers":[{"name":"Set)"));
  CHECK(entry.text ==
        replaced(answer, R"("cookies":[],"headers":[{"name":"Set)",
                 R"("cookies":[{"name":"a","value":"b","path":"/","httpOnly":true,"expires":"2026-11-22T09:15:30Z"}],)"
                 R"("headers":[{"name":"Set)"));
  REQUIRE(entry.said.size() == 1);
  CHECK(entry.said[0].ends_with(": those of Set-Cookie"));
  // Internet Explorer
  repairs(R"("cookies":[],"headers":[],)", R"("cookies":{"name":"a","value":"b"},"headers":[],)",
          R"("cookies":[{"name":"a","value":"b"}],"headers":[],)",
          R"(har-type /request/cookies was {"name":"a","value":"b"}, now [{"name":"a","value":"b"}])");
}

TEST_CASE("base64 is joined, padded and declared where that is certain") {
  const std::string_view good = R"("size":5,"mimeType":"text/plain","text":"hello")";
  const std::string_view base64 = R"("size":5,"mimeType":"text/plain","text":"aGVsbG8=","encoding":"base64")";
  repairs(good, R"("size":5,"mimeType":"text/plain","text":"aGVs\nbG8=\n","encoding":"base64")", base64,
          R"(base64-breaks /response/content/text was "aGVs\nbG8=\n", now "aGVsbG8=": in one piece)");
  repairs(good, R"("size":5,"mimeType":"text/plain","text":"aGVsbG8","encoding":"base64")", base64,
          R"(base64-invalid /response/content/text was "aGVsbG8", now "aGVsbG8=": with its padding)");
  repairs(
      good, R"("size":14,"mimeType":"a/b","text":"aGVsbG8gaGVsbG8gaGU=")",
      R"("size":14,"mimeType":"a/b","text":"aGVsbG8gaGVsbG8gaGU=","encoding":"base64")",
      R"(base64-undeclared /response/content/encoding was missing, now "base64": the text decodes to as many bytes as size says)");
  repairs(good, R"("size":5,"mimeType":"text/plain","text":"hello","encoding":"utf-8")", good,
          R"(content-encoding /response/content/encoding was "utf-8", dropped)");
  stays(good, R"("size":5,"mimeType":"text/plain","text":"aGVs!bG8=","encoding":"base64")");
  stays(good, R"("size":15,"mimeType":"text/plain","text":"aGVsbG8gaGVsbG8gaGU=")");
}

TEST_CASE("a content's size is corrected where it is too small for bytes that are known for sure") {
  const std::string_view good = R"("size":5,"mimeType":"text/plain","text":"hello")";
  const std::string_view umlaut = R"("mimeType":"text/plain; charset=utf-8","text":"hällö")";
  repairs(good, R"("size":5,)" + std::string(umlaut), R"("size":7,)" + std::string(umlaut),
          "content-size /response/content/size was 5, now 7: the text's; it was that of its characters");
  const std::string json = entry_with(R"("text/plain"}],"content":{"size":5,"mimeType":"text/plain","text":"hello"})",
                                      R"("application/json"},{"name":"content-encoding","value":"br"}],"content":)"
                                      R"({"size":5,"compression":0,"mimeType":"application/json","text":"[1,2,3]"})");
  const Entry compressed = fixed(json);
  CHECK(compressed.text == replaced(json, R"("size":5,"compression":0)", R"("size":7,"compression":2)"));
  CHECK(compressed.said == Said{"content-size /response/content/size was 5, now 7: the text's; it was the compressed size",
                                "content-compression /response/content/compression was 0, now 2: size less bodySize"});
  repairs(good, R"("size":3,"mimeType":"text/plain","text":"aGVsbG8=","encoding":"base64")",
          R"("size":5,"mimeType":"text/plain","text":"aGVsbG8=","encoding":"base64")",
          "content-size /response/content/size was 3, now 5: the text's");
  stays(good, R"("size":5,"mimeType":"text/plain","text":"hällo")");                     // may have been Latin-1
  stays(good, R"("size":4,"mimeType":"text/plain;charset=utf-8","text":"hell\ufffd")");  // bytes were replaced
  stays(good, R"("size":50,"mimeType":"text/plain; charset=utf-8","text":"hello")");     // may be cut off
}

TEST_CASE("what is not JSON is mended where there is one way to do it") {
  repairs(R"("receive":0)", R"("receive":0,"_x":NaN)", R"("receive":0,"_x":null)", "json-syntax  was NaN, now null");
  repairs(R"("receive":0)", R"("receive":0,)", R"("receive":0)", "json-syntax  a comma before '}', dropped");
  repairs(R"("text":"hello")", "\"text\":\"hel\nlo\"", R"("text":"hel\nlo")",
          "json-syntax  a string held the control character 0x0a, now \\n");
  CHECK(fixed(entry_with(R"("wait":20)", R"("wait":-Infinity)")).said ==
        Said{"json-syntax  was -Infinity, now null", "har-type /timings/wait was null, now -1: not known"});
}

TEST_CASE("an entry that can't be read is left as it is, and that is said") {
  for (const auto& [odd, said] : {std::pair{"\"wait\":zwanzig", "json-syntax"}, std::pair{"\"wait\":\"\xff\"", "json-utf8"}}) {
    const std::string text = entry_with(R"("wait":20)", odd);
    const Entry entry = fixed(text);
    CHECK(entry.text == text);
    REQUIRE(entry.repairs.size() == 1);
    CHECK_FALSE(entry.repairs[0].done);
    CHECK(check::rule(entry.repairs[0].rule).name == said);
    CHECK(entry.repairs[0].offset >= text.find("\"wait\":"));
  }
}

TEST_CASE("every other byte stays, and what is added follows the layout around it") {
  const std::string text = R"({
  "startedDateTime" : "2026-11-22T09:15:30Z",
  "time" : 21,  "request": {"method":"GET","url":"http://x.test/","httpVersion":"HTTP/1.1","cookies":[],"headers":[],"queryString":[],"headersSize":-1,"bodySize":0},
  "response": {"status":0,"statusText":"","httpVersion":"","cookies":[],"headers":[],"content":{"size":0,"mimeType":""},"redirectURL":"","headersSize":-1,"bodySize":0},
  "_big" : {"kept":  [1 , 2]},
  "timings" : {
    "send" : 1,
    "ssl" : null,
    "wait" : null
  }
})";
  std::string expected = replaced(text, ",\n    \"ssl\" : null", "");
  expected = replaced(expected, "\"wait\" : null", "\"wait\" : -1,\n    \"receive\" : -1");
  expected = replaced(expected, "  }\n}", "  },\n  \"cache\" : {}\n}");
  CHECK(fixed(text).text == expected);
}

TEST_CASE("repairs say where they were in the text that was given") {
  const std::string text = entry_with(R"("headersSize":-1,"bodySize":0)", R"("headersSize":null,"bodySize":"0")");
  const Entry entry = fixed(replaced(text, R"("text":"hello")", "\"text\":\"hel\nlo\""));
  REQUIRE(entry.repairs.size() == 3);
  const std::string dirty = replaced(text, R"("text":"hello")", "\"text\":\"hel\nlo\"");
  std::vector<std::string> there;
  for (const Repair& repair : entry.repairs) there.push_back(dirty.substr(repair.offset, 3));
  CHECK(there == std::vector<std::string>{"\nlo", "nul", "\"0\""});
}

TEST_CASE("a file without dirt comes out byte for byte, whatever its layout") {
  for (const std::string& text :
       {har_of(kEntry), har_of(""), har_of(" " + std::string(kEntry) + " ,\n " + std::string(kEntry) + "\n"),
        har_of(kEntry, "", R"( ,"version":"1.2", "creator":{"name":"a","version":"1"})") + "\n\n"}) {
    const Whole whole = fix(text);
    CHECK(whole.text == text);
    CHECK(whole.said == Said{});
    CHECK(whole.summary.repairs == 0);
  }
}

TEST_CASE("what stands around the entries is repaired, before and behind them") {
  const std::string text =
      "\xEF\xBB\xBFonInputData({\"log\":{\"creator\":null,\"pages\":[{\"id\":\"p1\",\"startedDateTime\":"
      "\"2026-11-22T09:15:30+0100\",\"pageTimings\":{\"onLoad\":null,\"onContentLoad\":12}}],\"entries\":[" +
      std::string(kEntry) + "],\"browser\":null}});\n";
  const Whole whole = fix(text);
  CHECK(whole.text ==
        "{\"log\":{\"creator\":{\"name\":\"unknown\",\"version\":\"\"},\"pages\":[{\"id\":\"p1\",\"startedDateTime\":"
        "\"2026-11-22T09:15:30+01:00\",\"pageTimings\":{\"onContentLoad\":12},\"title\":\"p1\"}],\"entries\":[" +
            std::string(kEntry) + "],\"version\":\"1.2\"}}\n");
  CHECK(whole.said ==
        Said{"x:1:1: note: was there, dropped [har-bom]", "x:1:4: note: the call onInputData(…), dropped [har-jsonp]",
             "x:1:34: /log/creator: note: was null, now {\"name\":\"unknown\",\"version\":\"\"} [har-type]",
             "x:1:48: /log/pages/0/title: note: was missing, now \"p1\": the page's id [har-required]",
             "x:1:77: /log/pages/0/startedDateTime: note: was \"2026-11-22T09:15:30+0100\", now \"2026-11-22T09:15:30+01:00\" "
             "[date-format]",
             "x:1:119: /log/pages/0/pageTimings/onLoad: note: was null, dropped [har-type]",
             "x:1:" + std::to_string(text.rfind(']') + 1) + ": /log/version: note: was missing, now \"1.2\" [har-required]",
             "x:1:" + std::to_string(text.find("\"browser\"") + 1) + ": /log/browser: note: was null, dropped [har-type]"});
}

TEST_CASE("a second array of entries is joined to the first, and what stood between them stands behind them") {
  const std::string one(kEntry);
  const Whole whole =
      fix(har_of(one, R"("version":"1.2","creator":{"name":"a","version":"1"},)",
                 R"(, "comment":"c", "entries":[ )" + one + "," + one + R"(],"browser":{"name":"b","version":"2"})"));
  CHECK(whole.text == har_of(one + ", " + one + "," + one, R"("version":"1.2","creator":{"name":"a","version":"1"},)",
                             R"(,"comment":"c","browser":{"name":"b","version":"2"})"));
  CHECK(whole.summary.entries == 3);
  CHECK(whole.summary.repairs == 1);
  const Whole empty_first =
      fix(har_of("", R"("version":"1.2","creator":{"name":"a","version":"1"},)", ",\"entries\":[" + one + "]"));
  CHECK(empty_first.text == har_of(one));
  const Whole empty_second = fix(har_of(one, R"("version":"1.2","creator":{"name":"a","version":"1"},)", ",\"entries\":[]"));
  CHECK(empty_second.text == har_of(one));
}

TEST_CASE("commas that are missing between entries, or too many, are put right") {
  const std::string one(kEntry);
  const Whole whole = fix(har_of(", " + one + one + ",\n,\n" + one + ",\n",
                                 R"("version":"1.2","creator":{"name":"a","version":"1"},)", R"(,"comment":"c")"));
  CHECK(whole.text == har_of(" " + one + "," + one + ",\n\n" + one + "\n",
                             R"("version":"1.2","creator":{"name":"a","version":"1"},)", R"(,"comment":"c")"));
  CHECK(whole.summary.entries == 3);
  CHECK_FALSE(whole.summary.lost);
  CHECK(whole.summary.repairs == 4);
  REQUIRE(whole.said.size() == 4);
  CHECK(whole.said[0].ends_with("/log/entries/0: note: a comma before the first entry, dropped [json-syntax]"));
  CHECK(whole.said[3].ends_with("/log/entries: note: a comma behind the last entry, dropped [json-syntax]"));
}

TEST_CASE("an array of entries that is closed by the wrong bracket stays, and that is said") {
  const std::string text = "{\"log\":{\"entries\":[" + std::string(kEntry) + ",}}}";
  const Whole whole = fix(text);
  CHECK(whole.text == text);
  CHECK(whole.summary.left == 1);
  CHECK(whole.summary.repairs == 0);
}

TEST_CASE("a log without a root, and an array of entries, become a HAR") {
  const std::string one(kEntry);
  const Whole log = fix("{\"version\":\"1.2\",\"creator\":{\"name\":\"a\",\"version\":\"1\"},\"entries\":[" + one + "]}\n");
  CHECK(log.text == har_of(one).insert(har_of(one).size() - 1, "\n"));
  CHECK(log.said == Said{"x:1:1: /log: note: was missing, now around what was the log [har-required]"});
  const Whole entries = fix("[" + one + "," + one + "]");
  CHECK(entries.text == har_of(one + "," + one, "", R"(,"version":"1.2","creator":{"name":"unknown","version":""})"));
  const std::string dirty = entry_with(R"("headersSize":-1,"bodySize":0)", R"("headersSize":null,"bodySize":0)");
  const Whole placed = fix("[\n" + dirty + "]");
  REQUIRE(placed.said.size() >= 2);
  CHECK(placed.said[1] == "x:2:" + std::to_string(dirty.find("null") + 1) +
                              ": /log/entries/0/request/headersSize: note: was null, now -1: not known [har-type]");
}

TEST_CASE("a file that is cut off is closed behind the last whole entry, wherever it is cut") {
  const std::string one(kEntry);
  const std::string text =
      har_of(one + "," + one, R"("version":"1.2","creator":{"name":"a","version":"1"},)", R"(,"comment":"c")");
  const std::size_t array = text.find('[', text.find("\"entries\"")) + 1;
  for (std::size_t cut = array; cut < text.size(); ++cut) {
    const Whole whole = fix(text.substr(0, cut), "har", 1);
    CHECK(whole.summary.cut);
    CHECK_FALSE(whole.summary.lost);
    const std::size_t entries = cut >= array + 2 * one.size() + 1 ? 2 : cut >= array + one.size() ? 1 : 0;
    CHECK(whole.summary.entries == entries);
    const auto json = stream::parse_json(whole.text);
    REQUIRE(json);
    CHECK((*json)["log"]["entries"].as_array().size() == entries);
    REQUIRE(whole.said.size() == 1);
    CHECK(whole.said[0].find("[har-cut]") != std::string::npos);
  }
  CHECK(fix(text.substr(0, array - 3)).error != "");
  const std::string bare = "{\"entries\":[" + one + "," + one + "]}";
  for (std::size_t cut = 14; cut < bare.size(); ++cut) {
    const Whole whole = fix(bare.substr(0, cut), "har", 1);
    CHECK(whole.summary.entries == (cut >= 13 + 2 * one.size() ? 2U : cut >= 12 + one.size() ? 1U : 0U));
    CHECK(whole.summary.cut);
    CHECK(stream::parse_json(whole.text));
  }
}

TEST_CASE("an entry that can't be read stays, and the others are repaired") {
  const std::string dirty = entry_with(R"("headersSize":-1,"bodySize":0)", R"("headersSize":null,"bodySize":0)");
  const std::string broken = entry_with("hello", "h\xE4llo");
  const Whole whole = fix(har_of(dirty + "," + broken + "," + dirty));
  CHECK(whole.text == har_of(std::string(kEntry).append(",").append(broken).append(",").append(kEntry)));
  CHECK(whole.summary.repairs == 2);
  CHECK(whole.summary.left == 1);
  CHECK(whole.summary.changed == 2);
}

TEST_CASE("HAR lines are repaired and become a HAR") {
  const std::string dirty = entry_with(R"("headersSize":-1,"bodySize":0)", R"("headersSize":null,"bodySize":0)");
  const Whole whole = fix("{\"log\":{\"version\":1.2,\"creator\":{\"name\":\"a\"}},\"_x\":1}\n" + dirty + "\n" +
                              std::string(kEntry) + "\n{\"log\":{\"pages\":null}}\n{\"startedDateTime\":\"20",
                          "harl");
  CHECK(whole.text == "{\"log\":{\"version\":\"1.2\",\"creator\":{\"name\":\"a\",\"version\":\"\"},\"entries\":[\n" +
                          std::string(kEntry) + ",\n" + std::string(kEntry) + "\n],\"pages\":[]},\"_x\":1}\n");
  CHECK(whole.summary.entries == 2);
  CHECK(whole.summary.cut);
  CHECK(whole.said.size() == 5);
  const Whole broken = fix("{\"a\":]}\n{\"a\":\"\xff\"}\n" + std::string(kEntry) + "\n", "harl");
  CHECK(broken.summary.entries == 1);
  CHECK(broken.summary.lost);
  REQUIRE(broken.said.size() == 4);
  CHECK(broken.said[0].starts_with("x:1:6: warning: "));
  CHECK(broken.said[0].ends_with("; the line is left out [json-syntax]"));
  CHECK(broken.said[1] == "x:2:7: warning: the byte 0xff is not UTF-8; the line is left out [json-utf8]");
  CHECK(fix("", "harl").text ==
        "{\"log\":{\"entries\":[\n],\"version\":\"1.2\",\"creator\":{\"name\":\"unknown\",\"version\":\"\"}}}\n");
}

TEST_CASE("what was repaired the check does not find any more, be it strict") {
  const std::string dirty = har_of(
      R"({"startedDateTime":"2026-11-22 09:15:30","time":null,"request":{"method":"GET","url":"http://x.test/?b=c","httpVersion":null,)"
      R"("headers":[["a","b"],{"name":"c","value":["d","e"]},{"name":"f","value":1},{"name":"g","value":"h\ni"}],"cookies":{},)"
      R"("headersSize":"12","postData":{"params":{},"comment":null}},"response":{"status":"200","statusText":null,"cookies":)"
      R"([{"name":"a","value":"b","expires":"Sun, 22 Nov 2026 09:15:30 GMT"},null,{"name":"","value":null}],"content":)"
      R"({"size":3,"text":"aGVs\nbG8","encoding":"base64","compression":null},"redirectURL":null},"connection":443,"pageref":null,)"
      R"("serverIPAddress":"[::1]:80","timings":{"send":"1","wait":20,"receive":0,"ssl":null},"cache":5})",
      R"("version":1.2,"pages":[{"id":"p","startedDateTime":"2026-11-22T09:15:30+0100","pageTimings":{"onLoad":null}}],"comment":null,)");
  const auto check = [](std::string_view text) {
    Input input;
    input.path = "x";
    input.source = stream::memory_source(text, "x");
    input.format = find_format("har");
    check::Options options;
    options.profile = check::Profile::strict;
    const auto summary = check::check(input, options, {});
    REQUIRE(summary);
    return summary->count;
  };
  const Whole whole = fix(dirty);
  const auto before = check(dirty);
  const auto after = check(whole.text);
  for (const check::Rule& rule : check::rules()) {
    INFO(rule.name);
    const auto at = static_cast<std::size_t>(rule.id);
    if (whole.summary.count[at] == 0) continue;
    CHECK(before[at] > 0);
    CHECK(after[at] == 0);
  }
  CHECK(whole.summary.repairs > 25);
}

TEST_CASE("what is no HAR is refused") {
  CHECK(fix("{\"a\":1}").error == "x:1:1: this is JSON, but not a HAR: it has no member \"log\"");
  CHECK(fix("").error.find("the input is empty") != std::string::npos);
  CHECK(fix("x", "sse").error == "x: expected a HAR or HAR lines to repair, found sse");
}

TEST_CASE("every HAR of the corpus comes out of the repair as a HAR with the same entries, and a second repair finds nothing") {
  const char* corpus = std::getenv("HARTAPE_CORPUS");
  if (corpus == nullptr) {
    WARN("skipped: HARTAPE_CORPUS is not set");
    return;
  }
  std::size_t files = 0;
  std::size_t same = 0;
  for (const char* folder : {"har", "recorded_here"}) {
    for (const auto& file : std::filesystem::directory_iterator(std::filesystem::path(corpus) / folder)) {
      const std::string name = file.path().filename().string();
      if (!name.ends_with(".har") && !name.ends_with(".har.gz") && !name.ends_with(".json")) continue;
      INFO(name);
      const auto source = stream::open_input(file.path().string());
      REQUIRE(source);
      const auto text = stream::read_all(**source, std::size_t{1} << 30);
      REQUIRE(text);
      const Whole once = fix(*text);
      if (!once.error.empty()) continue;
      ++files;
      same += once.text == *text ? 1U : 0U;
      CHECK((once.summary.repairs != 0) == (once.text != *text));
      const auto json = stream::parse_json(once.text);
      REQUIRE(json);
      CHECK((*json)["log"]["entries"].as_array().size() == once.summary.entries);
      if (!once.summary.cut && text->starts_with('{')) CHECK(test::entries_of(*text).size() == once.summary.entries);
      const Whole twice = fix(once.text);
      CHECK(twice.said == Said{});
      CHECK(twice.text == once.text);
    }
  }
  WARN(files << " files, of which " << same << " needed nothing");
  CHECK(files > 100);
}
