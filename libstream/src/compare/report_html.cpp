#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "report_base.hpp"
#include "report_html_page.hpp"
#include "report_phrase.hpp"
#include "stream/text/json.hpp"
#include "stream/text/xml.hpp"

namespace stream {
namespace {

// Of a pair; there may be many more of each.
constexpr std::size_t kMaxEqual = 3000;
constexpr std::size_t kMaxPoints = 3000;
constexpr std::size_t kMaxCards = 1000;
constexpr std::size_t kMaxCardBytes = std::size_t{4} << 20;
constexpr std::size_t kLabelWidth = 120;
constexpr std::size_t kValueWidth = 600;

/// An item, or two that stand opposite each other, as they are drawn.
struct Point {
  CompareStep::Kind kind = CompareStep::Kind::equal;
  std::optional<ItemRef> expected{};
  std::optional<ItemRef> actual{};
  std::size_t position_e = 0;  ///< from 1
  std::size_t position_a = 0;
  std::string card{};  ///< the id of its first difference
  std::string label_e{};
  std::string label_a{};
};

std::string_view class_of(CompareStep::Kind kind) {
  constexpr std::string_view kNames[] = {"equal", "changed", "missing", "extra", "moved"};
  return kNames[static_cast<std::size_t>(kind)];
}

std::string_view class_of(ValueChange change) {
  switch (change) {
    case ValueChange::missing:
      return "missing";
    case ValueChange::extra:
      return "extra";
    case ValueChange::moved:
      return "moved";
    default:
      return "changed";
  }
}

/// A page for each document, a section for each pair: both streams on an axis, and the differences below.
class HtmlReport final : public ReportBase {
 public:
  using ReportBase::ReportBase;

  std::size_t context() const override { return SIZE_MAX; }

  void next(ReportPair pair) override {
    ReportBase::next(std::move(pair));
    equal_.clear();
    points_.clear();
    cards_.clear();
    card_count_ = points_left_out_ = equal_count_ = 0;
    stride_ = 1;
    begun_ = false;
  }

  Status begin(const SideSummary& /*expected*/, const SideSummary& /*actual*/, std::span<const Difference> differences) override {
    begun_ = true;
    add_cards(differences, nullptr);
    return {};
  }

  Status step(const CompareStep& step) override {
    if (step.kind == CompareStep::Kind::equal) {
      if (equal_count_++ % stride_ != 0) return {};
      // Of many equal ones every second, fourth … is kept, so that they stay spread evenly.
      if (equal_.size() == kMaxEqual) {
        for (std::size_t i = 0; i < equal_.size() / 2; ++i) equal_[i] = std::move(equal_[2 * i]);
        equal_.resize(equal_.size() / 2);
        stride_ *= 2;
        if ((equal_count_ - 1) % stride_ != 0) return {};
      }
      equal_.push_back(point_of(step));
      return {};
    }
    const std::size_t before = card_count_;
    add_cards(step.differences, nullptr);
    if (step.expected == nullptr && step.actual == nullptr) return {};
    if (points_.size() == kMaxPoints) {
      ++points_left_out_;
      return {};
    }
    points_.push_back(point_of(step));
    if (card_count_ > before) points_.back().card = card_id(before + 1);
    return {};
  }

  Status skip(std::size_t count) override {
    equal_count_ += count;
    return {};
  }

  Status end(const Comparison& result, std::span<const Difference> ending) override {
    add_cards(ending, &result);
    count(result);
    STREAM_TRY(open_page());
    std::string out = head(result.equal() ? "equal" : "different",
                           result.equal() ? "equal" : counted(result.total, "difference", "differences"));
    out += "<dl class=\"sides\">\n" + side("expected", pair().expected, result.expected) +
           side("actual", pair().actual, result.actual) + "</dl>\n";
    const std::string words = result.equal() ? equal_in_words(result) : count_of_differences(result, shown());
    out += fmt::format("<p class=\"note\">{}</p>\n", xml_text(words));
    for (const std::string& note : notes_of(result)) out += fmt::format("<p class=\"note\">Note: {}.</p>\n", xml_text(note));
    if (!points_.empty() || !equal_.empty()) out += plot();
    if (!cards_.empty()) out += "<h3>Differences</h3>\n" + std::exchange(cards_, {});
    if (shown() < result.total && shown() != 0) {
      out += fmt::format("<p class=\"note\">{} not shown.</p>\n",
                         counted(result.total - shown(), "more difference is", "more differences are"));
    }
    out += "</section>\n";
    return put(out);
  }

  Status failed(const Error& error) override {
    count_failure();
    STREAM_TRY(open_page());
    std::string out = head("failed", "not compared");
    out += fmt::format("<p class=\"note\">{}</p>\n", xml_text(to_string(error)));
    if (begun_ && !cards_.empty()) out += "<h3>Differences until then</h3>\n" + std::exchange(cards_, {});
    out += "</section>\n";
    return put(out);
  }

  Status finish() override {
    STREAM_TRY(open_page());
    std::string out;
    if (pairs() > 1)
      out += fmt::format("<p class=\"overall\">{}</p>\n", xml_text(verdict_of_all(compared(), differing(), failures())));
    out += "<footer>Made by streamdiff.</footer>\n<script>";
    out += kHtmlScript;
    out += "</script>\n</body>\n</html>\n";
    return put(out);
  }

 private:
  Status open_page() {
    if (std::exchange(open_, true)) return {};
    std::string out = "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n";
    // Nothing is loaded from anywhere, whatever the streams hold.
    out +=
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; script-src "
        "'unsafe-inline'\">\n";
    out += "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n";
    out += fmt::format("<title>streamdiff: {} and {}</title>\n<style>{}</style>\n</head>\n<body>\n", file_of(pair().expected),
                       file_of(pair().actual), kHtmlStyle);
    return put(out);
  }

  static std::string file_of(const std::string& name) { return text(name.substr(name.find_last_of('/') + 1)); }
  static std::string text(std::string_view raw) { return xml_text(escape_controls(raw)); }

  std::string head(std::string_view css, std::string_view verdict) const {
    const std::string number = several() ? fmt::format("{}. ", pair().number) : std::string();
    return fmt::format("<section>\n<div class=\"head\"><h2>{}{} → {}</h2><span class=\"verdict {}\">{}</span></div>\n", number,
                       file_of(pair().expected), file_of(pair().actual), css, verdict);
  }

  static std::string side(std::string_view role, const std::string& name, const SideSummary& summary) {
    std::string what(to_string(summary.kind));
    what += summary.counts.empty() ? ", nothing in it" : ", " + contents_of(summary);
    if (summary.last) what += " in " + seconds_of(*summary.last);
    if (summary.unread) {
      what += ", not read further";
    } else if (summary.cut_off) {
      what += ", then cut off";
    } else if (summary.end_reason != "eof" && !summary.end_reason.empty()) {
      what += fmt::format(", ended with {}", escape_controls(summary.end_reason));
      if (!summary.end_error.empty()) what += fmt::format(" ({})", escape_controls(summary.end_error));
    }
    return fmt::format("<dt>{}</dt><dd class=\"name\">{}</dd><dd class=\"what\">{}</dd>\n", role, text(name), xml_text(what));
  }

  std::string card_id(std::size_t number) const { return fmt::format("d{}-{}", pairs(), number); }

  static std::string marked(const ShownLine& line) {
    std::string out;
    bool same = false;
    for (const ShownPiece& piece : line) same = same || (!piece.changed && piece.text != "\"" && piece.text != "…");
    for (const ShownPiece& piece : line) {
      out += piece.changed && same ? fmt::format("<mark>{}</mark>", xml_text(piece.text)) : xml_text(piece.text);
    }
    return out;
  }

  void add_cards(std::span<const Difference> differences, const Comparison* result) {
    const std::string first = card_id(card_count_ + 1);
    for (const Difference& difference : differences) {
      if (card_count_ >= kMaxCards || cards_.size() > kMaxCardBytes || !show_one()) return;
      Sentence sentence = sentence_of(difference, kValueWidth);
      if (difference.subject == Subject::ending && result != nullptr)
        sentence.title = ending_title(result->expected, result->actual);
      // Those of one item belong to one point.
      cards_ += fmt::format("<article class=\"{}\" id=\"{}\" data-point=\"{}\"><h4>{}</h4>", class_of(difference.change),
                            card_id(++card_count_), first, xml_text(sentence.title));
      if (!sentence.note.empty()) cards_ += fmt::format("<p>{}</p>", xml_text(sentence.note));
      const auto value = [&](std::string_view css, const ShownLine& line) {
        if (!line.empty()) cards_ += fmt::format("<pre class=\"{}\">{}</pre>", css, marked(line));
      };
      value("e", sentence.expected);
      value("a", sentence.actual);
      value("s", sentence.same);
      cards_ += "</article>\n";
    }
  }

  Point point_of(const CompareStep& step) {
    Point out;
    out.kind = step.kind;
    const auto label = [](const Item& item, std::string& last) {
      return whole_item(item.fields, shown_data(item, last), kLabelWidth);
    };
    if (step.expected != nullptr) {
      out.expected = ref_of(*step.expected);
      out.expected->fields.clear();
      out.position_e = step.expected->position + 1;
      out.label_e = label(*step.expected, last_e_);
    }
    if (step.actual != nullptr) {
      out.actual = ref_of(*step.actual);
      out.actual->fields.clear();
      out.position_a = step.actual->position + 1;
      if (step.kind == CompareStep::Kind::changed || step.kind == CompareStep::Kind::extra)
        out.label_a = label(*step.actual, last_a_);
    }
    if (step.kind == CompareStep::Kind::changed) {
      // What differs is in view; the fields are told where the data is the same.
      const Excerpts both = excerpts(shown_data(*step.expected), shown_data(*step.actual), std::nullopt, kLabelWidth);
      const auto is_data = [](const Difference& difference) { return difference.subject == Subject::data; };
      if (std::any_of(step.differences.begin(), step.differences.end(), is_data)) {
        out.label_e = plain(both.expected);
        out.label_a = plain(both.actual);
      }
    }
    return out;
  }

  std::string plot() {
    // Numbers where one of the streams has no times.
    bool timed_e = false;
    bool timed_a = false;
    bool untimed = false;
    bool sent = false;
    for (const auto* list : {&equal_, &points_}) {
      for (const Point& point : *list) {
        if (point.expected) (point.expected->t ? timed_e : untimed) = true;
        if (point.actual) (point.actual->t ? timed_a : untimed) = true;
        sent = sent || (point.expected ? *point.expected : *point.actual).direction == Direction::send;
      }
    }
    const bool time = !untimed && (timed_e || timed_a);
    Json points = Json::array();
    for (const auto* list : {&equal_, &points_}) {
      for (const Point& point : *list) points.as_array().push_back(json_of_point(point, time));
    }
    Json data = Json::object();
    data.set("time", Json(time));
    const Point& any = equal_.empty() ? points_.front() : equal_.front();
    data.set("item", Json(to_string((any.expected ? *any.expected : *any.actual).kind)));
    data.set("points", std::move(points));
    std::string json;
    // Nothing in it may end the element.
    for (const char c : to_json(data)) {
      if (c == '<') {
        json += "\\u003c";
      } else {
        json += c;
      }
    }
    std::string out =
        "<div class=\"plot\"><canvas tabindex=\"0\" role=\"img\" aria-label=\"both streams on one axis\"></canvas>\n";
    out += "<div class=\"legend\">";
    for (const auto kind : {CompareStep::Kind::equal, CompareStep::Kind::changed, CompareStep::Kind::missing,
                            CompareStep::Kind::extra, CompareStep::Kind::moved}) {
      const auto is_kind = [&](const Point& point) { return point.kind == kind; };
      const std::size_t n = kind == CompareStep::Kind::equal
                                ? equal_count_
                                : static_cast<std::size_t>(std::count_if(points_.begin(), points_.end(), is_kind));
      if (n != 0) out += fmt::format("<span class=\"{0}\">{1} {0}</span>", class_of(kind), n);
    }
    out += "<span class=\"lag\"></span><span class=\"hint\">";
    out += time ? "seconds since the request" : "the numbers of the items, since there are no times for both";
    if (sent) out += "; ◆ sent, ● received";
    out += "; wheel zooms, drag moves <button type=\"button\">Reset</button></span></div>\n";
    const std::size_t drawn = equal_.size();
    if (drawn < equal_count_) {
      out += fmt::format("<p class=\"note\">Of {} equal items {} are drawn, evenly spread.</p>\n", equal_count_, drawn);
    }
    if (points_left_out_ != 0) {
      out += fmt::format("<p class=\"note\">{} not drawn.</p>\n",
                         counted(points_left_out_, "more item that differs is", "more items that differ are"));
    }
    out += "<noscript><p class=\"note\">The drawing needs JavaScript; the list below does not.</p></noscript>\n</div>\n";
    return out + fmt::format("<script type=\"application/json\">{}</script>\n", json);
  }

  static Json json_of_point(const Point& point, bool time) {
    const auto x = [&](const std::optional<ItemRef>& item, std::size_t position) {
      if (!item) return Json();
      return time ? Json(Json::Number{format_decimal_seconds(*item->t)}) : Json(std::uint64_t{position});
    };
    const auto number = [](const std::optional<ItemRef>& item) { return item ? Json(std::uint64_t{item->number}) : Json(); };
    Json out = Json::array();
    Json::Array& values = out.as_array();
    values.emplace_back(static_cast<int>(point.kind));
    values.push_back(x(point.expected, point.position_e));
    values.push_back(x(point.actual, point.position_a));
    values.push_back(number(point.expected));
    values.push_back(number(point.actual));
    values.push_back(point.card.empty() ? Json() : Json(point.card));
    values.emplace_back(point.label_e);
    values.emplace_back(point.label_a);
    const bool sent = (point.expected ? *point.expected : *point.actual).direction == Direction::send;
    values.emplace_back(sent ? 1 : 0);
    return out;
  }

  std::vector<Point> equal_;
  std::vector<Point> points_;
  std::string cards_;
  std::string last_e_;  ///< what was shown of the last item
  std::string last_a_;
  std::size_t card_count_ = 0;
  std::size_t points_left_out_ = 0;
  std::size_t equal_count_ = 0;
  std::size_t stride_ = 1;
  bool begun_ = false;
  bool open_ = false;
};

}  // namespace

std::unique_ptr<Report> html_report(ByteSink& sink, const ReportOptions& options) {
  return std::make_unique<HtmlReport>(sink, options);
}

}  // namespace stream
