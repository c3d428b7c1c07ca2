#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <utility>

#include "common/tool.hpp"
#include "stream/compare/report.hpp"

namespace tools::streamdiff_tool {

/// How differences are shown, as the command line says it.
struct ReportChoice {
  stream::ReportForm form = stream::ReportForm::text;
  std::optional<std::size_t> context{};
  std::size_t width = 0;
};

/// --report, --json, --stat, -y/--side-by-side, -U/--context, --width.
void declare_report(Tool& tool, ReportChoice& choice);

/// The report that was asked for. `shown`: how many differences of a pair.
std::unique_ptr<stream::Report> open_report(const ReportChoice& choice, Tool& tool, stream::ByteSink& sink, std::size_t shown);

/// Hands a comparison on to a report, and knows afterwards how it went.
class ReportedComparison final : public stream::CompareSink {
 public:
  /// What may end the comparison before the report hears of its end.
  using Check = std::function<stream::Status(const stream::Comparison&)>;

  ReportedComparison(stream::Report& report, Check check) : report_(report), check_(std::move(check)) {}

  stream::Status begin(const stream::SideSummary& expected, const stream::SideSummary& actual,
                       std::span<const stream::Difference> differences) override {
    differed_ = !differences.empty();
    return passed(report_.begin(expected, actual, differences));
  }
  stream::Status step(const stream::CompareStep& step) override {
    differed_ = differed_ || !step.differences.empty();
    return passed(report_.step(step));
  }
  stream::Status skip(std::size_t count) override { return passed(report_.skip(count)); }
  stream::Status end(const stream::Comparison& result, std::span<const stream::Difference> ending) override {
    differed_ = !result.equal();
    STREAM_TRY(check_(result));
    return passed(report_.end(result, ending));
  }

  bool differed() const { return differed_; }
  /// Whether it was the report that could not be written.
  bool write_failed() const { return write_failed_; }

 private:
  stream::Status passed(stream::Status status) {
    write_failed_ = write_failed_ || !status;
    return status;
  }

  stream::Report& report_;
  Check check_;
  bool differed_ = false;
  bool write_failed_ = false;
};

}  // namespace tools::streamdiff_tool
