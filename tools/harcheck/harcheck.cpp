#include "harcheck/harcheck.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>

#include "har/check/fix.hpp"
#include "har/format.hpp"
#include "harcheck/pipe.hpp"
#include "harcheck/report.hpp"
#include "harcheck/spool.hpp"

namespace tools::harcheck {
namespace {

using har::Input;
using har::check::Summary;
using stream::Error;
using stream::ErrorCode;
using stream::Finding;
using stream::Result;
using stream::Status;

constexpr std::size_t kRepeats = 2;         ///< findings of a kind that are shown one by one
constexpr std::size_t kJunitRepeats = 100;  ///< a test case's text is held in memory

std::unique_ptr<Report> make_report(const Tool& tool, const Options& options) {
  switch (options.report) {
    case ReportKind::ndjson:
      return ndjson_report();
    case ReportKind::junit:
      return junit_report(options);
    case ReportKind::sarif:
      return sarif_report(options);
    case ReportKind::github:
      return github_report();
    case ReportKind::text:
      break;
  }
  return text_report(options.output.path == "-" && tool.color_output());
}

std::size_t repeats_of(Tool& tool, ReportKind report) {
  if (report == ReportKind::junit) return kJunitRepeats;
  const bool grouped = report == ReportKind::text || report == ReportKind::github;
  return grouped && tool.messages().verbosity == 0 ? kRepeats : Showing::kAll;
}

std::string name_of(const std::string& path) { return path == "-" ? "<stdin>" : path; }

/// Opens an input. A file whose name says what it is, and whose content does not, is one that is broken.
Result<Input> open(const std::string& path, const InputGroup& group) {
  const auto from = group.format ? std::optional<std::string_view>(*group.format) : std::nullopt;
  auto input = har::open_source(path, from, group.options);
  if (input || from || input.error().code != ErrorCode::syntax) return input;
  const har::Format* const named = har::format_of_name(path);
  const bool known = named != nullptr && (named->name == "har" || named->name == "harl" || named->name == "recording");
  return known ? har::open_source(path, named->name, group.options) : std::move(input);
}

/// One run of the tool: inputs into one report.
class Run {
 public:
  Run(Tool& tool, const Options& options)
      : tool_(tool),
        options_(options),
        check_(check_options(options)),
        showing_(repeats_of(tool, options.report), options.max_errors.value_or(Showing::kAll)),
        showing_repairs_(repeats_of(tool, options.report), Showing::kAll) {
    check_.threads = options.threads != 0 ? options.threads : std::max(1U, std::thread::hardware_concurrency());
    // With --max-errors the order of all findings counts.
    if (!options.max_errors) {
      check_.enough = repeats_of(tool, options.report);
      check_.more = [this](const Finding& finding, std::size_t count) { showing_.hide(finding, count); };
    }
  }

  int run() {
    if (auto status = open_report(); !status) return failed(tool_, status.error());
    if (report_) tell([&](std::string& out) { report_->begin(out); });
    for (const std::string& path : options_.inputs) {
      if (options_.fix) {
        fix(path);
      } else {
        check(path);
      }
      if (!written_) break;
    }
    if (report_) {
      tell([&](std::string& out) { report_->end(out, total_); });
      if (written_) written_ = sink_->finish();
    }
    const int status = total_.failed != 0 ? kFailure : total_.invalid != 0 ? kNo : kYes;
    // A reader that has seen enough does not change the answer.
    return written_ || is_broken_pipe(written_.error()) ? status : failed(tool_, written_.error());
  }

 private:
  /// With -q there is none, unless it goes to a file.
  Status open_report() {
    const bool har_to_output = options_.fix && !options_.dry_run && !options_.output.in_place;
    const bool to_file = !options_.fix && options_.output.path != "-";
    if (tool_.messages().quiet && !to_file) return {};
    const std::string path = har_to_output && options_.output.path == "-" ? "/dev/stderr" : to_file ? options_.output.path : "-";
    STREAM_ASSIGN(sink_, stream::open_output(path, to_file ? options_.output.options : stream::OutputOptions{}));
    report_ = make_report(tool_, options_);
    return {};
  }

  /// Has the report say something, and writes that.
  template <class Say>
  void tell(const Say& say) {
    text_.clear();
    say(text_);
    if (written_ && !text_.empty()) written_ = sink_->write(text_);
  }

  Result<Input> open_input(const std::string& path) {
    auto input = open(path, options_.input);
    if (input && report_) tell([&](std::string& out) { report_->open(out, name_of(path), *input->format); });
    return input;
  }

  /// An input that could not be checked.
  void lost(const std::string& name, const Error& error) {
    ++total_.failed;
    if (report_) {
      tell([&](std::string& out) { report_->fail(out, name, error); });
      // What was said before stands before it, if both go to the terminal.
      if (written_) written_ = sink_->flush();
    }
    tool_.messages().error(error);
    showing_.finish();
    showing_repairs_.finish();
  }

  void close(const std::string& name, Summary summary, std::optional<std::size_t> repairs) {
    Verdict verdict;
    verdict.repairs = repairs;
    for (auto i = static_cast<std::size_t>(options_.fail_on); i < summary.by_severity.size(); ++i)
      verdict.valid = verdict.valid && summary.by_severity[i] == 0;
    verdict.summary = std::move(summary);
    verdict.not_shown = showing_.finish();
    ++(verdict.valid ? total_.valid : total_.invalid);
    if (report_) tell([&](std::string& out) { report_->close(out, name, verdict); });
  }

  void check(const std::string& path) {
    const std::string name = name_of(path);
    auto input = open_input(path);
    if (!input) return lost(name, input.error());
    auto summary = har::check::check(*input, check_, [&](const Finding& finding) {
      if (report_ && showing_.show(finding)) tell([&](std::string& out) { report_->finding(out, finding); });
    });
    if (!summary) return lost(name, summary.error());
    close(name, std::move(*summary), std::nullopt);
  }

  void fix(const std::string& path);

  Tool& tool_;
  const Options& options_;
  har::check::Options check_;
  std::unique_ptr<Report> report_;
  std::unique_ptr<stream::ByteSink> sink_;
  Showing showing_;
  Showing showing_repairs_;
  Status written_;
  Total total_;
  std::string text_;
};

/// Repairs an input, and checks what comes out while it does: no second look at a file, so that pipes can be repaired too.
/// What the check finds is said behind the repairs.
void Run::fix(const std::string& path) {
  const std::string name = name_of(path);
  auto input = open_input(path);
  if (!input) return lost(name, input.error());

  const std::string& output = options_.output.in_place ? path : options_.output.path;
  std::unique_ptr<stream::ByteSink> sink;
  if (!options_.dry_run) {
    auto opened = stream::open_output(output, options_.output.options);
    if (!opened) return lost(name, opened.error());
    sink = std::move(*opened);
  }
  const std::string out_name = options_.dry_run ? name : sink->name();

  Pipe pipe;
  const auto tee = tee_sink(pipe, sink.get(), out_name);
  Spool spool;
  Status spooled;
  Result<Summary> summary;
  std::exception_ptr thrown;
  std::mutex report_mutex;  // a report is one object, and two threads tell it something
  std::jthread checker([&] {
    try {
      Input fixed;
      fixed.path = options_.dry_run ? path : output;
      fixed.source = pipe_source(pipe, out_name);
      fixed.format = har::find_format("har");
      fixed.files = std::make_unique<har::SideFiles>(path, options_.input.options.limits.max_entry);
      std::string text;
      summary = har::check::check(fixed, check_, [&](const Finding& finding) {
        if (!report_ || !showing_.show(finding)) return;
        text.clear();
        {
          const std::lock_guard lock(report_mutex);
          report_->finding(text, finding);
        }
        if (spooled) spooled = spool.add(text);
      });
    } catch (...) {
      thrown = std::current_exception();
    }
    pipe.leave();
  });
  // Closed also if what follows throws: the checker would wait for more.
  std::unique_ptr<Pipe, void (*)(Pipe*)> writing(&pipe, [](Pipe* open) { open->close(); });
  std::size_t lost_pieces = 0;
  auto fixed = har::check::fix(*input, {options_.input.options.limits, check_.threads}, tee.get(), [&](const Finding& finding) {
    // What can't be repaired is an error here, and is found again by the check, with its place in the output.
    if (finding.level == stream::Level::error) return;
    if (finding.level == stream::Level::warning) ++lost_pieces;
    if (!report_ || !showing_repairs_.show(finding)) return;
    const std::lock_guard lock(report_mutex);
    tell([&](std::string& out) { report_->repair(out, finding); });
  });
  writing.reset();
  checker.join();
  if (thrown) std::rethrow_exception(thrown);

  if (!fixed) {
    if (is_broken_pipe(fixed.error())) return;
    return lost(name, fixed.error());
  }
  if (options_.output.in_place && fixed->lost) {
    // What nobody can read may still be of use to somebody, and the file is the only one that has it.
    return lost(name, {ErrorCode::syntax,
                       "parts of the file can't be read, and would be lost; the file was left as it is",
                       {name},
                       "repair it into another file, with -o"});
  }
  // A file that needed nothing stays the file that it is.
  const bool same = options_.output.in_place && fixed->repairs == 0 && lost_pieces == 0 && input->format->name == "har" &&
                    !options_.output.options.compression;
  if (sink && !same) {
    if (auto finished = sink->finish(); !finished) {
      if (is_broken_pipe(finished.error())) return;
      return lost(name, finished.error());
    }
  }
  if (report_) tell([&](std::string& out) { report_->end_repairs(out, name, showing_repairs_.finish()); });
  if (report_ && written_) written_ = spooled ? spool.move_to(*sink_) : std::move(spooled);
  if (!summary) return lost(out_name, summary.error());
  close(out_name, std::move(*summary), fixed->repairs);
}

int print(Tool& tool, const Options& options, const std::string& text) {
  auto sink = stream::open_output(options.output.path, options.output.options);
  if (!sink) return failed(tool, sink.error());
  if (auto status = (*sink)->write(text); !status) return failed(tool, status.error());
  if (auto status = (*sink)->finish(); !status) return failed(tool, status.error());
  return kYes;
}

/// What does not fit together.
std::optional<Error> misuse(const Options& options) {
  const auto usage = [](std::string message, std::string hint) {
    return Error{ErrorCode::usage, std::move(message), {}, std::move(hint)};
  };
  if (options.inputs.empty()) return usage("no input", "name a file, or - for standard input; see 'harcheck --help'");
  const auto inputs_from_stdin = std::count(options.inputs.begin(), options.inputs.end(), "-");
  if (inputs_from_stdin > 1) return usage("standard input can be read only once", "");
  if (options.output.in_place && !options.fix) return usage("-i goes with --fix", "a check changes nothing");
  if (!options.fix || options.dry_run) return std::nullopt;
  if (options.output.in_place && inputs_from_stdin > 0) return usage("standard input can't be changed in place", "leave out -i");
  if (!options.output.in_place && options.inputs.size() > 1)
    return usage("several inputs can't be repaired into one output", "-i repairs each in its place");
  return std::nullopt;
}

}  // namespace

int run(Tool& tool, const Options& options) {
  if (options.rules_document) return print(tool, options, rules_document());
  if (options.list_rules) return print(tool, options, rule_table());
  if (!options.explain.empty()) {
    std::string text;
    for (const RuleId id : options.explain) text += (text.empty() ? "" : "\n") + explain_rule(id);
    return print(tool, options, text);
  }
  if (const auto error = misuse(options)) return failed(tool, *error);
  return Run(tool, options).run();
}

int main(int argc, const char* const* argv) {
  Tool tool(info());
  Options options;
  declare(tool, options);
  return tool.run(argc, argv, [&] { return run(tool, options); });
}

}  // namespace tools::harcheck
