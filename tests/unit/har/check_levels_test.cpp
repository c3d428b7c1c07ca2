#include "check/levels.hpp"

#include <catch2/catch.hpp>

using namespace har::check;

namespace {

Options options(Profile profile, std::vector<std::pair<RuleId, Severity>> levels = {}, bool secrets = false) {
  Options out;
  out.profile = profile;
  out.levels = std::move(levels);
  out.secrets = secrets;
  return out;
}

}  // namespace

TEST_CASE("a finding counts for what its profile says") {
  const Levels regular(options(Profile::regular));
  const Levels strict(options(Profile::strict));
  for (const Rule& rule : rules()) {
    INFO(rule.name);
    CHECK(regular.of(rule.id) == rule.regular);
    CHECK(strict.of(rule.id) == rule.strict);
    CHECK(regular.wanted(rule.id) == (rule.regular != Severity::off));
  }
}

TEST_CASE("the milder form of a rule counts under the profile default alone") {
  const Mark mark{RuleId::har_required, 0, "", "", Severity::note};
  CHECK(Levels(options(Profile::regular)).of(mark) == Severity::note);
  CHECK(Levels(options(Profile::strict)).of(mark) == Severity::error);
  const Mark off{RuleId::har_member, 0, "", "", Severity::off};
  CHECK(Levels(options(Profile::regular)).of(off) == Severity::off);
  CHECK(Levels(options(Profile::strict)).of(off) == Severity::error);
}

TEST_CASE("what the command line says of a rule counts for all its forms; of two the later one") {
  const Mark mark{RuleId::har_required, 0, "", "", Severity::note};
  CHECK(Levels(options(Profile::regular, {{RuleId::har_required, Severity::warning}})).of(mark) == Severity::warning);
  CHECK(Levels(options(Profile::strict, {{RuleId::har_required, Severity::off}})).of(mark) == Severity::off);
  const Levels later(options(Profile::regular, {{RuleId::time_sum, Severity::error}, {RuleId::time_sum, Severity::off}}));
  CHECK_FALSE(later.wanted(RuleId::time_sum));
}

TEST_CASE("secrets are looked for when they are asked for") {
  CHECK_FALSE(Levels(options(Profile::strict)).wanted(RuleId::secret_header));
  const Levels asked(options(Profile::regular, {}, true));
  for (const Rule& rule : rules()) {
    if (rule.name.starts_with("secret-")) CHECK(asked.of(rule.id) == Severity::warning);
  }
  CHECK(Levels(options(Profile::regular, {{RuleId::secret_token, Severity::error}})).of(RuleId::secret_token) == Severity::error);
}

TEST_CASE("a program is asked about its own rule, and about what no reader of JSON takes") {
  for (const auto& [profile, own] : {std::pair{Profile::chrome, RuleId::import_chrome},
                                     {Profile::firefox, RuleId::import_firefox},
                                     {Profile::playwright, RuleId::import_playwright},
                                     {Profile::mitmproxy, RuleId::import_mitmproxy},
                                     {Profile::har_schema, RuleId::import_har_schema}}) {
    const Levels levels(options(profile));
    for (const Rule& rule : rules()) {
      const bool json = rule.id == RuleId::json_syntax || rule.id == RuleId::json_utf8 || rule.id == RuleId::json_limit ||
                        rule.id == RuleId::har_cut;
      INFO(rule.name);
      CHECK(levels.of(rule.id) == (json || rule.id == own ? Severity::error : Severity::off));
    }
    CHECK(levels.of(Mark{own, 0, "", "", Severity::warning}) == Severity::warning);
  }
}

TEST_CASE("what a program is known to write without harm is a note in its files alone") {
  Levels levels(options(Profile::regular));
  const Mark missing{RuleId::har_required, 0, "/timings", "the member \"send\" is missing", Severity::warning};
  CHECK(levels.of(missing) == Severity::warning);
  levels.set_producer("Firefox");
  CHECK(levels.of(missing) == Severity::note);
  CHECK(levels.of(Mark{RuleId::har_required, 0, "/request", "the member \"url\" is missing", {}}) == Severity::error);
  CHECK(levels.of(Mark{RuleId::har_type, 0, "/timings", "expected an object, found null", Severity::warning}) ==
        Severity::warning);
  levels.set_producer("another");
  CHECK(levels.of(missing) == Severity::warning);
  Levels told(options(Profile::regular, {{RuleId::har_required, Severity::error}}));
  told.set_producer("Firefox");
  CHECK(told.of(missing) == Severity::error);
  Levels strict(options(Profile::strict));
  strict.set_producer("Firefox");
  CHECK(strict.of(missing) == Severity::error);
}

TEST_CASE("rules are found by their names, and no name stands twice") {
  for (const Rule& rule : rules()) {
    CHECK(find_rule(rule.name) == &rule);
    CHECK(&har::check::rule(rule.id) == &rule);
  }
  CHECK(find_rule("no-such-rule") == nullptr);
  CHECK(parse_severity("warning") == Severity::warning);
  CHECK_FALSE(parse_severity("fatal"));
}
