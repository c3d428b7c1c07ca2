// Random streams with random edits: what was changed is found, and nothing else.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>

#include "exchanges.hpp"
#include "stream/codec/ndjson.hpp"
#include "stream/codec/sse.hpp"
#include "stream/compare/item.hpp"

using namespace exchanges;
using stream::Comparison;
using stream::Json;
using stream::StreamKind;
using stream::ValueChange;

namespace {

/// Few different events, so that alignments are ambiguous.
std::string random_event(std::mt19937& random) {
  switch (random() % 4) {
    case 0:
      return "{\"delta\":\"t" + std::to_string(random() % 6) + "\",\"index\":0}";
    case 1:
      return "{\"type\":\"ping\"}";
    case 2:
      return "{\"n\":" + std::to_string(random() % 3) + ",\"list\":[1,2,3]}";
    default:
      return "text " + std::to_string(random() % 4);
  }
}

std::vector<std::string> random_stream(std::mt19937& random, std::size_t size) {
  std::vector<std::string> out(size);
  for (std::string& event : out) event = random_event(random);
  return out;
}

std::string body_of(const std::vector<std::string>& events) {
  std::string out;
  for (const std::string& event : events) out += "data: " + event + "\n\n";
  return out;
}

Comparison compare_streams(const std::vector<std::string>& expected, const std::vector<std::string>& actual,
                           std::mt19937& random) {
  return compare(bare(StreamKind::sse, body_of(expected)), bare(StreamKind::sse, body_of(actual), 1 + random() % 50));
}

std::size_t count(const Comparison& comparison, ValueChange change) {
  return comparison.by_change[static_cast<std::size_t>(change)];
}

std::vector<std::filesystem::path> transcripts() {
  const char* corpus = std::getenv("HARTAPE_CORPUS");
  std::vector<std::filesystem::path> out;
  if (corpus == nullptr) return out;
  for (const auto& file : std::filesystem::directory_iterator(std::filesystem::path(corpus) / "sse")) {
    if (file.path().extension() != ".jsonl") out.push_back(file.path());
  }
  std::sort(out.begin(), out.end());
  return out;
}

std::string read_file(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// Changes the `nth` string inside `value` that is long enough to be a token; counts `nth` down on the way.
bool change_token(Json& value, std::size_t& nth) {
  if (value.is_array()) {
    return std::any_of(value.as_array().begin(), value.as_array().end(),
                       [&](Json& element) { return change_token(element, nth); });
  }
  if (value.is_object()) {
    return std::any_of(value.as_object().begin(), value.as_object().end(),
                       [&](auto& member) { return change_token(member.value, nth); });
  }
  if (!value.is_string() || nth-- != 0) return false;
  value.as_string() += "☃";
  return true;
}

std::size_t tokens(const Json& value) {
  std::size_t sum = value.is_string() ? 1 : 0;
  if (value.is_array()) {
    for (const Json& element : value.as_array()) sum += tokens(element);
  } else if (value.is_object()) {
    for (const auto& member : value.as_object()) sum += tokens(member.value);
  }
  return sum;
}

}  // namespace

TEST_CASE("random streams are equal to themselves, however they are cut") {
  std::mt19937 random(11);
  for (int round = 0; round < 200; ++round) {
    const auto events = random_stream(random, random() % 30);
    CHECK(compare_streams(events, events, random).equal());
  }
}

TEST_CASE("a single edit of a random stream is a single difference") {
  std::mt19937 random(12);
  for (int round = 0; round < 400; ++round) {
    const auto events = random_stream(random, 1 + random() % 30);
    auto edited = events;
    const auto at = edited.begin() + static_cast<std::ptrdiff_t>(random() % edited.size());
    ValueChange change = ValueChange::changed;
    switch (random() % 3) {
      case 0:
        change = ValueChange::missing;
        edited.erase(at);
        break;
      case 1:
        change = ValueChange::extra;
        edited.insert(at, random_event(random));
        break;
      default:
        *at = "a text that was nowhere before";
    }
    const Comparison found = compare_streams(events, edited, random);
    CAPTURE(body_of(events), body_of(edited));
    REQUIRE(found.total == 1);
    if (change == ValueChange::changed) {
      CHECK(count(found, ValueChange::changed) + count(found, ValueChange::type) == 1);
    } else {
      CHECK(count(found, change) == 1);
    }
    CHECK(found.differences.size() == 1);
  }
}

TEST_CASE("a single change inside the data of an event is a single difference with its pointer") {
  std::mt19937 random(13);
  for (int round = 0; round < 200; ++round) {
    auto events = random_stream(random, 1 + random() % 20);
    const std::size_t at = random() % events.size();
    events[at] = R"({"choices":[{"delta":{"content":"old"},"index":0}],"id":"x","list":[1,2,3]})";
    auto edited = events;
    edited[at] = R"({"choices":[{"delta":{"content":"new"},"index":0}],"id":"x","list":[1,2,3]})";
    const Comparison found = compare_streams(events, edited, random);
    REQUIRE(found.total == 1);
    CHECK(found.differences[0].pointer == "/choices/0/delta/content");
    CHECK(found.differences[0].expected.number == at + 1);
    CHECK(found.differences[0].actual.number == at + 1);
  }
}

TEST_CASE("many random edits never make more differing items than there are edits") {
  std::mt19937 random(14);
  for (int round = 0; round < 200; ++round) {
    const auto events = random_stream(random, 10 + random() % 60);
    auto edited = events;
    const std::size_t edits = 1 + random() % 8;
    for (std::size_t i = 0; i < edits; ++i) {
      const auto at = edited.begin() + static_cast<std::ptrdiff_t>(random() % edited.size());
      switch (random() % 3) {
        case 0:
          edited.erase(at);
          break;
        case 1:
          edited.insert(at, random_event(random));
          break;
        default:
          *at = "changed " + std::to_string(i);
      }
    }
    const Comparison found = compare_streams(events, edited, random);
    CAPTURE(body_of(events), body_of(edited));
    // A pair of a missing and an extra item that are not alike counts as two.
    CHECK(found.items_differing <= 2 * edits);
    CHECK(found.equal() == (events == edited));
    CHECK_FALSE(found.bounded);
  }
}

TEST_CASE("recorded model answers are equal to themselves, and differ once where one token was changed") {
  std::mt19937 random(15);
  std::size_t changed_streams = 0;
  for (const auto& path : transcripts()) {
    CAPTURE(path.filename().string());
    const std::string body = read_file(path);
    // Some are the events of a stream, a line each.
    const bool lines = body.starts_with('{');
    const StreamKind kind = lines ? StreamKind::ndjson : StreamKind::sse;
    REQUIRE(compare(bare(kind, body), bare(kind, body, 7)).equal());

    auto decoded = stream::decode_items(bare(kind, body), kind, {});
    REQUIRE(decoded);
    std::vector<std::size_t> candidates;
    for (std::size_t i = 0; i < decoded->size(); ++i) {
      if (const auto json = stream::parse_json((*decoded)[i].data); json && tokens(*json) > 0) candidates.push_back(i);
    }
    const auto encoded = [&](std::size_t chosen, const std::string& data) {
      std::string out;
      for (std::size_t i = 0; i < decoded->size(); ++i) {
        stream::SseEvent event;
        event.data = i == chosen ? data : (*decoded)[i].data;
        if (lines) {
          stream::encode_ndjson(out, event.data);
        } else {
          encode_sse(out, event);
        }
      }
      return bare(kind, out);
    };
    for (int round = 0; round < 5 && !candidates.empty(); ++round) {
      const std::size_t chosen = candidates[random() % candidates.size()];
      Json json = *stream::parse_json((*decoded)[chosen].data);
      std::size_t nth = random() % tokens(json);
      REQUIRE(change_token(json, nth));
      const Comparison found = compare(encoded(SIZE_MAX, {}), encoded(chosen, to_json(json)));
      REQUIRE(found.total == 1);
      REQUIRE(found.by_change[static_cast<std::size_t>(ValueChange::changed)] == 1);
      REQUIRE_FALSE(found.differences[0].pointer.empty());
      ++changed_streams;
    }
  }
  if (!transcripts().empty()) CHECK(changed_streams > 100);
}
