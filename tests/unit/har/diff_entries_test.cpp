#include <catch2/catch.hpp>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <vector>

#include "har/diff/diff.hpp"
#include "stream/text/json.hpp"

using namespace har::diff;
using stream::Json;
using stream::ValueChange;

namespace {

const char* const kEntry = R"({"startedDateTime":"2026-11-22T09:00:00.000Z","time":50.5,"pageref":"page_1","connection":"443",
  "serverIPAddress":"203.0.113.7","comment":"a note",
  "request":{"method":"POST","url":"https://api.example.com/items/7?page=2&tag=a&tag=b","httpVersion":"http/2.0",
    "headers":[{"name":"Accept","value":"*/*"},{"name":"X-Build","value":"17"},{"name":"Cookie","value":"theme=dark"}],
    "cookies":[{"name":"theme","value":"dark"}],
    "queryString":[{"name":"page","value":"2"},{"name":"tag","value":"a"},{"name":"tag","value":"b"}],
    "postData":{"mimeType":"application/json","text":"{\"user\":{\"id\":9007199254740993,\"name\":\"Ada\"},\"items\":[1,2,3]}"},
    "headersSize":100,"bodySize":60},
  "response":{"status":200,"statusText":"OK","httpVersion":"http/2.0",
    "headers":[{"name":"content-type","value":"application/json"},{"name":"Date","value":"Tue, 05 Nov 2024 10:00:00 GMT"},
      {"name":"X-Version","value":"1"},{"name":"Set-Cookie","value":"lang=de; Path=/; HttpOnly"}],
    "cookies":[{"name":"lang","value":"de","path":"/","httpOnly":true}],
    "content":{"size":60,"mimeType":"application/json","text":"{\"ok\":true,\"list\":[{\"id\":1},{\"id\":2}],\"price\":1.10}"},
    "redirectURL":"","headersSize":-1,"bodySize":60,"_transferSize":160},
  "cache":{},"timings":{"blocked":1,"dns":-1,"connect":-1,"send":0.5,"wait":40,"receive":9,"ssl":-1},"_resourceType":"fetch"})";

std::string replaced(std::string text, const std::string& what, const std::string& with) {
  const std::size_t at = text.find(what);
  REQUIRE(at != std::string::npos);
  return text.replace(at, what.size(), with);
}

DiffOptions standard() {
  DiffOptions options;
  REQUIRE(add_profile(options));
  return options;
}

EntryDifferences compared(const std::string& expected, const std::string& actual, const DiffOptions& options) {
  EntryComparer comparer(options);
  return comparer.compare(expected, actual);
}

std::vector<std::string> places(const EntryDifferences& differences) {
  std::vector<std::string> out;
  for (const FieldDifference& each : differences.differences)
    out.push_back(each.place + " " + std::string(to_string(each.change)));
  return out;
}

void rule(DiffOptions& options, std::string_view place, stream::NoiseAction action, const std::string& match = "",
          const std::string& replace = "") {
  auto made = rule_at(place);
  REQUIRE(made);
  made->action = action;
  made->match = match;
  made->replace = replace;
  REQUIRE(options.values.noise.add(std::move(*made)));
}

}  // namespace

TEST_CASE("a difference planted in any field of an entry is found there and nowhere else") {
  struct Planted {
    const char* what;
    const char* with;
    const char* place;
    const char* expected_pointer;
  };
  const Planted all[] = {
      {R"("method":"POST")", R"("method":"PUT")", "method changed", "/request/method"},
      {"api.example.com/items/7?", "api.example.com/items/8?", "url changed", "/request/url"},
      {R"(https://api.example.com/items/7?page=2)", R"(https://api.example.com/items/7?page=3)", "query.page changed",
       "/request/url"},
      {"tag=a&tag=b", "tag=a&tag=c", "query.tag changed", "/request/url"},
      {R"({"name":"page","value":"2"})", R"({"name":"page","value":"4"})", "query.page changed", "/request/queryString/0/value"},
      {R"("httpVersion":"http/2.0",
    "headers":[{"name":"Accept")",
       R"("httpVersion":"HTTP/1.1",
    "headers":[{"name":"Accept")",
       "request.http-version changed", "/request/httpVersion"},
      {R"("value":"*/*")", R"("value":"text/html")", "request.header.accept changed", "/request/headers/0/value"},
      {R"({"name":"X-Build","value":"17"},)", "", "request.header.x-build missing", "/request/headers/1/value"},
      {R"({"name":"Cookie","value":"theme=dark"})", R"({"name":"Cookie","value":"theme=light"})", "request.cookie.theme changed",
       "/request/headers/2/value"},
      {R"({"name":"theme","value":"dark"})", R"({"name":"theme","value":"light"})", "request.cookie.theme changed",
       "/request/cookies/0"},
      {R"("mimeType":"application/json","text":"{\"user)", R"("mimeType":"text/plain","text":"{\"user)",
       "request.content-type changed", "/request/postData/mimeType"},
      {"9007199254740993", "9007199254740992", "request.body/user/id changed", "/request/postData/text"},
      {R"(\"items\":[1,2,3])", R"(\"items\":[1,3])", "request.body/items/1 missing", "/request/postData/text"},
      {R"("status":200)", R"("status":201)", "status changed", "/response/status"},
      {R"("statusText":"OK")", R"("statusText":"Fine")", "status-text changed", "/response/statusText"},
      {R"({"name":"X-Version","value":"1"})", R"({"name":"X-Version","value":"2"})", "response.header.x-version changed",
       "/response/headers/2/value"},
      {R"("name":"content-type","value":"application/json")", R"("name":"content-type","value":"text/html")",
       "response.header.content-type changed", "/response/headers/0/value"},
      {"lang=de; Path=/", "lang=en; Path=/", "response.cookie.lang changed", "/response/headers/3/value"},
      {"lang=de; Path=/; HttpOnly", "lang=de; Path=/", "response.cookie.lang changed", "/response/headers/3/value"},
      {R"("name":"lang","value":"de")", R"("name":"lang","value":"en")", "response.cookie.lang changed", "/response/cookies/0"},
      {R"("size":60,"mimeType":"application/json")", R"("size":60,"mimeType":"text/html")", "response.content-type changed",
       "/response/content/mimeType"},
      {R"(\"ok\":true)", R"(\"ok\":false)", "response.body/ok changed", "/response/content/text"},
      {R"({\"id\":2})", R"({\"id\":3})", "response.body/list/1/id changed", "/response/content/text"},
      {R"("redirectURL":"")", R"("redirectURL":"/login")", "redirect-url changed", "/response/redirectURL"},
      {R"("comment":"a note")", R"("comment":"another")", "comment changed", "/comment"},
      {R"("_resourceType":"fetch")", R"("_resourceType":"fetch","_error":"net::ERR_FAILED")", "ending extra", ""},
  };
  const DiffOptions options = standard();
  for (const Planted& each : all) {
    INFO(each.what << " -> " << each.with);
    const auto found = compared(kEntry, replaced(kEntry, each.what, each.with), options);
    CHECK(places(found) == std::vector<std::string>{each.place});
    if (found.differences.size() == 1) CHECK(found.differences[0].expected_pointer == each.expected_pointer);
  }
}

TEST_CASE("what is another each time is hidden, and --exact shows it") {
  struct Planted {
    const char* what;
    const char* with;
    const char* place;
  };
  const Planted all[] = {
      {"2026-11-22T09", "2026-11-23T09", "start changed"},
      {R"("time":50.5)", R"("time":51.5)", "time changed"},
      {R"("wait":40)", R"("wait":41)", "timing.wait changed"},
      {R"("pageref":"page_1")", R"("pageref":"page_2")", "page changed"},
      {R"("connection":"443")", R"("connection":"444")", "connection changed"},
      {"203.0.113.7", "203.0.113.8", "server-ip changed"},
      {R"("cache":{})", R"("cache":{"comment":"hit"})", "cache changed"},
      {R"("_transferSize":160)", R"("_transferSize":170)", "custom._transferSize changed"},
      {R"("_resourceType":"fetch")", R"("_resourceType":"xhr")", "custom._resourceType changed"},
      {R"("headersSize":100)", R"("headersSize":101)", "request.size.headersSize changed"},
      {R"("size":60,)", R"("size":61,)", "response.size.size changed"},
      {"10:00:00 GMT", "10:00:01 GMT", "response.header.date changed"},
  };
  const DiffOptions hidden = standard();
  DiffOptions exact;
  exact.profile = Profile::exact;
  REQUIRE(add_profile(exact));
  for (const Planted& each : all) {
    INFO(each.what << " -> " << each.with);
    const std::string actual = replaced(kEntry, each.what, each.with);
    CHECK(places(compared(kEntry, actual, hidden)).empty());
    CHECK(places(compared(kEntry, actual, exact)) == std::vector<std::string>{each.place});
  }
}

TEST_CASE("the order and the case of headers count with --exact only") {
  const std::string actual = replaced(kEntry, R"({"name":"Accept","value":"*/*"},{"name":"X-Build","value":"17"})",
                                      R"({"name":"x-build","value":"17"},{"name":"accept","value":"*/*"})");
  CHECK(places(compared(kEntry, actual, standard())).empty());
  DiffOptions exact;
  exact.profile = Profile::exact;
  REQUIRE(add_profile(exact));
  CHECK(places(compared(kEntry, actual, exact)) == std::vector<std::string>{"request.header moved"});
}

TEST_CASE("an entry is equal to itself, and differences are the same both ways") {
  const DiffOptions options = standard();
  CHECK(compared(kEntry, kEntry, options).equal());
  const std::string other = replaced(replaced(kEntry, R"("status":200)", R"("status":404)"), R"(\"id\":2)", R"(\"id\":5)");
  const auto there = compared(kEntry, other, options);
  const auto back = compared(other, kEntry, options);
  REQUIRE(there.differences.size() == 2);
  REQUIRE(back.differences.size() == 2);
  for (std::size_t i = 0; i < 2; ++i) {
    CHECK(there.differences[i].place == back.differences[i].place);
    CHECK(there.differences[i].expected.text == back.differences[i].actual.text);
  }
}

TEST_CASE("JSON is compared by its values: 1.10 is 1.1, and the order of members does not count") {
  const std::string actual = replaced(kEntry, R"({\"ok\":true,\"list\":[{\"id\":1},{\"id\":2}],\"price\":1.10})",
                                      R"({ \"price\":1.1,\"list\":[{\"id\":1.0},{\"id\":2}],\"ok\":true})");
  CHECK(places(compared(kEntry, actual, standard())).empty());
}

TEST_CASE("a rule hides a difference at its place and nowhere else") {
  const std::string actual =
      replaced(replaced(kEntry, R"("value":"17")", R"("value":"18")"), R"(\"ok\":true)", R"(\"ok\":false)");
  DiffOptions options;
  rule(options, "header.x-build", stream::NoiseAction::ignore);
  REQUIRE(add_profile(options));
  CHECK(places(compared(kEntry, actual, options)) == std::vector<std::string>{"response.body/ok changed"});

  DiffOptions body;
  rule(body, "response.body/ok", stream::NoiseAction::ignore);
  REQUIRE(add_profile(body));
  CHECK(places(compared(kEntry, actual, body)) == std::vector<std::string>{"request.header.x-build changed"});

  DiffOptions wrong_half;
  rule(wrong_half, "request.body/ok", stream::NoiseAction::ignore);
  rule(wrong_half, "response.header.x-build", stream::NoiseAction::ignore);
  REQUIRE(add_profile(wrong_half));
  CHECK(places(compared(kEntry, actual, wrong_half)).size() == 2);

  DiffOptions masked;
  rule(masked, "header.x-build", stream::NoiseAction::mask, "[0-9]+", "N");
  rule(masked, "/**/ok", stream::NoiseAction::type);
  REQUIRE(add_profile(masked));
  CHECK(places(compared(kEntry, actual, masked)).empty());
}

TEST_CASE("--only compares its places and nothing else") {
  const std::string actual =
      replaced(replaced(kEntry, R"("status":200)", R"("status":404)"), R"(\"ok\":true)", R"(\"ok\":false)");
  for (const auto& [place, wanted] : std::map<std::string, std::string>{{"status", "status changed"},
                                                                        {"body", "response.body/ok changed"},
                                                                        {"response.body/ok", "response.body/ok changed"}}) {
    DiffOptions options = standard();
    auto only = rule_at(place);
    REQUIRE(only);
    options.only.push_back(*only);
    INFO(place);
    CHECK(places(compared(kEntry, actual, options)) == std::vector<std::string>{wanted});
  }
  DiffOptions options = standard();
  options.only.push_back(*rule_at("body/list"));
  CHECK(compared(kEntry, actual, options).equal());
}

TEST_CASE("a place that names nothing is refused, with the near name") {
  const auto rule = rule_at("heder.date");
  REQUIRE_FALSE(rule);
  CHECK(rule.error().message == "'heder.date' names no place of an entry");
  CHECK(rule.error().hint == "did you mean header?");
  CHECK_FALSE(rule_at("request.status"));
  CHECK_FALSE(rule_at("status.x"));
  CHECK(rule_at("@header/date")->path == "@header/date");
  CHECK(rule_at("Response.Header.Date")->path == "@header/Date");
  CHECK(rule_at("/**/id")->path == "/**/id");
}

TEST_CASE("text is compared by lines, and bytes by their first difference") {
  const auto with_body = [](const std::string& type, const std::string& text, const std::string& more = "") {
    return R"({"request":{"method":"GET","url":"http://a/"},"response":{"status":200,"headers":[],"content":{"mimeType":")" +
           type + R"(","text":")" + text + "\"" + more + "}}}";
  };
  const auto lines =
      compared(with_body("text/plain", "one\\ntwo\\nthree\\n"), with_body("text/plain", "one\\n2\\nthree\\nfour\\n"), standard());
  REQUIRE(lines.differences.size() == 2);
  CHECK(lines.differences[0].expected_line == 2);
  CHECK(lines.differences[0].expected.text == "two");
  CHECK(lines.differences[0].actual.text == "2");
  CHECK(lines.differences[1].change == ValueChange::extra);
  CHECK(lines.differences[1].actual_line == 4);

  const auto bytes = compared(with_body("image/png", "AAECAw==", R"(,"encoding":"base64")"),
                              with_body("image/png", "AAEEAw==", R"(,"encoding":"base64")"), standard());
  REQUIRE(bytes.differences.size() == 1);
  CHECK(bytes.differences[0].expected.form == stream::ShownValue::Form::bytes);
  CHECK(bytes.differences[0].offset == 2);

  // Text and base64 are two ways to write the same bytes.
  CHECK(compared(with_body("text/plain", "hello"), with_body("text/plain", "aGVsbG8=", R"(,"encoding":"base64")"), standard())
            .equal());
  const auto no_json = compared(with_body("application/json", "{broken"), with_body("application/json", "{broke"), standard());
  REQUIRE(no_json.differences.size() == 1);
  CHECK(no_json.differences[0].expected.text == "{broken");
}

TEST_CASE("forms are compared field by field") {
  const auto posted = [](const std::string& type, const std::string& text) {
    return R"({"request":{"method":"POST","url":"http://a/","postData":{"mimeType":")" + type + R"(","text":")" + text +
           R"("}},"response":{"status":200}})";
  };
  const std::string form = "application/x-www-form-urlencoded";
  CHECK(compared(posted(form, "a=1&b=x+y"), posted(form, "b=x%20y&a=1"), standard()).equal());
  CHECK(places(compared(posted(form, "a=1&b=2"), posted(form, "a=1&b=3&c=4"), standard())) ==
        std::vector<std::string>{"request.body/b changed", "request.body/c extra"});
  const auto part = [](const std::string& boundary, const std::string& value) {
    return "--" + boundary + R"(\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n)" + value + R"(\r\n--)" + boundary +
           R"(--\r\n)";
  };
  CHECK(compared(posted("multipart/form-data; boundary=x1", part("x1", "1")),
                 posted("multipart/form-data; boundary=x2", part("x2", "1")), standard())
            .total <= 1);  // the type names the boundary
  CHECK(places(compared(posted("multipart/form-data; boundary=x1", part("x1", "1")),
                        posted("multipart/form-data; boundary=x1", part("x1", "2")), standard())) ==
        std::vector<std::string>{"request.body/a changed"});
}

TEST_CASE("a WebSocket message that differs is found at its place, whatever the times") {
  const auto entry = [](double time, const std::string& second) {
    std::string messages;
    int i = 0;
    for (const std::string& data : {std::string("hello"), second, std::string("{\\\"n\\\":3}")}) {
      if (i != 0) messages += ',';
      messages += std::string(R"({"type":")") + (i % 2 == 0 ? "send" : "receive") + R"(","time":)" + std::to_string(time + i) +
                  R"(,"opcode":1,"data":")" + data + "\"}";
      ++i;
    }
    return R"({"startedDateTime":"2026-11-22T09:00:00.000Z","request":{"method":"GET","url":"wss://a/","headers":[]},)"
           R"("response":{"status":101,"headers":[],"content":{"mimeType":"x-unknown"}},"_webSocketMessages":[)" +
           messages + "]}";
  };
  const DiffOptions options = standard();
  CHECK(compared(entry(1763802000, "{\\\"a\\\":1}"), entry(1763802100, "{\\\"a\\\":1}"), options).equal());
  const auto found = compared(entry(1763802000, "{\\\"a\\\":1}"), entry(1763802000, "{\\\"a\\\":2}"), options);
  REQUIRE(places(found) == std::vector<std::string>{"message/a changed"});
  CHECK(found.differences[0].expected_pointer == "/_webSocketMessages/1");
  CHECK(found.differences[0].item->expected.direction == stream::Direction::receive);

  DiffOptions ignored;
  rule(ignored, "message/a", stream::NoiseAction::ignore);
  REQUIRE(add_profile(ignored));
  CHECK(compared(entry(1763802000, "{\\\"a\\\":1}"), entry(1763802000, "{\\\"a\\\":2}"), ignored).equal());
}

TEST_CASE("an event of a stream that differs is found at its place") {
  const auto entry = [](const std::string& data) {
    return R"({"request":{"method":"GET","url":"http://a/"},"response":{"status":200,"headers":[],"content":{"mimeType":"text/event-stream","text":"id: 1\ndata: {\"n\":1}\n\n)" +
           data + R"(\n\nevent: end\ndata: bye\n\n"}}})";
  };
  const auto found = compared(entry("id: 2\\ndata: {\\\"n\\\":2}"), entry("id: 2\\ndata: {\\\"n\\\":5}"), standard());
  REQUIRE(places(found) == std::vector<std::string>{"event/n changed"});
  CHECK(found.differences[0].item->expected.number == 2);
  CHECK(places(compared(entry("id: 2\\ndata: {\\\"n\\\":2}"), entry("id: 3\\ndata: {\\\"n\\\":2}"), standard())) ==
        std::vector<std::string>{"event.id changed"});
}

TEST_CASE("a host map makes hosts of two environments the same, and only as mapped") {
  DiffOptions options = standard();
  REQUIRE(options.hosts.add("api.example.com=staging.example.com"));
  CHECK(compared(kEntry, replaced(kEntry, "api.example.com", "staging.example.com"), options).equal());
  CHECK(places(compared(kEntry, kEntry, options)) == std::vector<std::string>{"url changed"});
}

TEST_CASE("arrays may be compared as sets or by a key") {
  const std::string swapped = replaced(kEntry, R"([{\"id\":1},{\"id\":2}])", R"([{\"id\":2},{\"id\":1}])");
  CHECK_FALSE(compared(kEntry, swapped, standard()).equal());
  DiffOptions set;
  rule(set, "body/list", stream::NoiseAction::set);
  REQUIRE(add_profile(set));
  CHECK(compared(kEntry, swapped, set).equal());

  DiffOptions key;
  auto by = rule_at("body/list");
  by->action = stream::NoiseAction::key;
  by->by = "id";
  REQUIRE(key.values.noise.add(*by));
  REQUIRE(add_profile(key));
  CHECK(places(compared(kEntry, replaced(kEntry, R"([{\"id\":1},{\"id\":2}])", R"([{\"id\":2,\"x\":1},{\"id\":1},{\"id\":3}])"),
                        key)) == std::vector<std::string>{"response.body/list/0/x extra", "response.body/list/2 extra"});
}

TEST_CASE("tokens of cookies and parameters that keep caches away may differ, other values may not") {
  const auto entry = [](const std::string& cookie, const std::string& query) {
    return R"({"request":{"method":"GET","url":"http://a/x?)" + query + R"(","headers":[{"name":"cookie","value":"sid=)" +
           cookie + R"("}]},"response":{"status":200}})";
  };
  const DiffOptions options = standard();
  CHECK(compared(entry("a81bc81b-dead-4e5d-abff-90865d1e13b1", "_=1700000000001"),
                 entry("00000000-0000-4000-8000-0000000000a1", "_=1700000000002"), options)
            .equal());
  CHECK(places(compared(entry("dark", "_=1700000000001"), entry("light", "_=x"), options)) ==
        std::vector<std::string>{"query._ changed", "request.cookie.sid changed"});
}

TEST_CASE("a nonce of a content security policy is another each time, the policy is not") {
  const auto entry = [](const std::string& policy) {
    return R"({"request":{"method":"GET","url":"http://a/"},"response":{"status":200,"headers":[{"name":"Content-Security-Policy","value":")" +
           policy + R"("}]}})";
  };
  CHECK(compared(entry("script-src 'nonce-abc' a"), entry("script-src 'nonce-xyz' a"), standard()).equal());
  CHECK(compared(entry("script-src 'nonce-abc' a"), entry("script-src 'nonce-xyz' b"), standard()).total == 1);
}

TEST_CASE("thresholds say when times are too long") {
  const auto relative = parse_threshold("wait>+20%");
  REQUIRE(relative);
  CHECK(relative->relative);
  CHECK(relative->percent == 20);
  const auto statistic = parse_threshold("p95(wait) > 500ms");
  REQUIRE(statistic);
  CHECK(statistic->percentile == 95);
  CHECK(statistic->limit_ms == 500);
  for (const std::string_view wrong :
       {"wait", "wiat>1s", "wait>20%", "wait>=1s", "wait>5", "p101(wait)>1s", "wait>", "med(wait)>1s"}) {
    INFO(wrong);
    CHECK_FALSE(parse_threshold(wrong));
  }
  CHECK(parse_threshold("wiat>1s").error().hint == "did you mean wait?");
}

TEST_CASE("the document lists what the standard profile hides, as the program has it") {
  std::ifstream file(std::string(HARTAPE_SOURCE_DIR) + "/docs/hardiff.md");
  const std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  std::size_t at = text.find("## What is hidden");
  for (const VolatileField& field : volatile_fields()) {
    const std::string row = "\n| `" + std::string(field.place) + "` | " + std::string(field.why) + " |";
    INFO(row);
    CHECK(text.find(row, at) != std::string::npos);
    CHECK(rule_at(field.place));
  }
}
