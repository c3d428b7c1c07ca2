#include <catch2/catch.hpp>

#include <fstream>
#include <iterator>

#include "harcheck/harcheck.hpp"

using har::check::RuleId;
using tools::harcheck::match_rules;

TEST_CASE("a pattern is a rule's name, or one with stars; for a wrong one the near name is told") {
  CHECK(match_rules("time-sum").value() == std::vector{RuleId::time_sum});
  CHECK(match_rules("time-*").value() == std::vector{RuleId::time_sum, RuleId::time_sum_ssl});
  CHECK(match_rules("*").value().size() == har::check::kRuleCount);
  CHECK(match_rules("time-smu").error().message == "there is no rule time-smu; did you mean time-sum?");
  CHECK(match_rules("elephant").error().message == "there is no rule elephant; --list-rules lists them");
  CHECK(match_rules("").error().code == stream::ErrorCode::usage);
}

TEST_CASE("the explanation has the levels, the reason and the source") {
  const std::string text = tools::harcheck::explain_rule(RuleId::ws_opcode);
  CHECK(text.starts_with(
      "ws-opcode: a WebSocket message of an opcode that no message has\n  level   warning\n  reason  Messages are"));
  CHECK(text.ends_with("  source  RFC 6455 section 11.8\n"));
  CHECK(tools::harcheck::explain_rule(RuleId::time_sum).find("  level   note, with --profile strict warning\n") !=
        std::string::npos);
  // One that only --secrets or a profile looks at says so.
  CHECK(tools::harcheck::explain_rule(RuleId::secret_body).find("  level   off, with --secrets warning\n") != std::string::npos);
  CHECK(tools::harcheck::explain_rule(RuleId::import_chrome).find("  level   off, with --profile chrome error\n") !=
        std::string::npos);
}

TEST_CASE("docs/rules.md is what the table of rules says") {
  std::ifstream file(HARTAPE_SOURCE_DIR "/docs/rules.md");
  REQUIRE(file);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  INFO("harcheck --print-rules >docs/rules.md makes it anew");
  CHECK(text == tools::harcheck::rules_document());
}

TEST_CASE("the texts of the rules fit into a line and a table") {
  for (const har::check::Rule& rule : har::check::rules()) {
    INFO(rule.name);
    CHECK(rule.name.size() <= 22);
    CHECK(!rule.summary.empty());
    CHECK(rule.summary.size() <= 80);
    CHECK(rule.summary.find('|') == std::string_view::npos);
    CHECK(!rule.reason.empty());
    CHECK(rule.reason.ends_with('.'));
    CHECK(!rule.source.empty());
    CHECK(rule.regular <= rule.strict);
  }
}
