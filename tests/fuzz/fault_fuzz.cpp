// Lines are rules. Whatever is understood leaves an answer whose steps are in order and end once, and does the same again.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string_view>
#include <vector>

#include "stream/replay/fault.hpp"
#include "stream/replay/playback.hpp"

namespace {

using namespace stream;
using namespace stream::replay;

void check(bool holds) {
  if (!holds) std::abort();
}

Event event(EventKind kind, std::int64_t millis, std::string data) {
  Event made;
  made.kind = kind;
  made.t = std::chrono::milliseconds(millis);
  made.data = std::move(data);
  if (kind == EventKind::response) made.object = Json::object();
  return made;
}

std::shared_ptr<const Answer> answer_of(bool websocket, std::uint64_t rounds) {
  Exchange exchange;
  exchange.id = "1";
  exchange.response = event(EventKind::response, 5, "");
  exchange.response->object.set("status", websocket ? 101 : 200);
  exchange.response->stream_kind = websocket ? "websocket" : "sse";
  const EventKind kind = websocket ? EventKind::message : EventKind::data;
  for (const char* piece : {"data:1\n\ndata", ":2\n\n", ":c\n\n", "data:3\n\ndata:4\n\nda"})
    exchange.timeline.push_back(event(kind, 10 * static_cast<std::int64_t>(exchange.timeline.size() + 1), piece));
  exchange.end = event(EventKind::end, 50, "");
  Pace pace;
  pace.rounds = rounds;
  return make_answer(std::make_shared<const Exchange>(std::move(exchange)), pace);
}

void check_answer(const std::shared_ptr<const Answer>& answer) {
  check(!answer->steps.empty());
  Playback playback(answer);
  Nanos last{};
  for (int i = 0; i < 300 && !playback.done(); ++i, playback.take()) {
    const Step& step = playback.next();
    check(step.at >= last);
    last = step.at;
    check(step.kind != StepKind::head || i == 0);
  }
  for (std::size_t i = 0; i < answer->steps.size(); ++i) {
    check(is_last(answer->steps[i].kind) == (i + 1 == answer->steps.size()));
    check(i == 0 || answer->steps[i].at >= answer->steps[i - 1].at);
  }
  check(answer->rounds == 1 || answer->loop_first < answer->steps.size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  std::vector<FaultRule> rules;
  while (!text.empty() && rules.size() < 4) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    auto rule = parse_fault(line);
    // Far places of an endless stream take long, and are no different.
    if (rule && rule->place.number < 1000 && rule->place.time < std::chrono::seconds(10)) rules.push_back(std::move(*rule));
  }
  for (const bool websocket : {false, true}) {
    for (const std::uint64_t rounds : {std::uint64_t{1}, std::uint64_t{3}, std::uint64_t{0}}) {
      const auto answer = answer_of(websocket, rounds);
      FaultPlan first(rules, 1);
      FaultPlan second(rules, 1);
      for (int i = 0; i < 2; ++i) {
        const auto changed = first.apply({"GET", "/a?b", "", nullptr}, answer);
        check_answer(changed);
        const auto again = second.apply({"GET", "/a?b", "", nullptr}, answer);
        check(changed->steps == again->steps && changed->note == again->note);
      }
      for (const char* id : {"", "1"}) {
        if (const auto rest = resume_after(answer, id)) check_answer(rest);
      }
    }
  }
  return 0;
}
