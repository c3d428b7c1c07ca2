#include <catch2/catch.hpp>

#include "stream/io/byte_source.hpp"
#include "stream/record/line_reader.hpp"
#include "stream/record/reader.hpp"
#include "stream/record/writer.hpp"

using namespace stream;
using namespace std::chrono_literals;

namespace {

const std::string kRecording =
    R"({"recording":1,"start":"2026-11-22T09:15:30.123456789Z","creator":{"name":"harproxy","version":"0.1.0"},"x":1})"
    "\n"
    R"({"ev":"request","id":"1","t":0,"request":{"method":"GET","url":"http://a/b"},"entry":{"pageref":"p1"},"_later":true})"
    "\n"
    R"({"ev":"response","id":"1","t":0.084211,"kind":"sse","response":{"status":200},"timings":{"wait":1.50}})"
    "\n"
    R"({"ev":"data","id":"1","t":0.153201,"data":"event: delta\ndata: {\"text\":\"Hel\"}\n\n"})"
    "\n"
    R"({"ev":"data","id":"1","t":0.181002,"data64":"//4="})"
    "\n"
    R"({"ev":"message","id":"2","t":0.2,"dir":"send","opcode":1,"data":"hello"})"
    "\n"
    R"({"ev":"message","id":"2","t":0.212,"dir":"receive","opcode":2,"data64":"gIGC","mocked":true,"frames":2})"
    "\n"
    R"({"ev":"teapot","id":"2","t":0.3,"short":["and","stout"]})"
    "\n"
    R"({"ev":"mark","t":0.4,"text":"half time"})"
    "\n"
    R"({"ev":"close","id":"2","t":1.5,"dir":"receive","code":1000,"reason":"bye"})"
    "\n"
    R"({"ev":"end","id":"1","t":1.600000001,"reason":"error","error":"reset by peer","trailers":[]})"
    "\n";

struct Read {
  std::vector<Event> events;
  std::vector<Finding> findings;
  std::vector<Error> errors;
};

Read read(std::string_view text, std::size_t max_read = SIZE_MAX, Limits limits = {}) {
  Read result;
  const auto source = memory_source(text, "x.rec.ndjson", max_read);
  RecordingReader reader(
      *source, [&](const Finding& finding) { result.findings.push_back(finding); }, limits);
  while (result.errors.size() < 10) {
    auto event = reader.next();
    if (!event) {
      result.errors.push_back(event.error());
    } else if (!*event) {
      break;
    } else {
      result.events.push_back(std::move(**event));
    }
  }
  return result;
}

}  // namespace

TEST_CASE("a recording is written as it was read: members, unknown members and events, nanoseconds") {
  const Read result = read(kRecording);
  CHECK(result.errors.empty());
  REQUIRE(result.events.size() == 11);
  std::string text;
  for (const Event& event : result.events) write_event(text, event);
  CHECK(text == kRecording);
  CHECK(result.events[0].start->time_since_epoch().count() % 1'000'000'000 == 123456789);
  CHECK(result.events[10].t == 1600000001ns);
  CHECK(result.events[4].data == "\xff\xfe");
  CHECK(result.events[6].mocked);
}

TEST_CASE("a recording that is cut anywhere loses only its last line, and says so") {
  const std::vector<Event> whole = read(kRecording).events;
  for (std::size_t cut = 0; cut <= kRecording.size(); ++cut) {
    const std::string_view text = std::string_view(kRecording).substr(0, cut);
    const auto lines = static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
    const Read result = read(text, 1 + cut % 7);
    INFO("cut at " << cut);
    CHECK(result.errors.empty());
    // A last line that lacks only its line feed is whole.
    const bool whole_line = cut < kRecording.size() && kRecording[cut] == '\n';
    const bool partial = cut > 0 && text.back() != '\n' && !whole_line;
    REQUIRE(result.events.size() == lines + (whole_line ? 1 : 0));
    CHECK(std::equal(result.events.begin(), result.events.end(), whole.begin()));
    REQUIRE(result.findings.size() == (partial ? 1 : 0));
    if (partial) {
      CHECK(result.findings[0].rule == "recording-cut");
      CHECK(result.findings[0].place.line == lines + 1);
    }
  }
}

TEST_CASE("a broken line in the middle is an error with its place, and the reader goes on behind it") {
  const Read result = read(
      "{\"ev\":\"mark\",\"t\":0,\"text\":\"a\"}\n\n{\"ev\":\"mark\",\"t\":x}\n{\"ev\":\"mark\",\"t\":2,\"text\":\"b\"}\n[1]\n{"
      "\"t\":1}\n"
      "{\"ev\":\"data\",\"t\":\"1\",\"data\":\"\"}\n{\"ev\":\"data\",\"t\":1}\n{\"ev\":\"data\",\"data64\":\"*\"}\n{"
      "\"recording\":2}\n"
      "{\"ev\":\"message\",\"t\":0,\"dir\":\"up\",\"opcode\":1,\"data\":\"\"}\n");
  REQUIRE(result.events.size() == 2);
  std::vector<std::string> messages;
  for (const Error& error : result.errors) messages.push_back(to_string(error));
  CHECK(messages == std::vector<std::string>{
                        "x.rec.ndjson:3:18: /t: expected a JSON value, found 'x'",
                        "x.rec.ndjson:5:1: expected an object, found an array",
                        "x.rec.ndjson:6:1: expected a member \"ev\" with the event's name, or \"recording\" for a header",
                        "x.rec.ndjson:7:1: /t: expected seconds as a number, found \"1\"",
                        "x.rec.ndjson:8:1: expected a member \"data\" or \"data64\"",
                        "x.rec.ndjson:9:1: /data64: expected base64",
                        "x.rec.ndjson:10:1: /recording: expected version 1, found 2",
                        "x.rec.ndjson:11:1: /dir: expected \"send\" or \"receive\", found \"up\"",
                    });
}

TEST_CASE("exchanges come out in the order of their beginning, and what is open at the end is incomplete") {
  ExchangeAssembler assembler;
  for (Event& event : read(kRecording).events) assembler.add(std::move(event));
  assembler.finish();
  auto first = assembler.take();
  auto second = assembler.take();
  auto third = assembler.take();
  REQUIRE(third);
  CHECK_FALSE(assembler.take());
  CHECK(first->id == "1");
  CHECK(first->end->data == "reset by peer");
  CHECK(first->kind() == StreamKind::sse);
  CHECK(first->url() == "http://a/b");
  CHECK(second->id == "2");
  CHECK_FALSE(second->end);
  CHECK(second->kind() == StreamKind::websocket);
  CHECK(second->timeline.size() == 4);
  CHECK(third->id.empty());
}

TEST_CASE("an exchange that stays open holds back the others only up to a limit") {
  ExchangeAssembler assembler(100'000);
  const auto add = [&](EventKind kind, const std::string& id, std::size_t size = 0) {
    Event event;
    event.kind = kind;
    event.id = id;
    event.data = std::string(size, 'x');
    assembler.add(std::move(event));
  };
  add(EventKind::request, "long");
  add(EventKind::request, "a");
  add(EventKind::request, "b");
  add(EventKind::data, "b", 1000);
  add(EventKind::end, "b");
  CHECK_FALSE(assembler.take());
  add(EventKind::data, "a", 100'000);
  add(EventKind::end, "a");
  CHECK(assembler.take()->id == "b");  // the first to be complete
  CHECK(assembler.take()->id == "a");
  CHECK_FALSE(assembler.take());
  add(EventKind::end, "long");
  CHECK(assembler.take()->id == "long");
}

TEST_CASE("many exchanges pass one that stays open, in time that grows with their number only") {
  ExchangeAssembler assembler;
  std::size_t taken = 0;
  const auto add = [&](EventKind kind, std::string id) {
    Event event;
    event.kind = kind;
    event.id = std::move(id);
    assembler.add(std::move(event));
    while (assembler.take()) ++taken;
  };
  add(EventKind::request, "open");
  for (int i = 0; i < 100'000; ++i) {
    add(EventKind::request, std::to_string(i));
    add(EventKind::end, std::to_string(i));
  }
  CHECK(taken > 50'000);  // the others wait, within the limit
  assembler.finish();
  while (assembler.take()) ++taken;
  CHECK(taken == 100'001);
}

TEST_CASE("an id that is used again begins another exchange; so does another header") {
  const std::string one =
      "{\"ev\":\"request\",\"id\":\"1\",\"t\":0,\"request\":{}}\n{\"ev\":\"data\",\"id\":\"1\",\"t\":1,\"data\":\"a\"}\n";
  for (const std::string& text : {one + one, one + "{\"recording\":1}\n" + one}) {
    ExchangeAssembler assembler;
    for (Event& event : read(text).events) assembler.add(std::move(event));
    assembler.finish();
    const auto first = assembler.take();
    const auto second = assembler.take();
    REQUIRE(second);
    CHECK(first->timeline == second->timeline);
  }
}

TEST_CASE("a media type tells the kind of a stream") {
  CHECK(stream_kind_of_media_type("Text/Event-Stream ; charset=utf-8") == StreamKind::sse);
  CHECK(stream_kind_of_media_type("application/jsonl") == StreamKind::ndjson);
  CHECK(stream_kind_of_media_type("application/geo+json-seq") == StreamKind::json_seq);
  CHECK(stream_kind_of_media_type("multipart/x-mixed-replace;boundary=x") == StreamKind::multipart);
  CHECK(stream_kind_of_media_type("application/json") == StreamKind::http);
}

TEST_CASE("lines: every cut of the reads gives the same lines; CR LF, BOM and a missing last line feed") {
  const std::string text =
      "\xEF\xBB\xBF"
      "one\r\ntwo\n\n" +
      std::string(3000, 'x') + "\nlast";
  for (const std::size_t max_read : {std::size_t{1}, std::size_t{2}, std::size_t{3}, std::size_t{1000}, SIZE_MAX}) {
    const auto source = memory_source(text, "x", max_read);
    LineReader reader(*source);
    std::vector<std::string> lines;
    bool terminated = true;
    for (;;) {
      const auto line = reader.next();
      REQUIRE(line);
      if (!*line) break;
      CHECK(text.substr((*line)->offset, (*line)->text.size()) == (*line)->text);
      lines.emplace_back((*line)->text);
      terminated = (*line)->terminated;
      CHECK((*line)->number == lines.size());
    }
    CHECK(lines == std::vector<std::string>{"one", "two", "", std::string(3000, 'x'), "last"});
    CHECK_FALSE(terminated);
  }
}

TEST_CASE("a line beyond the limit is refused by an error that names the option") {
  Limits limits;
  limits.max_entry = 1000;
  const Read result = read("{}\n" + std::string(5000, ' '), 100, limits);
  REQUIRE(result.errors.size() >= 1);
  CHECK(result.errors.back().code == ErrorCode::limit);
  CHECK(result.errors.back().hint == "raise the limit with --max-entry");
}
