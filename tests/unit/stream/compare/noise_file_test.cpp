#include "stream/compare/noise_file.hpp"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "exchanges.hpp"

using namespace exchanges;
using stream::CompareOptions;
using stream::NoiseAction;
using stream::NoiseRules;
using stream::StreamKind;

namespace {

struct Read {
  NoiseRules rules{};
  std::string error{};
  std::vector<std::string> findings{};
};

Read read(std::string_view text, const std::string& test_set = {}) {
  Read out;
  stream::NoiseFileOptions options;
  options.source = "noise.yml";
  options.test_set = test_set;
  options.findings = [&](const stream::Finding& finding) { out.findings.push_back(to_string(finding)); };
  const auto status = read_noise_file(out.rules, text, options);
  if (!status) out.error = to_string(status.error());
  return out;
}

// Whether two NDJSON streams are equal under the rules of a file.
bool equal(const Read& file, std::string_view expected, std::string_view actual) {
  CHECK(file.error.empty());
  CompareOptions options;
  options.values.noise = file.rules;
  const auto result = compare_exchanges(bare(StreamKind::ndjson, expected), bare(StreamKind::ndjson, actual), options);
  REQUIRE(result);
  return result->equal();
}

}  // namespace

TEST_CASE("a noise file has a rule for every path of an action") {
  const auto file = read(R"(noise: 1
rules:
  - ignore: [/id, '@retry']
    kind: [event, record]
    event: delta
    dir: receive
    why: made by the server
  - mask: .url
    match: '[0-9]+'
    replace: N
  - tolerance: /usage
    within: 5%
    optional: true
  - {regex: /token, match: ^tok_}
  - accept: /x
    match: ''
  - type: /a
  - shape: /b
  - size: /c
)");
  CHECK(file.error.empty());
  REQUIRE(file.rules.size() == 9);
  CHECK(file.rules[0].action == NoiseAction::ignore);
  CHECK(file.rules[0].path == "/id");
  CHECK(file.rules[0].only.kinds == std::vector{stream::ItemKind::event, stream::ItemKind::record});
  CHECK(file.rules[0].only.events == std::vector<std::string>{"delta"});
  CHECK(file.rules[0].only.direction == stream::Direction::receive);
  CHECK(file.rules[1].path == "@retry");
  CHECK(file.rules[1].place.line == 3);
  CHECK(file.rules[1].place.column == 19);
  CHECK(file.rules[2].match == "[0-9]+");
  CHECK(file.rules[2].replace == "N");
  CHECK(file.rules[3].within.percent);
  CHECK(file.rules[3].optional);
  CHECK_FALSE(file.rules[4].optional);
  CHECK(file.rules[8].action == NoiseAction::size);
}

TEST_CASE("a noise file without rules is one") {
  CHECK(read("noise: 1\n").error.empty());
  CHECK(read("noise: 1\nrules:\n").error.empty());
  CHECK(read("noise: 1\nrules: []\n").rules.empty());
}

TEST_CASE("what is wrong in a noise file is said with its place") {
  const auto error = [](std::string_view rules) { return read("noise: 1\nrules:\n" + std::string(rules)).error; };
  CHECK(read("").error == "noise.yml: neither a noise file nor one of Keploy's with noise");
  CHECK(read("a: 1\n").error == "noise.yml:1:1: neither a noise file nor one of Keploy's with noise");
  CHECK(read("- 1\n").error == "noise.yml:1:1: neither a noise file nor one of Keploy's with noise");
  CHECK(read("noise: 2\n").error == "noise.yml:1:8: version '2' of the form is not known");
  CHECK(read("noise: 1\nrule: []\n").error == "noise.yml:2:1: unknown member 'rule'");
  CHECK(read("noise: 1\nrules: {}\n").error == "noise.yml:2:8: expected a list of rules");
  CHECK(error("  - /id\n") == "noise.yml:3:5: expected a rule, such as 'ignore: /id'");
  CHECK(error("  - kind: event\n") == "noise.yml:3:5: a rule without an action");
  CHECK(error("  - ignore: /a\n    type: /b\n") == "noise.yml:4:5: a rule has one action, and this one has 'ignore' already");
  CHECK(error("  - ignore: created\n") == "noise.yml:3:13: the pattern 'created' begins neither with / nor with @");
  CHECK(error("  - ignore: []\n") == "noise.yml:3:13: the list of 'ignore' is empty");
  CHECK(error("  - ignore: [/a, {}]\n") == "noise.yml:3:18: expected a text, or a list of texts, for 'ignore'");
  CHECK(error("  - mask: /a\n") == "noise.yml:3:5: a rule of 'mask' needs 'match'");
  CHECK(error("  - mask: /a\n    match: '['\n") == "noise.yml:3:11: the regular expression '[' is none: missing ]: [");
  CHECK(error("  - type: /a\n    match: x\n") == "noise.yml:4:12: a rule of 'type' has no 'match'");
  CHECK(error("  - tolerance: /a\n    within: 5x\n") == "noise.yml:4:13: '5x' is no tolerance");
  CHECK(error("  - ignore: /a\n    kind: evnt\n") == "noise.yml:4:11: unknown kind 'evnt'");
  CHECK(error("  - ignore: /a\n    dir: up\n") == "noise.yml:4:10: expected send or receive for 'dir'");
  CHECK(error("  - ignore: /a\n    when: x\n") == "noise.yml:4:5: unknown member 'when' of a rule");
  CHECK(error("  - ignore: /a\n    optional: maybe\n") == "noise.yml:4:15: expected true or false for 'optional'");
  CHECK(error("  - ignore: @id\n").find("noise.yml:3:13: no YAML: ") == 0);
  CHECK(error("  - ignore: [/a\n").find("noise.yml:") == 0);
}

TEST_CASE("a text that would grow without bound is refused") {
  std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 12; ++i) {
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
    for (int j = 0; j < 10; ++j) bomb += (j == 0 ? "*a" : ", *a") + std::to_string(i - 1);
    bomb += "]\n";
  }
  CHECK(read(bomb).error.find("the text would become too large") != std::string::npos);
  CHECK(read("a: &a [*a]\n").error.find("an alias inside of what it stands for") != std::string::npos);
  CHECK(read(std::string(100, '[')).error.find("nested deeper than 64 levels") != std::string::npos);
  CHECK(read("noise: 1\nrules:\n  - ignore: &paths [/a, /b]\n  - type: *paths\n").rules.size() == 4);
}

TEST_CASE("Keploy's global noise is read: names at any depth in any case, paths with dots, expressions for the actual value") {
  const auto file = read(R"(path: ""
test:
  globalNoise:
    global:
      body: { timestamp: [], "user.id": ["^[0-9]+$"], "body.ts": [], bad: ["["] }
      header: { Date: [], X-Request-Id: ["^req-"] }
      url: { x: [] }
    test-sets:
      test-set-1:
        body: { token: [], timestamp: ["^2026"] }
)");
  CHECK(file.error.empty());
  CHECK(file.findings ==
        std::vector<std::string>{
            "noise.yml:7:7: warning: 'url' is left out: requests are not compared [keploy-noise]",
            "noise.yml:9:7: warning: the noise of test sets is left out: none was chosen [keploy-noise]",
            "noise.yml:5:76: warning: '[' is left out: it is no regular expression, and matches nothing [keploy-noise]"});
  CHECK(equal(file, R"({"timestamp":1,"a":{"TimeStamp":2}})", R"({"timestamp":9,"a":{"TimeStamp":8}})"));
  CHECK(equal(file, R"({"a":1,"ts":5})", R"({"a":1})"));
  CHECK(equal(file, R"({"data":{"user":[{"id":1}]}})", R"({"data":{"user":[{"id":2}]}})"));
  CHECK_FALSE(equal(file, R"({"user":{"id":1}})", R"({"user":{"id":"x"}})"));
  CHECK(equal(file, R"({"user":{"id":"x"}})", R"({"user":{"id":1}})"));
  CHECK_FALSE(equal(file, R"({"user":{"id":1}})", R"({"user":{}})"));  // only a name without expressions may be absent
  CHECK_FALSE(equal(file, R"({"id":1})", R"({"id":2})"));
  CHECK_FALSE(equal(file, R"({"token":1})", R"({"token":2})"));
  CHECK_FALSE(equal(file, R"({"timestamps":1})", R"({"timestamps":2})"));
  CHECK_FALSE(equal(file, R"({"bad":1})", R"({"bad":2})"));
  CHECK(file.rules.unused().empty());
}

TEST_CASE("the noise of a Keploy test set stands in place of the global one, name by name") {
  const std::string text = R"(test:
  globalNoise:
    global:
      body: { timestamp: [], a: [] }
    test-sets:
      test-set-1:
        body: { token: [], timestamp: ["^2026"] }
)";
  const auto file = read(text, "test-set-1");
  CHECK(equal(file, R"({"token":1,"a":1})", R"({"token":2})"));
  CHECK(equal(file, R"({"timestamp":"x"})", R"({"timestamp":"2026-01-01"})"));
  CHECK_FALSE(equal(file, R"({"timestamp":"x"})", R"({"timestamp":"2025-01-01"})"));
  CHECK(read(text, "test-set-2").error == "noise.yml:6:7: there is no noise of the test set 'test-set-2'");
}

TEST_CASE("a whole section of Keploy's noise can be left out") {
  for (const char* const body : {"[]", "['*']", "'*'", "{'*': ['*']}", "{'*': []}"}) {
    INFO(body);
    const auto file = read("test:\n  globalNoise:\n    global:\n      body: " + std::string(body) + "\n");
    CHECK(equal(file, R"({"a":1})", R"([2])"));
  }
  const auto none = read("test:\n  globalNoise:\n    global:\n      body: {}\n      header:\n");
  CHECK_FALSE(equal(none, R"({"a":1})", R"({"a":2})"));
}

TEST_CASE("the noise of Keploy's test cases is read") {
  const auto file = read(R"(# Generated by Keploy (3-dev)
version: api.keploy.io/v1beta1
kind: Http
name: test-1
spec:
  assertions:
    noise:
      body.createdAt: []
      body.data.user.id: ['^u', '^v']
      header.Date: []
      url: []
)");
  CHECK(file.findings.size() == 1);
  CHECK(equal(file, R"({"x":[{"createdAt":1}]})", R"({"x":[{"createdAt":2}]})"));
  CHECK(equal(file, R"({"data":{"user":{"id":"a"}}})", R"({"data":{"user":{"id":"v"}}})"));
  CHECK_FALSE(equal(file, R"({"user":{"id":"a"}})", R"({"user":{"id":"v"}})"));
  const auto listed = read("version: api.keploy.io/v1beta1\nspec: {assertions: {noise: {body: [a.b, c], header: []}}}\n");
  CHECK(equal(listed, R"({"a":{"b":1},"c":1})", R"({"a":{"b":2},"c":2})"));
  CHECK_FALSE(equal(listed, R"({"a":1})", R"({"a":2})"));
  CHECK(read("version: api.keploy.io/v1beta1\nkind: Http\nspec: {}\n").error.empty());
}

TEST_CASE("headers that change by nature may differ in value under Keploy's noise, unless that is off") {
  const std::string part = "--b\r\nDate: 1\r\nX-Req: req-1\r\n\r\nx\r\n--b--\r\n";
  const auto verdict = [&](const Read& file, std::string_view actual) {
    CHECK(file.error.empty());
    CompareOptions options;
    options.values.noise = file.rules;
    return compare_exchanges(bare(StreamKind::multipart, part), bare(StreamKind::multipart, actual), options)->equal();
  };
  const std::string other = "--b\r\nDate: 2\r\nX-Req: req-1\r\n\r\nx\r\n--b--\r\n";
  CHECK(verdict(read("test: {globalNoise: {global: {}}}\n"), other));
  CHECK_FALSE(verdict(read("test: {disableAutoHeaderNoise: true, globalNoise: {global: {}}}\n"), other));
  CHECK_FALSE(verdict(read("test: {globalNoise: {global: {}}}\n"), "--b\r\nX-Req: req-1\r\n\r\nx\r\n--b--\r\n"));
  const auto named = read("test: {globalNoise: {global: {header: {X-Req: ['^req-'], Date: []}}}}\n");
  CHECK(verdict(named, "--b\r\nX-Req: req-2\r\n\r\nx\r\n--b--\r\n"));
  CHECK_FALSE(verdict(named, "--b\r\nX-Req: x\r\n\r\nx\r\n--b--\r\n"));
}

TEST_CASE("a noise file has rules for arrays") {
  const auto file = read(R"(noise: 1
rules:
  - set: /tags
  - key: /items
    by: id
)");
  CHECK(equal(file, R"({"tags":["a","b"],"items":[{"id":1},{"id":2}]})", R"({"tags":["b","a"],"items":[{"id":2},{"id":1}]})"));
  CHECK(read("noise: 1\nrules:\n  - key: /items\n").error == "noise.yml:3:5: a rule of 'key' needs 'by'");
  CHECK(read("noise: 1\nrules:\n  - set: /items\n    by: id\n").error == "noise.yml:4:9: a rule of 'set' has no 'by'");
}

TEST_CASE("Keploy's noise of requests counts where requests are compared") {
  const std::string_view text = "test:\n  globalNoise:\n    global:\n      requestBody: {token: []}\n      url: []\n";
  CHECK(read(text).findings.size() == 2);
  NoiseRules rules;
  stream::NoiseFileOptions options;
  options.requests = true;
  options.findings = [](const stream::Finding& finding) { FAIL(to_string(finding)); };
  REQUIRE(read_noise_file(rules, text, options));
  bool token = false;
  bool url = false;
  for (std::size_t i = 0; i < rules.size(); ++i) {
    token = token || (rules[i].path == "token" && rules[i].only.direction == stream::Direction::send);
    url = url || rules[i].path == "@url";
  }
  CHECK(token);
  CHECK(url);
}
