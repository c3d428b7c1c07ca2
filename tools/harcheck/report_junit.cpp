#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "common/junit.hpp"
#include "common/terminal.hpp"
#include "harcheck/report.hpp"

namespace tools::harcheck {
namespace {

using har::check::kRuleCount;
using har::check::Profile;
using har::check::Rule;

/// Whether the rule is one of those that the profile looks at; --rule and --secrets aside.
bool in_profile(const Rule& rule, Profile profile) {
  if (profile == Profile::strict) return rule.strict != Severity::off;
  if (profile == Profile::regular) return rule.regular != Severity::off;
  const std::array importers{
      std::pair{Profile::chrome, RuleId::import_chrome}, std::pair{Profile::firefox, RuleId::import_firefox},
      std::pair{Profile::playwright, RuleId::import_playwright}, std::pair{Profile::mitmproxy, RuleId::import_mitmproxy},
      std::pair{Profile::har_schema, RuleId::import_har_schema}};
  return rule.name.starts_with("json-") ||
         std::find(importers.begin(), importers.end(), std::pair{profile, rule.id}) != importers.end();
}

/// A suite an input, a case a rule, so that a server shows since when a rule is broken. A rule that is broken below --fail-on
/// passes, and says so in its output.
class JunitReport final : public Report {
 public:
  explicit JunitReport(const Options& options) : fail_on_(options.fail_on) {
    for (const Rule& rule : har::check::rules()) {
      looked_at_[static_cast<std::size_t>(rule.id)] =
          in_profile(rule, options.profile) || (options.secrets && rule.name.starts_with("secret-"));
    }
    for (const auto& [id, severity] : options.levels) looked_at_[static_cast<std::size_t>(id)] = severity != Severity::off;
  }

  void begin(std::string& out) override { begin_junit(out, "harcheck"); }

  void open(std::string& /*out*/, const std::string& /*name*/) override { found_ = {}; }

  void finding(std::string& /*out*/, const stream::Finding& finding) override {
    const Rule* const rule = har::check::find_rule(finding.rule);
    if (rule == nullptr) return;
    Found& found = found_[static_cast<std::size_t>(rule->id)];
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
    for (const Hidden& hidden : verdict.hidden) {
      Found& found = found_[static_cast<std::size_t>(hidden.rule)];
      std::string& text = hidden.severity < fail_on_ ? found.passed : found.failed;
      text += fmt::format("{}: {}: {}\n", name, to_string(hidden.severity), hidden_text(hidden));
    }
    JunitSuite suite{name, cases(name)};
    // Of what --max-errors left out nobody knows which case it is.
    if (verdict.beyond_max != 0) {
      JunitCase rest;
      rest.name = "max-errors";
      rest.class_name = name;
      const std::string text =
          fmt::format("and {} that --max-errors leaves out", counted(verdict.beyond_max, "finding", "findings"));
      if (verdict.valid) {
        rest.output = text + "\n";
      } else {
        rest.outcome = JunitCase::Outcome::failed;
        rest.type = "error";
        rest.message = text;
      }
      suite.cases.push_back(std::move(rest));
    }
    write_junit(out, suite);
  }

  void fail(std::string& out, const std::string& name, const stream::Error& error) override {
    JunitSuite suite{name, cases(name)};
    if (!any_) suite.cases.clear();
    JunitCase unreadable;
    unreadable.name = "readable";
    unreadable.class_name = name;
    unreadable.outcome = JunitCase::Outcome::error;
    unreadable.type = "failure";
    unreadable.message = error.message;
    unreadable.text = to_string(error) + "\n";
    suite.cases.push_back(std::move(unreadable));
    write_junit(out, suite);
  }

  void end(std::string& out, const Total& /*total*/) override { end_junit(out); }

 private:
  /// What was found of one rule, as lines.
  struct Found {
    std::string first{};
    std::string failed{};
    std::string passed{};
  };

  std::vector<JunitCase> cases(const std::string& name) {
    std::vector<JunitCase> out;
    any_ = false;
    for (const Rule& rule : har::check::rules()) {
      const auto index = static_cast<std::size_t>(rule.id);
      Found& found = found_[index];
      const bool broken = !found.failed.empty() || !found.passed.empty();
      if (!looked_at_[index] && !broken) continue;
      any_ = any_ || broken;
      JunitCase one;
      one.name = rule.name;
      one.class_name = name;
      if (!found.failed.empty()) {
        one.outcome = JunitCase::Outcome::failed;
        one.type = rule.name;
        one.message = std::move(found.first);
        one.text = std::move(found.failed);
      }
      one.output = std::move(found.passed);
      out.push_back(std::move(one));
    }
    return out;
  }

  Severity fail_on_;
  std::array<bool, kRuleCount> looked_at_{};
  std::array<Found, kRuleCount> found_{};
  bool any_ = false;
};

}  // namespace

std::unique_ptr<Report> junit_report(const Options& options) { return std::make_unique<JunitReport>(options); }

}  // namespace tools::harcheck
