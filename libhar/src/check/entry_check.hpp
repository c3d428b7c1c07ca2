#pragma once

#include <cstddef>
#include <string_view>

#include "check/document_rules.hpp"
#include "check/entry_rules.hpp"
#include "check/levels.hpp"
#include "check/walker.hpp"
#include "har/side_files.hpp"

namespace har::check {

/// All rules that one entry can break, and its summary for the others. One thread uses it at a time; it keeps its memory.
class EntryCheck {
 public:
  EntryCheck(const Options& options, const Levels& levels, const SideFiles* files)
      : options_(options), levels_(levels), files_(files), walker_(options.limits.max_depth, options.profile == Profile::strict) {}

  /// `text` is UTF-8. Marks are in the order of the text, offsets and pointers within it. False if the text is not JSON: then
  /// there is no summary.
  bool check(std::string_view text, std::size_t index, Marks& marks, EntrySummary& summary);

 private:
  const Options& options_;
  const Levels& levels_;
  const SideFiles* files_;
  Walker walker_;
  Facts facts_;
  MessageChecks messages_;
};

}  // namespace har::check
