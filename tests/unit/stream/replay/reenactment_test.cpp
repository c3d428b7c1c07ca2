#include "stream/replay/reenactment.hpp"

#include <catch2/catch.hpp>

#include "exchanges.hpp"

using namespace stream;
using namespace stream::replay;
using stream::test::ExchangeBuilder;
using stream::test::ms;

namespace {

ExchangeBuilder recorded() { return ExchangeBuilder("GET", "wss://h.test/").response(ms(10), 101, {}, "websocket"); }

/// hi 20 > | < hello 50 | login 70 > | < welcome 90, < more 100 | bye 140, close 150 >
ExchangeBuilder session() {
  return recorded()
      .message(ms(20), "hi", Direction::send)
      .message(ms(50), "hello")
      .message(ms(70), "login", Direction::send)
      .message(ms(90), "welcome")
      .message(ms(100), "more")
      .message(ms(140), "bye", Direction::send)
      .close(ms(150), 1000, "done", Direction::send)
      .close(ms(160), 1000, "done")
      .end(ms(160));
}

/// A client on a clock that a test moves.
class Talk {
 public:
  explicit Talk(const ExchangeBuilder& builder, Reenactment::Pace pace = Reenactment::Pace::lockstep,
                std::int64_t speed = kRecordedSpeed)
      : exchange_(builder.build()), client(exchange_, pace, speed) {}

  /// What is sent up to `now`: "20 hi | 60 <1000>".
  std::string until(Nanos now) {
    std::string out;
    while (const auto due = client.due()) {
      if (*due > now) break;
      const auto step = client.take();
      const std::string text = step.opcode == 8
                                   ? "<" + (step.code ? std::to_string(*step.code) : "") + (step.recorded ? "" : "?") + ">"
                                   : std::string(step.bytes);
      out += (out.empty() ? "" : " | ") + std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(*due).count()) +
             " " + text;
    }
    return out;
  }

 private:
  Exchange exchange_;

 public:
  Reenactment client;
};

}  // namespace

TEST_CASE("a client's message goes out when as many have come as had come before it") {
  Talk talk(session());
  CHECK(talk.until(ms(1000)).empty());  // it is not open yet
  talk.client.open(ms(1000));
  CHECK(talk.until(ms(1000)) == "1000 hi");
  CHECK(talk.until(ms(2000)).empty());
  CHECK(talk.client.missing() == 3);
  talk.client.message(1, ms(2000));
  CHECK(talk.until(ms(2000)) == "2000 login");
  talk.client.message(1, ms(2100));
  CHECK(talk.until(ms(2100)).empty());
  talk.client.message(2, ms(2200));  // whatever it says
  CHECK(talk.until(ms(2200)) == "2200 bye | 2200 <1000>");
  CHECK(talk.client.said());
  CHECK(talk.client.closes());
}

TEST_CASE("pings and pongs do not count") {
  Talk talk(recorded()
                .message(ms(20), "p", Direction::receive, 9)
                .message(ms(30), "x")
                .message(ms(35), "q", Direction::send, 10)
                .message(ms(40), "y", Direction::send)
                .close(ms(50), 1000, ""));
  talk.client.open(ms(0));
  talk.client.message(9, ms(1));
  CHECK(talk.until(ms(10)).empty());
  talk.client.message(1, ms(11));
  CHECK(talk.until(ms(11)) == "11 y");
}

TEST_CASE("with the recorded pace a pause behind what came before is kept, and a late server moves the rest") {
  Talk talk(session(), Reenactment::Pace::recorded);
  talk.client.open(ms(10));
  CHECK(talk.until(ms(19)).empty());
  CHECK(talk.until(ms(20)) == "20 hi");
  talk.client.message(1, ms(200));
  CHECK(talk.client.due() == ms(220));
  CHECK(talk.until(ms(250)) == "220 login");  // the clock was late: what follows counts from 220
  talk.client.message(1, ms(240));
  talk.client.message(1, ms(240));
  CHECK(talk.until(ms(500)) == "280 bye | 290 <1000>");
  Talk fast(session(), Reenactment::Pace::recorded, 2 * kRecordedSpeed);
  fast.client.open(ms(10));
  CHECK(fast.until(ms(100)) == "15 hi");
}

TEST_CASE("messages that come early are counted all the same") {
  Talk talk(session());
  talk.client.open(ms(0));
  for (int i = 0; i < 3; ++i) talk.client.message(1, ms(1));
  CHECK(talk.until(ms(1)) == "0 hi | 0 login | 0 bye | 0 <1000>");
  talk.client.message(1, ms(2));  // one too many
  CHECK(talk.client.missing() == 0);
  CHECK(talk.client.said());
}

TEST_CASE("without a recorded close the client closes once everything has been said") {
  Talk talk(recorded().message(ms(20), "hi", Direction::send).message(ms(50), "hello").end(ms(60)));
  CHECK_FALSE(talk.client.closes());
  talk.client.open(ms(0));
  CHECK(talk.until(ms(0)) == "0 hi");
  CHECK_FALSE(talk.client.said());
  talk.client.message(1, ms(5));
  CHECK(talk.until(ms(5)) == "5 <1000?>");
  CHECK(talk.client.said());
}

TEST_CASE("a close that the server began, and a connection that broke, are waited for") {
  Talk closed(
      recorded().message(ms(20), "hi", Direction::send).close(ms(30), 1001, "away").close(ms(31), 1001, "", Direction::send));
  closed.client.open(ms(0));
  CHECK(closed.until(ms(100)) == "0 hi");
  CHECK(closed.client.said());
  for (const std::string_view reason : {"reset", "error", "timeout"}) {
    Talk broken(recorded().message(ms(20), "hi", Direction::send).end(ms(30), std::string(reason)));
    broken.client.open(ms(0));
    CHECK(broken.until(ms(100)) == "0 hi");
  }
  Talk gone(recorded().close(ms(30), 1006, ""));
  gone.client.open(ms(0));
  CHECK(gone.until(ms(100)).empty());
}

TEST_CASE("nothing is sent to a server that has closed") {
  Talk talk(session());
  talk.client.open(ms(0));
  talk.client.closed(ms(1));
  CHECK(talk.until(ms(100)).empty());
  CHECK_FALSE(talk.client.said());
  CHECK(talk.client.unsent() == 4);
}
