#include <catch2/catch.hpp>
#include <deque>
#include <random>

#include "exchanges.hpp"
#include "stream/io/byte_sink.hpp"

using namespace exchanges;
using stream::CompareOptions;
using stream::StreamKind;
using Lines = std::vector<std::string>;

namespace {

/// A body that comes in pieces; what was said of it by the time the next piece is asked for is kept.
class Arriving final : public stream::EventSource {
 public:
  Arriving(StreamKind kind, std::vector<std::string> pieces, std::function<void()> asked = {})
      : kind_(kind), pieces_(pieces.begin(), pieces.end()), asked_(std::move(asked)) {}

  stream::Result<std::optional<stream::Event>> next() override {
    stream::Event event;
    if (!std::exchange(begun_, true)) {
      event.kind = stream::EventKind::response;
      event.stream_kind = to_string(kind_);
      event.object = stream::Json::object();
      return std::optional(event);
    }
    if (asked_) asked_();
    ++asks;
    if (pieces_.empty()) {
      if (std::exchange(ended_, true)) return std::optional<stream::Event>();
      event.kind = stream::EventKind::end;
      event.reason = "eof";
      return std::optional(event);
    }
    event.kind = stream::EventKind::data;
    event.data = pieces_.front();
    pieces_.pop_front();
    return std::optional(event);
  }
  bool live() const override { return true; }
  bool bare() const override { return true; }
  int asks = 0;

 private:
  StreamKind kind_;
  std::deque<std::string> pieces_;
  std::function<void()> asked_;
  bool begun_ = false;
  bool ended_ = false;
};

class Steps final : public stream::CompareSink {
 public:
  stream::Status begin(const stream::SideSummary&, const stream::SideSummary&, std::span<const stream::Difference>) override {
    return {};
  }
  stream::Status step(const stream::CompareStep& step) override {
    differences += step.differences.size();
    ++steps;
    return {};
  }
  stream::Status skip(std::size_t count) override {
    skipped += count;
    return {};
  }
  stream::Status end(const stream::Comparison&, std::span<const stream::Difference>) override { return {}; }
  std::size_t differences = 0;
  std::size_t steps = 0;
  std::size_t skipped = 0;
};

std::string record(int id) {
  return "{\"id\":" + std::to_string(id) + ",\"text\":\"record number " + std::to_string(id) + "\"}\n";
}

std::vector<std::string> pieces_of(const std::vector<int>& ids) {
  std::vector<std::string> out;
  for (const int id : ids) out.push_back(record(id));
  return out;
}

std::string body_of(const std::vector<int>& ids) {
  std::string out;
  for (const int id : ids) out += record(id);
  return out;
}

stream::Comparison live(const std::vector<int>& expected, std::vector<std::string> pieces, const CompareOptions& options = {}) {
  const stream::Exchange whole = bare(StreamKind::ndjson, body_of(expected));
  const auto events = stream::events_of(whole);
  Arriving actual(StreamKind::ndjson, std::move(pieces));
  auto result = stream::compare_streams(*events, actual, options);
  REQUIRE(result);
  return std::move(*result);
}

}  // namespace

TEST_CASE("a difference in what arrives is told before more is asked for") {
  const stream::Exchange expected = bare(StreamKind::ndjson, body_of({1, 2, 3, 4}));
  const auto events = stream::events_of(expected);
  Steps steps;
  std::vector<std::size_t> known;
  Arriving actual(StreamKind::ndjson, pieces_of({1, 9, 3, 4}), [&] { known.push_back(steps.differences); });
  REQUIRE(stream::compare_streams(*events, actual, {}, &steps));
  CHECK(known == std::vector<std::size_t>{0, 0, 2, 2, 2, 2});  // id and text of record 2
}

TEST_CASE("what arrives is in step again behind a record that is missing, extra, or changed") {
  CHECK(lines(live({1, 2, 3, 4, 5}, pieces_of({1, 3, 4, 5}))) == Lines{"record 2/- missing"});
  CHECK(live({1, 2, 3, 4, 5}, pieces_of({1, 2, 9, 3, 4, 5})).items_differing == 1);
  CHECK(live({1, 2, 3, 4, 5}, pieces_of({1, 2, 9, 8, 7, 3, 4, 5})).items_differing == 3);
  CHECK(live({1, 2, 3, 4, 5}, pieces_of({1, 2, 9, 4, 5})).items_differing == 1);
  CHECK(lines(live({1, 2}, pieces_of({1, 2, 3}))) == Lines{"record -/3 extra"});
  CHECK(lines(live({1, 2, 3}, pieces_of({1, 2}))) == Lines{"record 3/- missing"});
}

TEST_CASE("how much comes at once changes nothing in what is said") {
  std::mt19937 random(11);
  for (int round = 0; round < 200; ++round) {
    std::vector<int> expected;
    std::vector<int> actual;
    for (int i = 0; i < 30; ++i) {
      expected.push_back(static_cast<int>(random() % 40));
      const auto fate = random() % 10;
      if (fate != 0) actual.push_back(fate == 1 ? 99 : expected.back());
      if (fate == 2) actual.push_back(static_cast<int>(random() % 40));
    }
    const std::string body = body_of(actual);
    std::vector<std::string> cut(1);
    for (const char c : body) {
      cut.back() += c;
      if (random() % 50 == 0) cut.emplace_back();
    }
    std::erase(cut, "");
    const auto a = live(expected, pieces_of(actual));
    const auto b = live(expected, cut);
    const auto c = live(expected, {body});
    CHECK(lines(a) == lines(b));
    CHECK(lines(a) == lines(c));
    CHECK(a.equal() == (expected == actual));
  }
}

TEST_CASE("a comparison of what arrives ends at the first difference, or when all that is expected has come") {
  const stream::Exchange expected = bare(StreamKind::ndjson, body_of({1, 2, 3}));
  CompareOptions options;
  options.max_differences = 1;
  options.count_all = false;
  {
    const auto events = stream::events_of(expected);
    Arriving actual(StreamKind::ndjson, pieces_of({1, 9, 3}));
    const auto result = stream::compare_streams(*events, actual, options);
    REQUIRE(result);
    CHECK(result->total == 1);
    CHECK(result->stopped);
    CHECK(actual.asks == 2);
  }
  options = {};
  options.allow_extra = true;
  {
    const auto events = stream::events_of(expected);
    Arriving actual(StreamKind::ndjson, pieces_of({1, 2, 3, 4, 5}));
    const auto result = stream::compare_streams(*events, actual, options);
    REQUIRE(result);
    CHECK(result->equal());
    CHECK(result->actual.unread);
    CHECK(actual.asks == 3);
  }
}

TEST_CASE("streams are compared up to an event that ends them, it included") {
  CompareOptions options;
  options.until = [](const stream::Item& item) { return item.data.find("\"id\":3") != std::string::npos; };
  const auto result = live({1, 2, 3, 4}, pieces_of({1, 2, 3, 7, 8}), options);
  CHECK(result.equal());
  CHECK(result.actual.unread);
  CHECK(lines(live({1, 2, 3, 4}, pieces_of({1, 3, 7, 8}), options)) == Lines{"record 2/- missing"});
  CHECK_FALSE(live({1, 2, 3, 4}, pieces_of({1, 2}), options).equal());
}

TEST_CASE("equal items are told as far as there is context for a difference, and counted otherwise") {
  std::vector<int> ids(100);
  for (int i = 0; i < 100; ++i) ids[static_cast<std::size_t>(i)] = i;
  std::vector<int> other = ids;
  other[50] = 999;
  for (const std::size_t context : {std::size_t{0}, std::size_t{3}, SIZE_MAX}) {
    CompareOptions options;
    options.context = context;
    Steps steps;
    REQUIRE(stream::compare_exchanges(bare(StreamKind::ndjson, body_of(ids)), bare(StreamKind::ndjson, body_of(other)), options,
                                      &steps));
    CHECK(steps.steps + steps.skipped == 100);
    CHECK(steps.steps == (context == SIZE_MAX ? 100 : 2 * context + 1));
  }
}

TEST_CASE("a body that a recording kept compressed is compared as what it is") {
  stream::Exchange zipped = recorded("application/x-ndjson", {});
  stream::Json coding = stream::Json::object();
  coding.set("name", "content-encoding");
  coding.set("value", "gzip");
  zipped.response->object.find("headers")->as_array().push_back(coding);
  std::string bytes;
  {
    auto sink = stream::compress(stream::string_sink(bytes), stream::Compression::gzip);
    REQUIRE(sink);
    REQUIRE((*sink)->write(body_of({1, 2, 3})));
    REQUIRE((*sink)->finish());
  }
  for (const std::size_t cut : {std::size_t{1}, std::size_t{2}, std::size_t{7}, bytes.size()}) {
    stream::Exchange exchange = zipped;
    for (std::size_t at = 0; at < bytes.size(); at += cut) {
      stream::Event data;
      data.kind = stream::EventKind::data;
      data.data = bytes.substr(at, cut);
      exchange.timeline.push_back(data);
    }
    CHECK(compare(recorded("application/x-ndjson", {body_of({1, 2, 3})}), exchange).equal());
  }
}

TEST_CASE("the pieces of a body are compared where they are asked for") {
  CompareOptions options;
  options.chunks = true;
  const auto whole = recorded("text/plain", {"ab", "cd"});
  CHECK(compare(whole, recorded("text/plain", {"ab", "cd"}), options).equal());
  CHECK(lines(compare(whole, recorded("text/plain", {"a", "bcd"}), options)).size() == 2);
  CHECK(compare(whole, recorded("text/plain", {"a", "bcd"})).equal());
}

TEST_CASE("comments are compared by where they stand, if that is asked for") {
  CompareOptions options;
  options.noise = stream::Noise::position;
  CHECK(compare_bodies(StreamKind::sse, ": a\ndata: 1\n\n", ": b\ndata: 1\n\n", options).empty());
  CHECK(compare_bodies(StreamKind::sse, ": a\ndata: 1\n\n", "data: 1\n\n: a\n", options).size() == 1);
}
