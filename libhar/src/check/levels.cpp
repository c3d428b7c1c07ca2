#include "check/levels.hpp"

#include <algorithm>

namespace har::check {
namespace {

/// What programs are known to write, and nothing breaks of it.
struct Habit {
  std::string_view producer;  ///< what log.creator.name begins with
  RuleId rule;
};
constexpr Habit kHabits[] = {
    {"mitmproxy", RuleId::content_size},
};

RuleId importer_rule(Profile profile) {
  switch (profile) {
    case Profile::chrome:
      return RuleId::import_chrome;
    case Profile::firefox:
      return RuleId::import_firefox;
    case Profile::playwright:
      return RuleId::import_playwright;
    case Profile::mitmproxy:
      return RuleId::import_mitmproxy;
    default:
      return RuleId::import_har_schema;
  }
}

}  // namespace

Levels::Levels(const Options& options) : profile_(options.profile) {
  for (const Rule& rule : rules()) {
    Severity& level = levels_[static_cast<std::size_t>(rule.id)];
    if (profile_ == Profile::strict) {
      level = rule.strict;
    } else if (profile_ == Profile::regular) {
      level = rule.regular;
    } else {
      // What no reader of JSON takes; everything else is for the importer to say.
      const bool json = rule.id == RuleId::json_syntax || rule.id == RuleId::json_utf8 || rule.id == RuleId::json_limit ||
                        rule.id == RuleId::har_cut;
      level = json || rule.id == importer_rule(profile_) ? Severity::error : Severity::off;
    }
    if (options.secrets && rule.name.starts_with("secret-")) level = Severity::warning;
  }
  for (const auto& [rule, level] : options.levels) {
    levels_[static_cast<std::size_t>(rule)] = level;
    told_[static_cast<std::size_t>(rule)] = true;
  }
}

void Levels::set_producer(std::string_view name) {
  habit_ = {};
  if (profile_ != Profile::regular) return;
  for (const Habit& habit : kHabits) {
    if (name.starts_with(habit.producer)) habit_[static_cast<std::size_t>(habit.rule)] = true;
  }
}

Severity Levels::of(RuleId rule, std::optional<Severity> regular) const {
  const auto at = static_cast<std::size_t>(rule);
  if (told_[at] || levels_[at] == Severity::off) return levels_[at];
  if (profile_ == Profile::strict) return levels_[at];
  const Severity level = regular.value_or(levels_[at]);
  return habit_[at] ? std::min(level, Severity::note) : level;
}

bool Levels::wanted(RuleId rule) const { return levels_[static_cast<std::size_t>(rule)] != Severity::off; }

}  // namespace har::check
