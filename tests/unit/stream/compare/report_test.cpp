#include "stream/compare/report.hpp"

#include <catch2/catch.hpp>

#include "exchanges.hpp"

using namespace exchanges;
using namespace std::string_literals;
using stream::CompareOptions;
using stream::Exchange;
using stream::Report;
using stream::ReportForm;
using stream::ReportOptions;
using stream::StreamKind;

namespace {

// A document about one pair.
std::string report(ReportForm form, const Exchange& expected, const Exchange& actual, const ReportOptions& options = {},
                   CompareOptions compare = {}) {
  std::string out;
  const auto sink = stream::string_sink(out);
  const auto report = make_report(form, *sink, options);
  compare.context = report->context();
  report->next({"expected.sse", "a.sse", 0});
  REQUIRE(stream::compare_exchanges(expected, actual, compare, report.get()));
  REQUIRE(report->finish());
  return out;
}

std::string text_report(const Exchange& expected, const Exchange& actual, std::size_t width = 100, std::size_t context = 0) {
  ReportOptions options;
  options.width = width;
  options.context = context;
  return report(ReportForm::text, expected, actual, options);
}

std::string sse_report(std::string_view expected, std::string_view actual, std::size_t width = 100) {
  return text_report(bare(StreamKind::sse, expected), bare(StreamKind::sse, actual), width);
}

// What stands between the header and the summary.
std::string entries(std::string report) {
  report.erase(0, report.find("\n\n") + 2);
  report.erase(report.rfind("\n\n"));
  return report;
}

}  // namespace

TEST_CASE("a report says what is compared, each difference, and how many") {
  const auto expected = recorded("text/event-stream", {"data: {\"a\":1}\n\n", "data: {\"a\":2}\n\n", "data: done\n\n"});
  const auto actual = recorded("text/event-stream", {"data: {\"a\":1}\n\ndata: {\"a\":3}\n\n"}, 200);
  CHECK(text_report(expected, actual) ==
        "--- expected expected.sse  sse\n"
        "+++ actual   a.sse         sse\n"
        "\n"
        "event 2 (t=0.020 s, actual t=0.010 s): /a changed\n"
        "  - 2\n"
        "  + 3\n"
        "\n"
        "event 3 (t=0.030 s) is missing\n"
        "  - \"done\"\n"
        "\n"
        "2 differences in 2 events: 1 changed, 1 missing; 3 events expected in 0.030 s, 2 came in 0.010 s\n");
}

TEST_CASE("a report of equal streams is two lines and the count") {
  CHECK(sse_report("data: a\n\n: hi\n\ndata: b\n\n", "data: a\n\ndata: b\n\n") ==
        "--- expected expected.sse  sse\n"
        "+++ actual   a.sse         sse\n"
        "equal: 2 events\n");
  const auto timed = recorded("text/event-stream", {"data: a\n\n"});
  CHECK_THAT(text_report(timed, timed), Catch::EndsWith("\nequal: 1 event in 0.010 s\n"));
  CHECK_THAT(text_report(timed, bare(StreamKind::sse, "data: a\n\n")),
             Catch::EndsWith("\nequal: 1 event, expected in 0.010 s\n"));
}

TEST_CASE("a difference is in the sink when the step that found it is over") {
  std::string out;
  const auto sink = stream::string_sink(out);
  for (const ReportForm form : {ReportForm::text, ReportForm::side_by_side, ReportForm::ndjson, ReportForm::json_patch}) {
    out.clear();
    const auto report = make_report(form, *sink);
    report->next({"e", "a", 0});
    REQUIRE(report->begin({}, {}, {}));
    CHECK(out.empty());
    stream::Item item;
    item.number = 1;
    stream::Difference difference;
    difference.subject = stream::Subject::item;
    difference.change = stream::ValueChange::missing;
    difference.expected.number = 1;
    stream::CompareStep step;
    step.kind = stream::CompareStep::Kind::missing;
    step.expected = &item;
    step.differences = {&difference, 1};
    REQUIRE(report->step(step));
    CHECK_FALSE(out.empty());
  }
}

TEST_CASE("equal items around a difference are shown, and those between are counted") {
  std::string body;
  for (int i = 0; i < 12; ++i) body += "data: " + std::string(1, static_cast<char>('a' + i)) + "\n\n";
  std::string other = body;
  other.replace(other.find("data: c"), 7, "data: C");
  other.replace(other.find("data: j"), 7, "data: J");
  CHECK(text_report(bare(StreamKind::sse, body), bare(StreamKind::sse, other), 100, 1) ==
        "--- expected expected.sse  sse\n"
        "+++ actual   a.sse         sse\n"
        "\n"
        "  … 1 equal item\n"
        "  event 2: \"b\"\n"
        "\n"
        "event 3: data changed\n"
        "  - \"c\"\n"
        "  + \"C\"\n"
        "\n"
        "  event 4: \"d\"\n"
        "  … 4 equal items\n"
        "  event 9: \"i\"\n"
        "\n"
        "event 10: data changed\n"
        "  - \"j\"\n"
        "  + \"J\"\n"
        "\n"
        "  event 11: \"k\"\n"
        "  … 1 equal item\n"
        "\n"
        "2 differences in 2 events: 2 changed; 12 events expected, 12 came\n");
}

TEST_CASE("control characters never reach the terminal") {
  const std::string report = sse_report("data: a\x1b[2Jb\n\n", "data: a\tb\x07\xc2\x9b\n\n");
  CHECK(entries(report) == "event 1: data changed\n  - \"a\\u001b[2Jb\"\n  + \"a\\tb\\u0007\\u009b\"");
}

TEST_CASE("long values are shortened around the first character that differs") {
  const std::string long_text(500, 'x');
  const std::string report = sse_report("data: " + long_text + "A" + long_text + "\n\n", "data: " + long_text + "B\n\n", 30);
  CHECK(entries(report) ==
        "event 1: data changed at character 501\n"
        "  - …xxxxxxxxxxAxxxxxxxxxxxxxxxxxxx…\n"
        "  + …xxxxxxxxxxB\"");
}

TEST_CASE("of a long text that differs in several places each is shown") {
  std::string words;
  for (int i = 0; i < 60; ++i) words += "word" + std::to_string(i) + " ";
  std::string other = words;
  other.replace(other.find("word3 "), 5, "verb3");
  other.replace(other.find("word55"), 6, "verb55");
  const std::string report = sse_report("data: " + words + "\n\n", "data: " + other + "\n\n", 40);
  CHECK(entries(report) ==
        "event 1: data changed\n"
        "  - …word2 word3 word4…ord54 word55 word5…\n"
        "  + …word2 verb3 word4…ord54 verb55 word5…");
}

TEST_CASE("what changed in a line is reversed where colours are wanted") {
  ReportOptions options;
  options.color = true;
  CHECK_THAT(report(ReportForm::text, bare(StreamKind::sse, "data: the quick brown fox\n\n"),
                    bare(StreamKind::sse, "data: the quick red fox\n\n"), options),
             Catch::Contains("\x1b[31m  - \"the quick \x1b[7mbrown\x1b[27m fox\"\x1b[0m\n"
                             "\x1b[32m  + \"the quick \x1b[7mred\x1b[27m fox\"\x1b[0m\n"));
}

TEST_CASE("of a missing event what tells it from its neighbours is shown") {
  const std::string head = "data: {\"id\":\"" + std::string(100, 'x') + "\",\"text\":\"";
  const std::string report = sse_report(head + "one\"}\n\n" + head + "two\"}\n\n", head + "one\"}\n\n", 30);
  CHECK(entries(report) == "event 2 is missing\n  - …xxxxxxxxxxxxxxx\",\"text\":\"two\"}");
}

TEST_CASE("characters of several bytes are never cut in two") {
  std::string accents;
  for (int i = 0; i < 200; ++i) accents += "é";
  const std::string report =
      sse_report("data: " + accents + "ü" + accents + "\n\n", "data: " + accents + "ö" + accents + "\n\n", 20);
  CHECK(entries(report) ==
        "event 1: data changed at character 201\n"
        "  - …ééééééüééééééééééééé…\n"
        "  + …ééééééöééééééééééééé…");
}

TEST_CASE("a changed type is said") {
  CHECK(entries(sse_report("data: {\"a\":1}\n\n", "data: {\"a\":\"1\"}\n\n")) ==
        "event 1: /a changed from a number to a string\n  - 1\n  + \"1\"");
  CHECK(entries(sse_report("data: {\"a\":1}\n\n", "data: [DONE]\n\n")) ==
        "event 1: data changed from JSON to text\n  - {\"a\":1}\n  + \"[DONE]\"");
}

TEST_CASE("bytes are shown in hexadecimal from where they differ") {
  const auto report = text_report(bare(StreamKind::binary, "abcdefgh\x01rest"), bare(StreamKind::binary, "abcdefgh\x02"));
  CHECK(entries(report) ==
        "body: data changed at byte 8\n"
        "  - … 65 66 67 68 01 72 65 73 74   (13 bytes)\n"
        "  + … 65 66 67 68 02   (9 bytes)");
}

TEST_CASE("moved elements are shown with both pointers, and items with both numbers") {
  CHECK(entries(sse_report("data: 0\n\ndata: [{\"k\":1,\"v\":2}]\n\ndata: 9\n\n",
                           "data: [{\"x\":\"new\"},{\"k\":1,\"v\":3}]\n\ndata: 9\n\n")) ==
        "event 1 is missing\n"
        "  - 0\n"
        "\n"
        "event 2, actual event 1: /0 is extra\n"
        "  + {\"x\":\"new\"}\n"
        "\n"
        "event 2, actual event 1: /0/v (actual /1/v) changed\n"
        "  - 2\n"
        "  + 3");
}

TEST_CASE("the answer and the ending are told in a sentence each") {
  const auto expected = recorded("text/event-stream", {"data: a\n\n"}, 200);
  auto actual = recorded("text/event-stream", {"data: a\n\n"}, 500);
  actual.end->reason = "error";
  actual.end->data = "connection refused";
  CHECK(entries(text_report(expected, actual)) ==
        "HTTP status: expected 200, actual 500\n"
        "\n"
        "ending: expected ended with eof, actual ended with error (connection refused)");
  actual = expected;
  actual.end.reset();
  CHECK(entries(text_report(expected, actual)) == "ending: expected ended with eof, actual was cut off");
}

TEST_CASE("WebSocket messages are shown with their direction") {
  stream::Exchange expected;
  expected.timeline = {message(stream::Direction::send, "{\"q\":1}"), message(stream::Direction::receive, "a")};
  auto actual = expected;
  actual.timeline[0].data = "{\"q\":2}";
  actual.timeline.pop_back();
  CHECK(entries(text_report(expected, actual)) ==
        "message 1 (sent): /q changed\n"
        "  - 1\n"
        "  + 2\n"
        "\n"
        "message 2 (received) is missing\n"
        "  - \"a\"");
}

TEST_CASE("the summary says what is not shown") {
  CompareOptions compare;
  ReportOptions options;
  options.max_differences = 1;
  const auto e = bare(StreamKind::text, "a\nb\n");
  const auto a = bare(StreamKind::text, "c\nd\n");
  CHECK_THAT(report(ReportForm::text, e, a, options),
             Catch::Contains("\n2 differences in 2 lines: 2 changed; the first 1 shown; 2 lines expected, 2 came\n"));
  for (const ReportForm form : {ReportForm::ndjson, ReportForm::json_patch}) {
    CHECK_THAT(report(form, e, a, options), Catch::Contains(R"("differences":2,"shown":1)"));
  }
  CHECK_THAT(report(ReportForm::markdown, e, a, options), Catch::Contains("; the first 1 shown</summary>"));
  CHECK_THAT(report(ReportForm::html, e, a, options), Catch::Contains("1 more difference is not shown."));
  CHECK_THAT(report(ReportForm::junit, e, a, options), Catch::Contains("; the first 1 shown;"));
  compare.max_differences = 1;
  compare.count_all = false;
  CHECK_THAT(report(ReportForm::text, e, a, options, compare), Catch::Contains("\nat least 1 difference: 1 changed;"));
}

TEST_CASE("texts that are spread over items, and times, are told in a sentence each") {
  stream::Difference text;
  text.subject = stream::Subject::text;
  text.field = "/choices/*/delta/content [0]";
  text.offset = 10;
  text.expected_value = {stream::ShownValue::Form::text, "The quick brown fox", 10};
  text.actual_value = {stream::ShownValue::Form::text, "The quick crown fox", 10};
  text.expected.number = text.actual.number = 2;
  stream::Difference timing;
  timing.subject = stream::Subject::timing;
  timing.field = "gap<=+50ms";
  timing.expected_value = {stream::ShownValue::Form::text, "100.000 ms"};
  timing.actual_value = {stream::ShownValue::Form::text, "280.000 ms (at most 150.000 ms)"};
  const std::vector<stream::Difference> both{text, timing};
  stream::Comparison result;
  result.total = 2;
  for (
      const auto& [form, needles] : std::vector<std::pair<ReportForm, std::vector<std::string>>>{
          {ReportForm::text,
           {"text of /choices/*/delta/content [0] changed at character 11, in event 2\n  - \"The quick brown fox\"\n",
            "\ntiming gap<=+50ms: expected 100.000 ms, actual 280.000 ms (at most 150.000 ms)\n"}},
          {ReportForm::ndjson,
           {R"("subject":"text","change":"changed","item":"event","direction":"receive","field":"/choices/*/delta/content [0]","character":10,"expected":{"number":2,"byte":0,"text":"The quick brown fox"})",
            R"("subject":"timing","change":"changed","field":"gap<=+50ms","expected":{"text":"100.000 ms"})"}},
          {ReportForm::html, {"The quick <mark>brown</mark> fox", "timing gap&lt;=+50ms: expected 100.000 ms"}},
          {ReportForm::markdown, {"- \"The quick brown fox\"\n+ \"The quick crown fox\"\n", "@@ timing gap<=+50ms: expected"}},
          {ReportForm::json_patch, {R"("subject":"timing","field":"gap<=+50ms","expected_value":"100.000 ms")"}},
          {ReportForm::side_by_side, {"timing gap<=+50ms: 100.000 ms"}}}) {
    std::string out;
    const auto sink = stream::string_sink(out);
    const auto report = make_report(form, *sink);
    report->next({"e", "a", 0});
    REQUIRE(report->begin({}, {}, {}));
    REQUIRE(report->end(result, both));
    REQUIRE(report->finish());
    for (const std::string& needle : needles) CHECK_THAT(out, Catch::Contains(needle));
  }
}

TEST_CASE("two columns show both streams, with wide characters in their place") {
  ReportOptions options;
  options.width = 63;
  options.context = 1;
  CHECK(report(ReportForm::side_by_side, bare(StreamKind::sse, "data: 日本\n\ndata: b\n\ndata: {\"n\":1}\n\ndata: end\n\n"),
               bare(StreamKind::sse, "data: 日本\n\ndata: {\"n\":2}\n\ndata: end\n\ndata: more\n\n"), options) ==
        "expected.sse  sse                a.sse  sse\n"
        "──────────────────────────────   ──────────────────────────────\n"
        "   1 \"日本\"                         1 \"日本\"\n"
        "   2 \"b\"                       <\n"
        "   3 {\"n\":1}                   |    2 {\"n\":2}\n"
        "   4 \"end\"                          3 \"end\"\n"
        "                               >    4 \"more\"\n"
        "\n"
        "3 differences in 3 events: 1 changed, 1 missing, 1 extra; 4 events expected, 4 came\n");
}

TEST_CASE("the NDJSON form has a record for each difference and a summary, with Keploy's words where it has some") {
  CHECK(
      report(ReportForm::ndjson, recorded("text/event-stream", {"id: 1\ndata: {\"a\":[1]}\n\n", "data: \xff\n\n"}),
             bare(StreamKind::sse, "id: 2\ndata: {\"a\":[1.50]}\n\n")) ==
      R"({"streamdiff":1,"record":"difference","subject":"field","change":"changed","code":"field-value mismatch","item":"event","direction":"receive","field":"id","expected":{"number":1,"t":0.01,"line":1,"byte":0,"text":"1"},"actual":{"number":1,"line":1,"byte":0,"text":"2"}})"
      "\n"
      R"({"streamdiff":1,"record":"difference","subject":"data","change":"changed","code":"data-json-mismatch","item":"event","direction":"receive","expected":{"number":1,"t":0.01,"line":1,"byte":0,"pointer":"/a/0","json":1},"actual":{"number":1,"line":1,"byte":0,"pointer":"/a/0","json":1.50}})"
      "\n"
      R"({"streamdiff":1,"record":"difference","subject":"item","change":"missing","item":"event","direction":"receive","expected":{"number":2,"t":0.02,"line":4,"byte":23,"fields":{"type":"message"},"text":")"
      "\xef\xbf\xbd"
      R"("}})"
      "\n"
      R"({"streamdiff":1,"record":"summary","equal":false,"differences":3,"code":"expected 2 frames but only received 1","expected":{"source":"expected.sse","kind":"sse","items":2,"counts":{"event":2},"last":0.02,"ending":"eof"},"actual":{"source":"a.sse","kind":"sse","items":1,"counts":{"event":1},"ending":"eof"}})"
      "\n");
}

TEST_CASE("Keploy's words are by kind of stream") {
  const auto code = [](StreamKind kind, std::string_view expected, std::string_view actual) {
    const std::string out = report(ReportForm::ndjson, bare(kind, expected), bare(kind, actual));
    const std::size_t at = out.find("\"code\":\"");
    return at == std::string::npos ? std::string() : out.substr(at + 8, out.find('"', at + 8) - at - 8);
  };
  CHECK(code(StreamKind::sse, "id: 1\ndata: x\n\n", "id: 2\ndata: x\n\n") == "field-value mismatch");
  CHECK(code(StreamKind::sse, "event: add\ndata: x\n\n", "event: del\ndata: x\n\n") == "field-value mismatch");
  CHECK(code(StreamKind::sse, "id: 1\ndata: x\n\n", "data: x\n\n") == "field-count mismatch");
  CHECK(code(StreamKind::sse, "event: add\ndata: x\n\n", "data: x\n\n") == "field-count mismatch");
  CHECK(code(StreamKind::sse, "data: abc\n\n", "data: abd\n\n") == "data-value mismatch");
  CHECK(code(StreamKind::sse, "data: {\"a\":1}\n\n", "data: x\n\n") == "data-json-type mismatch");
  CHECK(code(StreamKind::sse, "data: {\"a\":1}\n\n", "data: {\"a\":2}\n\n") == "data-json-mismatch");
  CHECK(code(StreamKind::ndjson, "[1,2]\n", "[2,1]\n") == "json mismatch");
  CHECK(code(StreamKind::text, "ab\n", "cd\n") == "content mismatch at frame 0");
  CHECK(code(StreamKind::binary, "abc", "abd") == "content mismatch starting near byte 2 of 3 bytes");
  CHECK(code(StreamKind::binary, "abc", "abcd") == "size mismatch: expected 3 bytes, got 4 bytes");
  CHECK(code(StreamKind::ndjson, "1\n2\n3\n", "1\n2\n") == "expected 3 frames but only received 2");
}

TEST_CASE("bytes in the NDJSON form are base64 from the first that differs") {
  const std::string out =
      report(ReportForm::ndjson, bare(StreamKind::binary, "\x00\x01\x02"s), bare(StreamKind::binary, "\x00\x01"s));
  CHECK_THAT(out, Catch::Contains(R"("expected":{"number":1,"byte":0,"size":3,"offset":2,"base64":"Ag=="})"));
  CHECK_THAT(out, Catch::Contains(R"("actual":{"number":1,"byte":0,"size":2,"offset":2,"base64":""})"));
}

TEST_CASE("patches are a line for each item that differs") {
  CHECK(report(ReportForm::json_patch,
               bare(StreamKind::sse, "data: 0\n\nid: 1\ndata: {\"a\":[1,2],\"b\":true}\n\ndata: one\n\ndata: two\n\n"),
               bare(StreamKind::sse, "id: 2\ndata: {\"a\":[1,2,3],\"b\":true}\n\ndata: 1ne\n\ndata: two\n\ndata: 9\n\n")) ==
        R"({"event":1,"item":"event","direction":"receive","change":"missing","fields":{"type":"message"},"value":0}
{"event":2,"actual":1,"item":"event","direction":"receive","change":"changed","patch":[{"op":"add","path":"/a/2","value":3}],"fields":[{"op":"replace","path":"/id","value":"2"}]}
{"event":3,"actual":2,"item":"event","direction":"receive","change":"changed","patch":[{"op":"replace","path":"","value":"1ne"}]}
{"actual":4,"item":"event","direction":"receive","change":"extra","fields":{"type":"message"},"value":9}
)");
}

TEST_CASE("documents hold several pairs, and those that could not be compared") {
  const auto e = bare(StreamKind::sse, "data: a\n\n");
  const auto a = bare(StreamKind::sse, "data: b]]>\x01</script>\n\n");
  for (const auto& [form, needles] : std::vector<std::pair<ReportForm, std::vector<std::string>>>{
           {ReportForm::text, {"\n1 of 2 exchanges differs, 1 was not compared\n"}},
           {ReportForm::stat,
            {"e #1 a #1 | equal: 1 event\ne #2 a #2 | 1 difference in 1 event: 1 changed  ~\n",
             "e #3 a #3 | not compared: gone\n"}},
           {ReportForm::ndjson, {R"("record":"error","exchange":3,"message":"gone")"}},
           {ReportForm::junit,
            {"<testsuite name=\"e #1 and a #1\" tests=\"1\" failures=\"0\"",
             "<failure type=\"difference\" message=\"1 difference in", "\"b]]&gt;\\u0001&lt;/script&gt;\"",
             "<error type=\"failure\" message=\"gone\">", "</testsuites>"}},
           {ReportForm::markdown,
            {"## streamdiff: ❌ the streams differ\n", "| 1 | `e #1`<br>sse, 1 event | `a #1`<br>sse, 1 event | ✅ equal |",
             "| 3 | `e #3` | `a #3` | ⚠️ not compared: `gone` |",
             "<summary>2. 1 difference in 1 event: 1 changed</summary>"}},
           {ReportForm::html,
            {"<h2>1. e #1 → a #1</h2><span class=\"verdict equal\">equal</span>", "\\u003c/script>", "&lt;/script&gt;",
             "gone"}}}) {
    std::string out;
    const auto sink = stream::string_sink(out);
    const auto report = make_report(form, *sink);
    CompareOptions compare;
    compare.context = report->context();
    report->next({"e #1", "a #1", 1});
    REQUIRE(stream::compare_exchanges(e, e, compare, report.get()));
    report->next({"e #2", "a #2", 2});
    REQUIRE(stream::compare_exchanges(e, a, compare, report.get()));
    report->next({"e #3", "a #3", 3});
    REQUIRE(report->failed({stream::ErrorCode::io, "gone", {}, {}}));
    REQUIRE(report->finish());
    for (const std::string& needle : needles) CHECK_THAT(out, Catch::Contains(needle));
  }
}

TEST_CASE("of very many equal items a page draws some, evenly spread") {
  std::string body;
  for (int i = 0; i < 10'000; ++i) body += "data: " + std::to_string(i) + "\n\n";
  const std::string page = report(ReportForm::html, bare(StreamKind::sse, body), bare(StreamKind::sse, body + "data: x\n\n"));
  CHECK_THAT(page, Catch::Contains("Of 10000 equal items 2500 are drawn, evenly spread."));
  CHECK(page.size() < 600'000);
}
