#pragma once

#include <array>
#include <string_view>
#include <vector>

#include "check/marks.hpp"
#include "har/check/check.hpp"

namespace har::check {

/// What each finding counts for: the profile, what the command line says instead, and the known harmless habits of the program
/// that wrote the file. Does not change once the producer is known: threads share it.
class Levels {
 public:
  struct Habit;
  explicit Levels(const Options& options);

  /// log.creator's name, if it stands before the entries: what that program is known to write without harm is a note.
  void set_producer(std::string_view name);

  Severity of(const Mark& mark) const;
  Severity of(RuleId rule, std::optional<Severity> regular = {}) const;
  /// Whether anything at all can come of a rule.
  bool wanted(RuleId rule) const;
  /// Of any of a row of rules, from the first to the last.
  bool wanted(RuleId first, RuleId last) const;

 private:
  Profile profile_;
  std::array<Severity, kRuleCount> levels_{};
  std::array<bool, kRuleCount> told_{};  ///< by the command line: nothing else counts
  std::vector<const Habit*> habits_;     ///< the producer's
};

}  // namespace har::check
