#include <catch2/catch.hpp>
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "streamserve/streamserve.hpp"

using namespace tools;
using namespace tools::streamserve;
using stream::replay::StepKind;

namespace {

/// A file that is there as long as the test runs.
class File {
 public:
  File(const std::string& name, std::string_view text)
      : path_(std::filesystem::temp_directory_path() / ("hartape-load-" + std::to_string(getpid()) + "-" + name)) {
    std::ofstream(path_, std::ios::binary) << text;
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  ~File() { std::filesystem::remove(path_); }
  std::string path() const { return path_.string(); }

 private:
  std::filesystem::path path_;
};

stream::Result<std::unique_ptr<Recording>> load_files(std::vector<std::string> paths, bool skip_broken = false) {
  Options options;
  options.skip_broken = skip_broken;
  options.inputs = std::move(paths);
  Messages messages("streamserve");
  messages.quiet = true;
  return load(options, messages);
}

std::shared_ptr<const stream::replay::Answer> answer_of(Recording& recording, std::size_t index) {
  const auto answer = recording.answer(index);
  REQUIRE(answer);
  CHECK((*answer)->index == index);
  return *answer;
}

std::string sample(const std::string& name) { return HARTAPE_SOURCE_DIR "/samples/" + name; }

}  // namespace

TEST_CASE("a recording's exchanges are ready to be served") {
  const auto all = load_files({sample("chat-llm.rec.ndjson"), sample("prices-ws.rec.ndjson")});
  REQUIRE(all);
  REQUIRE((*all)->size() == 2);
  CHECK((*all)->request(0).method == "POST");
  CHECK((*all)->request(0).target() == "/v1/chat/completions");
  CHECK((*all)->name(0) == sample("chat-llm.rec.ndjson") + "#1");
  const auto chat = answer_of(**all, 0);
  CHECK(chat->steps.size() == 43);
  CHECK(chat->complete);
  CHECK(!chat->websocket);
  const auto prices = answer_of(**all, 1);
  CHECK((*all)->request(1).target() == "/prices?v=1");
  CHECK(prices->websocket);
  CHECK(prices->subprotocol == "prices.v1");
  CHECK(prices->steps.back().kind == StepKind::close);
}

TEST_CASE("a HAR's entries are served at their paths with their recorded waiting time") {
  const File har("a.har", R"({"log":{"version":"1.2","creator":{"name":"x","version":"1"},"entries":[
    {"startedDateTime":"2026-11-22T09:15:30.000Z","time":150,
     "request":{"method":"GET","url":"https://h.test/a?b=c","httpVersion":"HTTP/1.1","headers":[],"queryString":[],"cookies":[],"headersSize":-1,"bodySize":0},
     "response":{"status":200,"statusText":"OK","httpVersion":"HTTP/1.1","headers":[{"name":"Content-Encoding","value":"gzip"},{"name":"Content-Length","value":"3"}],
                 "cookies":[],"content":{"size":5,"mimeType":"text/plain","text":"hello"},"redirectURL":"","headersSize":-1,"bodySize":3},
     "cache":{},"timings":{"send":0,"wait":100,"receive":50}}]}})");
  const auto all = load_files({har.path()});
  REQUIRE(all);
  REQUIRE((*all)->size() == 1);
  const auto kept = answer_of(**all, 0);
  const auto& answer = *kept;
  CHECK((*all)->request(0).target() == "/a?b=c");
  CHECK(answer.body_size == 5);
  CHECK(answer.headers.empty());  // the body is not in gzip
  CHECK(answer.steps.front().at >= std::chrono::milliseconds(100));
  CHECK(answer.complete);
}

TEST_CASE("a bare body is served at the root") {
  const File body("events.sse", "data: one\n\ndata: two\n\n");
  const auto all = load_files({body.path()});
  REQUIRE(all);
  REQUIRE((*all)->size() == 1);
  CHECK((*all)->request(0).method == "GET");
  CHECK((*all)->request(0).target() == "/");
  const auto answer = answer_of(**all, 0);
  CHECK(answer->status == 200);
  CHECK(stream::replay::find_header(answer->headers, "content-type") == "text/event-stream");
}

TEST_CASE("a broken input is refused with its place, an empty one as well") {
  const File broken("broken.rec.ndjson",
                    "{\"recording\":1}\n{\"ev\":\"request\",\"id\":\"1\",\"t\":0,\"request\":{}\n{\"ev\":\"end\",\"id\":\"1\","
                    "\"t\":1,\"reason\":\"eof\"}\n");
  const auto refused = load_files({broken.path()});
  REQUIRE(!refused);
  CHECK(refused.error().place.source == broken.path());
  CHECK(refused.error().place.line == 2);
  const File empty("empty.rec.ndjson", "{\"recording\":1}\n");
  const auto nothing = load_files({empty.path()});
  REQUIRE(!nothing);
  CHECK(nothing.error().message == "there is nothing to serve: no input holds an exchange");
  CHECK(!load_files({"/nonexistent/file"}));
}

TEST_CASE("what can be read of a broken input is served where that is asked for") {
  const auto entry = [](std::string name, std::string status) {
    return R"({"startedDateTime":"2026-11-22T09:15:30.000Z","time":0,"request":{"method":"GET","url":"https://h.test/)" + name +
           R"(","httpVersion":"HTTP/1.1","headers":[],"queryString":[],"cookies":[],"headersSize":-1,"bodySize":0},"response":{"status":)" +
           status +
           R"(,"statusText":"","httpVersion":"HTTP/1.1","headers":[],"cookies":[],"content":{"size":0,"mimeType":"text/plain"},"redirectURL":"","headersSize":-1,"bodySize":0},"cache":{},"timings":{"send":0,"wait":0,"receive":0}})";
  };
  const std::string head = R"({"log":{"version":"1.2","creator":{"name":"x","version":"1"},"entries":[)";
  const File inside("inside.har", head + entry("a", "200") + "," + entry("b", "200 200") + "," + entry("c", "200") + "]}}");
  REQUIRE(!load_files({inside.path()}));
  const auto around = load_files({inside.path()}, true);
  REQUIRE(around);
  REQUIRE((*around)->size() == 2);
  CHECK((*around)->request(0).target() == "/a");
  CHECK((*around)->request(1).target() == "/c");
  const File cut("cut.har", head + entry("a", "200") + "," + entry("b", "200").substr(0, 100));
  const auto before = load_files({cut.path()}, true);
  REQUIRE(before);
  CHECK((*before)->size() == 1);
  const File odd("odd.har", R"({"log":{"version":"1.2","creator":{"name":"x","version":"1"},"entries":7}})");
  CHECK(load_files({odd.path(), sample("chat-llm.rec.ndjson")}, true).value()->size() == 1);
  CHECK(!load_files({"/nonexistent/file", sample("chat-llm.rec.ndjson")}, true));
}

TEST_CASE("an upgrade to something unknown is not replayed as if it were a response") {
  const File tunnel(
      "tunnel.rec.ndjson",
      "{\"ev\":\"request\",\"t\":0,\"request\":{\"method\":\"GET\",\"url\":\"/t\"}}\n"
      "{\"ev\":\"response\",\"t\":0,\"response\":{\"status\":101,\"headers\":[{\"name\":\"Upgrade\",\"value\":\"tls\"}]}}\n"
      "{\"ev\":\"data\",\"t\":1,\"data\":\"x\"}\n{\"ev\":\"end\",\"t\":1,\"reason\":\"eof\"}\n");
  const auto all = load_files({tunnel.path()});
  REQUIRE(all);
  CHECK(answer_of(**all, 0)->status == 501);
}
