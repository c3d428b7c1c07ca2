#include "check/entry_check.hpp"

#include <algorithm>

#include "check/importers.hpp"
#include "check/locate.hpp"
#include "check/shape.hpp"
#include "stream/text/json.hpp"

namespace har::check {

bool EntryCheck::check(std::string_view text, std::size_t index, Marks& marks, EntrySummary& summary) {
  const HarShape& har = har_shape();
  messages_.clear();
  const std::size_t first = marks.size();
  const bool json = walker_.walk(text, har.shape, har.entry, &facts_, &messages_, marks);
  if (options_.profile != Profile::regular && options_.profile != Profile::strict) {
    // A program's importer is asked about the value, not about its text.
    if (json) {
      marks.resize(first);
      if (const auto entry = stream::parse_json(text, options_.limits)) import_entry(options_.profile, *entry, marks);
      for (std::size_t i = first; i < marks.size(); ++i) marks[i].offset = locate(text, marks[i].pointer).value_or(0);
    }
  } else if (json) {
    check_values(facts_, marks);
    check_relations(facts_, marks);
    messages_.finish(facts_, marks);
    check_files(facts_, files_, marks);
    if (levels_.wanted(RuleId::secret_header)) check_secrets(facts_, marks);
  }
  const auto begin = marks.begin() + static_cast<std::ptrdiff_t>(first);
  std::stable_sort(begin, marks.end(), [](const Mark& a, const Mark& b) { return a.offset < b.offset; });
  if (json) summary = summarize(facts_, index);
  return json;
}

}  // namespace har::check
