#include <catch2/catch.hpp>

#include "exchanges.hpp"
#include "stream/replay/playback.hpp"

using namespace stream;
using namespace stream::replay;
using stream::test::ExchangeBuilder;
using stream::test::ms;

namespace {

/// A head at 100 ms, pieces at 200, 210, 1210 and 1310 ms, the end at 1400 ms.
Exchange stream_of_four() {
  return ExchangeBuilder()
      .response(ms(100), 200, {}, "sse")
      .data(ms(200), "id: 1\ndata: a\n\n")
      .data(ms(210), "id: 2\ndata: b\n\n")
      .data(ms(1210), "id: 3\ndata: c\n\n")
      .data(ms(1310), "data: d\n\n")
      .end(ms(1400))
      .build();
}

std::vector<std::int64_t> times(const std::vector<Step>& steps) {
  std::vector<std::int64_t> out;
  for (const Step& step : steps) out.push_back(step.at / ms(1));
  return out;
}

std::shared_ptr<const Answer> answer_of(const Exchange& exchange, const Pace& pace = {}) {
  return make_answer(std::make_shared<const Exchange>(exchange), pace);
}

/// Everything that is played, at most `most` steps.
std::vector<Step> played(std::shared_ptr<const Answer> answer, std::size_t most = 1000) {
  std::vector<Step> out;
  Playback playback(std::move(answer));
  for (; !playback.done() && out.size() < most; playback.take()) out.push_back(playback.next());
  return out;
}

std::string text(const std::vector<Step>& steps) {
  std::string out;
  for (const Step& step : steps) out += step.bytes;
  return out;
}

}  // namespace

TEST_CASE("each option changes time in its own way, and together in one order") {
  struct Case {
    const char* name;
    void (*set)(Pace&);
    std::vector<std::int64_t> expected;
  };
  const Case cases[] = {
      {"as recorded", [](Pace&) {}, {100, 200, 210, 1210, 1310, 1400}},
      {"max-gap", [](Pace& p) { p.max_gap = ms(50); }, {50, 100, 110, 160, 210, 260}},
      {"min-gap", [](Pace& p) { p.min_gap = ms(40); }, {100, 200, 240, 1240, 1340, 1430}},
      {"both gaps", [](Pace& p) { p.min_gap = ms(40), p.max_gap = ms(50); }, {50, 100, 140, 190, 240, 290}},
      {"gaps, then speed",
       [](Pace& p) { p.min_gap = ms(40), p.max_gap = ms(50), p.speed_millionths *= 10; },
       {5, 10, 14, 19, 24, 29}},
      {"ttfb", [](Pace& p) { p.ttfb = ms(5); }, {5, 105, 115, 1115, 1215, 1305}},
      {"ttfb is not scaled", [](Pace& p) { p.ttfb = ms(7), p.speed_millionths *= 10; }, {7, 17, 18, 118, 128, 137}},
      {"no ttfb", [](Pace& p) { p.ttfb = ms(0); }, {0, 100, 110, 1110, 1210, 1300}},
      {"interval", [](Pace& p) { p.interval = ms(30); }, {100, 130, 160, 190, 220, 220}},
      {"interval and speed", [](Pace& p) { p.interval = ms(30), p.speed_millionths *= 2; }, {50, 80, 110, 140, 170, 170}},
      {"interval and ttfb", [](Pace& p) { p.interval = ms(30), p.ttfb = ms(1); }, {1, 31, 61, 91, 121, 121}},
      {"no delay", [](Pace& p) { p.no_delay = true; }, {0, 0, 0, 0, 0, 0}},
      {"no delay but what is asked for",
       [](Pace& p) { p.no_delay = true, p.ttfb = ms(9), p.interval = ms(2); },
       {9, 11, 13, 15, 17, 17}},
      {"start", [](Pace& p) { p.start = ms(205); }, {0, 5, 1005, 1105, 1195}},
      {"end", [](Pace& p) { p.end = ms(1210); }, {100, 200, 210, 1210}},
      {"start and end", [](Pace& p) { p.start = ms(210), p.end = ms(1300); }, {0, 0, 1000, 1090}},
      {"positions, then gaps, then speed",
       [](Pace& p) { p.start = ms(205), p.end = ms(1311), p.max_gap = ms(60), p.speed_millionths *= 2; },
       {0, 2, 32, 62, 63}},
  };
  for (const Case& one : cases) {
    INFO(one.name);
    Pace pace;
    one.set(pace);
    const auto steps = make_schedule(stream_of_four(), pace);
    CHECK(times(steps) == one.expected);
    CHECK(steps.back().kind == StepKind::end);
  }
}

TEST_CASE("a part of a recording that broke off ends well, and all of it as recorded") {
  Exchange exchange = stream_of_four();
  exchange.end->reason = "reset";
  Pace pace;
  pace.end = ms(1000);
  CHECK(make_schedule(exchange, pace).back() == Step{ms(1000), StepKind::end, 0, {}});
  pace.end = ms(2000);
  CHECK(make_schedule(exchange, pace).back().kind == StepKind::reset);
}

TEST_CASE("jitter makes steps late, by no more than it, in order, and the same for a seed") {
  Pace pace;
  pace.jitter = ms(40);
  pace.seed = 1;
  const auto plain = make_schedule(stream_of_four(), {});
  const auto first = make_schedule(stream_of_four(), pace);
  bool moved = false;
  for (std::size_t i = 0; i < plain.size(); ++i) {
    CHECK(first[i].at >= plain[i].at);
    CHECK(first[i].at <= plain[i].at + ms(40));
    CHECK((i == 0 || first[i].at >= first[i - 1].at));
    moved = moved || first[i].at != plain[i].at;
  }
  CHECK(moved);
  CHECK(make_schedule(stream_of_four(), pace) == make_schedule(stream_of_four(), pace));
  pace.seed = 2;
  CHECK(times(make_schedule(stream_of_four(), pace)) != times(first));
}

TEST_CASE("a body of which only the whole time is known is spread over it") {
  const auto har = [](const std::string& body, int receive, const char* type) {
    ExchangeBuilder builder;
    builder.response(ms(100), 200, {{"Content-Type", type}}).data(ms(1100), body).end(ms(1100));
    Json timings = Json::object();
    timings.set("receive", receive);
    builder.get().response->timings = timings;
    return builder.build();
  };
  const auto bytes = make_schedule(har(std::string(10'000, 'x'), 1000, "image/png"), {});
  CHECK(bytes.size() == 12);  // pieces of 1024 bytes
  CHECK(bytes[1].at > ms(100));
  CHECK(bytes[bytes.size() - 2].at == ms(1100));
  std::uint64_t sent = 0;
  for (const Step& step : bytes) {
    sent += step.bytes.size();
    CHECK(step.at >= ms(100) + Nanos(static_cast<std::int64_t>(sent * 100'000)));  // no faster than the even rate
  }
  const Exchange sse = har("data: 1\n\ndata: 22\r\n\r\n: c\n\ndata: 3", 1000, "text/event-stream");
  const auto events = make_schedule(sse, {});
  std::vector<std::string_view> pieces;
  for (const Step& step : events) {
    if (step.kind == StepKind::data) pieces.push_back(step.bytes);
  }
  CHECK(pieces == std::vector<std::string_view>{"data: 1\n\n", "data: 22\r\n\r\n", ": c\n\n", "data: 3"});
  CHECK(make_schedule(har(std::string(10'000, 'x'), 0, "image/png"), {}).size() == 3);
  CHECK(make_schedule(har("small", 1000, "image/png"), {}).size() == 3);
  Pace pace;
  pace.min_gap = ms(1);
  CHECK(make_schedule(har(std::string(10'000, 'x'), 1000, "image/png"), pace).size() == 3);
}

TEST_CASE("a stream that is repeated keeps its pauses, and ends as it did") {
  Pace pace;
  pace.rounds = 2;
  const auto answer = answer_of(stream_of_four(), pace);
  CHECK(times(played(answer)) == std::vector<std::int64_t>{100, 200, 210, 1210, 1310, 1500, 1510, 2510, 2610, 2700});
  CHECK(answer->chunked);
  pace.no_delay = true;
  CHECK(played(answer_of(stream_of_four(), pace)).size() == 10);
  pace.rounds = 0;
  CHECK(answer_of(stream_of_four(), pace)->rounds == 1);  // for ever at one moment
  CHECK(answer_of(ExchangeBuilder().response(ms(1), 200).data(ms(2), "page").end(ms(3)).build(), pace)->rounds == 1);
}

TEST_CASE("an endless stream does not drift over a million steps, and is never early") {
  ExchangeBuilder builder;
  builder.response(Nanos(5), 200, {}, "ndjson").data(Nanos(11), "1\n").data(Nanos(24), "2\n").end(Nanos(31));
  Pace pace;
  pace.rounds = 0;
  pace.speed_millionths = kRecordedSpeed;
  Playback playback(answer_of(builder.build(), pace));
  playback.take();
  for (std::int64_t i = 0; i < 1'000'000; ++i, playback.take()) {
    const std::int64_t exact = i / 2 * 26 + (i % 2 == 0 ? 11 : 24);
    if (playback.next().at != Nanos(exact)) FAIL(i);
  }
  SUCCEED();
}

TEST_CASE("a limited rate spreads bytes over exactly the time that they take") {
  Answer answer = *answer_of(ExchangeBuilder().response(ms(0), 200).data(ms(0), std::string(3000, 'x')).end(ms(1)).build());
  answer.rate = 1000;
  const auto steps = played(std::make_shared<const Answer>(answer));
  std::uint64_t sent = 0;
  for (const Step& step : steps) {
    sent += step.bytes.size();
    if (step.kind == StepKind::data) CHECK(step.at == ms(static_cast<std::int64_t>(sent)));
  }
  CHECK(sent == 3000);
  CHECK(steps.back().at == ms(3000));
}

TEST_CASE("keep-alive comments stand between events only, where nothing else was sent") {
  Pace pace;
  pace.keepalive = ms(300);
  const Exchange exchange = ExchangeBuilder()
                                .response(ms(100), 200, {}, "sse")
                                .data(ms(500), "data: a\r\n\r\ndata: ha")
                                .data(ms(1500), "lf\n\n")
                                .data(ms(2200), "data: b\n\n")
                                .end(ms(2300))
                                .build();
  const auto answer = answer_of(exchange, pace);
  const auto steps = played(answer);
  CHECK(times(steps) == std::vector<std::int64_t>{100, 400, 500, 1500, 1800, 2100, 2200, 2300});
  CHECK(text(steps) == ": keepalive\n\ndata: a\r\n\r\ndata: half\n\n: keepalive\n\n: keepalive\n\ndata: b\n\n");
  CHECK(answer->chunked);
  CHECK(!answer_of(ExchangeBuilder().response(ms(0), 200, {}, "ndjson").data(ms(1), "1\n").end(ms(2)).build(), pace)->keepalive);
  const auto marked = played(answer_of(ExchangeBuilder()
                                           .response(ms(0), 200, {}, "sse")
                                           .data(ms(900),
                                                 "\xef\xbb\xbf"
                                                 "data: a\n\n")
                                           .end(ms(900))
                                           .build(),
                                       pace));
  CHECK(times(marked) == std::vector<std::int64_t>{0, 900, 900});
}

TEST_CASE("the gap between events is found in every cut") {
  const std::string stream = "data: a\n\n: c\r\n\r\nid: 1\rdata: b\r\r\n";
  for (std::size_t i = 0; i <= stream.size(); ++i) {
    SseGap whole;
    whole.feed(std::string_view(stream).substr(0, i));
    SseGap cut;
    for (std::size_t k = 0; k < i; ++k) cut.feed({&stream[k], 1});
    CHECK(whole.open() == cut.open());
  }
  SseGap gap;
  CHECK(gap.open());
  gap.feed("data: a\n");
  CHECK(!gap.open());
  gap.feed("\n");
  CHECK(gap.open());
}

TEST_CASE("a client goes on behind the event it has read last") {
  const auto answer = answer_of(stream_of_four());
  const auto rest = resume_after(answer, "2");
  REQUIRE(rest);
  CHECK(text(played(rest)) == "id: 3\ndata: c\n\ndata: d\n\n");
  CHECK(times(played(rest)) == std::vector<std::int64_t>{100, 1100, 1200, 1290});
  CHECK(rest->origin == answer);
  CHECK(text(played(resume_after(answer, "3"))) == "data: d\n\n");
  CHECK(!resume_after(answer, "4"));
  CHECK(!resume_after(answer, ""));
  const Exchange in_one =
      ExchangeBuilder().response(ms(1), 200, {}, "sse").data(ms(5), "id: 1\ndata: a\n\ndata: b\n\n").end(ms(9)).build();
  CHECK(text(played(resume_after(answer_of(in_one), "1"))) == "data: b\n\n");
  CHECK(times(played(resume_after(answer_of(in_one), "1"))) == std::vector<std::int64_t>{1, 1, 5});
}

TEST_CASE("behind the rest of a repeated stream come whole rounds") {
  Pace pace;
  pace.rounds = 2;
  const auto rest = resume_after(answer_of(stream_of_four(), pace), "3");
  REQUIRE(rest);
  CHECK(text(played(rest)) == "data: d\n\nid: 1\ndata: a\n\nid: 2\ndata: b\n\nid: 3\ndata: c\n\ndata: d\n\n");
  CHECK(times(played(rest)) == std::vector<std::int64_t>{100, 200, 390, 400, 1400, 1500, 1590});
}
