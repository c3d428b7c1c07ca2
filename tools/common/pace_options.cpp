#include "common/pace_options.hpp"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <charconv>
#include <random>

#include "stream/text/units.hpp"

namespace tools {
namespace {

using stream::Nanos;

void set_speed(stream::replay::Pace& pace, const std::string& text) {
  pace.no_delay = text == "max";
  if (pace.no_delay) return;
  const auto value = stream::replay::parse_speed(text);
  if (!value) throw CLI::ValidationError("--speed", "expected a number from 0.1 to 1000, or max, found \"" + text + "\"");
  pace.speed_millionths = *value;
}

void set_ttfb(stream::replay::Pace& pace, const std::string& text) {
  pace.ttfb.reset();
  if (text == "recorded") return;
  pace.ttfb = stream::parse_duration(text);
  if (!pace.ttfb || *pace.ttfb < Nanos{})
    throw CLI::ValidationError("--ttfb", "expected recorded, or a time such as 150ms, found \"" + text + "\"");
}

void set_rounds(stream::replay::Pace& pace, const std::string& text) {
  pace.rounds = 0;
  if (text == "true") return;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), pace.rounds);
  if (error != std::errc{} || end != text.data() + text.size() || pace.rounds == 0)
    throw CLI::ValidationError("expected a number from 1, found \"" + text + "\"");  // the option's name is put before it
}

}  // namespace

void add_pace_options(CLI::App& app, PaceGroup& group) {
  stream::replay::Pace& pace = group.pace;
  constexpr const char* kGroup = "Pace";
  app.add_option_function<std::string>(
         "--speed", [&pace](const std::string& text) { set_speed(pace, text); },
         "Replay X times as fast. From 0.1 to 1000; 1 is as recorded, max is without any recorded pause.")
      ->type_name("X")
      ->group(kGroup);
  add_duration(app, "--max-gap", pace.max_gap, "No pause longer than this. Applied to the recorded times, before --speed.")
      ->group(kGroup);
  add_duration(app, "--min-gap", pace.min_gap, "No pause between two pieces shorter than this. Applied before --speed.")
      ->group(kGroup);
  app.add_option_function<std::string>(
         "--ttfb", [&pace](const std::string& text) { set_ttfb(pace, text); },
         "The time from the request to the head of the answer. \"recorded\", as without it, or a time, whatever --speed says.")
      ->type_name("TIME")
      ->group(kGroup);
  add_duration(app, "--interval", pace.interval,
               "This time between all pieces, in place of the recorded pauses. Whatever --speed says; the end follows at once.")
      ->group(kGroup);
  add_duration(app, "--start", pace.start, "Begin at this time since the request. In recorded time.")->group(kGroup);
  add_duration(app, "--end", pace.end, "End at this time since the request. In recorded time.")->group(kGroup);
  app.add_flag("--loop", group.loop, "Play the payload again and again. Until interrupted, or with --loop=N, N times.")
      ->each([&pace](const std::string& text) { set_rounds(pace, text); })
      ->group(kGroup);
  add_duration(app, "--jitter", pace.jitter, "Make each piece late by up to this, by chance. It does not add up.")->group(kGroup);
  app.add_option("--seed", group.seed, "What chance begins with. The same seed gives the same run.")
      ->type_name("N")
      ->group(kGroup);
}

std::optional<stream::Error> check_pace(const stream::replay::Pace& pace) {
  const auto wrong = [](std::string message) { return stream::Error{stream::ErrorCode::usage, std::move(message), {}, {}}; };
  if (pace.min_gap && pace.max_gap && *pace.min_gap > *pace.max_gap) return wrong("--min-gap is larger than --max-gap");
  if (pace.interval && (pace.min_gap || pace.max_gap))
    return wrong("--interval takes the place of all pauses: it goes without --min-gap and --max-gap");
  if (pace.end && *pace.end <= pace.start.value_or(Nanos{})) return wrong("--end: expected a time behind --start");
  if (pace.keepalive && *pace.keepalive < std::chrono::milliseconds(1)) return wrong("--keepalive: expected 1ms or more");
  return std::nullopt;
}

std::uint64_t choose_seed(Messages& messages, const std::optional<std::uint64_t>& given, bool hangs) {
  if (given) {
    messages.verbose(fmt::format("--seed {}", *given));
    return *given;
  }
  std::random_device chance;
  const std::uint64_t seed = chance();
  if (hangs) messages.note(fmt::format("--seed {} repeats this run", seed));
  return seed;
}

}  // namespace tools
