#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <algorithm>

#include "harstat/harstat.hpp"

namespace tools::harstat {

using har::stat::Dimension;
using har::stat::Section;
using stream::ErrorCode;
using stream::fail;
using stream::Result;

ToolInfo info() {
  ToolInfo info;
  info.name = "harstat";
  info.summary = "what is in recordings: hosts, types, sizes, latencies, streams";
  info.usage = "[options] INPUT…";
  info.description =
      "Counts the entries of all inputs together: bytes, errors, percentiles of each phase, the slowest and the largest, "
      "requests "
      "that were made more than once, what a cache may do with the answers, WebSocket messages and other streams. By host, type, "
      "status, protocol and page, or by what --group-by names.\n\n"
      "Inputs may be of any format that is read, and of different ones. Compressed input is read as it is; \"-\" is standard "
      "input. Memory does not grow with the inputs.\n\n"
      "Percentiles are by nearest rank: of all values the smallest with at least so many percent of them at or below it. Of up "
      "to "
      "4096 values (--exact-up-to) they are exact, of more within 0.4 %. Counts, sums, means, smallest and largest are always "
      "exact.\n\n"
      "--partial writes what was counted as one line, and --merge makes a report, or another partial, of such lines. Whatever "
      "the "
      "order in which they come, and however the inputs were spread over machines, the report is the same to the byte.\n\n"
      "--fail-on makes it a check: METRIC[.STATISTIC][{GROUP}] OP LIMIT says what must not be, as 'time.p95 > 2s', "
      "'status.5xx > 1%' or 'wait.p99{host=api.example.com} >= 800ms'. docs/harstat.md has all of it.";
  info.examples = {
      {"harstat session.har", "everything, as tables"},
      {"harstat --group-by host --group-by type,status *.har.gz", "two groupings, the second by both at once"},
      {"harstat --json session.har | jq 'select(.record == \"group\" and .by == \"host\")'", "for programs"},
      {"harstat --csv --group-by path session.har -o paths.csv", "for a spreadsheet"},
      {"harstat --fail-on 'time.p95>2s' --fail-on 'errors>0' session.har",
       "for continuous integration: exit 1 if a limit is passed"},
      {"for file in *.har; do harstat --partial $file; done | harstat --merge -",
       "counted apart, on as many machines as you like"},
  };
  info.exit_status =
      "0 done; 1 a limit of --fail-on was passed; 2 an input could not be read completely, the output could not be written, or "
      "wrong usage.";
  return info;
}

void declare(Tool& tool, Options& options) {
  CLI::App& app = tool.app();
  app.add_option("INPUT", options.inputs, "Recordings, or with --merge partial summaries; \"-\" is standard input.");
  app.add_option(
         "-g,--group-by", options.group_by,
         "What to group by: host, type, status, status-class, method, protocol, page, mime, url, path, input, address, cache. "
         "Several with commas are taken together; may be repeated for several groupings. Without it type, host, status, "
         "protocol and page.")
      ->type_name("WHAT[,WHAT]");
  app.add_option("--fail-on", options.fail_on,
                 "Exit with 1 if this is so. METRIC[.STATISTIC][{GROUP}] OP LIMIT, as time.p95>2s; may be repeated.")
      ->type_name("LIMIT");
  app.add_option("--percentiles", options.percentiles, "Which percentiles to show; 50,75,90,95,99.")
      ->type_name("P[,P]")
      ->delimiter(',');
  app.add_option("--top", options.top,
                 "How many to list: of the slowest, the largest, the most repeated, and of groups in tables.")
      ->type_name("N")
      ->capture_default_str()
      ->check(CLI::Range(std::size_t{0}, std::size_t{100'000}));
  auto* json = app.add_flag_callback(
      "--json", [&options] { options.form = Form::json; }, "Print JSON, an object a line.");
  auto* csv = app.add_flag_callback(
      "--csv", [&options] { options.form = Form::csv; }, "Print the groups as CSV, with a line of headings.");
  csv->excludes(json);
  auto* partial = app.add_flag("--partial", options.partial, "Write what was counted as one line, for --merge.");
  partial->excludes(json)->excludes(csv);
  app.add_flag("--merge", options.merge, "Add up partial summaries. The inputs are lines that --partial wrote.");
  app.add_option("--exact-up-to", options.exact_up_to,
                 "How many values of a group are kept for exact percentiles. With more they are within 0.4 %.")
      ->type_name("N")
      ->capture_default_str()
      ->check(CLI::Range(std::size_t{1}, std::size_t{100'000'000}));
  app.add_option("--max-groups", options.max_groups,
                 "How many groups of a grouping are told apart. Of more, those whose names have the least hashes; the rest is in "
                 "\"(other)\".")
      ->type_name("N")
      ->capture_default_str()
      ->check(CLI::Range(std::size_t{1}, std::size_t{100'000'000}));
  app.add_option("--max-requests", options.max_requests,
                 "How many different requests are told apart to see repeated ones. Of more, the numbers are estimated.")
      ->type_name("N")
      ->capture_default_str()
      ->check(CLI::Range(std::size_t{1}, std::size_t{100'000'000}));
  add_where_option(tool, options.where, "Count only entries of which EXPR is true");
  add_thread_option(tool, options.threads);
  add_input_options(tool, options.input);
  add_output_options(tool, options.output, InPlace::no);
}

Result<Plan> plan_of(const Options& options) {
  Plan plan;
  plan.settings.exact_up_to = options.exact_up_to;
  plan.settings.max_groups = options.max_groups;
  plan.settings.max_requests = options.max_requests;
  plan.settings.top = options.top;
  const auto add = [&](Section section) {
    const auto& sections = plan.settings.sections;
    if (std::find(sections.begin(), sections.end(), section) == sections.end())
      plan.settings.sections.push_back(std::move(section));
  };
  for (const std::string& text : options.group_by) {
    STREAM_ASSIGN(auto section, har::stat::parse_section(text));
    add(std::move(section));
  }
  if (options.group_by.empty()) {
    for (const Dimension dimension :
         {Dimension::type, Dimension::host, Dimension::status, Dimension::protocol, Dimension::page}) {
      add({dimension});
    }
  }
  plan.shown = plan.settings.sections.size();
  for (const std::string& text : options.fail_on) {
    STREAM_ASSIGN(auto limit, har::stat::parse_condition(text));
    if (Section section = limit.section(); !section.empty()) {
      const auto same = [&](Section other) {
        std::sort(other.begin(), other.end());
        return other == section;
      };
      if (std::none_of(plan.settings.sections.begin(), plan.settings.sections.end(), same)) add(std::move(section));
    }
    plan.limits.push_back(std::move(limit));
  }
  for (const std::string& text :
       options.percentiles.empty() ? std::vector<std::string>{"50", "75", "90", "95", "99"} : options.percentiles) {
    auto percent = har::stat::parse_percent(text);
    if (!percent) {
      return fail(
          {ErrorCode::usage, fmt::format("--percentiles: expected a number above 0 and up to 100, found '{}'", text), {}, ""});
    }
    plan.percentiles.push_back(std::move(*percent));
  }
  return plan;
}

}  // namespace tools::harstat
