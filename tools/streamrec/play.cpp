#include "streamrec/play.hpp"

#include <fmt/format.h>
#include <sys/prctl.h>

#include <algorithm>
#include <cerrno>
#include <ctime>

#include "har/exchanges.hpp"

namespace tools::streamrec {
namespace {

using stream::ErrorCode;
using stream::Event;
using stream::EventKind;
using stream::Exchange;
using stream::fail;
using stream::Nanos;
using stream::Result;
using stream::Status;
using stream::replay::Step;
using stream::replay::StepKind;

bool is_payload(const Event& event) {
  return event.direction == stream::Direction::receive &&
         (event.kind == EventKind::data || (event.kind == EventKind::message && event.opcode <= 2));
}

Result<Exchange> find_exchange(const PlayOptions& options, Messages& messages) {
  har::ExchangeInput how;
  how.format = options.read.format;
  how.input = options.read.options;
  how.report = messages.findings();
  STREAM_ASSIGN(const auto reader, har::open_exchanges(options.input, how));
  std::optional<Exchange> found;
  std::size_t count = 0;
  for (;; ++count) {
    STREAM_ASSIGN(auto exchange, reader->next());
    if (!exchange) break;
    const bool wanted = options.entry ? count == *options.entry : !options.id || exchange->id == *options.id;
    if (!wanted || found) continue;
    found = std::move(*exchange);
    if (options.entry || options.id) return std::move(*found);
  }
  const stream::Place place{options.input};
  if (!found && options.id) return fail({ErrorCode::usage, fmt::format("there is no exchange \"{}\"", *options.id), place, {}});
  if (!found) {
    return fail({ErrorCode::usage, fmt::format("there is no exchange {} among {}", options.entry.value_or(0), count), place,
                 "they are counted from 0"});
  }
  if (count > 1) {
    return fail({ErrorCode::usage, fmt::format("there are {} exchanges", count), place, "choose one with --entry or --id"});
  }
  return std::move(*found);
}

timespec operator+(timespec time, Nanos more) {
  constexpr long kSecond = 1'000'000'000;
  const auto sum = time.tv_nsec + more.count() % kSecond;
  time.tv_sec += static_cast<time_t>(more.count() / kSecond + sum / kSecond);
  time.tv_nsec = sum % kSecond;
  return time;
}

/// Never returns before the moment, and does not add up lateness: the moments are absolute.
void sleep_until(const timespec& moment) {
  while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &moment, nullptr) == EINTR) {
  }
}

/// Plays the steps once, beginning at `begin`; when the last was due.
Result<timespec> play_once(const std::vector<Step>& steps, timespec begin, stream::ByteSink& sink) {
  timespec last = begin;
  for (const Step& step : steps) {
    if (step.at == Nanos::max()) break;
    last = begin + step.at;
    const bool payload = step.kind == StepKind::data || (step.kind == StepKind::message && step.number <= 2);
    const bool ends = step.kind == StepKind::end || step.kind == StepKind::close;
    if (!payload && !ends) continue;
    sleep_until(last);
    if (!payload) continue;
    STREAM_TRY(sink.write(step.bytes));
    if (step.kind == StepKind::message) STREAM_TRY(sink.write("\n"));
    STREAM_TRY(sink.flush());
  }
  return last;
}

}  // namespace

ToolInfo play_info() {
  ToolInfo info;
  info.name = "streamrec play";
  info.summary = "play a recording's payload to standard output, with its timing";
  info.usage = "[options] RECORDING";
  info.description =
      "Writes the body of a recorded response, piece by piece, each at its time since the request: never earlier, and counted "
      "from the "
      "request, so that lateness does not add up. Of a WebSocket the received messages are written, a line each. Recordings and "
      "HAR "
      "files are read, and every other format with a timeline.";
  info.examples = {
      {"streamrec play chat.rec.ndjson", "as it was"},
      {"streamrec play --speed 4 --max-gap 1s chat.rec.ndjson",
       "four times as fast, with no pause longer than a quarter of a second"},
      {"streamrec play --start 10s --end 20s chat.rec.ndjson", "ten seconds of it"},
  };
  info.exit_status = "0 played; 2 the recording could not be read, nobody could be written to, or wrong usage.";
  return info;
}

void declare_play(Tool& tool, PlayOptions& options) {
  CLI::App& app = tool.app();
  app.add_option("RECORDING", options.input, "What to play. \"-\" is standard input.")->required();
  auto* entry = app.add_option("--entry", options.entry, "Play exchange N. They are counted from 0.")->type_name("N");
  app.add_option("--id", options.id, "Play the exchange with this id.")->type_name("ID")->excludes(entry);
  app.add_option_function<std::string>(
         "--speed",
         [&options](const std::string& text) {
           options.pace.no_delay = text == "max";
           if (options.pace.no_delay) return;
           const auto value = stream::replay::parse_speed(text);
           if (!value)
             throw CLI::ValidationError("--speed", "expected a number from 0.1 to 1000, or max, found \"" + text + "\"");
           options.pace.speed_millionths = *value;
         },
         "Play X times as fast. From 0.1 to 1000; 1 is as recorded, max is everything at once.")
      ->type_name("X");
  add_duration(app, "--max-gap", options.pace.max_gap,
               "No pause longer than this. Applied to the recorded times, before --speed.");
  add_duration(app, "--min-gap", options.min_gap, "No pause between two pieces shorter than this. Applied before --speed.");
  add_duration(app, "--start", options.start, "Begin at this time since the request.");
  add_duration(app, "--end", options.end, "End at this time since the request.");
  app.add_flag("--loop", options.loop, "Begin again at the end, until interrupted.");
  add_input_options(tool, options.read);
}

Exchange part_to_play(Exchange exchange, const PlayOptions& options) {
  const Nanos begin = exchange.begin() + options.start.value_or(Nanos{});
  const Nanos end = options.end ? exchange.begin() + *options.end : Nanos::max();
  std::erase_if(exchange.timeline, [&](const Event& event) { return event.t < begin || event.t >= end; });
  if (!exchange.request) {
    exchange.request.emplace();
    exchange.request->kind = EventKind::request;
  }
  exchange.request->t = begin;
  if (exchange.response) exchange.response->t = std::clamp(exchange.response->t, begin, std::max(begin, end));
  if (exchange.end) exchange.end->t = std::clamp(exchange.end->t, begin, std::max(begin, end));

  Nanos shift{};
  std::optional<Nanos> last;
  for (Event& event : exchange.timeline) {
    if (is_payload(event) && options.min_gap) {
      if (last && event.t - *last < *options.min_gap) shift += *options.min_gap - (event.t - *last);
      last = event.t;
    }
    event.t += shift;
  }
  if (exchange.end) exchange.end->t += shift;
  return exchange;
}

int play(Tool& tool, const PlayOptions& options) {
  const auto usage = [&](std::string message) { return failed(tool, {ErrorCode::usage, std::move(message), {}, {}}); };
  if (options.min_gap && options.pace.max_gap && *options.min_gap > *options.pace.max_gap) {
    return usage("--min-gap is larger than --max-gap");
  }
  if (options.end && *options.end <= options.start.value_or(Nanos{})) return usage("--end: expected a time behind --start");
  auto exchange = find_exchange(options, tool.messages());
  if (!exchange) return failed(tool, exchange.error());
  const Exchange part = part_to_play(std::move(*exchange), options);
  const auto steps = stream::replay::make_schedule(part, options.pace);
  if (options.loop && (options.pace.no_delay || steps.back().at <= Nanos{})) {
    return usage("--loop: all of it is due at once, and would be for ever");
  }
  const auto sink = stream::open_output("-");
  if (!sink) return failed(tool, sink.error());
  // Timeouts may be as late as this (ns); 50 µs are usual.
  prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
  timespec begin{};
  clock_gettime(CLOCK_MONOTONIC, &begin);
  do {
    const auto last = play_once(steps, begin, **sink);
    if (!last) return failed(tool, last.error());
    begin = *last;
  } while (options.loop);
  if (const auto status = (*sink)->finish(); !status) return failed(tool, status.error());
  return kYes;
}

int play_main(int argc, const char* const* argv) {
  Tool tool(play_info());
  PlayOptions options;
  declare_play(tool, options);
  return tool.run(argc, argv, [&] { return play(tool, options); });
}

}  // namespace tools::streamrec
