#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "../io/scratch.hpp"
#include "mocks.hpp"

using namespace mocks;
using stream::ErrorCode;

TEST_CASE("a mocks file is of HTTP or of WebSocket by what its mocks say") {
  CHECK(read(R"({"mocks": []})").file.kind == FileKind::http);
  CHECK(read(R"({"$schema": "https://x/v4.0.0/websocketmockresponseplugin.mocksfile.schema.json", "mocks": []})").file.kind ==
        FileKind::websocket);
  CHECK(read(R"({"mocks": [{"request": {"url": "*"}, "response": {}}]})").file.kind == FileKind::http);
  CHECK(read(R"({"mocks": [{"url": "*"}]})").file.kind == FileKind::websocket);
  CHECK(read(R"({"mocks": [{"url": "*"}, {"request": {"url": "*"}, "response": {}}]})").error ==
        "mocks.json:1:26: /mocks/1: these are HTTP mocks, but the mocks before it are none");
}

TEST_CASE("every member of Dev Proxy's HTTP mocks is read") {
  const auto out = read(R"({ "$schema": "https://x", "mocks": [
    { "request": { "url": "https://api.contoso.com/orders/*", "method": "POST", "nth": 2, "bodyFragment": "\"sku\":\"A1\"" },
      "response": { "statusCode": 201, "headers": [ { "name": "content-type", "value": "application/json" } ],
                    "body": { "id": 7, "sku": "@request.body.sku" } } },
    { "request": { "url": "https://api.contoso.com/x" }, "response": {} } ] })");
  CHECK(out.error.empty());
  CHECK(out.findings.empty());
  REQUIRE(out.file.http.size() == 2);
  const auto& mock = out.file.http[0];
  CHECK(mock.request.url == "https://api.contoso.com/orders/*");
  CHECK(mock.request.method == "POST");
  CHECK(mock.request.counting.nth == 2);
  CHECK(mock.request.body.kind == stream::mock::BodyMatch::Kind::fragment);
  CHECK(mock.response.status == 201);
  CHECK(mock.response.headers.size() == 1);
  CHECK(mock.response.body.kind == stream::mock::Content::Kind::json);
  CHECK(mock.place.line == 2);
  CHECK(mock.place.pointer == "/mocks/0");
  CHECK(out.file.http[1].request.method == "GET");
  CHECK(out.file.http[1].response.status == 200);
}

TEST_CASE("names are read in any case, and comments are passed over, also where a string looks like one") {
  const auto out = read(
      "\xEF\xBB\xBF// top\n{ \"Mocks\": [ /* one */ { \"REQUEST\": {\"Url\": \"http://a//b/*c\"}, \"Response\": "
      "{\"StatusCode\": 404} } ] } // end");
  CHECK(out.error.empty());
  CHECK(out.findings.empty());
  REQUIRE(out.file.http.size() == 1);
  CHECK(out.file.http[0].request.url == "http://a//b/*c");
  CHECK(out.file.http[0].response.status == 404);
}

TEST_CASE("an unknown member is a warning, with the name that was likely meant") {
  const auto out = read(
      R"({"mocks": [{"request": {"url": "*", "metod": "GET", "_note": 1, "$x": 2, "zzzz": 3}, "response": {"Body": 1, "body": 2}}]})");
  CHECK(out.error.empty());
  CHECK(out.findings ==
        std::vector<std::string>{
            "mocks.json:1:37: /mocks/0/request/metod: warning: unknown member 'metod' of a request; did you mean 'method'? "
            "[mocks-unknown-member]",
            "mocks.json:1:74: /mocks/0/request/zzzz: warning: unknown member 'zzzz' of a request [mocks-unknown-member]",
            "mocks.json:1:110: /mocks/0/response/body: warning: 'body' stands twice: the last one counts "
            "[mocks-duplicate-member]"});
}

TEST_CASE("what is wrong in a mocks file is said with its place and pointer") {
  struct Case {
    std::string_view text;
    ErrorCode code;
    std::string_view error;
  };
  const Case cases[] = {
      {"", ErrorCode::truncated, "mocks.json: expected mocks, found nothing"},
      {"[]", ErrorCode::syntax, "mocks.json:1:1: expected a mocks file, found an array"},
      {"{}", ErrorCode::syntax, "mocks.json:1:1: a mocks file without mocks"},
      {"{\"mocks\": 1}", ErrorCode::syntax, "mocks.json:1:11: /mocks: expected an array of mocks, found a number"},
      {"{\"mocks\": [\n 1]}", ErrorCode::syntax, "mocks.json:2:2: /mocks/0: expected a mock, found a number"},
      {"/* x", ErrorCode::truncated, "mocks.json:1:1: this comment has no end"},
  };
  for (const Case& each : cases) {
    const auto out = read(each.text);
    CHECK(out.error == each.error);
    CHECK(out.failure.code == each.code);
  }
}

TEST_CASE("what is wrong in an HTTP mock is said with its pointer") {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {R"({"request": {"url": "*"}})", "/mocks/0: a mock without a response"},
      {R"({"response": {}})", "/mocks/0: a mock without a request"},
      {R"({"request": {}, "response": {}})", "/mocks/0/request: a request without a url"},
      {R"({"request": {"url": null}, "response": {}})", "/mocks/0/request: a request without a url"},
      {R"({"request": {"url": ""}, "response": {}})", "/mocks/0/request/url: the url is empty"},
      {R"({"request": {"url": 1}, "response": {}})", "/mocks/0/request/url: expected a string, found a number"},
      {R"({"request": {"url": "*", "nth": 0}, "response": {}})", "/mocks/0/request/nth: expected a whole number from 1, found 0"},
      {R"({"request": {"url": "*", "nth": "1"}, "response": {}})",
       "/mocks/0/request/nth: expected a whole number from 1, found a string"},
      {R"({"request": {"url": "*", "nth": 1, "every": 2}, "response": {}})",
       "/mocks/0/request/every: 'nth' and 'every' do not go together"},
      {R"({"request": {"url": "*", "bodyRegex": "["}, "response": {}})",
       "/mocks/0/request/bodyRegex: the regular expression '[' is none: missing ]: ["},
      {R"({"request": {"url": "*", "headers": [{}]}, "response": {}})", "/mocks/0/request/headers/0: a header without a name"},
      {R"({"request": {"url": "*"}, "response": {"statusCode": 101}})",
       "/mocks/0/response/statusCode: expected a whole number from 200 to 599, found 101"},
      {R"({"request": {"url": "*"}, "response": {"headers": {"a": "b"}}})",
       "/mocks/0/response/headers: expected an array of headers, found an object"},
      {R"({"request": {"url": "*"}, "response": {"body": 1, "sse": []}})",
       "/mocks/0/response/sse: 'body' and 'sse' are both the body"},
      {R"({"request": {"url": "*"}, "response": {"bodyBase64": "%"}})", "/mocks/0/response/bodyBase64: this is no base64"},
      {R"({"request": {"url": "*"}, "response": {"delayMs": -1}})",
       "/mocks/0/response/delayMs: expected milliseconds, from 0 to a year, found -1"},
      {R"({"request": {"url": "*"}, "response": {"jitterMs": "1s"}})",
       "/mocks/0/response/jitterMs: expected milliseconds, from 0 to a year, found a string"},
      {R"({"request": {"url": "*"}, "response": {"delayMs": 1e300}})",
       "/mocks/0/response/delayMs: expected milliseconds, from 0 to a year, found 1e300"},
      {R"({"request": {"url": "*"}, "response": {"sse": [{"comment": "x", "id": "1"}]}})",
       "/mocks/0/response/sse/0/id: an event has no comment of its own"},
      {R"({"request": {"url": "*"}, "response": {"ndjson": [{}]}})", "/mocks/0/response/ndjson/0: a line without its JSON"},
      {R"({"request": {"url": "*"}, "response": {"chunks": [{}]}})",
       "/mocks/0/response/chunks/0: expected either 'text' or 'base64' in a part of the body"},
      {R"({"request": {"url": "*"}, "response": {"template": true, "body": {"a": ["{{boddy}}"]}}})",
       "/mocks/0/response/body/a/0: 'boddy' is nothing that a template can be filled with"},
      {R"({"request": {"url": "*"}, "response": {"template": true, "body": "{{url.2}}"}})",
       "/mocks/0/response/body: there is no {{url.2}}: the URL has 1 wildcards"},
      {R"({"request": {"url": "*"}, "response": {"template": true, "body": "{{match.1}}"}})",
       "/mocks/0/response/body: there is no {{match.1}}: nothing was matched"},
      {R"-({"request": {"url": "*", "bodyRegex": "(a)(?<b>c)"}, "response": {"template": true, "body": "{{match.b}}{{match.3}}"}})-",
       "/mocks/0/response/body: there is no {{match.3}}: the bodyRegex has 2 groups"},
      {R"({"request": {"url": "*"}, "response": {"template": true, "body": "{{url"}})",
       "/mocks/0/response/body: '{{' without '}}'"},
  };
  for (const auto& [mock, error] : cases) {
    const auto out = read("{\"mocks\": [" + std::string(mock) + "]}");
    INFO(mock);
    CHECK(out.error.find("mocks.json:1:") == 0);
    CHECK(out.error.substr(std::min(out.error.size(), out.error.find(": /") + 2)) == error);
    CHECK((out.failure.code == ErrorCode::syntax || out.failure.code == ErrorCode::usage));
  }
}

TEST_CASE("what is wrong in a WebSocket mock is said with its pointer") {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {R"({"rules": []})", "/mocks/0: a mock without a url"},
      {R"({"url": "*", "onConnect": [{}]})", "/mocks/0/onConnect/0: a message without a body"},
      {R"({"url": "*", "onConnect": {}})", "/mocks/0/onConnect: expected an array of messages, found an object"},
      {R"({"url": "*", "onConnect": [{"body": "", "messageType": "ping"}]})",
       "/mocks/0/onConnect/0/messageType: 'ping' is no type of messages"},
      {R"({"url": "*", "onConnect": [{"body": "%", "messageType": "binary"}]})", "/mocks/0/onConnect/0/body: this is no base64"},
      {R"({"url": "*", "rules": [{"closeAfter": 1}]})", "/mocks/0/rules/0/closeAfter: expected true or false, found a number"},
      {R"({"url": "*", "rules": [{"closeAfter": true, "closeCode": 1005}]})",
       "/mocks/0/rules/0/closeCode: no server may close with 1005"},
      {R"-({"url": "*", "rules": [{"match": {"bodyRegex": "(?=a)"}}]})-",
       "/mocks/0/rules/0/match/bodyRegex: the regular expression '(?=a)' is none: invalid perl operator: (?="},
      {R"({"url": "*", "template": true, "onConnect": [{"body": "{{match}}"}]})",
       "/mocks/0/onConnect/0/body: there is no {{match}}: nothing was matched"},
  };
  for (const auto& [mock, error] : cases) {
    const auto out = read("{\"mocks\": [" + std::string(mock) + "]}");
    INFO(mock);
    CHECK(out.error.substr(std::min(out.error.size(), out.error.find(": /") + 2)) == error);
  }
}

TEST_CASE("members without an effect are warned of") {
  const auto finding = [](std::string_view mock) {
    const auto out = read("{\"mocks\": [" + std::string(mock) + "]}");
    CHECK(out.error.empty());
    return out.findings.size() == 1 ? out.findings[0].substr(out.findings[0].find("warning: ") + 9)
                                    : std::to_string(out.findings.size());
  };
  CHECK(finding(R"({"request": {"url": "*", "method": "get"}, "response": {}})") ==
        "the method 'get' is not in capitals: no request has it [mocks-unused]");
  CHECK(finding(R"({"request": {"url": "*", "bodyFragment": "x"}, "response": {}})") ==
        "the body of a GET request is not looked at [mocks-unused]");
  CHECK(finding(R"({"url": "*", "rules": [{"match": {"bodyJson": 1, "bodyFragment": "x"}}]})") ==
        "'bodyFragment' is not looked at where there is 'bodyJson' [mocks-several-criteria]");
  CHECK(finding(R"({"url": "*", "rules": [{"closeCode": 1000}]})") ==
        "nothing closes the connection here: closeAfter is not set [mocks-unused]");
  CHECK(finding(R"({"url": "*", "closeOnUnmatched": true, "closeCode": 1008})") == "0");
}

TEST_CASE("with devproxy an expression that is none never matches, as there") {
  FileOptions options;
  options.devproxy = true;
  const auto out = read(R"({"mocks": [{"url": "*", "rules": [{"match": {"bodyRegex": "["}}]}]})", options);
  CHECK(out.error.empty());
  REQUIRE(out.findings.size() == 1);
  CHECK(out.findings[0].find("it never matches [mocks-regex]") != std::string::npos);
}

TEST_CASE("a mocks file that is cut anywhere is refused, and none of its cuts is read as another") {
  for (const std::string whole :
       {R"({"mocks": [{"request": {"url": "*"}, "response": {"body": {"a": [1, "é"]}, "delayMs": 2.5}} /* x */ ]})",
        R"({"mocks": [{"url": "wss://a/*", "onConnect": [{"body": "AQID", "messageType": "Binary"}], // x
 "rules": [{"match": {"bodyJson": {"op": "ping"}}, "nth": 2}]}]})"}) {
    CHECK(read(whole).error.empty());
    for (std::size_t cut = 0; cut < whole.size(); ++cut) {
      const auto out = read(whole.substr(0, cut));
      INFO(whole.substr(0, cut));
      REQUIRE_FALSE(out.error.empty());
      CHECK(out.failure.code == ErrorCode::truncated);
    }
  }
}

TEST_CASE("files of bodies never lie outside of the folder of the mocks") {
  const Scratch scratch;
  std::filesystem::create_directory(scratch.path("mocks"));
  std::filesystem::create_directory(scratch.path("mocks/sub"));
  scratch.file("secret", "secret");
  scratch.file("mocks/in.bin", "inside");
  std::filesystem::create_symlink("../secret", scratch.path("mocks/link"));
  std::filesystem::create_symlink("..", scratch.path("mocks/up"));
  std::filesystem::create_symlink("in.bin", scratch.path("mocks/inner"));
  FileOptions options;
  options.folder = scratch.path("mocks");
  const auto load = [&](std::string_view name) {
    return read(R"({"mocks": [{"request": {"url": "*"}, "response": {"body": "@)" + std::string(name) + "\"}}]}", options);
  };
  for (const std::string name : {"../secret", "/etc/passwd", "sub/../../secret", "..", "..\\\\secret", "C:secret",
                                 "\\\\\\\\host\\\\x", "link", "up/secret", "~appFolder/x", "~dataFolder/x", "a\\u0000b"}) {
    const auto out = load(name);
    INFO(name);
    CHECK(out.failure.code == ErrorCode::unsupported);
    CHECK(out.failure.place.pointer == "/mocks/0/response/body");
    CHECK_FALSE(out.failure.hint.empty());
  }
  for (const std::string name : {"in.bin", "inner", "sub/../in.bin.."}) {
    const auto out = load(name);
    INFO(name);
    CHECK((out.error.empty() == (name.find("..") == std::string::npos || name.find("/../") == std::string::npos)));
  }
  CHECK(load("gone").findings ==
        std::vector<std::string>{
            "mocks.json:1:59: /mocks/0/response/body: warning: there is no file \"gone\": the text itself is sent, as "
            "Dev Proxy does, unless the file appears [mocks-file-missing]"});
  options.folder.clear();
  CHECK(load("in.bin").failure.code == ErrorCode::unsupported);
  CHECK(load("@in.bin").error.empty());
  CHECK(load("request.body.x").error.empty());
}

TEST_CASE("nesting is limited, by the option that messages name") {
  const std::string deep =
      R"({"mocks": [{"request": {"url": "*"}, "response": {"body": )" + std::string(600, '[') + std::string(600, ']') + "}}]}";
  CHECK(read(deep).failure.code == ErrorCode::limit);
  CHECK(read(deep).failure.hint.find("--max-depth") != std::string::npos);
}

TEST_CASE("the mocks of Dev Proxy's own samples are read") {
  const char* const corpus = std::getenv("HARTAPE_CORPUS");
  if (corpus == nullptr) return;
  const std::filesystem::path folder = std::filesystem::path(corpus) / "devproxy";
  if (!std::filesystem::is_directory(folder)) return;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() != ".json") continue;
    std::vector<std::string> findings;
    FileOptions options;
    options.findings = [&](const stream::Finding& finding) { findings.push_back(to_string(finding)); };
    const auto file = stream::mock::open_mocks(entry.path(), options);
    INFO(entry.path());
    REQUIRE(file);
    // Some answer with pictures that are not in the corpus.
    for (const std::string& finding : findings) CHECK(finding.find("[mocks-file-missing]") != std::string::npos);
    CHECK_FALSE(file->http.empty());
  }
}
