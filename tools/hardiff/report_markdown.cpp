#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "common/terminal.hpp"
#include "hardiff/phrase.hpp"
#include "hardiff/report.hpp"
#include "stream/text/xml.hpp"

namespace tools::hardiff {
namespace {

using har::diff::DiffResult;
using har::diff::DiffSink;
using har::diff::DiffStep;
using har::diff::FieldDifference;
using har::diff::SideCount;
using stream::Status;

// GitHub takes comments of 65536 characters.
constexpr std::size_t kMaxDetails = 42'000;
constexpr std::size_t kMaxEntry = 12'000;  // details of an entry
constexpr std::size_t kMaxRows = 40;
constexpr std::size_t kMaxDifferences = 50;  // of an entry
constexpr std::size_t kWidth = 160;
constexpr std::size_t kMaxName = 120;

std::size_t longest_run(std::string_view text, char c) {
  std::size_t longest = 0;
  std::size_t run = 0;
  for (const char each : text) {
    run = each == c ? run + 1 : 0;
    longest = std::max(longest, run);
  }
  return longest;
}

/// A span of code in a cell of a table: nothing in it is a link, a name or an end of the cell.
std::string code(std::string_view text) {
  std::string shown = stream::escape_controls(text);
  if (shown.size() > 2 * kMaxName) shown = stream::excerpt({stream::ShownValue::Form::json, shown}, 2 * kMaxName);
  std::string escaped;
  for (const char c : shown) {
    if (c == '|') escaped += '\\';
    escaped += c;
  }
  if (escaped.empty()) escaped = " ";
  const std::string ticks(longest_run(escaped, '`') + 1, '`');
  const std::string_view space = escaped.starts_with('`') || escaped.ends_with('`') ? " " : "";
  return fmt::format("{}{}{}{}{}", ticks, space, escaped, space, ticks);
}

/// For a comment on a change: a verdict, a row for each entry that differs, and the differences to unfold. What does not fit is
/// counted. It is written at the end, since its title is the verdict.
class MarkdownReport final : public DiffSink {
 public:
  MarkdownReport(stream::ByteSink& sink, const ReportOptions& options) : sink_(sink), options_(options) {}

  Status begin(const SideCount& /*expected*/, const SideCount& /*actual*/) override { return {}; }

  Status step(const DiffStep& step) override {
    if (step.kind == DiffStep::Kind::equal && !step.moved) return {};
    const auto& entry = step.expected != nullptr ? *step.expected : *step.actual;
    const std::string request = request_text(entry, kMaxName);
    if (rows_count_ == kMaxRows) {
      ++rows_left_out_;
    } else {
      ++rows_count_;
      // "#1" by itself would be a link to an issue.
      rows_ += fmt::format("| {} | {} | {} |\n", code(numbers_text(step)), code(request), result_of(step));
    }
    if (step.kind == DiffStep::Kind::changed) add_details(step, request);
    return {};
  }

  Status skip(std::size_t /*count*/) override { return {}; }

  Status end(const DiffResult& result) override {
    const bool broken = result.expected.broken || result.actual.broken;
    std::string text = "## hardiff: ";
    text += !result.same(options_.order) ? "❌ the sessions differ"
            : broken                     ? "⚠️ not all could be read"
                                         : "✅ the sessions are equal";
    text += fmt::format("\n\n{}.\n\n", verdict_text(result, options_.order));
    text += "| | input | entries |\n|---|---|---|\n";
    for (const auto& [role, side] : {std::pair("expected", &result.expected), std::pair("actual", &result.actual)}) {
      std::string inputs;
      for (const std::string& input : side->inputs) {
        if (inputs.size() > 2000) {
          inputs += " …";
          break;
        }
        inputs += (inputs.empty() ? "" : "<br>") + code(input);
      }
      text += fmt::format("| {} | {} | {} |\n", role, inputs, grouped(side->entries));
    }
    if (!rows_.empty()) text += "\n| entry | request | result |\n|---|---|---|\n" + rows_;
    if (rows_left_out_ != 0) text += fmt::format("\nThe table leaves out {}.\n", counted(rows_left_out_, "entry", "entries"));
    if (result.differences != 0) text += fmt::format("\nFields: {}.\n", fields_text(result));
    text += details_;
    if (details_left_out_ != 0) {
      text += fmt::format("\nThe differences of {} are left out.\n", counted(details_left_out_, "entry", "entries"));
    }
    if (options_.timing) {
      const auto lines = timing_lines(result);
      if (!lines.empty()) text += fmt::format("\n```\n{}\n```\n", fmt::join(lines, "\n"));
    }
    for (const std::string& caveat : caveats(result)) text += fmt::format("\nNote: {}.\n", code(caveat));
    return sink_.write(text);
  }

 private:
  static std::string result_of(const DiffStep& step) {
    switch (step.kind) {
      case DiffStep::Kind::missing:
        return "➖ missing";
      case DiffStep::Kind::extra:
        return "➕ extra";
      case DiffStep::Kind::equal:
        return "↕️ moved";
      case DiffStep::Kind::changed:
        break;
    }
    return fmt::format("❌ {}{}", counted(step.differences->total, "difference", "differences"), step.moved ? ", moved" : "");
  }

  void add_details(const DiffStep& step, const std::string& request) {
    if (details_.size() >= kMaxDetails) {
      ++details_left_out_;
      return;
    }
    std::string lines;
    std::size_t told = 0;
    for (const FieldDifference& difference : step.differences->differences) {
      if (lines.size() > kMaxEntry || told == std::min(kMaxDifferences, options_.max_differences)) break;
      ++told;
      const stream::Excerpts values = values_of(difference, kWidth);
      lines += fmt::format("@@ {}{} @@\n", subject_text(difference), values.where.empty() ? "" : " " + values.where);
      if (const std::string old_text = stream::plain(values.expected); !old_text.empty())
        lines += fmt::format("- {}\n", old_text);
      if (const std::string new_text = stream::plain(values.actual); !new_text.empty()) lines += fmt::format("+ {}\n", new_text);
    }
    const std::string fence(std::max<std::size_t>(longest_run(lines, '`') + 1, 3), '`');
    std::string text = fmt::format("\n<details>\n<summary><code>{} {}</code></summary>\n\n{}diff\n{}{}\n", numbers_text(step),
                                   stream::xml_text(request), fence, lines, fence);
    const std::size_t total = step.differences->total;
    if (told < total) text += fmt::format("\n… and {} more in this entry.\n", grouped(total - told));
    text += "\n</details>\n";
    if (details_.size() + text.size() > kMaxDetails && !details_.empty()) {
      ++details_left_out_;
    } else {
      details_ += text;
    }
  }

  stream::ByteSink& sink_;
  ReportOptions options_;
  std::string rows_{};
  std::string details_{};
  std::size_t rows_count_ = 0;
  std::size_t rows_left_out_ = 0;
  std::size_t details_left_out_ = 0;
};

}  // namespace

std::unique_ptr<DiffSink> make_markdown_report(stream::ByteSink& sink, const ReportOptions& options) {
  return std::make_unique<MarkdownReport>(sink, options);
}

}  // namespace tools::hardiff
