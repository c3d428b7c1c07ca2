// What programs make of a file: each of them was held against the real one (tests/e2e/import_*.mjs); here is what was found.
#include <catch2/catch.hpp>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "check/importers.hpp"
#include "check/importers/javascript.hpp"
#include "check/importers/python.hpp"
#include "check/importers/url_form.hpp"

using namespace har;
using namespace har::check;
using stream::Json;

namespace {

constexpr Profile kPrograms[] = {Profile::chrome, Profile::firefox, Profile::playwright, Profile::mitmproxy, Profile::har_schema};

Json parsed(std::string_view text) { return stream::parse_json(text).value(); }

Json good_entry() {
  return parsed(R"({
    "startedDateTime": "2026-11-22T09:15:30.123Z", "time": 12,
    "request": {"method": "GET", "url": "https://example/a?b=c", "httpVersion": "HTTP/1.1", "cookies": [], "queryString": [],
                "headers": [{"name": "accept", "value": "*/*"}], "headersSize": -1, "bodySize": 0},
    "response": {"status": 200, "statusText": "OK", "httpVersion": "HTTP/1.1", "headers": [{"name": "a", "value": "b"}],
                 "cookies": [{"name": "s", "value": "1"}], "redirectURL": "", "headersSize": -1, "bodySize": 2,
                 "content": {"size": 2, "mimeType": "text/plain", "text": "hi"}},
    "cache": {}, "timings": {"send": 0, "wait": 12, "receive": 0}})");
}

LogInfo good_log() {
  LogInfo info;
  info.log = parsed(R"({"version": "1.2", "creator": {"name": "x", "version": "1"},
    "pages": [{"startedDateTime": "2026-11-22T09:15:30.123Z", "id": "p", "title": "", "pageTimings": {}}]})")
                 .as_object();
  return info;
}

/// Marks as "error /pointer" and "warning /pointer".
using Lines = std::vector<std::string>;
Lines lines(const Marks& marks) {
  Lines said;
  for (const Mark& mark : marks) {
    CHECK_FALSE(mark.message.empty());
    said.push_back((mark.regular ? "warning " : "error ") + mark.pointer);
  }
  return said;
}

/// What is changed: a member, by the names that lead to it, becomes a value; "" takes it away.
struct Change {
  std::vector<std::string_view> path;
  std::string_view value;
};

void apply(Json& root, const Change& change) {
  Json* holder = &root;
  for (std::size_t i = 0; i + 1 < change.path.size(); ++i) holder = holder->find(change.path[i]);
  if (change.value.empty()) {
    holder->erase(change.path.back());
  } else {
    holder->set(change.path.back(), parsed(change.value));
  }
}

Lines entry(Profile profile, std::initializer_list<Change> changes) {
  Json value = good_entry();
  for (const Change& change : changes) apply(value, change);
  Marks marks;
  import_entry(profile, value, marks);
  return lines(marks);
}

Lines document(Profile profile, std::initializer_list<Change> changes, const DocumentStart& start = {}) {
  Json value(good_log().log);
  for (const Change& change : changes) apply(value, change);
  LogInfo info;
  info.log = value.as_object();
  Marks marks;
  import_document(profile, info, start, marks);
  return lines(marks);
}

Lines url(Profile profile, std::string_view text) { return entry(profile, {{{"request", "url"}, text}}); }
Lines header(Profile profile, std::string_view text) { return entry(profile, {{{"response", "headers"}, text}}); }

const Lines kNothing{};

}  // namespace

TEST_CASE("no program has anything to say about a file that is right") {
  for (const Profile profile : kPrograms) {
    CHECK(entry(profile, {}) == kNothing);
    CHECK(document(profile, {}) == kNothing);
  }
}

TEST_CASE("profiles that stand for no program say nothing") {
  for (const Profile profile : {Profile::regular, Profile::strict}) {
    CHECK(entry(profile, {{{"request"}, "null"}, {{"time"}, ""}}) == kNothing);
    CHECK(document(profile, {{{"creator"}, ""}}, {.bom = true, .jsonp = true, .space = true}) == kNothing);
  }
}

TEST_CASE("marks bear the rule of the program that was asked") {
  const std::pair<Profile, RuleId> rules[] = {{Profile::chrome, RuleId::import_chrome},
                                              {Profile::firefox, RuleId::import_firefox},
                                              {Profile::playwright, RuleId::import_playwright},
                                              {Profile::mitmproxy, RuleId::import_mitmproxy},
                                              {Profile::har_schema, RuleId::import_har_schema}};
  for (const auto& [profile, rule] : rules) {
    Json value = good_entry();
    value.erase("request");
    Marks marks;
    import_entry(profile, value, marks);
    REQUIRE(marks.size() == 1);
    CHECK(marks[0].rule == rule);
    CHECK(marks[0].pointer == "/request");
    CHECK_FALSE(marks[0].regular);
    CHECK(marks[0].message.find("found nothing") != std::string::npos);
  }
}

TEST_CASE("what stands before the document is seen in its head") {
  const auto start = [](std::string_view head) {
    const DocumentStart found = document_start(head);
    return std::string(found.bom ? "bom " : "") + (found.jsonp ? "jsonp " : "") + (found.space ? "space " : "");
  };
  CHECK(start("{\"log\":{\"entries\":[") == "");
  CHECK(start("\xEF\xBB\xBF{\"log\":") == "bom ");
  CHECK(start("\xEF\xBB\xBF \n{\"log\":") == "bom space ");
  CHECK(start("\r\n{") == "space ");
  CHECK(start("onInputData({") == "jsonp ");
  CHECK(start(" onInputData({") == "jsonp ");
  CHECK(start("") == "");
}

TEST_CASE("a byte order mark, a call and white space before the document stop those whom they stop") {
  const auto stops = [](const DocumentStart& start) {
    std::string who;
    for (const Profile profile : kPrograms) who += document(profile, {}, start) == kNothing ? '.' : 'x';
    return who;  // chrome, firefox, playwright, mitmproxy, har-schema
  };
  CHECK(stops({}) == ".....");
  CHECK(stops({.bom = true}) == "..x.x");
  CHECK(stops({.jsonp = true}) == "xxxxx");
  CHECK(stops({.space = true}) == "...x.");
}

TEST_CASE("Chrome refuses a file for what it cannot take for a number, and takes more for one than JSON does") {
  const auto time = [](std::string_view text) { return entry(Profile::chrome, {{{"time"}, text}}); };
  const Lines refused = {"error /time"};
  CHECK(time("") == refused);
  CHECK(time("\"12 ms\"") == refused);
  CHECK(time("{}") == refused);
  CHECK(time("[1, 2]") == refused);
  for (const std::string_view taken : {"null", "true", "\"\"", "\" 12 \"", "\"0x1F\"", "\"1e3\"", "[]", "[5]", "\"-Infinity\""}) {
    CHECK(time(taken) == kNothing);
  }
  CHECK(entry(Profile::chrome, {{{"timings", "wait"}, ""}}) == Lines{"error /timings/wait"});
  CHECK(entry(Profile::chrome, {{{"timings", "dns"}, "\"\""}}) == kNothing);
  CHECK(entry(Profile::chrome, {{{"timings", "dns"}, "\"-\""}}) == Lines{"error /timings/dns"});
  CHECK(entry(Profile::chrome, {{{"timings", "_blocked_proxy"}, "{}"}}) == Lines{"error /timings/_blocked_proxy"});
  CHECK(entry(Profile::chrome, {{{"response", "content", "size"}, ""}}) == Lines{"error /response/content/size"});
}

TEST_CASE("Chrome refuses a file for a date that its engine cannot read") {
  const auto started = [](std::string_view text) { return entry(Profile::chrome, {{{"startedDateTime"}, text}}); };
  CHECK(started("\"yesterday\"") == Lines{"error /startedDateTime"});
  CHECK(started("") == Lines{"error /startedDateTime"});
  CHECK(started("null") == kNothing);
  CHECK(started("1795338930000") == kNothing);
  CHECK(started("1e300") == Lines{"error /startedDateTime"});
  const auto expires = [](std::string_view text) {
    return entry(Profile::chrome,
                 {{{"request", "cookies"}, R"([{"name": "a", "value": "b", "expires": )" + std::string(text) + "}]"}});
  };
  CHECK(expires("\"\"") == kNothing);
  CHECK(expires("null") == kNothing);
  CHECK(expires("\"Thu, 01 Jan 1970 00:00:00 GMT\"") == kNothing);
  CHECK(expires("\"Session\"") == Lines{"error /request/cookies/0/expires"});
}

TEST_CASE("Chrome refuses null where typeof calls it an object, an initiator of null among them") {
  CHECK(entry(Profile::chrome, {{{"_initiator"}, "null"}}) == Lines{"error /_initiator"});
  CHECK(entry(Profile::chrome, {{{"_initiator"}, "\"https://example/\""}}) == kNothing);
  CHECK(
      entry(Profile::chrome, {{{"_initiator"}, R"({"type": "script", "stack": {"callFrames": [null, {"lineNumber": "x"}]}})"}}) ==
      Lines{"error /_initiator/stack/callFrames/1/lineNumber"});
  CHECK(entry(Profile::chrome, {{{"request", "headers"}, "[null]"}}) == Lines{"error /request/headers/0"});
  CHECK(entry(Profile::chrome, {{{"_webSocketMessages"}, "[null]"}}) == Lines{"error /_webSocketMessages/0"});
  CHECK(entry(Profile::chrome, {{{"response"}, "[]"}}).front() == "error /response/status");
  CHECK(document(Profile::chrome, {{{"creator"}, "null"}}) == Lines{"error /log/creator"});
  CHECK(document(Profile::chrome, {{{"browser"}, "null"}}) == kNothing);
  CHECK(document(Profile::chrome, {{{"browser"}, "5"}}) == Lines{"error /log/browser"});
  CHECK(document(Profile::chrome, {{{"pages"}, "[{}]"}}) ==
        Lines{"error /log/pages/0/startedDateTime", "error /log/pages/0/pageTimings"});
  CHECK(document(Profile::chrome, {{{"pages"}, ""}}) == kNothing);
  CHECK(document(Profile::chrome, {{{"pages"}, "{}"}}) == Lines{"warning /log/pages"});
}

TEST_CASE("Chrome shows undefined for text that is not there, and refuses objects that cannot become text") {
  CHECK(entry(Profile::chrome, {{{"request", "postData"}, R"({"mimeType": "x", "params": []})"}}) ==
        Lines{"warning /request/postData/text"});
  CHECK(entry(Profile::chrome, {{{"response", "statusText"}, "null"}}) == Lines{"warning /response/statusText"});
  CHECK(entry(Profile::chrome, {{{"request", "headers"}, R"([["a", "b"]])"}}) ==
        Lines{"warning /request/headers/0/name", "warning /request/headers/0/value"});
  CHECK(entry(Profile::chrome, {{{"request", "headers"}, R"({"a": "b"})"}}) == Lines{"warning /request/headers"});
  CHECK(entry(Profile::chrome, {{{"comment"}, R"({"toString": 1})"}}) == Lines{"error /comment"});
  CHECK(entry(Profile::chrome, {{{"comment"}, R"([[{"toString": 1}]])"}}) == Lines{"error /comment"});
  CHECK(entry(Profile::chrome, {{{"comment"}, "{}"}}) == kNothing);
}

TEST_CASE("Chrome drops messages that are not whole, and all of them for one that is no object") {
  const auto messages = [](std::string_view text) { return entry(Profile::chrome, {{{"_webSocketMessages"}, text}}); };
  CHECK(messages(R"([{"type": "send", "time": 1, "opcode": 1, "data": ""}])") == kNothing);
  CHECK(
      messages(
          R"([{"type": "send", "time": 1, "opcode": 1, "data": ""}, {"type": "sent", "time": 1, "opcode": 1, "data": ""}, {}])") ==
      Lines{"warning /_webSocketMessages/1"});
  CHECK(messages("[5, null]") == Lines{"warning /_webSocketMessages/0"});
  CHECK(messages("\"x\"") == Lines{"warning /_webSocketMessages"});
  CHECK(messages(R"([{"type": "send", "time": "now", "opcode": 1, "data": ""}])") == Lines{"error /_webSocketMessages/0/time"});
  CHECK(entry(Profile::chrome, {{{"_eventSourceMessages"}, R"([{"time": 1, "eventName": "", "eventId": ""}])"}}) == kNothing);
  CHECK(entry(Profile::chrome, {{{"_eventSourceMessages"}, R"([{"time": 1, "data": ""}])"}}) ==
        Lines{"warning /_eventSourceMessages/0"});
}

TEST_CASE("V8 reads dates by the standard first, and by words and signs after that") {
  using javascript_date = bool (*)(std::string_view);
  const javascript_date is_date = importers::javascript::is_date_text;
  for (const std::string_view text :
       {"2026-11-22", "2026", "2026-11-22T09:15:30.123456789+01:00", "2026-11-22T24:00Z", "+275760-09-13", "2026-11-22 09:15:30",
        "Thu, 01 Jan 1970 00:00:00 GMT", "Sun Nov 22 2026 09:15:30 GMT+0100 (CET)", "11/22/2026 9:15 PM", "Jan 5", "5",
        "(now) 1/2/3", "2026/11/22 09:15:30.5", "-0", "2026-02-31", "10:00 Mar 3 1999 -0500"}) {
    INFO(text);
    CHECK(is_date(text));
  }
  for (const std::string_view text :
       {"", "yesterday", "2026-13-22", "2026-11-22T9:15", "2026-11-22T24:01Z", "2026-11-22T09:15:30 Z", "+275760-09-14",
        "22/11/2026", "2026-11-32", "-000000", "2026-11-22T09:15:60Z", "May 1 3:00.5 PM", "12:00", "1 Jan 2026 noon",
        "2026-11-22 09:15:30 GMT+12345"}) {
    INFO(text);
    CHECK_FALSE(is_date(text));
  }
}

TEST_CASE("JavaScript's trim takes Unicode's spaces") {
  CHECK(importers::javascript::trim("\xC2\xA0 \t12\xE2\x80\x89\xEF\xBB\xBF\r\n") == "12");
  CHECK(importers::javascript::trim("\xE2\x80\x8B") == "\xE2\x80\x8B");  // a zero width space is none
  CHECK(importers::javascript::trim("  ").empty());
}

TEST_CASE("Firefox stops where a member's members are asked for, and is not there") {
  for (const std::string_view name : {"request", "response", "timings", "cache"}) {
    CHECK(entry(Profile::firefox, {{{name}, ""}}) == Lines{"error /" + std::string(name)});
    CHECK(entry(Profile::firefox, {{{name}, "null"}}) == Lines{"error /" + std::string(name)});
  }
  CHECK(entry(Profile::firefox, {{{"response", "content"}, ""}}) == Lines{"error /response/content"});
  CHECK(entry(Profile::firefox, {{{"cache"}, "5"}}) == kNothing);
  CHECK(document(Profile::firefox, {{{"pages"}, ""}}) == Lines{"error /log/pages"});
  CHECK(document(Profile::firefox, {{{"pages"}, "{}"}}) == Lines{"error /log/pages"});
  CHECK(document(Profile::firefox, {{{"pages"}, "[{}, null, 5]"}}) == Lines{"error /log/pages/1"});
  CHECK(document(Profile::firefox, {{{"pages"}, "[]"}, {{"creator"}, ""}}) == kNothing);
}

TEST_CASE("Firefox stops at what is no URL, and misreads dates and times") {
  CHECK(url(Profile::firefox, "\"/a\"") == Lines{"error /request/url"});
  CHECK(url(Profile::firefox, "\"http://\"") == Lines{"error /request/url"});
  CHECK(url(Profile::firefox, "5") == Lines{"error /request/url"});
  CHECK(url(Profile::firefox, "\"data:,x\"") == kNothing);
  CHECK(entry(Profile::firefox, {{{"startedDateTime"}, "\"soon\""}}) == Lines{"warning /startedDateTime"});
  CHECK(entry(Profile::firefox, {{{"timings", "dns"}, "\"5\""}}) == Lines{"warning /timings/dns"});
  CHECK(entry(Profile::firefox, {{{"response", "headers"}, ""}}) == Lines{"warning /response/headers"});
}

TEST_CASE("Playwright never finds an entry whose URL a browser would spell otherwise") {
  for (const std::string_view text :
       {"\"http://example\"", "\"HTTP://example/\"", "\"http://EXAMPLE/\"", "\"http://example:80/\"", "\"http://example/#top\"",
        "\"http://example/a b\"", "\"http://example/\xC3\xA9\"", "\"http://example/../a\"", "\"http://example?a\"",
        "\"http://example:65536/\"", "\"http://example/%2E/\"", "\"http://127.1/\"", "\"wss://example/\"", "\"example/\"",
        "null"}) {
    INFO(text);
    CHECK(url(Profile::playwright, text) == Lines{"warning /request/url"});
  }
  for (const std::string_view text :
       {"\"http://example/\"", "\"https://example:8443/a;b?c=%27d\"", "\"http://u@127.0.0.1/%2e%2e%2e\"",
        "\"http://[::1]:8080/\"", "\"data:text/plain,a b\"", "\"chrome-extension://a/\""}) {
    INFO(text);
    CHECK(url(Profile::playwright, text) == kNothing);
  }
  CHECK(url(Profile::playwright, "\"http://example/?a='\"") == Lines{"warning /request/url"});
  CHECK(url(Profile::playwright, "\"http://example/'\"") == kNothing);
}

TEST_CASE("Playwright never finds methods that browsers write otherwise or do not let pages use") {
  const auto method = [](std::string_view text) { return entry(Profile::playwright, {{{"request", "method"}, text}}); };
  for (const std::string_view text : {"\"get\"", "\"Post\"", "\"CONNECT\"", "\"trace\"", "\"A B\"", "5", ""}) {
    CHECK(method(text) == Lines{"warning /request/method"});
  }
  CHECK(method("\"patch\"") == kNothing);
  CHECK(method("\"PURGE\"") == kNothing);
}

TEST_CASE("Playwright is spoilt by one entry without a request") {
  CHECK(entry(Profile::playwright, {{{"request"}, ""}}) == Lines{"error /request"});
  CHECK(entry(Profile::playwright, {{{"request"}, "5"}}) == Lines{"warning /request/url"});
}

TEST_CASE("Playwright ends the test for an answer of the wrong form, and hangs for one that the browser refuses") {
  const auto status = [](std::string_view text) { return entry(Profile::playwright, {{{"response", "status"}, text}}); };
  for (const std::string_view text : {"null", "\"200\"", "200.5"}) CHECK(status(text) == Lines{"error /response/status"});
  for (const std::string_view text : {"-1", "0", "-2", "", "1e12"}) CHECK(status(text) == Lines{"warning /response/status"});
  CHECK(status("999") == kNothing);
  CHECK(header(Profile::playwright, R"([{"name": "a", "value": 5}])") == Lines{"error /response/headers/0/value"});
  CHECK(header(Profile::playwright, R"([{"name": "a"}])") == Lines{"error /response/headers/0/value"});
  CHECK(header(Profile::playwright, R"([{"value": "a"}])") == Lines{"warning /response/headers/0/name"});
  CHECK(header(Profile::playwright, "[5]") == Lines{"warning /response/headers/0"});
  CHECK(header(Profile::playwright, "{}") == Lines{"warning /response/headers"});
  CHECK(header(Profile::playwright, R"([{"name": ":status", "value": "200"}])") == Lines{"warning /response/headers/0/name"});
  CHECK(header(Profile::playwright, R"([{"name": "vary", "value": "a\nb"}])") == Lines{"warning /response/headers/0/value"});
  CHECK(header(Profile::playwright, R"([{"name": "Set-Cookie", "value": "a\nb"}])") == kNothing);
  // A huge status and a wrong header: the form is looked at first.
  CHECK(entry(Profile::playwright,
              {{{"response", "status"}, "1e12"}, {{"response", "headers"}, R"([{"name": "a", "value": null}])"}}) ==
        Lines{"error /response/headers/0/value"});
}

TEST_CASE("Playwright follows redirects without looking at the rest of the answer") {
  const auto redirect = [](std::string_view headers) {
    return entry(Profile::playwright,
                 {{{"response", "status"}, "302"}, {{"response", "content"}, ""}, {{"response", "headers"}, headers}});
  };
  CHECK(redirect(R"([{"name": "Location", "value": "/b"}, {"name": "a", "value": 5}])") == kNothing);
  CHECK(redirect(R"([{"name": "a", "value": "b"}])") == Lines{"warning /response/content"});
  CHECK(redirect(R"([{"name": "location", "value": "http://?"}])") == Lines{"warning /response/headers/0/value"});
}

TEST_CASE("Playwright aborts requests for bodies that it cannot read") {
  const auto content = [](std::string_view text) { return entry(Profile::playwright, {{{"response", "content"}, text}}); };
  CHECK(content("null") == Lines{"warning /response/content"});
  CHECK(content("5") == Lines{"warning /response/content"});
  CHECK(content(R"({"text": 5})") == Lines{"warning /response/content/text"});
  CHECK(content(R"({"text": [104, 105]})") == Lines{"warning /response/content/text"});
  CHECK(content(R"({"text": null})") == kNothing);
  for (const std::string_view file : {"../a", "/a", "a/../../b", "a\\u0000"}) {
    CHECK(content(R"({"_file": ")" + std::string(file) + "\"}") == Lines{"warning /response/content/_file"});
  }
  CHECK(content(R"({"_file": 5})") == Lines{"warning /response/content/_file"});
  CHECK(content(R"({"_file": "a/../b.html"})") == kNothing);
}

TEST_CASE("Playwright compares the body of a POST with text alone") {
  const auto post = [](std::string_view data) {
    return entry(Profile::playwright, {{{"request", "method"}, "\"POST\""}, {{"request", "postData"}, data}});
  };
  CHECK(post(R"({"mimeType": "x", "params": [{"name": "a", "value": "b"}]})") == Lines{"warning /request/postData/text"});
  CHECK(post(R"({"mimeType": "x", "params": []})") == kNothing);
  CHECK(post(R"({"mimeType": "x", "text": "a=b", "params": [{"name": "a", "value": "b"}]})") == kNothing);
  CHECK(post(R"({"text": {}})") == Lines{"warning /request/postData/text"});
  CHECK(post("null") == kNothing);
}

TEST_CASE("mitmproxy reads dates as Python does") {
  const auto started = [](std::string_view text) { return entry(Profile::mitmproxy, {{{"startedDateTime"}, text}}); };
  for (const std::string_view text : {"\"2026-11-22\"", "\"20261122T091530Z\"", "\"2026-11-22 09:15:30.1234567\"",
                                      "\"2026-W47-7T09Z\"", "\"2026-11-22x09:15:30,5+23:59:59\""}) {
    INFO(text);
    CHECK(started(text) == kNothing);
  }
  for (const std::string_view text :
       {"\"2026-11-22T09:15:30z\"", "\"2026-02-30\"", "\"2026-11-22T24:00Z\"", "\"22/11/2026\"", "null", "",
        "\"2026-11-22T09:15:30+24:00\"", "\"0000-01-01\"", "\"2026-11-22T\"", "\"2021-W53-1\""}) {
    INFO(text);
    CHECK(started(text) == Lines{"error /startedDateTime"});
  }
}

TEST_CASE("mitmproxy cannot read a file with an entry whose URL has no host") {
  for (const std::string_view text :
       {"\"data:,x\"", "\"about:blank\"", "\"/a\"", "\"blob:https://example/1\"", "\"http://exam ple/\"",
        "\"http://example/\xC3\xA9\"", "\"http://example:x/\"", "\"http://example:65536/\"", "\"http://[::1/\"", "5"}) {
    INFO(text);
    CHECK(url(Profile::mitmproxy, text) == Lines{"error /request/url"});
  }
  for (const std::string_view text : {"\"wss://example/\"", "\"chrome-extension://abc/x.js\"", "\"//a_b.example.:8080\"",
                                      "\"http://[::1]:80/\"", "\"HTTP://u:p@EXAMPLE?x\""}) {
    INFO(text);
    CHECK(url(Profile::mitmproxy, text) == kNothing);
  }
}

TEST_CASE("mitmproxy wants text in postData, strings in headers, and versions") {
  CHECK(entry(Profile::mitmproxy, {{{"request", "postData"}, R"({"params": []})"}}) == Lines{"error /request/postData/text"});
  CHECK(entry(Profile::mitmproxy, {{{"request", "postData"}, "null"}}) == Lines{"error /request/postData"});
  CHECK(entry(Profile::mitmproxy, {{{"request", "httpVersion"}, ""}}) == Lines{"error /request/httpVersion"});
  CHECK(entry(Profile::mitmproxy, {{{"response", "httpVersion"}, "null"}}) == kNothing);
  CHECK(entry(Profile::mitmproxy, {{{"time"}, "null"}}) == Lines{"error /time"});
  CHECK(entry(Profile::mitmproxy, {{{"time"}, "true"}}) == kNothing);
  CHECK(entry(Profile::mitmproxy, {{{"response", "status"}, "200.0"}}) == Lines{"error /response/status"});
  CHECK(entry(Profile::mitmproxy, {{{"response", "status"}, "-1"}}) == kNothing);
  CHECK(header(Profile::mitmproxy, R"([["a", "b"]])") == kNothing);
  CHECK(header(Profile::mitmproxy, R"([["a"]])") == Lines{"error /response/headers/0"});
  CHECK(header(Profile::mitmproxy, R"([{"name": "a", "value": null}])") == Lines{"error /response/headers/0/value"});
  CHECK(header(Profile::mitmproxy, R"(["ab"])") == Lines{"warning /response/headers/0"});
  CHECK(header(Profile::mitmproxy, R"({"ab": "c"})") == Lines{"warning /response/headers/ab"});
  CHECK(header(Profile::mitmproxy, R"([{"name": "a", "value": "\ud83d"}])") == Lines{"error /response/headers/0/value"});
}

TEST_CASE("mitmproxy compresses the body again, and cannot for an encoding that it does not know") {
  const auto encoding = [](std::string_view name) {
    return header(Profile::mitmproxy, R"([{"name": "Content-Encoding", "value": ")" + std::string(name) + "\"}]");
  };
  for (const std::string_view name : {"gzip", "BR", "deflate", "zstd", "identity", "none", "", "zlib"})
    CHECK(encoding(name) == kNothing);
  for (const std::string_view name : {"gzip, br", "aws-chunked", "utf-8", "x-gzip"}) {
    CHECK(encoding(name) == Lines{"error /response/headers"});
  }
  CHECK(header(Profile::mitmproxy,
               R"([{"name": "content-encoding", "value": "gzip"}, {"name": "content-encoding", "value": "gzip"}])") ==
        Lines{"error /response/headers"});
}

TEST_CASE("mitmproxy passes over unknown encodings of requests, but for those that it takes for character sets") {
  const auto request = [](std::string_view headers) {
    return entry(Profile::mitmproxy, {{{"request", "postData"}, R"({"text": "x"})"}, {{"request", "headers"}, headers}});
  };
  CHECK(request(R"([{"name": "content-encoding", "value": "amz-1.0"}])") == kNothing);
  CHECK(request(R"([{"name": "content-encoding", "value": "UTF-8"}])") == Lines{"error /request/headers"});
  CHECK(request(R"([{"name": "content-encoding", "value": "windows-1252"}])") == Lines{"error /request/headers"});
  CHECK(request(R"([{"name": "content-type", "value": "text/plain; charset=utf-8"}])") == kNothing);
  CHECK(request(R"([{"name": "content-type", "value": "text/plain; charset=gzip"}])") == Lines{"error /request/headers"});
}

TEST_CASE("mitmproxy takes content.encoding for base64 or a character set, and wants padding") {
  const auto content = [](std::string_view text) { return entry(Profile::mitmproxy, {{{"response", "content"}, text}}); };
  CHECK(content("{}") == kNothing);
  CHECK(content(R"({"text": null})") == kNothing);
  CHECK(content(R"({"text": "aGk=", "encoding": "base64"})") == kNothing);
  CHECK(content(R"({"text": "a!G\nk=", "encoding": "base64"})") == kNothing);
  CHECK(content(R"({"text": "aGk", "encoding": "base64"})") == Lines{"error /response/content/text"});
  CHECK(content(R"({"text": null, "encoding": "base64"})") == Lines{"error /response/content/text"});
  CHECK(content(R"({"text": "x", "encoding": "utf-8"})") == kNothing);
  CHECK(content(R"({"text": "x", "encoding": "no such thing"})") == kNothing);
  for (const std::string_view name : {"\"gzip\"", "\"hex\"", "\"identity\"", "\"rot13\"", "5"}) {
    CHECK(content(R"({"text": "x", "encoding": )" + std::string(name) + "}") == Lines{"error /response/content/encoding"});
  }
  CHECK(content(R"({"text": 5})") == Lines{"error /response/content/text"});
  CHECK(content(R"({"text": "half \ud83d"})") == Lines{"error /response/content/text"});
  CHECK(content(R"({"text": "a byte \udc80"})") == kNothing);
}

TEST_CASE("har-schema asks for types, members and a few forms") {
  CHECK(entry(Profile::har_schema, {{{"time"}, "null"}, {{"request", "bodySize"}, "1.5"}, {{"response", "redirectURL"}, ""}}) ==
        Lines{"error /time", "error /request/bodySize", "error /response/redirectURL"});
  CHECK(entry(Profile::har_schema, {{{"connection"}, "443"}}) == Lines{"error /connection"});
  CHECK(entry(Profile::har_schema, {{{"request", "postData"}, "{}"}}) == Lines{"error /request/postData/mimeType"});
  CHECK(entry(Profile::har_schema, {{{"cache", "afterRequest"}, "null"}}) == kNothing);
  CHECK(entry(Profile::har_schema, {{{"cache", "afterRequest"}, R"({"eTag": ""})"}}) ==
        Lines{"error /cache/afterRequest/lastAccess", "error /cache/afterRequest/hitCount"});
  CHECK(document(Profile::har_schema, {{{"creator", "version"}, "1"}, {{"pages"}, "[{}]"}}) ==
        Lines{"error /log/creator/version", "error /log/pages/0/startedDateTime", "error /log/pages/0/id",
              "error /log/pages/0/title", "error /log/pages/0/pageTimings"});
  CHECK(document(Profile::har_schema, {{{"version"}, ""}}) == Lines{"error /log/version"});
}

TEST_CASE("har-schema lets pass what its keywords do not say") {
  CHECK(entry(Profile::har_schema, {{{"time"}, "-3"}, {{"timings", "send"}, "-500"}, {{"response", "status"}, "-7"}}) ==
        kNothing);
  CHECK(entry(Profile::har_schema, {{{"timings"}, "5"}, {{"cache"}, "5"}}) == kNothing);
  CHECK(entry(Profile::har_schema, {{{"request", "postData"}, R"({"mimeType": "", "params": [5]})"}}) == kNothing);
  CHECK(entry(Profile::har_schema, {{{"request", "bodySize"}, "2.0"}, {{"_webSocketMessages"}, "\"x\""}}) == kNothing);
}

TEST_CASE("har-schema looks at dates, URLs and addresses quickly") {
  const auto started = [](std::string_view text) {
    return entry(Profile::har_schema, {{{"startedDateTime"}, text}}) == kNothing;
  };
  CHECK(started("\"2026-19-39T29:59:59Z\""));
  CHECK(started("\"2026-11-22t09:15:30Z\"") == false);  // the pattern wants a capital
  CHECK(started("\"2026-11-22T09:15:30.5+0100\""));
  CHECK(started("\"2026-11-22T09:15:30\"") == false);
  CHECK(started("\"20261122T091530Z\"") == false);
  CHECK(url(Profile::har_schema, "\"x:\"") == kNothing);
  CHECK(url(Profile::har_schema, "\"http://a b\"") == Lines{"error /request/url"});
  CHECK(url(Profile::har_schema, "\"/a\"") == Lines{"error /request/url"});
  const auto address = [](std::string_view text) {
    return entry(Profile::har_schema, {{{"serverIPAddress"}, "\"" + std::string(text) + "\""}}) == kNothing;
  };
  for (const std::string_view text :
       {"127.0.0.1", "01.2.3.4", "::1", "::", "1:2:3:4:5:6:7::", "::ffff:1.2.3.4", "fe80::1%eth0", " ::1 "}) {
    INFO(text);
    CHECK(address(text));
  }
  for (const std::string_view text :
       {"", "[::1]", "1.2.3", "256.1.1.1", "1::2::3", "::ffff:01.2.3.4", "1:2:3:4:5:6:7:8:9", "12345::", "fe80::1%"}) {
    INFO(text);
    CHECK_FALSE(address(text));
  }
}

TEST_CASE("of members with the same name programs take the last one") {
  Json value = good_entry();
  value.as_object().push_back({"time", Json("soon")});
  for (const Profile profile : {Profile::chrome, Profile::mitmproxy, Profile::har_schema}) {
    Marks marks;
    import_entry(profile, value, marks);
    CHECK(lines(marks) == Lines{"error /time"});
  }
}

TEST_CASE("messages show long values shortened, and pointers are escaped") {
  Marks marks;
  Json value = good_entry();
  value.set("startedDateTime", Json(std::string(1000, 'x')));
  import_entry(Profile::chrome, value, marks);
  REQUIRE(marks.size() == 1);
  CHECK(marks[0].message.size() < 200);
  marks.clear();
  value = good_entry();
  value.find("request")->set("headers", parsed(R"({"a/b~c": 1})"));
  import_entry(Profile::mitmproxy, value, marks);
  CHECK(lines(marks) == Lines{"warning /request/headers/a~1b~0c"});
}
