#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

#include "har/diff/diff.hpp"
#include "stream/io/byte_sink.hpp"

namespace tools::hardiff {

struct ReportOptions {
  bool color = false;
  bool order = true;  ///< an entry that moved is a difference
  bool timing = false;
  bool show_equal = false;                 ///< pairs that are equal are shown too, where the form can
  std::size_t width = 100;                 ///< columns of a value
  std::size_t max_differences = SIZE_MAX;  ///< shown; how many were left out is said
};

/// A form of report: one file and one line in the table.
struct ReportForm {
  std::string_view name;         ///< as --report takes it
  std::string_view description;  ///< a few words
  /// `sink` outlives what is made.
  std::unique_ptr<har::diff::DiffSink> (*make)(stream::ByteSink& sink, const ReportOptions& options);
};
std::span<const ReportForm> report_forms();
const ReportForm* find_report(std::string_view name);

std::unique_ptr<har::diff::DiffSink> make_text_report(stream::ByteSink& sink, const ReportOptions& options);
std::unique_ptr<har::diff::DiffSink> make_summary_report(stream::ByteSink& sink, const ReportOptions& options);
std::unique_ptr<har::diff::DiffSink> make_stat_report(stream::ByteSink& sink, const ReportOptions& options);
std::unique_ptr<har::diff::DiffSink> make_ndjson_report(stream::ByteSink& sink, const ReportOptions& options);
std::unique_ptr<har::diff::DiffSink> make_junit_report(stream::ByteSink& sink, const ReportOptions& options);
std::unique_ptr<har::diff::DiffSink> make_markdown_report(stream::ByteSink& sink, const ReportOptions& options);
std::unique_ptr<har::diff::DiffSink> make_html_report(stream::ByteSink& sink, const ReportOptions& options);

}  // namespace tools::hardiff
