// What is served of a recording: its steps are in order and end once, a faster or limited replay is never slower, and nothing
// recorded ends a line on the wire.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string_view>

#include "http1_message.hpp"
#include "stream/io/byte_source.hpp"
#include "stream/record/reader.hpp"
#include "stream/replay/answer.hpp"

namespace {

using stream::replay::Answer;
using stream::replay::make_answer;
using stream::replay::Pace;
using stream::replay::Step;
using stream::replay::StepKind;

void check(bool holds) {
  if (!holds) std::abort();
}

void check_steps(const Answer& answer) {
  check(!answer.steps.empty());
  stream::Nanos last{};
  for (std::size_t i = 0; i < answer.steps.size(); ++i) {
    const Step& step = answer.steps[i];
    check(step.at >= last);
    last = step.at;
    check(is_last(step.kind) == (i + 1 == answer.steps.size()));
    check((step.kind == StepKind::head) == (i == 0 && answer.status != 0));
    check(step.kind != StepKind::data || (!answer.websocket && !step.bytes.empty()));
    check(step.kind != StepKind::message || answer.websocket);
  }
}

void check_not_later(const Answer& fast, const Answer& slow) {
  check(fast.steps.size() == slow.steps.size());
  for (std::size_t i = 0; i < fast.steps.size(); ++i) check(fast.steps[i].at <= slow.steps[i].at);
}

void check_head(const Answer& answer, const char* method, int minor_version) {
  stream::net::Request request;
  request.method = method;
  request.minor_version = minor_version;
  const std::string head = stream::net::make_response_head(answer, request, true).bytes;
  check(head.find("\r\n\r\n") == head.size() - 4);
  check(head.find('\0') == std::string::npos);
  const auto lines = std::count(head.begin(), head.end(), '\n');
  check(lines == std::count(head.begin(), head.end(), '\r'));
  for (std::size_t i = 0; i < head.size(); ++i) check(head[i] != '\n' || head[i - 1] == '\r');
  // The status line, the fields, at most three of our own, and the empty line.
  check(lines >= static_cast<std::ptrdiff_t>(answer.headers.size()) + 2 &&
        lines <= static_cast<std::ptrdiff_t>(answer.headers.size()) + 5);
  std::string chunk;
  stream::net::append_last_chunk(chunk, answer);
  check(chunk.find("\r\n\r\n") == chunk.size() - 4);
}

void check_exchange(stream::Exchange exchange) {
  const auto shared = std::make_shared<const stream::Exchange>(std::move(exchange));
  const auto recorded = make_answer(shared, {});
  check_steps(*recorded);
  Pace pace;
  pace.speed_millionths = 3 * stream::replay::kRecordedSpeed;
  const auto fast = make_answer(shared, pace);
  check_not_later(*fast, *recorded);
  pace.max_gap = std::chrono::milliseconds(10);
  check_not_later(*make_answer(shared, pace), *fast);
  pace.no_delay = true;
  check(make_answer(shared, pace)->steps.back().at == stream::Nanos{});
  if (recorded->status == 0) return;
  check_head(*recorded, "GET", 1);
  check_head(*recorded, "HEAD", 1);
  check_head(*recorded, "GET", 0);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto source = stream::memory_source({reinterpret_cast<const char*>(data), size}, "x");
  stream::RecordingReader reader(*source);
  stream::ExchangeAssembler assembler;
  for (;;) {
    auto event = reader.next();
    if (!event) continue;
    if (!*event) break;
    assembler.add(std::move(**event));
  }
  assembler.finish();
  while (auto exchange = assembler.take()) check_exchange(std::move(*exchange));
  return 0;
}
