#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "har/check/check.hpp"
#include "har/format.hpp"
#include "harcheck/harcheck.hpp"
#include "stream/io/finding.hpp"

/// The reports: one interface, one file a form. They append text and know no output; none keeps more than a few findings.
namespace tools::harcheck {

Severity severity_of(stream::Level level);

/// Findings of a kind that are not shown one by one, because there are so many. A kind is a rule, a level, and a pointer
/// without the numbers in it: "/log/entries/*/time".
struct Hidden {
  RuleId rule = RuleId::count_;
  Severity severity = Severity::off;
  std::string pointer{};
  std::string what{};  ///< is wrong with them
  std::size_t count = 0;
};

struct NotShown {
  std::vector<Hidden> hidden{};  ///< worst first
  std::size_t beyond_max = 0;    ///< findings behind --max-errors; `hidden` is empty then
};

/// How an input came out.
struct Verdict {
  har::check::Summary summary{};
  bool valid = true;  ///< nothing at --fail-on or above
  NotShown not_shown{};
  std::optional<std::size_t> repairs{};  ///< with --fix: how many there were
};

/// All inputs together.
struct Total {
  std::size_t valid = 0;
  std::size_t invalid = 0;
  std::size_t failed = 0;  ///< could not be checked
};

/// Told in this order: begin(); for each input open(), with --fix any number of repair() and then end_repairs(), any number of
/// finding(), and close() or fail(); end(). An input that can't be opened fails without open().
class Report {
 public:
  Report() = default;
  Report(const Report&) = delete;
  Report& operator=(const Report&) = delete;
  virtual ~Report() = default;

  virtual void begin(std::string& out);
  virtual void open(std::string& out, const std::string& name, const har::Format& format);
  /// What --fix has mended (a note: the message says what it was and what it is now), or what was lost (a warning).
  virtual void repair(std::string& out, const stream::Finding& finding);
  virtual void end_repairs(std::string& out, const std::string& name, const NotShown& not_shown);
  virtual void finding(std::string& out, const stream::Finding& finding) = 0;
  virtual void close(std::string& out, const std::string& name, const Verdict& verdict) = 0;
  /// The input, or the rest of it, could not be checked. The message goes to standard error as well.
  virtual void fail(std::string& out, const std::string& name, const stream::Error& error);
  virtual void end(std::string& out, const Total& total);
};

std::unique_ptr<Report> text_report(bool color);
std::unique_ptr<Report> ndjson_report();
std::unique_ptr<Report> junit_report(const Options& options);
std::unique_ptr<Report> sarif_report(const Options& options);
std::unique_ptr<Report> github_report();

/// "4,228 entries, 3 errors, 12 warnings, 40 notes": what there is none of is left out, but for the entries.
std::string counts_text(const har::check::Summary& summary);
/// "and 350 more: time is not the sum of the timings"; without the pointer.
std::string hidden_text(const Hidden& hidden);

/// Which findings of an input are shown one by one: the first few of each kind, and not more than a maximum.
class Showing {
 public:
  static constexpr std::size_t kAll = SIZE_MAX;

  Showing(std::size_t repeats, std::size_t maximum) : repeats_(repeats), maximum_(maximum) {}
  /// Counts it, and says whether to show it.
  bool show(const stream::Finding& finding);
  /// Counts findings of a kind that has been shown often enough.
  void hide(const stream::Finding& finding, std::size_t count);
  /// What was not shown; a new input begins.
  NotShown finish();

 private:
  /// How many of its kind there were; null if each is shown.
  std::size_t* count_of(const stream::Finding& finding);

  /// Beyond these, the findings of a rule and level are of one kind, whatever their pointers.
  static constexpr std::size_t kKinds = 1000;

  using Kind = std::tuple<Severity, RuleId, std::string, std::string>;  ///< with the pointer, and what is wrong
  struct Worse {
    bool operator()(const Kind& a, const Kind& b) const;
  };

  std::size_t repeats_;
  std::size_t maximum_;
  std::size_t shown_ = 0;
  std::size_t beyond_ = 0;
  std::map<Kind, std::size_t, Worse> kinds_;
};

}  // namespace tools::harcheck
