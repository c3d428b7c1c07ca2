#pragma once

#include <string>
#include <utility>

#include "stream/compare/report.hpp"

namespace stream {

/// What the forms share: what is compared, how much was shown, and how it went.
class ReportBase : public Report {
 public:
  ReportBase(ByteSink& sink, const ReportOptions& options) : sink_(sink), options_(options) {}

  void next(ReportPair pair) override {
    pair_ = std::move(pair);
    shown_ = 0;
    ++pairs_;
  }
  std::size_t context() const override { return 0; }

 protected:
  const ReportOptions& options() const { return options_; }
  const ReportPair& pair() const { return pair_; }
  bool several() const { return pair_.number != 0; }
  std::size_t pairs() const { return pairs_; }
  std::size_t compared() const { return compared_; }
  std::size_t differing() const { return differing_; }
  std::size_t failures() const { return failures_; }
  std::size_t shown() const { return shown_; }
  std::size_t width_or(std::size_t usual) const { return options_.width != 0 ? options_.width : usual; }

  /// Whether one more difference is to be shown.
  bool show_one() {
    if (shown_ >= options_.max_differences) return false;
    ++shown_;
    return true;
  }
  /// Shows differences that belong together, all of them or none.
  bool show_all(std::size_t count) {
    if (!show_more()) return false;
    shown_ += count;
    return true;
  }
  bool show_more() const { return shown_ < options_.max_differences; }
  void count(const Comparison& comparison) {
    ++compared_;
    differing_ += comparison.equal() ? 0U : 1U;
  }
  void count_failure() { ++failures_; }

  /// Writes the text, so that it is seen, and empties it.
  Status put(std::string& text) {
    if (text.empty()) return {};
    STREAM_TRY(sink_.write(text));
    text.clear();
    return sink_.flush();
  }

 private:
  ByteSink& sink_;
  ReportOptions options_;
  ReportPair pair_;
  std::size_t shown_ = 0;
  std::size_t pairs_ = 0;
  std::size_t compared_ = 0;
  std::size_t differing_ = 0;
  std::size_t failures_ = 0;
};

// One file a form.
std::unique_ptr<Report> text_report(ByteSink& sink, const ReportOptions& options);
std::unique_ptr<Report> side_by_side_report(ByteSink& sink, const ReportOptions& options);
std::unique_ptr<Report> ndjson_report(ByteSink& sink, const ReportOptions& options);
std::unique_ptr<Report> json_patch_report(ByteSink& sink, const ReportOptions& options);
std::unique_ptr<Report> junit_report(ByteSink& sink, const ReportOptions& options);
std::unique_ptr<Report> markdown_report(ByteSink& sink, const ReportOptions& options);
std::unique_ptr<Report> html_report(ByteSink& sink, const ReportOptions& options);
std::unique_ptr<Report> stat_report(ByteSink& sink, const ReportOptions& options);

}  // namespace stream
