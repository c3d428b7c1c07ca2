#include "check/recording_rules.hpp"

#include <fmt/format.h>
#include <catch2/catch.hpp>

#include "stream/io/byte_source.hpp"

namespace {

using namespace har::check;
using Lines = std::vector<std::string>;

struct Outcome {
  Lines lines{};  ///< "3 recording-time /t: expected …"
  std::size_t exchanges = 0;
  std::string producer{};
};

Outcome check(std::string_view file) {
  const auto source = stream::memory_source(file, "x.rec.ndjson");
  stream::LineReader reader(*source);
  RecordingRules rules({});
  Outcome out;
  Marks marks;
  std::vector<RecordingRules::Said> said;
  const auto take = [&](std::uint64_t number) {
    for (const auto& each : said) {
      CHECK(file.substr(each.offset, 1) == "{");
      out.lines.push_back(fmt::format("{} {}: {}", each.line, rule(each.rule).name, each.message));
    }
    for (const Mark& mark : marks) {
      out.lines.push_back(fmt::format("{} {} {}: {}", number, rule(mark.rule).name, mark.pointer, mark.message));
    }
    said.clear();
    marks.clear();
  };
  for (;;) {
    const auto line = reader.next();
    REQUIRE(line.has_value());
    if (!*line) break;
    rules.line(**line, marks, said);
    take((*line)->number);
  }
  rules.finish(said);
  take(0);
  out.exchanges = rules.exchanges();
  out.producer = rules.producer();
  return out;
}

constexpr std::string_view kHeader =
    R"({"recording":1,"start":"2026-11-22T09:15:30.123456789Z","creator":{"name":"streamrec","version":"0.1.0"}})"
    "\n";
std::string request(std::string_view id, std::string_view t = "0") {
  return fmt::format(R"({{"ev":"request","id":"{}","t":{},"request":{{"method":"GET","url":"https://a/","headers":[]}}}})"
                     "\n",
                     id, t);
}
std::string data_of(std::string_view id, std::string_view t = "1") {
  return fmt::format(R"({{"ev":"data","id":"{}","t":{},"data":"x"}})"
                     "\n",
                     id, t);
}
std::string end_of(std::string_view id, std::string_view t = "2") {
  return fmt::format(R"({{"ev":"end","id":"{}","t":{},"reason":"eof"}})"
                     "\n",
                     id, t);
}

}  // namespace

TEST_CASE("a good recording has no marks, with or without a header") {
  const std::string events = request("1") + request("2") + data_of("1") + end_of("1") + data_of("2") + end_of("2");
  const Outcome good = check(std::string(kHeader) + events);
  CHECK(good.lines.empty());
  CHECK(good.exchanges == 2);
  CHECK(good.producer == "streamrec 0.1.0");
  CHECK(check(events).lines.empty());
  CHECK(check("").lines.empty());
  CHECK(check("\n \n").lines.empty());
  // Ids may be left out, and used again; a mark may be of no exchange.
  CHECK(check(R"({"ev":"request","t":0,"request":{"method":"GET","url":"https://a/"}})"
              "\n"
              R"({"ev":"end","t":0,"reason":"eof"})"
              "\n")
            .lines.empty());
  CHECK(check(request("1") + end_of("1") + request("1", "3") + end_of("1", "4")).lines.empty());
  CHECK(check(R"({"ev":"mark","t":0,"text":"began"})"
              "\n" +
              request("1") + R"({"ev":"_mine","t":0})" + "\n" + end_of("1"))
            .lines.empty());
}

TEST_CASE("what came out of a pipe has neither a request nor an id") {
  CHECK(check(R"({"ev":"response","t":0,"kind":"text","response":{}})"
              "\n"
              R"({"ev":"data","t":0,"data":"x"})"
              "\n"
              R"({"ev":"end","t":0,"reason":"eof"})"
              "\n")
            .lines.empty());
  CHECK(check(R"({"ev":"data","id":"7","t":0,"data":"x"})"
              "\n"
              R"({"ev":"end","id":"7","t":0,"reason":"eof"})"
              "\n")
            .lines == Lines{R"(1 recording-id /id: expected the request of exchange "7" first, found "data")"});
}

TEST_CASE("a line that is no event is named with what it lacks") {
  CHECK(check(R"({"ev":"mark","t":"0","text":"x"})"
              "\n")
            .lines == Lines{R"(1 recording-shape /t: expected a number, found a string)"});
  CHECK(check(R"({"ev":"data","t":0})"
              "\n")
            .lines == Lines{"1 recording-shape : expected exactly one of data, data64"});
  CHECK(check("5\n").lines.size() == 1);
  CHECK(check("{}\n").lines.size() == 1);
  CHECK(check(R"({"recording":2})"
              "\n")
            .lines.size() == 1);
}

TEST_CASE("wrong types within a head are milder, as in a HAR") {
  RecordingRules rules({});
  Marks marks;
  std::vector<RecordingRules::Said> said;
  const auto level = [&](std::string_view text) {
    marks.clear();
    stream::Line line;
    line.text = text;
    rules.line(line, marks, said);
    REQUIRE(marks.size() == 1);
    CHECK(marks[0].rule == RuleId::recording_shape);
    return marks[0].regular;
  };
  REQUIRE_FALSE(level(R"({"ev":"request","t":"0","request":{"method":"GET","url":"https://a/"}})"));
  CHECK(level(R"({"ev":"response","t":0,"response":{"statusText":null}})") == Severity::note);
  CHECK(level(R"({"ev":"response","t":0,"response":{"statusText":5}})") == Severity::warning);
}

TEST_CASE("a line that is not JSON does not end the check") {
  const Outcome broken = check(request("1") + "{\"ev\":\n" + end_of("1"));
  REQUIRE(broken.lines.size() == 1);
  CHECK(broken.lines[0].starts_with("2 json-syntax"));
  const Outcome bytes = check(request("1") + "{\"ev\":\"mark\",\"t\":0,\"text\":\"\xff\"}\n" + end_of("1"));
  CHECK(bytes.lines == Lines{"2 json-utf8 : expected UTF-8, found the byte 0xFF"});
}

TEST_CASE("only the last line may be cut off") {
  CHECK(check(request("1") + end_of("1") + R"({"ev":"requ)").lines ==
        Lines{"3 recording-cut : expected a whole line, found 11 bytes of one"});
  CHECK(check(request("1") + end_of("1") + "{\"ev\":\"mark\",\"text\":\"\xc3").lines.size() == 1);
  // Whole, but for its line feed.
  std::string whole = request("1") + end_of("1");
  whole.pop_back();
  CHECK(check(whole).lines.empty());
}

TEST_CASE("an exchange's times don't go back") {
  CHECK(check(request("1", "1.5") + data_of("1", "1.25") + data_of("1", "1") + end_of("1", "2")).lines ==
        Lines{"2 recording-time /t: expected a time not before 1.5, the exchange's event before, found 1.25"});
  CHECK(check(request("1", "1.5") + request("2", "1") + end_of("2", "1") + end_of("1", "1.5")).lines.empty());
}

TEST_CASE("events belong to an exchange that has begun and not ended") {
  CHECK(check(data_of("7") + data_of("7") + end_of("7")).lines ==
        Lines{R"(1 recording-id /id: expected the request of exchange "7" first, found "data")"});
  CHECK(check(request("1") + end_of("1") + data_of("1", "3") + data_of("1", "4")).lines ==
        Lines{R"(3 recording-after-end /id: expected nothing of exchange "1" behind its end, found "data")"});
  CHECK(check(request("1") + end_of("1") + request("1", "3") + end_of("1", "3") + end_of("1", "3")).lines.size() == 1);
}

TEST_CASE("an exchange without an end is named by its first line") {
  CHECK(check(request("b") + request("a") + data_of("a")).lines ==
        Lines{R"(1 recording-incomplete: expected an end of exchange "b", found none)",
              R"(2 recording-incomplete: expected an end of exchange "a", found none)"});
  CHECK(check(request("1") + request("1", "1") + end_of("1")).lines ==
        Lines{R"(1 recording-incomplete: expected an end of exchange "1", found the next request with its id in line 2)"});
}

TEST_CASE("a header in the middle begins another recording") {
  const std::string one = std::string(kHeader) + request("1", "5") + end_of("1", "6");
  CHECK(check(one + one).lines.empty());
  CHECK(check(one + one).exchanges == 2);
  CHECK(check(std::string(kHeader) + request("1") + std::string(kHeader) + data_of("1")).lines ==
        Lines{R"(2 recording-incomplete: expected an end of exchange "1", found none)",
              R"(4 recording-id /id: expected the request of exchange "1" first, found "data")"});
}

TEST_CASE("a head in a recording is held to what HAR says") {
  const Outcome bad = check(
      R"({"ev":"request","id":"1","t":0,"request":{"method":"G T","url":"https://a/","headers":[{"name":"a b","value":"x"}]}})"
      "\n" +
      end_of("1"));
  REQUIRE(bad.lines.size() == 2);
  CHECK(bad.lines[0].starts_with("1 method-token /request/method"));
  CHECK(bad.lines[1].starts_with("1 header-name /request/headers/0/name"));
  const Outcome status =
      check(request("1") + R"({"ev":"response","id":"1","t":0,"response":{"status":700}})" + "\n" + end_of("1"));
  REQUIRE(status.lines.size() == 1);
  CHECK(status.lines[0].starts_with("2 status-range /response/status"));
}

TEST_CASE("what ended long ago is forgotten") {
  RecordingRules rules({});
  Marks marks;
  std::vector<RecordingRules::Said> said;
  const auto add = [&](const std::string& text) {
    stream::Line line;
    line.text = std::string_view(text).substr(0, text.size() - 1);
    rules.line(line, marks, said);
  };
  for (int i = 0; i < 70'000; ++i) {
    add(request(std::to_string(i)));
    add(end_of(std::to_string(i)));
  }
  CHECK(marks.empty());
  add(data_of("69999"));
  add(data_of("1"));
  REQUIRE(marks.size() == 2);
  CHECK(marks[0].rule == RuleId::recording_after_end);
  CHECK(marks[1].rule == RuleId::recording_id);
}
