#include <fmt/format.h>

#include <algorithm>

#include "report_base.hpp"
#include "report_phrase.hpp"
#include "stream/compare/report_color.hpp"

namespace stream {
namespace {

constexpr std::size_t kBar = 20;

/// A line for each pair: how many differences there are, and of what sort.
class StatReport final : public ReportBase {
 public:
  using ReportBase::ReportBase;

  Status begin(const SideSummary& /*expected*/, const SideSummary& /*actual*/, std::span<const Difference> /*all*/) override {
    return {};
  }
  Status step(const CompareStep& /*step*/) override { return {}; }
  Status skip(std::size_t /*count*/) override { return {}; }

  Status end(const Comparison& result, std::span<const Difference> /*ending*/) override {
    count(result);
    std::string line = names();
    line += result.equal() ? equal_in_words(result) : count_of_differences(result, SIZE_MAX) + bar(result);
    line += '\n';
    return put(line);
  }

  Status failed(const Error& error) override {
    count_failure();
    std::string line = fmt::format("{}not compared: {}\n", names(), escape_controls(error.message));
    return put(line);
  }

  Status finish() override {
    std::string line;
    if (pairs() > 1) line = verdict_of_all(compared(), differing(), failures()) + '\n';
    return put(line);
  }

 private:
  std::string names() const { return fmt::format("{} {} | ", escape_controls(pair().expected), escape_controls(pair().actual)); }

  // A sign for each difference, or for as many as fit.
  std::string bar(const Comparison& result) const {
    const auto count_of = [&](ValueChange change) { return result.by_change[static_cast<std::size_t>(change)]; };
    std::string out = "  ";
    const auto part = [&](std::size_t n, char sign, std::string_view color) {
      if (n == 0) return;
      if (result.total > kBar) n = std::max<std::size_t>(1, n * kBar / result.total);
      out += colored(std::string(n, sign), color, options().color);
    };
    part(count_of(ValueChange::changed) + count_of(ValueChange::type), '~', kYellow);
    part(count_of(ValueChange::missing), '-', kRed);
    part(count_of(ValueChange::extra), '+', kGreen);
    part(count_of(ValueChange::moved), '>', kCyan);
    return out;
  }
};

}  // namespace

std::unique_ptr<Report> stat_report(ByteSink& sink, const ReportOptions& options) {
  return std::make_unique<StatReport>(sink, options);
}

}  // namespace stream
