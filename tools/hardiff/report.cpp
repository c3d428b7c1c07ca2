#include "hardiff/report.hpp"

#include <algorithm>
#include <array>

namespace tools::hardiff {
namespace {

constexpr std::array kForms{
    ReportForm{"text", "each difference in a few lines, for people", make_text_report},
    ReportForm{"summary", "how many entries differ, in what, and which", make_summary_report},
    ReportForm{"stat", "counts in one line", make_stat_report},
    ReportForm{"ndjson", "a record for each entry that differs, for programs", make_ndjson_report},
    ReportForm{"junit", "a case for each entry, for CI", make_junit_report},
    ReportForm{"markdown", "for a comment on a change, bounded in size", make_markdown_report},
    ReportForm{"html", "a page by itself, with both sides of each entry", make_html_report},
};

}  // namespace

std::span<const ReportForm> report_forms() { return kForms; }

const ReportForm* find_report(std::string_view name) {
  const auto* const found = std::find_if(kForms.begin(), kForms.end(), [&](const ReportForm& form) { return form.name == name; });
  return found == kForms.end() ? nullptr : found;
}

}  // namespace tools::hardiff
