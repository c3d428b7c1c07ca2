#include "mocks.hpp"

using namespace mocks;

namespace {

constexpr std::string_view kReference = R"({ "$schema": "https://x/websocketmockresponseplugin.mocksfile.schema.json",
  "mocks": [ { "url": "wss://api.contoso.com/live/*",
      "onConnect": [ { "body": "{\"type\":\"welcome\"}" } ],
      "rules": [
        { "match": { "bodyJson": { "op": "ping" } }, "responses": [ { "body": "{\"op\":\"pong\"}" } ] },
        { "match": { "bodyRegex": "^sub:(\\w+)$" },  "responses": [ { "body": "AQID", "messageType": "Binary" } ], "closeAfter": true },
        { "responses": [ { "body": "unknown" } ] } ],
      "closeOnUnmatched": false } ] })";

std::string mock(std::string_view members) { return R"({"mocks": [{"url": "*", )" + std::string(members) + "}]}"; }

std::unique_ptr<stream::mock::WebSocketConversation> connect(WebSocketMocks& mocks, std::string_view url = "wss://h/") {
  return mocks.connect({"GET", url, nullptr, {}});
}

}  // namespace

TEST_CASE("the conversation of Dev Proxy's example") {
  auto mocks = websocket(kReference);
  auto talk = connect(mocks, "https://api.contoso.com/live/1");
  REQUIRE(talk != nullptr);
  CHECK(actions(*talk->open(ms(5))) == R"(5 text {"type":"welcome"})");
  CHECK(say(*talk, R"({ "op" : "ping" })", ms(6)) == R"(6 text {"op":"pong"})");
  CHECK(say(*talk, R"({"op":"ping","x":1})", ms(7)) == "7 text unknown");
  CHECK(say(*talk, "", ms(7)) == "7 text unknown");
  CHECK(say(*talk, "sub:a", ms(8)) == "8 binary \1\2\3 | 8 close 1000");
  CHECK(talk->closes_at() == ms(8));
  CHECK(say(*talk, "sub:a", ms(9)).empty());
  CHECK(connect(mocks, "wss://api.contoso.com/other") == nullptr);
}

TEST_CASE("schemes of WebSocket are those of HTTP, URLs are equal in any case, wildcards by case, and the first mock wins") {
  struct Case {
    std::string_view mock, request;
    bool fits;
  };
  const Case cases[] = {
      {"wss://api.x/a", "https://api.x/A", true}, {"https://api.x/a", "wss://API.x/a", true},
      {"ws://api.x/a", "wss://api.x/a", false},   {"WS://api.x/a", "http://api.x/a", true},
      {"wss://api.x/*", "https://api.x/b", true}, {"wss://api.x/*", "https://api.X/b", false},
      {"wss://api.x/*", "wss://API.x/*", true},   {"wss://api.x/a", "wss://api.x/a?q", false},
  };
  for (const Case& each : cases) {
    auto mocks = websocket(R"({"mocks": [{"url": ")" + std::string(each.mock) + "\"}]}");
    INFO(each.mock << ' ' << each.request);
    CHECK((connect(mocks, each.request) != nullptr) == each.fits);
  }
  auto two = websocket(R"({"mocks": [{"url": "wss://h/*"}, {"url": "wss://h/a"}]})");
  CHECK(connect(two, "wss://h/a")->mock() == 0);
  auto any = websocket(R"({"mocks": [{"url": "wss://h/a"}]})");
  CHECK(any.connect({"GET", "ws://127.0.0.1:80/a", nullptr, {}, true}) != nullptr);
  CHECK(any.connect({"GET", "ws://127.0.0.1:80/a", nullptr, {}, false}) == nullptr);
  CHECK(any.connect({"GET", "/b", nullptr, {}, true}) == nullptr);
}

TEST_CASE("of several criteria only the first counts") {
  auto mocks =
      websocket(mock(R"("rules": [{"match": {"bodyJson": {"a": 1}, "bodyFragment": "ping"}, "responses": [{"body": "no"}]},
    {"match": {}, "responses": [{"body": "all"}]}])"));
  auto talk = connect(mocks);
  CHECK(say(*talk, "ping") == "0 text all");
  CHECK(say(*talk, R"({"a":1})") == "0 text no");
}

TEST_CASE("bytes are matched as the text that they are") {
  auto mocks = websocket(mock(R"("rules": [{"match": {"bodyFragment": "ping"}, "responses": [{"body": "pong"}]}])"));
  auto talk = connect(mocks);
  CHECK(say(*talk, "\xff PING", {}, 2) == "0 text pong");
  CHECK(say(*talk, "ping", {}, 9) == "forward");
  CHECK(say(*talk, "pung") == "forward");
}

TEST_CASE("what no rule fits is the caller's, unless the mock closes") {
  auto open = websocket(mock(R"("rules": [])"));
  auto talk = connect(open);
  CHECK(talk->open({})->empty());
  const auto reply = talk->message(1, "x", ms(3));
  CHECK_FALSE(reply->handled);
  CHECK(reply->at == ms(3));
  CHECK_FALSE(reply->rule);

  auto closing = websocket(mock(R"("closeOnUnmatched": true)"));
  CHECK(say(*connect(closing), "x", ms(2)) == "2 close 1000");
  auto coded = websocket(mock(R"("closeOnUnmatched": true, "closeCode": 1008, "closeReason": "no", "closeDelayMs": 4)"));
  CHECK(say(*connect(coded), "x", ms(2)) == "6 close 1008 no");
}

TEST_CASE("messages are served one after the other, each pause since the message before") {
  auto mocks = websocket(mock(R"("onConnect": [{"body": "a", "delayMs": 100}, {"body": "b", "delayMs": 50}],
    "rules": [{"match": {"bodyFragment": "slow"}, "responses": [{"body": "1", "delayMs": 10}, {"body": "2", "delayMs": 10}]},
              {"match": {"bodyFragment": "fast"}, "responses": [{"body": "3"}]}])"));
  auto talk = connect(mocks);
  CHECK(actions(*talk->open(ms(0))) == "100 text a | 150 text b");
  CHECK(say(*talk, "slow", ms(5)) == "15 text 1 | 25 text 2");
  CHECK(say(*talk, "fast", ms(6)) == "25 text 3");
  CHECK(talk->message(1, "other", ms(7))->at == ms(25));
  CHECK(say(*talk, "fast", ms(40)) == "40 text 3");
}

TEST_CASE("nothing is sent behind a close") {
  auto mocks = websocket(
      mock(R"("onConnect": [{"body": "a"}], "closeAfter": true, "closeDelayMs": 20, "closeCode": 4000, "closeReason": "bye",
    "rules": [{"responses": [{"body": "1", "delayMs": 15}, {"body": "2", "delayMs": 15}], "closeAfter": true}])"));
  auto talk = connect(mocks);
  CHECK(actions(*talk->open(ms(0))) == "0 text a | 20 close 4000 bye");
  CHECK(say(*talk, "x", ms(1)) == "16 text 1");
  CHECK(say(*talk, "x", ms(2)).empty());
  CHECK(say(*talk, "x", ms(30)).empty());
  CHECK(talk->closes_at() == ms(20));
}

TEST_CASE("rules count messages, of their own connection only") {
  auto mocks = websocket(mock(R"("rules": [
    {"match": {"bodyFragment": "x"}, "nth": 1, "responses": [{"body": "first"}]},
    {"match": {"bodyFragment": "x"}, "nth": 2, "responses": [{"body": "second"}]},
    {"match": {"bodyFragment": "y"}, "every": 2, "responses": [{"body": "even"}]},
    {"match": {"bodyFragment": "x"}, "responses": [{"body": "later"}]}])"));
  for (int connection = 0; connection < 2; ++connection) {
    auto talk = connect(mocks);
    CHECK(say(*talk, "x") == "0 text first");
    CHECK(say(*talk, "y") == "forward");
    CHECK(say(*talk, "x") == "0 text second");
    CHECK(say(*talk, "y") == "0 text even");
    CHECK(say(*talk, "x") == "0 text later");
  }
}

TEST_CASE("mocks count connections") {
  auto mocks = websocket(R"({"mocks": [{"url": "*", "nth": 2}, {"url": "*", "every": 3}, {"url": "*"}]})");
  std::string order;
  for (int i = 0; i < 6; ++i) order += std::to_string(connect(mocks)->mock());
  CHECK(order == "201221");
}

TEST_CASE("the subprotocol is the mock's if it is offered, else the first that is offered") {
  const auto chosen = [](std::string_view members, const Headers& headers) {
    auto mocks = websocket(mock(members));
    return mocks.connect({"GET", "ws://h/", &headers, {}})->subprotocol();
  };
  const Headers offers{{"sec-websocket-protocol", "a, b"}, {"Sec-WebSocket-Protocol", " c"}};
  CHECK(chosen(R"("rules": [])", offers) == "a");
  CHECK(chosen(R"("rules": [])", {}).empty());
  CHECK(chosen(R"("subprotocol": "c")", offers) == "c");
  CHECK(chosen(R"("subprotocol": "d")", offers).empty());
}

TEST_CASE("templates of messages know what was matched") {
  auto mocks =
      websocket(R"({"mocks": [{"url": "wss://h/*", "template": true, "onConnect": [{"body": "{{url.1}} {{count}}"}], "rules": [
    {"match": {"bodyRegex": "^sub:(?<topic>\\w+)$"}, "responses": [{"body": "ok {{match.topic}} {{count}}"}]},
    {"match": {"bodyFragment": "id"}, "responses": [{"body": {"id": "{{body.id}}"}}]}]},
    {"url": "*", "rules": [{"responses": [{"body": "{{body}}"}]}, {"template": true}]}]})");
  auto talk = connect(mocks, "wss://h/room");
  CHECK(actions(*talk->open({})) == "0 text room 1");
  CHECK(say(*talk, "sub:a") == "0 text ok a 1");
  CHECK(say(*talk, "sub:b") == "0 text ok b 2");
  CHECK(say(*talk, R"({"id": [7]})") == R"(0 text {"id":[7]})");
  CHECK(say(*connect(mocks, "wss://other/"), "x") == "0 text {{body}}");
}

TEST_CASE("a text message is UTF-8 whatever it is made of") {
  auto mocks = websocket(mock(R"("rules": [{"template": true, "responses": [{"body": "{{body}}"}, {"body": "\ud800"}]}])"));
  auto talk = connect(mocks);
  CHECK(say(*talk, "a\xff", {}, 2) == "0 text a\xEF\xBF\xBD | 0 text \xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");
}

TEST_CASE("jitter depends on the seed and the number of the connection alone") {
  const std::string text = mock(R"("rules": [{"responses": [{"body": "x", "delayMs": 1, "jitterMs": 1000}]}])");
  PlayOptions options;
  options.seed = 7;
  auto a = websocket(text, options);
  auto b = websocket(text, options);
  auto a1 = connect(a);
  auto a2 = connect(a);
  auto b1 = connect(b);
  auto b2 = connect(b);
  const std::string second = say(*a2, "m");
  const std::string first = say(*a1, "m");
  CHECK(first != second);
  CHECK(say(*b1, "m") == first);
  CHECK(say(*b2, "m") == second);
}

TEST_CASE("a conversation outlives its mocks") {
  std::unique_ptr<stream::mock::WebSocketConversation> talk;
  {
    auto mocks = websocket(kReference);
    talk = connect(mocks, "wss://api.contoso.com/live/1");
  }
  CHECK(actions(*talk->open({})) == R"(0 text {"type":"welcome"})");
  CHECK(say(*talk, "x") == "0 text unknown");
}
