#include "har/streams.hpp"

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "stream/io/byte_sink.hpp"

using namespace har;

namespace {

class TemporaryFile {
 public:
  TemporaryFile(const std::string& name, std::string_view bytes)
      : path_(std::filesystem::temp_directory_path() / ("hartape-streams-" + std::to_string(::getpid()) + "-" + name)) {
    std::ofstream(path_, std::ios::binary) << bytes;
  }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  ~TemporaryFile() { std::filesystem::remove(path_); }
  std::string path() const { return path_.string(); }

 private:
  std::filesystem::path path_;
};

std::string request(const std::string& id, const std::string& url) {
  return R"({"ev":"request","id":")" + id + R"(","t":0,"request":{"method":"GET","url":")" + url + "\"}}\n";
}
std::string data(const std::string& id, const std::string& text) {
  return R"({"ev":"data","id":")" + id + R"(","t":0.5,"data":")" + text + "\"}\n";
}
std::string end(const std::string& id) { return R"({"ev":"end","id":")" + id + R"(","t":1,"reason":"eof"})" + "\n"; }

const std::string kInterleaved = "{\"recording\":1}\n" + request("a", "https://h.test/one?x=1") +
                                 request("b", "https://h.test/two") + data("b", "B1") + data("a", "A1") + end("b") +
                                 data("a", "A2") + end("a") + request("a", "https://h.test/three") + data("a", "C1") + end("a");

std::string body_of(stream::EventSource& events) {
  std::string out;
  const auto exchange = stream::collect(events);
  REQUIRE(exchange);
  for (const auto& event : exchange->timeline) out += event.data;
  return out + (exchange->end ? "." : "|");
}

std::vector<std::string> bodies(const std::string& path, const StreamSelection& select = {}) {
  StreamInput input;
  input.select = select;
  const auto reader = open_streams(path, input);
  REQUIRE(reader);
  std::vector<std::string> out;
  for (;;) {
    auto next = (*reader)->next();
    REQUIRE(next);
    if (!*next) break;
    out.push_back((*next)->head.id + "=" + body_of(*(*next)->events));
  }
  return out;
}

StreamSelection matching(std::string_view text) {
  StreamSelection out;
  out.match = parse_request_pattern(text).value();
  return out;
}

}  // namespace

TEST_CASE("exchanges that are interleaved in a recording come out one after another") {
  const TemporaryFile file("interleaved.rec.ndjson", kInterleaved);
  CHECK(bodies(file.path()) == std::vector<std::string>{"a=A1A2.", "b=B1.", "a=C1."});
}

TEST_CASE("exchanges of a recording are chosen by id, number, or request") {
  const TemporaryFile file("chosen.rec.ndjson", kInterleaved);
  StreamSelection id;
  id.id = "b";
  CHECK(bodies(file.path(), id) == std::vector<std::string>{"b=B1."});
  StreamSelection number;
  number.entry = 2;
  CHECK(bodies(file.path(), number) == std::vector<std::string>{"a=C1."});
  CHECK(bodies(file.path(), matching("GET /t*")) == std::vector<std::string>{"b=B1.", "a=C1."});
  CHECK(bodies(file.path(), matching("POST /two")).empty());
}

TEST_CASE("an exchange that is not read to its end does not disturb the next") {
  const TemporaryFile file("left.rec.ndjson", kInterleaved);
  const auto reader = open_streams(file.path());
  REQUIRE(reader);
  {
    auto first = (*reader)->next();
    REQUIRE(first);
    REQUIRE(*first);
    REQUIRE((*first)->events->next());
  }
  auto second = (*reader)->next();
  REQUIRE(second);
  REQUIRE(*second);
  CHECK(body_of(*(*second)->events) == "B1.");
}

TEST_CASE("a recording that stops, at any byte, gives what came until then") {
  for (std::size_t cut = 0; cut <= kInterleaved.size(); ++cut) {
    const TemporaryFile file("cut.rec.ndjson", std::string_view(kInterleaved).substr(0, cut));
    StreamInput input;
    input.input.format = "recording";
    const auto reader = open_streams(file.path(), input);
    REQUIRE(reader);
    std::string all;
    for (;;) {
      auto next = (*reader)->next();
      REQUIRE(next);
      if (!*next) break;
      all += body_of(*(*next)->events);
    }
    CHECK(std::count(all.begin(), all.end(), '.') <= 3);
    if (cut == kInterleaved.size()) CHECK(all == "A1A2.B1.C1.");
  }
}

TEST_CASE("a broken line in a recording is an error with its place, behind what stands before it") {
  const TemporaryFile file("broken.rec.ndjson", request("a", "/x") + data("a", "A1") + "{\"ev\":\n" + end("a"));
  const auto reader = open_streams(file.path());
  REQUIRE(reader);
  auto next = (*reader)->next();
  REQUIRE(next);
  REQUIRE(*next);
  CHECK((*next)->events->next().value()->kind == stream::EventKind::request);
  CHECK((*next)->events->next().value()->data == "A1");
  const auto broken = (*next)->events->next();
  REQUIRE_FALSE(broken);
  CHECK(broken.error().place.line == 3);
}

TEST_CASE("a body is read in pieces, and its kind is found by content") {
  std::string body;
  for (int i = 0; i < 50'000; ++i) body += "{\"n\":" + std::to_string(i) + "}\n";
  const TemporaryFile file("body", body);
  const auto reader = open_streams(file.path());
  REQUIRE(reader);
  CHECK((*reader)->format == "ndjson");
  CHECK((*reader)->all_known());
  auto next = (*reader)->next();
  REQUIRE(next);
  REQUIRE(*next);
  std::string read;
  std::size_t pieces = 0;
  for (;;) {
    auto event = (*next)->events->next();
    REQUIRE(event);
    if (!*event) break;
    if ((*event)->kind != stream::EventKind::data) continue;
    ++pieces;
    read += (*event)->data;
  }
  CHECK(read == body);
  CHECK(pieces > 1);
}

TEST_CASE("patterns of requests") {
  const auto matches = [](std::string_view pattern, std::string_view method, std::string_view url) {
    return parse_request_pattern(pattern).value().matches(method, url);
  };
  CHECK(matches("GET /chat", "GET", "https://h.test/chat?x=1#top"));
  CHECK_FALSE(matches("GET /chat", "POST", "https://h.test/chat"));
  CHECK_FALSE(matches("/chat", "GET", "https://h.test/chats"));
  CHECK(matches("/chat*", "GET", "https://h.test/chats/2"));
  CHECK(matches("/a?x=1", "GET", "https://h.test/a?x=1"));
  CHECK_FALSE(matches("/a?x=1", "GET", "https://h.test/a?x=2"));
  CHECK(matches("https://*.test/*", "GET", "https://h.test/a?x=2"));
  CHECK(matches("POST", "POST", "https://h.test/"));
  CHECK(matches("/", "GET", "https://h.test"));
  CHECK(matches("/", "GET", "https://h.test?x"));
  CHECK(matches("chat", "GET", "https://h.test/v1/chat"));
  CHECK(matches("/*/*/c", "GET", "/a/b/b/c"));
  CHECK_FALSE(parse_request_pattern(""));
  CHECK_FALSE(parse_request_pattern("GET /a b"));
}
