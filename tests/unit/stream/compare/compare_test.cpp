#include "stream/compare/compare.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <chrono>

#include "exchanges.hpp"

using namespace exchanges;
using namespace std::string_literals;
using stream::CompareOptions;
using stream::Comparison;
using stream::Direction;
using stream::Exchange;
using stream::StreamKind;
using Lines = std::vector<std::string>;

namespace {

Lines sse(std::string_view expected, std::string_view actual, const CompareOptions& options = {}) {
  return compare_bodies(StreamKind::sse, expected, actual, options);
}
Lines ndjson(std::string_view expected, std::string_view actual, const CompareOptions& options = {}) {
  return compare_bodies(StreamKind::ndjson, expected, actual, options);
}
Lines text(std::string_view expected, std::string_view actual, const CompareOptions& options = {}) {
  return compare_bodies(StreamKind::text, expected, actual, options);
}
Lines binary(std::string_view expected, std::string_view actual) { return compare_bodies(StreamKind::binary, expected, actual); }

CompareOptions ignoring(std::initializer_list<const char*> patterns) {
  CompareOptions options;
  for (const char* pattern : patterns) REQUIRE(options.values.noise.ignore(pattern));
  return options;
}

std::string events(std::initializer_list<const char*> data) {
  std::string out;
  for (const char* text : data) out += std::string("data: ") + text + "\n\n";
  return out;
}

}  // namespace

TEST_CASE("fields of an event are compared by value, not by type or length") {
  CHECK(sse("id: 1\ndata: x\n\n", "id: 2\ndata: x\n\n") == Lines{"event 1/1 @id changed '1' '2'"});
  CHECK(sse("event: add\ndata: x\n\n", "event: del\ndata: x\n\n") == Lines{"event 1/1 @type changed 'add' 'del'"});
  CHECK(sse("retry: 10\ndata: x\n\n", "retry: 20\ndata: x\n\n") == Lines{"event 1/1 @retry changed '10' '20'"});
  CHECK(sse("id: 1\ndata: x\n\n", "data: x\n\n") == Lines{"event 1/1 @id missing '1'"});
  CHECK(sse("data: x\n\n", "id\ndata: x\n\n") == Lines{"event 1/1 @id extra ''"});
}

TEST_CASE("text data of the same length or type is not equal") {
  CHECK(sse("data: abc\n\n", "data: abd\n\n") == Lines{"event 1/1 changed byte 2 'abc' 'abd'"});
  CHECK(sse("data: abc\n\n", "data: ab\n\n") == Lines{"event 1/1 changed byte 2 'abc' 'ab'"});
  CHECK(sse("data: abc\n\n", "data:  abc\n\n") == Lines{"event 1/1 changed byte 0 'abc' ' abc'"});
  CHECK(sse("data: true\n\n", "data: false\n\n") == Lines{"event 1/1 changed true false"});
}

TEST_CASE("JSON data is compared as JSON") {
  CHECK(sse("data: {\"a\":1}\n\n", "data: x\n\n") == Lines{"event 1/1 type {\"a\":1} 'x'"});
  CHECK(sse("data: {\"a\":1}\n\n", "data: {\ndata: \"a\":1}\n\n").empty());
  CHECK(sse("data: {\"a\":1,\"b\":2}\n\n", "data: { \"b\" : 2.0, \"a\" : 1 }\n\n").empty());
  CHECK(sse("data: {\"id\":9007199254740993}\n\n", "data: {\"id\":9007199254740992}\n\n") ==
        Lines{"event 1/1 changed /id 9007199254740993 9007199254740992"});
  CHECK(sse("data: 1\n\n", "data: 1.0\n\n").empty());
  CompareOptions strict;
  strict.values.numbers = stream::NumberRule::spelling;
  CHECK(sse("data: 1\n\n", "data: 1.0\n\n", strict) == Lines{"event 1/1 changed 1 1.0"});
}

TEST_CASE("the order of fields, line ends and a byte order mark mean nothing in an event stream") {
  CHECK(sse("id: 1\nevent: a\ndata: x\n\n", "event: a\ndata: x\nid: 1\n\n").empty());
  CHECK(sse("data: a\n\ndata: b\n\n", "data: a\r\rdata: b\r\r").empty());
  CHECK(sse("data: a\n\ndata: b\n\n",
            "\xef\xbb\xbf"
            "data: a\r\n\ndata:b\n\r\n")
            .empty());
  CHECK(sse("id\ndata: x\n\n", "id\ndata: x\n\n").empty());
}

TEST_CASE("comments are noise unless they are asked for") {
  CompareOptions comments;
  comments.noise = stream::Noise::include;
  CHECK(sse(": x\ndata: a\n\n", "data: a\n\n").empty());
  CHECK(sse(": x\ndata: a\n\n", ": y\ndata: a\n\n").empty());
  CHECK(sse(": x\ndata: a\n\n", ": x\ndata: a\n\n", comments).empty());
  CHECK(sse(": x\ndata: a\n\n", ": y\ndata: a\n\n", comments).size() == 1);
  CHECK(sse(": x\ndata: a\n\n", "data: a\n\n", comments) == Lines{"comment 1/- missing"});
}

TEST_CASE("missing and extra events are differences") {
  CHECK(sse(events({"a", "b"}), events({"a", "b", "c"})) == Lines{"event -/3 extra"});
  CHECK(sse(events({"a", "b", "c"}), events({"a", "b"})) == Lines{"event 3/- missing"});
  CHECK(sse(events({"a", "b", "c"}), events({"b", "c"})) == Lines{"event 1/- missing"});
  CHECK(sse(events({"a", "c"}), events({"a", "b", "c"})) == Lines{"event -/2 extra"});
  CHECK(sse("", events({"a"})) == Lines{"event -/1 extra"});
}

TEST_CASE("events after an inserted one are compared with their own partners") {
  CHECK(sse(events({"{\"n\":1}", "{\"n\":2,\"v\":\"x\"}", "{\"n\":3}"}),
            events({"{\"n\":0}", "{\"n\":1}", "{\"n\":2,\"v\":\"y\"}", "{\"n\":3}"})) ==
        Lines{"event -/1 extra", "event 2/3 changed /v \"x\" \"y\""});
}

TEST_CASE("an event that another type has replaced is missing, and the other extra") {
  const auto found = sse("event: delta\ndata: {\"text\":\"a\"}\n\nevent: delta\ndata: {\"text\":\"b\"}\n\n",
                         "event: error\ndata: {\"code\":529,\"kind\":\"overloaded\"}\n\n");
  CHECK(found == Lines{"event 1/- missing", "event 2/- missing", "event -/1 extra"});
}

TEST_CASE("an event that the stream ends in the middle of is not lost") {
  CHECK(sse("data: a\n\ndata: b", "data: a\n\ndata: c").size() == 1);
  CHECK(sse("data: a\n\ndata: b", "data: a\n\n") == Lines{"unfinished event 2/- missing"});
  CHECK(sse("data: a\n\ndata: b", "data: a\n\ndata: b").empty());
  CHECK(sse("data: a\n\ndata: b\n\n", "data: a\n\ndata: b").size() == 2);
}

TEST_CASE("a block without data counts if it sets the id") {
  CHECK(sse("id: 1\n\ndata: x\n\n", "id: 2\n\ndata: x\n\n") == Lines{"block without data 1/1 @id changed '1' '2'"});
  CHECK(sse("id: 1\n\ndata: x\n\n", "data: x\n\n", ignoring({"@id"})).empty());
  CHECK(sse("event: ping\n\ndata: x\n\n", "data: x\n\n").empty());
}

TEST_CASE("bodies in which nothing is found are still compared") {
  CHECK(sse("{\"error\": 1}\n\n", "{\"error\": 2}\n\n") == Lines{"body 1/1 changed /error 1 2"});
  CHECK(sse("<html>a</html>\n\n", "<html>b</html>\n\n") ==
        Lines{"body 1/1 changed byte 6 '<html>a</html>\n\n' '<html>b</html>\n\n'"});
  CHECK(sse("{\"error\":1}\n\n", "{\"error\":1}\n\n").empty());
  CHECK(compare_bodies(StreamKind::multipart, "no parts", "no Parts").size() == 1);
}

TEST_CASE("the patterns of --ignore leave out parts of the data and fields") {
  CHECK(ndjson("{\"ts\":1,\"a\":{\"TS\":2}}\n", "{\"ts\":9,\"a\":{\"TS\":8}}\n", ignoring({"/ts"})) ==
        Lines{"record 1/1 changed /a/TS 2 8"});
  CHECK(ndjson("{\"user\":{\"id\":1}}\n", "{\"user\":{\"id\":2}}\n", ignoring({"/user/id"})).empty());
  CHECK(sse("id: 1\ndata: x\n\n", "id: 2\ndata: x\n\n", ignoring({"@id"})).empty());
  CHECK(sse("id: 1\ndata: x\n\n", "data: x\n\n", ignoring({"@id"})).empty());
  CHECK(sse("data: x\n\n", "data: y\n\n", ignoring({"@data"})).empty());
  CHECK(sse("data: {\"id\":1}\n\n", "data: {\"id\":2}\n\n", ignoring({"@id"})).size() == 1);
  // Before anything is aligned: each event has a time of its own.
  CHECK(ndjson("{\"t\":1,\"v\":\"a\"}\n{\"t\":2,\"v\":\"b\"}\n",
               "{\"t\":5,\"v\":\"z\"}\n{\"t\":6,\"v\":\"a\"}\n{\"t\":7,\"v\":\"b\"}\n",
               ignoring({"/t"})) == Lines{"record -/1 extra"});
}

TEST_CASE("records of NDJSON are JSON, or else text") {
  CHECK(ndjson("OK\n", "OK\n").empty());
  CHECK(ndjson("{\"a\":1}\n", "{\"a\":1} trailing\n") == Lines{"record 1/1 type {\"a\":1} '{\"a\":1} trailing'"});
  CHECK(ndjson("[1,2]\n", "[2,1]\n").size() == 2);
  CHECK(ndjson("{\"a\":1}\n\n{\"b\":2}\n", "{\"a\":1}\r\n{\"b\":2}").empty());
  CHECK(ndjson("{\"a\":\"\xff\"}\n", "{\"a\":\"\xfe\"}\n").size() == 1);
}

TEST_CASE("records of a JSON sequence are compared, and those that may be cut are marked") {
  const auto seq = [](std::string_view a, std::string_view b) { return compare_bodies(StreamKind::json_seq, a, b); };
  CHECK(seq("\x1e{\"a\":1}\n\x1e[2]\n", "\x1e{\"a\":1.0}\n\x1e[ 2 ]\n").empty());
  CHECK(seq("\x1e{\"a\":1}\n", "\x1e{\"a\":2}\n") == Lines{"record 1/1 changed /a 1 2"});
  CHECK(seq("\x1e"
            "12\n",
            "\x1e"
            "12") == Lines{"record 1/1 @state extra 'truncated'"});
}

TEST_CASE("lines of text are compared byte by byte, line ends included") {
  CHECK(text("ab\n", "cd\n") == Lines{"line 1/1 changed byte 0 'ab' 'cd'"});
  CHECK(text("a\nb\n", "a\nb\n").empty());
  CHECK(text("a\nb\n", "a\n\nb\n") == Lines{"line -/2 extra"});
  CHECK(text("a\n", "a\r\n") == Lines{"line 1/1 @newline changed 'lf' 'crlf'"});
  CHECK(text("a\n", "a") == Lines{"line 1/1 @newline changed 'lf' 'none'"});
  CHECK(text("a\n", "a\r\n", ignoring({"@newline"})).empty());
  CHECK(text("1\n", "1.0\n").size() == 1);
}

TEST_CASE("binary bodies differ at an exact offset") {
  CHECK(binary("\0\1\2"s, "\0\1\3"s) == Lines{"body 1/1 changed byte 2 \0\1\2 \0\1\3"s});
  CHECK(binary("abc", "xyz") == Lines{"body 1/1 changed byte 0 abc xyz"});
  CHECK(binary("abc", "abcd") == Lines{"body 1/1 changed byte 3 abc abcd"});
  CHECK(binary("abc", "abc").empty());
  CHECK(binary("1", "1.0").size() == 1);
}

TEST_CASE("parts are compared whatever their boundary is") {
  const auto parts = [](const std::string& boundary, std::string_view type, std::string_view body) {
    return "--" + boundary + "\r\nContent-Type: " + std::string(type) + "\r\n\r\n" + std::string(body) + "\r\n--" + boundary +
           "--\r\n";
  };
  const auto diff = [](const std::string& a, const std::string& b) { return compare_bodies(StreamKind::multipart, a, b); };
  CHECK(diff(parts("A", "text/plain", "x"), parts("B", "text/plain", "x")).empty());
  CHECK(diff(parts("A", "text/plain", "x"), parts("B", "text/plain", "y")) == Lines{"part 1/1 changed byte 0 'x' 'y'"});
  CHECK(diff(parts("A", "image/png", "xy"), parts("A", "image/png", "xz")) == Lines{"part 1/1 changed byte 1 xy xz"});
  CHECK(diff(parts("A", "application/json", "{\"a\":1}"), parts("A", "application/json", "{ \"a\": 1 }")).empty());
  CHECK(diff(parts("A", "application/x-ndjson", "{\"a\":1}\n{\"b\":2}\n"),
             parts("A", "application/x-ndjson", "{\"a\":1}\n{\"b\":2}\n"))
            .empty());
  CHECK(diff(parts("A", "application/x-ndjson", "{\"a\":1}\n{\"b\":2}\n"),
             parts("A", "application/x-ndjson", "{\"a\": 1}\n{\"b\":3}\n")) == Lines{"part 1/1 changed /1/b 2 3"});
  CHECK(diff(parts("A", "text/plain", "x"), parts("A", "text/html", "x")) ==
        Lines{"part 1/1 @header/content-type changed 'text/plain' 'text/html'"});
}

TEST_CASE("a recorded multipart answer is read with its own boundary") {
  const auto body = [](const std::string& boundary) { return "--" + boundary + "\r\n\r\n--Z\r\n--" + boundary + "--\r\n"; };
  CHECK(compare(recorded("multipart/mixed; boundary=Q", {body("Q")}), recorded("multipart/mixed; boundary=\"R\"", {body("R")}))
            .equal());
}

TEST_CASE("WebSocket messages are compared in each direction by themselves") {
  Exchange expected;
  expected.timeline = {message(Direction::send, "{\"q\":1}"), message(Direction::receive, "a"), message(Direction::send, "x"),
                       message(Direction::receive, "b")};
  Exchange actual = expected;
  CHECK(compare(expected, actual).equal());
  std::swap(actual.timeline[1], actual.timeline[2]);  // the order between the directions is a matter of time
  CHECK(compare(expected, actual).equal());
  actual.timeline[0].data = "{\"q\":2}";
  CHECK(lines(compare(expected, actual)) == Lines{"message 1/1 changed /q 1 2"});
  actual = expected;
  actual.timeline[1].opcode = 2;
  CHECK(lines(compare(expected, actual)) == Lines{"message 2/2 @opcode changed '1' '2'"});
  actual = expected;
  actual.timeline[1].direction = Direction::send;
  CHECK_FALSE(compare(expected, actual).equal());
}

TEST_CASE("pings are noise, and a close is compared by its code and reason") {
  Exchange expected;
  stream::Event close;
  close.kind = stream::EventKind::close;
  close.code = 1000;
  close.reason = "bye";
  expected.timeline = {message(Direction::receive, "a"), message(Direction::receive, "p", 9), close};
  Exchange actual = expected;
  actual.timeline.erase(actual.timeline.begin() + 1);
  CHECK(compare(expected, actual).equal());
  CompareOptions all;
  all.noise = stream::Noise::include;
  CHECK(lines(compare(expected, actual, all)) == Lines{"control frame 1/- missing"});
  actual.timeline.back().code = 1011;
  actual.timeline.back().reason.clear();
  CHECK(lines(compare(expected, actual)) == Lines{"close 1/1 @code changed '1000' '1011'", "close 1/1 @reason missing 'bye'"});
}

TEST_CASE("an ordinary answer is JSON by its type, else text, else bytes") {
  const auto http = [](const char* type, std::string body) { return recorded(type, {std::move(body)}); };
  CHECK(compare(http("application/json", "{\"a\":1}"), http("application/json; charset=utf-8", "{ \"a\" : 1.0 }\n")).equal());
  CHECK(lines(compare(http("application/problem+json", "{\"a\":1}"), http("application/problem+json", "{\"a\":2}"))) ==
        Lines{"body 1/1 changed /a 1 2"});
  CHECK(lines(compare(http("text/plain", "1\nx\n"), http("text/plain", "1.0\nx\n"))) ==
        Lines{"line 1/1 changed byte 1 '1' '1.0'"});
  CHECK(lines(compare(http("image/png", "ab"), http("image/png", "ac"))) == Lines{"body 1/1 changed byte 1 ab ac"});
  // An answer that is no JSON although it says so.
  CHECK(lines(compare(http("application/json", "{\"a\":1}"), http("application/json", "{\"a\":"))) ==
        Lines{"line 1/1 changed byte 5 '{\"a\":1}' '{\"a\":'"});
  CHECK(lines(compare(http("application/json", "{}"), http("text/html", "<p>\n"))).front() ==
        "content-type changed 'application/json' 'text/html'");
}

TEST_CASE("the status of the answer is compared, and headers are not") {
  auto actual = recorded("text/event-stream", {"data: a\n\n"}, 201);
  const auto expected = recorded("text/event-stream", {"data: a\n\n"}, 200);
  CHECK(lines(compare(expected, actual)) == Lines{"status changed '200' '201'"});
  CHECK(compare(expected, actual, ignoring({"@status"})).equal());
  actual.response.reset();
  CHECK(lines(compare(expected, actual)).front() == "status changed '200' 'no answer'");
}

TEST_CASE("a bare body is taken for what the recording is") {
  const auto expected = recorded("text/event-stream", {"data: {\"a\":1}\n\n"});
  CHECK(compare(expected, bare(StreamKind::text, "data: {\"a\": 1}\r\n\r\n")).equal());
  CHECK(compare(bare(StreamKind::text, "{\"a\":1}\n"), bare(StreamKind::ndjson, "{\"a\":1.0}\n")).equal());
}

TEST_CASE("a bare body whose kind is plain to see is not taken for another") {
  const auto e = bare(StreamKind::sse, "data: {\"a\":1}\n\n");
  CHECK(lines(compare(e, bare(StreamKind::ndjson, "{\"a\":1}\n"))) == Lines{"kind changed 'sse' 'ndjson'"});
  CHECK(lines(compare(e, bare(StreamKind::ndjson, ""))) == Lines{"event 1/- missing"});
  // What was recorded as text stays text.
  CHECK(compare(recorded("text/plain", {"data: 1\n\n"}), bare(StreamKind::sse, "data: 1\n\n")).equal());
  CHECK_FALSE(compare(recorded("text/plain", {"data: 1\n\n"}), bare(StreamKind::sse, "data: 1.0\n\n")).equal());
}

TEST_CASE("answers of different kinds differ, and are not compared further") {
  const auto found = lines(compare(recorded("text/event-stream", {"data: a\n\n"}), recorded("application/x-ndjson", {"1\n"})));
  CHECK(found == Lines{"content-type changed 'text/event-stream' 'application/x-ndjson'", "kind changed 'sse' 'ndjson'"});
  const auto ignored = lines(compare(recorded("text/event-stream", {"data: a\n\n"}), recorded("application/x-ndjson", {"1\n"}),
                                     ignoring({"@kind", "@content-type"})));
  CHECK(ignored == Lines{"kind changed 'sse' 'ndjson'"});
}

TEST_CASE("a recording that was cut off differs from one that was not") {
  const auto expected = recorded("text/event-stream", {"data: a\n\n", "data: b\n\n", "data: c\n\n"});
  Exchange actual = expected;
  actual.end.reset();
  CHECK(lines(compare(expected, actual)) == Lines{"ending changed 'eof' 'cut off'"});
  CompareOptions allowed;
  allowed.truncation = stream::Truncation::allowed;
  CHECK(compare(expected, actual, allowed).equal());
  // Shorter, with half an event at the end.
  actual.timeline.back().data = "data: c";
  CHECK(compare(expected, actual).total == 3);
  const Comparison shorter = compare(expected, actual, allowed);
  CHECK(shorter.equal());
  CHECK(shorter.after_cut == 1);
  // What is there must still be equal.
  actual.timeline.front().data = "data: x\n\n";
  CHECK(lines(compare(expected, actual, allowed)) == Lines{"event 1/1 changed byte 0 'a' 'x'"});
  // A stream that ended by itself may not be shorter.
  actual = expected;
  actual.timeline.pop_back();
  CHECK(lines(compare(expected, actual, allowed)) == Lines{"event 3/- missing"});
  actual.end->reason = "reset";
  CHECK(compare(expected, actual, allowed).equal());
  CHECK(lines(compare(expected, actual)) == Lines{"event 3/- missing", "ending changed 'eof' 'reset'"});
}

TEST_CASE("a stream compares the same however its bytes are cut") {
  const std::string body =
      "\xef\xbb\xbf: hi\r\nid: 1\r\nevent: a\r\ndata: {\"t\":\"h\xc3\xa9\"}\r\n\r\ndata: x\rdata: y\r\r: ping\n\ndata: "
      "z\n\nretry: 5\ndata: tail";
  const auto whole = bare(StreamKind::sse, body);
  for (std::size_t chunk = 1; chunk < body.size(); ++chunk) {
    CAPTURE(chunk);
    CHECK(compare(whole, bare(StreamKind::sse, body, chunk)).equal());
  }
}

TEST_CASE("times count from the request, and a bare body has none") {
  const auto expected = recorded("text/event-stream", {"data: a\n\ndata: ", "b\n\n"});
  const auto found = compare(expected, bare(StreamKind::sse, events({"a", "c"})));
  REQUIRE(found.differences.size() == 1);
  CHECK(found.differences[0].expected.t == stream::Nanos(20'000'000));
  CHECK_FALSE(found.differences[0].actual.t);
  CHECK(found.differences[0].actual.offset == 9);
  CHECK(found.differences[0].actual.line == 3);
}

TEST_CASE("a limit keeps the first differences and counts the others, or stops") {
  CompareOptions options;
  options.max_differences = 2;
  const auto e = bare(StreamKind::sse, events({"a", "b", "c", "d"}));
  const auto a = bare(StreamKind::sse, events({"1", "2", "3", "4"}));
  const auto counted = compare(e, a, options);
  CHECK(counted.differences.size() == 2);
  CHECK(counted.total == 4);
  CHECK_FALSE(counted.stopped);
  options.count_all = false;
  const auto stopped = compare(e, a, options);
  CHECK(stopped.differences.size() == 2);
  CHECK(stopped.total == 2);
  CHECK(stopped.stopped);
}

TEST_CASE("ten thousand events a side with nothing in common end soon") {
  std::string e;
  std::string a;
  for (int i = 0; i < 10000; ++i) {
    e += "data: {\"choices\":[{\"delta\":{\"content\":\"a" + std::to_string(i) + "\"},\"index\":0}],\"id\":" + std::to_string(i) +
         "}\n\n";
    a += "data: {\"choices\":[{\"delta\":{\"content\":\"b" + std::to_string(i) +
         "\"},\"index\":0}],\"id\":" + std::to_string(-i - 1) + "}\n\n";
  }
  const auto begin = std::chrono::steady_clock::now();
  const auto found = stream::compare_exchanges(bare(StreamKind::sse, e), bare(StreamKind::sse, a));
  REQUIRE(found);
  CHECK(found->total == 20000);
  CHECK(found->items_differing == 10000);
  CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(60));  // a bound against quadratic work only
}
