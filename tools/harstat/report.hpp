#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "har/stat/condition.hpp"
#include "harstat/harstat.hpp"

/// The reports. Each appends all of it to `out`.
namespace tools::harstat {

struct Report {
  const har::stat::Totals& totals;
  const Plan& plan;
  std::vector<har::stat::Verdict> verdicts{};  ///< of all limits
};

void report_table(std::string& out, const Report& report);
void report_json(std::string& out, const Report& report);
void report_csv(std::string& out, const Report& report);

/// Milliseconds as a decimal number, exactly.
std::string millis(std::uint64_t nanoseconds);
/// How many a second; "0" where nothing took any time. With three decimals at most.
std::string rate(std::uint64_t count, har::stat::Sum nanoseconds);

}  // namespace tools::harstat
