#include <fmt/format.h>

#include "common/terminal.hpp"
#include "harcheck/report.hpp"

namespace tools::harcheck {
namespace {

/// A finding a line, its place first, as compilers print them; then a line for each input.
class TextReport final : public Report {
 public:
  explicit TextReport(bool color) : color_(color) {}

  void repair(std::string& out, const stream::Finding& finding) override {
    line(out, to_string(finding.place), repair_label(severity_of(finding.level)), finding.message, finding.rule);
  }

  void end_repairs(std::string& out, const std::string& name, const NotShown& not_shown) override {
    for (const Hidden& hidden : not_shown.hidden)
      line(out, place(name, hidden), repair_label(hidden.severity), hidden_text(hidden), har::check::rule(hidden.rule).name);
  }

  void finding(std::string& out, const stream::Finding& finding) override {
    line(out, to_string(finding.place), to_string(severity_of(finding.level)), finding.message, finding.rule);
  }

  void close(std::string& out, const std::string& name, const Verdict& verdict) override {
    for (const Hidden& hidden : verdict.not_shown.hidden)
      line(out, place(name, hidden), to_string(hidden.severity), hidden_text(hidden), har::check::rule(hidden.rule).name);
    if (verdict.not_shown.beyond_max != 0) {
      out += fmt::format("{}: and {} that --max-errors leaves out\n", printable(name),
                         counted(verdict.not_shown.beyond_max, "finding", "findings"));
    }
    std::string repairs;
    if (verdict.repairs)
      repairs = *verdict.repairs == 0 ? "nothing to repair; " : counted(*verdict.repairs, "repair", "repairs") + "; ";
    out += fmt::format("{}: {}{}: {}\n", printable(name), repairs, verdict.valid ? "valid" : "not valid",
                       counts_text(verdict.summary));
  }

  void end(std::string& out, const Total& total) override {
    const std::size_t inputs = total.valid + total.invalid + total.failed;
    if (inputs < 2) return;
    out += fmt::format("{} inputs: {} valid", grouped(inputs), grouped(total.valid));
    if (total.invalid != 0) out += fmt::format(", {} not valid", grouped(total.invalid));
    if (total.failed != 0) out += fmt::format(", {} could not be checked", grouped(total.failed));
    out += '\n';
  }

 private:
  static std::string place(const std::string& name, const Hidden& hidden) {
    return to_string(stream::Place{name, 0, 0, {}, hidden.pointer});
  }

  static std::string_view repair_label(Severity severity) { return severity == Severity::note ? "fixed" : to_string(severity); }

  void line(std::string& out, std::string_view place, std::string_view level, std::string_view text,
            std::string_view rule) const {
    const std::string label = color_ ? fmt::format("{}{}:{}", colour_of(level), level, kPlain) : fmt::format("{}:", level);
    out += fmt::format("{}: {} {} [{}]\n", printable(place), label, printable(text), rule);
  }

  bool color_;
};

}  // namespace

std::unique_ptr<Report> text_report(bool color) { return std::make_unique<TextReport>(color); }

}  // namespace tools::harcheck
