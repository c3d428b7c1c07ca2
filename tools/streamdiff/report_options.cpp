#include "streamdiff/report_options.hpp"

#include <sys/ioctl.h>
#include <unistd.h>
#include <CLI/CLI.hpp>

#include <vector>

namespace tools::streamdiff_tool {
namespace {

using stream::ReportForm;

// Two columns are read best with what is around a difference.
constexpr std::size_t kSideBySideContext = 3;

std::size_t terminal_width() {
  winsize size{};
  return isatty(STDOUT_FILENO) != 0 && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

}  // namespace

void declare_report(Tool& tool, ReportChoice& choice) {
  CLI::App& app = tool.app();
  CLI::Option* const report =
      add_choice(app, "--report", choice.form,
                 {{"text", ReportForm::text},
                  {"side-by-side", ReportForm::side_by_side},
                  {"ndjson", ReportForm::ndjson},
                  {"json-patch", ReportForm::json_patch},
                  {"junit", ReportForm::junit},
                  {"markdown", ReportForm::markdown},
                  {"html", ReportForm::html},
                  {"stat", ReportForm::stat}},
                 "The form of the report: lines for people, two columns, JSON lines, JSON Patches, JUnit XML, "
                 "Markdown for a comment, an HTML page with both streams on an axis of time, or counts.")
          ->type_name("FORM")
          ->default_str("text")
          ->group("Report");
  std::vector<CLI::Option*> others{report};
  const auto short_for = [&](const char* name, ReportForm form, const char* text) {
    CLI::Option* const option = app.add_flag_callback(
        name, [&choice, form] { choice.form = form; }, text);
    for (CLI::Option* const other : others) option->excludes(other);
    others.push_back(option->group("Report"));
  };
  short_for("--json", ReportForm::ndjson, "Short for --report ndjson.");
  short_for("--stat", ReportForm::stat, "Short for --report stat.");
  short_for("-y,--side-by-side", ReportForm::side_by_side, "Short for --report side-by-side.");
  app.add_option("-U,--context", choice.context,
                 "Show N equal events around each difference, in text (0 without it) and side by side (3).")
      ->type_name("N")
      ->check(CLI::Range(std::size_t{0}, std::size_t{1'000'000}))
      ->group("Report");
  app.add_option("--width", choice.width, "Use N columns. Without it those of the terminal side by side, and 100 for a value.")
      ->type_name("N")
      ->check(CLI::Range(std::size_t{20}, std::size_t{100'000}))
      ->group("Report");
}

std::unique_ptr<stream::Report> open_report(const ReportChoice& choice, Tool& tool, stream::ByteSink& sink, std::size_t shown) {
  stream::ReportOptions options;
  options.color = tool.color_output();
  options.width = choice.width;
  const bool two_columns = choice.form == ReportForm::side_by_side;
  if (two_columns && options.width == 0) options.width = terminal_width();
  options.context = choice.context.value_or(two_columns ? kSideBySideContext : 0);
  options.max_differences = shown;
  options.show_equal = tool.messages().verbosity > 0;
  return make_report(choice.form, sink, options);
}

}  // namespace tools::streamdiff_tool
