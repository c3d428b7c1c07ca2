#include "har/exchange.hpp"

#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "conversion.hpp"
#include "stream/record/writer.hpp"

using namespace har;
using namespace std::chrono_literals;
using stream::Direction;
using stream::Event;
using stream::EventKind;
using stream::Exchange;
using stream::Json;
using stream::Nanos;

namespace {

Json parse(std::string_view text) {
  auto json = stream::parse_json(text);
  INFO(text);
  REQUIRE(json);
  return *json;
}

const stream::WallTime kStart = stream::parse_iso8601("2026-11-22T09:00:00Z")->time;  // 1795338000

struct Made {
  Exchange exchange;
  std::vector<std::string> findings;
};

/// Converts, and checks that the way back leads to the same entry.
Made make(std::string_view text, std::string_view creator = "", const SideFiles* files = nullptr, bool same_back = true) {
  Made made;
  const Json entry = parse(text);
  ToExchangeOptions options;
  options.start = kStart;
  options.creator = creator;
  options.files = files;
  options.report = [&](const stream::Finding& finding) { made.findings.push_back(finding.rule); };
  auto exchange = to_exchange(entry, options);
  REQUIRE(exchange);
  made.exchange = std::move(*exchange);
  if (same_back) CHECK(to_json(to_entry(made.exchange)) == to_json(entry));
  return made;
}

std::string entry(std::string_view members) {
  return R"({"startedDateTime":"2026-11-22T09:00:01.000Z","time":500,"request":{"method":"GET","url":"http://a/"},"response":{"status":200,"content":{"size":1,"mimeType":"text/plain","text":"x"}},"cache":{},"timings":{"blocked":-1,"dns":10,"connect":20.5,"ssl":15,"send":1,"wait":200,"receive":100})" +
         std::string(members) + "}";
}

/// One line an event of the timeline: time, kind, direction, data.
std::string show(const Exchange& exchange) {
  std::string out;
  for (const Event& event : exchange.timeline) {
    out += stream::format_decimal_millis(event.t) + " ";
    if (event.kind == EventKind::message)
      out += std::string(to_string(event.direction)) + " " + std::to_string(event.opcode) + " ";
    if (event.kind == EventKind::close) out += "close " + std::to_string(event.code.value_or(-1)) + " " + event.reason;
    if (event.kind == EventKind::mark) out += "mark ";
    out += event.data + "\n";
  }
  return out;
}

}  // namespace

TEST_CASE("an ordinary entry: the head after the phases before it, the body at the end, and nothing written twice") {
  const Made made = make(entry(R"(,"_x":1.50)"));
  CHECK(made.findings.empty());
  const Exchange& exchange = made.exchange;
  CHECK(exchange.request->t == 1s);
  CHECK(exchange.response->t == 1s + 231500us);  // ssl lies within connect (HAR 1.2 §4.2.16)
  CHECK(show(exchange) == "1500 x\n");
  CHECK(exchange.end->t == 1500ms);
  CHECK(exchange.end->reason == "eof");
  CHECK(to_json(exchange.request->entry) == R"({"time":500,"cache":{},"_x":1.50})");
  CHECK(exchange.response->object["content"].find("text") == nullptr);
}

TEST_CASE("bodies that the timeline can't say to the letter stay in the head") {
  const auto with_content = [](std::string_view content) {
    return R"({"startedDateTime":"2026-11-22T11:00:01.0000000+02:00","time":1,"request":{},"response":{"content":)" +
           std::string(content) + R"(},"timings":{}})";
  };
  CHECK(body_of(make(with_content(R"({"text":"aGk=","encoding":"base64"})")).exchange) == "hi");
  CHECK(body_of(make(with_content(R"({"encoding":"base64","size":2,"text":"aGk="})")).exchange) == "hi");
  CHECK(body_of(make(with_content(R"({"text":"aG\r\nk=","encoding":"base64"})")).exchange) == "hi");  // line breaks
  CHECK(body_of(make(with_content(R"({"text":"aGk","encoding":"base64"})")).exchange) == "hi");       // no padding
  CHECK(body_of(make(with_content(R"({"text":"a\ud800b"})")).exchange) ==
        "a\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"
        "b");
  CHECK(body_of(make(with_content(R"({"text":"é","encoding":"utf-8"})")).exchange) == "é");
  CHECK(body_of(make(with_content(R"({"text":"","size":0})")).exchange).empty());
  CHECK(body_of(make(with_content(R"({"text":null})")).exchange).empty());
  const Made bad = make(with_content(R"({"text":"***","encoding":"base64"})"));
  CHECK(bad.findings == std::vector<std::string>{"har-base64"});
  CHECK(bad.exchange.response->object["content"]["text"] == Json("***"));
}

TEST_CASE("entries that are odd come back as they were") {
  for (
      const char* text : {
          "{}",
          R"({"response":null,"request":null})",
          R"({"request":{"method":"GET"},"request":{"method":"POST"}})",
          R"({"startedDateTime":"SCRUBBED","time":null,"request":[],"response":{"content":null}})",
          R"({"startedDateTime":1,"timings":{"wait":null},"response":{"content":[1]}})",
          R"({"_webSocketMessages":null,"_eventSourceMessages":{},"_streamChunks":[{}],"_webSocketClose":"aborted","_incomplete":false,"_error":""})",
          R"({"response":{},"_webSocketMessages":[]})",
          R"({"response":{},"_webSocketMessages":[null,1,{"type":"x"},{"type":"send"},{"type":"send","opcode":99,"data":1}]})",
          R"({"response":{"content":{"text":"data: a\n\n","mimeType":"text/event-stream"}},"_eventSourceMessages":[]})",
          R"({"response":{"_trailers":[{"name":"a","value":"b"}]},"_recordingEvents":[1,{"ev":"x","t":0}],"_streamKind":"x"})",
      }) {
    make(text);
  }
}

TEST_CASE("WebSocket messages: epoch seconds as Chrome writes them") {
  const Made made = make(
      R"({"startedDateTime":"2026-11-22T09:00:01.000Z","time":0,"request":{"url":"ws://a/"},"response":{"status":101},"timings":{},"_resourceType":"websocket","_webSocketMessages":[
    {"type":"send","time":1795338001.5,"opcode":1,"data":"foo"},
    {"type":"receive","time":1795338001.7948081,"opcode":2,"data":"AP8="},
    {"type":"error","time":1795338002,"opcode":-1,"data":"Connection closed"}],
    "_webSocketClose":{"code":1000,"reason":"bye","timestamp":1795338002.5}})");
  CHECK(made.findings.empty());
  CHECK(show(made.exchange) ==
        std::string("1500 send 1 foo\n1794.8081 receive 2 ") + '\0' + "\xff\n2000 mark Connection closed\n2500 close 1000 bye\n");
  CHECK(made.exchange.kind() == stream::StreamKind::websocket);
  CHECK(made.exchange.end->t == 2500ms);
  CHECK(made.exchange.request->entry.find("_webSocketMessages") == nullptr);
}

TEST_CASE("WebSocket messages: the other dialects are read, and reported") {
  const auto socket = [](std::string_view messages) {
    return R"({"startedDateTime":"2026-11-22T09:00:01.000Z","time":0,"request":{},"response":{"status":101},"timings":{"wait":250},"_webSocketMessages":)" +
           std::string(messages) + "}";
  };
  // Playwright: epoch milliseconds, or -1.
  const Made millis = make(socket(
      R"([{"type":"send","time":1795338001500,"opcode":1,"data":"a"},{"type":"receive","time":1795338001600.25,"opcode":1,"data":"b"}])"));
  CHECK(show(millis.exchange) == "1500 send 1 a\n1600.25 receive 1 b\n");
  CHECK(millis.findings == std::vector<std::string>{"ws-time-unit"});
  CHECK(millis.exchange.request->entry.find("_webSocketMessages") == nullptr);  // made again in milliseconds
  const Made untimed =
      make(socket(R"([{"type":"send","time":-1,"opcode":1,"data":"a"},{"type":"receive","time":-1,"opcode":1,"data":"b"}])"));
  CHECK(show(untimed.exchange) == "1250 send 1 a\n1250 receive 1 b\n");
  CHECK(untimed.findings == std::vector<std::string>{"ws-untimed"});
  // Playwright 1.61.0 added seconds to milliseconds.
  const Made broken = make(
      socket(
          R"([{"type":"send","time":1795338001500,"opcode":1,"data":"a"},{"type":"receive","time":1795338001500.75,"opcode":1,"data":"b"}])"),
      "Playwright 1.61.0");
  CHECK(show(broken.exchange) == "1500 send 1 a\n2250 receive 1 b\n");
  CHECK(broken.findings == std::vector<std::string>{"ws-time-unit", "ws-time-repaired"});
  // chrome-har-capturer and cypress-har-generator: seconds of a monotonic clock; request and response for the directions.
  const Made monotonic = make(socket(
      R"([{"type":"request","time":5000.25,"opcode":1,"data":"a","mask":true},{"type":"response","time":5000.5,"opcode":2,"data":"Yg==","mask":false}])"));
  CHECK(show(monotonic.exchange) == "1250 send 1 a\n1500 receive 2 b\n");
  CHECK(monotonic.findings == std::vector<std::string>{"ws-time-rebased"});
  // Small tools also write control frames, and base64 that is none.
  const Made control = make(socket(
      R"([{"type":"receive","time":1795338001.5,"opcode":9,"data":""},{"type":"receive","time":1795338001.5,"opcode":8,"data":"bye!!","code":1000}])"));
  CHECK(control.exchange.timeline.size() == 2);
  CHECK(control.findings == std::vector<std::string>{"ws-data"});
  CHECK(control.exchange.timeline[1].data == "bye!!");
}

TEST_CASE("an event stream with a body: its events' times are those of its bytes") {
  const Made made = make(
      R"({"startedDateTime":"2026-11-22T09:00:00.000Z","time":900,"request":{},"response":{"content":{"mimeType":"text/event-stream","text":"data: a\n\n: ping\n\nevent: x\nid: 7\ndata: b\n\n"}},"timings":{"wait":10,"receive":890},
   "_eventSourceMessages":[{"time":1795338000.2,"eventName":"message","eventId":"","data":"a"},{"time":1795338000.9,"eventName":"x","eventId":"7","data":"b"}]})");
  CHECK(show(made.exchange) == "200 data: a\n\n\n900 : ping\n\nevent: x\nid: 7\ndata: b\n\n\n");
  CHECK(made.exchange.request->entry.find("_eventSourceMessages") == nullptr);
  CHECK(made.exchange.kind() == stream::StreamKind::sse);
}

TEST_CASE("Chrome's EventSource has events and no body: the body that says the same is made of them") {
  const Made made = make(
      R"({"startedDateTime":"2026-11-22T09:00:00.000Z","time":900,"request":{},"response":{"content":{"size":40,"mimeType":"text/event-stream"}},"timings":{},
   "_eventSourceMessages":[{"time":1795338000.2,"eventName":"message","eventId":"1","data":"a\nb"},{"time":1795338000.9,"eventName":"x","eventId":"1","data":"c"}]})");
  CHECK(show(made.exchange) == "200 id: 1\ndata: a\ndata: b\n\n\n900 event: x\ndata: c\n\n\n");
  CHECK(made.exchange.request->entry.find("_eventSourceMessages") == nullptr);
  const Made removed = make(
      R"({"response":{"content":{"mimeType":"text/event-stream"}},"_eventSourceMessages":[{"time":1,"eventName":"message","eventId":""}]})");
  CHECK(removed.findings == std::vector<std::string>{"sse-data-removed"});
}

TEST_CASE("chunks of chrome-har and WebPageTest give a body the pauses that it had, and the way back is the same") {
  const auto with = [](std::string_view chunks) {
    return R"({"startedDateTime":"2026-11-22T09:00:01.000Z","time":500,"request":{"method":"GET","url":"http://a/"},"response":{"status":200,"content":{"size":6,"mimeType":"text/plain","text":"abcdef"}},"cache":{},"timings":{"send":0,"wait":200,"receive":300},"_chunks":)" +
           std::string(chunks) + "}";
  };
  const auto times = [&](std::string_view chunks) {
    const auto made = make(with(chunks));
    std::string out;
    for (const Event& event : made.exchange.timeline) out += std::to_string(event.t / 1ms) + " " + event.data + "|";
    return out;
  };
  CHECK(times(R"([{"ts":9063.5,"bytes":2},{"ts":9163.5,"bytes":1},{"ts":9263.5,"bytes":3}])") == "1300 ab|1400 c|1500 def|");
  // Compressed on the wire, decoded in the file: each has its part; empty ones say nothing.
  CHECK(times(R"([{"ts":0,"bytes":100},{"ts":1,"bytes":0},{"ts":100,"bytes":200}])") == "1400 ab|1500 cdef|");
  // Not before the head.
  CHECK(times(R"([{"ts":0,"bytes":3},{"ts":1000,"bytes":3}])") == "1200 abc|1500 def|");
  for (const std::string_view none :
       {"[]", "7", R"([{"ts":1,"bytes":6}])", R"([{"ts":2,"bytes":3},{"ts":1,"bytes":3}])",
        R"([{"ts":1,"bytes":-1},{"ts":2,"bytes":7}])", R"([{"ts":"1","bytes":3},{"ts":2,"bytes":3}])",
        R"([{"ts":1,"bytes":0},{"ts":2,"bytes":0}])", R"([{"ts":1,"bytes":9e99},{"ts":2,"bytes":1}])"}) {
    INFO(none);
    CHECK(times(none) == "1500 abcdef|");
  }
}

TEST_CASE("chunk times, an exchange without an end, and errors") {
  const Made chunks = make(entry(
      R"(,"_streamChunks":[{"time":1795338001.1,"offset":0,"size":0},{"time":1795338001.2,"offset":0,"size":1}],"_incomplete":true)"));
  CHECK(show(chunks.exchange) == "1100 \n1200 x\n");
  CHECK_FALSE(chunks.exchange.end);
  const Made wrong = make(entry(R"(,"_streamChunks":[{"time":1795338001.1,"offset":0,"size":9}])"));
  CHECK(show(wrong.exchange) == "1500 x\n");
  CHECK(make(entry(R"(,"_error":"reset")")).exchange.end->reason == "reset");
  const Made error = make(entry(R"(,"_error":"net::ERR_FAILED")"));
  CHECK(error.exchange.end->reason == "error");
  CHECK(error.exchange.end->data == "net::ERR_FAILED");
}

TEST_CASE("side files are read from the HAR's folder, and from nowhere else") {
  namespace fs = std::filesystem;
  const fs::path folder = fs::temp_directory_path() / ("hartape-side-" + std::to_string(::getpid()));
  fs::create_directories(folder / "sub");
  const auto put = [](const fs::path& path, std::string_view text) { std::ofstream(path, std::ios::binary) << text; };
  put(folder / "body.bin", std::string_view("\xff\x00", 2));
  put(folder / "sub" / "ws.jsonl", "{\"type\":\"send\",\"time\":1795338001500,\"opcode\":1,\"data\":\"a\"}\n\nbroken\n");
  put(folder.parent_path() / "hartape-outside.bin", "secret");
  std::error_code ignored;
  fs::create_symlink(folder.parent_path() / "hartape-outside.bin", folder / "link.bin", ignored);
  const SideFiles files((folder / "x.har").string(), 1000);
  const auto with_file = [](std::string_view file) {
    return R"({"startedDateTime":"2026-11-22T09:00:01.000Z","time":1,"request":{},"response":{"content":{"_file":")" +
           std::string(file) + R"("}},"timings":{}})";
  };
  const Made body = make(with_file("body.bin"), "", &files, false);
  CHECK(body_of(body.exchange) == std::string("\xff\x00", 2));
  CHECK(to_json(to_entry(body.exchange)["response"]) ==
        R"({"content":{"text":"/wA=","encoding":"base64"}})");  // it no longer needs the file
  const Made socket = make(with_file("sub/ws.jsonl"), "", &files, false);
  CHECK(show(socket.exchange) == "1500 send 1 a\n");
  CHECK(to_entry(socket.exchange)["_webSocketMessages"].as_array().size() == 1);
  for (const char* name :
       {"../hartape-outside.bin", "/etc/passwd", "sub/../../hartape-outside.bin", "link.bin", "missing.bin", ""}) {
    INFO(name);
    const Made refused = make(with_file(name), "", &files);  // the entry stays as it was
    CHECK(body_of(refused.exchange).empty());
    CHECK(refused.findings == std::vector<std::string>{"side-file"});
  }
  fs::remove_all(folder);
  fs::remove(folder.parent_path() / "hartape-outside.bin");
}

TEST_CASE("a recording through HAR and back has the same bytes and messages at the same times") {
  const std::string recording =
      "{\"recording\":1,\"start\":\"2026-11-22T09:00:00.000000001Z\",\"creator\":{\"name\":\"x\",\"version\":\"1\"},\"log\":{"
      "\"pages\":[{\"id\":\"p\"}]}}\n"
      "{\"ev\":\"request\",\"id\":\"1\",\"t\":0.25,\"request\":{\"method\":\"POST\",\"url\":\"http://a/"
      "\",\"headers\":[{\"name\":\"Content-Type\",\"value\":\"a/b\"}]},\"entry\":{\"pageref\":\"p\",\"_y\":2}}\n"
      "{\"ev\":\"data\",\"id\":\"1\",\"t\":0.3,\"dir\":\"send\",\"data\":\"up\"}\n"
      "{\"ev\":\"data\",\"id\":\"1\",\"t\":0.4,\"dir\":\"send\",\"data64\":\"/w==\"}\n"
      "{\"ev\":\"response\",\"id\":\"1\",\"t\":0.5,\"kind\":\"sse\",\"response\":{\"status\":200,\"headers\":[]}}\n"
      "{\"ev\":\"data\",\"id\":\"1\",\"t\":0.500000001,\"data\":\"data: h\"}\n"
      "{\"ev\":\"data\",\"id\":\"1\",\"t\":0.7,\"data64\":\"ww==\"}\n"
      "{\"ev\":\"mark\",\"id\":\"1\",\"t\":0.75,\"text\":\"here\"}\n"
      "{\"ev\":\"data\",\"id\":\"1\",\"t\":0.8,\"data64\":\"qQoK\"}\n"
      "{\"ev\":\"later\",\"id\":\"1\",\"t\":0.85,\"x\":[1]}\n"
      "{\"ev\":\"end\",\"id\":\"1\",\"t\":0.9,\"reason\":\"reset\",\"trailers\":[{\"name\":\"a\",\"value\":\"b\"}]}\n"
      "{\"ev\":\"request\",\"id\":\"2\",\"t\":1,\"request\":{\"method\":\"GET\",\"url\":\"ws://a/\"}}\n"
      "{\"ev\":\"response\",\"id\":\"2\",\"t\":1.1,\"kind\":\"websocket\",\"response\":{\"status\":101}}\n"
      "{\"ev\":\"message\",\"id\":\"2\",\"t\":1.200000003,\"dir\":\"send\",\"opcode\":1,\"data\":\"hello\"}\n"
      "{\"ev\":\"message\",\"id\":\"2\",\"t\":1.3,\"dir\":\"receive\",\"opcode\":9,\"data\":\"p\"}\n"
      "{\"ev\":\"message\",\"id\":\"2\",\"t\":1.4,\"dir\":\"receive\",\"opcode\":1,\"data64\":\"/w==\",\"mocked\":true}\n"
      "{\"ev\":\"close\",\"id\":\"2\",\"t\":1.5,\"dir\":\"send\",\"code\":1001,\"reason\":\"bye\"}\n"
      "{\"ev\":\"close\",\"id\":\"2\",\"t\":1.6,\"dir\":\"receive\",\"code\":1001}\n";
  const test::Converted there = test::convert(recording, "recording", "har");
  CHECK(there.errors.empty());
  const Json document = parse(there.text);
  CHECK(document["log"]["version"] == Json("1.2"));
  CHECK(document["log"]["pages"].as_array().size() == 1);
  const Json& first = document["log"]["entries"].as_array().at(0);
  CHECK(first["startedDateTime"] == Json("2026-11-22T09:00:00.250000001Z"));
  CHECK(first["time"].number_text() == "650");
  CHECK(first["response"]["content"]["text"] == Json("data: h\xC3\xA9\n\n"));
  CHECK(first["request"]["postData"]["text"] == Json("dXD/"));
  CHECK(first["_eventSourceMessages"].as_array().at(0)["data"] == Json("h\xC3\xA9"));
  CHECK(document["log"]["entries"].as_array().at(1)["_incomplete"] == Json(true));

  const test::Converted back = test::convert(there.text, "har", "recording");
  CHECK(back.errors.empty());
  const auto timeline = [](std::string_view text) {
    std::vector<std::string> lines;
    const auto source = stream::memory_source(text, "x");
    const auto reader = find_format("recording")->open_reader(*source, {});
    while (true) {
      auto item = reader->next();
      REQUIRE(item);
      if (!*item) return lines;
      const Exchange& exchange = *(*item)->exchange;
      for (Event event : exchange.timeline) {
        std::string line;
        // Times of the wall clock: a recording may begin elsewhere.
        event.t += exchange.start->time_since_epoch();
        event.id = "";
        write_event(line, event);
        lines.push_back(line);
      }
      lines.push_back(exchange.end ? exchange.end->reason + to_json(exchange.end->trailers) : "incomplete");
    }
  };
  CHECK(timeline(back.text) == timeline(recording));
}
