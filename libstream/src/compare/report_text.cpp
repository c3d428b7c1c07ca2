#include <fmt/format.h>

#include <algorithm>

#include "report_base.hpp"
#include "report_columns.hpp"
#include "report_phrase.hpp"
#include "stream/compare/report_color.hpp"

namespace stream {
namespace {

/// For people: what is compared, each difference with what is equal around it, and a summary.
class TextReport final : public ReportBase {
 public:
  using ReportBase::ReportBase;

  std::size_t context() const override { return options().context; }

  void next(ReportPair pair) override {
    ReportBase::next(std::move(pair));
    written_ = Written::nothing;
    skipped_ = 0;
  }

  Status begin(const SideSummary& expected, const SideSummary& actual, std::span<const Difference> differences) override {
    const std::string name_e = escape_controls(pair().expected);
    const std::string name_a = escape_controls(pair().actual);
    const std::size_t width = std::max(columns_of(name_e), columns_of(name_a));
    const auto line = [&](std::string_view sign, const std::string& name, const SideSummary& side) {
      return colored(fmt::format("{} {}  {}", sign, padded(name, width), to_string(side.kind)), kBold, options().color) + '\n';
    };
    header_ = line("--- expected", name_e, expected) + line("+++ actual  ", name_a, actual);
    return say(differences, nullptr);
  }

  Status step(const CompareStep& step) override {
    if (step.kind != CompareStep::Kind::equal) return say(step.differences, nullptr);
    if (options().context == 0 || !show_more()) return {};
    const ItemRef e = ref_of(*step.expected);
    const ItemRef a = ref_of(*step.actual);
    std::string text = separated(Written::context);
    const std::string line = fmt::format("  {}: {}", name_of_pair(e, a),
                                         whole_item(step.expected->fields, shown_data(*step.expected, last_), width_or(100)));
    text += colored(line, kDim, options().color) + '\n';
    return put(text);
  }

  Status skip(std::size_t count) override {
    skipped_ += count;
    return {};
  }

  Status end(const Comparison& result, std::span<const Difference> ending) override {
    STREAM_TRY(say(ending, &result));
    count(result);
    std::string text;
    if (result.equal()) {
      if (several() && !options().show_equal) return {};
      text = begun();
    } else {
      if (options().context != 0 && skipped_ != 0 && show_more()) text = separated(Written::context);
      text += begun() + '\n';
    }
    for (const std::string& note : notes_of(result)) text += fmt::format("note: {}\n", note);
    if (result.equal()) {
      text += equal_in_words(result) + '\n';
    } else {
      text +=
          colored(fmt::format("{}; {}", count_of_differences(result, shown()), sides_in_words(result)), kBold, options().color);
      text += '\n';
    }
    if (several()) text += '\n';
    return put(text);
  }

  Status failed(const Error& error) override {
    count_failure();
    if (written_ == Written::nothing) return {};
    std::string text = fmt::format("\nnot compared to the end: {}\n", escape_controls(error.message));
    if (several()) text += '\n';
    return put(text);
  }

  Status finish() override {
    std::string text;
    if (pairs() > 1) text = verdict_of_all(compared(), differing(), failures()) + '\n';
    return put(text);
  }

 private:
  enum class Written { nothing, header, difference, context };

  /// The header, unless it is there.
  std::string begun() {
    if (written_ != Written::nothing) return {};
    written_ = Written::header;
    return std::move(header_);
  }

  /// What stands before a difference or an equal item.
  std::string separated(Written now) {
    std::string out = begun();
    if (written_ != Written::context || now == Written::difference) out += '\n';
    if (skipped_ != 0 && options().context != 0) {
      if (now == Written::difference && written_ == Written::context) out.clear();
      out += colored(fmt::format("  … {}", counted(skipped_, "equal item", "equal items")), kDim, options().color) + '\n';
      if (now == Written::difference) out += '\n';
    }
    skipped_ = 0;
    written_ = now;
    return out;
  }

  Status say(std::span<const Difference> differences, const Comparison* result) {
    std::string text;
    for (const Difference& difference : differences) {
      if (!show_one()) break;
      text += separated(Written::difference);
      Sentence sentence = sentence_of(difference, width_or(100));
      if (difference.subject == Subject::ending && result != nullptr) {
        sentence.title = ending_title(result->expected, result->actual);
      }
      text += sentence.title + '\n';
      if (!sentence.note.empty()) text += fmt::format("  {}\n", sentence.note);
      const auto line = [&](std::string_view sign, const ShownLine& shown, std::string_view color) {
        if (!shown.empty()) text += colored(shown, color, options().color, sign) + '\n';
      };
      line("  - ", sentence.expected, kRed);
      line("  + ", sentence.actual, kGreen);
      line("  = ", sentence.same, "");
    }
    return put(text);
  }

  std::string header_;
  Written written_ = Written::nothing;
  std::size_t skipped_ = 0;
  std::string last_;  ///< what was shown of the last equal item
};

}  // namespace

std::unique_ptr<Report> text_report(ByteSink& sink, const ReportOptions& options) {
  return std::make_unique<TextReport>(sink, options);
}

}  // namespace stream
