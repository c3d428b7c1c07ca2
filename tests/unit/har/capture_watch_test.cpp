// Which traffic is recorded.
#include "capturing.hpp"

using namespace capturing;

TEST_CASE("a glob is stars and letters of either case") {
  CHECK(matches_glob("https://*.example/*", "https://A.example/x"));
  CHECK(matches_glob("*", ""));
  CHECK(matches_glob("a*b*c", "axxbyyc"));
  CHECK(matches_glob("*a*a*b", "aaaaaaaab"));
  CHECK_FALSE(matches_glob("a*b", "ab "));
  CHECK_FALSE(matches_glob("", "a"));
  CHECK_FALSE(matches_glob("https://a.example", "https://a.example/"));
}

TEST_CASE("the first rule for a URL decides, and where only some are excluded all others are in") {
  Watch watch;
  const auto decides = [&](std::string_view url) { return watch.of_request("GET", url, {}); };
  CHECK(decides("https://a.example/") == true);
  watch.urls = {watch_glob("!*/health"), watch_glob("https://a.example/*"), watch_glob("!*")};
  CHECK(decides("https://a.example/x") == true);
  CHECK(decides("https://a.example/health") == false);
  CHECK(decides("wss://a.example/x") == true);
  CHECK(decides("https://b.example/x") == false);
  watch.urls = {watch_glob("!*/health")};
  CHECK(decides("https://a.example/x") == true);
}

TEST_CASE("what the request decides the response is not asked about") {
  Watch watch;
  watch.methods = {"post"};
  CHECK(watch.of_request("GET", "https://a.example/", {}) == false);
  CHECK(watch.of_request("POST", "https://a.example/", {}) == true);
  watch.headers = {*watch_header("X-Trace: a*"), *watch_header("!X-Bot")};
  const std::vector<TapField> traced{{"x-trace", "abc"}};
  const std::vector<TapField> bot{{"x-trace", "abc"}, {"X-Bot", "1"}};
  CHECK(watch.of_request("POST", "https://a.example/", bot) == false);
  CHECK_FALSE(watch.of_request("POST", "https://a.example/", traced));  // a response may still say X-Bot
  CHECK(watch.of_response({}, true));
  CHECK_FALSE(watch.of_response({}, false));
  CHECK(watch.of_response(traced, false));
  CHECK_FALSE(watch_header(": x"));
}

TEST_CASE("an exchange whose type is not watched leaves nothing behind, and one that fails is recorded") {
  const Folder folder;
  Relay relay;
  relay.record(folder / "s.rec.ndjson");
  relay.har(folder / "s.har");
  relay.options.watch.types = {watch_glob("!text/html"), watch_glob("text/*"), watch_glob("application/json")};
  relay.options.watch.urls = {watch_glob("!*.ico")};
  relay.start();
  CHECK(relay.request(1, "https://a.example/favicon.ico") == stream::TapInterest::none);
  CHECK(relay.request(2, "https://a.example/page", {{"Content-Type", "text/plain"}}, "POST") == stream::TapInterest::all);
  relay.sent(2, "sent before it is decided");
  CHECK(relay.response(2, 200, {{"Content-Type", "text/html; charset=utf-8"}}) == stream::TapInterest::none);
  CHECK(relay.request(3, "https://a.example/data", {{"Content-Type", "text/plain"}}, "POST") == stream::TapInterest::all);
  relay.sent(3, "held");
  CHECK(relay.response(3, 200, {{"Content-Type", "Application/JSON"}}) == stream::TapInterest::all);
  relay.data(3, "{}");
  relay.end(3, "eof", {}, 2);
  CHECK(relay.request(4, "https://down.example/") == stream::TapInterest::all);
  relay.end(4, "error", "no route");
  relay.request(5, "https://a.example/big", {}, "POST");
  relay.sent(5, std::string(2'000'000, 'b'));
  relay.sent(5, std::string(2'000'000, 'b'));
  relay.response(5, 200, {{"Content-Type", "text/plain"}});
  relay.end(5);
  const Summary summary = relay.finish();
  CHECK(summary.exchanges == 3);
  const Json::Array list = entries(folder / "s.har");
  REQUIRE(list.size() == 3);
  CHECK(list[0]["request"]["postData"]["text"] == Json("held"));
  CHECK(list[1]["_error"] == Json("no route"));
  CHECK(list[2]["request"]["postData"]["_truncated"] == Json(true));
  CHECK(list[2]["_dropped"] == Json(1));
  CHECK(contents(folder / "s.rec.ndjson").find("page") == std::string::npos);
  CHECK(complaints(folder / "s.rec.ndjson").empty());
}
