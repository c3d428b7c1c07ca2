#include "check/entry_check.hpp"

#include <algorithm>

#include "check/importers.hpp"
#include "check/locate.hpp"
#include "check/shape.hpp"
#include "stream/text/json.hpp"

namespace har::check {

EntryCheck::EntryCheck(const Options& options, const Levels& levels, const SideFiles* files)
    : options_(options),
      files_(files),
      values_(levels.wanted(RuleId::date_value, RuleId::base64_undeclared)),
      relations_(levels.wanted(RuleId::time_sum, RuleId::post_on_get)),
      lists_(levels.wanted(RuleId::ws_opcode, RuleId::chunks_size)),
      side_files_(levels.wanted(RuleId::file_escape, RuleId::file_missing)),
      secrets_(levels.wanted(RuleId::secret_header, RuleId::secret_token)),
      summaries_(levels.wanted(RuleId::page_id_duplicate, RuleId::entry_duplicate)),
      walker_(options.limits.max_depth, options.profile == Profile::strict) {}

bool EntryCheck::check(std::string_view text, std::size_t index, Marks& marks, EntrySummary& summary) {
  const HarShape& har = har_shape();
  messages_.clear();
  const std::size_t first = marks.size();
  const bool json = walker_.walk(text, har.shape, har.entry, &facts_, lists_ ? &messages_ : nullptr, marks);
  if (options_.profile != Profile::regular && options_.profile != Profile::strict) {
    // A program's importer is asked about the value, not about its text.
    if (json) {
      marks.resize(first);
      if (const auto entry = stream::parse_json(text, options_.limits)) import_entry(options_.profile, *entry, marks);
      for (std::size_t i = first; i < marks.size(); ++i) marks[i].offset = locate(text, marks[i].pointer).value_or(0);
    }
  } else if (json) {
    if (values_) check_values(facts_, marks);
    if (relations_) check_relations(facts_, marks);
    if (lists_) messages_.finish(facts_, marks);
    if (side_files_) check_files(facts_, files_, marks);
    if (secrets_) check_secrets(facts_, marks);
  }
  const auto begin = marks.begin() + static_cast<std::ptrdiff_t>(first);
  const auto before = [](const Mark& a, const Mark& b) { return a.offset < b.offset; };
  if (!std::is_sorted(begin, marks.end(), before)) std::stable_sort(begin, marks.end(), before);
  if (!json || !summaries_) return false;
  summary = summarize(facts_, index);
  return true;
}

}  // namespace har::check
