#include <fmt/format.h>

#include <utility>

#include "common/terminal.hpp"
#include "harcheck/report.hpp"
#include "stream/text/junit.hpp"

namespace tools::harcheck {
namespace {

using har::check::kRuleCount;
using har::check::Rule;

/// A suite an input, a case a rule, so that a server shows since when a rule is broken. A rule that is broken below --fail-on
/// passes, and says so in its output.
class JunitReport final : public Report {
 public:
  explicit JunitReport(const Options& options) : fail_on_(options.fail_on) {
    for (const Rule& rule : har::check::rules()) {
      looked_at_[static_cast<std::size_t>(rule.id)] =
          har::check::level_of(rule, options.profile) != Severity::off || (options.secrets && rule.name.starts_with("secret-"));
    }
    for (const auto& [id, severity] : options.levels) looked_at_[static_cast<std::size_t>(id)] = severity != Severity::off;
  }

  void begin(std::string& out) override { stream::begin_junit(out, "harcheck"); }

  void open(std::string& /*out*/, const std::string& /*name*/, const har::Format& format) override {
    found_ = {};
    opened_ = true;
    recording_ = format.name == "recording";
  }

  void finding(std::string& /*out*/, const stream::Finding& finding) override {
    const Rule* const rule = har::check::find_rule(finding.rule);
    Found& found = found_[rule != nullptr ? static_cast<std::size_t>(rule->id) : kRuleCount];
    const Severity severity = severity_of(finding.level);
    std::string line = fmt::format("{}: {}: {}\n", to_string(finding.place), to_string(severity), printable(finding.message));
    if (severity < fail_on_) {
      found.passed += line;
      return;
    }
    if (found.failed.empty()) found.first = finding.message;
    found.failed += line;
  }

  void close(std::string& out, const std::string& name, const Verdict& verdict) override {
    for (const Hidden& hidden : verdict.not_shown.hidden) {
      Found& found = found_[static_cast<std::size_t>(hidden.rule)];
      std::string& text = hidden.severity < fail_on_ ? found.passed : found.failed;
      text += fmt::format("{}: {}: {}\n", to_string(stream::Place{name, 0, 0, {}, hidden.pointer}), to_string(hidden.severity),
                          hidden_text(hidden));
    }
    stream::JunitSuite suite{name, cases(name)};
    // Of what --max-errors left out nobody knows which case it is.
    if (verdict.not_shown.beyond_max != 0) {
      stream::JunitCase rest;
      rest.name = "max-errors";
      rest.class_name = name;
      const std::string text =
          fmt::format("and {} that --max-errors leaves out", counted(verdict.not_shown.beyond_max, "finding", "findings"));
      if (verdict.valid) {
        rest.output = text + "\n";
      } else {
        rest.outcome = stream::JunitCase::Outcome::failed;
        rest.type = "error";
        rest.message = text;
      }
      suite.cases.push_back(std::move(rest));
    }
    stream::write_junit(out, suite);
  }

  void fail(std::string& out, const std::string& name, const stream::Error& error) override {
    stream::JunitSuite suite{name, {}};
    if (opened_) suite.cases = cases(name);
    stream::JunitCase unreadable;
    unreadable.name = "readable";
    unreadable.class_name = name;
    unreadable.outcome = stream::JunitCase::Outcome::error;
    unreadable.type = "failure";
    unreadable.message = error.message;
    unreadable.text = to_string(error) + "\n";
    suite.cases.push_back(std::move(unreadable));
    stream::write_junit(out, suite);
  }

  void end(std::string& out, const Total& /*total*/) override { stream::end_junit(out); }

 private:
  /// What was found of one rule, as lines.
  struct Found {
    std::string first{};
    std::string failed{};
    std::string passed{};
  };

  std::vector<stream::JunitCase> cases(const std::string& name) {
    std::vector<stream::JunitCase> out;
    opened_ = false;
    const auto add = [&](std::string_view rule, Found& found, bool looked_at) {
      if (!looked_at && found.failed.empty() && found.passed.empty()) return;
      stream::JunitCase one;
      one.name = rule;
      one.class_name = name;
      if (!found.failed.empty()) {
        one.outcome = stream::JunitCase::Outcome::failed;
        one.type = rule;
        one.message = std::move(found.first);
        one.text = std::move(found.failed);
      }
      one.output = std::move(found.passed);
      out.push_back(std::move(one));
    };
    for (const Rule& rule : har::check::rules()) {
      const auto index = static_cast<std::size_t>(rule.id);
      add(rule.name, found_[index], looked_at_[index] && (recording_ || !rule.name.starts_with("recording-")));
    }
    add("reader", found_[kRuleCount], false);
    return out;
  }

  Severity fail_on_;
  std::array<bool, kRuleCount> looked_at_{};
  std::array<Found, kRuleCount + 1> found_{};  ///< the last: what readers of other formats noticed
  bool opened_ = false;
  bool recording_ = false;
};

}  // namespace

std::unique_ptr<Report> junit_report(const Options& options) { return std::make_unique<JunitReport>(options); }

}  // namespace tools::harcheck
