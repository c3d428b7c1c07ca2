#include <fmt/format.h>

#include <string>

#include "common/terminal.hpp"
#include "hardiff/phrase.hpp"
#include "hardiff/report.hpp"
#include "stream/compare/report_color.hpp"

namespace tools::hardiff {
namespace {

using har::diff::DiffResult;
using har::diff::DiffStep;
using har::diff::EntryDifferences;
using har::diff::FieldDifference;
using har::diff::SideCount;
using stream::Status;
using stream::ValueChange;

// Two values that are no longer than this stand in one line.
constexpr std::size_t kShort = 40;

class TextReport : public har::diff::DiffSink {
 public:
  TextReport(stream::ByteSink& sink, const ReportOptions& options) : sink_(sink), options_(options) {}

  Status begin(const SideCount& expected, const SideCount& actual) override {
    const auto side = [](const SideCount& count) {
      const std::string inputs = printable(fmt::format("{}", fmt::join(count.inputs, ", ")));
      return count.live ? inputs : fmt::format("{}  {}", inputs, counted(count.entries, "entry", "entries"));
    };
    line(stream::colored("--- expected ", stream::kRed, options_.color) + side(expected));
    line(stream::colored("+++ actual   ", stream::kGreen, options_.color) + side(actual));
    return flush();
  }

  Status step(const DiffStep& step) override {
    if (shown_ >= options_.max_differences && step.kind != DiffStep::Kind::equal) {
      left_out_ += step.differences != nullptr ? step.differences->total : 1;
      return {};
    }
    const std::string request =
        request_text(step.expected != nullptr ? *step.expected : *step.actual, std::max<std::size_t>(options_.width, 60));
    switch (step.kind) {
      case DiffStep::Kind::missing:
        ++shown_;
        line("");
        line(stream::colored(fmt::format("- {}  {} is missing", request, numbers_text(step)), stream::kRed, options_.color));
        break;
      case DiffStep::Kind::extra:
        ++shown_;
        line("");
        line(stream::colored(fmt::format("+ {}  {} is extra", request, numbers_text(step)), stream::kGreen, options_.color));
        break;
      case DiffStep::Kind::equal:
      case DiffStep::Kind::changed:
        if (step.kind == DiffStep::Kind::equal && !step.moved && !options_.show_equal) return {};
        line("");
        line(stream::colored(request, stream::kBold, options_.color) + "  " + numbers_text(step) + (step.moved ? "  moved" : "") +
             (step.alike ? "  paired by likeness" : "") + (step.kind == DiffStep::Kind::equal && !step.moved ? "  equal" : ""));
        pair(*step.differences);
        break;
    }
    return flush();
  }

  Status skip(std::size_t /*count*/) override { return {}; }
  bool wants_equal() const override { return options_.show_equal; }

  Status end(const DiffResult& result) override {
    line("");
    if (left_out_ != 0)
      line(fmt::format("… and {} more, which --max-diffs leaves out", counted(left_out_, "difference", "differences")));
    if (options_.timing) {
      const auto lines = timing_lines(result);
      for (const std::string& text : lines) line(text);
      if (!lines.empty()) line("");
    }
    for (const std::string& caveat : caveats(result)) line("note: " + caveat);
    line(verdict_text(result, options_.order));
    if (result.differences != 0)
      line(fmt::format("{}: {}", counted(result.differences, "difference", "differences"), fields_text(result)));
    return flush();
  }

 private:
  void pair(const EntryDifferences& differences) {
    std::size_t told = 0;
    for (const FieldDifference& difference : differences.differences) {
      if (shown_ >= options_.max_differences) {
        left_out_ += differences.total - told;
        return;
      }
      ++shown_;
      ++told;
      tell(difference);
    }
    if (differences.total > told) line(fmt::format("  … and {} more in this entry", grouped(differences.total - told)));
    if (differences.bounded) line("  (too different for the shortest list)");
  }

  void tell(const FieldDifference& difference) {
    const stream::Excerpts values = values_of(difference, options_.width);
    const std::string old_text = stream::plain(values.expected);
    const std::string new_text = stream::plain(values.actual);
    const bool both = !old_text.empty() && !new_text.empty();
    const bool simple = both && difference.change == ValueChange::changed && old_text.size() + new_text.size() <= 2 * kShort &&
                        values.where.empty();
    const std::string subject = subject_text(difference);
    if (simple) {
      const std::string name = subject.substr(0, subject.rfind(" changed"));
      line(fmt::format("  {}: {} → {}", name, stream::colored(values.expected, stream::kRed, options_.color),
                       stream::colored(values.actual, stream::kGreen, options_.color)));
      return;
    }
    line(fmt::format("  {}{}", subject, values.where.empty() ? "" : " " + values.where));
    if (!old_text.empty()) line("    " + stream::colored(values.expected, stream::kRed, options_.color, "- "));
    if (!new_text.empty()) line("    " + stream::colored(values.actual, stream::kGreen, options_.color, "+ "));
  }

  void line(std::string_view text) { (out_ += text) += '\n'; }
  Status flush() {
    STREAM_TRY(sink_.write(out_));
    out_.clear();
    return {};
  }

  stream::ByteSink& sink_;
  ReportOptions options_;
  std::string out_{};
  std::size_t shown_ = 0;
  std::size_t left_out_ = 0;
};

}  // namespace

std::unique_ptr<har::diff::DiffSink> make_text_report(stream::ByteSink& sink, const ReportOptions& options) {
  return std::make_unique<TextReport>(sink, options);
}

}  // namespace tools::hardiff
