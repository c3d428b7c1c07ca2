#include "harproxy/recording.hpp"

#include <fmt/format.h>

#include <chrono>
#include <utility>

#include "common/terminal.hpp"
#include "stream/text/units.hpp"

namespace tools::harproxy {
namespace {

stream::Nanos monotonic() {
  return std::chrono::duration_cast<stream::Nanos>(std::chrono::steady_clock::now().time_since_epoch());
}

std::string files_text(const har::capture::OutputSummary& output) {
  const std::string& first = output.files.front();
  const std::string name = first == "-" ? "<stdout>" : first;
  return output.files.size() == 1 ? name : fmt::format("{} and {} more", name, output.files.size() - 1);
}

std::string things(const har::capture::OutputSummary& output) {
  using har::capture::OutputForm;
  switch (output.form) {
    case OutputForm::recording:
      break;
    case OutputForm::har:
      return counted(output.events, "entry", "entries");
    case OutputForm::keploy_tests:
      return counted(output.events, "test case", "test cases");
    case OutputForm::keploy_mocks:
      return counted(output.events, "mock", "mocks");
  }
  return counted(output.events, "event", "events");
}

}  // namespace

stream::Result<std::unique_ptr<har::capture::Recorder>> open_recorder(har::capture::RecorderOptions options, Console& console) {
  options.creator = stream::Json::Object{{"name", "harproxy"}, {"version", std::string(version())}};
  options.zero = monotonic();
  options.start = std::chrono::time_point_cast<stream::Nanos>(std::chrono::system_clock::now());
  options.clock = monotonic;
  options.report = [&console](const har::capture::Notice& notice) { console.notice(notice); };
  return har::capture::Recorder::open(std::move(options));
}

std::uint64_t lost(const har::capture::Summary& summary) {
  std::uint64_t sum = summary.dropped;
  for (const auto& output : summary.outputs) sum += output.lost;
  return sum;
}

std::string counts(const stream::proxy::ProxyStats& stats, const har::capture::Summary* summary) {
  std::string text =
      fmt::format("{}, {} open, {}, {}", counted(stats.exchanges, "exchange", "exchanges"), stats.open_exchanges,
                  counted(stats.messages, "message", "messages"), stream::format_size(stats.bytes_up + stats.bytes_down));
  if (summary == nullptr) return text;
  text += fmt::format("; {} recorded", summary->exchanges);
  if (const std::uint64_t gone = lost(*summary); gone != 0) text += fmt::format(", {} events lost", grouped(gone));
  return text;
}

void tell(Console& console, const stream::proxy::ProxyStats& stats, const har::capture::Summary* summary) {
  console.note(fmt::format("{}{}, {}, {} in {}", counted(stats.exchanges, "exchange", "exchanges"),
                           stats.failed == 0 ? "" : fmt::format(" ({} failed)", grouped(stats.failed)),
                           counted(stats.messages, "message", "messages"), stream::format_size(stats.bytes_up + stats.bytes_down),
                           counted(stats.connections, "connection", "connections")));
  if (stats.faulted != 0) console.note(fmt::format("{} met a fault", counted(stats.faulted, "exchange", "exchanges")));
  if (stats.deviations != 0)
    console.warning(fmt::format("{} that no mock fits (--on-unmatched)", counted(stats.deviations, "message", "messages")));
  if (summary == nullptr) return;
  for (const auto& output : summary->outputs) {
    console.note(fmt::format("{}: {}, {}{}", files_text(output), things(output), stream::format_size(output.bytes),
                             output.left_out == 0 ? "" : fmt::format("; {} left out", grouped(output.left_out))));
  }
  if (summary->dropped != 0) {
    console.warning(fmt::format("{} ({}) are not recorded: the disk did not keep up (--max-queue, --max-lag)",
                                counted(summary->dropped, "event", "events"), stream::format_size(summary->dropped_bytes)));
  }
  for (const auto& output : summary->outputs) {
    if (output.lost == 0) continue;
    console.warning(fmt::format("{}: {} could not be written: {}", files_text(output), grouped(output.lost), output.error));
  }
}

}  // namespace tools::harproxy
