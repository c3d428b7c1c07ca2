#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "stream/io/error.hpp"

/// How long entries took, and when that is too long.
namespace har::diff {

/// "time", or a member of timings: "blocked", "dns", "connect", "ssl", "send", "wait", "receive", or "ttfb" (all phases before
/// receive). In milliseconds.
struct PhasePair {
  std::string_view phase{};
  std::optional<double> expected{};  ///< none: it does not apply
  std::optional<double> actual{};
};

/// A bound that must not be exceeded: METRIC>LIMIT. METRIC is a phase, of each pair, or STATISTIC(PHASE) of all pairs: mean, max,
/// sum, p50, p95, p99.9. LIMIT is a duration (200ms), or more than expected (+20%, +200ms).
struct Threshold {
  std::string phase{};
  enum class Statistic : std::uint8_t { each, mean, max, sum, percentile };
  Statistic statistic = Statistic::each;
  double percentile = 0;
  bool relative = false;            ///< to what was expected
  std::optional<double> percent{};  ///< relative: so many per cent more
  double limit_ms = 0;              ///< otherwise so many milliseconds (more)
  std::string spelling{};           ///< as the user wrote it
};
/// "wait>+20%", "time>+200ms", "p95(wait)>500ms". Errors: `usage`.
stream::Result<Threshold> parse_threshold(std::string_view text);

struct TimingOptions {
  bool compare = false;  ///< phases are told of; they are no differences unless a threshold says so
  std::vector<Threshold> fail_on{};
};

/// A phase in all pairs that have it on both sides, in milliseconds.
struct PhaseTotals {
  std::string_view phase{};
  std::size_t count = 0;
  double expected_sum = 0;
  double actual_sum = 0;
  double expected_p50 = 0;
  double actual_p50 = 0;
  double expected_p95 = 0;
  double actual_p95 = 0;
};

struct ThresholdResult {
  Threshold threshold{};
  bool exceeded = false;
  std::size_t count = 0;  ///< each: pairs that exceed it
  std::size_t pair = 0;   ///< each: the number of the expected entry of the worst, from 1
  double expected = 0;    ///< of the worst, or of the statistic, in milliseconds
  double actual = 0;
  bool without_data = false;  ///< no pair has the phase on both sides
};

}  // namespace har::diff
