#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "common/terminal.hpp"
#include "har/entry_view.hpp"
#include "hardiff/phrase.hpp"
#include "hardiff/report.hpp"
#include "hardiff/report_html_page.hpp"
#include "stream/text/units.hpp"
#include "stream/text/xml.hpp"

namespace tools::hardiff {
namespace {

using har::diff::DiffResult;
using har::diff::DiffSink;
using har::diff::DiffStep;
using har::diff::EntryRef;
using har::diff::FieldDifference;
using har::diff::PhasePair;
using har::diff::SideCount;
using stream::Status;

// What a browser can still show.
constexpr std::size_t kMaxEntries = 5000;
constexpr std::size_t kMaxBytes = std::size_t{48} << 20;
constexpr std::size_t kMaxDifferences = 500;  // of an entry
constexpr std::size_t kOpen = 20;             // entries that are unfolded from the beginning
constexpr std::size_t kWidth = 160;
constexpr std::size_t kValueWidth = 800;

std::string text(std::string_view raw) { return stream::xml_text(stream::escape_controls(raw)); }

std::string_view class_of(const DiffStep& step) {
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
  return step.moved ? "moved" : "equal";
}

std::string marked(const stream::ShownLine& line) {
  std::string out;
  bool same = false;
  for (const auto& piece : line) same = same || (!piece.changed && piece.text != "\"" && piece.text != "…");
  for (const auto& piece : line) {
    const std::string shown = stream::xml_text(piece.text);
    out += piece.changed && same ? fmt::format("<mark>{}</mark>", shown) : shown;
  }
  return out;
}

/// One page by itself: the verdict, a filter, and an entry to unfold for each pair, with both sides beside each other. It is
/// written as it comes: what is known only at its end stands there, and is shown above.
class HtmlReport final : public DiffSink {
 public:
  HtmlReport(stream::ByteSink& sink, const ReportOptions& options) : sink_(sink), options_(options) {}

  Status begin(const SideCount& expected, const SideCount& actual) override {
    std::string out = "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n";
    // Nothing is loaded from anywhere, whatever the sessions hold.
    out +=
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; script-src "
        "'unsafe-inline'\">\n";
    out += "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n";
    out += fmt::format("<title>hardiff: {} and {}</title>\n<style>{}</style>\n</head>\n<body>\n", name_of(expected),
                       name_of(actual), kHtmlStyle);
    return put(out);
  }

  Status step(const DiffStep& step) override {
    const std::string_view css = class_of(step);
    ++counts_[index_of(css)];
    if (entries_ == kMaxEntries || written_ > kMaxBytes || shown_ >= options_.max_differences) {
      ++left_out_;
      return {};
    }
    const bool open = css != "equal" && entries_ < kOpen;
    ++entries_;
    std::string out = fmt::format("<details class=\"{0}\" data-kind=\"{0}\"{1}><summary>", css, open ? " open" : "");
    const EntryRef& entry = step.expected != nullptr ? *step.expected : *step.actual;
    out += fmt::format("<span class=\"no\">{}</span><span class=\"req\">{}</span>", text(numbers_text(step)),
                       stream::xml_text(request_text(entry, kWidth)));
    out += fmt::format("<span class=\"st\">{}</span><span class=\"tag\">{}</span></summary>\n<div class=\"inside\">",
                       statuses(step), stream::xml_text(tag_of(step)));
    out += sides_of(step);
    if (step.differences != nullptr) {
      add_differences(out, step);
      out += phases(step.differences->phases);
    } else {
      ++shown_;
    }
    out += "</div></details>\n";
    return put(out);
  }

  Status skip(std::size_t /*count*/) override { return {}; }
  bool wants_equal() const override { return options_.show_equal; }

  Status end(const DiffResult& result) override {
    std::string out = header(result) + navigation() + "<p class=\"note none\" hidden>No entry fits.</p>\n";
    if (left_out_ != 0) {
      out += fmt::format("<p class=\"note\">{} more {} not shown.</p>\n", counted(left_out_, "entry", "entries"),
                         left_out_ == 1 ? "is" : "are");
    }
    out += fmt::format("<footer>Made by hardiff.</footer>\n<script>{}</script>\n</body>\n</html>\n", kHtmlScript);
    return put(out);
  }

 private:
  static constexpr std::array<std::string_view, 5> kKinds{"changed", "missing", "extra", "moved", "equal"};
  static std::size_t index_of(std::string_view kind) {
    return static_cast<std::size_t>(std::find(kKinds.begin(), kKinds.end(), kind) - kKinds.begin());
  }

  static std::string name_of(const SideCount& side) {
    if (side.inputs.empty()) return {};
    const std::string& first = side.inputs.front();
    const auto slash = first.find("://") == std::string::npos ? first.rfind('/') : std::string::npos;
    return text(slash == std::string::npos ? first : first.substr(slash + 1)) + (side.inputs.size() > 1 ? " …" : "");
  }

  static std::string statuses(const DiffStep& step) {
    const auto shown = [](int status) { return status == 0 ? std::string("no answer") : std::to_string(status); };
    if (step.expected == nullptr) return shown(step.actual->status);
    if (step.actual == nullptr || step.expected->status == step.actual->status) return shown(step.expected->status);
    return fmt::format("{} → {}", shown(step.expected->status), shown(step.actual->status));
  }

  static std::string tag_of(const DiffStep& step) {
    std::string out(class_of(step));
    if (step.kind == DiffStep::Kind::changed) out = counted(step.differences->total, "difference", "differences");
    if (step.moved && step.kind != DiffStep::Kind::equal) out += ", moved";
    if (step.alike) out += ", paired by likeness";
    return out;
  }

  /// What each side is, in a line.
  std::string sides_of(const DiffStep& step) {
    std::string out = "<div class=\"both\">";
    for (const EntryRef* ref : {step.expected, step.actual})
      out += fmt::format("<div>{}</div>", ref == nullptr ? "" : line_of(*ref));
    return out + "</div>\n";
  }

  std::string line_of(const EntryRef& ref) {
    view_.reset(ref.text);
    std::string out = fmt::format("{} {}", ref.method, ref.url);
    if (out.size() > 4 * kWidth) out = request_text(ref, 4 * kWidth);
    const std::string type = stream::escape_controls(view_.media_type().substr(0, 100));
    if (!type.empty()) out += " · " + type;
    if (const auto body = view_.response_body(); body.known) out += " · " + stream::format_size(body.bytes.size());
    return text(out);
  }

  void add_differences(std::string& out, const DiffStep& step) {
    std::size_t told = 0;
    for (const FieldDifference& difference : step.differences->differences) {
      if (told == kMaxDifferences || shown_ >= options_.max_differences) break;
      ++told;
      ++shown_;
      const stream::Excerpts values = values_of(difference, kValueWidth);
      out += fmt::format("<article><h2>{}{}</h2>", text(subject_text(difference)),
                         values.where.empty() ? "" : fmt::format(" <small>{}</small>", text(values.where)));
      out += "<div class=\"values\">";
      if (!values.expected.empty()) out += fmt::format("<pre class=\"e\">{}</pre>", marked(values.expected));
      if (!values.actual.empty()) out += fmt::format("<pre class=\"a\">{}</pre>", marked(values.actual));
      out += "</div></article>\n";
    }
    if (told < step.differences->total) {
      out += fmt::format("<p class=\"note\">… and {} more in this entry</p>\n", grouped(step.differences->total - told));
    }
    if (step.differences->bounded) out += "<p class=\"note\">too different for the shortest list</p>\n";
  }

  static std::string phases(const std::vector<PhasePair>& pairs) {
    if (pairs.empty()) return {};
    const auto ms = [](const std::optional<double>& value) { return value ? ms_text(*value) : std::string("–"); };
    std::string out = "<table><tr><th>phase</th><th>expected</th><th>actual</th></tr>";
    for (const PhasePair& pair : pairs) {
      out += fmt::format("<tr><td>{}</td><td>{}</td><td>{}</td></tr>", text(pair.phase), ms(pair.expected), ms(pair.actual));
    }
    return out + "</table>\n";
  }

  std::string header(const DiffResult& result) const {
    const bool same = result.same(options_.order);
    const bool broken = result.expected.broken || result.actual.broken;
    const std::string_view css = !same ? "differ" : broken ? "broken" : "same";
    const std::string_view verdict = !same ? "they differ" : broken ? "not all could be read" : "no difference";
    std::string out = fmt::format("<header>\n<div class=\"head\"><h1>{} → {}</h1><span class=\"verdict {}\">{}</span></div>\n",
                                  name_of(result.expected), name_of(result.actual), css, verdict);
    out += "<dl class=\"sides\">\n";
    for (const auto& [role, side] : {std::pair("expected", &result.expected), std::pair("actual", &result.actual)}) {
      out += fmt::format("<dt>{}</dt><dd class=\"name\">{}</dd><dd class=\"what\">{}</dd>\n", role,
                         text(fmt::format("{}", fmt::join(side->inputs, ", "))), counted(side->entries, "entry", "entries"));
    }
    out += fmt::format("</dl>\n<p class=\"note\">{}</p>\n", text(verdict_text(result, options_.order)));
    if (result.differences != 0) {
      out += fmt::format("<p class=\"note\">{}: {}</p>\n", counted(result.differences, "difference", "differences"),
                         text(fields_text(result)));
    }
    for (const std::string& caveat : caveats(result)) out += fmt::format("<p class=\"note\">Note: {}</p>\n", text(caveat));
    if (options_.timing) {
      std::string lines;
      for (const std::string& line : timing_lines(result)) lines += text(line) + '\n';
      if (!lines.empty()) out += fmt::format("<pre class=\"timing\">{}</pre>\n", lines);
    }
    return out + "</header>\n";
  }

  /// Hidden where there are no scripts: then it would do nothing.
  std::string navigation() const {
    std::string out =
        "<nav hidden><input type=\"search\" placeholder=\"Filter by address or place ( / )\" aria-label=\"filter\">";
    for (std::size_t i = 0; i < kKinds.size(); ++i) {
      if (counts_[i] == 0) continue;
      out += fmt::format("<button type=\"button\" class=\"{0}\" data-kind=\"{0}\" aria-pressed=\"true\">{1} {0}</button>",
                         kKinds[i], grouped(counts_[i]));
    }
    out += "<button type=\"button\" class=\"fold\">Fold or unfold</button><output></output></nav>\n";
    return out;
  }

  Status put(const std::string& out) {
    written_ += out.size();
    return sink_.write(out);
  }

  stream::ByteSink& sink_;
  ReportOptions options_;
  har::EntryView view_{};
  std::array<std::size_t, 5> counts_{};
  std::size_t entries_ = 0;
  std::size_t left_out_ = 0;
  std::size_t shown_ = 0;
  std::size_t written_ = 0;
};

}  // namespace

std::unique_ptr<DiffSink> make_html_report(stream::ByteSink& sink, const ReportOptions& options) {
  return std::make_unique<HtmlReport>(sink, options);
}

}  // namespace tools::hardiff
