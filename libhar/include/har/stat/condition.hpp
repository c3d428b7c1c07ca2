#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "har/stat/totals.hpp"
#include "stream/io/error.hpp"

namespace har::stat {

/// What a number is counted in.
enum class Unit : std::uint8_t { count, bytes, time };

/// A limit for a number of the report: METRIC[.STAT][{GROUP}] OP VALUE, or STAT(METRIC) … (docs/harstat.md, "Limits"). It says
/// what must not be.
struct Condition {
  enum class Stat : std::uint8_t { total, percentile, least, greatest, mean, sum, values };
  enum class Op : std::uint8_t { less, less_equal, equal, not_equal, greater_equal, greater };

  std::string text{};    ///< as it was written
  std::string metric{};  ///< "time", "entries", "status" …
  std::string detail{};  ///< of status and cache: "5xx", "404", "no-store"
  Stat stat = Stat::total;
  Percent percent{};
  Unit unit = Unit::count;
  /// The group's dimensions and values, in the order of their names; the value "*" stands for every group. Empty: all entries.
  std::vector<std::pair<Dimension, std::string>> group{};
  Op op = Op::greater;
  /// The limit: a number in `unit`, or, of a count, a part of a hundred of all entries of the group.
  std::uint64_t limit = 0;
  std::optional<Percent> share{};

  /// What the totals must be grouped by, to know it; empty: nothing.
  Section section() const;
};

/// Errors: `usage`, with the column in `text` at which something else was expected.
stream::Result<Condition> parse_condition(std::string_view text);

/// One limit that was passed, or that nothing was found for.
struct Verdict {
  bool violated = false;
  std::string what{};   ///< "time.p95 of host=api.example"
  std::string found{};  ///< "812 ms"; empty: nothing was found to be measured
  std::string limit{};  ///< "> 800 ms"
};
/// A verdict for each group that is meant. `totals` must have been grouped by section().
std::vector<Verdict> judge(const Condition& condition, const Totals& totals);

}  // namespace har::stat
