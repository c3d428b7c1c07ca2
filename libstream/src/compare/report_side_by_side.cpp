#include <fmt/format.h>

#include <algorithm>

#include "report_base.hpp"
#include "report_columns.hpp"
#include "report_phrase.hpp"
#include "stream/compare/report_color.hpp"

namespace stream {
namespace {

constexpr std::size_t kUsualWidth = 160;
constexpr std::size_t kLeastColumn = 24;
constexpr std::size_t kNumber = 5;  // "  12 "

/// For people: the expected stream in the left column, the actual one in the right, and a sign between them for what differs.
class SideBySideReport final : public ReportBase {
 public:
  SideBySideReport(ByteSink& sink, const ReportOptions& options)
      : ReportBase(sink, options),
        column_(std::max((width_or(kUsualWidth) - std::min(width_or(kUsualWidth), kGutter)) / 2, kLeastColumn)) {}

  std::size_t context() const override { return options().context; }

  void next(ReportPair pair) override {
    ReportBase::next(std::move(pair));
    begun_ = false;
    skipped_ = 0;
  }

  Status begin(const SideSummary& expected, const SideSummary& actual, std::span<const Difference> differences) override {
    const auto name = [&](const std::string& source, const SideSummary& side) {
      return one(fmt::format("{}  {}", escape_controls(source), to_string(side.kind)));
    };
    header_ = row(name(pair().expected, expected), ' ', name(pair().actual, actual), kBold, kBold);
    header_ += row(one(rule()), ' ', one(rule()), kDim, kDim);
    return say(differences);
  }

  Status step(const CompareStep& step) override {
    using Kind = CompareStep::Kind;
    if (!show_more()) return {};
    if (step.kind == Kind::equal) {
      if (options().context == 0) return {};
      std::string text = begun();
      text += row(item(step.expected, last_e_), ' ', item(step.actual, last_a_), "", "");
      return put(text);
    }
    if (step.kind == Kind::changed && step.expected != nullptr && step.actual != nullptr) return changed(step);
    return say(step.differences);
  }

  Status skip(std::size_t count) override {
    skipped_ += count;
    return {};
  }

  Status end(const Comparison& result, std::span<const Difference> ending) override {
    STREAM_TRY(say(ending));
    count(result);
    if (result.equal() && several() && !options().show_equal) return {};
    std::string text = begun();
    text += '\n';
    for (const std::string& note : notes_of(result)) text += fmt::format("note: {}\n", note);
    const std::string words = result.equal()
                                  ? equal_in_words(result)
                                  : fmt::format("{}; {}", count_of_differences(result, shown()), sides_in_words(result));
    text += colored(words, kBold, options().color && !result.equal()) + '\n';
    if (several()) text += '\n';
    return put(text);
  }

  Status failed(const Error& error) override {
    count_failure();
    if (!begun_) return {};
    std::string text = fmt::format("\nnot compared to the end: {}\n", escape_controls(error.message));
    return put(text);
  }

  Status finish() override {
    std::string text;
    if (pairs() > 1) text = verdict_of_all(compared(), differing(), failures()) + '\n';
    return put(text);
  }

 private:
  static constexpr std::size_t kGutter = 3;

  static ShownLine one(std::string text) { return {{std::move(text), false}}; }
  std::string rule() const {
    std::string out;
    for (std::size_t i = 0; i < column_; ++i) out += "─";
    return out;
  }

  // The header, and how many equal items were passed over.
  std::string begun() {
    std::string out;
    if (!std::exchange(begun_, true)) out = std::move(header_);
    if (skipped_ != 0 && options().context != 0) {
      const ShownLine line = one(fmt::format("   … {}", counted(skipped_, "equal item", "equal items")));
      out += row(line, ' ', line, kDim, kDim);
    }
    skipped_ = 0;
    return out;
  }

  // A column's text, cut to its width, with spaces behind it where something follows.
  std::string cell(const ShownLine& line, std::string_view color, bool fill) const {
    ShownLine kept;
    std::size_t left = column_;
    for (const ShownPiece& piece : line) {
      const std::size_t end = advance_columns(piece.text, 0, left);
      kept.push_back({piece.text.substr(0, end), piece.changed});
      left -= columns_of(kept.back().text);
      if (end == piece.text.size()) continue;
      // One column less, for the sign that something is left out.
      std::string& last = kept.back().text;
      if (left == 0)
        last.resize(retreat_columns(last, last.size(), 1) == last.size() && !last.empty()
                        ? character_start(last, last.size() - 1)
                        : retreat_columns(last, last.size(), 1));
      last += "…";
      left = column_ - std::min(column_, columns_of(plain(kept)));
      break;
    }
    const bool on = options().color && !color.empty();
    return colored(kept, color, on) + (fill ? std::string(left, ' ') : std::string());
  }

  std::string row(const ShownLine& left, char sign, const ShownLine& right, std::string_view color_e,
                  std::string_view color_a) const {
    const std::string right_cell = right.empty() ? std::string() : cell(right, color_a, false);
    std::string out = cell(left, color_e, true);
    if (right_cell.empty() && sign == ' ') return out + '\n';
    out += fmt::format(" {}", colored(std::string(1, sign), kYellow, options().color && sign != ' '));
    if (!right_cell.empty()) out += ' ' + right_cell;
    return out + '\n';
  }

  static std::string number(std::size_t n) { return fmt::format("{:>4} ", n); }

  ShownLine item(const Item* item, std::string& last) const {
    return one(number(item->number) + arrow(*item) + whole_item(item->fields, shown_data(*item, last), column_ - kNumber - 2));
  }
  // What stands before an item: its direction, and its kind where it is not one of those that most are.
  static std::string arrow(const Item& item) { return arrow(item.kind, item.direction); }
  static std::string arrow(ItemKind kind, Direction direction) {
    std::string out;
    if (kind == ItemKind::message || kind == ItemKind::control || kind == ItemKind::close)
      out = direction == Direction::send ? "→ " : "← ";
    const bool other = kind == ItemKind::id_block || kind == ItemKind::unfinished || kind == ItemKind::comment ||
                       kind == ItemKind::control || kind == ItemKind::close;
    return other ? fmt::format("{}{}: ", out, to_string(kind)) : out;
  }

  static ShownLine behind(std::string_view before, const ShownLine& line) {
    ShownLine out = one(std::string(before));
    out.insert(out.end(), line.begin(), line.end());
    return out;
  }

  // Both as a whole if they fit; else what differs, place by place.
  Status changed(const CompareStep& step) {
    std::size_t shown_here = 0;
    while (shown_here < step.differences.size() && show_one()) ++shown_here;
    std::string text = begun();
    const std::string e = whole_item(step.expected->fields, shown_data(*step.expected), SIZE_MAX);
    const std::string a = whole_item(step.actual->fields, shown_data(*step.actual), SIZE_MAX);
    const std::string before_e = number(step.expected->number) + arrow(*step.expected);
    const std::string before_a = number(step.actual->number) + arrow(*step.actual);
    const bool fit = columns_of(before_e) + columns_of(e) <= column_ && columns_of(before_a) + columns_of(a) <= column_;
    const bool timing_only = std::all_of(step.differences.begin(), step.differences.end(),
                                         [](const Difference& difference) { return difference.subject == Subject::timing; });
    if (fit && !timing_only && e != a) {
      const Excerpts both = excerpts(ShownValue{ShownValue::Form::json, e}, ShownValue{ShownValue::Form::json, a}, {}, SIZE_MAX);
      text += row(behind(before_e, both.expected), '|', behind(before_a, both.actual), kRed, kGreen);
      for (const Difference& difference : step.differences.first(shown_here)) {
        if (difference.subject == Subject::timing) text += rows(difference, std::string(kNumber, ' '), std::string(kNumber, ' '));
      }
      return put(text);
    }
    std::string label_e = before_e;
    std::string label_a = before_a;
    for (const Difference& difference : step.differences.first(shown_here)) {
      text += rows(difference, label_e, label_a);
      label_e = label_a = std::string(kNumber, ' ');
    }
    return put(text);
  }

  // A difference within items, or of the streams: what it is of, and the two values.
  std::string rows(const Difference& difference, const std::string& before_e, const std::string& before_a) const {
    std::string label = place_in_item(difference);
    if (difference.subject == Subject::timing) label = "timing " + escape_controls(difference.field);
    if (difference.subject == Subject::text) label = "text of " + escape_controls(difference.field);
    if (difference.subject == Subject::status || difference.subject == Subject::content_type ||
        difference.subject == Subject::stream_kind || difference.subject == Subject::ending) {
      label = to_string(difference.subject);
    }
    if (label.empty()) label = escape_controls(difference.pointer);
    label += ": ";
    const bool has_e = difference.expected_value.form != ShownValue::Form::none;
    const bool has_a = difference.actual_value.form != ShownValue::Form::none;
    const char sign = !has_a ? '<' : !has_e ? '>' : '|';
    const std::size_t room = column_ - std::min(column_, std::max(columns_of(before_e), columns_of(before_a)) + 2);
    // A short word is not quoted.
    const bool word = difference.subject != Subject::data && difference.subject != Subject::text;
    const auto excerpts_of = [&](std::size_t width) {
      if (!word)
        return excerpts(difference.expected_value, difference.actual_value,
                        difference.subject == Subject::text ? std::nullopt : difference.offset, width);
      ShownValue e = difference.expected_value;
      ShownValue a = difference.actual_value;
      for (ShownValue* value : {&e, &a}) {
        if (value->form == ShownValue::Form::text) *value = {ShownValue::Form::json, value->text};
      }
      return excerpts(e, a, {}, width);
    };
    if (columns_of(label) * 2 > room) {
      const ShownLine title = one(label);
      std::string out = row(behind(before_e, title), ' ', behind(before_a, title), kDim, kDim);
      const Excerpts shown = excerpts_of(room - std::min(room, std::size_t{2}));
      const std::string inner(kNumber + 2, ' ');
      return out + row(has_e ? behind(inner, shown.expected) : ShownLine{}, sign,
                       has_a ? behind(inner, shown.actual) : ShownLine{}, kRed, kGreen);
    }
    const Excerpts shown = excerpts_of(room - columns_of(label));
    return row(has_e ? behind(before_e + label, shown.expected) : one(before_e), sign,
               has_a ? behind(before_a + label, shown.actual) : ShownLine{}, has_e ? kRed : "", kGreen);
  }

  Status say(std::span<const Difference> differences) {
    std::string text;
    for (const Difference& difference : differences) {
      if (!show_one()) break;
      text += begun();
      if (difference.subject != Subject::item) {
        text += rows(difference, std::string(kNumber, ' '), std::string(kNumber, ' '));
        continue;
      }
      const auto whole = [&](const ItemRef& ref, const ShownValue& value) {
        return one(number(ref.number) + arrow(ref.kind, ref.direction) + whole_item(ref.fields, value, column_ - kNumber - 2));
      };
      switch (difference.change) {
        case ValueChange::missing:
          text += row(whole(difference.expected, difference.expected_value), '<', {}, kRed, "");
          break;
        case ValueChange::moved:
          text += row(whole(difference.expected, difference.expected_value), '~',
                      whole(difference.actual, difference.expected_value), kCyan, kCyan);
          break;
        default:
          text += row({}, '>', whole(difference.actual, difference.actual_value), "", kGreen);
          break;
      }
    }
    return put(text);
  }

  std::size_t column_;
  std::string header_;
  bool begun_ = false;
  std::size_t skipped_ = 0;
  std::string last_e_;  ///< what was shown of the last equal item
  std::string last_a_;
};

}  // namespace

std::unique_ptr<Report> side_by_side_report(ByteSink& sink, const ReportOptions& options) {
  return std::make_unique<SideBySideReport>(sink, options);
}

}  // namespace stream
