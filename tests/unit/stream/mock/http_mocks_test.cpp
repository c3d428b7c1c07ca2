#include <filesystem>

#include "../io/scratch.hpp"
#include "mocks.hpp"

using namespace mocks;

namespace {

std::string one(std::string_view request, std::string_view response) {
  return R"({"mocks": [{"request": )" + std::string(request) + R"(, "response": )" + std::string(response) + "}]}";
}

/// Mocks of requests, each of which is answered with its number.
HttpMocks numbered(std::initializer_list<std::string_view> requests, PlayOptions options = {}) {
  std::string text;
  for (const std::string_view& request : requests) {
    text += text.empty() ? "{\"mocks\": [" : ", ";
    text += R"({"request": )" + std::string(request) + R"(, "response": {"body": "M)" +
            std::to_string(1 + static_cast<std::size_t>(&request - requests.begin())) + R"("}})";
  }
  return http(text + "]}", std::move(options));
}

std::shared_ptr<const stream::replay::Answer> full(HttpMocks& mocks, const Request& request) {
  auto match = mocks.match(request);
  INFO((match ? "" : to_string(match.error())));
  REQUIRE(match);
  return match->answer;
}

}  // namespace

TEST_CASE("method and URL are matched by case, a URL with wildcards as a whole") {
  struct Case {
    std::string_view request, method, url;
    bool fits;
  };
  const Case cases[] = {
      {R"({"url": "https://api.x/a"})", "GET", "https://api.x/a", true},
      {R"({"url": "https://api.x/a"})", "GET", "https://api.x/A", false},
      {R"({"url": "https://api.x/a"})", "GET", "https://api.x/a?q", false},
      {R"({"url": "https://api.x/a"})", "POST", "https://api.x/a", false},
      {R"({"url": "https://api.x/a", "method": "POST"})", "POST", "https://api.x/a", true},
      {R"({"url": "https://api.x/a", "method": "post"})", "POST", "https://api.x/a", false},
      {R"({"url": "https://api.x/*"})", "GET", "https://api.x/a/b?c", true},
      {R"({"url": "https://api.x/*"})", "GET", "https://api.x/", true},
      {R"({"url": "https://api.x/*"})", "GET", "https://API.x/", false},
      {R"({"url": "https://api.x/*"})", "GET", "xhttps://api.x/", false},
      {R"({"url": "https://*.x/a*b"})", "GET", "https://q.x/a/b", true},
      {R"({"url": "https://*.x/a*b"})", "GET", "https://q.x/a/c", false},
      {R"({"url": "https://api.x/a.b?c*"})", "GET", "https://api.x/aXb?c", false},
      {R"({"url": "https://api.x/a.b?c*"})", "GET", "https://api.x/a.b?cd", true},
      {R"({"url": "*"})", "GET", "anything", true},
      {R"({"url": "http://x/*"})", "GET", "http://x/\xff", true},
      {R"({"url": "http://x/*"})", "GET", "http://x/a\nb", false},
  };
  for (const Case& each : cases) {
    auto mocks = http(one(each.request, R"({"body": "yes"})"));
    INFO(each.request << ' ' << each.method << ' ' << each.url);
    CHECK(answer(mocks, each.method, each.url) == (each.fits ? "yes" : "-"));
  }
}

TEST_CASE("the body of a request is matched by one criterion, and not at all for GET") {
  struct Case {
    std::string_view criteria, body;
    bool fits;
  };
  const Case cases[] = {
      {R"("bodyFragment": "PING")", R"({"op":"ping"})", true},
      {R"("bodyFragment": "ÄÖ")", "xäöx", true},
      {R"("bodyFragment": "a.c")", "abc", false},
      {R"("bodyFragment": "x")", "", false},
      {R"("bodyFragment": "")", "", false},
      {R"("bodyFragment": "")", "x", true},
      {R"("bodyFragment": "\ud800")", "x", false},
      {R"("bodyJson": {"a":1,"b":[1,2]})", R"({ "b":[1,2], "a":1 })", true},
      {R"("bodyJson": {"a":1,"b":[1,2]})", R"({"a":1,"b":[2,1]})", false},
      {R"("bodyJson": {"a":1,"b":[1,2]})", R"({"a":1})", false},
      {R"("bodyJson": {"a":1})", R"({"a":1,"b":2})", false},
      {R"("bodyJson": {"a":1})", R"({"a":10e-1})", true},
      {R"("bodyJson": {"a":9007199254740993})", R"({"a":9007199254740992})", false},
      {R"("bodyJson": {"a":1})", R"({"a":2,"a":1})", true},
      {R"("bodyJson": {"a":1})", "not json", false},
      {R"("bodyJson": false)", "false", true},
      {R"("bodyRegex": "^sub:(\\w+)$")", "sub:a", true},
      {R"("bodyRegex": "b")", "abc", true},
      {R"("bodyRegex": "B")", "abc", false},
      {R"("bodyRegex": "(?<year>\\d{4})[(?<x]")", "2026(", true},
      {R"("bodyJson": {"a":1}, "bodyFragment": "ping")", "ping", false},
      {R"("bodyRegex": "^x", "bodyFragment": "ping")", "ping", false},
  };
  for (const Case& each : cases) {
    auto mocks = http(one(R"({"url": "*", "method": "PUT", )" + std::string(each.criteria) + "}", R"({"body": "yes"})"));
    INFO(each.criteria << ' ' << each.body);
    CHECK(answer(mocks, "PUT", "u", each.body) == (each.fits ? "yes" : "-"));
    auto get = http(one(R"({"url": "*", )" + std::string(each.criteria) + "}", R"({"body": "yes"})"));
    CHECK(answer(get, "GET", "u", each.body) == "yes");
  }
}

TEST_CASE("headers of a request are matched by name in any case and by value, with wildcards") {
  auto mocks =
      http(one(R"({"url": "*", "headers": [{"name": "accept", "value": "text/*"}, {"name": "X-A"}]})", R"({"body": "yes"})"));
  CHECK(answer(mocks, "GET", "u", "", {{"Accept", "text/html"}, {"x-a", ""}}) == "yes");
  CHECK(answer(mocks, "GET", "u", "", {{"Accept", "a/b"}, {"accept", "text/x"}, {"x-a", "1"}}) == "yes");
  CHECK(answer(mocks, "GET", "u", "", {{"Accept", "Text/html"}, {"x-a", ""}}) == "-");
  CHECK(answer(mocks, "GET", "u", "", {{"Accept", "text/html"}}) == "-");
  CHECK(mocks.match({"GET", "u", nullptr, ""})->answer == nullptr);
}

TEST_CASE("nth is the nth request that the rest of the mock fits, whoever answered") {
  auto mocks = numbered({R"({"url": "U", "nth": 1})", R"({"url": "U", "nth": 2})", R"({"url": "U"})"});
  CHECK(answer(mocks, "GET", "U") == "M1");
  CHECK(answer(mocks, "GET", "U") == "M2");
  CHECK(answer(mocks, "GET", "U") == "M3");
  CHECK(answer(mocks, "GET", "U") == "M3");

  auto methods =
      numbered({R"({"url": "U", "nth": 1})", R"({"url": "U", "method": "PUT", "nth": 1})", R"({"url": "U", "method": "PUT"})"});
  CHECK(answer(methods, "GET", "U") == "M1");
  CHECK(answer(methods, "PUT", "U") == "M2");
  CHECK(answer(methods, "PUT", "U") == "M3");
  CHECK(answer(methods, "GET", "U") == "-");

  auto every = numbered({R"({"url": "*", "every": 3})", R"({"url": "*"})"});
  std::string all;
  for (int i = 0; i < 7; ++i) all += answer(every, "GET", "U");
  CHECK(all == "M2M2M1M2M2M1M2");
}

TEST_CASE("with devproxy nth counts what was answered for the same URL text, and texts have their quotes") {
  PlayOptions options;
  options.devproxy = true;
  auto mocks = numbered({R"({"url": "U", "nth": 1})", R"({"url": "U", "nth": 2})", R"({"url": "U"})"}, options);
  CHECK(answer(mocks, "GET", "U") == "\"M1\"");
  CHECK(answer(mocks, "GET", "U") == "\"M2\"");
  CHECK(answer(mocks, "GET", "U") == "\"M3\"");
  auto methods = numbered(
      {R"({"url": "U", "nth": 1})", R"({"url": "U", "method": "PUT", "nth": 1})", R"({"url": "U", "method": "PUT"})"}, options);
  CHECK(answer(methods, "GET", "U") == "\"M1\"");
  CHECK(answer(methods, "PUT", "U") == "\"M3\"");
}

TEST_CASE("a server that stands in for another looks at path and query alone, where it is not asked as a proxy is") {
  auto mocks = numbered({R"({"url": "https://api.x/a"})", R"({"url": "https://*.y/b/*"})", R"({"url": "https://z"})",
                         R"({"url": "http://q?x"})", R"({"url": "https://w*end"})"});
  const auto any = [&](std::string_view url) { return answer(mocks, "GET", url, {}, {}, true); };
  CHECK(any("http://127.0.0.1:8080/a") == "M1");
  CHECK(any("http://127.0.0.1:8080/b/c") == "M2");
  CHECK(any("http://127.0.0.1:8080/") == "M3");
  CHECK(any("/?x") == "M4");
  CHECK(any("http://127.0.0.1:8080/the/end") == "M5");
  CHECK(any("http://127.0.0.1:8080/c") == "-");
  CHECK(answer(mocks, "GET", "http://127.0.0.1:8080/a") == "-");
  CHECK(answer(mocks, "GET", "https://api.x/a") == "M1");
  auto stars = http(one(R"({"url": "https://*.y/b/*"})", R"({"template": true, "body": "[{{url.1}}][{{url.2}}]"})"));
  CHECK(answer(stars, "GET", "http://127.0.0.1/b/c", {}, {}, true) == "[][c]");
  CHECK(answer(stars, "GET", "https://a.y/b/c") == "[a][c]");
}

TEST_CASE("an answer has the mock's status and headers in their order, and a type only with a body") {
  struct Case {
    std::string_view response, headers, body;
  };
  const Case cases[] = {
      {R"({})", "", ""},
      {R"({"body": {"a": [1, 2.50, "\u00e9"]}})", "Content-Type: application/json", R"({"a":[1,2.50,"é"]})"},
      {R"({"body": [1]})", "Content-Type: application/json", "[1]"},
      {R"({"body": "text"})", "Content-Type: application/json", "text"},
      {R"({"body": ""})", "Content-Type: application/json", ""},
      {R"({"body": "@@at"})", "Content-Type: application/json", "@at"},
      {R"({"body": "@"})", "Content-Type: application/json", "@"},
      {R"({"bodyBase64": "AQID"})", "Content-Type: application/octet-stream", "\1\2\3"},
      {R"({"headers": [{"name": "content-type", "value": "x/y"}]})", "", ""},
      {R"({"headers": [{"name": "content-type", "value": "x/y"}], "body": "b"})", "content-type: x/y", "b"},
      {R"({"headers": [{"name": "Set-Cookie", "value": "a"}, {"name": "X", "value": "1\r\ny: 2"}, {"name": "set-cookie", "value": "b"}, {"name": "Content-Length", "value": "99"}, {"name": "Connection", "value": "close"}, {"name": "bad name", "value": ""}]})",
       "Set-Cookie: a|X: 1|X: y: 2|set-cookie: b", ""},
      {R"({"statusCode": 204, "body": "no"})", "Content-Type: application/json", ""},
  };
  for (const Case& each : cases) {
    auto mocks = http(one(R"({"url": "*"})", each.response));
    const auto got = full(mocks, {"GET", "u", nullptr, {}});
    INFO(each.response);
    REQUIRE(got != nullptr);
    std::string headers;
    for (const auto& field : got->headers) headers += (headers.empty() ? "" : "|") + field.name + ": " + field.value;
    CHECK(headers == each.headers);
    CHECK(body(got.get()) == each.body);
    CHECK(got->body_size == each.body.size());
    CHECK(got->complete);
    if (got->status != 204) CHECK(got->recorded_length == each.body.size());
  }
}

TEST_CASE("delays count from the arrival of the request, and jitter comes from the seed") {
  auto mocks = http(one(R"({"url": "*"})", R"({"delayMs": 12.5, "body": "x"})"));
  CHECK(steps(full(mocks, {"GET", "u", nullptr, {}}).get()) == "12.5 head 200 | 12.5 data x | 12.5 end");

  const auto heads = [](std::uint64_t seed) {
    PlayOptions options;
    options.seed = seed;
    auto jittered = http(one(R"({"url": "*"})", R"({"delayMs": 10, "jitterMs": 5})"), options);
    std::vector<Nanos> out;
    for (int i = 0; i < 100; ++i) out.push_back(full(jittered, {"GET", "u", nullptr, {}})->steps[0].at);
    return out;
  };
  const auto first = heads(1);
  CHECK(first == heads(1));
  CHECK(first != heads(2));
  for (const Nanos at : first) {
    CHECK(at >= ms(10));
    CHECK(at <= ms(15));
  }
}

TEST_CASE("streamed bodies come piece by piece") {
  auto sse = http(one(R"({"url": "*"})", R"({"delayMs": 5, "sse": [
    {"comment": "hb"}, {"data": "a\nb", "delayMs": 10}, {"event": "add", "id": "7", "data": {"x": 1}, "delayMs": 20},
    {"id": "8"}, {"retry": 5}, {"data": ""}]})"));
  const auto events = full(sse, {"GET", "u", nullptr, {}});
  CHECK(steps(events.get()) ==
        "5 head 200 | 5 data :hb\n\n | 15 data data: a\ndata: b\n\n | 35 data event: add\nid: 7\ndata: {\"x\":1}\n\n | "
        "35 data id: 8\n\n | 35 data retry: 5\n\n | 35 data data:\n\n | 35 end");
  CHECK(find_header(events->headers, "content-type") == "text/event-stream");
  CHECK_FALSE(events->recorded_length);

  auto lines = http(one(R"({"url": "*"})", R"({"ndjson": [{"json": {"a": 1}}, {"json": null, "delayMs": 1}, {"json": "s"}]})"));
  const auto ndjson = full(lines, {"GET", "u", nullptr, {}});
  CHECK(steps(ndjson.get()) == "0 head 200 | 0 data {\"a\":1}\n | 1 data null\n | 1 data \"s\"\n | 1 end");
  CHECK(find_header(ndjson->headers, "content-type") == "application/x-ndjson");

  auto chunks = http(one(R"({"url": "*"})", R"({"chunks": [{"text": "ab"}, {"base64": "/w==", "delayMs": 3}]})"));
  CHECK(steps(full(chunks, {"GET", "u", nullptr, {}}).get()) == "0 head 200 | 0 data ab | 3 data \xff | 3 end");
}

TEST_CASE("a string that begins with @request.body. is that part of the request") {
  const std::string mock = one(
      R"({"url": "*", "method": "POST"})",
      R"({"body": {"a": "@request.body.x.y", "b": ["@REQUEST.BODY.n"], "c": "@request.body.gone", "d": "@request.body.list.0", "e": "-@request.body.x"}})");
  const std::string request = R"({"x": {"y": {"deep": 1.50}}, "n": "s", "list": [1]})";
  const std::string filled = R"({"a":{"deep":1.50},"b":["s"],"c":null,"d":null,"e":"-@request.body.x"})";
  const std::string as_it_is =
      R"({"a":"@request.body.x.y","b":["@REQUEST.BODY.n"],"c":"@request.body.gone","d":"@request.body.list.0","e":"-@request.body.x"})";
  auto mocks = http(mock);
  CHECK(answer(mocks, "POST", "u", request) == filled);
  CHECK(answer(mocks, "POST", "u", request, {{"Content-Type", "application/vnd.api+JSON"}}) == filled);
  CHECK(answer(mocks, "POST", "u", request, {{"content-type", "text/plain"}}) == as_it_is);
  CHECK(answer(mocks, "POST", "u", "") == as_it_is);
  CHECK(answer(mocks, "POST", "u", "no json") == as_it_is);
  auto whole = http(one(R"({"url": "*", "method": "POST"})", R"({"body": "@request.body.x"})"));
  CHECK(answer(whole, "POST", "u", R"({"x": [1]})") == "[1]");
  CHECK(answer(whole, "POST", "u", R"({"x": "t"})") == "t");
}

TEST_CASE("templates are filled with parts of the request, where they are asked for") {
  const auto fill = [](std::string_view text) {
    auto mocks = http(one(R"-({"url": "https://h/*/items/*", "method": "POST", "bodyRegex": "(?<who>\\w+)@(x)"})-",
                          R"({"template": true, "body": ")" + std::string(text) + "\"}"));
    return answer(mocks, "POST", "https://h/a b/items/7?q=1+2&e=%41&q=3#f", R"({"mail": "me@x", "n": [1, {"z": null}]})",
                  {{"X-Id", "9"}});
  };
  CHECK(fill("{{method}} {{path}}") == "POST /a b/items/7");
  CHECK(fill("{{url.1}}|{{ url.2 }}") == "a b|7?q=1+2&e=%41&q=3#f");
  CHECK(fill("{{query.q}}{{query.e}}{{query.none}}") == "1 2A");
  CHECK(fill("{{header.x-id}}{{header.none}}") == "9");
  CHECK(fill("{{body.mail}} {{body.n.0}} {{body.n.1}} {{body.n.9}}") == "me@x 1 {\"z\":null} ");
  CHECK(fill("{{match}} {{match.1}} {{match.who}} {{match.2}}") == "me@x me me x");
  CHECK(fill("{{count}}{{open}}x}}") == "1{{x}}");
  CHECK(fill("{{url}}").find("https://h/") == 0);

  auto json = http(one(
      R"({"url": "*", "method": "POST"})",
      R"({"template": true, "body": {"{{body}}": "{{body.a}}", "t": "<{{body.a}}>", "n": "{{count}}", "no": "{{body.b}}"}})"));
  CHECK(answer(json, "POST", "u", R"({"a": [1, 2]})") == R"({"{{body}}":[1,2],"t":"<[1,2]>","n":1,"no":null})");
  auto plain = http(one(R"({"url": "*"})", R"({"body": "{{url}} {{nonsense}}"})"));
  CHECK(answer(plain, "GET", "u") == "{{url}} {{nonsense}}");
}

TEST_CASE("what a client sends does not become a header of its own, or an event") {
  auto mocks = http(one(
      R"({"url": "*", "method": "POST"})",
      R"({"template": true, "headers": [{"name": "X", "value": "{{body}}"}], "sse": [{"event": "{{body}}", "data": "{{body}}"}]})"));
  const auto got = full(mocks, {"POST", "u", nullptr, "a\r\nY: 1\n\ndata: z"});
  REQUIRE(got->headers.size() == 2);
  CHECK(got->headers[0].value == "a  Y: 1  data: z");
  CHECK(body(got.get()).find("\ndata: z") == std::string::npos);
  CHECK(body(got.get()).find("event: a") == 0);
}

TEST_CASE("a file is sent as it is when the request comes; one that is gone is its name, and one that has left is refused") {
  const Scratch scratch;
  scratch.file("logo.png", "\x89PNG");
  PlayOptions options;
  options.folder = scratch.path("");
  auto mocks = http(one(R"({"url": "*"})", R"({"body": "@logo.png"})"), options);
  CHECK(answer(mocks, "GET", "u") == "\x89PNG");
  scratch.file("logo.png", "newer");
  CHECK(answer(mocks, "GET", "u") == "newer");
  std::filesystem::remove(scratch.path("logo.png"));
  CHECK(answer(mocks, "GET", "u") == "@logo.png");
  std::filesystem::create_symlink("/etc/passwd", scratch.path("logo.png"));
  CHECK(
      answer(mocks, "GET", "u") ==
      "mocks.json:1:59: /mocks/0/response/body: the file \"logo.png\" is outside of the folder of the mocks, by a symbolic link");
}
