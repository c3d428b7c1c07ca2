#include "har/query/query.hpp"

#include <fmt/format.h>

#include <catch2/catch.hpp>

#include "har/exchange.hpp"
#include "har/query/drop_bodies.hpp"

using namespace har;
using query::Query;
using query::Scope;

namespace {

constexpr std::string_view kEntry =
    R"x({"startedDateTime":"2026-01-02T03:04:05.678+01:00","time":12.5,"request":{"method":"PUT","url":"HTTPS://user@API.Example.test:8443/a/b?x=1&x=2&y=a+b%26c&z#frag",)x"
    R"x("headers":[{"name":"Accept","value":"a/b"},{"name":"X-Id","value":"7"},{"name":"x-id","value":"8"},{"name":"Cookie","value":"c=1; d=2"}],"cookies":[],"bodySize":-1,)x"
    R"x("postData":{"mimeType":"application/x-www-form-urlencoded; charset=UTF-8","params":[{"name":"p q","value":"1&2"}]}},)x"
    R"x("response":{"status":404,"statusText":"Not\u0020Found","httpVersion":"h3","headers":[{"name":"Set-Cookie","value":"a=1; Path=/\nb=2"}],)x"
    R"x("content":{"size":-1,"mimeType":"Application/JSON; charset=utf-8","text":"{\"a\":{\"b\":[1,\"two\",null,true,{\"c\":\"d\\u00e9\"}],\"~/\":5},\"n\":\"42\"}"},"redirectURL":"","bodySize":30,"headersSize":20},)x"
    R"x("timings":{"blocked":-1,"dns":2,"send":0.5,"wait":7,"receive":null},"pageref":"p","_initiator":{"type":"other"},"\u005fodd":1})x";

struct Entry {
  explicit Entry(std::string_view text) : view(text) {}
  EntryView view;
  std::size_t index = 0;
  const LogInfo* info = nullptr;
  const stream::Exchange* exchange = nullptr;
};

bool holds(const std::string& expression, Entry entry, Scope scope = Scope::entry) {
  const auto query = Query::compile(expression, scope);
  if (!query) FAIL(to_string(query.error()));
  Query::Scratch scratch;
  const query::Subject subject{entry.view, entry.index, "in.har", entry.info, nullptr, entry.exchange};
  const bool first = query->matches(subject, scratch);
  CHECK(query->matches(subject, scratch) == first);
  return first;
}
bool holds(const std::string& expression, std::string_view entry = kEntry) { return holds(expression, Entry(entry)); }

std::string error_of(const std::string& expression, Scope scope = Scope::entry) {
  const auto query = Query::compile(expression, scope);
  return query ? "none" : to_string(query.error());
}

/// The messages that an expression is true of, one a line.
std::string messages(const std::string& expression, std::string_view text, const stream::Exchange* exchange = nullptr) {
  const auto query = Query::compile(expression, Scope::message);
  if (!query) FAIL(to_string(query.error()));
  EntryView view(text);
  Query::Scratch scratch;
  std::string out;
  query->messages({view, 0, {}, nullptr, nullptr, exchange}, scratch, [&](const query::Message& message) {
    out += fmt::format("{} {} {} {} {} {} {}\n", message.index, stream::to_string(message.direction), message.opcode,
                       stream::format_iso8601(message.time), message.data, message.name, message.id);
    return true;
  });
  return out;
}

std::string without_bodies(std::string_view text, const BodyParts& parts = {}) {
  EntryView view(text);
  std::string out;
  return drop_bodies(view, parts, out) ? out : "unchanged";
}

}  // namespace

TEST_CASE("fields say what the entry says") {
  for (const std::string expression : {
           "method == \"PUT\"",
           "scheme == \"HTTPS\"",
           "host == \"api.example.test\"",
           "port == 8443",
           "path == \"/a/b\"",
           "query == \"x=1&x=2&y=a+b%26c&z\"",
           "query.x == \"1\" && query.x == \"2\"",
           "query.y == \"a b&c\"",
           "query.z == \"\"",
           "!has(query.w)",
           "fragment == \"frag\"",
           "status == 404",
           "statusText == \"Not Found\"",
           "http == \"h3\"",
           "mime == \"application/json\"",
           "req.mime == \"application/x-www-form-urlencoded\"",
           "type == \"xhr\"",
           "req.header.x-id == \"7\" && req.header.X-ID == \"8\"",
           "req.header[\"x-id\"] == \"8\"",
           "req.cookie.d == \"2\"",
           "resp.cookie.a == \"1\" && resp.cookie.b == \"2\"",
           "!has(resp.cookie.Path)",
           "req.body == \"p+q=1%262\"",
           "req.size == 9",
           "resp.size == 30",
           "transferred == 50",
           "body.size == len(body)",
           "timings.dns == 2",
           "!has(timings.blocked)",
           "!has(timings.receive)",
           "!has(timings.ssl)",
           "ttfb == 9.5",
           "time == 12.5ms",
           "start == \"2026-01-02T02:04:05.678Z\"",
           "end == \"2026-01-02T02:04:05.6905Z\"",
           "!(start < \"2026-01-02\") && start > \"2026-01-02\"",
           "end - start == 12.5",
           "start + 1s > end",
           "page == \"p\"",
           "!has(page.title)",
           "initiator == \"other\"",
           "!has(initiator.url)",
           "!has(redirect)",
           "!has(ip)",
           "!cached",
           "!mocked && !incomplete",
           "source == \"in.har\"",
           "index == 0",
           "entry:/_odd == 1",
           "entry:/timings/receive == null",
           "!has(ws) && ws.count == 0 && count(sse) == 0",
           "!has(ws.close)",
       }) {
    CAPTURE(expression);
    CHECK(holds(expression));
  }
}

TEST_CASE("pointers lead into JSON, and nowhere else") {
  for (const std::string expression : {
           "body:/a/b/0 == 1",     "body:/a/b/1 == \"two\"",
           "body:/a/b/2 == null",  "body:/a/b/3",
           "body:/a/b/3 == true",  "body:/a/b/4/c == \"d\u00e9\"",
           "body:/a/~0~1 == 5",    "body:\"/a/~0~1\" == 5",
           "!has(body:/a/b/5)",    "!has(body:/a/b/00)",
           "!has(body:/a/b/-1)",   "!has(body:/a/b/x)",
           "!has(body:/x/y)",      "len(body:/a/b) == 5",
           "len(body:/a) == 2",    "body:/n != 42",
           "num(body:/n) == 42",   "(body:/a/b):/0 == 1",
           "len(body:\"\") == 2",  "!has(statusText:/a)",
           "\"two\" in body:/a/b", "!(2 in body:/a/b)",
           "1 in body:/a/b",       "\"42\" in body:/n",
           "'{\"k\":3}':/k == 3",  "str(body:/a/b/3) == \"true\"",
       }) {
    CAPTURE(expression);
    CHECK(holds(expression));
  }
}

TEST_CASE("a comparison with nothing is false, and its negation true") {
  for (const std::string nothing : {"body:/none", "req.header.none", "timings.ssl", "error", "num(\"x\")", "timings.ssl + 1",
                                    "lower(error)", "body:/a/b/2"}) {
    for (const std::string comparison :
         {"== 1", "< 1", "<= 1", "> 1", ">= 1", "== \"\"", "in [1]", "in [\"\"]", "=~ \"\"", "like \"*\""}) {
      const std::string text = nothing + " " + comparison;
      if (!Query::compile(text)) continue;  // of another kind
      CAPTURE(text);
      CHECK_FALSE(holds(text));
      CHECK(holds("!(" + text + ")"));
    }
    CAPTURE(nothing);
    CHECK_FALSE(holds("has(" + nothing + ")"));
    CHECK(holds(nothing + " == null"));
    CHECK_FALSE(holds("null != " + nothing));
  }
  CHECK(holds("timings.ssl != 1"));
  CHECK(holds("error != \"x\" && error !~ \"x\" && error not in [\"x\"] && error not like \"*\""));
  CHECK_FALSE(holds("body:/none"));
  CHECK(holds("!body:/none"));
}

TEST_CASE("of several values one is enough, and a negation needs all") {
  CHECK(holds("req.header.x-id in [\"8\"]"));
  CHECK_FALSE(holds("req.header.x-id != \"8\""));
  CHECK(holds("num(req.header.x-id) > 7.5"));
  CHECK(holds("req.header.x-id == req.header.x-id"));
  CHECK(holds("starts(req.header.x-id, \"8\")"));
  CHECK_FALSE(holds("not contains(req.header.x-id, \"7\")"));
  CHECK(holds("\"8\" in req.header.x-id"));
}

TEST_CASE("operators bind as the page says") {
  CHECK(holds("false && false || true"));
  CHECK(holds("true || false && false"));
  CHECK_FALSE(holds("(true || false) && false"));
  CHECK(holds("!false && true"));
  CHECK_FALSE(holds("!(false || true)"));
  CHECK(holds("not status == 200"));
  CHECK(holds("!!true and not not true"));
  CHECK(holds("1 + 2 * 3 == 7 && (1 + 2) * 3 == 9 && 7 - 2 - 1 == 4 && 8 / 2 / 2 == 2"));
  CHECK(holds("-2 + 3 == 1 && - -2 == 2 && 2 - -1 == 3"));
  CHECK(holds("1 / 0 == null"));
  CHECK(holds("status + 1 == 405 and status in 400 .. 499"));
  CHECK(holds("true == (status == 404)"));
  CHECK(holds("2s == 2000ms && 1m30s > 89s && 1KiB == 1024 && 4k < 1MiB"));
}

TEST_CASE("strings are written in two ways") {
  CHECK(holds(R"("a\"b\\c\tA\u00e9" == 'a"b\c	Aé')"));
  CHECK(holds(R"('\d' == "\d")"));
  CHECK(holds(R"("7" =~ "^\d$" && "7" =~ '^\d$')"));
  CHECK(
      holds("\"caf\u00e9\" like \"caf?\" && \"abc\" like \"a*c\" && \"abc\" not like \"a*b\" && \"\" like \"*\" && \"a*\" like "
            "\"a*\""));
  CHECK(holds("lower(\"\u00c9A\") == \"\u00c9a\""));
}

TEST_CASE("what can't be meant is refused with its column") {
  CHECK(error_of("status =~ 3") == "expression:1:1: =~ looks at strings, but status is a number");
  CHECK(error_of("url =~ 3") == "expression:1:8: expected a regular expression in quotes, found \"3\"");
  CHECK(error_of("url =~ \"(\"") == "expression:1:8: this is no regular expression: missing ): (");
  CHECK(error_of("status == \"500\"") ==
        "expression:1:11: == compares what is of one kind, but status is a number and \"500\" is a string");
  CHECK(error_of("\"\u00e9\u00e9\" == 5") ==
        "expression:1:9: == compares what is of one kind, but \"\u00e9\u00e9\" is a string and 5 is a number");
  CHECK(error_of("time > 1MB") == "expression:1:8: these do not go together: time is a time span, 1MB is a size");
  CHECK(error_of("status > 1s") ==
        "expression:1:10: these do not go together: status is neither a time span nor a size, 1s is a time span");
  CHECK(error_of("status == 5xx") ==
        "expression:1:11: expected a number, a time such as 150ms or a size such as 10MiB, found \"5xx\"");
  CHECK(error_of("url") == "expression:1:1: expected a condition, but url is a string");
  CHECK(error_of("status && true") == "expression:1:1: expected a condition, but status is a number");
  CHECK(error_of("statu == 1") == "expression:1:1: there is no field \"statu\"");
  CHECK(error_of("foo(url)") == "expression:1:1: there is no function \"foo\"");
  CHECK(error_of("m.dir == \"send\"") == "expression:1:1: m.dir is of a message, and this looks at entries");
  CHECK(error_of("m.dir == \"send\"", Scope::message) == "none");
  CHECK(error_of("start > \"yesterday\"") == "expression:1:9: \"yesterday\" is no time");
  CHECK(error_of("start > 5") == "expression:1:9: > compares what is of one kind, but start is a time and 5 is a number");
  CHECK(error_of("1 < 2 < 3") == "expression:1:7: comparisons do not follow each other");
  CHECK(error_of("status = 3") == "expression:1:8: \"=\" means nothing here");
  CHECK(error_of("status ==") == "expression:1:10: expected a field, a value or a function, found the end");
  CHECK(error_of("(true") == "expression:1:6: expected \")\", found the end");
  CHECK(error_of("true true") == "expression:1:6: expected an operator such as && or the end, found \"true\"");
  CHECK(error_of("") == "expression:1:1: the expression is empty");
  CHECK(error_of("url == \"a") == "expression:1:8: this string does not end: expected a second \"");
  CHECK(error_of("body: /a == 1") == "expression:1:6: expected a JSON Pointer behind the colon, as in body:/items/0");
  CHECK(error_of("status:/a == 1") == "expression:1:7: a JSON Pointer needs JSON or a string, but status is a number");
  CHECK(error_of("status in []") == "expression:1:12: an empty list has nothing in it");
  CHECK(error_of("status in [\"a\"]") == "expression:1:12: this can't be in the list: status is a number and \"a\" is a string");
  CHECK(error_of("status in 5") == "expression:1:11: expected a list behind in");
  CHECK(error_of("status in 9..3") == "expression:1:11: nothing lies in this range: its end comes before its beginning");
  CHECK(error_of("\"a\" in url") == "expression:1:8: expected a list behind in, but url is a string");
  CHECK(error_of("status < null") == "expression:1:8: < with null is never true");
  CHECK(error_of("mocked < true") == "expression:1:1: < has no order for true and false");
  CHECK(error_of("entry == \"x\"") == "expression:1:1: entry can't be compared: entry is JSON");
  CHECK(error_of("any(url, true)") == "expression:1:5: any looks at ws or sse, but url is a string");
  CHECK(error_of("len(ws) == 1") == "expression:1:5: len(x) takes a value, but ws is messages");
  CHECK(error_of("lower(status) == \"\"") == "expression:1:7: lower(x) takes a string, but status is a number");
  CHECK(error_of("url + 1 == 2") == "expression:1:1: + needs numbers, but url is a string");
  CHECK(error_of("req.header == \"x\"") == "expression:1:1: there is no field \"req.header\"");
  CHECK(error_of("\u00e9 == 1") == "expression:1:1: \"\u00e9\" means nothing here");
  const auto near = Query::compile("statsu == 1");
  REQUIRE_FALSE(near);
  CHECK(near.error().hint == "did you mean status?");
}

TEST_CASE("expressions that are too much are refused") {
  const auto repeated = [](const std::string& text, std::size_t count) {
    std::string out;
    for (std::size_t i = 0; i < count; ++i) out += text;
    return out;
  };
  CHECK(error_of(repeated("(", 30000)).find("nested too deeply") != std::string::npos);
  CHECK(error_of(repeated("-", 30000) + "1 == 1").find("nested too deeply") != std::string::npos);
  CHECK(error_of(repeated("lower(", 3000)).find("nested too deeply") != std::string::npos);
  CHECK(error_of("time" + repeated(" + time", 5000) + " > 1").find("nested too deeply") != std::string::npos);
  CHECK(
      error_of(repeated("(", 90) + "body" + repeated(":/a)", 90) + repeated(":\"/a\"", 50) + " == 1").find("nested too deeply") !=
      std::string::npos);
  CHECK(error_of("any(ws, " + repeated("any(ws, ", 300)).find("nested too deeply") != std::string::npos);
  CHECK(error_of("true" + repeated(" && true", 5000)) == "none");
  CHECK(error_of("status == 1" + repeated(" || status == 1", 3000)) == "none");
  CHECK(error_of(repeated("!", 30000) + "true") == "none");
  CHECK(error_of(repeated(" ", 70000)).find("longer than 64 KiB") != std::string::npos);
  CHECK(error_of("url =~ \"" + repeated("(a{1000}){1000}", 3) + "\"").find("this is no regular expression") != std::string::npos);
  CHECK(error_of("url =~ \"((((a{100}){100}){100}){100})\"").find("this is no regular expression") != std::string::npos);
}

TEST_CASE("every cut of an expression compiles or says why not") {
  const std::string text =
      "(status >= 500 && !has(ws)) || not host =~ '(^|\\.)a' and req.header[\"x\"] in [1, -2..3, \"a\\u00e9\"] or any(ws, "
      "m.data:/a == -1.5e3) "
      "|| start in \"2026-01-01T00:00:00Z\"..\"2027-01-01T00:00:00Z\" and time*2 - 1s > 10ms";
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    const auto query = Query::compile(text.substr(0, cut));
    if (query) continue;
    CHECK(query.error().place.column >= 1);
    CHECK(query.error().place.column <= cut + 1);
    CHECK_FALSE(query.error().message.empty());
    (void)Query::compile(text.substr(cut));
  }
}

TEST_CASE("entries that are broken or empty have nothing, and break nothing") {
  const std::string all =
      "status == 404 || has(url) || has(body) || has(req.header.a) || has(ws) || has(sse) || time > 0 || has(start) || "
      "has(query.x)";
  for (std::size_t cut = 0; cut < kEntry.size(); cut += 3) {
    Entry entry(kEntry.substr(0, cut));
    const auto query = Query::compile(all);
    Query::Scratch scratch;
    (void)query->matches({entry.view}, scratch);
  }
  CHECK_FALSE(holds(all, "{}"));
  CHECK_FALSE(holds(all, "[]"));
  CHECK_FALSE(holds(all, ""));
  CHECK(holds("body == \"%%\"", R"({"response":{"content":{"text":"%%","encoding":"base64"}}})"));
  CHECK(holds("body == \"hi\" && body.size == 2", R"({"response":{"content":{"text":"aGk=","encoding":"base64"}}})"));
}

TEST_CASE("messages are found in all dialects alike") {
  const std::string head =
      R"({"startedDateTime":"2026-01-01T00:00:00Z","request":{"method":"GET","url":"ws://a/"},"response":{"status":101,"content":{}},)";
  // The last is earlier than the one before it.
  const std::string list =
      R"("_webSocketMessages":[{"type":"send","time":1767225600.5,"opcode":1,"data":"a\n\u00e9"},{"type":"receive","time":1767225602,"opcode":2,"data":"AQI="},)"
      R"({"type":"error","time":1767225602,"data":"x"},{"type":"odd","time":1767225602},7,{"type":"receive","time":1767225601.25,"opcode":9,"data":"%"}])";
  const std::string simple = head + list + "}";
  const std::string wanted =
      "0 send 1 2026-01-01T00:00:00.500Z a\n\u00e9  \n1 receive 9 2026-01-01T00:00:01.250Z %  \n2 receive 2 "
      "2026-01-01T00:00:02.000Z \x01\x02  \n";
  // An element without a time, the 7, is no simple one; without it the text is read where it stands.
  std::string plain = simple;
  plain.erase(plain.find("7,"), 2);
  CHECK(messages("true", simple) == wanted);
  CHECK(messages("true", plain) == wanted);
  std::string forced = plain;
  forced.insert(forced.size() - 1, R"(,"_recordingEvents":[])");  // by way of the exchange
  CHECK(messages("true", forced) == wanted);
  auto exchange = to_exchange(*stream::parse_json(plain), {"1", {}, {}, {}, nullptr, ""});
  REQUIRE(exchange);
  CHECK(messages("true", plain, &*exchange) == wanted);

  // Milliseconds, as Playwright has them.
  const std::string millis = head + R"("_webSocketMessages":[{"type":"send","time":1767225600500,"opcode":1,"data":"x"}]})";
  CHECK(messages("true", millis) == "0 send 1 2026-01-01T00:00:00.500Z x  \n");
  CHECK(holds("any(ws, m.after == 500ms)", millis));

  CHECK(holds("ws.count == 3 && ws.sent == 1 && ws.received == 2 && ws.bytes == 7", plain));
  CHECK(holds("any(ws, m.opcode == 2 && m.size == 2) && !all(ws, m.dir == \"send\") && count(ws, m.index > 0) == 2", plain));
  CHECK(messages("m.dir == \"send\" && host == \"a\"", plain).starts_with("0 send"));
  CHECK(messages("m.opcode == 1 && any(ws, m.opcode == 9)", plain).starts_with("0 send"));
  CHECK(holds("m.opcode == 2", Entry(plain), Scope::message));
  CHECK_FALSE(holds("m.opcode == 3", Entry(plain), Scope::message));
}

TEST_CASE("events of a stream are messages") {
  const std::string entry =
      R"({"startedDateTime":"2026-01-01T00:00:00Z","time":100,"request":{"url":"http://a/"},"response":{"status":200,"content":{"mimeType":"text/event-stream","text":"event: e\nid: 1\ndata: {\"k\":1}\n\ndata: b\n\n"}},"timings":{"wait":40,"receive":60}})";
  CHECK(messages("true", entry) ==
        "0 receive 0 2026-01-01T00:00:00.100Z {\"k\":1} e 1\n1 receive 0 2026-01-01T00:00:00.100Z b message 1\n");
  CHECK(holds("sse.count == 2 && any(sse, m.event == \"e\" && m.data:/k == 1 && m.opcode == null) && !has(ws)", entry));
  CHECK(messages("m.id == \"1\" && m.event == \"message\"", entry).starts_with("1 "));
}

TEST_CASE("pages say their titles") {
  LogInfo info;
  info.log.push_back({"pages", *stream::parse_json(R"([{"id":"o","title":"O"},{"id":"p","title":"P"}])")});
  Entry entry(kEntry);
  entry.info = &info;
  CHECK(holds("page.title == \"P\"", entry));
}

TEST_CASE("types are found by what the entry says") {
  const auto type = [](const std::string& mime) { return R"({"response":{"content":{"mimeType":")" + mime + "\"}}}"; };
  for (const auto& [mime, is] : std::vector<std::pair<std::string, std::string>>{{"text/html;a=b", "document"},
                                                                                 {"TEXT/CSS", "stylesheet"},
                                                                                 {"application/x-javascript", "script"},
                                                                                 {"image/svg+xml", "image"},
                                                                                 {"font/woff2", "font"},
                                                                                 {"application/font-woff", "font"},
                                                                                 {"video/mp4", "media"},
                                                                                 {"application/ld+json", "xhr"},
                                                                                 {"text/event-stream", "eventsource"},
                                                                                 {"application/pdf", "other"},
                                                                                 {"", "other"}}) {
    CAPTURE(mime);
    CHECK(holds("type == \"" + is + "\"", type(mime)));
  }
  CHECK(holds("type == \"fetch\"", R"({"_resourceType":"Fetch"})"));
  CHECK(holds("type == \"websocket\"", R"({"response":{"status":101}})"));
}

TEST_CASE("bodies are dropped, and every other byte stays") {
  CHECK(without_bodies(R"({"response": {"content": {"size": 5, "text": "abc", "mimeType": "x"}}})") ==
        R"({"response": {"content": {"size": 5, "mimeType": "x"}}})");
  CHECK(without_bodies(R"({"response":{"content":{"text":"YQ==","encoding":"base64"}}})") == R"({"response":{"content":{}}})");
  CHECK(without_bodies(R"({"response":{"content":{ "text":"a", "size":1 , "encoding":"base64" } }})") ==
        R"({"response":{"content":{ "size":1 } }})");
  CHECK(without_bodies(R"({"request":{"postData":{"mimeType":"m","params":[],"text":"b"}},"response":{"content":{"size":0}}})") ==
        R"({"request":{"postData":{"mimeType":"m"}},"response":{"content":{"size":0}}})");
  CHECK(without_bodies(R"({"_webSocketMessages":[{"type":"send","data":"x","opcode":1},{"data":""},7]})") ==
        R"({"_webSocketMessages":[{"type":"send","opcode":1},{},7]})");
  CHECK(without_bodies(R"({"response":{"content":{"size":0}}})") == "unchanged");
  CHECK(without_bodies(R"({"response":{"content":{"text":"a"}}})", {false, true, true}) == "unchanged");
  CHECK(without_bodies(R"({"response":{"content":{"text":"a","text":"b","n":1}}})") == R"({"response":{"content":{"n":1}}})");
  for (std::size_t cut = 0; cut < kEntry.size(); ++cut) (void)without_bodies(kEntry.substr(0, cut));
}
