#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "har/check/rule.hpp"

namespace har::check {

/// Findings by their kind: rule, level, and JSON Pointer but for the numbers in it. Of a kind that has been said often enough
/// nobody hears more than how many there are; so threads that look for more of it leave it at counting.
///
/// What is listed does not depend on their timing: a kind is enough when so many of it were said, in order, and what is only
/// counted stands behind those.
class Kinds {
 public:
  static constexpr std::size_t kNone = ~std::size_t{0};
  /// Kinds that are known; others are said for ever.
  static constexpr std::size_t kMost = 100;

  struct Kind {
    RuleId rule = RuleId::count_;
    Severity severity = Severity::off;
    std::string pointer{};  ///< "/log/entries/*/request/url"
  };
  /// How often each kind was found besides, by its number.
  struct Counts {
    std::vector<std::size_t> of{};
    std::string scratch{};
  };

  explicit Kinds(std::size_t enough) : enough_(enough) {}

  /// A finding was said: on one thread at a time, in order.
  void said(RuleId rule, Severity severity, std::string_view pointer);
  /// Counts the finding if its kind has been said often enough; else returns false. On any thread. The pointer is that of the
  /// piece, and within it.
  bool count(RuleId rule, Severity severity, std::string_view piece, std::string_view pointer, Counts& counts) const;
  /// A kind that was counted: on the thread of said().
  const Kind& operator[](std::size_t number) const { return kinds_[number]; }

 private:
  using Numbers = std::unordered_map<std::string, std::size_t>;

  std::size_t enough_;
  std::unordered_map<std::string, std::size_t> said_;
  std::vector<Kind> kinds_;
  std::vector<std::unique_ptr<const Numbers>> tables_;  ///< the latest one counts; the others may be in use
  std::atomic<const Numbers*> known_ = nullptr;
  std::string scratch_;
};

}  // namespace har::check
