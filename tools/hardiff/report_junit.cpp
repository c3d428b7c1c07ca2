#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>

#include "common/terminal.hpp"
#include "hardiff/phrase.hpp"
#include "hardiff/report.hpp"
#include "stream/text/junit.hpp"

namespace tools::hardiff {
namespace {

using har::diff::DiffResult;
using har::diff::DiffSink;
using har::diff::DiffStep;
using har::diff::SideCount;
using stream::JunitCase;
using stream::Status;

constexpr std::size_t kMaxText = std::size_t{64} << 10;  // of a case
constexpr std::size_t kMaxDifferences = 100;
constexpr std::size_t kWidth = 200;
// A suite says first how many of its cases failed, so it is held as a whole: of a large session there are several.
constexpr std::size_t kSuite = 1000;

/// A case for each entry; a failure's text is the report for people.
class JunitReport final : public DiffSink {
 public:
  JunitReport(stream::ByteSink& sink, const ReportOptions& options) : sink_(sink), options_(options) {}

  Status begin(const SideCount& expected, const SideCount& actual) override {
    name_ = fmt::format("{} and {}", fmt::join(expected.inputs, ", "), fmt::join(actual.inputs, ", "));
    std::string xml;
    stream::begin_junit(xml, "hardiff");
    return sink_.write(xml);
  }

  Status step(const DiffStep& step) override {
    const har::diff::EntryRef& entry = step.expected != nullptr ? *step.expected : *step.actual;
    JunitCase one;
    one.name = fmt::format("{} {}", numbers_text(step), request_text(entry, kWidth));
    one.class_name = "hardiff";
    const bool wrong = step.kind != DiffStep::Kind::equal || (step.moved && options_.order);
    if (wrong) {
      one.outcome = JunitCase::Outcome::failed;
      one.type = type_of(step);
      one.message = message_of(step);
      STREAM_TRY(tell(step, one.text));
    }
    return add(std::move(one));
  }

  Status skip(std::size_t /*count*/) override { return {}; }
  bool wants_equal() const override { return true; }

  Status end(const DiffResult& result) override {
    for (const auto& threshold : result.thresholds) {
      JunitCase one;
      one.name = threshold.threshold.spelling;
      one.class_name = "hardiff.timing";
      if (threshold.exceeded) {
        one.outcome = JunitCase::Outcome::failed;
        one.type = "timing";
        one.message = threshold_text(threshold);
        one.text = one.message + '\n';
      }
      STREAM_TRY(add(std::move(one)));
    }
    for (const har::diff::SideCount* side : {&result.expected, &result.actual}) {
      if (!side->broken) continue;
      JunitCase one;
      one.name = fmt::format("{} can be read", fmt::join(side->inputs, ", "));
      one.class_name = "hardiff";
      one.outcome = JunitCase::Outcome::error;
      one.type = "failure";
      one.message = "not all of it could be read";
      one.text = one.message + '\n';
      STREAM_TRY(add(std::move(one)));
    }
    if (suites_ == 0 || !suite_.cases.empty()) STREAM_TRY(flush());
    std::string xml;
    stream::end_junit(xml);
    return sink_.write(xml);
  }

 private:
  static std::string type_of(const DiffStep& step) {
    switch (step.kind) {
      case DiffStep::Kind::changed:
        return "changed";
      case DiffStep::Kind::missing:
        return "missing";
      case DiffStep::Kind::extra:
        return "extra";
      case DiffStep::Kind::equal:
        break;
    }
    return "moved";
  }

  static std::string message_of(const DiffStep& step) {
    if (step.kind == DiffStep::Kind::missing) return "it is missing";
    if (step.kind == DiffStep::Kind::extra) return "it is extra";
    if (step.kind == DiffStep::Kind::equal) return "it moved";
    std::string out = counted(step.differences->total, "difference", "differences");
    if (!step.differences->differences.empty()) out += ": " + subject_text(step.differences->differences.front());
    if (step.differences->total > 1) out += ", …";
    return out;
  }

  Status tell(const DiffStep& step, std::string& text) const {
    ReportOptions inner = options_;
    inner.color = false;
    inner.width = kWidth;
    inner.max_differences = std::min(options_.max_differences, kMaxDifferences);
    const auto sink = stream::string_sink(text);
    STREAM_TRY(make_text_report(*sink, inner)->step(step));
    STREAM_TRY(sink->finish());
    text.erase(0, text.find_first_not_of('\n'));
    if (text.size() > kMaxText) {
      std::size_t end = text.rfind('\n', kMaxText);
      if (end == std::string::npos) end = kMaxText;
      text.resize(end);
      text += "\n… and more\n";
    }
    if (step.differences != nullptr && step.differences->total > inner.max_differences) {
      text += fmt::format("  … and {} more\n", grouped(step.differences->total - inner.max_differences));
    }
    return {};
  }

  Status add(JunitCase one) {
    suite_.cases.push_back(std::move(one));
    return suite_.cases.size() < kSuite ? Status() : flush();
  }

  Status flush() {
    suite_.name = ++suites_ == 1 ? name_ : fmt::format("{} ({})", name_, suites_);
    std::string xml;
    stream::write_junit(xml, suite_);
    suite_.cases.clear();
    return sink_.write(xml);
  }

  stream::ByteSink& sink_;
  ReportOptions options_;
  std::string name_{};
  stream::JunitSuite suite_{};
  std::size_t suites_ = 0;
};

}  // namespace

std::unique_ptr<DiffSink> make_junit_report(stream::ByteSink& sink, const ReportOptions& options) {
  return std::make_unique<JunitReport>(sink, options);
}

}  // namespace tools::hardiff
