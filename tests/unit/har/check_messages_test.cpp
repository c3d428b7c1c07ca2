#include <catch2/catch.hpp>

#include "checked.hpp"

namespace {

using namespace har::check;

/// An upgrade at 2026-11-22T09:15:30Z, 1795338930 s since 1970, with these messages.
std::string socket(std::string_view messages, std::string_view response = R"({"status":101,"httpVersion":"HTTP/1.1"})") {
  return fmt::format(R"({{"startedDateTime":"2026-11-22T09:15:30.000Z","response":{},"_webSocketMessages":[{}]}})", response,
                     messages);
}
std::string text_at(std::string_view time, std::string_view type = "receive") {
  return fmt::format(R"({{"type":"{}","time":{},"opcode":1,"data":"x"}})", type, time);
}
Lines of(std::string entry) { return Checked(std::move(entry)).of_messages(); }

std::string events(std::string_view list, std::string_view content) {
  return fmt::format(
      R"({{"startedDateTime":"2026-11-22T09:15:30.000Z","response":{{"content":{}}},"_eventSourceMessages":[{}]}})", content,
      list);
}
std::string event(std::string_view name, std::string_view id, std::string_view data) {
  return fmt::format(R"({{"time":1795338931,"eventName":"{}","eventId":"{}","data":"{}"}})", name, id, data);
}

}  // namespace

TEST_CASE("what Chrome writes of WebSocket messages has no marks") {
  CHECK(of(socket("")).empty());
  CHECK(of(socket(R"({"type":"send","time":1795338930.794808,"opcode":1,"data":"hello ✓ 🎉 \ud83c\udf89 \\ud800"},)"
                  R"({"type":"receive","time":1795338930.9,"opcode":2,"data":"AP8="},)"
                  R"({"type":"receive","time":1795338930.9,"opcode":2,"data":""},)"
                  R"({"type":"error","time":1795338931,"opcode":-1,"data":"Connection \udcff closed"})"))
            .empty());
}

TEST_CASE("an opcode that no message has is marked once, with how many there are") {
  CHECK(of(socket(R"({"type":"send","time":1795338931,"opcode":3,"data":"x"},)"
                  R"({"type":"send","time":1795338931,"opcode":-1,"data":"x"})")) ==
        Lines{"ws-opcode /_webSocketMessages/0/opcode: expected the opcode of a message, 1 or 2, found 3, and 1 more"});
  // Control frames are let pass, whatever their data is.
  CHECK(of(socket(R"({"type":"receive","time":1795338931,"opcode":9,"data":"ping!"},)"
                  R"({"type":"receive","time":1795338931,"opcode":8,"data":"bye."})"))
            .empty());
  CHECK(of(socket(R"({"type":"receive","time":1795338931,"opcode":0,"data":""})")).size() == 1);
}

TEST_CASE("data that can't be decoded is marked") {
  CHECK(of(socket(R"({"type":"send","time":1795338931,"opcode":2,"data":"AP8"})")).empty());  // no padding
  CHECK(of(socket(R"({"type":"send","time":1795338931,"opcode":2,"data":"\/\/8="})")).empty());
  CHECK(of(socket(R"({"type":"send","time":1795338931,"opcode":2,"data":"not base64"})")) ==
        Lines{R"(ws-data /_webSocketMessages/0/data: expected the base64 of a binary message, found "not base64")"});
  CHECK(of(socket(R"({"type":"send","time":1795338931,"opcode":1,"data":"a \ud83d b"})")) ==
        Lines{R"(ws-data /_webSocketMessages/0/data: expected text, found half of a surrogate pair, \ud83d)"});
  CHECK(of(socket(R"({"type":"send","time":1795338931,"opcode":1,"data":"\ude00"})")).size() == 1);
  CHECK(of(socket(R"({"type":"send","time":1795338931,"opcode":1,"data":"\ud83d\ude00\ud83d"})")).size() == 1);
  // Far into a long text.
  const std::string filler(1000, 'x');
  CHECK(of(socket(fmt::format(R"({{"type":"send","time":1795338931,"opcode":1,"data":"{}\uDFFF{}"}})", filler, filler))).size() ==
        1);
  CHECK(of(socket(fmt::format(R"({{"type":"send","time":1795338931,"opcode":1,"data":"{}\u00e4{}"}})", filler, filler))).empty());
  // Our own form of text that was not UTF-8.
  CHECK(of(socket(R"({"type":"send","time":1795338931,"opcode":1,"data":"/w==","encoding":"base64"})")).empty());
}

TEST_CASE("messages that go back in time are marked where they do so first") {
  CHECK(of(socket(text_at("1795338931.5") + "," + text_at("1795338931.25") + "," + text_at("1795338931.125"))) ==
        Lines{"ws-time-order /_webSocketMessages/1/time: expected a time not before 1795338931.5, the one before, found "
              "1795338931.25, and 1 more"});
  // Less than a double can tell apart.
  CHECK(of(socket(text_at("1795338931.0000009") + "," + text_at("1795338931.0000005"))).empty());
  CHECK(of(socket(text_at("1.795338931e9") + "," + text_at("1795338930.5"))).size() == 1);
}

TEST_CASE("a message before its connection is marked") {
  CHECK(of(socket(text_at("1795338929.5"))).empty());
  CHECK(of(socket(text_at("1795338920.5"))) ==
        Lines{"ws-time-window /_webSocketMessages/0/time: expected a time not before startedDateTime, 1795338930, found "
              "1795338920.5, 9.5 s earlier"});
}

TEST_CASE("the unit of messages' times is told by their size") {
  CHECK(of(socket(text_at("1795338931000.5"))) ==
        Lines{"ws-time-unit /_webSocketMessages: expected times in seconds since 1970, found milliseconds"});
  CHECK(of(socket(text_at("1795338931000500"))) ==
        Lines{"ws-time-unit /_webSocketMessages: expected times in seconds since 1970, found microseconds"});
  CHECK(of(socket(text_at("-1") + "," + text_at("-1"))) ==
        Lines{"ws-time-unit /_webSocketMessages: expected times in seconds since 1970, found messages without times"});
  CHECK(of(socket(text_at("8271.25") + "," + text_at("8272.5"))) ==
        Lines{"ws-time-unit /_webSocketMessages: expected times in seconds since 1970, found seconds of another clock, such as "
              "8271.25"});
  // Milliseconds before the connection are that, too.
  CHECK(of(socket(text_at("1795338920000"))).size() == 2);
}

TEST_CASE("many messages are judged by times from all over the list") {
  std::string list;
  for (int i = 0; i < 5000; ++i) list += text_at(fmt::format("{}.5", 1'795'338'931'000 + i)) + ",";
  list.pop_back();
  CHECK(of(socket(list)) == Lines{"ws-time-unit /_webSocketMessages: expected times in seconds since 1970, found milliseconds"});
}

TEST_CASE("messages need an upgrade, errors don't") {
  CHECK(of(socket(text_at("1795338931"), R"({"status":404,"httpVersion":"HTTP/1.1"})")) ==
        Lines{"ws-status /response/status: expected 101 for an entry with WebSocket messages, or 200 in HTTP/2, found 404"});
  CHECK(of(socket(text_at("1795338931"), R"({"status":200,"httpVersion":"HTTP/1.1"})")).size() == 1);
  CHECK(of(socket(text_at("1795338931"), R"({"status":200,"httpVersion":"h2"})")).empty());
  CHECK(of(socket(text_at("1795338931", "error"), R"({"status":0,"httpVersion":""})")).empty());
}

TEST_CASE("a new entry begins without what was known of the one before") {
  MessageChecks checks;
  for (int round = 0; round < 2; ++round) {
    const std::string entry = socket(text_at("1795338931.5") + "," + text_at("1795338931.25"));
    Facts facts;
    Marks marks;
    Walker walker(512);
    checks.clear();
    REQUIRE(walker.walk(entry, har_shape().shape, har_shape().entry, &facts, &checks, marks));
    marks.clear();
    checks.finish(facts, marks);
    CHECK(marks.size() == 1);
  }
  checks.clear();
  Facts none;
  Marks marks;
  checks.finish(none, marks);
  CHECK(marks.empty());
}

TEST_CASE("events that are those of the body have no marks") {
  const std::string list = event("message", "", "a") + "," + event("delta", "7", "b\\nc") + "," + event("message", "7", "d");
  const std::string_view body =
      R"({"text":"data: a\n\n: comment\nevent: delta\nid: 7\ndata: b\ndata: c\n\nretry: 5\ndata: d\n\n"})";
  CHECK(of(events(list, body)).empty());
  // An id that counts for its own event only; data that was removed; events with empty data that were left out.
  CHECK(of(events(event("message", "", "a") + "," + event("delta", "7", "b\\nc") + "," + event("", "", "d"), body)).empty());
  CHECK(
      of(events(R"({"time":1795338931,"eventName":"message","eventId":""},{"time":1795338931,"eventName":"delta","eventId":"7"},)"
                R"({"time":1795338931,"eventName":"message","eventId":"7"})",
                body))
          .empty());
  CHECK(of(events(event("message", "", "a"), R"({"text":"data: a\n\ndata:\n\n"})")).empty());
  CHECK(of(events(event("message", "", ""), R"({"text":"data:\n\n"})")).empty());
  // In base64, without a body, with an empty one.
  CHECK(of(events(event("message", "", "a"), R"({"text":"ZGF0YTogYQoK","encoding":"base64"})")).empty());
  CHECK(of(events(event("message", "", "a"), "{}")).empty());
  CHECK(of(events(event("message", "", "a"), R"({"text":""})")).empty());
  CHECK(of(events("", R"({"text":"data: a\n\n"})")).empty());
}

TEST_CASE("events that are not those of the body are named") {
  CHECK(of(events(event("message", "", "a") + "," + event("message", "", "c"), R"({"text":"data: a\n\ndata: b\n\n"})")) ==
        Lines{R"(sse-text /_eventSourceMessages/1/data: expected "b", as the event in the body has it, found "c")"});
  CHECK(
      of(events(event("other", "", "a"), R"({"text":"data: a\n\n"})")) ==
      Lines{R"(sse-text /_eventSourceMessages/0/eventName: expected "message", as the event in the body has it, found "other")"});
  CHECK(of(events(event("message", "3", "a"), R"({"text":"id: 4\ndata: a\n\n"})")) ==
        Lines{R"(sse-text /_eventSourceMessages/0/eventId: expected "4", as the event in the body has it, found "3")"});
  CHECK(of(events(event("message", "", "a"), R"({"text":"data: a\n\ndata: b\n\ndata: c\n\n"})")) ==
        Lines{"sse-text /_eventSourceMessages: expected 3 events, as in the body, found 1"});
  CHECK(of(events(event("message", "", "b"), R"({"text":"data: a\n\ndata: b\n\n"})")) ==
        Lines{"sse-text /_eventSourceMessages/0/data: expected 2 events, as in the body, found 1; the first to differ: expected "
              R"("a", as the event in the body has it, found "b")"});
}

TEST_CASE("the times of events have their own rules") {
  CHECK(
      of(events(R"({"time":20.5,"eventName":"message","eventId":"","data":""})", "{}")) ==
      Lines{"sse-time-unit /_eventSourceMessages: expected times in seconds since 1970, found seconds of another clock, such as "
            "20.5"});
  CHECK(of(events(R"({"time":1795338900,"eventName":"message","eventId":"","data":""})", "{}")).size() == 1);
  CHECK(of(events(R"({"time":1795338932,"eventName":"message","eventId":"","data":""},)"
                  R"({"time":1795338931,"eventName":"message","eventId":"","data":""})",
                  "{}"))
            .size() == 1);
}

TEST_CASE("chunks stand one behind the other in each direction") {
  const auto entry = [](std::string_view chunks, std::string_view rest = R"("response":{"content":{"size":5,"text":"hello"}})") {
    return fmt::format(R"({{"_streamChunks":[{}],{}}})", chunks, rest);
  };
  CHECK(of(entry(R"({"time":5,"offset":0,"size":2},{"time":5,"offset":0,"size":9,"dir":"send"},{"time":6,"offset":2,"size":3})"))
            .empty());
  CHECK(of(entry(R"({"time":5,"offset":0,"size":2},{"time":6,"offset":3,"size":3})")) ==
        Lines{"chunks-order /_streamChunks/1/offset: expected the offset 2, where the chunk before ended, found 3"});
  CHECK(of(entry(R"({"time":5.5,"offset":0,"size":2},{"time":5,"offset":2,"size":3})")) ==
        Lines{"chunks-order /_streamChunks/1/time: expected a time not before 5.5, the one before, found 5"});
  CHECK(of(entry(R"({"time":5,"offset":0,"size":2})")) ==
        Lines{"chunks-size /_streamChunks: expected chunks of 5 bytes in all, as the body has, found 2"});
  // The size of the text in UTF-8, or of what its base64 stands for.
  CHECK(of(entry(R"({"time":5,"offset":0,"size":3})", R"("response":{"content":{"text":"\u20ac"}})")).empty());
  CHECK(of(entry(R"({"time":5,"offset":0,"size":2})", R"("response":{"content":{"text":"AP8=","encoding":"base64"}})")).empty());
  CHECK(of(entry(R"({"time":5,"offset":0,"size":2,"dir":"send"})", R"("request":{"postData":{"text":"abc"}})")) ==
        Lines{"chunks-size /_streamChunks: expected chunks of 3 bytes in all, as the request's body has, found 2"});
  CHECK(of(entry(R"({"time":5,"offset":0,"size":2})", R"("response":{"content":{"size":-1}})")).empty());
}

TEST_CASE("chrome-har's chunks are of the body as it came or as it was decoded") {
  const auto entry = [](std::string_view chunks) {
    return fmt::format(R"({{"_chunks":[{}],"response":{{"bodySize":40,"content":{{"size":100}}}}}})", chunks);
  };
  CHECK(of(entry(R"({"ts":500.5,"bytes":60},{"ts":500.5,"bytes":40})")).empty());
  CHECK(of(entry(R"({"ts":500.5,"bytes":40})")).empty());
  CHECK(of(entry(R"({"ts":500.5,"bytes":60},{"ts":400,"bytes":41})")) ==
        Lines{"chunks-order /_chunks/1/ts: expected a time not before 500.5, the one before, found 400",
              "chunks-size /_chunks: expected chunks of 100 bytes in all, as the body has, found 101"});
}

TEST_CASE("values of wrong types are passed over") {
  for (const char* const value : {"null", "true", "\"x\"", "{}", "[]", "1e999", "-7", "1.5"}) {
    CAPTURE(value);
    Checked message(socket(fmt::format(R"({{"type":{0},"time":{0},"opcode":{0},"data":{0}}})", value)));
    CHECK(message.walked);
    static_cast<void>(message.of_messages());
    Checked chunk(fmt::format(
        R"({{"_streamChunks":[{{"time":{0},"offset":{0},"size":{0},"dir":{0}}}],"_chunks":[{{"ts":{0},"bytes":{0}}}],)"
        R"("_eventSourceMessages":[{{"time":{0},"eventName":{0},"eventId":{0},"data":{0}}}],"response":{{"content":{{"text":{0}}}}}}})",
        value));
    CHECK(chunk.walked);
    static_cast<void>(chunk.of_messages());
  }
}
