#include "harcheck/report.hpp"

#include <fmt/format.h>

#include <utility>

#include "common/terminal.hpp"

namespace tools::harcheck {

using har::check::kRuleCount;

Severity severity_of(stream::Level level) {
  switch (level) {
    case stream::Level::error:
      return Severity::error;
    case stream::Level::warning:
      return Severity::warning;
    case stream::Level::note:
      break;
  }
  return Severity::note;
}

void Report::begin(std::string& /*out*/) {}
void Report::open(std::string& /*out*/, const std::string& /*name*/) {}
void Report::repair(std::string& /*out*/, const stream::Finding& /*finding*/) {}
void Report::fail(std::string& /*out*/, const std::string& /*name*/, const stream::Error& /*error*/) {}
void Report::end(std::string& /*out*/, const Total& /*total*/) {}

std::string counts_text(const har::check::Summary& summary) {
  std::string text = counted(summary.entries, "entry", "entries");
  const auto add = [&](Severity severity, std::string_view one, std::string_view many) {
    const std::size_t count = summary.by_severity[static_cast<std::size_t>(severity)];
    if (count != 0) text += ", " + counted(count, one, many);
  };
  add(Severity::error, "error", "errors");
  add(Severity::warning, "warning", "warnings");
  add(Severity::note, "note", "notes");
  return text;
}

std::string hidden_text(const Hidden& hidden) {
  return fmt::format("and {} more: {}", grouped(hidden.count), har::check::rule(hidden.rule).summary);
}

bool Showing::show(const stream::Finding& finding) {
  const har::check::Rule* const rule = har::check::find_rule(finding.rule);
  if (shown_ >= maximum_) {
    ++beyond_;
    return false;
  }
  if (rule != nullptr) {
    std::size_t& count = counts_[static_cast<std::size_t>(rule->id)][static_cast<std::size_t>(severity_of(finding.level))];
    if (++count > repeats_) return false;
  }
  ++shown_;
  return true;
}

void Showing::finish(Verdict& verdict) {
  for (const Severity severity : {Severity::error, Severity::warning, Severity::note}) {
    for (std::size_t i = 0; i < kRuleCount; ++i) {
      const std::size_t count = counts_[i][static_cast<std::size_t>(severity)];
      if (count > repeats_) verdict.hidden.push_back({static_cast<RuleId>(i), severity, count - repeats_});
    }
  }
  verdict.beyond_max = beyond_;
  if (beyond_ > 0) {
    for (const Hidden& hidden : verdict.hidden) verdict.beyond_max += hidden.count;
    verdict.hidden.clear();
  }
  shown_ = beyond_ = 0;
  counts_ = {};
}

}  // namespace tools::harcheck
