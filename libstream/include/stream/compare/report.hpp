#pragma once

#include <cstddef>
#include <string>

#include "stream/compare/compare.hpp"

namespace stream {

struct ReportOptions {
  std::string expected_name{};  ///< what was compared, as the user named it
  std::string actual_name{};
  bool color = false;       ///< ANSI colours
  std::size_t width = 100;  ///< columns for a value; longer ones are shortened around the first character that differs
  /// Which of several exchanges this is, from 1; 0: there is but one. In the NDJSON form `exchange`.
  std::size_t exchange = 0;
};

/// For people: what was compared, the first difference, all of them (as many as were kept), and a summary.
void write_text_report(std::string& out, const Comparison& comparison, const ReportOptions& options);

/// For programs: a line of JSON for each difference, and one for the summary; see docs/streamdiff.md.
void write_json_report(std::string& out, const Comparison& comparison, const ReportOptions& options);

}  // namespace stream
