#include <fmt/format.h>
#include <fnmatch.h>

#include "harcheck/harcheck.hpp"
#include "stream/text/near.hpp"

namespace tools::harcheck {

using har::check::Rule;

stream::Result<std::vector<RuleId>> match_rules(std::string_view pattern) {
  std::vector<RuleId> found;
  std::vector<std::string_view> names;
  const std::string glob(pattern);
  for (const Rule& rule : har::check::rules()) {
    names.push_back(rule.name);
    if (::fnmatch(glob.c_str(), std::string(rule.name).c_str(), 0) == 0) found.push_back(rule.id);
  }
  if (!found.empty()) return found;
  const auto near = stream::near_word(pattern, names);
  return stream::fail({stream::ErrorCode::usage,
                       fmt::format("there is no rule {}{}", pattern,
                                   near ? fmt::format("; did you mean {}?", *near) : "; --list-rules lists them"),
                       {},
                       {}});
}

std::string explain_rule(RuleId id) {
  const Rule& rule = har::check::rule(id);
  std::string out = fmt::format("{}: {}\n  level   {}", rule.name, rule.summary, to_string(rule.regular));
  if (rule.regular != rule.strict) out += fmt::format(", with --profile strict {}", to_string(rule.strict));
  if (rule.name.starts_with("secret-")) out += ", with --secrets warning";
  if (rule.name.starts_with("import-")) out += fmt::format(", with --profile {} error", rule.name.substr(7));
  out += '\n';
  out += fmt::format("  reason  {}\n", rule.reason);
  out += fmt::format("  source  {}\n", rule.source);
  return out;
}

std::string rule_table() {
  std::string out = fmt::format("{:<22} {:<8} {:<8} {}\n", "RULE", "STRICT", "DEFAULT", "FINDS");
  for (const Rule& rule : har::check::rules())
    out += fmt::format("{:<22} {:<8} {:<8} {}\n", rule.name, to_string(rule.strict), to_string(rule.regular), rule.summary);
  return out;
}

std::string rules_document() {
  std::string out =
      "# The rules of harcheck\n"
      "\n"
      "Made by `harcheck --print-rules`; a test keeps it so. The levels are those of the profiles `strict` and `default`; "
      "`--rule "
      "ID=level` sets\n"
      "others. `off` is a rule that is looked at only when it is asked for: `secret-*` by `--secrets`, `import-*` by "
      "`--profile`. "
      "A form of a\n"
      "defect that is known to do no harm may be a step milder under `default` than the table says.\n"
      "\n"
      "| rule | strict | default | finds |\n"
      "|---|---|---|---|\n";
  for (const Rule& rule : har::check::rules())
    out += fmt::format("| `{}` | {} | {} | {} |\n", rule.name, to_string(rule.strict), to_string(rule.regular), rule.summary);
  out += "\n## Why\n\n";
  for (const Rule& rule : har::check::rules()) out += fmt::format("- **`{}`**: {} ({})\n", rule.name, rule.reason, rule.source);
  return out;
}

}  // namespace tools::harcheck
