#include "hardiff/against/targets.hpp"

#include <catch2/catch.hpp>

using tools::hardiff::Targets;

namespace {

Targets made(std::string_view against, const std::vector<std::string>& rules = {}) {
  auto targets = Targets::create(against, rules);
  REQUIRE(targets);
  return std::move(*targets);
}

std::string live(Targets& targets, std::string_view recorded, bool websocket = false) {
  const auto url = targets.live(recorded, websocket);
  return url ? url->text() : "none";
}

std::string back(const Targets& targets, std::string_view address, std::string_view asked) {
  return targets.recorded_address(address, *stream::net::parse_url(asked)).value_or("none");
}

}  // namespace

TEST_CASE("--against stands for the origin of the first request, and for no other") {
  auto targets = made("http://localhost:3000");
  CHECK(targets.main_origin().empty());
  CHECK(live(targets, "https://app.example/a?b=c") == "http://localhost:3000/a?b=c");
  CHECK(targets.main_origin() == "https://app.example");
  CHECK(live(targets, "https://app.example:443/x") == "http://localhost:3000/x");
  CHECK(live(targets, "https://APP.example/x") == "http://localhost:3000/x");
  CHECK(live(targets, "https://cdn.example/x") == "none");
  CHECK(live(targets, "http://app.example/x") == "none");
  CHECK(live(targets, "https://app.example:8443/x") == "none");
}

TEST_CASE("a WebSocket goes where its origin goes") {
  auto targets = made("https://localhost:3000");
  CHECK(live(targets, "https://app.example/") == "https://localhost:3000/");
  CHECK(live(targets, "wss://app.example/ws", true) == "wss://localhost:3000/ws");
  auto first = made("ws://localhost:3000");
  CHECK(live(first, "wss://app.example/ws", true) == "ws://localhost:3000/ws");
  CHECK(live(first, "https://app.example/x") == "http://localhost:3000/x");
}

TEST_CASE("--map-host comes first, with or without ports, and may say how to speak") {
  auto targets = made("http://localhost:3000", {"api.example=localhost:4000", "cdn.example:8443=https://127.0.0.1:9",
                                                "[::1]:80=[::1]:81", "app.example=other.test"});
  CHECK(live(targets, "https://api.example/x") == "http://localhost:4000/x");
  CHECK(live(targets, "http://api.example:99/x") == "http://localhost:4000/x");
  CHECK(live(targets, "https://cdn.example:8443/x") == "https://127.0.0.1:9/x");
  CHECK(live(targets, "https://app.example/x") == "http://other.test/x");
  CHECK(live(targets, "http://[::1]/x") == "http://[::1]:81/x");
  // None of these was for --against.
  CHECK(live(targets, "https://cdn.example/x") == "http://localhost:3000/x");
  auto all = made("http://localhost:3000", {"*=localhost:1"});
  CHECK(live(all, "https://any.example/x") == "http://localhost:1/x");
}

TEST_CASE("the path of --against stands in front") {
  auto targets = made("http://localhost:3000/base/", {"api.example=localhost:4000"});
  CHECK(live(targets, "https://app.example/a") == "http://localhost:3000/base/a");
  CHECK(live(targets, "https://api.example/a") == "http://localhost:4000/a");
  CHECK(back(targets, "http://localhost:3000/base/a?x", "https://app.example/") == "https://app.example/a?x");
  CHECK(back(targets, "/base/a", "https://app.example/") == "/a");
  CHECK(back(targets, "/else", "https://app.example/") == "none");
}

TEST_CASE("addresses of live servers are what they stand for") {
  auto targets = made("http://localhost:3000", {"api.example=localhost:4000"});
  (void)live(targets, "https://app.example/");
  CHECK(back(targets, "http://localhost:3000/new?x=1", "https://app.example/old") == "https://app.example/new?x=1");
  CHECK(back(targets, "//localhost:3000/new", "https://app.example/old") == "//app.example/new");
  CHECK(back(targets, "http://localhost:4000/v1", "https://app.example/old") == "https://api.example/v1");
  CHECK(back(targets, "http://localhost:3000/", "https://api.example/v1") == "https://app.example/");
  for (const std::string_view other : {"https://login.example/", "/relative", "relative", "", "*", "null"}) {
    CAPTURE(other);
    CHECK(back(targets, other, "https://app.example/") == "none");
  }
  CHECK(targets.live_origin("https://app.example") == "http://localhost:3000");
  CHECK(targets.live_origin("https://api.example") == "http://localhost:4000");
  CHECK_FALSE(targets.live_origin("https://else.example"));
  CHECK_FALSE(targets.live_origin("null"));
}

TEST_CASE("rules and addresses that mean nothing are refused") {
  for (const std::string_view rule : {"", "a", "=b", "a=", "a/b=c", "a=b/c", "a=b:0", "a b=c"}) {
    CAPTURE(rule);
    CHECK_FALSE(Targets::create("http://localhost", {std::string(rule)}));
  }
  CHECK_FALSE(Targets::create("ftp://localhost", {}));
  CHECK_FALSE(Targets::create("http://localhost/?q=1", {}));
  CHECK_FALSE(Targets::create("http://", {}));
}
