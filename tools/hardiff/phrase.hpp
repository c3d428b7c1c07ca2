#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "har/diff/diff.hpp"
#include "stream/compare/excerpt.hpp"

/// How reports for people put things.
namespace tools::hardiff {

/// "GET https://example.com/a", shortened in the middle where it is long.
std::string request_text(const har::diff::EntryRef& entry, std::size_t width);
/// "#3", or "#3 ↔ #4" where the numbers differ.
std::string numbers_text(const har::diff::DiffStep& step);

/// What a difference is about: "response.body/items/0/id changed", "message 3 is missing".
std::string subject_text(const har::diff::FieldDifference& difference);
/// Its values, one below the other.
stream::Excerpts values_of(const har::diff::FieldDifference& difference, std::size_t width);

/// "3 of 12 entries differ: 2 changed, 1 missing; 1 moved".
std::string verdict_text(const har::diff::DiffResult& result, bool order);
/// Which fields differ, and how often: "4 header, 2 body".
std::string fields_text(const har::diff::DiffResult& result);
/// Lines about phases and thresholds, of --timing.
std::vector<std::string> timing_lines(const har::diff::DiffResult& result);
std::string threshold_text(const har::diff::ThresholdResult& result);
/// "12.4 ms".
std::string ms_text(double ms);
/// What could not be known for sure: lines for the end of a report.
std::vector<std::string> caveats(const har::diff::DiffResult& result);

}  // namespace tools::hardiff
