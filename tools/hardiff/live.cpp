#include <fmt/format.h>

#include "hardiff/against/against.hpp"
#include "hardiff/hardiff.hpp"

namespace tools::hardiff {

using stream::ErrorCode;

int run_live(Tool& tool, const Options& options) {
  const auto usage = [&](std::string text, std::string hint = {}) {
    return failed(tool, {ErrorCode::usage, std::move(text), {}, std::move(hint)});
  };
  if (!options.actual.empty()) return usage("--against takes the place of --actual");
  std::vector<std::string> sessions = options.expected;
  sessions.insert(sessions.end(), options.inputs.begin(), options.inputs.end());
  if (sessions.size() != 1) {
    return usage(fmt::format("--against: expected one recording, found {}", sessions.size()),
                 sessions.empty() ? "" : "harmerge makes one of several");
  }
  const auto diff = diff_options(options, tool);
  if (!diff) return failed(tool, diff.error());
  AgainstRun run;
  run.session = sessions.front();
  run.map_hosts = options.hosts;
  run.from = options.expected_from ? options.expected_from : options.input.format;
  run.input = options.input.options;
  run.to = options.to;
  // The report goes to standard output, which what came can have only where nothing else is said.
  const bool written = options.output.path != "-";
  if (options.to && !written && !tool.messages().quiet) {
    return usage("--to is for what is written with -o, and standard output has the report", "name a file with -o, or add -q");
  }
  if (written || options.to) {
    run.output = options.output.path;
    run.output_options = options.output.options;
  }
  run.diff = &*diff;
  auto choose = make_chooser(options.where.expressions);
  if (!choose) return failed(tool, choose.error());
  run.choose = std::move(*choose);
  auto report = open_report(tool, options, *diff, "-", {});
  if (!report) return failed(tool, report.error());
  run.sink = report->sink.get();
  if (tool.messages().quiet && run.output.empty() && diff->timing.fail_on.empty()) run.max_steps = 1;
  const auto result = run_against(tool, options.against, run);
  if (!result) return failed(tool, result.error());
  const int status = conclude(tool, *diff, result->diff, *report);
  return result->incomplete ? kFailure : status;
}

}  // namespace tools::hardiff
