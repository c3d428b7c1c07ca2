#include "check/levels.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "check/importers.hpp"

namespace har::check {

/// What a program is known to write, and nothing breaks of it.
struct Levels::Habit {
  std::string_view producer;  ///< what log.creator.name begins with
  RuleId rule;
  std::string_view pointer;  ///< what the mark's pointer ends with
  std::string_view message;  ///< what is in its message
};

namespace {

constexpr Levels::Habit kHabits[] = {
    // A response that stopped half way (Chrome 80 to 100).
    {"WebInspector", RuleId::har_type, "/timings/receive", "null"},
    // Requests that were blocked or refused: https://bugzilla.mozilla.org/show_bug.cgi?id=1716335
    {"Firefox", RuleId::har_required, "/timings", "is missing"},
    {"Firefox", RuleId::har_required, "/response/content", "is missing"},
    {"Firefox", RuleId::har_required, "/response", "headersSize"},
    {"Firefox", RuleId::har_required, "/request", "headersSize"},
    {"Firefox", RuleId::har_type, "/headersSize", "null"},
    {"Firefox", RuleId::har_type, "/response/bodySize", "null"},
    {"Firefox", RuleId::har_type, "/time", "null"},
    // Flows without an answer.
    {"mitmproxy", RuleId::har_required, "/response/content", "is missing"},
    {"Internet Explorer", RuleId::har_type, "/cookies", "an object"},
    {"Fiddler", RuleId::har_type, "/httpOnly", "a string"},
    // Several headers of one name.
    {"Polly.JS", RuleId::har_type, "/value", "an array"},
    // It cuts raw headers at the first colon, that of a request line too.
    {"WebPagetest", RuleId::header_name, "/name", ""},
};

}  // namespace

Severity level_of(const Rule& rule, Profile profile) {
  if (profile == Profile::strict) return rule.strict;
  if (profile == Profile::regular) return rule.regular;
  // What no reader of JSON takes, and what the program itself does not.
  constexpr std::array kJson{RuleId::json_syntax, RuleId::json_utf8, RuleId::json_limit, RuleId::har_cut};
  const bool looked_at = std::find(kJson.begin(), kJson.end(), rule.id) != kJson.end() || importer_rule(profile) == rule.id;
  return looked_at ? Severity::error : Severity::off;
}

Levels::Levels(const Options& options) : profile_(options.profile) {
  for (const Rule& rule : rules()) {
    Severity& level = levels_[static_cast<std::size_t>(rule.id)];
    level = level_of(rule, profile_);
    if (options.secrets && rule.name.starts_with("secret-")) level = Severity::warning;
  }
  for (const auto& [rule, level] : options.levels) {
    levels_[static_cast<std::size_t>(rule)] = level;
    told_[static_cast<std::size_t>(rule)] = true;
  }
}

void Levels::set_producer(std::string_view name) {
  habits_.clear();
  if (profile_ != Profile::regular) return;
  for (const Habit& habit : kHabits) {
    if (name.starts_with(habit.producer)) habits_.push_back(&habit);
  }
}

Severity Levels::of(const Mark& mark) const {
  const Severity severity = of(mark.rule, mark.regular);
  if (severity <= Severity::note || told_[static_cast<std::size_t>(mark.rule)]) return severity;
  const bool known = std::any_of(habits_.begin(), habits_.end(), [&](const Habit* habit) {
    return habit->rule == mark.rule && mark.pointer.ends_with(habit->pointer) &&
           mark.message.find(habit->message) != std::string::npos;
  });
  return known ? Severity::note : severity;
}

Severity Levels::of(RuleId rule, std::optional<Severity> regular) const {
  const auto at = static_cast<std::size_t>(rule);
  if (told_[at] || levels_[at] == Severity::off) return levels_[at];
  if (profile_ == Profile::strict) return levels_[at];
  return regular.value_or(levels_[at]);
}

bool Levels::wanted(RuleId rule) const { return levels_[static_cast<std::size_t>(rule)] != Severity::off; }

bool Levels::wanted(RuleId first, RuleId last) const {
  const auto begin = levels_.begin() + static_cast<std::ptrdiff_t>(first);
  const auto end = levels_.begin() + static_cast<std::ptrdiff_t>(last) + 1;
  return std::any_of(begin, end, [](Severity level) { return level != Severity::off; });
}

}  // namespace har::check
