#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "harcheck/harcheck.hpp"

namespace tools::harcheck {
namespace {

using har::check::Profile;

[[noreturn]] void refuse(const std::string& option, const std::string& text) { throw CLI::ValidationError(option, text); }

std::vector<RuleId> rules_of(const std::string& option, std::string_view pattern) {
  auto found = match_rules(pattern);
  if (!found) refuse(option, found.error().message);
  return std::move(*found);
}

void add_levels(Options& options, const std::string& text) {
  const std::size_t equals = text.rfind('=');
  if (equals == std::string::npos) refuse("--rule", fmt::format("expected ID=LEVEL, as in time-sum=off, found '{}'", text));
  const auto severity = har::check::parse_severity(std::string_view(text).substr(equals + 1));
  if (!severity)
    refuse("--rule", fmt::format("expected the level error, warning, note or off, found '{}'", text.substr(equals + 1)));
  for (const RuleId id : rules_of("--rule", std::string_view(text).substr(0, equals))) options.levels.emplace_back(id, *severity);
}

void add_explained(Options& options, std::string_view text) {
  for (;;) {
    const std::size_t comma = text.find(',');
    for (const RuleId id : rules_of("--explain", text.substr(0, comma))) options.explain.push_back(id);
    if (comma == std::string_view::npos) return;
    text.remove_prefix(comma + 1);
  }
}

}  // namespace

ToolInfo info() {
  ToolInfo info;
  info.name = "harcheck";
  info.summary = "say what is wrong with a HAR file or recording, and where, and repair it";
  info.usage = "[options] INPUT…";
  info.description =
      "Checks HAR files, HAR lines and recordings: the JSON, the shape that HAR 1.2 asks for, and what goes beyond shape: values "
      "that cannot be, values that contradict each other, entries and pages that do not fit together, WebSocket messages and "
      "server-sent events. Every rule has a name; --list-rules lists them, --explain tells the reason and the source of one.\n\n"
      "The profile \"default\" has errors for what is really wrong; \"strict\" is HAR 1.2 to the letter, which hardly any "
      "program writes. The others answer another question, whether that program would load the file: chrome, firefox, "
      "playwright, "
      "mitmproxy, and har-schema, the schema of the npm package.\n\n"
      "Findings are printed a line each, with the place first; of the same kind the first two, then how many more there are (-v "
      "prints all). Each input ends with a line that says whether it is valid: whether nothing was found at the level of "
      "--fail-on or above.\n\n"
      "With --fix an input is repaired where there is but one way to do it, and written as a HAR to -o, in its place (-i), or to "
      "standard output; then it says what was repaired and what is left. All other bytes stay as they are. The report goes to "
      "standard error if the HAR goes to standard output.\n\n"
      "Inputs may be compressed (gzip, zlib, zstd, brotli by its suffix .br); \"-\" is standard input. Memory is bounded by the "
      "largest entry, never by the file.";
  info.examples = {
      {"harcheck session.har", "what is wrong with this file"},
      {"harcheck --fail-on warning --report github *.har", "in a workflow of GitHub Actions"},
      {"harcheck --profile chrome session.har", "would Chrome load it?"},
      {"harcheck --rule time-sum=off --rule 'ws-*=error' session.har", "with levels of one's own"},
      {"harcheck --report sarif -o harcheck.sarif session.har", "for code scanning"},
      {"harcheck --fix --dry-run session.har", "what could be repaired"},
      {"harcheck --fix cut.har -o whole.har", "repaired, and closed behind the last whole entry"},
      {"harcheck --explain time-sum", "why that matters, and who says so"},
  };
  info.exit_status =
      "0 all inputs are valid; 1 one is not: there are findings at the level of --fail-on or above (an empty file is not valid, "
      "nor "
      "is one that is cut off); 2 one could not be checked to its end: it can't be read, its format is not known, or wrong "
      "usage. "
      "Of several inputs all are checked, and the worst counts. With --fix it is about what came out.";
  return info;
}

void declare(Tool& tool, Options& options) {
  CLI::App& app = tool.app();
  app.add_option("INPUT", options.inputs, "Files to check; \"-\" is standard input.");
  add_choice(app, "--profile", options.profile,
             {{"default", Profile::regular},
              {"strict", Profile::strict},
              {"chrome", Profile::chrome},
              {"firefox", Profile::firefox},
              {"playwright", Profile::playwright},
              {"mitmproxy", Profile::mitmproxy},
              {"har-schema", Profile::har_schema}},
             "What is held against the inputs: what is really wrong (default), HAR 1.2 to the letter (strict), or whether that "
             "program would load them.")
      ->type_name("PROFILE")
      ->default_str("default");
  app.add_option_function<std::vector<std::string>>(
         "--rule",
         [&options](const std::vector<std::string>& texts) {
           for (const std::string& text : texts) add_levels(options, text);
         },
         "Let a rule count as error, warning, note or off. In ID, * stands for any characters; may be repeated, and the "
         "later one counts.")
      ->type_name("ID=LEVEL");
  app.add_flag("--secrets", options.secrets, "Look for credentials as well, as warnings. These are the rules secret-*.");
  add_choice(app, "--fail-on", options.fail_on,
             {{"error", Severity::error}, {"warning", Severity::warning}, {"note", Severity::note}},
             "An input with findings of this level or above is not valid.")
      ->type_name("LEVEL")
      ->default_str("error");
  app.add_option("--max-errors", options.max_errors, "Show no more than N findings an input. All are counted.")
      ->type_name("N")
      ->check(CLI::Range(std::size_t{0}, std::size_t{1'000'000'000}));
  CLI::Option* const report =
      add_choice(app, "--report", options.report,
                 {{"text", ReportKind::text},
                  {"ndjson", ReportKind::ndjson},
                  {"junit", ReportKind::junit},
                  {"sarif", ReportKind::sarif},
                  {"github", ReportKind::github}},
                 "The form of the report: lines for people, JSON lines, JUnit XML, SARIF, or annotations of GitHub Actions.")
          ->type_name("FORM")
          ->default_str("text");
  app.add_flag_callback(
         "--json", [&options] { options.report = ReportKind::ndjson; }, "Short for --report ndjson.")
      ->excludes(report);
  CLI::Option* const fix = app.add_flag("--fix", options.fix, "Repair what can be, and write a HAR. What is left is reported.");
  app.add_flag("--dry-run", options.dry_run, "With --fix: tell what would be repaired, and write nothing.")->needs(fix);
  app.add_flag("--list-rules", options.list_rules, "List the rules with their levels and end.");
  app.add_option_function<std::vector<std::string>>(
         "--explain",
         [&options](const std::vector<std::string>& texts) {
           for (const std::string& text : texts) add_explained(options, text);
         },
         "Tell the reason and the source of a rule, and end. Several are separated by commas; * stands for any characters.")
      ->type_name("ID");
  app.add_flag("--print-rules", options.rules_document, "")->group("");
  add_thread_option(tool, options.threads);
  add_input_options(tool, options.input);
  add_output_options(tool, options.output, InPlace::yes);
  app.get_option("--output")
      ->description("Write the report, or with --fix the HAR, to FILE. \"-\" is standard output, as is none.");
  app.get_option("--in-place")
      ->description("With --fix: write each HAR in its input's place. It is replaced only when the HAR is whole.");
  app.get_option("--quiet")->description("Print nothing but failures. The exit status is the answer.");
}

har::check::Options check_options(const Options& options) {
  har::check::Options out;
  out.profile = options.profile;
  out.secrets = options.secrets;
  out.levels = options.levels;
  out.limits = options.input.options.limits;
  return out;
}

}  // namespace tools::harcheck
