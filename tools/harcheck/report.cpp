#include "harcheck/report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "common/terminal.hpp"

namespace tools::harcheck {

using har::check::kRuleCount;
using har::check::Profile;

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

Severity profile_level(const har::check::Rule& rule, Profile profile) {
  if (profile == Profile::strict) return rule.strict;
  if (profile == Profile::regular) return rule.regular;
  // What no reader of JSON takes, and what the program itself does not.
  constexpr std::array kImporters{
      std::pair{Profile::chrome, RuleId::import_chrome}, std::pair{Profile::firefox, RuleId::import_firefox},
      std::pair{Profile::playwright, RuleId::import_playwright}, std::pair{Profile::mitmproxy, RuleId::import_mitmproxy},
      std::pair{Profile::har_schema, RuleId::import_har_schema}};
  constexpr std::array kJson{RuleId::json_syntax, RuleId::json_utf8, RuleId::json_limit, RuleId::har_cut};
  const bool looked_at = std::find(kJson.begin(), kJson.end(), rule.id) != kJson.end() ||
                         std::find(kImporters.begin(), kImporters.end(), std::pair{profile, rule.id}) != kImporters.end();
  return looked_at ? Severity::error : Severity::off;
}

void Report::begin(std::string& /*out*/) {}
void Report::open(std::string& /*out*/, const std::string& /*name*/, const har::Format& /*format*/) {}
void Report::repair(std::string& /*out*/, const stream::Finding& /*finding*/) {}
void Report::end_repairs(std::string& /*out*/, const std::string& /*name*/, const NotShown& /*not_shown*/) {}
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

NotShown Showing::finish() {
  NotShown out;
  for (const Severity severity : {Severity::error, Severity::warning, Severity::note}) {
    for (std::size_t i = 0; i < kRuleCount; ++i) {
      const std::size_t count = counts_[i][static_cast<std::size_t>(severity)];
      if (count > repeats_) out.hidden.push_back({static_cast<RuleId>(i), severity, count - repeats_});
    }
  }
  out.beyond_max = beyond_;
  if (beyond_ > 0) {
    for (const Hidden& hidden : out.hidden) out.beyond_max += hidden.count;
    out.hidden.clear();
  }
  shown_ = beyond_ = 0;
  counts_ = {};
  return out;
}

}  // namespace tools::harcheck
