// Transcripts: a message a line, and nothing that a terminal obeys.
#include <algorithm>
#include <catch2/catch.hpp>

#include "conversion.hpp"

using namespace har;
using namespace har::test;

namespace {

constexpr std::string_view kHead = R"({"recording":1,"start":"2026-11-22T09:15:30.123456Z"}
{"ev":"request","id":"1","t":1,"request":{"method":"POST","url":"https://a.test/\u001b[2J","httpVersion":"HTTP/1.1","cookies":[],"headers":[],"queryString":[],"postData":{"mimeType":"text/plain","text":"ask\nagain"},"headersSize":-1,"bodySize":9}}
)";

std::string response(std::string_view kind, std::string_view type) {
  return R"({"ev":"response","id":"1","t":1.03,"kind":")" + std::string(kind) +
         R"(","response":{"status":200,"statusText":"OK","httpVersion":"HTTP/1.1","cookies":[],"headers":[],"content":{"size":0,"mimeType":")" +
         std::string(type) + R"("},"redirectURL":"","headersSize":-1,"bodySize":0}})" + "\n";
}

std::string body_of(const std::string& recording) {
  const Converted out = convert(recording, "recording", "transcript");
  CHECK(out.errors.empty());
  // Behind the two lines that every exchange has, and its request.
  std::size_t at = 0;
  for (int i = 0; i < 4; ++i) at = out.text.find('\n', at) + 1;
  return out.text.substr(at);
}

}  // namespace

TEST_CASE("a WebSocket's messages stand a line each, with their time and direction") {
  const std::string recording = std::string(kHead) + response("websocket", "x-unknown") +
                                R"({"ev":"message","id":"1","t":1.033,"dir":"send","opcode":1,"data":"{\"a\":1}\r\n\n two"}
{"ev":"message","id":"1","t":1.5,"dir":"receive","opcode":2,"data64":"AAH/","mocked":true}
{"ev":"message","id":"1","t":1.6,"dir":"receive","opcode":9,"data":""}
{"ev":"mark","id":"1","t":1.7,"text":"here"}
{"ev":"close","id":"1","t":61.5,"dir":"receive","code":1000,"reason":"bye"}
{"ev":"end","id":"1","t":61.5,"reason":"eof"}
)";
  CHECK(convert(recording, "recording", "transcript").text ==
        "== 0 POST https://a.test/\\u001b[2J\n"
        "   2026-11-22T09:15:31.123456Z  200 OK  websocket\n"
        "    0.000000 → body 9         ask\n"
        "                              again\n"
        "    0.033000 → text 14        {\"a\":1}\n"
        "\n"
        "                               two\n"
        "    0.500000 ← binary 3       00 01 ff  (mocked)\n"
        "    0.600000 ← ping 0\n"
        "    0.700000 * mark           here\n"
        "   60.500000 ← close 1000     bye\n"
        "\n");
}

TEST_CASE("events of a stream stand with their type and id, and a stream that was cut says so") {
  CHECK(body_of(std::string(kHead) + response("sse", "text/event-stream") +
                R"({"ev":"data","id":"1","t":1.2,"data":": hi\nretry: 3000\ndata: one\nda"}
{"ev":"data","id":"1","t":1.3,"data":"ta: two\n\nevent: delta\nid: 7\ndata: x\n\ndata: half"}
)") == "    0.200000 ← :               hi\n"
       "    0.200000 ← retry          3000 ms\n"
       "    0.300000 ← message        one\n"
       "                              two\n"
       "    0.300000 ← delta #7       x\n"
       "    0.300000 ← cut off        data: half\n"
       "             · the recording ends here\n"
       "\n");
}

TEST_CASE("nothing in a transcript moves the cursor, or turns the writing around") {
  const std::string text = body_of(std::string(kHead) + response("text", "text/plain") +
                                   R"({"ev":"data","id":"1","t":1.2,"data":"a\u001b[31m\u0007\u009b\u202Eb\u2066c\u200f\tz"}
{"ev":"data","id":"1","t":1.2,"data64":"/wAB"}
{"ev":"end","id":"1","t":1.3,"reason":"reset","error":"gone\u001b"}
)");
  CHECK(text ==
        "    0.200000 ← data 22        a\\u001b[31m\\u0007\\u009b\\u202eb\\u2066c\\u200f\\tz\n"
        "    0.200000 ← data 3         ff 00 01\n"
        "    0.300000 · reset          gone\\u001b\n"
        "\n");
}

TEST_CASE("a body that is no stream is counted, and that it is left out is said") {
  const std::string recording = std::string(kHead) + response("http", "text/html") +
                                R"({"ev":"data","id":"1","t":1.2,"data":"<html>"}
{"ev":"end","id":"1","t":1.3,"reason":"eof"}
)";
  const Converted out = convert(recording, "recording", "transcript");
  CHECK_THAT(out.text, Catch::EndsWith("    0.200000 ← body 6\n\n"));
  CHECK(std::any_of(out.findings.begin(), out.findings.end(), [](const std::string& finding) {
    return finding.find("[lost-response-content-text]") != std::string::npos;
  }));
}
