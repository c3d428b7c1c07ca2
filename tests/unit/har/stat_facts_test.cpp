// What is counted of an entry; and that the fast way through the text and the long one by the exchange agree.
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>

#include "har/format.hpp"
#include "har/stat/facts.hpp"
#include "stat/timeline.hpp"
#include "stat/url_host.hpp"
#include "stream/codec/sse.hpp"
#include "stream/text/base64.hpp"

using namespace har::stat;

namespace {

struct Read {
  EntryFactsList list{};
  const EntryFacts& entry() const { return list.entries.front(); }
  std::string_view text(FactText fact) const { return list[fact]; }
  std::int64_t phase(Phase phase) const { return entry().phases[static_cast<std::size_t>(phase)]; }
};

Read read(std::string_view entry, bool slow = false) {
  Read result;
  FactsReader reader;
  REQUIRE(reader.read(entry, {nullptr, nullptr, slow}, result.list));
  return result;
}

bool readable(std::string_view entry) {
  EntryFactsList list;
  FactsReader reader;
  return reader.read(entry, {}, list);
}

std::string socket_entry(std::string_view messages, std::string_view more = "") {
  return R"({"startedDateTime":"2026-01-01T00:00:00Z","time":10,"timings":{"send":1,"wait":2,"receive":3},"request":{"url":"wss://a/"},)"
         R"("response":{"status":101},"_webSocketMessages":[)" +
         std::string(messages) + "]" + std::string(more) + "}";
}

}  // namespace

TEST_CASE("an entry's times are whole nanoseconds, and -1 is none") {
  const Read facts = read(
      R"({"time":12.345678,"timings":{"blocked":-1,"dns":0,"connect":1e1,"ssl":2.5,"send":null,"wait":0.0000005,"receive":"3"}})");
  CHECK(facts.phase(Phase::time) == 12'345'678);
  CHECK(facts.phase(Phase::blocked) == kNoTime);
  CHECK(facts.phase(Phase::dns) == 0);
  CHECK(facts.phase(Phase::connect) == 10'000'000);
  CHECK(facts.phase(Phase::ssl) == 2'500'000);
  CHECK(facts.phase(Phase::send) == kNoTime);
  CHECK(facts.phase(Phase::wait) == 1);
  CHECK(facts.phase(Phase::receive) == kNoTime);
  CHECK(facts.phase(Phase::ttfb) == 10'000'001);
  CHECK(read(R"({"time":1e300})").phase(Phase::time) == std::int64_t{1} << 60U);
  CHECK(read(R"({"time":63636363636363636.5})").phase(Phase::time) == std::int64_t{1} << 60U);
  CHECK(read("{}").phase(Phase::ttfb) == kNoTime);
}

TEST_CASE("sizes are what is known of them") {
  const Read facts =
      read(R"({"request":{"bodySize":-1,"postData":{"text":"a\u00e9"}},"response":{"headersSize":100,"bodySize":-7,)"
           R"("content":{"size":-1,"text":"a\n\u00e9"}}})");
  CHECK(facts.entry().request_bytes == 3);
  CHECK(facts.entry().response_bytes == 4);
  CHECK(facts.entry().transferred == 100);
  CHECK(read(R"({"response":{"_transferSize":5,"headersSize":100,"content":{"text":"QUI=","encoding":"base64"}}})")
            .entry()
            .response_bytes == 2);
  CHECK(read(R"({"response":{"_transferSize":5,"headersSize":100}})").entry().transferred == 5);
  CHECK(read(R"({"response":{"content":{"size":3,"text":"longer than that"}}})").entry().response_bytes == 3);
}

TEST_CASE("text is decoded, whatever it is written like") {
  const Read facts = read(
      R"({"requ\u0065st":{"method":"GET","url":"https://User@B\u00fccher.example:443/a\/b?c"},"pageref":"p\u00e4ge",)"
      R"("response":{"status":200.0,"httpVersion":"HTTP/2.0","content":{"mimeType":"Text\/HTML; charset=x"}},"serverIPAddress":"[::1]"})");
  CHECK(facts.text(facts.entry().url) == "https://User@B\u00fccher.example:443/a/b?c");
  CHECK(facts.text(facts.entry().host) == "b\u00fccher.example");
  CHECK(facts.text(facts.entry().path) == "/a/b");
  CHECK(facts.text(facts.entry().page) == "p\u00e4ge");
  CHECK(facts.text(facts.entry().mime) == "text/html");
  CHECK(facts.text(facts.entry().type) == "document");
  CHECK(facts.text(facts.entry().address) == "::1");
  CHECK(facts.entry().protocol == "h2");
  CHECK(facts.entry().status == 200);
}

TEST_CASE("hosts are named so that the same host has one name") {
  const auto host = [](std::string_view url) {
    std::string out;
    append_host(out, url);
    return out;
  };
  CHECK(host("https://A.example:8443/x") == "a.example:8443");
  CHECK(host("http://a.example:80") == "a.example");
  CHECK(host("ws://[::1]:80/") == "[::1]");
  CHECK(host("http://a.example:443/") == "a.example:443");
  CHECK(host("data:text/plain,x") == "(data)");
  CHECK(host("file:///etc/passwd") == "(file)");
  CHECK(host("/relative") == "(none)");
  CHECK(host("") == "(none)");
}

TEST_CASE("what is no entry is not read") {
  for (const auto* text : {"", "[]", "{", R"({"a":})", R"({"a":1)", R"({"a":1}x)", R"({"request":{"url":"x})", R"({"a" 1})",
                           R"({"response":{"headers":[{]}})", R"({"time":abc})"}) {
    INFO(text);
    CHECK_FALSE(readable(text));
  }
  CHECK(readable(R"( {"request":5,"response":[],"timings":null,"_webSocketMessages":{}} )"));
}

TEST_CASE("WebSocket messages are counted alike in every dialect") {
  const std::string chrome = socket_entry(
      R"({"type":"send","time":1767225600.5,"opcode":1,"data":"a\u00e9\n"},{"type":"receive","time":1767225600.75,"opcode":2,"data":"AQID"},)"
      R"({"type":"error","time":1767225601,"opcode":-1,"data":"x"},{"type":"receive","time":1767225600.25,"opcode":1,"data":"\ud83d\ude80"})",
      R"(,"_webSocketClose":{"code":1001,"reason":"","timestamp":1767225605})");
  const Read fast = read(chrome);
  REQUIRE(fast.list.sockets.size() == 1);
  const SocketFacts& facts = fast.list.sockets.front();
  CHECK(facts.messages == std::array<std::uint64_t, 2>{1, 2});
  CHECK(facts.bytes == std::array<std::uint64_t, 2>{4, 7});
  CHECK(facts.errors == 1);
  CHECK(facts.close_code == 1001);
  CHECK(facts.first == 250'000'000);
  CHECK(facts.duration == 5'000'000'000);
  CHECK(facts.gaps == std::vector<std::uint64_t>{250'000'000, 250'000'000});
  CHECK(read(chrome, true).list.sockets == fast.list.sockets);

  const Read millis = read(socket_entry(
      R"({"type":"send","time":1767225600500,"opcode":1,"data":"x"},{"type":"receive","time":1767225600750,"opcode":1,"data":"y"})"));
  CHECK(millis.list.sockets.front().gaps == std::vector<std::uint64_t>{250'000'000});
  CHECK(millis.list.sockets.front().first == 750'000'000);

  const std::string unknown_clock =
      socket_entry(R"({"type":"send","time":5.5,"opcode":1,"data":"x"},{"type":"receive","time":5.75,"opcode":1,"data":"y"})");
  CHECK(read(unknown_clock).list.sockets.front().gaps == std::vector<std::uint64_t>{250'000'000});
  CHECK(read(unknown_clock).list.sockets.front().first == kNoTime);
  CHECK(read(unknown_clock).list.sockets == read(unknown_clock, true).list.sockets);

  const Read untimed = read(
      socket_entry(R"({"type":"send","time":-1,"opcode":1,"data":"x"},{"type":"receive","time":-1,"opcode":9,"data":"eQ=="})"));
  CHECK(untimed.list.sockets.front().messages == std::array<std::uint64_t, 2>{1, 0});
  CHECK(untimed.list.sockets.front().control == 1);
  CHECK(untimed.list.sockets.front().gaps.empty());
  CHECK_FALSE(untimed.list.sockets.front().timed);
}

TEST_CASE("server-sent events are counted alike in every dialect") {
  const std::string head =
      R"({"startedDateTime":"2026-01-01T00:00:00Z","time":900,"request":{"url":"https://a/"},"response":{"status":200,"content":{"mimeType":"text/event-stream")";
  const std::string chrome =
      head +
      R"(}},"_eventSourceMessages":[{"time":1767225600.5,"eventName":"message","eventId":"","data":"a"},{"time":1767225600.75,"eventName":"message","eventId":"","data":""}]})";
  const Read fast = read(chrome);
  REQUIRE(fast.list.streams.size() == 1);
  CHECK(fast.list.streams.front().events == 2);
  CHECK(fast.list.streams.front().first == 500'000'000);
  CHECK(fast.list.streams.front().gaps == std::vector<std::uint64_t>{250'000'000});
  CHECK(fast.list.streams.front().duration == 900'000'000);
  CHECK(read(chrome, true).list.streams == fast.list.streams);

  const std::string body = head + R"(,"text":"data: a\n\ndata: b\n\n: c\n\ndata: cut"}}})";
  CHECK(read(body).list.streams.front().events == 2);
  CHECK(read(body).list.streams.front().first == kNoTime);
  CHECK(read(body, true).list.streams == read(body).list.streams);

  const std::string chunks =
      head +
      R"(,"text":"data: a\n\ndata: b\n\n"}},"_streamChunks":[{"time":1767225600.1,"offset":0,"size":12},{"time":1767225600.3,"offset":12,"size":6}]})";
  const Read timed = read(chunks);
  CHECK(timed.list.streams.front().events == 2);
  CHECK(timed.list.streams.front().chunks == 2);
  CHECK(timed.list.streams.front().first == 100'000'000);
  CHECK(timed.list.streams.front().gaps == std::vector<std::uint64_t>{200'000'000});
}

TEST_CASE("server-sent events are counted as the decoder finds them") {
  const std::vector<std::string_view> pieces = {"data", "data:", "data: x", "datax", "event: e",     ":c", "id",
                                                "\n",   "\r",    "\r\n",    "\n\n",  "\xEF\xBB\xBF", "é"};
  std::uint64_t seed = 1;
  for (int round = 0; round < 20'000; ++round) {
    std::string body;
    for (std::uint64_t left = seed % 12; left != 0; --left) {
      seed = seed * 6364136223846793005U + 1442695040888963407U;
      body += pieces[(seed >> 33U) % pieces.size()];
    }
    seed = seed * 6364136223846793005U + 1442695040888963407U;
    stream::SseDecoder decoder;
    std::vector<stream::SseItem> items;
    REQUIRE(decoder.feed(body, items));
    REQUIRE(decoder.finish(items));
    std::uint64_t events = 0;
    for (const auto& item : items) events += item.kind == stream::SseItem::Kind::event ? 1 : 0;
    if (count_sse_events(body) != events) FAIL(body);
  }
}

TEST_CASE("the length of base64 is told without decoding it, or not at all") {
  for (const auto* text : {"", "QQ==", "QUI=", "QUJD", "QQ", "QUI", "QUJDQQ==", "Q", "Q===", "Q=Q=", "Q\nQ", "====", "QUJD=", "*",
                           "QQ=", "AB==CD=="}) {
    INFO(text);
    const auto length = base64_length(text);
    const auto bytes = stream::base64_decode(text);
    if (length) {
      REQUIRE(bytes);
      CHECK(*length == bytes->size());
    }
  }
  CHECK(base64_length("QUJDQQ==") == 4);
}

TEST_CASE("the fast way and the long way count the same in the recordings there are") {
  std::vector<std::filesystem::path> files;
  const auto gather = [&](const std::filesystem::path& folder) {
    for (const auto& file : std::filesystem::recursive_directory_iterator(folder)) {
      const auto name = file.path().string();
      if (name.ends_with(".har") || name.ends_with(".har.gz") || name.ends_with(".rec.ndjson")) files.push_back(file.path());
    }
  };
  gather(std::filesystem::path(HARTAPE_SOURCE_DIR) / "samples");
  if (const char* corpus = std::getenv("HARTAPE_CORPUS")) gather(corpus);
  std::size_t streams = 0;
  for (const auto& file : files) {
    INFO(file);
    auto input = har::open_items(file.string(), std::nullopt, {}, {});
    if (!input) continue;
    FactsReader reader;
    for (;;) {
      const auto item = input->reader->next();
      if (!item || !*item) break;
      std::string text;
      if ((*item)->exchange) {
        const auto entry = har::entry_of(**item, {});
        if (!entry) continue;
        text = stream::to_json(*entry);
      } else {
        text = (*item)->text;
      }
      EntryFactsList fast;
      EntryFactsList slow;
      const har::LogInfo& info = input->reader->info();
      const bool good = reader.read(text, {&info, input->files.get(), false}, fast);
      REQUIRE(good == reader.read(text, {&info, input->files.get(), true}, slow));
      REQUIRE(fast.sockets == slow.sockets);
      REQUIRE(fast.streams == slow.streams);
      streams += fast.sockets.size() + fast.streams.size();
    }
  }
  CHECK(streams >= 3);
}
