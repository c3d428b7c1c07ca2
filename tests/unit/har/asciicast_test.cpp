#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>

#include "conversion.hpp"
#include "har/exchange.hpp"

using namespace har;
using stream::Event;
using stream::EventKind;
using stream::Exchange;
using stream::Json;
using stream::Nanos;

namespace {

using Lines = std::vector<std::string>;

struct Read {
  std::vector<Exchange> exchanges;
  Lines errors;
  Lines findings;
};

Read read(std::string_view text, stream::Limits limits = {}) {
  Read out;
  const auto source = stream::memory_source(text, "x.cast", 7);
  const auto reader = find_format("asciicast")->open_reader(*source, {limits, [&](const stream::Finding& finding) {
                                                                        out.findings.push_back(to_string(finding));
                                                                      }});
  for (;;) {
    auto item = reader->next();
    if (!item) {
      out.errors.push_back(to_string(item.error()));
      if (reader->can_continue()) continue;
      return out;
    }
    if (!*item) return out;
    out.exchanges.push_back(std::move(*(*item)->exchange));
  }
}

/// What a cast says, without what may be spelled in several ways.
struct Meaning {
  Json header;
  std::vector<Json> events;
  std::vector<Nanos> times;
  bool operator==(const Meaning&) const = default;
};

Meaning meaning(const std::string& text) {
  Meaning out;
  Nanos t{};
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    const auto json = stream::parse_json(std::string_view(text).substr(at, end - at));
    at = end + 1;
    if (!json) continue;
    if (json->is_object()) {
      out.header = *json;
      continue;
    }
    const auto time = *stream::parse_decimal_seconds(json->as_array()[0].number_text());
    t = out.header["version"].int_or(0) == 3 ? t + time : time;
    out.times.push_back(t);
    out.events.push_back(Json(Json::Array(json->as_array().begin() + 1, json->as_array().end())));
  }
  return out;
}

constexpr std::string_view kCast2 =
    "{\"version\": 2, \"width\": 133, \"height\": 24, \"timestamp\": 1648331634, \"duration\": 4.5, \"env\": {\"SHELL\": null, "
    "\"TERM\": \"xterm\"}, \"theme\": {\"fg\": \"#fff\"}, \"x-mine\": [1.50]}\n"
    "[0.058188, \"o\", \"\\u001b[1mhi\\r\\n\"]\n"
    "[1, \"i\", \"a\"]\n"
    "[1.5e0, \"m\", \"\"]\n"
    "[2.25, \"r\", \"80x24\"]\n"
    "[2.25, \"z\", {\"any\": 1}]\n"
    "[3.000001, \"o\", \"\"]\n"
    "\n"
    "[4.123456789, \"o\", \"end \\ud800\"]\n\n";

constexpr std::string_view kCast3 =
    "{\"version\": 3, \"term\": {\"cols\": 80, \"rows\": 4, \"type\": \"vt\"}, \"title\": \"t\", \"tags\": [\"a\"]}\n"
    "# a comment\n"
    "[0.5, \"o\", \"a\"]\n"
    "[0.25, \"o\", \"b\"]\n"
    "[0, \"x\", \"0\"]\n";

Exchange exchange_of(const std::vector<std::pair<Nanos, std::string>>& chunks) {
  Exchange exchange;
  exchange.response.emplace();
  exchange.response->kind = EventKind::response;
  exchange.response->object = Json::object();
  exchange.response->stream_kind = "text";
  for (const auto& [t, data] : chunks) {
    Event event;
    event.kind = EventKind::data;
    event.t = t;
    event.data = data;
    exchange.timeline.push_back(event);
  }
  return exchange;
}

struct Written {
  std::string text;
  Lines findings;
  std::string error;
};

Written write(const Exchange& exchange, std::string_view format, int times = 1) {
  Written out;
  const auto sink = stream::string_sink(out.text);
  const auto writer = find_format(format)->open_writer(*sink, {});
  Item item;
  item.exchange = exchange;
  const LogInfo info;
  std::string rendered;
  for (int i = 0; i < times; ++i) {
    REQUIRE(
        writer->render(item, {info, nullptr, [&](const stream::Finding& f) { out.findings.push_back(f.message); }}, rendered));
  }
  if (const auto status = writer->write(rendered); !status) out.error = to_string(status.error());
  REQUIRE(sink->finish());
  return out;
}

}  // namespace

TEST_CASE("asciicast: output and input are data, with exact times, and everything else is kept") {
  const Read cast = read(kCast2);
  CHECK(cast.errors == Lines{});
  CHECK(cast.findings == Lines{});
  REQUIRE(cast.exchanges.size() == 1);
  const Exchange& exchange = cast.exchanges[0];
  CHECK(exchange.kind() == stream::StreamKind::text);
  CHECK_FALSE(exchange.request);
  REQUIRE(exchange.start);
  CHECK(stream::format_iso8601(*exchange.start) == "2022-03-26T21:53:54.000Z");
  CHECK(body_of(exchange) == "\x1b[1mhi\r\nend \xED\xA0\x80");
  CHECK(body_of(exchange, stream::Direction::send) == "a");
  REQUIRE(exchange.timeline.size() == 8);
  CHECK(exchange.timeline[1].t == Nanos(58'188'000));
  CHECK(exchange.timeline[3].kind == EventKind::mark);
  CHECK(exchange.timeline[3].t == Nanos(1'500'000'000));
  CHECK(exchange.timeline[7].t == Nanos(4'123'456'789));
  REQUIRE(exchange.end);
  CHECK(exchange.end->t == Nanos(4'123'456'789));
}

TEST_CASE("asciicast: version 3 has intervals") {
  const Read cast = read(kCast3);
  CHECK(cast.errors == Lines{});
  REQUIRE(cast.exchanges.size() == 1);
  const auto& timeline = cast.exchanges[0].timeline;
  REQUIRE(timeline.size() == 5);
  CHECK(timeline[2].t == Nanos(500'000'000));
  CHECK(timeline[3].t == Nanos(750'000'000));
  CHECK_FALSE(cast.exchanges[0].start);
}

TEST_CASE("asciicast: a cast comes back from a recording, and from a HAR, as it was") {
  for (const auto& [text, format] : {std::pair(kCast2, "asciicast-v2"), std::pair(kCast3, "asciicast")}) {
    for (const std::string_view by : {"recording", "har"}) {
      INFO(format << " by " << by);
      const test::Converted there = test::convert(text, format, by);
      CHECK(there.errors == Lines{});
      const test::Converted back = test::convert(there.text, by, format);
      CHECK(back.errors == Lines{});
      const Meaning before = meaning(std::string(text));
      Meaning after = meaning(back.text);
      CHECK(after.header == before.header);
      CHECK(after.times == before.times);
      // A HAR keeps what is no data by itself: of one moment the order is not known.
      if (by == "recording") CHECK(after.events == before.events);
      CHECK(after.events.size() == before.events.size());
    }
  }
  CHECK(
      test::convert(test::convert(kCast3, "asciicast", "recording").text, "recording", "asciicast").text.find("# a comment\n") !=
      std::string::npos);
}

TEST_CASE("asciicast: a cast of one version becomes one of the other") {
  const test::Converted three = test::convert(kCast2, "asciicast", "asciicast");
  CHECK(three.errors == Lines{});
  CHECK(three.text ==
        "{\"version\":3,\"term\":{\"cols\":133,\"rows\":24,\"type\":\"xterm\",\"theme\":{\"fg\":\"#fff\"}},\"timestamp\":"
        "1648331634,\"duration\":4.5,\"env\":{\"SHELL\":null,\"TERM\":\"xterm\"},\"x-mine\":[1.50]}\n"
        "[0.058188, \"o\", \"\\u001b[1mhi\\r\\n\"]\n"
        "[0.941812, \"i\", \"a\"]\n"
        "[0.5, \"m\", \"\"]\n"
        "[0.75, \"r\", \"80x24\"]\n"
        "[0, \"z\", {\"any\":1}]\n"
        "[0.750001, \"o\", \"\"]\n"
        "[1.123456, \"o\", \"end \\ud800\"]\n");
  const test::Converted two = test::convert(kCast3, "asciicast", "asciicast-v2");
  CHECK(two.errors == Lines{});
  CHECK(two.text ==
        "{\"version\":2,\"width\":80,\"height\":4,\"title\":\"t\",\"tags\":[\"a\"],\"env\":{\"TERM\":\"vt\"}}\n"
        "[0.5, \"o\", \"a\"]\n"
        "[0.75, \"o\", \"b\"]\n"
        "[0.75, \"x\", \"0\"]\n");
  // 0 columns are none.
  CHECK(test::convert("{\"version\":2,\"width\":0,\"height\":0}\n", "asciicast", "asciicast").text ==
        "{\"version\":3,\"term\":{\"cols\":80,\"rows\":24}}\n");
}

TEST_CASE("asciicast: intervals are rounded so that errors do not add up") {
  std::vector<std::pair<Nanos, std::string>> chunks;
  for (int i = 1; i <= 1000; ++i) chunks.emplace_back(Nanos(i * 1'000'333), "x");
  const Meaning cast = meaning(write(exchange_of(chunks), "asciicast").text);
  REQUIRE(cast.times.size() == 1000);
  for (std::size_t i = 0; i < cast.times.size(); ++i) {
    const Nanos error = cast.times[i] - chunks[i].first;
    if (error < Nanos(-500) || error > Nanos(500)) FAIL("event " << i << " is off by " << error.count() << " ns");
  }
}

TEST_CASE("asciicast: a character that two chunks share comes whole with the second, wherever it is cut") {
  const std::string text = "a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80z";
  for (std::size_t i = 0; i <= text.size(); ++i) {
    for (std::size_t j = i; j <= text.size(); ++j) {
      const Written cast = write(
          exchange_of({{Nanos(1000), text.substr(0, i)}, {Nanos(2000), text.substr(i, j - i)}, {Nanos(3000), text.substr(j)}}),
          "asciicast");
      std::string joined;
      for (const Json& event : meaning(cast.text).events) joined += event.as_array()[1].as_string();
      if (joined != text) FAIL(i << ", " << j << ": " << cast.text);
      CHECK(cast.findings == Lines{});
    }
  }
}

TEST_CASE("asciicast: what is no text is replaced, and that is said") {
  const Written cast = write(exchange_of({{Nanos(0),
                                           "\xFF\xFE"
                                           "a\xC3"},
                                          {Nanos(1000), "b\xE2\x82"}}),
                             "asciicast");
  CHECK(cast.text ==
        "{\"version\":3,\"term\":{\"cols\":80,\"rows\":24}}\n"
        "[0, \"o\", \"\xEF\xBF\xBD\xEF\xBF\xBD"
        "a\"]\n"
        "[0.000001, \"o\", \"\xEF\xBF\xBD"
        "b\"]\n"
        "[0, \"o\", \"\xEF\xBF\xBD\"]\n");
  CHECK(cast.findings == Lines{"a cast holds text: U+FFFD stands in 4 places for bytes that are none"});
}

TEST_CASE("asciicast: a stream that never was a cast goes back to the left where a line ends") {
  CHECK(write(exchange_of({{Nanos(0), "a\nb\r"}, {Nanos(1'000'000), "\nc\n\n"}}), "asciicast-v2").text ==
        "{\"version\":2,\"width\":80,\"height\":24}\n"
        "[0, \"o\", \"a\\r\\nb\\r\"]\n"
        "[0.001, \"o\", \"\\nc\\r\\n\\r\\n\"]\n");
}

TEST_CASE("asciicast: of a WebSocket each message is an event, and its close a mark") {
  constexpr std::string_view kRecording =
      "{\"recording\":1,\"start\":\"2026-11-22T09:15:30.5Z\"}\n"
      "{\"ev\":\"request\",\"id\":\"1\",\"t\":1,\"request\":{\"method\":\"GET\",\"url\":\"ws://a/\"}}\n"
      "{\"ev\":\"response\",\"id\":\"1\",\"t\":1,\"kind\":\"websocket\",\"response\":{\"status\":101}}\n"
      "{\"ev\":\"message\",\"id\":\"1\",\"t\":1.2,\"dir\":\"send\",\"opcode\":1,\"data\":\"hello\"}\n"
      "{\"ev\":\"message\",\"id\":\"1\",\"t\":1.25,\"dir\":\"receive\",\"opcode\":9,\"data\":\"\"}\n"
      "{\"ev\":\"message\",\"id\":\"1\",\"t\":1.3,\"dir\":\"receive\",\"opcode\":1,\"data\":\"world\"}\n"
      "{\"ev\":\"close\",\"id\":\"1\",\"t\":2.5,\"dir\":\"receive\",\"code\":1000,\"reason\":\"bye\"}\n"
      "{\"ev\":\"end\",\"id\":\"1\",\"t\":2.5,\"reason\":\"eof\"}\n";
  CHECK(test::convert(kRecording, "recording", "asciicast").text ==
        "{\"version\":3,\"term\":{\"cols\":80,\"rows\":24},\"timestamp\":1795338931,\"title\":\"GET ws://a/\"}\n"
        "[0.2, \"i\", \"hello\"]\n"
        "[0.1, \"o\", \"world\\r\\n\"]\n"
        "[1.2, \"m\", \"close 1000 bye\"]\n");
}

TEST_CASE("asciicast: a cast is of one exchange") {
  CHECK(write(exchange_of({{Nanos(0), "a"}}), "asciicast", 2).error == "a cast is of one exchange, and there are several");
}

TEST_CASE("asciicast: every cut gives what came before it, or says where the header ends") {
  for (const std::string_view text : {kCast2, kCast3}) {
    const std::string whole = body_of(read(text).exchanges.at(0));
    for (std::size_t cut = 0; cut < text.size(); ++cut) {
      const Read cast = read(text.substr(0, cut));
      if (cut < text.find('\n')) {
        CHECK(cast.exchanges.empty());
        REQUIRE(cast.errors.size() == 1);
        CHECK(cast.errors[0].starts_with(cut == 0 ? "x.cast: expected the header" : "x.cast:1:1: expected the header"));
        continue;
      }
      REQUIRE(cast.exchanges.size() == 1);
      CHECK(cast.errors == Lines{});
      CHECK(whole.starts_with(body_of(cast.exchanges[0])));
      // A line that is cut costs the end of the exchange.
      CHECK(cast.findings.size() == (cast.exchanges[0].end ? 0 : 1));
    }
  }
}

TEST_CASE("asciicast: a file is found by its header") {
  const auto score = [](std::string_view format, std::string_view text) { return find_format(format)->sniff(text); };
  CHECK(score("asciicast", kCast3) > 90);
  CHECK(score("asciicast", kCast2) < 30);
  CHECK(score("asciicast-v2", kCast2) > 90);
  CHECK(score("asciicast-v2", "{\"version\":2}\n") < 30);
  CHECK(score("asciicast-v2", "{\"version\":2,") == 0);
}

TEST_CASE("asciicast: what is no event is an error at its place, and the rest is read") {
  const auto errors = [](std::string_view line) {
    const Read cast = read("{\"version\":2,\"width\":1,\"height\":1}\n" + std::string(line) + "\n[1,\"o\",\"x\"]\n");
    CHECK(cast.exchanges.size() == 1);
    if (!cast.exchanges.empty()) CHECK(body_of(cast.exchanges[0]) == "x");
    return cast.errors;
  };
  CHECK(errors("[1,\"o\"]") == Lines{"x.cast:2:1: expected an event, [time, code, data]"});
  CHECK(errors("[\"1\",\"o\",\"\"]") == Lines{"x.cast:2:1: /0: expected a time in seconds"});
  CHECK(errors("[1,7,\"\"]") == Lines{"x.cast:2:1: /1: expected a code, a string such as \"o\""});
  CHECK(errors("[1,\"o\",5]") == Lines{"x.cast:2:1: /2: expected a string"});
  CHECK(errors("[1e30,\"o\",\"\"]") == Lines{"x.cast:2:1: /0: expected a time in seconds"});
  CHECK(errors("[9223372036.8547758,\"o\",\"\"]") == Lines{"x.cast:2:1: the time is out of range"});
  CHECK(errors("{}") == Lines{"x.cast:2:1: expected an event, [time, code, data]"});
  CHECK(errors("[1,\"o\",\"a]").size() == 1);
  CHECK(read("{\"version\":1,\"width\":80}\n").errors == Lines{"x.cast:1:1: an asciicast of version 1"});
  CHECK(read("{\"version\":4}\n").errors == Lines{"x.cast:1:1: expected the header of an asciicast of version 2 or 3"});
  stream::Limits small;
  small.max_entry = 40;
  CHECK(read("{\"version\":2,\"width\":1,\"height\":1}\n[0,\"o\",\"12345678\"]\n[0,\"o\",\"12345678\"]\n[0,\"o\",\"12345678\"]\n",
             small)
            .errors == Lines{"x.cast:4:1: the cast is larger than 40 bytes"});
}

TEST_CASE("asciicast: time that goes back is taken for the latest before, once said") {
  const Read cast = read("{\"version\":2,\"width\":1,\"height\":1}\n[2,\"o\",\"a\"]\n[1,\"o\",\"b\"]\n[0,\"o\",\"c\"]\n");
  CHECK(cast.findings ==
        Lines{"x.cast:3:1: warning: time goes back here; the time of the event before is taken [cast-time-backwards]"});
  CHECK(cast.exchanges.at(0).timeline.back().t == Nanos(2'000'000'000));
}

TEST_CASE("every cast of the corpus comes back from a recording the same") {
  const char* corpus = std::getenv("HARTAPE_CORPUS");
  if (corpus == nullptr) {
    WARN("skipped: HARTAPE_CORPUS is not set");
    return;
  }
  std::size_t files = 0;
  for (const auto& file : std::filesystem::directory_iterator(std::filesystem::path(corpus) / "cast")) {
    INFO(file.path().filename().string());
    const auto input = open_source(file.path().string(), std::nullopt, {});
    REQUIRE(input);
    const std::string format(input->format->name);
    REQUIRE(format.starts_with("asciicast"));
    const auto text = stream::read_all(*input->source, std::size_t{1} << 30);
    REQUIRE(text);
    const test::Converted there = test::convert(*text, format, "recording");
    CHECK(there.errors == Lines{});
    CHECK(there.findings == Lines{});
    const test::Converted back = test::convert(there.text, "recording", format);
    CHECK(back.errors == Lines{});
    const bool same = meaning(back.text) == meaning(*text);
    CHECK(same);
    ++files;
  }
  CHECK(files > 10);
}
