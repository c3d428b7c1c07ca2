#include "stream/replay/schedule.hpp"

#include <catch2/catch.hpp>

#include "exchanges.hpp"

using namespace stream;
using namespace stream::replay;
using stream::test::ExchangeBuilder;
using stream::test::ms;

namespace {

std::vector<std::pair<StepKind, Nanos>> shape(const std::vector<Step>& steps) {
  std::vector<std::pair<StepKind, Nanos>> out;
  for (const Step& step : steps) out.emplace_back(step.kind, step.at);
  return out;
}

using Shape = std::vector<std::pair<StepKind, Nanos>>;

StepKind last(const Exchange& exchange) { return make_schedule(exchange, {}).back().kind; }

}  // namespace

TEST_CASE("steps have the recorded times, counted from the request") {
  Exchange exchange = ExchangeBuilder().response(ms(1084), 200).data(ms(1100), "a").data(ms(1300), "bc").end(ms(1400)).build();
  exchange.request->t = ms(1000);
  const auto steps = make_schedule(exchange, {});
  CHECK(shape(steps) ==
        Shape{{StepKind::head, ms(84)}, {StepKind::data, ms(100)}, {StepKind::data, ms(300)}, {StepKind::end, ms(400)}});
  CHECK(steps[2].bytes == "bc");
}

TEST_CASE("the gap limit comes first and the speed after it") {
  const Exchange exchange =
      ExchangeBuilder().response(ms(100), 200).data(ms(10100), "a").data(ms(10200), "b").end(ms(10200)).build();
  Pace pace;
  pace.max_gap = ms(1000);
  pace.speed_millionths = 2 * kRecordedSpeed;
  CHECK(shape(make_schedule(exchange, pace)) ==
        Shape{{StepKind::head, ms(50)}, {StepKind::data, ms(550)}, {StepKind::data, ms(600)}, {StepKind::end, ms(600)}});
}

TEST_CASE("no delay puts every step at the request") {
  const Exchange exchange = ExchangeBuilder().response(ms(100), 200).data(ms(10100), "a").end(ms(10200)).build();
  Pace pace;
  pace.no_delay = true;
  CHECK(shape(make_schedule(exchange, pace)) == Shape{{StepKind::head, {}}, {StepKind::data, {}}, {StepKind::end, {}}});
}

TEST_CASE("a speed that divides no gap evenly does not drift and is never early") {
  ExchangeBuilder builder;
  builder.response(Nanos(1), 200);
  constexpr int kCount = 100'000;
  for (int i = 1; i <= kCount; ++i) builder.data(Nanos(1 + i * 10), "x");
  Pace pace;
  pace.speed_millionths = 3 * kRecordedSpeed;
  const auto steps = make_schedule(builder.end(Nanos(1 + kCount * 10)).get(), pace);
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const std::int64_t recorded = i == 0 ? 1 : 1 + static_cast<std::int64_t>(std::min<std::size_t>(i, kCount)) * 10;
    REQUIRE(steps[i].at.count() * 3 >= recorded);
    REQUIRE((steps[i].at.count() - 1) * 3 < recorded);
  }
}

TEST_CASE("a century of recording at a tenth of the speed does not overflow") {
  const Nanos century = std::chrono::hours(24 * 365 * 100);
  const Exchange exchange =
      ExchangeBuilder().response(ms(0), 200).data(century, "a").data(century * 2, "b").end(century * 2).build();
  Pace pace;
  pace.speed_millionths = kRecordedSpeed / 10;
  const auto steps = make_schedule(exchange, pace);
  CHECK(steps[1].at == Nanos::max());
  CHECK(steps[3].at == Nanos::max());
}

TEST_CASE("what the client sent is no step, but its pauses count") {
  const Exchange exchange = ExchangeBuilder("POST")
                                .data(ms(1000), "up", Direction::send)
                                .data(ms(2000), "load", Direction::send)
                                .response(ms(3000), 200)
                                .data(ms(3100), "a")
                                .end(ms(3100))
                                .build();
  Pace pace;
  pace.max_gap = ms(500);
  CHECK(shape(make_schedule(exchange, pace)) ==
        Shape{{StepKind::head, ms(1500)}, {StepKind::data, ms(1600)}, {StepKind::end, ms(1600)}});
  CHECK(make_schedule(exchange, {})[0].at == ms(3000));
}

TEST_CASE("time that runs backwards is no pause, and no later step moves because of it") {
  const Exchange exchange =
      ExchangeBuilder().response(ms(100), 200).data(ms(50), "a").data(ms(80), "b").data(ms(120), "c").end(ms(110)).build();
  CHECK(shape(make_schedule(exchange, {})) == Shape{{StepKind::head, ms(100)},
                                                    {StepKind::data, ms(100)},
                                                    {StepKind::data, ms(100)},
                                                    {StepKind::data, ms(120)},
                                                    {StepKind::end, ms(120)}});
}

TEST_CASE("marks and empty chunks are no steps and cut no pause") {
  ExchangeBuilder builder;
  builder.response(ms(0), 200).data(ms(1000), "").data(ms(2000), "note").data(ms(4000), "a").end(ms(4000));
  builder.get().timeline[1].kind = EventKind::mark;
  Pace pace;
  pace.max_gap = ms(1500);
  CHECK(shape(make_schedule(builder.get(), pace)) ==
        Shape{{StepKind::head, {}}, {StepKind::data, ms(2500)}, {StepKind::end, ms(2500)}});
}

TEST_CASE("how an exchange ended decides the last step") {
  const auto with = [](const char* reason) {
    return ExchangeBuilder().response(ms(1), 200).data(ms(2), "a").end(ms(3), reason).build();
  };
  CHECK(last(with("eof")) == StepKind::end);
  CHECK(last(with("reset")) == StepKind::reset);
  CHECK(last(with("abort")) == StepKind::reset);
  CHECK(last(with("error")) == StepKind::reset);
  CHECK(last(with("timeout")) == StepKind::stall);
  CHECK(last(with("solar flare")) == StepKind::cut);
  CHECK(last(ExchangeBuilder().response(ms(1), 200).data(ms(2), "a").build()) == StepKind::cut);
}

TEST_CASE("an exchange without a response has no head") {
  CHECK(shape(make_schedule(ExchangeBuilder().end(ms(5), "reset").build(), {})) == Shape{{StepKind::reset, ms(5)}});
  CHECK(shape(make_schedule(ExchangeBuilder().end(ms(5)).build(), {})) == Shape{{StepKind::cut, ms(5)}});
  CHECK(shape(make_schedule(ExchangeBuilder().build(), {})) == Shape{{StepKind::cut, {}}});
  CHECK(shape(make_schedule(ExchangeBuilder().data(ms(1), "up", Direction::send).response(ms(2), 0).end(ms(5), "error").build(),
                            {})) == Shape{{StepKind::reset, ms(5)}});
}

TEST_CASE("bytes without a request and a response begin at once") {
  Exchange exchange = ExchangeBuilder().data(ms(500), "a").data(ms(700), "b").end(ms(700)).build();
  exchange.request.reset();
  CHECK(shape(make_schedule(exchange, {})) ==
        Shape{{StepKind::head, {}}, {StepKind::data, {}}, {StepKind::data, ms(200)}, {StepKind::end, ms(200)}});
}

TEST_CASE("a WebSocket conversation gives the server's messages and its close") {
  const Exchange exchange = ExchangeBuilder("GET", "ws://example.test/prices")
                                .response(ms(10), 101, {}, "websocket")
                                .message(ms(20), "subscribe", Direction::send)
                                .message(ms(40), "one")
                                .message(ms(60), std::string("\0\x01", 2), Direction::receive, 2)
                                .close(ms(90), 1001, "bye")
                                .end(ms(100))
                                .build();
  const auto steps = make_schedule(exchange, {});
  CHECK(shape(steps) ==
        Shape{{StepKind::head, ms(10)}, {StepKind::message, ms(40)}, {StepKind::message, ms(60)}, {StepKind::close, ms(90)}});
  CHECK(steps[1].number == 1);
  CHECK(steps[2].number == 2);
  CHECK(steps[3].number == 1001);
  CHECK(steps[3].bytes == "bye");
}

TEST_CASE("the close of a WebSocket conversation is the server's, else the client's, else 1000") {
  const auto talk = [] { return ExchangeBuilder().response(ms(0), 101, {}, "websocket").message(ms(1), "a"); };
  const auto both = make_schedule(
      talk().close(ms(2), 1000, "", Direction::send).message(ms(3), "b").close(ms(4), 3000, "r").end(ms(5)).get(), {});
  CHECK(both.size() == 4);
  CHECK(both.back().number == 3000);
  CHECK(make_schedule(talk().close(ms(2), 4001, "x", Direction::send).end(ms(5)).get(), {}).back() ==
        Step{ms(2), StepKind::close, 4001, "x", 1});
  CHECK(make_schedule(talk().end(ms(5)).get(), {}).back() == Step{ms(5), StepKind::close, 1000, {}});
  CHECK(make_schedule(talk().get(), {}).back() == Step{ms(1), StepKind::close, 1000, {}});
  CHECK(make_schedule(talk().close(ms(2), std::nullopt, "").get(), {}).back().number == 1005);
  CHECK(make_schedule(talk().close(ms(2), 1006, "").get(), {}).back().kind == StepKind::cut);
  CHECK(make_schedule(talk().end(ms(5), "reset").get(), {}).back().kind == StepKind::reset);
}

TEST_CASE("speeds are exact decimals between 0.1 and 1000") {
  CHECK(parse_speed("1") == kRecordedSpeed);
  CHECK(parse_speed("0.1") == 100'000);
  CHECK(parse_speed("1000") == 1'000'000'000);
  CHECK(parse_speed("1.25") == 1'250'000);
  CHECK(parse_speed(".5") == 500'000);
  for (const char* bad :
       {"", ".", "0", "0.09", "1000.1", "1001", "-1", "1e3", "1x", "nan", "1.2.3", "1.0000001", "99999999999999999999"}) {
    INFO(bad);
    CHECK(!parse_speed(bad));
  }
}
