#include "stream/compare/report.hpp"

#include <catch2/catch.hpp>

#include "exchanges.hpp"

using namespace exchanges;
using namespace std::string_literals;
using stream::CompareOptions;
using stream::Comparison;
using stream::ReportOptions;
using stream::StreamKind;

namespace {

std::string text_report(const Comparison& comparison, std::size_t width = 100) {
  ReportOptions options;
  options.expected_name = "expected.sse";
  options.actual_name = "a.sse";
  options.width = width;
  std::string out;
  write_text_report(out, comparison, options);
  return out;
}

std::string sse_report(std::string_view expected, std::string_view actual, std::size_t width = 100) {
  return text_report(compare(bare(StreamKind::sse, expected), bare(StreamKind::sse, actual)), width);
}

// What stands behind the header and the first difference.
std::string entries(std::string report) {
  const std::size_t at = report.find("\n\n", report.find("first difference"));
  report.erase(0, at + 2);
  report.erase(report.rfind("\n\n"));
  return report;
}

}  // namespace

TEST_CASE("a report says what was compared, the first difference, all of them, and how many") {
  const auto expected = recorded("text/event-stream", {"data: {\"a\":1}\n\n", "data: {\"a\":2}\n\n", "data: done\n\n"});
  const auto actual = recorded("text/event-stream", {"data: {\"a\":1}\n\ndata: {\"a\":3}\n\n"}, 200);
  CHECK(text_report(compare(expected, actual)) ==
        "--- expected expected.sse  sse, 3 events in 0.030 s\n"
        "+++ actual   a.sse         sse, 2 events in 0.010 s\n"
        "\n"
        "first difference at event 2 (t=0.020 s, actual t=0.010 s)\n"
        "\n"
        "event 2 (t=0.020 s, actual t=0.010 s): /a changed\n"
        "  - 2\n"
        "  + 3\n"
        "\n"
        "event 3 (t=0.030 s) is missing\n"
        "  - \"done\"\n"
        "\n"
        "2 differences in 2 events: 1 changed, 1 missing\n");
}

TEST_CASE("a report of equal streams is two lines and the count") {
  CHECK(sse_report("data: a\n\n: hi\n\ndata: b\n\n", "data: a\n\ndata: b\n\n") ==
        "--- expected expected.sse  sse, 2 events\n"
        "+++ actual   a.sse         sse, 2 events\n"
        "equal: 2 events\n");
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
  const auto report =
      text_report(compare(bare(StreamKind::binary, "abcdefgh\x01rest"), bare(StreamKind::binary, "abcdefgh\x02")));
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
  CHECK(entries(text_report(compare(expected, actual))) ==
        "HTTP status: expected 200, actual 500\n"
        "\n"
        "ending: expected ended with eof, actual ended with error (connection refused)");
  actual = expected;
  actual.end.reset();
  CHECK(entries(text_report(compare(expected, actual))) == "ending: expected ended with eof, actual was cut off");
}

TEST_CASE("WebSocket messages are shown with their direction") {
  stream::Exchange expected;
  expected.timeline = {message(stream::Direction::send, "{\"q\":1}"), message(stream::Direction::receive, "a")};
  auto actual = expected;
  actual.timeline[0].data = "{\"q\":2}";
  actual.timeline.pop_back();
  CHECK(entries(text_report(compare(expected, actual))) ==
        "message 1 (sent): /q changed\n"
        "  - 1\n"
        "  + 2\n"
        "\n"
        "message 2 (received) is missing\n"
        "  - \"a\"");
}

TEST_CASE("the summary says what is not shown") {
  CompareOptions options;
  options.max_differences = 1;
  const auto e = bare(StreamKind::text, "a\nb\n");
  const auto a = bare(StreamKind::text, "c\nd\n");
  CHECK_THAT(text_report(compare(e, a, options)), Catch::Contains("\n2 differences in 2 lines: 2 changed; the first 1 shown\n"));
  options.count_all = false;
  CHECK_THAT(text_report(compare(e, a, options)), Catch::Contains("\nat least 1 difference: 1 changed\n"));
}

TEST_CASE("the NDJSON form has a record for each difference and a summary") {
  ReportOptions options;
  options.expected_name = "e";
  options.actual_name = "a";
  std::string out;
  write_json_report(out,
                    compare(recorded("text/event-stream", {"id: 1\ndata: {\"a\":[1]}\n\n", "data: \xff\n\n"}),
                            bare(StreamKind::sse, "id: 2\ndata: {\"a\":[1.50]}\n\n")),
                    options);
  CHECK(
      out ==
      R"({"streamdiff":1,"record":"difference","subject":"field","change":"changed","item":"event","direction":"receive","field":"id","expected":{"number":1,"t":0.01,"line":1,"byte":0,"text":"1"},"actual":{"number":1,"line":1,"byte":0,"text":"2"}})"
      "\n"
      R"({"streamdiff":1,"record":"difference","subject":"data","change":"changed","item":"event","direction":"receive","expected":{"number":1,"t":0.01,"line":1,"byte":0,"pointer":"/a/0","json":1},"actual":{"number":1,"line":1,"byte":0,"pointer":"/a/0","json":1.50}})"
      "\n"
      R"({"streamdiff":1,"record":"difference","subject":"item","change":"missing","item":"event","direction":"receive","expected":{"number":2,"t":0.02,"line":4,"byte":23,"fields":{"type":"message"},"text":")"
      "\xef\xbf\xbd"
      R"("}})"
      "\n"
      R"({"streamdiff":1,"record":"summary","equal":false,"differences":3,"expected":{"source":"e","kind":"sse","items":2,"counts":{"event":2},"ending":"eof"},"actual":{"source":"a","kind":"sse","items":1,"counts":{"event":1},"ending":"eof"}})"
      "\n");
}

TEST_CASE("bytes in the NDJSON form are base64 from the first that differs") {
  std::string out;
  write_json_report(out, compare(bare(StreamKind::binary, "\x00\x01\x02"s), bare(StreamKind::binary, "\x00\x01"s)), {});
  CHECK_THAT(out, Catch::Contains(R"("expected":{"number":1,"byte":0,"size":3,"offset":2,"base64":"Ag=="})"));
  CHECK_THAT(out, Catch::Contains(R"("actual":{"number":1,"byte":0,"size":2,"offset":2,"base64":""})"));
}
