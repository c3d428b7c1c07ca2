#include "stream/replay/conversation.hpp"

#include <catch2/catch.hpp>

#include "exchanges.hpp"
#include "stream/replay/fault.hpp"

using namespace stream;
using namespace stream::replay;
using stream::test::ExchangeBuilder;
using stream::test::ms;

namespace {

ExchangeBuilder recorded() { return ExchangeBuilder("GET", "wss://h.test/").response(ms(10), 101, {}, "websocket"); }

/// hello 20 | login 50 | welcome 60, more 80 | bye 100 | close 110
ExchangeBuilder session() {
  return recorded()
      .message(ms(20), "hello")
      .message(ms(50), "login", Direction::send)
      .message(ms(60), "welcome")
      .message(ms(80), "more")
      .message(ms(100), "bye", Direction::send)
      .close(ms(110), 1000, "done")
      .end(ms(110));
}

std::shared_ptr<const Answer> answer_of(const ExchangeBuilder& builder, const Pace& pace = {}) {
  return make_answer(std::make_shared<const Exchange>(builder.build()), pace);
}

std::string name_of(const Step& step) {
  if (step.kind == StepKind::message) return std::string(step.bytes);
  constexpr std::string_view kNames[] = {"head", "data", "message", "raw", "close", "end", "cut", "reset", "stall"};
  return "<" + std::string(kNames[static_cast<std::size_t>(step.kind)]) + ">";
}

/// A conversation on a clock that a test moves.
class Talk {
 public:
  Talk(std::shared_ptr<const Answer> answer, WsMode mode, MessageMatcher matches = match_exactly)
      : talk_(make_conversation(std::move(answer), mode, std::move(matches))) {}
  Talk(const ExchangeBuilder& builder, WsMode mode) : Talk(answer_of(builder), mode) {}

  /// What the server sends up to `now`: "20 hello | 60 welcome".
  std::string until(Nanos now) {
    std::string out;
    while (const auto due = talk_->due()) {
      if (*due > now) break;
      const Step step = talk_->take();
      if (step.kind == StepKind::head) talk_->open(*due);
      out += (out.empty() ? "" : " | ") + std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(*due).count()) +
             " " + name_of(step);
    }
    return out;
  }
  Talk& say(std::string_view text, Nanos now, int opcode = 1) {
    talk_->message(opcode, text, now);
    return *this;
  }
  std::string deviations() {
    std::string out;
    for (const Deviation& deviation : talk_->take_deviations()) out += (out.empty() ? "" : " | ") + to_string(deviation);
    return out;
  }
  Conversation* operator->() { return talk_.get(); }

 private:
  std::unique_ptr<Conversation> talk_;
};

}  // namespace

TEST_CASE("timed: the server's messages come at their times, whatever the client says") {
  Talk talk(session(), WsMode::timed);
  talk.say("nonsense", ms(5)).say("more", ms(5));
  CHECK(talk.until(ms(200)) == "10 <head> | 20 hello | 60 welcome | 80 more | 110 <close>");
  CHECK(talk->done());
  talk->closed(ms(201));
  CHECK(talk->deviation_count() == 0);
}

TEST_CASE("lockstep: each message comes as soon as the client has said what came before it, without pauses") {
  Talk talk(session(), WsMode::lockstep);
  CHECK(talk.until(ms(0)) == "0 <head> | 0 hello");
  CHECK(talk->due() == std::nullopt);
  CHECK_FALSE(talk->done());
  talk.say("login", ms(5'000));
  CHECK(talk.until(ms(5'000)) == "5000 welcome | 5000 more");
  CHECK_FALSE(talk->done());
  CHECK(talk->over());
  talk.say("bye", ms(5'001));
  CHECK(talk.until(ms(5'001)) == "5001 <close>");
  CHECK(talk->done());
  CHECK(talk.deviations().empty());
}

TEST_CASE("lockstep: a client that says everything at once gets everything at once") {
  Talk talk(session(), WsMode::lockstep);
  talk.until(ms(0));
  talk.say("login", ms(1)).say("bye", ms(1));
  CHECK(talk.until(ms(1)) == "1 welcome | 1 more | 1 <close>");
  CHECK(talk.deviations().empty());
}

TEST_CASE("both: pauses are kept, and a client that is late moves what follows") {
  SECTION("early") {
    Talk talk(session(), WsMode::both);
    talk.until(ms(10));
    talk.say("login", ms(12)).say("bye", ms(13));
    CHECK(talk.until(ms(200)) == "20 hello | 60 welcome | 80 more | 110 <close>");
  }
  SECTION("late") {
    Talk talk(session(), WsMode::both);
    CHECK(talk.until(ms(1'000)) == "10 <head> | 20 hello");
    talk.say("login", ms(1'050));
    CHECK(talk.until(ms(1'079)) == "1060 welcome");
    CHECK(talk.until(ms(1'080)) == "1080 more");
    // In time, by the clock that was moved.
    talk.say("bye", ms(1'090));
    CHECK(talk.until(ms(1'109)).empty());
    CHECK(talk.until(ms(1'110)) == "1110 <close>");
  }
  SECTION("late for the second only") {
    Talk talk(session(), WsMode::both);
    talk.until(ms(40));
    talk.say("login", ms(45));
    CHECK(talk.until(ms(90)) == "60 welcome | 80 more");
    talk.say("bye", ms(500));
    CHECK(talk->due() == ms(510));
  }
}

TEST_CASE("both: what a late message moves is only what came behind it") {
  Talk talk(session(), WsMode::both);
  talk.until(ms(20));
  talk.say("login", ms(30));
  // "welcome" and "more" are still to be sent when the last message comes, too late (in the test's time they are late
  // themselves).
  talk.say("bye", ms(300));
  CHECK(talk.until(ms(400)) == "60 welcome | 80 more | 310 <close>");
}

TEST_CASE("a message that is not the expected one is told, and stands for it") {
  Talk talk(session(), WsMode::lockstep);
  talk.until(ms(0));
  talk.say("logon", ms(1));
  CHECK(talk.until(ms(1)) == "1 welcome | 1 more");
  CHECK(talk.deviations() == R"(message 1: expected "login", got "logon")");
  CHECK(talk.deviations().empty());
  talk.say("bye", ms(2), 2);  // as binary
  CHECK(talk.until(ms(2)) == "2 <close>");
  CHECK(talk.deviations() == R"(message 2: expected "bye", got 3 bytes 627965)");
  CHECK(talk->deviation_count() == 2);
}

TEST_CASE("a matcher from outside decides, and says where") {
  const auto ignores_case = [](const ClientMessage& expected, int, std::string_view bytes) -> std::optional<Mismatch> {
    if (iequals(expected.bytes, bytes)) return std::nullopt;
    return Mismatch{"/op", "\"l\"", "\"x\""};
  };
  Talk talk(answer_of(session()), WsMode::lockstep, ignores_case);
  talk.until(ms(0));
  talk.say("LOGIN", ms(1)).say("x", ms(1));
  CHECK(talk.deviations() == R"(message 2: /op: expected "l", got "x")");
}

TEST_CASE("messages behind the last expected one are told, but for those that cross the server's close") {
  Talk talk(recorded().message(ms(20), "a", Direction::send).message(ms(30), "b").end(ms(40)), WsMode::both);
  talk.until(ms(10));
  talk.say("a", ms(11)).say("again", ms(12));
  CHECK(talk.deviations() == R"(message 2: expected no message, got "again")");
  CHECK(talk.until(ms(50)) == "30 b | 40 <close>");
  talk.say("late", ms(51));
  CHECK(talk.deviations().empty());
}

TEST_CASE("a client that leaves early is told with what it did not say, one that leaves at the end is not") {
  for (const WsMode mode : {WsMode::lockstep, WsMode::both}) {
    Talk talk(session(), mode);
    talk.until(ms(20));
    talk->closed(ms(30));
    CHECK(talk.deviations() == R"(the client left before 2 expected messages: message 1 is "login")");
    talk->closed(ms(31));
    CHECK(talk->deviation_count() == 1);
    CHECK_FALSE(talk->answers_close());
  }
  Talk one(session(), WsMode::lockstep);
  one.until(ms(0));
  one.say("login", ms(1));
  one->closed(ms(2));
  CHECK(one.deviations() == R"(the client left before 1 expected message: message 2 is "bye")");
  Talk whole(session(), WsMode::lockstep);
  whole.until(ms(0));
  whole.say("login", ms(1)).say("bye", ms(1));
  whole->closed(ms(2));
  CHECK(whole.deviations().empty());
}

TEST_CASE("where the recorded client closed first its close is waited for") {
  const auto builder = recorded()
                           .message(ms(20), "a", Direction::send)
                           .message(ms(30), "b")
                           .close(ms(50), 1000, "enough", Direction::send)
                           .close(ms(55), 1001, "so be it")
                           .end(ms(60));
  Talk timed(builder, WsMode::timed);
  CHECK(timed.until(ms(100)) == "10 <head> | 30 b | 55 <close>");
  Talk lockstep(builder, WsMode::lockstep);
  lockstep.until(ms(0));
  lockstep.say("a", ms(1));
  CHECK(lockstep.until(ms(9'000)) == "1 b");
  CHECK(lockstep->over());
  lockstep.say("what else", ms(9'000));
  CHECK(lockstep.deviations() == R"(message 2: expected no message, got "what else")");
  lockstep->closed(ms(9'001));
  CHECK(lockstep->answers_close());
  CHECK(lockstep.until(ms(9'001)) == "9001 <close>");
  CHECK(lockstep.deviations().empty());
  Talk both(builder, WsMode::both);
  both.until(ms(10));
  both.say("a", ms(120));
  CHECK(both.until(ms(130)) == "130 b");
  both->closed(ms(200));
  CHECK(both->due() == ms(205));
  // A client that closes without having said all of it: the close is there, and the message is missing.
  Talk silent(builder, WsMode::lockstep);
  silent.until(ms(0));
  silent->closed(ms(1));
  CHECK(silent.deviations() == R"(the client left before 1 expected message: message 1 is "a")");
}

TEST_CASE("pings of the recording are sent, those of the client are no message") {
  const auto builder = recorded()
                           .message(ms(15), "beat", Direction::send, 9)
                           .message(ms(20), "are you there", Direction::receive, 9)
                           .message(ms(21), "are you there", Direction::send, 10)
                           .message(ms(22), "a", Direction::send)
                           .message(ms(30), "b")
                           .end(ms(40));
  Talk talk(builder, WsMode::lockstep);
  CHECK(talk.until(ms(0)) == "0 <head> | 0 are you there");
  talk.say("are you there", ms(1), 10).say("?", ms(1), 9);
  CHECK(talk->due() == std::nullopt);
  talk.say("a", ms(2));
  CHECK(talk.until(ms(2)) == "2 b | 2 <close>");
  CHECK(talk.deviations().empty());
}

TEST_CASE("rounds expect the client's messages in each of them") {
  Pace pace;
  pace.rounds = 2;
  const auto builder =
      recorded().message(ms(20), "a", Direction::send).message(ms(30), "b").close(ms(50), 1000, "", Direction::send);
  Talk lockstep(answer_of(builder, pace), WsMode::lockstep);
  CHECK(lockstep.until(ms(0)) == "0 <head>");
  CHECK(lockstep.say("a", ms(1)).until(ms(1)) == "1 b");
  CHECK(lockstep.say("a", ms(2)).until(ms(2)) == "2 b | 2 <close>");
  Talk both(answer_of(builder, pace), WsMode::both);
  CHECK(both.until(ms(10)) == "10 <head>");
  CHECK(both.say("a", ms(20)).until(ms(40)) == "30 b");
  CHECK(both.say("a", ms(100)).until(ms(200)) == "110 b | 130 <close>");
  Talk left(answer_of(builder, pace), WsMode::lockstep);
  left.until(ms(0));
  left.say("a", ms(1));
  left->closed(ms(1));
  CHECK(left.deviations() == R"(the client left before 1 expected message: message 2 is "a")");
  pace.rounds = 0;
  Talk endless(answer_of(builder, pace), WsMode::both);
  endless.until(ms(10));
  for (int i = 0; i < 100; ++i) endless.say("a", ms(20));
  CHECK(endless.until(ms(30 + 40 * 99)).ends_with(std::to_string(30 + 40 * 99) + " b"));
  CHECK(endless->due() == std::nullopt);
  endless->closed(ms(5'000));
  CHECK(endless.deviations().empty());
}

TEST_CASE("faults stand where they stood, behind the same messages of the client's") {
  const auto played = [](std::string_view rule, Pace pace = {}) {
    FaultPlan plan({*parse_fault(rule)}, 1);
    return Talk(plan.apply({"GET", "/", {}, nullptr}, answer_of(session(), pace)), WsMode::lockstep);
  };
  Talk at = played("at=event:2 reset");
  CHECK(at.until(ms(0)) == "0 <head> | 0 hello");
  CHECK(at.say("login", ms(1)).until(ms(1)) == "1 <reset>");
  Talk after = played("after=event:1 close=1011");
  CHECK(after.until(ms(0)) == "0 <head> | 0 hello | 0 <close>");
  Talk twice = played("at=event:2 duplicate");
  CHECK(twice.until(ms(0)) == "0 <head> | 0 hello");
  CHECK(twice.say("login", ms(1)).until(ms(1)) == "1 welcome | 1 welcome | 1 more");
  Talk dropped = played("at=event:2 drop");
  dropped.until(ms(0));
  CHECK(dropped.say("login", ms(1)).until(ms(1)) == "1 more");
  Talk wrong = played("at=event:2 malformed=rsv");
  CHECK(wrong.until(ms(0)) == "0 <head> | 0 hello");
  CHECK(wrong.say("login", ms(1)).until(ms(1)) == "1 <raw> | 1 welcome | 1 more");
  Talk half = played("within=event:2 truncate");
  half.until(ms(0));
  CHECK(half.say("login", ms(1)).until(ms(1)) == "1 <raw> | 1 <cut>");
  // In the second of two rounds.
  Pace pace;
  pace.rounds = 2;
  Talk late = played("at=event:5 stall", pace);
  CHECK(late.until(ms(0)) == "0 <head> | 0 hello");
  CHECK(late.say("login", ms(1)).until(ms(1)) == "1 welcome | 1 more");
  CHECK(late.say("bye", ms(2)).until(ms(2)) == "2 hello");
  CHECK(late.say("login", ms(3)).until(ms(3)) == "3 <stall>");
  CHECK(late.deviations().empty());
}

TEST_CASE("what the client says outside of the part that is played is not expected") {
  Pace pace;
  pace.start = ms(55);
  pace.end = ms(90);
  Talk talk(answer_of(session(), pace), WsMode::lockstep);
  CHECK(talk.until(ms(0)) == "0 <head> | 0 welcome | 0 more | 0 <close>");
}

TEST_CASE("a recording that has the client speak before the answer does not wait for it there") {
  const auto builder = ExchangeBuilder("GET", "wss://h.test/")
                           .response(ms(50), 101, {}, "websocket")
                           .message(ms(20), "a", Direction::send)
                           .message(ms(60), "b")
                           .end(ms(70));
  Talk talk(builder, WsMode::both);
  CHECK(talk.until(ms(100)) == "50 <head>");
  CHECK(talk.say("a", ms(100)).until(ms(140)) == "140 b");
}

TEST_CASE("deviations beyond the first hundred are counted, and what is shown is short and one line") {
  Talk talk(recorded().message(ms(20), "a").end(ms(30)), WsMode::both);
  talk.until(ms(10));
  for (int i = 0; i < 1'000; ++i) talk.say(std::string(100'000, 'x'), ms(11));
  CHECK(talk->take_deviations().size() == 100);
  CHECK(talk->deviation_count() == 1'000);
  CHECK(shown_message(1, "a\nb\x01") == R"("a\nb\u0001")");
  CHECK(shown_message(1, std::string(200, 'x')) == "\"" + std::string(80, 'x') + "\"… (200 bytes)");
  std::string euros;
  for (int i = 0; i < 60; ++i) euros += "\xe2\x82\xac";
  CHECK(shown_message(1, euros) == "\"" + euros.substr(0, 78) + "\"… (180 bytes)");
  CHECK(shown_message(2, std::string(20, '\xff')) == "20 bytes ffffffffffffffffffffffffffffffff…");
  CHECK(shown_message(2, "x") == "1 byte 78");
  CHECK(shown_message(1, "\xff") == "1 byte ff");
}
