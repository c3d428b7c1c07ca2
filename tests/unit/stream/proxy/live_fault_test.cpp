// Faults on answers that come one byte after the other: a fake clock, no sockets.
#include "live_fault.hpp"

#include <catch2/catch.hpp>

using namespace stream;
using namespace stream::proxy;
using stream::replay::FaultPlan;
using stream::replay::FaultRule;
using Kind = LiveOp::Kind;

namespace {

constexpr Nanos ms(std::int64_t count) { return std::chrono::milliseconds(count); }

std::vector<FaultRule> rules_of(const std::vector<std::string>& texts) {
  std::vector<FaultRule> rules;
  for (const std::string& text : texts) {
    auto rule = replay::parse_fault(text);
    REQUIRE(rule);
    REQUIRE(replay::check_live_fault(*rule));
    rules.push_back(std::move(*rule));
  }
  return rules;
}

const std::string kSized =
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: 27\r\n\r\ndata:1\n\ndata:22\n\ndata:333\n\n";
const std::string kChunked =
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
    "c\r\ndata:1\n\ndata\r\n5\r\n:22\n\n\r\na\r\ndata:333\n\n\r\n0\r\n\r\n";
const std::string kUntilClose = "HTTP/1.0 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata:1\n\ndata:22\n\ndata:333\n\n";

struct Got {
  std::string wire{};
  std::string ending{};  ///< what came behind the bytes
  Nanos at{};            ///< the last
  std::string note{};
};

/// Lets all be done, each at its time.
void drain(LiveFault& fault, Got& got, Nanos& now, Nanos until) {
  for (;;) {
    for (LiveOp& op : fault.advance(now)) {
      constexpr std::string_view kNames[] = {"", "raw", "reset", "cut", "end", "lost"};
      got.wire += op.bytes;
      got.ending = kNames[static_cast<std::size_t>(op.kind)];
      got.at = op.at;
    }
    const auto next = fault.next();
    if (!next || *next > until) return;
    now = std::max(now, *next);
  }
}

/// The origin's bytes, `cut` at a time, 10 ms each; then it ends the connection.
Got through(const std::vector<std::string>& rules, std::string_view bytes, std::size_t cut = 0, LiveRequest facts = {},
            std::uint64_t seed = 1) {
  FaultPlan plan(rules_of(rules), seed);
  Nanos now = ms(0);
  LiveFault fault(plan, {"GET", "/chat?x=1", "", nullptr}, facts, now);
  Got got;
  const std::size_t size = cut == 0 ? bytes.size() : cut;
  while (!bytes.empty()) {
    now += ms(10);
    drain(fault, got, now, now);
    fault.origin(bytes.substr(0, size), now);
    fault.caught_up();
    drain(fault, got, now, now);
    bytes.remove_prefix(std::min(size, bytes.size()));
  }
  now += ms(10);
  fault.origin_ended(false, now);
  drain(fault, got, now, Nanos::max());
  got.note = fault.note();
  return got;
}

std::string body_of(const std::string& wire) {
  net::Http1ResponseReader reader(false, 65536);
  std::vector<net::Http1Item> items;
  (void)reader.feed(wire, items);
  (void)reader.finish(items);
  std::string body;
  for (const auto& item : items) body += item.data;
  return body;
}

std::string frame(std::string_view payload, WsOpcode opcode = WsOpcode::text, bool fin = true) {
  std::string out;
  append_frame(out, {fin, 0, opcode, std::nullopt}, payload);
  return out;
}
const std::string kUpgraded = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n";

Got frames_through(const std::vector<std::string>& rules, std::size_t cut = 0) {
  LiveRequest facts;
  facts.websocket = true;
  const std::string all = frame("one") + frame("p", WsOpcode::ping) + frame("t", WsOpcode::text, false) +
                          frame("wo", WsOpcode::continuation) + frame("three");
  Got got = through(rules, kUpgraded + all, cut, facts);
  REQUIRE(got.wire.starts_with(kUpgraded));
  got.wire.erase(0, kUpgraded.size());
  return got;
}

}  // namespace

TEST_CASE("without a rule that hits, a live answer passes as it is, however it is cut") {
  for (const std::string* wire : {&kSized, &kUntilClose}) {
    for (std::size_t cut = 0; cut < 12; ++cut) {
      const Got got = through({"after=event:100 reset"}, *wire, cut);
      CHECK(got.wire == *wire);
      CHECK(got.ending == "end");
      CHECK(got.note.empty());
    }
  }
  CHECK(body_of(through({"after=event:100 reset"}, kChunked, 1).wire) == "data:1\n\ndata:22\n\ndata:333\n\n");
}

TEST_CASE("the endings of a live answer stand where the rule says, however it is cut") {
  for (const std::string* wire : {&kSized, &kChunked, &kUntilClose}) {
    for (std::size_t cut : {0U, 1U, 3U, 7U}) {
      CAPTURE(*wire, cut);
      for (const auto& [fault, ending] : {std::pair{"reset", "reset"}, {"truncate", "cut"}}) {
        Got got = through({std::string("at=event:2 ") + fault}, *wire, cut);
        CHECK(body_of(got.wire) == "data:1\n\n");
        CHECK(got.ending == ending);
        got = through({std::string("after=event:2 ") + fault}, *wire, cut);
        CHECK(body_of(got.wire) == "data:1\n\ndata:22\n\n");
        CHECK(got.ending == ending);
        got = through({std::string("within=event:2 ") + fault}, *wire, cut);
        CHECK(body_of(got.wire) == "data:1\n\ndata");
        got = through({std::string("at=byte:3 ") + fault}, *wire, cut);
        CHECK(body_of(got.wire) == "dat");
        got = through({std::string("at=byte:0 ") + fault}, *wire, cut);
        CHECK(body_of(got.wire).empty());
        CHECK(got.wire.ends_with("\r\n\r\n"));
        got = through({fault}, *wire, cut);
        CHECK(got.wire.empty());
        CHECK(got.ending == ending);
        got = through({std::string("after=head ") + fault}, *wire, cut);
        CHECK(got.wire.ends_with("\r\n\r\n"));
      }
      const Got stalled = through({"after=event:1 stall"}, *wire, cut);
      CHECK(body_of(stalled.wire) == "data:1\n\n");
      CHECK(stalled.ending.empty());
      CHECK(stalled.note == "stalled after event 1");
    }
  }
}

TEST_CASE("a live answer that ends too early ends well") {
  CHECK(through({"after=event:1 end"}, kChunked, 5).wire.ends_with("data:1\n\n\r\n0\r\n\r\n"));
  const Got sized = through({"after=event:1 end"}, kSized, 5);
  CHECK(sized.wire.find("Content-Length") == std::string::npos);
  CHECK(sized.wire.ends_with("8\r\ndata:1\n\n\r\n0\r\n\r\n"));
  const Got old = through({"after=event:1 end"}, kUntilClose, 5);
  CHECK(old.wire.ends_with("\r\n\r\ndata:1\n\n"));
  CHECK(old.ending == "end");
  LiveRequest facts;
  facts.chunks = false;
  const Got closed = through({"after=event:1 end"}, kSized, 5, facts);
  CHECK(closed.wire.find("Connection: close\r\n\r\ndata:1\n\n") != std::string::npos);
  CHECK(closed.ending == "end");
}

TEST_CASE("events of a live answer are dropped, doubled, reordered and corrupted") {
  for (std::size_t cut : {0U, 1U, 4U, 9U}) {
    for (const std::string* wire : {&kSized, &kChunked, &kUntilClose}) {
      CAPTURE(cut, *wire);
      CHECK(body_of(through({"at=event:2 drop"}, *wire, cut).wire) == "data:1\n\ndata:333\n\n");
      CHECK(body_of(through({"at=event:2 duplicate"}, *wire, cut).wire) == "data:1\n\ndata:22\n\ndata:22\n\ndata:333\n\n");
      CHECK(body_of(through({"at=event:1 reorder"}, *wire, cut).wire) == "data:22\n\ndata:1\n\ndata:333\n\n");
      const Got last = through({"at=event:3 reorder"}, *wire, cut);
      CHECK(body_of(last.wire) == "data:1\n\ndata:22\n\ndata:333\n\n");
      CHECK(last.note.empty());
      const std::string changed = body_of(through({"at=event:2 corrupt"}, *wire, cut).wire);
      CHECK(changed.size() == 27);
      CHECK(changed != "data:1\n\ndata:22\n\ndata:333\n\n");
      CHECK(changed.starts_with("data:1\n\n"));
      const std::string bytes = body_of(through({"at=byte:9 corrupt=2"}, *wire, cut).wire);
      CHECK(bytes.substr(0, 9) == "data:1\n\nd");
      CHECK(bytes.substr(9, 2) != "at");
      CHECK(bytes.substr(11) == "a:22\n\ndata:333\n\n");
    }
  }
}

TEST_CASE("a live answer comes later and slower") {
  const Got later = through({"latency=100ms"}, kSized);
  CHECK(later.wire == kSized);
  CHECK(later.at == ms(120));
  const Got slow = through({"slow=10B/s"}, kSized);
  CHECK(slow.wire == kSized);
  CHECK(slow.at == ms(10) + std::chrono::milliseconds(2700));
  CHECK(through({"at=event:2 latency=1s", "at=event:3 latency=1s"}, kSized).at == ms(2020));
  const Got timed = through({"at=1s reset", "slow=10B/s"}, kSized);
  CHECK(timed.ending == "reset");
  CHECK(timed.at == std::chrono::seconds(1));
  CHECK(body_of(timed.wire) == "data:1\n\nd");
  CHECK(through({"at=1s reset"}, kSized).note.empty());  // it was over before
}

TEST_CASE("what is delayed does not make an answer slow") {
  FaultPlan plan(rules_of({"latency=1s"}), 1);
  LiveFault fault(plan, {"GET", "/", "", nullptr}, {}, ms(0));
  Nanos now = ms(0);
  Got got;
  const std::string piece(256 << 10, 'x');
  fault.origin("HTTP/1.1 200 OK\r\n\r\n", now);
  std::uint64_t size = 0;
  while (size < (64U << 20)) {
    while (fault.full()) {
      REQUIRE(fault.next());
      now = std::max(now, *fault.next());
      for (LiveOp& op : fault.advance(now)) size += op.bytes.size();
    }
    fault.origin(piece, now);
  }
  CHECK(now == std::chrono::seconds(1));
}

TEST_CASE("another status takes the place of a live answer") {
  FaultPlan plan(rules_of({"status=503 retry-after=2"}), 1);
  LiveFault fault(plan, {"GET", "/", "", nullptr}, {}, ms(0));
  const auto answer = fault.answer();
  REQUIRE(answer);
  CHECK(answer->status == 503);
  CHECK(fault.note() == "status 503");
  CHECK(fault.answer() == nullptr);
  const Got got = through({"kind=sse status=429 retry-after=7"}, kChunked, 3);
  CHECK(got.wire.starts_with("HTTP/1.1 429 Too Many Requests\r\n"));
  CHECK(got.wire.find("Retry-After: 7\r\n") != std::string::npos);
  CHECK(got.wire.find("data:") == std::string::npos);
  CHECK(through({"kind=ndjson status=429"}, kChunked, 3).note.empty());
}

TEST_CASE("a chunk without a size breaks a live answer") {
  for (const std::string* wire : {&kSized, &kChunked, &kUntilClose}) {
    const Got got = through({"after=event:1 malformed"}, *wire, 2);
    CHECK(got.wire.ends_with("8\r\ndata:1\n\n\r\nno size of a chunk\r\n"));
    CHECK(got.ending == "cut");
  }
}

TEST_CASE("messages of a live WebSocket meet the same faults") {
  const std::string ping = frame("p", WsOpcode::ping);
  const std::string two = frame("t", WsOpcode::text, false) + frame("wo", WsOpcode::continuation);
  for (std::size_t cut : {0U, 1U, 5U}) {
    CAPTURE(cut);
    CHECK(frames_through({"at=event:9 reset"}, cut).wire == frame("one") + ping + two + frame("three"));
    CHECK(frames_through({"at=event:2 drop"}, cut).wire == frame("one") + ping + frame("three"));
    CHECK(frames_through({"at=event:2 duplicate"}, cut).wire == frame("one") + ping + two + two + frame("three"));
    CHECK(frames_through({"at=event:2 reorder"}, cut).wire == frame("one") + ping + frame("three") + two);
    CHECK(frames_through({"after=event:2 truncate"}, cut).wire == frame("one") + ping + two);
    CHECK(frames_through({"at=byte:3 reset"}, cut).wire == frame("one") + ping);
    std::string close;
    REQUIRE(append_close(close, 1011, "overloaded"));
    const Got closed = frames_through({"after=event:1 close=1011:overloaded"}, cut);
    CHECK(closed.wire == frame("one") + close);
    CHECK(closed.ending == "end");
    CHECK(frames_through({"at=event:1 end"}, cut).wire == std::string("\x88\x02\x03\xe8", 4));
    CHECK(frames_through({"at=event:2 malformed=opcode"}, cut).wire ==
          frame("one") + ping + std::string("\x83\x01x", 3) + two + frame("three"));
    const Got half = frames_through({"within=event:3 reset"}, cut);
    CHECK(half.wire == frame("one") + ping + two + frame("three").substr(0, 4));
    const Got wrong = frames_through({"at=event:3 corrupt"}, cut);
    CHECK(wrong.wire.size() == (frame("one") + ping + two + frame("three")).size());
    CHECK(wrong.wire != frame("one") + ping + two + frame("three"));
  }
}

TEST_CASE("the same requests meet the same faults, alive or recorded") {
  FaultPlan first(rules_of({"rate=0.3 reset", "nth=3 truncate"}), 7);
  FaultPlan second(rules_of({"rate=0.3 reset", "nth=3 truncate"}), 7);
  const auto answer = replay::make_answer(200, "text/plain", "x");
  for (int i = 0; i < 200; ++i) {
    LiveFault fault(first, {"GET", "/", "", nullptr}, {}, ms(0));
    const auto changed = second.apply({"GET", "/", "", nullptr}, answer);
    CHECK(fault.active() == (changed != answer));
  }
}

TEST_CASE("a rule that live traffic cannot meet is refused, with the way out") {
  for (const char* text : {"id=1 reset", "drop", "duplicate", "reorder", "corrupt", "malformed"}) {
    const Status status = replay::check_live_fault(replay::parse_fault(text).value());
    REQUIRE_FALSE(status);
    CHECK_FALSE(status.error().hint.empty());
  }
}

TEST_CASE("an origin that sends what is no answer is passed on as it is") {
  for (const std::string wire : {"", "nonsense\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab", "HTTP/1.1 200"}) {
    for (std::size_t cut : {0U, 1U}) CHECK(through({"after=event:5 reset"}, wire, cut).wire == wire);
  }
}
