#include <fmt/format.h>

#include "common/terminal.hpp"
#include "harcheck/report.hpp"

namespace tools::harcheck {
namespace {

/// Percent-escapes as the runner of GitHub Actions undoes them: in a message, and more of them in a property.
std::string escaped(std::string_view text, bool property) {
  std::string out;
  for (const char c : text) {
    if (c == '%' || (property && (c == ':' || c == ','))) {
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    } else {
      out += c;
    }
  }
  return out;
}

/// Commands to the runner of GitHub Actions, which shows them beside the lines of the file.
class GithubReport final : public Report {
 public:
  void finding(std::string& out, const stream::Finding& finding) override {
    const std::string message =
        finding.place.pointer.empty() ? finding.message : fmt::format("{}: {}", finding.place.pointer, finding.message);
    command(out, to_string(severity_of(finding.level)), finding.place, finding.rule, message);
  }

  void close(std::string& out, const std::string& name, const Verdict& verdict) override {
    for (const Hidden& hidden : verdict.not_shown.hidden)
      command(out, to_string(hidden.severity), {name}, har::check::rule(hidden.rule).name,
              hidden.pointer.empty() ? hidden_text(hidden) : fmt::format("{}: {}", hidden.pointer, hidden_text(hidden)));
    if (verdict.not_shown.beyond_max != 0) {
      command(out, "note", {name}, "harcheck",
              fmt::format("and {} that --max-errors leaves out", counted(verdict.not_shown.beyond_max, "finding", "findings")));
    }
    // A file's name does not begin a line, where it could be a command.
    out += fmt::format("harcheck: {}: {}: {}\n", printable(name), verdict.valid ? "valid" : "not valid",
                       counts_text(verdict.summary));
  }

  void fail(std::string& out, const std::string& name, const stream::Error& error) override {
    stream::Place place = error.place;
    place.source = name;
    command(out, "error", place, "harcheck", error.message);
  }

 private:
  static void command(std::string& out, std::string_view level, const stream::Place& place, std::string_view title,
                      std::string_view message) {
    out += fmt::format("::{} ", level == "note" ? "notice" : level);
    if (!place.source.empty() && place.source != "<stdin>")
      out += fmt::format("file={},", escaped(printable(place.source), true));
    if (place.line != 0) out += fmt::format("line={},", place.line);
    if (place.column != 0) out += fmt::format("col={},", place.column);
    out += fmt::format("title={}::{}\n", escaped(title, true), escaped(printable(message), false));
  }
};

}  // namespace

std::unique_ptr<Report> github_report() { return std::make_unique<GithubReport>(); }

}  // namespace tools::harcheck
