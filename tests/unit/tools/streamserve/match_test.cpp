#include "streamserve/match.hpp"

#include <catch2/catch.hpp>

using namespace tools::streamserve;
using stream::net::Request;

namespace {

Recorded recorded(std::string name, std::string method, std::string url, bool websocket = false) {
  Recorded out;
  out.name = std::move(name);
  out.method = std::move(method);
  split_url(url, out.path, out.query);
  auto answer = std::make_shared<stream::replay::Answer>();
  answer->websocket = websocket;
  out.answer = std::move(answer);
  return out;
}

Request request(std::string method, std::string target, bool websocket = false) {
  Request out;
  out.method = std::move(method);
  out.target = std::move(target);
  out.websocket = websocket;
  return out;
}

std::string found(Matcher& matcher, const Request& asked) {
  const Match match = matcher.find(asked);
  return match.recorded == nullptr ? "none" : match.recorded->name;
}

}  // namespace

TEST_CASE("a URL's path and query are found whatever its scheme") {
  const auto split = [](std::string_view url) {
    std::string path;
    std::string query;
    split_url(url, path, query);
    return path + " " + query;
  };
  CHECK(split("https://example.test/a/b?c=d#e") == "/a/b c=d");
  CHECK(split("wss://example.test:8443/a") == "/a ");
  CHECK(split("http://example.test") == "/ ");
  CHECK(split("http://example.test?q=/x") == "/ q=/x");
  CHECK(split("/a?to=http://b/c") == "/a to=http://b/c");
  CHECK(split("") == "/ ");
}

TEST_CASE("method, path and query decide, in that order of importance") {
  const std::vector<Recorded> all{recorded("a", "GET", "http://h/x?q=1"), recorded("b", "GET", "http://h/x?q=2"),
                                  recorded("c", "POST", "http://h/x?q=1"), recorded("d", "GET", "http://h/y")};
  ExactMatcher matcher(all);
  CHECK(found(matcher, request("GET", "/x?q=2")) == "b");
  CHECK(found(matcher, request("GET", "/x?q=1")) == "a");
  CHECK(found(matcher, request("POST", "/x?q=1")) == "c");
  CHECK(found(matcher, request("GET", "/y")) == "d");
  CHECK(found(matcher, request("PUT", "/y")) == "none");
  CHECK(found(matcher, request("GET", "/z")) == "none");
}

TEST_CASE("another query is answered only where there is no choice, and that is said") {
  const std::vector<Recorded> all{recorded("a", "GET", "http://h/x?q=1"), recorded("b", "GET", "http://h/x?q=2"),
                                  recorded("c", "GET", "http://h/y?q=1"), recorded("d", "GET", "http://h/z")};
  ExactMatcher matcher(all);
  CHECK(found(matcher, request("GET", "/x?q=3")) == "none");
  CHECK(matcher.find(request("GET", "/y?q=3")).note == "it was recorded with the query \"q=1\"");
  CHECK(matcher.find(request("GET", "/y?q=1")).note.empty());
  CHECK(matcher.find(request("GET", "/z?q")).note == "it was recorded without a query");
}

TEST_CASE("repeats get their answers in recorded order and then the last one") {
  const std::vector<Recorded> all{recorded("a", "GET", "http://h/x"), recorded("other", "GET", "http://h/y"),
                                  recorded("b", "GET", "http://h/x"), recorded("c", "GET", "http://h/x")};
  ExactMatcher matcher(all);
  std::string order;
  for (int i = 0; i < 5; ++i) order += found(matcher, request("GET", "/x"));
  CHECK(order == "abccc");
}

TEST_CASE("HEAD is answered by what was recorded for it, else by GET, whose turn stays") {
  const std::vector<Recorded> all{recorded("a", "GET", "http://h/x"), recorded("b", "GET", "http://h/x"),
                                  recorded("c", "GET", "http://h/y"), recorded("d", "HEAD", "http://h/y")};
  ExactMatcher matcher(all);
  CHECK(found(matcher, request("HEAD", "/x")) == "a");
  CHECK(found(matcher, request("HEAD", "/x")) == "a");
  CHECK(found(matcher, request("GET", "/x")) == "a");
  CHECK(found(matcher, request("GET", "/x")) == "b");
  CHECK(found(matcher, request("HEAD", "/y")) == "d");
}

TEST_CASE("an upgrade finds WebSocket exchanges first, and a plain request finds them last") {
  const std::vector<Recorded> all{recorded("page", "GET", "http://h/x"), recorded("socket", "GET", "ws://h/x", true),
                                  recorded("alone", "GET", "wss://h/y", true), recorded("refused", "GET", "ws://h/z")};
  ExactMatcher matcher(all);
  CHECK(found(matcher, request("GET", "/x", true)) == "socket");
  CHECK(found(matcher, request("GET", "/x")) == "page");
  CHECK(found(matcher, request("GET", "/y")) == "alone");
  CHECK(found(matcher, request("GET", "/y?v=1", true)) == "alone");
  CHECK(found(matcher, request("GET", "/z", true)) == "refused");
  CHECK(found(matcher, request("POST", "/y")) == "none");
}

TEST_CASE("the nearest exchange has the most similar path, then the method, then the query") {
  const std::vector<Recorded> all{
      recorded("a", "GET", "http://h/v1/chat/completions"), recorded("b", "POST", "http://h/v1/chat/completions"),
      recorded("c", "POST", "http://h/v1/models?limit=10"), recorded("d", "POST", "http://h/v1/models?limit=2")};
  const ExactMatcher matcher(all);
  CHECK(matcher.nearest(request("POST", "/v2/chat/completions"))->name == "b");
  CHECK(matcher.nearest(request("GET", "/v1/chat/completion"))->name == "a");
  CHECK(matcher.nearest(request("PUT", "/v1/models?limit=2"))->name == "d");
  CHECK(ExactMatcher({}).nearest(request("GET", "/")) == nullptr);
}
