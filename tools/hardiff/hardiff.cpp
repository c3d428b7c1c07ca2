#include "hardiff/hardiff.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <random>
#include <thread>
#include <variant>

#include "har/format.hpp"
#include "stream/io/byte_sink.hpp"

namespace tools::hardiff {
namespace {

using har::diff::DiffResult;
using har::diff::DiffSink;
using har::diff::DiffStep;
using har::diff::SideCount;
using har::diff::SideInputs;
using stream::Result;
using stream::Status;

/// With -q: says nothing.
class Silence : public DiffSink {
 public:
  Status begin(const SideCount& /*expected*/, const SideCount& /*actual*/) override { return {}; }
  Status step(const DiffStep& /*step*/) override { return {}; }
  Status skip(std::size_t /*count*/) override { return {}; }
  Status end(const DiffResult& /*result*/) override { return {}; }
};

Result<SideInputs> open_side(const std::vector<std::string>& paths, const std::optional<std::string>& format,
                             const InputGroup& group) {
  SideInputs side;
  for (const std::string& path : paths) {
    const auto& named = format ? format : group.format;
    STREAM_ASSIGN(auto input,
                  har::open_source(path, named ? std::optional<std::string_view>(*named) : std::nullopt, group.options));
    side.inputs.push_back(std::move(input));
  }
  return side;
}

std::uint64_t fresh_seed() {
  std::random_device device;
  return (std::uint64_t{device()} << 32) ^ device();
}

}  // namespace

stream::Result<OpenReport> open_report(Tool& tool, const Options& options, const har::diff::DiffOptions& diff,
                                       const std::string& path, const stream::OutputOptions& output) {
  OpenReport out;
  if (tool.messages().quiet) {
    out.sink = std::make_unique<Silence>();
    return out;
  }
  STREAM_ASSIGN(out.output, stream::open_output(path, output));
  ReportOptions how;
  how.color = tool.color_output();
  how.order = diff.order;
  how.timing = diff.timing.compare;
  how.show_equal = tool.messages().verbosity > 0;
  how.max_differences = options.max_diffs;
  const ReportForm& form = options.form != nullptr ? *options.form : report_forms().front();
  out.sink = form.make(*out.output, how);
  return out;
}

int conclude(Tool& tool, const har::diff::DiffOptions& diff, const DiffResult& result, OpenReport& report) {
  Messages& messages = tool.messages();
  if (report.output) {
    if (auto status = report.output->finish(); !status) return failed(tool, status.error());
  }
  for (const std::size_t unused : diff.values.noise.unused()) {
    if (!result.stopped)
      messages.warning(fmt::format("{} named nothing in what was compared", to_string(diff.values.noise[unused])));
  }
  messages.summary();
  for (const har::diff::ThresholdResult& threshold : result.thresholds) {
    if (threshold.without_data)
      messages.warning(fmt::format("--fail-on '{}': no entry has that phase on both sides", threshold.threshold.spelling));
  }
  if (result.expected.broken || result.actual.broken) return kFailure;
  return result.same(diff.order) && !result.stopped ? kYes : kNo;
}

int run(Tool& tool, const Options& options) {
  if (options.against.wanted()) return run_live(tool, options);
  Messages& messages = tool.messages();
  const auto sides = sides_of(options);
  if (!sides) return failed(tool, sides.error());
  if (std::count(sides->expected.begin(), sides->expected.end(), "-") +
          std::count(sides->actual.begin(), sides->actual.end(), "-") >
      1)
    return failed(tool, {stream::ErrorCode::usage, "standard input can be read only once", {}, ""});
  const auto diff = diff_options(options, tool);
  if (!diff) return failed(tool, diff.error());
  auto expected = open_side(sides->expected, options.expected_from, options.input);
  if (!expected) return failed(tool, expected.error());
  auto actual = open_side(sides->actual, options.actual_from, options.input);
  if (!actual) return failed(tool, actual.error());

  har::diff::DiffRun run;
  run.threads = options.threads != 0 ? options.threads : std::max(1U, std::thread::hardware_concurrency());
  run.read.limits = options.input.options.limits;
  run.temp_folder = options.tmp_dir;
  run.seed = fresh_seed();
  auto choose = make_chooser(options.where.expressions);
  if (!choose) return failed(tool, choose.error());
  run.choose = std::move(*choose);
  run.say = [&](const har::Message& message) {
    if (const auto* error = std::get_if<stream::Error>(&message)) {
      messages.error(*error);
    } else {
      messages.finding(std::get<stream::Finding>(message));
    }
  };

  auto report = open_report(tool, options, *diff, options.output.path, options.output.options);
  if (!report) return failed(tool, report.error());
  if (messages.quiet && diff->timing.fail_on.empty()) run.max_steps = 1;
  const auto result = har::diff::diff(*expected, *actual, *diff, run, *report->sink);
  if (!result) return failed(tool, result.error());
  return conclude(tool, *diff, *result, *report);
}

int main(int argc, const char* const* argv) {
  Tool tool(info());
  Options options;
  declare(tool, options);
  return tool.run(argc, argv, [&] { return run(tool, options); });
}

}  // namespace tools::hardiff
