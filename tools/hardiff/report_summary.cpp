#include <fmt/format.h>

#include <map>
#include <string>

#include "common/terminal.hpp"
#include "hardiff/phrase.hpp"
#include "hardiff/report.hpp"
#include "stream/compare/report_color.hpp"

namespace tools::hardiff {
namespace {

using har::diff::DiffResult;
using har::diff::DiffStep;
using har::diff::SideCount;
using stream::Status;

/// A line for each entry that differs, and what differs how often.
class SummaryReport : public har::diff::DiffSink {
 public:
  SummaryReport(stream::ByteSink& sink, const ReportOptions& options) : sink_(sink), options_(options) {}

  Status begin(const SideCount& /*expected*/, const SideCount& /*actual*/) override { return {}; }

  Status step(const DiffStep& step) override {
    if (step.kind == DiffStep::Kind::equal && !step.moved) return {};
    if (step.differences != nullptr) {
      for (const auto& difference : step.differences->differences) ++places_[without_numbers(difference.place)];
    }
    if (shown_ >= options_.max_differences) {
      ++left_out_;
      return {};
    }
    ++shown_;
    const auto& entry = step.expected != nullptr ? *step.expected : *step.actual;
    const std::string request = fmt::format("{}  {}", request_text(entry, 80), numbers_text(step));
    std::string text;
    switch (step.kind) {
      case DiffStep::Kind::missing:
        text = stream::colored("- " + request, stream::kRed, options_.color);
        break;
      case DiffStep::Kind::extra:
        text = stream::colored("+ " + request, stream::kGreen, options_.color);
        break;
      case DiffStep::Kind::equal:
        text = "~ " + request + "  moved";
        break;
      case DiffStep::Kind::changed:
        text = fmt::format("! {}{}  {}", request, step.moved ? "  moved" : "",
                           counted(step.differences->total, "difference", "differences"));
        break;
    }
    return sink_.write(text + '\n');
  }

  Status skip(std::size_t /*count*/) override { return {}; }

  Status end(const DiffResult& result) override {
    std::string out;
    if (left_out_ != 0) out += fmt::format("… and {} more\n", counted(left_out_, "entry", "entries"));
    if (shown_ != 0) out += '\n';
    if (!places_.empty()) {
      std::vector<std::pair<std::string, std::size_t>> sorted(places_.begin(), places_.end());
      std::stable_sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) { return a.second > b.second; });
      constexpr std::size_t kPlaces = 30;
      for (std::size_t i = 0; i < std::min(sorted.size(), kPlaces); ++i)
        out += fmt::format("{:>8}  {}\n", grouped(sorted[i].second), stream::escape_controls(sorted[i].first));
      if (sorted.size() > kPlaces) out += fmt::format("          … and {} other places\n", grouped(sorted.size() - kPlaces));
      out += '\n';
    }
    if (options_.timing) {
      for (const std::string& line : timing_lines(result)) out += line + '\n';
    }
    for (const std::string& caveat : caveats(result)) out += "note: " + caveat + '\n';
    out += verdict_text(result, options_.order) + '\n';
    return sink_.write(out);
  }

 private:
  /// "response.body/items/3/id": "response.body/items/*/id".
  static std::string without_numbers(std::string_view place) {
    std::string out;
    while (!place.empty()) {
      const std::size_t end = std::min(place.find('/', 1), place.size());
      const std::string_view part = place.substr(0, end);
      const bool number =
          part.size() > 1 && part.front() == '/' && part.substr(1).find_first_not_of("0123456789") == std::string_view::npos;
      out += number ? "/*" : part;
      place.remove_prefix(end);
    }
    return out;
  }

  stream::ByteSink& sink_;
  ReportOptions options_;
  std::map<std::string, std::size_t> places_{};
  std::size_t shown_ = 0;
  std::size_t left_out_ = 0;
};

class StatReport : public har::diff::DiffSink {
 public:
  StatReport(stream::ByteSink& sink, const ReportOptions& options) : sink_(sink), options_(options) {}
  Status begin(const SideCount& /*expected*/, const SideCount& /*actual*/) override { return {}; }
  Status step(const DiffStep& /*step*/) override { return {}; }
  Status skip(std::size_t /*count*/) override { return {}; }
  Status end(const DiffResult& result) override {
    std::string out = verdict_text(result, options_.order);
    if (const std::string fields = fields_text(result); !fields.empty()) out += " | " + fields;
    for (const auto& threshold : result.thresholds) out += " | " + threshold_text(threshold);
    for (const std::string& caveat : caveats(result)) out += " | " + caveat;
    return sink_.write(out + '\n');
  }

 private:
  stream::ByteSink& sink_;
  ReportOptions options_;
};

}  // namespace

std::unique_ptr<har::diff::DiffSink> make_summary_report(stream::ByteSink& sink, const ReportOptions& options) {
  return std::make_unique<SummaryReport>(sink, options);
}

std::unique_ptr<har::diff::DiffSink> make_stat_report(stream::ByteSink& sink, const ReportOptions& options) {
  return std::make_unique<StatReport>(sink, options);
}

}  // namespace tools::hardiff
