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
  EntryCheck(const Options& options, const Levels& levels, const SideFiles* files);

  /// `text` is UTF-8. Marks are in the order of the text, offsets and pointers within it. True if there is a summary: the text
  /// is JSON, and there are rules that want one.
  bool check(std::string_view text, std::size_t index, Marks& marks, EntrySummary& summary);

 private:
  const Options& options_;
  const SideFiles* files_;
  // Which rules are looked at; those about the shape always are.
  bool values_;
  bool relations_;
  bool lists_;
  bool side_files_;
  bool secrets_;
  bool summaries_;
  Walker walker_;
  Facts facts_;
  MessageChecks messages_;
};

}  // namespace har::check
