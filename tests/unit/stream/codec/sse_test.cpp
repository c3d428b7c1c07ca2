#include "stream/codec/sse.hpp"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "text_cuts.hpp"

using namespace std::string_literals;
using stream::SseDecoder;
using stream::SseEvent;
using stream::SseItem;
using stream::SseOptions;
using Kind = stream::SseItem::Kind;
using Strings = std::vector<std::string>;

namespace {

Decoded<SseItem> decode(std::string_view bytes, const SseOptions& options = {}) {
  return decode_every_way<SseItem, SseDecoder>(options, bytes);
}

std::vector<SseItem> of_kind(const Decoded<SseItem>& decoded, Kind kind) {
  std::vector<SseItem> items;
  for (const auto& item : decoded.items) {
    if (item.kind == kind) items.push_back(item);
  }
  return items;
}

Strings data_of(std::string_view bytes) {
  Strings data;
  for (const auto& item : of_kind(decode(bytes), Kind::event)) data.push_back(item.event.data);
  return data;
}

Strings ids_of(std::string_view bytes) {
  Strings ids;
  for (const auto& item : of_kind(decode(bytes), Kind::event)) ids.push_back(item.event.last_event_id);
  return ids;
}

Strings types_of(std::string_view bytes) {
  Strings types;
  for (const auto& item : of_kind(decode(bytes), Kind::event)) types.push_back(item.event.type);
  return types;
}

Strings rules_of(std::string_view bytes) { return decode(bytes).rules; }

}  // namespace

// The event streams of web-platform-tests' eventsource folder.

TEST_CASE("one byte order mark at the start is taken off") {
  CHECK(data_of("\xEF\xBB\xBF"s + "data:1\n\ndata:2\n\n") == Strings{"1", "2"});
  CHECK(rules_of("\xEF\xBB\xBF"s + "data:1\n\n").empty());
}

TEST_CASE("a byte order mark in mid-stream spoils its line (format-bom)") {
  const auto bytes = "\xEF\xBB\xBF"s + "data:1\n\n" + "\xEF\xBB\xBF" + "data:2\n\ndata:3\n\n";
  CHECK(data_of(bytes) == Strings{"1", "3"});
  CHECK(rules_of(bytes) == Strings{"sse-bom", "sse-no-data"});
}

TEST_CASE("a second byte order mark at the start is data (format-bom-2)") {
  const auto bytes = "\xEF\xBB\xBF\xEF\xBB\xBF"s + "data:1\n\ndata:2\n\ndata:3\n\n";
  CHECK(data_of(bytes) == Strings{"2", "3"});
  CHECK(rules_of(bytes).front() == "sse-bom");
}

TEST_CASE("an event stream is always UTF-8 (format-utf-8)") { CHECK(data_of("data:ok…\n\n") == Strings{"ok…"}); }

TEST_CASE("what is not UTF-8 becomes U+FFFD in the decoded strings only") {
  const auto decoded = decode("data: a\xE2\x82\n:\xFF\xFF!\nevent: \xC0\n\ndata:\xF0\x9F\x98");
  REQUIRE(decoded.items.size() == 3);
  CHECK(decoded.items[0].text == "\uFFFD\uFFFD!");
  CHECK(decoded.items[1].event.data == "a\uFFFD");
  CHECK(decoded.items[1].event.type == "\uFFFD");
  CHECK(decoded.items[2].text == "data:\xF0\x9F\x98");
  CHECK(decoded.rules == Strings{"sse-invalid-utf8", "sse-invalid-utf8", "sse-invalid-utf8", "sse-truncated"});
  CHECK(decoded.findings[0].place == stream::Place{"", 1, 8, 7, ""});
  CHECK(decoded.findings[1].place == stream::Place{"", 2, 2, 11, ""});
}

TEST_CASE("U+0000 is allowed in data (format-null-character)") { CHECK(data_of("data:\0\n\n\n\n"s) == Strings{"\0"s}); }

TEST_CASE("CRLF, LF and CR end lines, and CRLF ends one (format-newlines)") {
  CHECK(data_of("data:test\r\ndata\ndata:test\r\n\r") == Strings{"test\n\ntest"});
  CHECK(data_of("data:a\r\r\ndata:b\n\rdata:c\r\n\r\n") == Strings{"a", "b", "c"});
}

TEST_CASE("a line end of a CR at the end of the stream is complete") {
  const auto decoded = decode("data:a\r\r");
  REQUIRE(decoded.items.size() == 1);
  CHECK(decoded.items[0].event.data == "a");
  CHECK(decoded.items[0].end == 8);
}

TEST_CASE("U+2028, U+0085, VT and FF are no line ends") {
  CHECK(data_of("data:a\u2028b\u0085c\vd\fe\n\n") == Strings{"a\u2028b\u0085c\vd\fe"});
}

TEST_CASE("comments are given and are no data (format-comments)") {
  const std::string two_kilobytes(2048, 'x');
  const auto bytes = "data:1\r:\0\n:\r\ndata:2\n:"s + two_kilobytes + "\rdata:3\n:data:fail\r:" + two_kilobytes + "\ndata:4\n\n";
  const auto decoded = decode(bytes);
  CHECK(data_of(bytes) == Strings{"1\n2\n3\n4"});
  const auto comments = of_kind(decoded, Kind::comment);
  REQUIRE(comments.size() == 5);
  CHECK(comments[0].text == "\0"s);
  CHECK(comments[1].text.empty());
  CHECK(comments[2].text == two_kilobytes);
  CHECK(comments[3].text == "data:fail");
  CHECK(comments[3].line == 7);
  CHECK(bytes.substr(comments[3].begin, comments[3].end - comments[3].begin) == ":data:fail\r");
}

TEST_CASE("a comment keeps the space after its colon") {
  const auto decoded = decode(": keep-alive\n\n");
  REQUIRE(decoded.items.size() == 1);
  CHECK(decoded.items[0] == SseItem{Kind::comment, 0, 13, 1, {}, " keep-alive", 0});
  CHECK(decoded.rules.empty());
}

TEST_CASE("fields are parsed by the letter (format-field-parsing)") {
  CHECK(
      data_of("data:\0\ndata:  2\rData:1\ndata\0:2\ndata:1\r\0data:4\nda-ta:3\rdata_5\ndata:3\rdata:\r\n data:32\ndata:4\n\n"s) ==
      Strings{"\0\n 2\n1\n3\n\n4"s});
}

TEST_CASE("a data field without a colon counts (format-field-data)") {
  CHECK(data_of("data:\n\ndata\ndata\n\ndata:test\n\n") == Strings{"", "\n", "test"});
}

TEST_CASE("events without data are none (event-data)") {
  CHECK(data_of("data:msg\ndata: msg\n\n:\nfalsefield:msg\n\nfalsefield:msg\nData:data\n\ndata\n\ndata:end\n\n") ==
        Strings{"msg\nmsg", "", "end"});
}

TEST_CASE("the value of a field begins after the first colon and one space (format-leading-space)") {
  CHECK(data_of("data:\ttest\rdata: \ndata:test\n\n") == Strings{"\ttest\n\ntest"});
  CHECK(data_of("data::a:b\n\n") == Strings{":a:b"});
}

TEST_CASE("unknown fields are ignored and reported as notes (format-field-unknown)") {
  const auto bytes = "data:test\n data\ndata\nfoobar:xxx\njustsometext\n:thisisacommentyay\ndata:test\n\n";
  CHECK(data_of(bytes) == Strings{"test\n\ntest"});
  CHECK(rules_of(bytes) == Strings{"sse-unknown-field", "sse-unknown-field", "sse-unknown-field"});
  CHECK(decode("a\tb\n\n").findings[0].message == "the field \"a\\x09b\" is unknown and ignored");
}

TEST_CASE("the event field sets the type of one event (format-field-event)") {
  CHECK(types_of("event:test\ndata:x\n\ndata:x\n\n") == Strings{"test", "message"});
}

TEST_CASE("an empty event field makes a message (format-field-event-empty)") {
  const auto decoded = decode("event: \ndata:data\n\n");
  REQUIRE(decoded.items.size() == 1);
  CHECK(decoded.items[0].event == SseEvent{"message", "data", "", true, false, {}});
}

TEST_CASE("the type of a block without data does not reach the next event") {
  CHECK(types_of("event:lost\n\ndata:x\n\n") == Strings{"message"});
}

TEST_CASE("an id persists, changes and resets (format-field-id-3)") {
  CHECK(ids_of("id: 1\ndata: 1\n\ndata:2\n\n") == Strings{"1", "1"});
  CHECK(ids_of("id: 1\ndata: 1\n\nid: 2\ndata:2\n\ndata:3\n\n") == Strings{"1", "2", "2"});
  CHECK(ids_of("id: 1\ndata: 1\n\nid:\ndata:2\n\ndata:3\n\n") == Strings{"1", "", ""});
  CHECK(ids_of("id: 1\ndata: 1\n\nid\ndata:2\n\ndata:3\n\n") == Strings{"1", "", ""});
}

TEST_CASE("an event tells an id of its own from one that persists") {
  const auto events = of_kind(decode("id: 1\ndata: 1\n\ndata:2\n\nid: 1\ndata:3\n\n"), Kind::event);
  REQUIRE(events.size() == 3);
  CHECK(events[0].event.has_id);
  CHECK_FALSE(events[1].event.has_id);
  CHECK(events[2].event.has_id);
}

TEST_CASE("an id with U+0000 is ignored and wipes nothing (format-field-id-null)") {
  CHECK(ids_of("id: 1\ndata: 1\n\nid: \0\0x\ndata:2\n\n"s) == Strings{"1", "1"});
  CHECK(rules_of("id: \0\ndata\n\n"s) == Strings{"sse-id-null"});
}

TEST_CASE("the id of a block without data counts for the events after it") {
  const auto decoded = decode("id: 7\n\ndata: x\n\n");
  REQUIRE(decoded.items.size() == 2);
  CHECK(decoded.items[0].kind == Kind::no_data);
  CHECK(decoded.items[0].event.has_id);
  CHECK(decoded.items[0].event.last_event_id == "7");
  CHECK(decoded.items[0].end == 7);
  CHECK(decoded.items[1].event.last_event_id == "7");
  CHECK(decoded.rules == Strings{"sse-no-data"});
}

TEST_CASE("a retry field is decimal digits (format-field-retry, -bogus, -empty)") {
  const auto retries = [](std::string_view bytes) {
    std::vector<std::uint64_t> values;
    for (const auto& item : of_kind(decode(bytes), Kind::retry)) values.push_back(item.retry);
    return values;
  };
  CHECK(retries("retry:02000\ndata:x\n\n") == std::vector<std::uint64_t>{2000});
  CHECK(retries("retry:2000\nretry:1000x\ndata:x\n\n") == std::vector<std::uint64_t>{2000});
  CHECK(retries("retry\ndata:test\n\n").empty());
  CHECK(retries("retry: 1\nretry:+5\nretry: -5\nretry: 5 \nretry:2\n\n") == std::vector<std::uint64_t>{1, 2});
  CHECK(rules_of("retry:1000x\ndata\n\n") == Strings{"sse-retry-invalid"});
}

TEST_CASE("an event keeps the last valid retry of its block") {
  const auto events = of_kind(decode("retry:1\nretry:2\nretry:x\ndata:a\n\ndata:b\n\n"), Kind::event);
  REQUIRE(events.size() == 2);
  CHECK(events[0].event.retry == 2);
  CHECK_FALSE(events[1].event.retry);
}

TEST_CASE("a retry of more than 64 bits saturates") {
  const auto decoded = decode("retry:18446744073709551615\nretry:18446744073709551616\nretry:99999999999999999999999\ndata\n\n");
  REQUIRE(decoded.items.size() == 4);
  CHECK(decoded.items[0].retry == UINT64_MAX);
  CHECK(decoded.items[1].retry == UINT64_MAX);
  CHECK(decoded.items[2].retry == UINT64_MAX);
  CHECK(decoded.rules == Strings{"sse-retry-overflow", "sse-retry-overflow"});
}

TEST_CASE("a block that the stream's end cuts is a tail, and its id does not count (data-before-final-empty-line)") {
  const auto decoded = decode("data:1\n\nretry:1000\ndata:test1\n\nid:test\ndata:test2");
  REQUIRE(decoded.items.size() == 4);
  CHECK(decoded.items[3] == SseItem{Kind::tail, 31, 49, 6, {}, "id:test\ndata:test2", 0});
  CHECK(decoded.rules == Strings{"sse-truncated"});
  CHECK(decoded.findings[0].place == stream::Place{"", 6, 0, 31, ""});

  SseDecoder decoder;
  std::vector<SseItem> items;
  REQUIRE(decoder.feed("id:old\n\nretry:1000\nid:test\ndata:test2", items));
  REQUIRE(decoder.finish(items));
  CHECK(decoder.last_event_id() == "old");
  CHECK(decoder.retry() == 1000);
}

TEST_CASE("the tail holds the bytes as they were") {
  const std::string block = "data:\xFF\r\n: comment\r\nfoo\r";
  const auto decoded = decode(":\n" + block);
  REQUIRE(decoded.items.size() == 3);
  CHECK(decoded.items.back().kind == Kind::tail);
  CHECK(decoded.items.back().text == block);
  CHECK(decode("data").items.back().text == "data");
  CHECK(decode(": cut comm").items.back().text == ": cut comm");
}

TEST_CASE("a byte order mark is not part of a tail, and none by itself") {
  CHECK(decode("\xEF\xBB\xBF").items.empty());
  CHECK(decode("\xEF\xBB\xBF"s + "data").items.back() == SseItem{Kind::tail, 3, 7, 1, {}, "data", 0});
  CHECK(decode("\xEF\xBB\xBF"s + "data\nx").items.back() == SseItem{Kind::tail, 3, 9, 1, {}, "data\nx", 0});
  CHECK(decode("\xEF\xBB").items.back().text == "\xEF\xBB");
}

TEST_CASE("an empty stream and empty lines have no items") {
  CHECK(decode("").items.empty());
  CHECK(decode("\n\r\n\r\r\n\n").items.empty());
}

TEST_CASE("[DONE] is data like any other") { CHECK(data_of("data: {}\n\ndata: [DONE]\n\n") == Strings{"{}", "[DONE]"}); }

TEST_CASE("items have the extents and lines of their bytes") {
  const std::string bytes = ": hi\r\n\r\nevent: a\r\nretry: 5\r\ndata: 1\r\n\r\n\ndata: 2\n\n";
  const auto decoded = decode(bytes);
  REQUIRE(decoded.items.size() == 4);
  Strings slices;
  std::vector<std::uint64_t> lines;
  for (const auto& item : decoded.items) {
    slices.push_back(bytes.substr(item.begin, item.end - item.begin));
    lines.push_back(item.line);
  }
  CHECK(slices == Strings{": hi\r\n", "retry: 5\r\n", "event: a\r\nretry: 5\r\ndata: 1\r\n\r\n", "data: 2\n\n"});
  CHECK(lines == std::vector<std::uint64_t>{1, 4, 3, 8});
}

TEST_CASE("an event over the limit is refused by name, and stays refused") {
  SseOptions options;
  options.limits.max_entry = 10;
  options.source = "a.sse";
  CHECK_FALSE(decode("data:456\n\ndata:456\n\n", options).error);
  const auto decoded = decode("data:x\n\ndata:4567\n\n", options);
  REQUIRE(decoded.error);
  CHECK(decoded.items.size() == 1);
  CHECK(decoded.error->code == stream::ErrorCode::limit);
  CHECK(to_string(*decoded.error) == "a.sse:3: an event of more than 10 bytes (--max-entry)");
  CHECK(decode("data\r\ndata\r\n", options).error);
  CHECK(decode(":23456789\n:234567890\n", options).error);
  CHECK_FALSE(decode(":23456789\n:23456789\n", options).error);

  SseDecoder decoder(options);
  std::vector<SseItem> items;
  CHECK_FALSE(decoder.feed("data:45678901", items));
  CHECK_FALSE(decoder.feed("\n\n", items));
  CHECK_FALSE(decoder.finish(items));
}

TEST_CASE("an event that is much larger than a piece decodes whole") {
  const std::string data(700000, 'x');
  SseDecoder decoder;
  std::vector<SseItem> items;
  REQUIRE(decoder.feed("data: " + data + "\rdata: " + data + "\r\n\r\ndata: z\n\n", items));
  REQUIRE(decoder.finish(items));
  REQUIRE(items.size() == 2);
  CHECK((items[0].event.data == data + "\n" + data));
  CHECK(items[1].event.data == "z");
  CHECK(items[1].begin == items[0].end);
}

TEST_CASE("an encoded event decodes to the same event") {
  const auto round_trip = [](const SseEvent& event) {
    std::string bytes;
    encode_sse(bytes, event);
    const auto decoded = decode(bytes);
    const auto events = of_kind(decoded, Kind::event);
    REQUIRE(events.size() == 1);
    CHECK(events[0].end == bytes.size());
    return events[0].event;
  };
  const std::vector<SseEvent> events = {
      {},
      {"message", "a", "", true, false, {}},
      {"ping", "", "", true, false, 0},
      {" x", " y\n\n z\n", " i ", true, true, 1500},
      {"a:b", ":c\n:\n", "", true, true, UINT64_MAX},
      {"message", "\0\uFEFF…"s, "5", false, true, {}},
  };
  for (const auto& event : events) CHECK(round_trip(event) == event);
}

TEST_CASE("what an event stream cannot hold is encoded as something that it can") {
  std::string bytes;
  stream::encode_sse(bytes, {"a\nb", "1\r2\r\n3\n", "x\0y"s, true, true, {}});
  stream::encode_sse(bytes, {"message", "", "x\r\ny", false, true, {}});
  CHECK(bytes == "event: a b\ndata: 1\ndata: 2\ndata: 3\ndata:\n\nid: x  y\ndata:\n\n");
}

TEST_CASE("a comment of several lines is several comments") {
  std::string bytes;
  stream::encode_sse_comment(bytes, "");
  stream::encode_sse_comment(bytes, " a\r\nb\rc");
  CHECK(bytes == ":\n: a\n:b\n:c\n");
}
