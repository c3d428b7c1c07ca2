#include <fmt/format.h>

#include <algorithm>

#include "report_base.hpp"
#include "report_phrase.hpp"
#include "stream/text/xml.hpp"

namespace stream {
namespace {

// GitHub takes comments of 65536 characters.
constexpr std::size_t kMaxDetails = 50'000;
constexpr std::size_t kMaxRows = 40;
constexpr std::size_t kMaxDifferences = 50;  // of a pair
constexpr std::size_t kWidth = 160;
constexpr std::size_t kMaxName = 200;

std::size_t longest_run(std::string_view text, char c) {
  std::size_t longest = 0;
  std::size_t run = 0;
  for (const char each : text) {
    run = each == c ? run + 1 : 0;
    longest = std::max(longest, run);
  }
  return longest;
}

// A span of code in a cell of a table: nothing in it is a link, a name or an end of the cell.
std::string code(std::string_view text) {
  std::string shown = escape_controls(text);
  if (shown.size() > kMaxName) shown = excerpt({ShownValue::Form::json, shown}, kMaxName);
  std::string escaped;
  for (const char c : shown) {
    if (c == '|') escaped += '\\';
    escaped += c;
  }
  const std::string ticks(longest_run(escaped, '`') + 1, '`');
  const std::string_view space = escaped.starts_with('`') || escaped.ends_with('`') ? " " : "";
  return fmt::format("{}{}{}{}{}", ticks, space, escaped, space, ticks);
}

/// For a comment on a change: a verdict, a row for each pair, and the differences to unfold. What does not fit is counted. It is
/// written at the end, since its title is the verdict.
class MarkdownReport final : public ReportBase {
 public:
  MarkdownReport(ByteSink& sink, const ReportOptions& options) : ReportBase(sink, bounded(options)) {}

  void next(ReportPair pair) override {
    ReportBase::next(std::move(pair));
    lines_.clear();
  }

  Status begin(const SideSummary& /*expected*/, const SideSummary& /*actual*/, std::span<const Difference> differences) override {
    say(differences, nullptr);
    return {};
  }
  Status step(const CompareStep& step) override {
    say(step.differences, nullptr);
    return {};
  }
  Status skip(std::size_t /*count*/) override { return {}; }

  Status end(const Comparison& result, std::span<const Difference> ending) override {
    say(ending, &result);
    count(result);
    const auto side = [](const std::string& name, const SideSummary& summary) {
      const std::string contents = contents_of(summary);
      return code(name) + "<br>" + std::string(to_string(summary.kind)) + (contents.empty() ? ", empty" : ", " + contents);
    };
    const std::string counts = count_of_differences(result, SIZE_MAX);
    row(side(pair().expected, result.expected), side(pair().actual, result.actual), result.equal() ? "✅ equal" : "❌ " + counts,
        result.equal());
    if (result.equal()) return {};
    std::string text = fmt::format("\n<details{}>\n<summary>{}{}</summary>\n\n", several() ? "" : " open",
                                   several() ? fmt::format("{}. ", pair().number) : std::string(),
                                   xml_text(count_of_differences(result, shown())));
    const std::string fence(std::max<std::size_t>(longest_run(lines_, '`') + 1, 3), '`');
    text += fmt::format("{}diff\n{}{}\n", fence, lines_, fence);
    for (const std::string& note : notes_of(result)) text += fmt::format("\nNote: {}.\n", note);
    text += "\n</details>\n";
    if (details_.size() + text.size() > kMaxDetails && !details_.empty()) {
      ++left_out_;
    } else {
      details_ += text;
    }
    return {};
  }

  Status failed(const Error& error) override {
    count_failure();
    row(code(pair().expected), code(pair().actual), "⚠️ not compared: " + code(error.message), false);
    return {};
  }

  Status finish() override {
    std::string text = "## streamdiff: ";
    text += differing() != 0 ? "❌ the streams differ" : failures() != 0 ? "⚠️ not compared" : "✅ the streams are equal";
    text += "\n\n";
    if (pairs() > 1) text += verdict_of_all(compared(), differing(), failures()) + "\n\n";
    text += "| | expected | actual | result |\n|---|---|---|---|\n" + rows_;
    if (rows_left_out_ != 0)
      text += fmt::format("\nThe table leaves out {}.\n", counted(rows_left_out_, "exchange", "exchanges"));
    text += details_;
    if (left_out_ != 0)
      text += fmt::format("\nThe differences of {} are left out.\n", counted(left_out_, "exchange", "exchanges"));
    return put(text);
  }

 private:
  static ReportOptions bounded(ReportOptions options) {
    options.max_differences = std::min(options.max_differences, kMaxDifferences);
    return options;
  }

  // Of many pairs those that are equal make room for the others.
  void row(const std::string& expected, const std::string& actual, const std::string& result, bool equal) {
    if (row_count_ >= (equal ? kMaxRows / 2 : kMaxRows)) {
      ++rows_left_out_;
      return;
    }
    ++row_count_;
    rows_ += fmt::format("| {} | {} | {} | {} |\n", std::max<std::size_t>(pair().number, 1), expected, actual, result);
  }

  void say(std::span<const Difference> differences, const Comparison* result) {
    for (const Difference& difference : differences) {
      if (lines_.size() > kMaxDetails / 2 || !show_one()) return;
      Sentence sentence = sentence_of(difference, kWidth);
      if (difference.subject == Subject::ending && result != nullptr) {
        sentence.title = ending_title(result->expected, result->actual);
      }
      lines_ += fmt::format("@@ {} @@\n", sentence.title);
      if (!sentence.note.empty()) lines_ += fmt::format("  {}\n", sentence.note);
      if (!sentence.expected.empty()) lines_ += fmt::format("- {}\n", plain(sentence.expected));
      if (!sentence.actual.empty()) lines_ += fmt::format("+ {}\n", plain(sentence.actual));
      if (!sentence.same.empty()) lines_ += fmt::format("  {}\n", plain(sentence.same));
    }
  }

  std::string lines_;
  std::string rows_;
  std::string details_;
  std::size_t row_count_ = 0;
  std::size_t rows_left_out_ = 0;
  std::size_t left_out_ = 0;
};

}  // namespace

std::unique_ptr<Report> markdown_report(ByteSink& sink, const ReportOptions& options) {
  return std::make_unique<MarkdownReport>(sink, options);
}

}  // namespace stream
