#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "hardiff/hardiff.hpp"
#include "stream/text/near.hpp"

namespace tools::hardiff {

using har::diff::DiffOptions;
using har::diff::Profile;
using stream::ErrorCode;
using stream::fail;

ToolInfo info() {
  ToolInfo info;
  info.name = "hardiff";
  info.summary = "what changed between two sessions, apart from noise";
  info.usage = "[options] EXPECTED ACTUAL|--against URL";
  info.description =
      "Compares two recordings of one session: what was expected, and what came. Each may be a HAR, a recording, or any other "
      "format "
      "that is read, in any mix, compressed or not; \"-\" is standard input. A side may be several files (--expected, "
      "--actual).\n\n"
      "Entries are paired first: by what they hold, then by method and URL, and of several with the same URL those that are most "
      "alike. What stands at another place among the others has moved. Pairs are then compared field by field: bodies as what "
      "they "
      "are (JSON by its values with exact numbers, forms by their fields, text by lines), headers in any order and case, "
      "WebSocket "
      "messages and events of streams one by one, as streamdiff does.\n\n"
      "What is another each time is not compared: times, dates, connections, ids of requests and traces; docs/hardiff.md has the "
      "list. --exact compares everything.\n\n"
      "A PLACE is a field of an entry, as reports name it: method, url, query.NAME, status, header.NAME, cookie.NAME, body, "
      "body/a/*/b, "
      "message/a, event/a, content-type, and so on; request. or response. before it narrows it to that half. /**/created is a "
      "member of JSON data in bodies, messages and events. A * at the end of a NAME is any rest, in a pointer any one level. "
      "What is "
      "ignored or masked is so on both sides, before entries are paired. An option that names nothing in what was compared is "
      "reported.\n\n"
      "--against URL takes a live server for the other side: the recorded requests are sent to it, in their order, and what it "
      "answers is compared, streams and WebSockets while they go on. docs/hardiff-against.md says how.\n\n"
      "Times are compared by --timing alone, and are no differences unless --fail-on says so. Its rule is PHASE>LIMIT, or "
      "STATISTIC(PHASE)>LIMIT: phases are time, blocked, dns, connect, ssl, send, wait, receive and ttfb, statistics mean, max, "
      "sum and "
      "p50 to p99.9, a limit is a duration (200ms) or is added to what was expected (+20%, +200ms).";
  info.examples = {
      {"hardiff monday.har tuesday.har", "What changed."},
      {"hardiff --summary monday.har tuesday.har", "How many entries, and where."},
      {"hardiff --ignore header.x-build --ignore 'body/**/updatedAt' old.har new.har", "Apart from these."},
      {"hardiff --mask 's/[0-9a-f]{32}/TOKEN/' old.har new.har", "With what looks like a token made the same."},
      {"hardiff --map-host staging.example.com=www.example.com staging.har live.har", "Two environments."},
      {"hardiff --only status --only body old.har new.har.gz", "Only these."},
      {"hardiff --timing --fail-on 'p95(wait)>+20%' old.har new.har", "Whether it became slower."},
      {"hardiff --against http://localhost:3000 --report junit session.har >junit.xml", "A recording as a test of a back end."},
      {"hardiff --json old.har new.rec.ndjson | jq -c 'select(.kind == \"changed\")'", "For programs."},
  };
  info.exit_status =
      "0 they are the same; 1 they differ, or a threshold was exceeded; 2 an input could not be read completely, nobody answered "
      "(--against), or wrong usage.";
  return info;
}

void declare(Tool& tool, Options& options) {
  CLI::App& app = tool.app();
  app.add_option("INPUT", options.inputs, "EXPECTED and ACTUAL: what it should be, and what it is.");
  app.add_option("--expected", options.expected, "A file of the expected side. May be repeated; then INPUT is of the other side.")
      ->type_name("FILE")
      ->group("Input");
  app.add_option("--actual", options.actual, "A file of the actual side. May be repeated; then INPUT is of the other side.")
      ->type_name("FILE")
      ->group("Input");
  app.add_option("--expected-from", options.expected_from, "The format of the expected side.")
      ->type_name("FORMAT")
      ->group("Input");
  app.add_option("--actual-from", options.actual_from, "The format of the actual side.")->type_name("FORMAT")->group("Input");
  app.add_flag_callback(
      "--exact", [&options] { options.profile = Profile::exact; },
      "Compare everything. Times, sizes, members of the recorder's own, the order of headers and their case too.");
  add_choice(app, "--order", options.order, {{"strict", true}, {"any", false}},
             "Whether entries that moved are differences: yes (strict), or no (any).")
      ->type_name("ORDER")
      ->default_str("strict");
  app.add_option("--only", options.only, "Compare PLACE and nothing else. May be repeated.")->type_name("PLACE")->group("Noise");
  add_noise_options(tool, options.noise, "PLACE");
  app.add_flag("--strict-numbers", options.strict_numbers, "Compare numbers as they are written. 1 and 1.0 differ then.")
      ->group("Noise");
  app.add_option("--map-host", options.hosts,
                 "Take FROM in the expected side for TO. With or without a port; with --against, where requests to FROM go. May "
                 "be repeated.")
      ->type_name("FROM=TO")
      ->group("Pairing");
  app.add_option("--ignore-query", options.ignored_query, "Leave out this parameter of URLs. May be repeated.")
      ->type_name("NAME")
      ->group("Pairing");
  app.add_option("--path-template", options.templates,
                 "Take paths such as /users/{id}/posts for the same, whatever stands for {id}. May be repeated.")
      ->type_name("PATH")
      ->group("Pairing");
  CLI::Option* const timing =
      app.add_flag("--timing", options.timing, "Compare times, phase by phase. They are no differences without --fail-on.")
          ->group("Timing");
  (void)timing;
  app.add_option("--fail-on", options.fail_on,
                 "Fail where RULE is true: wait>+20%, time>+200ms, p95(wait)>500ms. May be repeated.")
      ->type_name("RULE")
      ->group("Timing");
  std::vector<std::pair<std::string, const ReportForm*>> forms;
  std::string descriptions;
  for (const ReportForm& form : report_forms()) {
    forms.emplace_back(form.name, &form);
    descriptions += fmt::format("{}{}: {}", descriptions.empty() ? "" : "; ", form.name, form.description);
  }
  CLI::Option* const report =
      add_choice(app, "--report", options.form, forms, fmt::format("The form of the report. {}.", descriptions))
          ->type_name("FORM")
          ->default_str("text")
          ->group("Report");
  std::vector<CLI::Option*> others{report};
  const auto short_for = [&](const char* name, std::string_view form, const char* text) {
    CLI::Option* const option = app.add_flag_callback(
        name, [&options, form] { options.form = find_report(form); }, text);
    for (CLI::Option* const other : others) option->excludes(other);
    others.push_back(option->group("Report"));
  };
  short_for("--summary", "summary", "Short for --report summary.");
  short_for("--stat", "stat", "Short for --report stat.");
  short_for("--json", "ndjson", "Short for --report ndjson.");
  app.add_option("--max-diffs", options.max_diffs, "Show no more than N differences. All are counted.")
      ->type_name("N")
      ->group("Report");
  app.add_option("--tmp-dir", options.tmp_dir,
                 "Where to keep what cannot be read twice, such as compressed input. Without it $TMPDIR, or else /tmp.")
      ->type_name("FOLDER")
      ->group("Input");
  add_thread_option(tool, options.threads);
  add_input_options(tool, options.input);
  add_output_options(tool, options.output, InPlace::no);
  app.get_option("--output")
      ->description(
          "Write the report to FILE. \"-\" is standard output, as is none. With --against, write what the server answered to "
          "FILE.");
  declare_against(tool, options.against);
  app.add_option("--to", options.to, "The format of what --against writes. Without it the suffix of -o decides, else it is har.")
      ->type_name("FORMAT")
      ->group("Live server")
      ->needs("--against");
  app.get_option("--quiet")->description("Print nothing but errors. The exit status is the answer.");
}

stream::Result<Sides> sides_of(const Options& options) {
  Sides out{options.expected, options.actual};
  const auto usage = [](std::string text) {
    return fail({ErrorCode::usage, std::move(text), {}, "hardiff EXPECTED ACTUAL; see 'hardiff --help'"});
  };
  const auto& inputs = options.inputs;
  if (out.expected.empty() && out.actual.empty()) {
    if (inputs.size() != 2) return usage(fmt::format("expected two inputs, found {}", inputs.size()));
    return Sides{{inputs[0]}, {inputs[1]}};
  }
  if (!out.expected.empty() && !out.actual.empty()) {
    if (!inputs.empty()) return usage("both sides are named, and there is another input");
    return out;
  }
  auto& other = out.expected.empty() ? out.expected : out.actual;
  other = inputs;
  if (other.empty()) return usage("the other side is missing");
  return out;
}

stream::Result<DiffOptions> diff_options(const Options& options, Tool& tool) {
  DiffOptions out;
  out.profile = options.profile;
  NoiseReading reading;
  reading.findings = tool.messages().findings();
  reading.rule_at = har::diff::rule_at;
  reading.everywhere = true;
  reading.requests = true;
  STREAM_ASSIGN(out.values.noise, read_noise_rules(options.noise, reading));
  if (options.strict_numbers) out.values.numbers = stream::NumberRule::spelling;
  for (const std::string& place : options.only) {
    STREAM_ASSIGN(auto rule, har::diff::rule_at(place));
    out.only.push_back(std::move(rule));
  }
  // Live servers are called by their recorded names before anything is compared.
  if (!options.against.wanted()) {
    for (const std::string& rule : options.hosts) STREAM_TRY(out.hosts.add(rule));
  }
  out.ignored_query = options.ignored_query;
  for (const std::string& path : options.templates) {
    if (!path.starts_with('/'))
      return fail({ErrorCode::usage, fmt::format("--path-template: '{}' is no path", path), {}, "such as /users/{id}/posts"});
    out.path_templates.push_back(path);
  }
  out.order = options.order;
  out.timing.compare = options.timing || !options.fail_on.empty();
  for (const std::string& text : options.fail_on) {
    STREAM_ASSIGN(auto threshold, har::diff::parse_threshold(text));
    out.timing.fail_on.push_back(std::move(threshold));
  }
  out.limits = options.input.options.limits;
  STREAM_TRY(har::diff::add_profile(out));
  return out;
}

}  // namespace tools::hardiff
