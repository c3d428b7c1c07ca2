#include <catch2/catch.hpp>

#include <cstdio>

#include "harcheck/harcheck.hpp"

using har::check::Profile;
using har::check::RuleId;
using har::check::Severity;
using tools::harcheck::Options;

namespace {

/// What a command line means; the status of a wrong one is in `status`.
Options parsed(std::vector<const char*> arguments, int* status = nullptr) {
  arguments.insert(arguments.begin(), "harcheck");
  std::FILE* const nowhere = std::fopen("/dev/null", "w");
  REQUIRE(nowhere != nullptr);
  Options options;
  {
    tools::Tool tool(tools::harcheck::info(), nowhere, nowhere);
    declare(tool, options);
    const int done = tool.run(static_cast<int>(arguments.size()), arguments.data(), [] { return tools::kYes; });
    if (status != nullptr) *status = done;
    if (status == nullptr) CHECK(done == tools::kYes);
  }
  std::fclose(nowhere);
  return options;
}

int refused(std::vector<const char*> arguments) {
  int status = tools::kYes;
  parsed(std::move(arguments), &status);
  return status;
}

}  // namespace

TEST_CASE("levels of rules stand in their order, and a pattern is all of its rules") {
  const Options options = parsed({"a.har", "--rule", "time-*=off", "--rule", "time-sum=error", "b.har"});
  CHECK(options.inputs == std::vector<std::string>{"a.har", "b.har"});
  CHECK(options.levels == std::vector<std::pair<RuleId, Severity>>{{RuleId::time_sum, Severity::off},
                                                                   {RuleId::time_sum_ssl, Severity::off},
                                                                   {RuleId::time_sum, Severity::error}});
  CHECK(parsed({"--explain", "time-sum,ws-op*", "--explain", "json-utf8"}).explain ==
        std::vector{RuleId::time_sum, RuleId::ws_opcode, RuleId::json_utf8});
}

TEST_CASE("what a check is told comes from the options") {
  const auto told = check_options(
      parsed({"--profile", "strict", "--secrets", "--rule", "query-url=note", "--max-depth", "7", "--max-entry", "1KiB", "x"}));
  CHECK(told.profile == Profile::strict);
  CHECK(told.secrets);
  CHECK(told.levels == std::vector<std::pair<RuleId, Severity>>{{RuleId::query_url, Severity::note}});
  CHECK(told.limits.max_depth == 7);
  CHECK(told.limits.max_entry == 1024);
  CHECK(parsed({"x"}).fail_on == Severity::error);
  CHECK(parsed({"x", "--fail-on", "note"}).fail_on == Severity::note);
  CHECK(parsed({"x", "--json"}).report == tools::harcheck::ReportKind::ndjson);
}

TEST_CASE("what means nothing is refused") {
  const std::vector<std::vector<const char*>> wrong{{"x", "--rule", "time-sum"}, {"x", "--rule", "time-sum=loud"},
                                                    {"x", "--rule", "time=off"}, {"x", "--profile", "safari"},
                                                    {"x", "--fail-on", "off"},   {"x", "--max-errors", "-1"},
                                                    {"x", "--dry-run"},          {"x", "--json", "--report", "text"},
                                                    {"--explain", "nothing"},    {"x", "--fix", "-i", "-o", "y"}};
  for (const auto& arguments : wrong) {
    CAPTURE(arguments);
    CHECK(refused(arguments) == tools::kFailure);
  }
}
