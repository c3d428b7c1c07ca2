#include "har/diff/timing.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <numeric>

#include "har/diff/phases.hpp"
#include "stream/io/error.hpp"
#include "stream/text/near.hpp"
#include "stream/text/units.hpp"

namespace har::diff {
namespace {

using Statistic = Threshold::Statistic;

tl::unexpected<stream::Error> refuse(std::string_view text, std::string what, std::string hint) {
  return stream::fail({stream::ErrorCode::usage, fmt::format("{} in '{}'", what, text), {}, std::move(hint)});
}

constexpr std::string_view kGrammar = "such as wait>+20%, time>+200ms, receive>2s, p95(wait)>500ms, mean(ttfb)>+10%";

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

std::optional<double> decimal(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || !std::isfinite(value) || value < 0) return std::nullopt;
  return value;
}

stream::Status read_metric(std::string_view text, std::string_view metric, Threshold& out) {
  const std::size_t open = metric.find('(');
  if (open != std::string_view::npos) {
    if (!metric.ends_with(')')) return refuse(text, "expected ')'", std::string(kGrammar));
    const std::string_view statistic = trimmed(metric.substr(0, open));
    metric = trimmed(metric.substr(open + 1, metric.size() - open - 2));
    if (statistic == "mean" || statistic == "avg") {
      out.statistic = Statistic::mean;
    } else if (statistic == "max") {
      out.statistic = Statistic::max;
    } else if (statistic == "sum") {
      out.statistic = Statistic::sum;
    } else if (const auto percentile = statistic.starts_with('p') ? decimal(statistic.substr(1)) : std::nullopt;
               percentile && *percentile <= 100) {
      out.statistic = Statistic::percentile;
      out.percentile = *percentile;
    } else {
      return refuse(text, fmt::format("unknown statistic '{}'", statistic), "one of mean, max, sum, p50, p95, p99.9 …");
    }
  }
  if (std::find(kPhases.begin(), kPhases.end(), metric) == kPhases.end()) {
    const auto near = stream::near_word(metric, kPhases);
    return refuse(text, fmt::format("unknown phase '{}'", metric),
                  near ? fmt::format("did you mean {}?", *near) : fmt::format("phases are {}", fmt::join(kPhases, ", ")));
  }
  out.phase = metric;
  return {};
}

double limit_of(const Threshold& threshold, double expected) {
  if (!threshold.relative) return threshold.limit_ms;
  return expected + (threshold.percent ? expected * *threshold.percent / 100 : threshold.limit_ms);
}

/// Nearest rank.
double percentile_of(std::vector<double> values, double percentile) {
  if (values.empty()) return 0;
  const auto rank = static_cast<std::ptrdiff_t>(std::ceil(percentile / 100 * static_cast<double>(values.size())));
  const auto at = values.begin() + std::clamp<std::ptrdiff_t>(rank - 1, 0, static_cast<std::ptrdiff_t>(values.size()) - 1);
  std::nth_element(values.begin(), at, values.end());
  return *at;
}

double statistic_of(const Threshold& threshold, const std::vector<double>& values, double sum) {
  switch (threshold.statistic) {
    case Statistic::mean:
      return sum / static_cast<double>(values.size());
    case Statistic::max:
      return *std::max_element(values.begin(), values.end());
    case Statistic::percentile:
      return percentile_of(values, threshold.percentile);
    case Statistic::sum:
    case Statistic::each:
      break;
  }
  return sum;
}

std::size_t index_of(std::string_view phase) {
  return static_cast<std::size_t>(std::find(kPhases.begin(), kPhases.end(), phase) - kPhases.begin());
}

}  // namespace

stream::Result<Threshold> parse_threshold(std::string_view text) {
  Threshold out;
  out.spelling = text;
  const std::size_t sign = text.find('>');
  if (sign == std::string_view::npos) return refuse(text, "expected '>'", std::string(kGrammar));
  STREAM_TRY(read_metric(text, trimmed(text.substr(0, sign)), out));
  std::string_view limit = trimmed(text.substr(sign + 1));
  if (limit.starts_with('='))
    return refuse(text, "unexpected '='", "a threshold fails above its limit: " + std::string(kGrammar));
  if (limit.starts_with('+')) {
    out.relative = true;
    limit.remove_prefix(1);
  }
  if (limit.ends_with('%')) {
    const auto percent = decimal(trimmed(limit.substr(0, limit.size() - 1)));
    if (!percent || !out.relative) return refuse(text, "expected +N% behind '>'", std::string(kGrammar));
    out.percent = percent;
    return out;
  }
  const auto span = stream::parse_duration(limit);
  const bool unit = !limit.empty() && std::isalpha(static_cast<unsigned char>(limit.back())) != 0;
  if (!span || !unit || *span < stream::Nanos(0))
    return refuse(text, "expected a duration or +N% behind '>'", std::string(kGrammar));
  out.limit_ms = static_cast<double>(span->count()) / 1e6;
  return out;
}

Phases phases_of(EntryView& entry) {
  Phases out;
  out.fill(-1);
  if (const auto time = entry.find(EntryPart::entry, "time").number(); time && *time >= 0) out[0] = *time;
  double before = 0;
  for (std::size_t i = 1; i + 1 < kPhases.size(); ++i) {
    if (const auto value = entry.phase(kPhases[i])) out[i] = *value;
    // The handshake is part of connect (HAR 1.2 §4.2.16).
    if (out[i] > 0 && kPhases[i] != "ssl" && kPhases[i] != "receive") before += out[i];
  }
  if (out[6] >= 0) out[8] = before;
  return out;
}

std::vector<PhasePair> phase_pairs(const Phases& expected, const Phases& actual) {
  std::vector<PhasePair> out;
  const auto value = [](double ms) { return ms < 0 ? std::nullopt : std::optional(ms); };
  for (std::size_t i = 0; i < kPhases.size(); ++i) {
    if (expected[i] >= 0 || actual[i] >= 0) out.push_back({kPhases[i], value(expected[i]), value(actual[i])});
  }
  return out;
}

PhaseGatherer::PhaseGatherer(const TimingOptions& options) : options_(options) {
  for (const Threshold& threshold : options.fail_on) each_.push_back({threshold});
}

void PhaseGatherer::add(std::size_t pair, const Phases& expected, const Phases& actual) {
  for (std::size_t i = 0; i < kPhases.size(); ++i) {
    if (expected[i] < 0 || actual[i] < 0) continue;
    Values& values = values_[i];
    values.expected.push_back(expected[i]);
    values.actual.push_back(actual[i]);
    values.expected_sum += expected[i];
    values.actual_sum += actual[i];
  }
  for (ThresholdResult& result : each_) {
    const std::size_t i = index_of(result.threshold.phase);
    if (result.threshold.statistic != Statistic::each || expected[i] < 0 || actual[i] < 0) continue;
    if (actual[i] <= limit_of(result.threshold, expected[i])) continue;
    ++result.count;
    if (result.exceeded && actual[i] - expected[i] <= result.actual - result.expected) continue;
    result.exceeded = true;
    result.pair = pair;
    result.expected = expected[i];
    result.actual = actual[i];
  }
}

std::vector<PhaseTotals> PhaseGatherer::totals() {
  std::vector<PhaseTotals> out;
  for (std::size_t i = 0; i < kPhases.size(); ++i) {
    const Values& values = values_[i];
    if (values.expected.empty()) continue;
    out.push_back({kPhases[i], values.expected.size(), values.expected_sum, values.actual_sum, percentile_of(values.expected, 50),
                   percentile_of(values.actual, 50), percentile_of(values.expected, 95), percentile_of(values.actual, 95)});
  }
  return out;
}

std::vector<ThresholdResult> PhaseGatherer::results() {
  for (ThresholdResult& result : each_) {
    const Values& values = values_[index_of(result.threshold.phase)];
    result.without_data = values.expected.empty();
    if (result.without_data || result.threshold.statistic == Statistic::each) continue;
    result.expected = statistic_of(result.threshold, values.expected, values.expected_sum);
    result.actual = statistic_of(result.threshold, values.actual, values.actual_sum);
    result.exceeded = result.actual > limit_of(result.threshold, result.expected);
  }
  return each_;
}

}  // namespace har::diff
