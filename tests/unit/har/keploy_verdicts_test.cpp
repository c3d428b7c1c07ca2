// What Keploy's comparators say of two streams, by version: main, and the pull request #3961 (PR) whose recordings they compare.
// Both call streams equal that are not, and some different from themselves. Beside it what we say, and why.
#include <catch2/catch.hpp>

#include "../stream/compare/exchanges.hpp"
#include "har/format.hpp"
#include "stream/compare/noise_file.hpp"

using exchanges::lines;
using stream::CompareOptions;
using stream::Exchange;

namespace {

using Lines = std::vector<std::string>;

/// Keploy's recording of a stream: `body` is the YAML of its body.
Exchange recording(std::string_view type, std::string_view body) {
  const std::string text =
      "version: api.keploy.io/v1beta1\nkind: Http\nname: test-1\nspec:\n  req: {method: GET, url: 'http://localhost/', "
      "timestamp: "
      "2026-03-26T12:50:52Z}\n  resp:\n    status_code: 200\n    header: {Content-Type: '" +
      std::string(type) + "'}\n    body: " + std::string(body) + "\n    timestamp: 2026-03-26T12:50:52.1Z\n";
  const auto source = stream::memory_source(text, "test-1.yaml");
  const auto reader = har::find_format("keploy")->open_reader(*source, {});
  auto item = reader->next();
  REQUIRE(item);
  REQUIRE(*item);
  return std::move(*(*item)->exchange);
}

/// Some flat text as YAML.
std::string flat(std::string_view text) {
  std::string out;
  stream::write_json_string(out, text);
  return out;
}

struct Case {
  std::string_view name;
  std::string_view type;
  std::string expected;  ///< as Keploy recorded it
  std::string actual;    ///< the bytes of the live stream
  std::string_view main;
  std::string_view pr;
  Lines ours;  ///< what differs; none: equal
  std::string_view why;
  std::string_view actual_type{};  ///< if it is another
};

constexpr std::string_view kSse = "text/event-stream";
constexpr std::string_view kNdjson = "application/x-ndjson";
constexpr std::string_view kText = "text/plain";
constexpr std::string_view kBytes = "application/octet-stream";
constexpr std::string_view kMixedA = "multipart/mixed; boundary=A";
constexpr std::string_view kMixedB = "multipart/mixed; boundary=B";

std::string parts(std::string_view boundary, std::string_view head, std::string_view body) {
  const std::string mark = "--" + std::string(boundary);
  return mark + "\r\n" + std::string(head) + "\r\n\r\n" + std::string(body) + "\r\n" + mark + "--\r\n";
}

const std::vector<Case>& cases() {
  static const std::vector<Case> kCases = {
      // Fields of events.
      {"another id",
       kSse,
       "[{data: {id: '1', data: x}}]",
       "id: 2\ndata: x\n\n",
       "field-value mismatch",
       "pass",
       {"event 1/1 @id changed '1' '2'"},
       "a client resumes from the id"},
      {"another id, without data",
       kSse,
       "[{data: {id: '1'}}]",
       "id: 2\n\n",
       "field-value mismatch",
       "pass",
       {"block without data 1/1 @id changed '1' '2'"},
       "the same"},
      {"another event",
       kSse,
       "[{data: {event: add, data: x}}]",
       "event: del\ndata: x\n\n",
       "field-value mismatch",
       "pass",
       {"event 1/1 @type changed 'add' 'del'"},
       "another listener gets it"},
      {"text of the same length",
       kSse,
       "[{data: {data: abc}}]",
       "data: abd\n\n",
       "data-value mismatch",
       "pass",
       {"event 1/1 changed byte 2 'abc' 'abd'"},
       "values are compared, not their lengths"},
      {"shorter text",
       kSse,
       "[{data: {data: abc}}]",
       "data: ab\n\n",
       "data-value mismatch",
       "data-size mismatch",
       {"event 1/1 changed byte 2 'abc' 'ab'"},
       ""},
      {"JSON and text",
       kSse,
       "[{data: {data: '{\"a\":1}'}}]",
       "data: x\n\n",
       "data-json-type mismatch",
       "data-json-type mismatch",
       {"event 1/1 type {\"a\":1} 'x'"},
       ""},
      {"JSON over two lines",
       kSse,
       "[{data: {data: '{\"a\":1}'}}]",
       "data: {\ndata: \"a\":1}\n\n",
       "pass",
       "pass",
       {},
       "a line feed is white space in JSON"},
      {"large numbers",
       kSse,
       "[{data: {data: '{\"id\":9007199254740993}'}}]",
       "data: {\"id\":9007199254740992}\n\n",
       "pass",
       "pass",
       {"event 1/1 changed /id 9007199254740993 9007199254740992"},
       "numbers are not doubles"},
      {"a number spelled otherwise", kSse, "[{data: {data: '1'}}]", "data: 1.0\n\n", "pass", "pass", {}, "the same number"},
      {"the order of fields",
       kSse,
       "[{data: {id: '1', event: a, data: x}}]",
       "event: a\nid: 1\ndata: x\n\n",
       "field-key-order mismatch",
       "field-key-order mismatch",
       {},
       "HTML 9.2.6: it means nothing"},
      {"an id without a value",
       kSse,
       "[{data: {id: '', data: x}}]",
       "id\ndata: x\n\n",
       "field-value-presence mismatch",
       "field-value-presence mismatch",
       {},
       "its own recording: an empty value is none"},
      {"another text of a comment",
       kSse,
       "[{data: {comment: ' x'}}, {data: {data: a}}]",
       ": y\n\ndata: a\n\n",
       "pass",
       "pass",
       {},
       "comments are noise"},
      {"a comment less",
       kSse,
       "[{data: {comment: ' x', data: a}}]",
       "data: a\n\n",
       "field-count mismatch",
       "field-count mismatch",
       {},
       "comments are noise"},
      {"white space around text",
       kSse,
       "[{data: {data: 'a'}}]",
       "data:  a \n\n",
       "pass",
       "pass",
       {"event 1/1 changed byte 0 'a' ' a '"},
       "an application sees it"},
      {"a field in upper case",
       kSse,
       "[{data: {data: x}}]",
       "DATA: x\n\n",
       "pass",
       "pass",
       {"event 1/- missing", "body -/1 extra"},
       "HTML 9.2.6: names are compared as they are, so that this is no data"},
      {"data in two places",
       kSse,
       "[{data: {data: a, retry: '5', data: b}}]",
       "data: a\nretry: 5\ndata: b\n\n",
       "pass",
       "pass",
       {},
       "its own recording"},
      // Whole events.
      {"line ends of CR alone",
       kSse,
       "[{data: {data: a}}, {data: {data: b}}]",
       "data: a\r\rdata: b\r\r",
       "mismatch",
       "mismatch",
       {},
       "its own recording: HTML 9.2.5 has three line ends"},
      {"mixed line ends",
       kSse,
       "[{data: {data: a}}, {data: {data: b}}]",
       "data: a\n\r\ndata: b\r\n\r",
       "mismatch",
       "mismatch",
       {},
       "its own recording"},
      {"an event more",
       kSse,
       "[{data: {data: a}}, {data: {data: b}}]",
       "data: a\n\ndata: b\n\ndata: c\n\n",
       "pass",
       "pass",
       {"event -/3 extra"},
       "what was not expected is a difference"},
      {"an event less",
       kSse,
       "[{data: {data: a}}, {data: {data: b}}, {data: {data: c}}]",
       "data: a\n\ndata: b\n\n",
       "expected 3 frames but only received 2",
       "expected 3 frames but only received 2",
       {"event 3/- missing"},
       ""},
      {"a flat recording",
       kSse,
       flat("event:TICKER\ndata:[1]\n\n"),
       "event: TICKER\ndata: [2]\n\n",
       "pass",
       "pass",
       {"event 1/1 changed /0 1 2"},
       "a recording without structure is a recording"},
      {"a flat recording, the same",
       kSse,
       flat("event:TICKER\ndata:[1]\n\n"),
       "event: TICKER\ndata: [1]\n\n",
       "pass",
       "pass",
       {},
       ""},
      // NDJSON.
      {"a line that is no JSON",
       kNdjson,
       "[{data: {raw: OK}}]",
       "OK\n",
       "json mismatch",
       "json mismatch",
       {},
       "its own recording: equal lines are equal"},
      {"something behind the JSON",
       kNdjson,
       "[{data: {raw: '{\"a\":1}'}}]",
       "{\"a\":1} trailing\n",
       "pass",
       "pass",
       {"record 1/1 type {\"a\":1} '{\"a\":1} trailing'"},
       "the line is no JSON any more"},
      {"the order of elements",
       kNdjson,
       "[{data: {raw: '[1,2]'}}]",
       "[2,1]\n",
       "json mismatch",
       "json mismatch",
       {"record 1/1 missing /0 1", "record 1/1 extra /1 1"},
       "arrays have an order"},
      {"without the last line feed",
       kNdjson,
       "[{data: {raw: '{\"a\":1}'}}]",
       "{\"a\":1}",
       "pass",
       "pass",
       {},
       "the recording has lost it"},
      // Text and bytes.
      {"text of the same length",
       kText,
       "[{data: {raw: ab}}]",
       "cd\n",
       "content mismatch at frame 0",
       "pass",
       {"line 1/1 changed byte 0 'ab' 'cd'"},
       "values are compared, not their lengths"},
      {"an empty line at the end",
       kText,
       "[{data: {raw: ab}}]",
       "ab\n\n",
       "content mismatch at frame 1",
       "size mismatch",
       {"line -/2 extra"},
       "lines are what is compared"},
      {"other bytes",
       kBytes,
       "[{data: {raw: !!binary AP8B}}]",
       std::string("\0\xFF\x02", 3),
       "content mismatch",
       "pass",
       {"body 1/1 changed byte 2 " + std::string("\0\xFF\x01", 3) + ' ' + std::string("\0\xFF\x02", 3)},
       "the first byte that differs, exactly"},
      {"a byte more",
       kBytes,
       "[{data: {raw: !!binary AP8B}}]",
       std::string("\0\xFF\x01\0", 4),
       "depends on how it is read",
       "depends on how it is read",
       {"body 1/1 changed byte 3 " + std::string("\0\xFF\x01", 3) + ' ' + std::string("\0\xFF\x01\0", 4)},
       "chunks never matter"},
      // Multipart.
      {"another boundary and other content",
       kMixedA,
       flat(parts("A", "Content-Type: text/plain", "x")),
       parts("B", "Content-Type: text/plain", "y"),
       "pass",
       "pass",
       {"part 1/1 changed byte 0 'x' 'y'"},
       "parts are compared, whatever delimits them",
       kMixedB},
      {"another boundary alone",
       kMixedA,
       flat(parts("A", "Content-Type: text/plain", "x")),
       parts("B", "Content-Type: text/plain", "x"),
       "pass",
       "pass",
       {},
       "the boundary is no content",
       kMixedB},
      {"a part of NDJSON with two lines",
       kMixedA,
       flat(parts("A", "Content-Type: application/x-ndjson", "{\"a\":1}\n{\"a\":2}\n")),
       parts("A", "Content-Type: application/x-ndjson", "{\"a\":1}\n{\"a\":2}\n"),
       "json body mismatch",
       "json body mismatch",
       {},
       "its own recording"},
      {"a part that is no JSON, of the same size",
       kMixedA,
       flat(parts("A", "Content-Type: image/png", "ab")),
       parts("A", "Content-Type: image/png", "cd"),
       "body mismatch",
       "pass",
       {"part 1/1 changed byte 0 ab cd"},
       "values are compared"},
      {"another header of a part",
       kMixedA,
       flat(parts("A", "Content-Type: text/plain\r\nX-A: 1", "x")),
       parts("A", "Content-Type: text/plain\r\nX-A: 2", "x"),
       "pass",
       "pass",
       {"part 1/1 @header/x-a changed '1' '2'"},
       "a part's headers are part of it"},
  };
  return kCases;
}

stream::Comparison compare(const Case& test, const CompareOptions& options = {}) {
  const std::string type(test.actual_type.empty() ? test.type : test.actual_type);
  return exchanges::compare(recording(test.type, test.expected), exchanges::recorded(type, {test.actual}), options);
}

}  // namespace

TEST_CASE("streams that Keploy compares wrongly are compared rightly") {
  for (const Case& test : cases()) {
    INFO(test.type << ": " << test.name << "; Keploy: " << test.main << ", PR: " << test.pr << ". " << test.why);
    CHECK(lines(compare(test)) == test.ours);
  }
}

TEST_CASE("a stream is never different from its own recording by Keploy, however its bytes are cut") {
  for (const Case& test : cases()) {
    INFO(test.type << ": " << test.name);
    const Exchange recorded = recording(test.type, test.expected);
    std::string body;
    for (const stream::Event& event : recorded.timeline) body += event.data;
    std::vector<std::string> bytes;
    for (const char c : body) bytes.emplace_back(1, c);
    CHECK(lines(exchanges::compare(recorded, exchanges::recorded(test.type, bytes))) == Lines{});
  }
}

// Keploy's PR took values for equal that have the same type, as it guesses it.
TEST_CASE("two values are not equal because they look like the same type") {
  const std::vector<std::vector<std::string_view>> types = {
      {"NULL", "null", "Null"},
      {"True", "true", "false"},
      {"1", "+5", " 5 ", "1e3", "1_000", "0x1p-2", "NaN", "Inf", "-infinity", ".5", "5."},
      {"1__0", "0x1F", "1,000", "1e400", "1f"},
  };
  for (const auto& values : types) {
    for (const std::string_view a : values) {
      for (const std::string_view b : values) {
        INFO(a << " and " << b);
        for (const std::string_view field : {"id", "event", "data"}) {
          const std::string data = field == "data" ? "" : "data: x\n";
          const auto stream = [&](std::string_view value) {
            return exchanges::recorded(kSse, {std::string(field) + ": " + std::string(value) + "\n" + data + "\n"});
          };
          CHECK(exchanges::compare(stream(a), stream(b)).equal() == (a == b));
        }
      }
    }
  }
}

TEST_CASE("comments of a recording by Keploy are compared if that is asked for") {
  CompareOptions options;
  options.noise = stream::Noise::include;
  const auto compared = [&](std::string_view expected, std::string_view actual) {
    return lines(exchanges::compare(recording(kSse, expected), exchanges::recorded(kSse, {std::string(actual)}), options));
  };
  CHECK(compared("[{data: {comment: ' x'}}]", ": x\n\n") == Lines{});
  CHECK(compared("[{data: {comment: ' x'}}]", ": y\n\n") == Lines{"comment 1/1 changed byte 1 ' x' ' y'"});
  CHECK(compared("[{data: {comment: ' x', data: a}}]", "data: a\n\n") == Lines{"comment 1/- missing"});
}

TEST_CASE("a number that is spelled otherwise differs if that is asked for") {
  CompareOptions options;
  options.values.numbers = stream::NumberRule::spelling;
  CHECK(lines(exchanges::compare(recording(kSse, "[{data: {data: '1'}}]"), exchanges::recorded(kSse, {"data: 1.0\n\n"}),
                                 options)) == Lines{"event 1/1 changed 1 1.0"});
}

// Keploy takes a name for that name at any depth and in any case, and drops what has a dot.
TEST_CASE("noise in a stream is what its path says") {
  const auto compared = [](const stream::NoiseRules& rules, std::string_view expected, std::string_view actual) {
    CompareOptions options;
    options.values.noise = rules;
    return lines(exchanges::compare(recording(kSse, "[{data: {data: '" + std::string(expected) + "'}}]"),
                                    exchanges::recorded(kSse, {"data: " + std::string(actual) + "\n\n"}), options));
  };
  for (const std::string_view path : {"/ts", "/**/ts"}) {
    stream::NoiseRules rules;
    REQUIRE(rules.ignore(path));
    CHECK(compared(rules, R"({"ts":1,"a":{"TS":2}})", R"({"ts":9,"a":{"TS":8}})") == Lines{"event 1/1 changed /a/TS 2 8"});
    CHECK(compared(rules, R"({"ts":1,"a":{"ts":2}})", R"({"ts":9,"a":{"ts":8}})").empty() == (path == "/**/ts"));
  }
  stream::NoiseRules keploy;
  REQUIRE(read_noise_file(
      keploy, "version: api.keploy.io/v1beta1\nkind: Http\nname: t\nspec:\n  assertions:\n    noise:\n      body.user.id: []\n",
      {"t.yaml", {}, {}}));
  CHECK(compared(keploy, R"({"user":{"id":1}})", R"({"user":{"id":2}})") == Lines{});
  CHECK(compared(keploy, R"({"user":{"name":1}})", R"({"user":{"name":2}})") == Lines{"event 1/1 changed /user/name 1 2"});
}

// Of text Keploy keeps the lines, and not what ends them.
TEST_CASE("line ends that a recording by Keploy has lost can be let pass") {
  const Exchange expected = recording(kText, "[{data: {raw: a}}, {data: {raw: b}}]");
  const Exchange actual = exchanges::recorded(kText, {"a\r\nb"});
  CHECK(lines(exchanges::compare(expected, actual)) ==
        Lines{"line 1/1 @newline changed 'lf' 'crlf'", "line 2/2 @newline changed 'lf' 'none'"});
  CompareOptions options;
  REQUIRE(options.values.noise.ignore("@newline"));
  CHECK(lines(exchanges::compare(expected, actual, options)) == Lines{});
}
