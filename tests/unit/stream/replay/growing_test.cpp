#include <catch2/catch.hpp>

#include "exchanges.hpp"
#include "stream/replay/growing.hpp"
#include "stream/replay/playback.hpp"

using namespace stream;
using namespace stream::replay;
using stream::test::ExchangeBuilder;
using stream::test::ms;

namespace {

std::string text(const Step& step) {
  return std::to_string(step.at.count()) + " " + std::to_string(static_cast<int>(step.kind)) + " " + std::string(step.bytes);
}

std::vector<std::string> texts(const std::vector<Step>& steps) {
  std::vector<std::string> out;
  for (const Step& step : steps) out.push_back(text(step));
  return out;
}

std::vector<std::string> texts(const LiveSteps& steps) {
  std::vector<std::string> out;
  for (std::size_t i = 0; i < steps.size(); ++i) out.push_back(text(steps[i]));
  return out;
}

Exchange recorded() {
  return ExchangeBuilder()
      .response(ms(40), 200, {{"Content-Type", "text/event-stream"}}, "sse")
      .data(ms(50), "data: 1\n\n")
      .data(ms(90), "data: 2\n\n")
      .data(ms(500), "data: 3\n\n")
      .end(ms(700))
      .build();
}

}  // namespace

TEST_CASE("what grows is played as what is whole, wherever the recording was when it began") {
  const Exchange whole = recorded();
  std::vector<Pace> paces(7);
  paces[1].speed_millionths = 3 * kRecordedSpeed;
  paces[2].no_delay = true;
  paces[3].max_gap = ms(100);
  paces[3].min_gap = ms(45);
  paces[4].interval = ms(10);
  paces[4].ttfb = ms(5);
  paces[5].end = ms(400);
  paces[6].start = ms(60);
  for (std::size_t pace = 0; pace < paces.size(); ++pace) {
    for (std::size_t known = 0; known <= whole.timeline.size(); ++known) {
      INFO("pace " << pace << ", known " << known);
      Exchange begun = whole;
      begun.end.reset();
      begun.timeline.resize(known);
      GrowingAnswer growing(begun, paces[pace]);
      for (std::size_t i = known; i < whole.timeline.size(); ++i) growing.add(whole.timeline[i]);
      growing.add(*whole.end);
      CHECK(growing.over());
      CHECK(texts(*growing.answer()->live) == texts(make_schedule(whole, paces[pace])));
      CHECK(growing.answer()->status == 200);
      CHECK(find_header(growing.answer()->headers, "content-type") == "text/event-stream");
    }
  }
}

TEST_CASE("nothing comes behind the end, and each end is its own") {
  for (const auto& [reason, kind] : {std::pair("eof", StepKind::end), std::pair("reset", StepKind::reset),
                                     std::pair("timeout", StepKind::stall), std::pair("cut", StepKind::cut)}) {
    Exchange begun = recorded();
    begun.end.reset();
    GrowingAnswer growing(begun, {});
    CHECK(!growing.over());
    growing.add(*ExchangeBuilder().end(ms(600), reason).build().end);
    const std::size_t count = growing.answer()->live->size();
    CHECK((*growing.answer()->live)[count - 1].kind == kind);
    growing.add(recorded().timeline.front());
    CHECK(growing.answer()->live->size() == count);
  }
}

TEST_CASE("whether a coding is kept, the first bytes say") {
  for (const auto& [bytes, kept] : {std::pair("plain", false), std::pair("\x1f\x8b\x08", true)}) {
    const Exchange begun = ExchangeBuilder().response(ms(1), 200, {{"Content-Encoding", "gzip"}}).build();
    GrowingAnswer growing(begun, {});
    CHECK(growing.answer()->live->size() == 0);
    growing.add(ExchangeBuilder().data(ms(2), bytes).build().timeline.front());
    REQUIRE(growing.answer()->live->size() == 2);
    CHECK((*growing.answer()->live)[0].at == ms(1));
    CHECK(find_header(growing.answer()->headers, "content-encoding").empty() == !kept);
  }
}

TEST_CASE("a playback waits for what has not come, and goes on with it") {
  auto answer = std::make_shared<Answer>();
  answer->live = std::make_shared<LiveSteps>(LiveSteps::Keep::unread);
  std::size_t taken = 0;
  answer->live->on_taken = [&](std::size_t bytes) { taken += bytes; };
  Playback playback(answer);
  CHECK(playback.waiting());
  CHECK(!playback.done());
  answer->live->push({ms(1), StepKind::head, 0, {}});
  answer->live->push({ms(2), StepKind::data, 0, "some"});
  CHECK(playback.waiting());
  playback.refresh();
  REQUIRE(!playback.waiting());
  CHECK(playback.next().kind == StepKind::head);
  playback.take();
  CHECK(playback.next().bytes == "some");
  playback.take();
  CHECK(taken == 0);  // its bytes may still be on their way
  CHECK(playback.waiting());
  answer->live->push({ms(1), StepKind::end, 0, {}});
  playback.refresh();
  CHECK(playback.next().at == ms(2));  // never before what is in front of it
  playback.take();
  CHECK(playback.done());
  CHECK(taken == 4);
}

TEST_CASE("listeners hear of steps until they are forgotten, and the producer of being left") {
  bool left = false;
  int heard = 0;
  {
    LiveSteps steps(LiveSteps::Keep::all);
    steps.on_abandoned = [&] { left = true; };
    const auto number = steps.listen([&] { ++heard; });
    std::uint64_t other = 0;
    other = steps.listen([&] { steps.forget(other); });  // while it is called
    steps.push({ms(0), StepKind::head, 0, {}});
    steps.forget(number);
    steps.push({ms(0), StepKind::end, 0, {}});
    CHECK(heard == 1);
    CHECK(steps.ended());
    CHECK(!left);
  }
  CHECK(left);
}
