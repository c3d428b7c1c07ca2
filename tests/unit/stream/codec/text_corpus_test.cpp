// Real streams, where HARTAPE_CORPUS names a folder with sse/ and ndjson/ in it.
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include "stream/codec/ndjson.hpp"
#include "stream/codec/sse.hpp"
#include "stream/text/base64.hpp"
#include "stream/text/json.hpp"
#include "text_cuts.hpp"

namespace {

std::optional<std::filesystem::path> corpus(const char* folder) {
  const char* root = std::getenv("HARTAPE_CORPUS");
  if (root == nullptr || !std::filesystem::is_directory(std::filesystem::path(root) / folder)) {
    WARN("skipped: HARTAPE_CORPUS names no folder with " << folder << "/ in it");
    return std::nullopt;
  }
  return std::filesystem::path(root) / folder;
}

std::string read(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// Whole, byte by byte, and in pieces of 1 to 200 bytes.
template <class Item, class Decoder, class Options>
Decoded<Item> decode_some_ways(const Options& options, std::string_view bytes) {
  std::mt19937 random(1);
  const auto whole = decode_cut<Item, Decoder>(options, bytes, [&](std::size_t) { return bytes.size(); });
  const auto single = decode_cut<Item, Decoder>(options, bytes, [](std::size_t at) { return at + 1; });
  const auto pieces =
      decode_cut<Item, Decoder>(options, bytes, [&](std::size_t at) { return std::min(bytes.size(), at + 1 + random() % 200); });
  CHECK((single == whole));
  CHECK((pieces == whole));
  return whole;
}

}  // namespace

TEST_CASE("the event streams of web-platform-tests have the events that it expects") {
  const auto folder = corpus("sse");
  if (!folder) return;
  std::vector<stream::NdjsonItem> lines;
  stream::NdjsonDecoder decoder;
  REQUIRE(decoder.feed(read(*folder / "wpt-html__eventsource_cases.jsonl"), lines));
  REQUIRE(decoder.finish(lines));
  REQUIRE(lines.size() >= 10);
  for (const auto& line : lines) {
    const auto test = stream::parse_json(line.text);
    REQUIRE(test);
    CAPTURE((*test)["name"].string_or(""));
    const auto bytes = stream::base64_decode((*test)["stream_b64"].string_or(""));
    REQUIRE(bytes);
    const auto decoded = decode_every_way<stream::SseItem, stream::SseDecoder>(stream::SseOptions{}, *bytes);
    std::optional<std::int64_t> retry;
    std::vector<std::vector<std::string>> events;
    for (const auto& item : decoded.items) {
      if (item.kind == stream::SseItem::Kind::retry) retry = static_cast<std::int64_t>(item.retry);
      if (item.kind == stream::SseItem::Kind::event)
        events.push_back({item.event.type, item.event.data, item.event.last_event_id});
    }
    std::vector<std::vector<std::string>> expected;
    for (const auto& event : (*test)["expect_events"].as_array()) {
      expected.push_back({event["type"].as_string(), event["data"].as_string(), event["lastEventId"].as_string()});
    }
    CHECK(events == expected);
    CHECK(retry.value_or(-1) == (*test)["expect_retry"].int_or(-1));
  }
}

TEST_CASE("recorded event streams decode the same however they are cut, and again when they are encoded") {
  const auto folder = corpus("sse");
  if (!folder) return;
  for (const auto& entry : std::filesystem::directory_iterator(*folder)) {
    CAPTURE(entry.path().filename().string());
    const auto decoded = decode_some_ways<stream::SseItem, stream::SseDecoder>(stream::SseOptions{}, read(entry.path()));
    CHECK_FALSE(decoded.error);
    std::string encoded;
    std::vector<stream::SseEvent> events;
    for (const auto& item : decoded.items) {
      if (item.kind != stream::SseItem::Kind::event) continue;
      events.push_back(item.event);
      encode_sse(encoded, item.event);
    }
    std::vector<stream::SseItem> again;
    stream::SseDecoder decoder;
    REQUIRE(decoder.feed(encoded, again));
    std::vector<stream::SseEvent> events_again;
    for (const auto& item : again) {
      if (item.kind == stream::SseItem::Kind::event) events_again.push_back(item.event);
    }
    CHECK((events_again == events));
  }
}

TEST_CASE("recorded NDJSON files are whole lines of JSON") {
  const auto folder = corpus("ndjson");
  if (!folder) return;
  stream::NdjsonOptions options;
  options.parse = true;
  for (const auto& entry : std::filesystem::directory_iterator(*folder)) {
    CAPTURE(entry.path().filename().string());
    const auto decoded = decode_some_ways<stream::NdjsonItem, stream::NdjsonDecoder>(options, read(entry.path()));
    CHECK_FALSE(decoded.items.empty());
    for (const auto& item : decoded.items) CHECK(item.valid);
  }
}
