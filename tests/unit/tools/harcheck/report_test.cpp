#include "harcheck/report.hpp"

#include <catch2/catch.hpp>

#include "stream/text/json.hpp"

using namespace tools::harcheck;  // NOLINT
using stream::Finding;
using stream::Json;
using stream::Level;

namespace {

const Finding kWarning{
    Level::warning, "time-sum", "expected 1 ms, found \"2\x1b\"", {"a b.har", 12, 7, 345, "/log/entries/3/time"}};
const Finding kError{Level::error, "json-syntax", "100% wrong,\nreally", {"a b.har", 13, 1, 400, ""}};
const Finding kNote{Level::note, "page-unused", "unused", {"a b.har", 0, 0, {}, "/log/pages/0"}};
const Finding kRepair{Level::note, "har-type", "was null, now -1", {"a b.har", 3, 4, 50, "/log/entries/0/time"}};

Verdict verdict() {
  Verdict out;
  out.valid = false;
  out.summary.entries = 4228;
  out.summary.by_severity = {0, 1, 2, 1};
  out.summary.count[static_cast<std::size_t>(RuleId::time_sum)] = 2;
  out.summary.count[static_cast<std::size_t>(RuleId::json_syntax)] = 1;
  out.summary.producer = "Maker 1";
  out.not_shown.hidden = {{RuleId::time_sum, Severity::warning, "/log/entries/*/time", "time is not the sum of the timings", 1}};
  return out;
}

/// All that a report says of a file with three findings, and of one that can't be read.
std::string whole(Report& report) {
  std::string out;
  report.begin(out);
  report.open(out, "a b.har", *har::find_format("har"));
  report.repair(out, kRepair);
  report.end_repairs(out, "a b.har", {{{RuleId::har_type, Severity::note, "", "a wrong type", 5}}, 0});
  for (const Finding* finding : {&kWarning, &kError, &kNote}) report.finding(out, *finding);
  report.close(out, "a b.har", verdict());
  report.fail(out, "none.har", {stream::ErrorCode::io, "cannot open", {"none.har"}, {}});
  report.end(out, {0, 1, 1});
  return out;
}

}  // namespace

TEST_CASE("the text has the place first, the rule last, and a line for each input") {
  CHECK(whole(*text_report(false)) ==
        "a b.har:3:4: /log/entries/0/time: fixed: was null, now -1 [har-type]\n"
        "a b.har: fixed: and 5 more: a wrong type [har-type]\n"
        "a b.har:12:7: /log/entries/3/time: warning: expected 1 ms, found \"2\\x1b\" [time-sum]\n"
        "a b.har:13:1: error: 100% wrong,\\nreally [json-syntax]\n"
        "a b.har: /log/pages/0: note: unused [page-unused]\n"
        "a b.har: /log/entries/*/time: warning: and 1 more: time is not the sum of the timings [time-sum]\n"
        "a b.har: not valid: 4,228 entries, 1 error, 2 warnings, 1 note\n"
        "2 inputs: 0 valid, 1 not valid, 1 could not be checked\n");
  CHECK(whole(*text_report(true)).find(": \x1b[1;33mwarning:\x1b[0m expected") != std::string::npos);
}

TEST_CASE("what --max-errors leaves out is counted") {
  Verdict bounded = verdict();
  bounded.not_shown = {{}, 4227};
  std::string out;
  text_report(false)->close(out, "x\n.har", bounded);
  CHECK(out ==
        "x\\n.har: and 4,227 findings that --max-errors leaves out\n"
        "x\\n.har: not valid: 4,228 entries, 1 error, 2 warnings, 1 note\n");
}

TEST_CASE("every line of the NDJSON is a record with the members that the document names") {
  const std::string out = whole(*ndjson_report());
  CHECK(
      out ==
      R"({"harcheck":1,"record":"repair","file":"a b.har","line":3,"column":4,"byte":50,"pointer":"/log/entries/0/time","rule":"har-type","message":"was null, now -1"}
{"harcheck":1,"record":"finding","file":"a b.har","line":12,"column":7,"byte":345,"pointer":"/log/entries/3/time","level":"warning","rule":"time-sum","message":"expected 1 ms, found \"2\u001b\""}
{"harcheck":1,"record":"finding","file":"a b.har","line":13,"column":1,"byte":400,"pointer":"","level":"error","rule":"json-syntax","message":"100% wrong,\nreally"}
{"harcheck":1,"record":"finding","file":"a b.har","pointer":"/log/pages/0","level":"note","rule":"page-unused","message":"unused"}
{"harcheck":1,"record":"summary","file":"a b.har","valid":false,"entries":4228,"errors":1,"warnings":2,"notes":1,"rules":{"json-syntax":1,"time-sum":2},"producer":"Maker 1"}
{"harcheck":1,"record":"failure","file":"none.har","pointer":"","message":"cannot open"}
)");
}

TEST_CASE("annotations are escaped as the runner undoes it") {
  const Finding odd{Level::error, "json-syntax", "50%: a, b\n::warning::c", {"a:b,100%.har", 2, 3, {}, ""}};
  std::string out;
  github_report()->finding(out, odd);
  CHECK(out == "::error file=a%3Ab%2C100%25.har,line=2,col=3,title=json-syntax::50%25: a, b\\n::warning::c\n");
  out.clear();
  github_report()->finding(out, {Level::note, "page-unused", "m", {"<stdin>", 0, 0, {}, "/log/pages/0"}});
  CHECK(out == "::notice title=page-unused::/log/pages/0: m\n");
  // A file whose name is a command does not begin a line.
  out.clear();
  github_report()->close(out, "::stop-commands::x", {});
  CHECK(out == "harcheck: ::stop-commands::x: valid: 0 entries\n");
}

TEST_CASE("the JUnit report has a case for each rule that is looked at, and fails those at the level of --fail-on") {
  Options options;
  const std::string out = whole(*junit_report(options));
  CHECK(out.find("<testcase name=\"json-utf8\" classname=\"a b.har\"/>") != std::string::npos);
  CHECK(out.find("name=\"secret-body\"") == std::string::npos);
  CHECK(out.find("name=\"import-chrome\"") == std::string::npos);
  CHECK(out.find("name=\"recording-shape\"") == std::string::npos);
  CHECK(
      out.find("<failure type=\"json-syntax\" message=\"100% wrong,&#10;really\">a b.har:13:1: error: 100% wrong,\\nreally\n") !=
      std::string::npos);
  CHECK(out.find("<system-out>a b.har:12:7: /log/entries/3/time: warning: expected 1 ms, found \"2\\x1b\"\n"
                 "a b.har: /log/entries/*/time: warning: and 1 more: time is not the sum of the timings\n</system-out>") !=
        std::string::npos);
  CHECK(out.find("<error type=\"failure\" message=\"cannot open\">none.har: cannot open\n</error>") != std::string::npos);
  CHECK(out.find(" failures=\"1\" errors=\"0\"") != std::string::npos);

  options.fail_on = Severity::warning;
  options.levels = {{RuleId::secret_body, Severity::error}, {RuleId::json_utf8, Severity::off}};
  const std::string stern = whole(*junit_report(options));
  CHECK(stern.find(" failures=\"2\" errors=\"0\"") != std::string::npos);
  CHECK(stern.find("name=\"secret-body\"") != std::string::npos);
  CHECK(stern.find("name=\"json-utf8\"") == std::string::npos);
}

TEST_CASE("the SARIF is one document with the rules, the results and their places, and what failed") {
  const auto document = stream::parse_json(whole(*sarif_report(Options{})));
  REQUIRE(document);
  CHECK((*document)["version"].string_or("") == "2.1.0");
  CHECK((*document)["$schema"].string_or("").find("sarif-2.1.0") != std::string_view::npos);
  const Json& run = (*document)["runs"].as_array().at(0);
  const Json::Array& rules = run["tool"]["driver"]["rules"].as_array();
  CHECK(rules.size() == har::check::kRuleCount);
  const Json::Array& results = run["results"].as_array();
  REQUIRE(results.size() == 3);
  const Json& first = results[0];
  CHECK(first["ruleId"].string_or("") == "time-sum");
  CHECK(rules.at(static_cast<std::size_t>(first["ruleIndex"].int_or(-1)))["id"].string_or("") == "time-sum");
  CHECK(first["level"].string_or("") == "warning");
  const Json& place = first["locations"].as_array().at(0);
  CHECK(to_json(place) ==
        R"({"physicalLocation":{"artifactLocation":{"uri":"a%20b.har"},"region":{"startLine":12,"startColumn":7}},)"
        R"("logicalLocations":[{"fullyQualifiedName":"/log/entries/3/time","kind":"value"}]})");
  CHECK(results[2]["locations"].as_array().at(0)["physicalLocation"].find("region") == nullptr);
  const Json& invocation = run["invocations"].as_array().at(0);
  CHECK_FALSE(invocation["executionSuccessful"].bool_or(true));
  CHECK(invocation["toolExecutionNotifications"].as_array().size() == 1);

  const auto empty = sarif_report(Options{});
  std::string out;
  empty->begin(out);
  empty->end(out, {});
  const auto nothing = stream::parse_json(out);
  REQUIRE(nothing);
  CHECK((*nothing)["runs"].as_array().at(0)["results"].as_array().empty());
}

TEST_CASE("of each kind the first few are shown, and the others are counted, worst first") {
  Showing showing(2, Showing::kAll);
  const auto shown = [&](Level level, const char* rule, const char* pointer = "", const char* message = "m") {
    return showing.show({level, rule, message, {"a.har", 0, 0, {}, pointer}});
  };
  // The numbers in a pointer make no difference, its names do.
  CHECK(shown(Level::note, "time-sum", "/log/entries/0/time"));
  CHECK(shown(Level::note, "time-sum", "/log/entries/17/time"));
  for (int i = 0; i < 3; ++i) CHECK_FALSE(shown(Level::note, "time-sum", "/log/entries/2/time"));
  for (int i = 0; i < 2; ++i) CHECK(shown(Level::note, "time-sum", "/log/entries/2/t1me"));
  // Nor are errors hidden by notes.
  for (int i = 0; i < 2; ++i) CHECK(shown(Level::error, "time-sum", "/log/entries/2/time"));
  CHECK_FALSE(shown(Level::error, "time-sum", "/log/entries/3/time"));
  for (int i = 0; i < 2; ++i) CHECK(shown(Level::note, "har-required", "/log", "the member \"a\" is missing"));
  for (int i = 0; i < 2; ++i) CHECK(shown(Level::note, "har-required", "/log", "the member \"b\" is missing"));
  CHECK_FALSE(shown(Level::note, "har-required", "/log", "the member \"b\" is missing"));
  const NotShown rest = showing.finish();
  REQUIRE(rest.hidden.size() == 3);
  CHECK(rest.hidden[0].severity == Severity::error);
  CHECK(rest.hidden[0].count == 1);
  CHECK(rest.hidden[0].pointer == "/log/entries/*/time");
  CHECK(hidden_text(rest.hidden[1]) == "and 1 more: the member \"b\" is missing");
  CHECK(hidden_text(rest.hidden[2]) == "and 3 more: time is not the sum of the timings");
  CHECK(rest.beyond_max == 0);
  // Another input begins anew.
  CHECK(shown(Level::note, "time-sum", "/log/entries/0/time"));
}

TEST_CASE("however many kinds there are, what is remembered of them is bounded, and nothing is lost") {
  Showing showing(1, Showing::kAll);
  std::size_t shown = 0;
  constexpr std::size_t kMany = 5000;
  for (std::size_t i = 0; i < kMany; ++i) {
    if (showing.show({Level::note, "har-member", "m", {"a.har", 0, 0, {}, "/log/x" + std::to_string(i)}})) ++shown;
  }
  const NotShown rest = showing.finish();
  REQUIRE(rest.hidden.size() == 1);
  CHECK(shown < 1100);
  CHECK(shown + rest.hidden[0].count == kMany);
}

TEST_CASE("behind the maximum nothing is shown, and all that was not shown is one number") {
  Showing showing(2, 3);
  int shown = 0;
  for (int i = 0; i < 5; ++i) shown += showing.show({Level::note, "time-sum", "m", {}}) ? 1 : 0;
  for (int i = 0; i < 5; ++i) shown += showing.show({Level::error, "json-utf8", "m", {}}) ? 1 : 0;
  CHECK(shown == 3);
  const NotShown rest = showing.finish();
  CHECK(rest.hidden.empty());
  CHECK(rest.beyond_max == 7);
  Showing nothing(2, 0);
  CHECK_FALSE(nothing.show({Level::error, "json-utf8", "m", {}}));
  CHECK(nothing.finish().beyond_max == 1);
}
