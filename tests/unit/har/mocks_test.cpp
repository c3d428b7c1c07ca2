// Recordings as mocks: what the mocks answer is what was recorded.
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "conversion.hpp"
#include "stream/mock/file.hpp"
#include "stream/mock/http_mocks.hpp"
#include "stream/mock/websocket_mocks.hpp"

using har::test::convert;
using stream::Nanos;

namespace {

stream::mock::MockFile made(std::string_view recording, std::string_view to) {
  const auto out = convert(recording, "recording", to);
  CHECK(out.errors.empty());
  stream::mock::FileOptions options;
  options.folder = ".";
  std::vector<std::string> findings;
  options.findings = [&](const stream::Finding& finding) { findings.push_back(to_string(finding)); };
  auto file = read_mocks(out.text, options);
  INFO(out.text);
  REQUIRE(file);
  CHECK(findings.empty());
  return std::move(*file);
}

/// A recording of one GET of http://a/, whose answer is of this type and comes in these pieces, 10 ms apart.
std::string streamed(std::string_view kind, std::string_view type, const std::vector<std::string>& pieces) {
  std::string out = R"({"recording":1,"start":"2026-11-22T09:15:30Z"})"
                    "\n"
                    R"({"ev":"request","id":"1","t":0,"request":{"method":"GET","url":"http://a/"}})"
                    "\n"
                    R"({"ev":"response","id":"1","t":0.1,"kind":")" +
                    std::string(kind) + R"(","response":{"status":200,"headers":[{"name":"Content-Type","value":")" +
                    std::string(type) + "\"}]}}\n";
  int at = 100;
  for (const std::string& piece : pieces) {
    at += 10;
    out += R"({"ev":"data","id":"1","t":0.)" + std::to_string(at) + R"(,"data":)" + to_json(stream::Json(piece)) + "}\n";
  }
  return out + R"({"ev":"end","id":"1","t":0.)" + std::to_string(at) + R"(,"reason":"eof"})" + "\n";
}

struct Answer {
  std::string body{};
  Nanos head{};
  Nanos end{};
};

Answer answer(std::string_view recording) {
  stream::mock::HttpMocks mocks(made(recording, "mocks").http);
  const auto match = mocks.match({"GET", "http://a/", nullptr, {}});
  REQUIRE(match);
  REQUIRE(match->answer != nullptr);
  Answer out;
  for (const auto& step : match->answer->steps) out.body += step.bytes;
  out.head = match->answer->steps.front().at;
  out.end = match->answer->steps.back().at;
  return out;
}

}  // namespace

TEST_CASE("mocks of a stream send its bytes, and take its time") {
  struct Case {
    std::string_view kind, type;
    std::vector<std::string> pieces;
  };
  const Case cases[] = {
      {"sse",
       "text/event-stream",
       {": hb\n\n", "event: a\ndata: x\ndata: y\n\n", "id: 7\nretry: 5\n\n", "data:\n\n", "data: {\"a\":1}\n\n"}},
      {"sse", "text/event-stream", {"data: @request.body.x\n\ndata: {\"a\":\"@request.body.x\"}\n\n", "data: {{url}}\n\n"}},
      {"sse", "text/event-stream", {"data:no space\n\n", "data: x"}},
      {"sse", "text/event-stream", {"\r\ndata: crlf\r\n\r\n", ":c\ndata: x\n\n", "foo: bar\n\n"}},
      {"sse",
       "text/event-stream",
       {"\xEF\xBB\xBF"
        "data: bom\n\n"}},
      {"sse", "text/event-stream", {"event: \ndata: x\n\n", "id\ndata: x\n\n", "\n\n\n"}},
      {"ndjson", "application/x-ndjson", {"{\"a\":1}\n", "null\n[1,2.50]\n"}},
      {"ndjson", "application/x-ndjson", {"{ \"a\": 1 }\n", "\n", "{\"b\":"}},
      {"ndjson", "application/x-ndjson", {"\"@request.body.a\"\n"}},
      {"json-seq", "application/json-seq", {"\x1e{}\n", "\x1e[1]\n"}},
      {"text", "text/plain", {"@one", "two\n"}},
  };
  for (const Case& each : cases) {
    std::string whole;
    for (const std::string& piece : each.pieces) whole += piece;
    const Answer got = answer(streamed(each.kind, each.type, each.pieces));
    INFO(whole);
    CHECK(got.body == whole);
    CHECK(got.head == std::chrono::milliseconds(100));
    CHECK(got.end == std::chrono::milliseconds(100 + 10 * static_cast<int>(each.pieces.size())));
  }
}

TEST_CASE("mocks of other bodies send their bytes at once, JSON without its white space") {
  const auto body = [](std::string_view type, const std::string& text) { return answer(streamed("http", type, {text})).body; };
  CHECK(body("application/json", R"({ "a": [1.50, "é"] })") == R"({"a":[1.50,"é"]})");
  CHECK(body("application/json", "\"text\"") == "\"text\"");
  CHECK(body("application/json", "{broken") == "{broken");
  CHECK(body("application/json", R"({"a": "@request.body.x"})") == R"({"a": "@request.body.x"})");
  CHECK(body("text/plain", "@file") == "@file");
  CHECK(body("text/plain", "@@file") == "@@file");
  CHECK(body("text/plain", "@request.body.x") == "@request.body.x");
  CHECK(body("text/plain", "{{url}}") == "{{url}}");
}

TEST_CASE("mocks of a WebSocket say what its server said, when the client says what it said") {
  const std::string recording = R"({"recording":1,"start":"2026-11-22T09:15:30Z"}
{"ev":"request","id":"1","t":0,"request":{"method":"GET","url":"http://a/ws"}}
{"ev":"response","id":"1","t":0,"kind":"websocket","response":{"status":101}}
{"ev":"message","id":"1","t":0.5,"dir":"receive","opcode":1,"data":"@hello"}
{"ev":"message","id":"1","t":1,"dir":"send","opcode":1,"data":"a.b\n(x)[y]{2}|^$*+?\\é"}
{"ev":"message","id":"1","t":1.25,"dir":"receive","opcode":2,"data64":"/w=="}
{"ev":"message","id":"1","t":2,"dir":"send","opcode":1,"data":"[1, {\"b\": 2}]"}
{"ev":"message","id":"1","t":2,"dir":"receive","opcode":1,"data":"first"}
{"ev":"message","id":"1","t":3,"dir":"send","opcode":1,"data":"[1, {\"b\": 2}]"}
{"ev":"message","id":"1","t":3,"dir":"receive","opcode":1,"data":"second"}
{"ev":"close","id":"1","t":3.5,"dir":"receive","code":3000,"reason":"done"}
{"ev":"end","id":"1","t":3.5,"reason":"eof"}
)";
  stream::mock::WebSocketMocks mocks(made(recording, "ws-mocks").websocket);
  const auto talk = mocks.connect({"GET", "ws://a/ws", nullptr, {}});
  REQUIRE(talk != nullptr);
  using Kind = stream::mock::Action::Kind;
  using std::chrono::milliseconds;
  CHECK(*talk->open(Nanos{}) == std::vector<stream::mock::Action>{{milliseconds(500), Kind::send, 1, "@hello"}});
  const auto say = [&](std::string_view text, int now) { return talk->message(1, text, milliseconds(now))->actions; };
  CHECK(say("a.b\n(x)[y]{2}|^$*+?\\é", 1000) == std::vector<stream::mock::Action>{{milliseconds(1250), Kind::send, 2, "\xff"}});
  CHECK(say("[1,{\"b\":2.0}]", 2000) == std::vector<stream::mock::Action>{{milliseconds(2000), Kind::send, 1, "first"}});
  CHECK_FALSE(talk->message(1, "something else", milliseconds(2500))->handled);
  CHECK(say("[1,{\"b\":2}]", 3000) == std::vector<stream::mock::Action>{{milliseconds(3000), Kind::send, 1, "second"},
                                                                        {milliseconds(3500), Kind::close, 3000, "done"}});
}
