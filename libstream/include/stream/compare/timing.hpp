#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "stream/io/error.hpp"
#include "stream/text/timestamp.hpp"

namespace stream {

/// A bound on when things came: METRIC<=LIMIT or METRIC>=LIMIT.
struct TimingRule {
  enum class Metric : std::uint8_t {
    first,  ///< from the request to the first item
    total,  ///< from the request to the last item
    at,     ///< of each item that is on both sides: from the first such item, so that a clock that is ahead does not matter
    gap,    ///< of each item that is on both sides: from the one before
  };
  enum class Statistic : std::uint8_t {
    each,        ///< of `at` and `gap`: every single one
    percentile,  ///< of the gaps of all items of a side
    mean,
    max,
  };
  Metric metric = Metric::gap;
  Statistic statistic = Statistic::each;
  double percentile = 0;  ///< 0 to 100
  bool at_least = false;  ///< >= rather than <=
  bool relative = false;  ///< to the expected side: limit and percent are added to what it has
  Nanos limit{};          ///< negative only if relative
  std::optional<double> percent{};
  std::string spelling{};  ///< as the user wrote it

  bool operator==(const TimingRule&) const = default;
};

/// "gap<=+50ms", "first<=500ms", "total<=+10%", "gap.p99<=200ms", "gap.max<=1s", "at>=-20ms". Errors: `usage`.
Result<TimingRule> parse_timing_rule(std::string_view text);

}  // namespace stream
