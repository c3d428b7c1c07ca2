#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "common/tool.hpp"
#include "common/where_option.hpp"
#include "har/stat/condition.hpp"
#include "har/stat/totals.hpp"

/// harstat: what is in recordings, as numbers.
namespace tools::harstat {

enum class Form { table, json, csv };

struct Options {
  std::vector<std::string> inputs;
  InputGroup input;
  OutputGroup output;
  WhereGroup where;
  std::vector<std::string> group_by;  ///< each a section: "host,type"
  std::vector<std::string> fail_on;
  std::vector<std::string> percentiles;
  std::size_t top = 10;
  std::size_t exact_up_to = har::stat::Quantiles::kExactUpTo;
  std::size_t max_groups = har::stat::Settings().max_groups;
  std::size_t max_requests = har::stat::Settings().max_requests;
  Form form = Form::table;
  bool partial = false;
  bool merge = false;
  unsigned threads = 0;
};

/// Declares the options on the tool.
void declare(Tool& tool, Options& options);
ToolInfo info();

/// What the options ask for, made ready.
struct Plan {
  har::stat::Settings settings{};
  std::size_t shown = 0;  ///< the first sections are asked for; those behind them are there for the limits only
  std::vector<har::stat::Condition> limits{};
  std::vector<har::stat::Percent> percentiles{};
};
/// Errors: `usage`.
stream::Result<Plan> plan_of(const Options& options);

/// Counts; the exit status.
int run(Tool& tool, const Options& options);

int main(int argc, const char* const* argv);

}  // namespace tools::harstat
