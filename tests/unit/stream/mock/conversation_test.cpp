#include "stream/mock/conversation.hpp"

#include "../io/scratch.hpp"
#include "mocks.hpp"
#include "stream/replay/fault.hpp"

using namespace mocks;
using stream::mock::leaves_mock;
using stream::mock::Unmatched;
using stream::replay::Conversation;
using stream::replay::Step;
using stream::replay::StepKind;

namespace {

constexpr std::string_view kMocks = R"({"mocks": [{"url": "wss://h/*", "subprotocol": "chat",
  "onConnect": [{"body": "welcome"}, {"body": "still there?", "delayMs": 1000}],
  "rules": [{"match": {"bodyFragment": "ping"}, "responses": [{"body": "pong"}, {"body": "AQI=", "messageType": "binary", "delayMs": 50}]},
            {"match": {"bodyFragment": "bye"}, "closeAfter": true, "closeCode": 4000, "closeReason": "so long"}]}]})";

std::unique_ptr<Conversation> converse(WebSocketMocks& mocks, Unmatched unmatched) {
  const std::vector<stream::replay::HeaderField> offered{{"Sec-WebSocket-Protocol", "other, chat"}};
  auto mock = mocks.connect({"GET", "wss://h/a", &offered, {}});
  REQUIRE(mock != nullptr);
  const auto answer = handshake_answer(*mock, "mock 1");
  CHECK(answer->websocket);
  CHECK(answer->status == 101);
  CHECK(answer->subprotocol == "chat");
  CHECK(stream::mock::leaves_mock(*answer));
  auto talk = make_conversation(std::move(mock), unmatched, *answer);
  CHECK(talk->due() == Nanos{});
  CHECK(talk->take().kind == StepKind::head);
  talk->open(ms(2));
  return talk;
}

std::string until(Conversation& talk, Nanos now) {
  std::string out;
  while (const auto due = talk.due()) {
    if (*due > now) break;
    const Step step = talk.take();
    out += (out.empty() ? "" : " | ") + std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(*due).count()) + " ";
    if (step.kind == StepKind::close) out += "close " + std::to_string(step.number) + " ";
    if (step.kind == StepKind::message && step.number == 2) out += "binary ";
    out += step.bytes;
  }
  return out;
}

std::string deviations(Conversation& talk) {
  std::string out;
  for (const auto& deviation : talk.take_deviations()) out += to_string(deviation);
  return out;
}

}  // namespace

TEST_CASE("a mock talks as a conversation: what is said by itself, and answers with their pauses") {
  auto mocks = websocket(kMocks);
  auto talk = converse(mocks, Unmatched::drop);
  CHECK(until(*talk, ms(2)) == "2 welcome");
  CHECK(talk->due() == ms(1002));
  talk->message(1, "ping", ms(10));
  CHECK(until(*talk, ms(10)) == "10 pong");
  talk->message(1, "ping", ms(20));  // served behind the first
  CHECK(until(*talk, ms(100)) == "60 binary \1\2 | 60 pong");
  CHECK(until(*talk, ms(1'500)) == "110 binary \1\2 | 1002 still there?");
  CHECK(talk->over());
  CHECK(talk->due() == std::nullopt);
  talk->message(9, "ping", ms(1'500));
  CHECK(talk->due() == std::nullopt);
  talk->message(1, "bye", ms(1'501));
  CHECK(until(*talk, ms(1'501)) == "1501 close 4000 so long");
  CHECK(talk->done());
  talk->message(1, "ping", ms(1'502));
  CHECK(talk->due() == std::nullopt);
  CHECK(talk->deviation_count() == 0);
}

TEST_CASE("a message that no rule fits is dropped, told, or the end") {
  auto mocks = websocket(kMocks);
  auto dropped = converse(mocks, Unmatched::drop);
  dropped->message(1, "what", ms(3));
  CHECK(until(*dropped, ms(3)) == "2 welcome");
  CHECK(deviations(*dropped).empty());
  auto told = converse(mocks, Unmatched::report);
  told->message(1, "what", ms(3));
  CHECK(until(*told, ms(3)) == "2 welcome");
  CHECK(deviations(*told) == R"(message 1: expected no message, got "what")");
  auto closed = converse(mocks, Unmatched::close);
  closed->message(1, "what", ms(3));
  CHECK(until(*closed, ms(2'000)) == "2 welcome | 3 close 1008 no mock fits this message");
  CHECK(closed->deviation_count() == 1);
}

TEST_CASE("an answer that cannot be made is told, and closes with 1011") {
  const Scratch scratch;
  scratch.file("grown.txt", "small");
  PlayOptions options;
  options.folder = scratch.path("");
  options.limits.max_entry = 1'000;
  auto mocks = websocket(
      R"({"mocks": [{"url": "wss://h/*", "subprotocol": "chat", "rules": [{"responses": [{"body": "@grown.txt"}]}]}]})", options);
  auto talk = converse(mocks, Unmatched::drop);
  scratch.file("grown.txt", std::string(5'000, 'x'));
  talk->message(1, "file", ms(3));
  CHECK(until(*talk, ms(3)) == "3 close 1011 the mock has no answer");
  const std::string told = deviations(*talk);
  INFO(told);
  CHECK(told.starts_with("message 1: no answer could be made: "));
  CHECK(told.find("responses/0/body: ") != std::string::npos);
}

TEST_CASE("a client that says much and waits for nothing is not heard for a while") {
  auto mocks = websocket(kMocks);
  auto talk = converse(mocks, Unmatched::drop);
  std::size_t said = 0;
  for (; talk->listens() && said < 10'000; ++said) talk->message(1, "ping", ms(3));
  CHECK(said < 1'000);
  until(*talk, ms(1'000'000));
  CHECK(talk->listens());
  talk->closed(ms(1'000'001));
  CHECK(talk->deviation_count() == 0);
}

TEST_CASE("a fault of the handshake leaves the mock its conversation, unless it ends it") {
  auto mocks = websocket(kMocks);
  const auto after = [&mocks](std::string_view rule) {
    auto parsed = stream::replay::parse_fault(rule);
    REQUIRE(parsed.has_value());
    stream::replay::FaultPlan plan({std::move(*parsed)}, 1);
    const auto mock = mocks.connect({"GET", "wss://h/a", nullptr, {}});
    REQUIRE(mock != nullptr);
    return plan.apply({"GET", "/a"}, handshake_answer(*mock, "mock 1"));
  };
  CHECK_FALSE(stream::mock::leaves_mock(*after("reset")));
  CHECK_FALSE(stream::mock::leaves_mock(*after("after=head reset")));
  CHECK_FALSE(stream::mock::leaves_mock(*after("close=1000")));
  CHECK_FALSE(stream::mock::leaves_mock(*after("end")));
  CHECK_FALSE(stream::mock::leaves_mock(*after("status=503")));
  CHECK(stream::mock::leaves_mock(*after("at=event:1 drop")));  // it has none that are known before

  SECTION("late") {
    const auto late = after("latency=40ms");
    REQUIRE(stream::mock::leaves_mock(*late));
    auto talk = make_conversation(mocks.connect({"GET", "wss://h/a", nullptr, {}}), Unmatched::drop, *late);
    CHECK(talk->due() == ms(40));
    CHECK(talk->take().kind == StepKind::head);
    talk->open(ms(41));
    CHECK(until(*talk, ms(41)) == "41 welcome");
  }
  SECTION("slow") {
    const auto slow = after("slow=100B/s");
    REQUIRE(stream::mock::leaves_mock(*slow));
    auto talk = make_conversation(mocks.connect({"GET", "wss://h/a", nullptr, {}}), Unmatched::drop, *slow);
    talk->take();
    talk->open(ms(0));
    talk->message(1, "ping", ms(0));
    CHECK(until(*talk, ms(500)) == "0 welcome | 70 pong | 110 binary \1\2");  // 7 bytes, then 4
  }
}
