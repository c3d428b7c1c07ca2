#include "har/model.hpp"

#include <catch2/catch.hpp>

using namespace har;
using stream::Json;

namespace {

std::string through(std::string_view text) {
  const auto json = stream::parse_json(text);
  REQUIRE(json);
  const auto entry = read_entry(*json);
  REQUIRE(entry);
  return to_json(to_json(*entry));
}

}  // namespace

TEST_CASE("an entry passes through the model unchanged, whatever stands in it") {
  for (
      const std::string text : {
          R"({})",
          R"({"_z":1,"time":1.50,"request":{"url":"u","method":"GET","headers":[{"value":"b","name":"a","_x":null}],"queryString":null},"startedDateTime":"x"})",
          R"({"response":null,"request":[],"time":"12","cache":{"beforeRequest":null,"afterRequest":{"hitCount":"1","fetchCount":2}},"timings":{"receive":null,"ssl":-1,"wait":1e3}})",
          R"({"time":1,"time":2,"request":{"method":"A","method":"B"}})",
          R"({"response":{"headers":[["a","b"]],"content":{"encoding":"base64","text":"","size":-1,"_file":"x"},"cookies":{},"_error":null}})",
          R"({"_webSocketMessages":[{"type":"send","time":1,"opcode":1,"data":"a"},{"type":"x"}],"_webSocketClose":"aborted","_eventSourceMessages":[{"time":1.0}],"_streamChunks":[1]})",
          R"({"request":{"postData":{"params":[],"mimeType":"","text":"a","_encoding":"base64"}},"response":{"cookies":[{"name":"a","value":null,"sameSite":"Lax"}]}})",
      }) {
    CHECK(through(text) == text);
  }
}

TEST_CASE("a member is edited in its place, removed, or added; the others stay") {
  const auto json = stream::parse_json(
      R"({"_a":1,"time":1.0,"comment":"old","request":{"method":"GET","_b":2,"bodySize":null},"response":{"status":200.0}})");
  Entry entry = *read_entry(*json);
  CHECK(entry.time.value() == 1);
  CHECK(entry.response.status == Number(Json::Number{"200.0"}));
  CHECK(entry.request.extras.find("_b")->int_or(0) == 2);
  entry.time = 2;
  entry.comment.reset();
  entry.request.method = "POST";
  entry.request.body_size = 7;
  entry.connection.emplace("443");
  entry.extras.set("_c", true);
  entry.response.content.text.emplace("x");
  CHECK(
      to_json(to_json(entry)) ==
      R"({"_a":1,"time":2,"request":{"method":"POST","_b":2,"bodySize":7},"response":{"status":200.0,"content":{"size":0,"mimeType":"","text":"x"}},"_c":true,"connection":"443"})");
}

TEST_CASE("an entry that was not read has every required member, in the order of HAR 1.2") {
  CHECK(
      to_json(to_json(Entry{})) ==
      R"({"startedDateTime":"","time":0,"request":{"method":"","url":"","httpVersion":"","cookies":[],"headers":[],"queryString":[],"headersSize":-1,"bodySize":-1},)"
      R"("response":{"status":0,"statusText":"","httpVersion":"","cookies":[],"headers":[],"content":{"size":0,"mimeType":""},"redirectURL":"","headersSize":-1,"bodySize":-1},)"
      R"("cache":{},"timings":{"send":0,"wait":0,"receive":0}})");
  CHECK(to_json(to_json(Log{})) == R"({"version":"1.2","creator":{"name":"","version":""}})");
}

TEST_CASE("what is no object is refused") {
  CHECK(read_entry(Json(1)).error().message == "expected an entry, an object, found a number");
  CHECK(read_log(Json()).error().message == "expected a log, an object, found null");
}
