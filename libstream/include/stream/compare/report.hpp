#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "stream/compare/compare.hpp"
#include "stream/io/byte_sink.hpp"

namespace stream {

enum class ReportForm : std::uint8_t {
  text,          ///< for people: each difference in a few lines, then a summary
  side_by_side,  ///< for people: both streams in two columns
  ndjson,        ///< for programs: a record for each difference and for each summary, see docs/streamdiff.md
  json_patch,    ///< a line for each item that differs, with the JSON Patch (RFC 6902) that makes the actual one of it
  junit,         ///< a suite and a case for each pair of exchanges
  markdown,      ///< for a comment on a change: bounded in size
  html,          ///< one page by itself, with both streams on an axis of time
  stat,          ///< a line for each pair of exchanges
};

struct ReportOptions {
  bool color = false;                      ///< ANSI colours
  std::size_t width = 0;                   ///< columns; 0: as is usual for the form (for a value 100, for two columns 160)
  std::size_t context = 0;                 ///< equal items that are shown around each difference (text, side by side)
  std::size_t max_differences = SIZE_MAX;  ///< shown; how many were left out is said
  bool show_equal = true;                  ///< of several pairs those that are equal are shown too (text, side by side)
};

/// Two exchanges that are compared.
struct ReportPair {
  std::string expected{};  ///< as the user named them
  std::string actual{};
  std::size_t number = 0;  ///< which of several pairs, from 1; 0: there is but one
};

/// A document about comparisons, written while they go on: what a step has to say is in the sink, and flushed, when the step
/// returns. What is held is bounded by what is shown around a difference, or by what the form shows in all.
class Report : public CompareSink {
 public:
  /// Before each comparison.
  virtual void next(ReportPair pair) = 0;
  /// What ended the comparison, or kept it from beginning. Its begin() and some steps may have been heard.
  virtual Status failed(const Error& error) = 0;
  /// Behind the last comparison: completes the document. The sink is left open.
  virtual Status finish() = 0;
  /// How many equal items around a difference it wants to hear of: CompareOptions::context.
  virtual std::size_t context() const = 0;
};

/// `sink` outlives the report.
std::unique_ptr<Report> make_report(ReportForm form, ByteSink& sink, const ReportOptions& options = {});

}  // namespace stream
