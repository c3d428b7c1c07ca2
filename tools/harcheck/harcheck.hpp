#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/tool.hpp"
#include "har/check/check.hpp"

/// harcheck: is this file right? What exactly is wrong, where, and can it be repaired?
namespace tools::harcheck {

using har::check::RuleId;
using har::check::Severity;

enum class ReportKind { text, ndjson, junit, sarif, github };

struct Options {
  std::vector<std::string> inputs;
  InputGroup input;
  OutputGroup output;  ///< of the report; with `fix` of the repaired HAR
  har::check::Profile profile = har::check::Profile::regular;
  std::vector<std::pair<RuleId, Severity>> levels;  ///< --rule, in their order
  bool secrets = false;
  Severity fail_on = Severity::error;  ///< findings of this and above make an input not valid
  std::optional<std::size_t> max_errors;
  ReportKind report = ReportKind::text;
  bool fix = false;
  bool dry_run = false;
  bool list_rules = false;
  bool rules_document = false;  ///< print docs/rules.md
  std::vector<RuleId> explain;
  unsigned threads = 0;
};

/// Declares the options on the tool.
void declare(Tool& tool, Options& options);
ToolInfo info();

/// The rules whose names are `pattern`, in which * stands for any characters. Errors: `usage`, with the near one, if there is
/// none.
stream::Result<std::vector<RuleId>> match_rules(std::string_view pattern);

/// For people: what a rule finds, why, and by what authority; and the table of all of them.
std::string explain_rule(RuleId id);
std::string rule_table();
/// docs/rules.md.
std::string rules_document();

/// What har::check::check is told.
har::check::Options check_options(const Options& options);

/// Checks, or repairs and checks what came out; the exit status.
int run(Tool& tool, const Options& options);

int main(int argc, const char* const* argv);

}  // namespace tools::harcheck
