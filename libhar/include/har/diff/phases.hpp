#pragma once

#include <array>
#include <string_view>
#include <vector>

#include "har/diff/timing.hpp"
#include "har/entry_view.hpp"

namespace har::diff {

/// The phases that are compared, in the order in which they are shown.
inline constexpr std::array<std::string_view, 9> kPhases{"time", "blocked", "dns",     "connect", "ssl",
                                                         "send", "wait",    "receive", "ttfb"};

/// Milliseconds by phase; negative: it does not apply.
using Phases = std::array<double, kPhases.size()>;

Phases phases_of(EntryView& entry);
/// Those that either has.
std::vector<PhasePair> phase_pairs(const Phases& expected, const Phases& actual);

/// Gathers the phases of pairs, for totals and thresholds.
class PhaseGatherer {
 public:
  explicit PhaseGatherer(const TimingOptions& options);
  /// `pair`: the number of the expected entry.
  void add(std::size_t pair, const Phases& expected, const Phases& actual);
  std::vector<PhaseTotals> totals();
  std::vector<ThresholdResult> results();

 private:
  const TimingOptions& options_;
  struct Values {
    std::vector<double> expected{};
    std::vector<double> actual{};
    double expected_sum = 0;
    double actual_sum = 0;
  };
  std::array<Values, kPhases.size()> values_{};
  std::vector<ThresholdResult> each_{};
};

}  // namespace har::diff
