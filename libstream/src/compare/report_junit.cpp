#include <fmt/format.h>

#include <algorithm>

#include "report_base.hpp"
#include "report_phrase.hpp"
#include "stream/text/junit.hpp"

namespace stream {
namespace {

constexpr std::size_t kMaxText = std::size_t{64} << 10;
constexpr std::size_t kMaxDifferences = 100;

/// A suite and a case a pair; a failure's text is the report for people.
class JunitReport final : public ReportBase {
 public:
  JunitReport(ByteSink& sink, const ReportOptions& options) : ReportBase(sink, options), text_sink_(string_sink(text_)) {
    ReportOptions inner = options;
    inner.color = false;
    inner.context = 0;
    inner.max_differences = std::min(options.max_differences, kMaxDifferences);
    inner.show_equal = true;
    report_ = text_report(*text_sink_, inner);
  }

  void next(ReportPair pair) override {
    text_.clear();
    report_->next({pair.expected, pair.actual, 0});
    ReportBase::next(std::move(pair));
  }
  Status begin(const SideSummary& expected, const SideSummary& actual, std::span<const Difference> differences) override {
    STREAM_TRY(open());
    return report_->begin(expected, actual, differences);
  }
  Status step(const CompareStep& step) override {
    // What is written no longer is not made either.
    return text_.size() > kMaxText ? Status{} : report_->step(step);
  }
  Status skip(std::size_t /*count*/) override { return {}; }

  Status end(const Comparison& result, std::span<const Difference> ending) override {
    count(result);
    STREAM_TRY(report_->end(result, text_.size() > kMaxText ? std::span<const Difference>{} : ending));
    JunitCase one;
    if (!result.equal()) {
      one.outcome = JunitCase::Outcome::failed;
      one.type = "difference";
      one.message = count_of_differences(result, SIZE_MAX);
      one.text = std::move(text_);
    }
    return write(std::move(one));
  }

  Status failed(const Error& error) override {
    count_failure();
    STREAM_TRY(open());
    JunitCase one;
    one.outcome = JunitCase::Outcome::error;
    one.type = "failure";
    one.message = error.message;
    one.text = to_string(error) + '\n';
    return write(std::move(one));
  }

  Status finish() override {
    STREAM_TRY(open());
    std::string xml;
    end_junit(xml);
    return put(xml);
  }

 private:
  Status open() {
    if (std::exchange(open_, true)) return {};
    std::string xml;
    begin_junit(xml, "streamdiff");
    return put(xml);
  }

  Status write(JunitCase one) {
    one.name = pair().expected;
    one.class_name = "streamdiff";
    std::string xml;
    write_junit(xml, {fmt::format("{} and {}", pair().expected, pair().actual), {std::move(one)}});
    return put(xml);
  }

  std::string text_;
  std::unique_ptr<ByteSink> text_sink_;
  std::unique_ptr<Report> report_;
  bool open_ = false;
};

}  // namespace

std::unique_ptr<Report> junit_report(ByteSink& sink, const ReportOptions& options) {
  return std::make_unique<JunitReport>(sink, options);
}

}  // namespace stream
