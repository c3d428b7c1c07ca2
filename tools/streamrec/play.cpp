#include "streamrec/play.hpp"

#include <fmt/format.h>
#include <sys/prctl.h>
#include <CLI/CLI.hpp>

#include <cerrno>
#include <ctime>
#include <utility>

#include "har/exchanges.hpp"
#include "stream/replay/playback.hpp"

namespace tools::streamrec {
namespace {

using stream::ErrorCode;
using stream::Exchange;
using stream::fail;
using stream::Nanos;
using stream::Result;
using stream::Status;
using stream::replay::Step;
using stream::replay::StepKind;

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

/// Plays the answer, beginning at `begin`.
Status play_to(stream::ByteSink& sink, timespec begin, stream::replay::Playback playback) {
  for (; !playback.done(); playback.take()) {
    const Step& step = playback.next();
    if (step.at == Nanos::max()) break;
    const bool payload = step.kind == StepKind::data || (step.kind == StepKind::message && step.number <= 2);
    const bool ends = step.kind == StepKind::end || step.kind == StepKind::close;
    if (!payload && !ends) continue;
    sleep_until(begin + step.at);
    if (!payload) continue;
    STREAM_TRY(sink.write(step.bytes));
    if (step.kind == StepKind::message) STREAM_TRY(sink.write("\n"));
    STREAM_TRY(sink.flush());
  }
  return {};
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
  add_pace_options(app, options.pace);
  add_input_options(tool, options.read);
}

int play(Tool& tool, const PlayOptions& options) {
  stream::replay::Pace pace = options.pace.pace;
  if (const auto error = check_pace(pace)) return failed(tool, *error);
  pace.seed = choose_seed(tool.messages(), options.pace.seed, pace.jitter.has_value());
  const std::uint64_t rounds = std::exchange(pace.rounds, 1);  // of whatever it is, not only of streams
  auto exchange = find_exchange(options, tool.messages());
  if (!exchange) return failed(tool, exchange.error());
  auto answer = *stream::replay::make_answer(std::make_shared<const Exchange>(std::move(*exchange)), pace);
  if (!stream::replay::repeat(answer, rounds) && rounds == 0) {
    return failed(tool, {ErrorCode::usage, "--loop: all of it is due at once, and would be for ever", {}, {}});
  }
  const auto sink = stream::open_output("-");
  if (!sink) return failed(tool, sink.error());
  // Timeouts may be as late as this (ns); 50 µs are usual.
  prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
  timespec begin{};
  clock_gettime(CLOCK_MONOTONIC, &begin);
  const auto played =
      play_to(**sink, begin, stream::replay::Playback(std::make_shared<const stream::replay::Answer>(std::move(answer))));
  if (!played) return failed(tool, played.error());
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
