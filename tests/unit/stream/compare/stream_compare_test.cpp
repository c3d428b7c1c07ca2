#include <algorithm>
#include <catch2/catch.hpp>
#include <random>

#include "exchanges.hpp"
#include "stream/compare/compare.hpp"

using namespace exchanges;
using stream::CompareOptions;
using stream::CompareStep;
using stream::Comparison;
using stream::Difference;
using stream::Event;
using stream::EventKind;
using stream::Result;
using stream::StreamKind;
using stream::ValueChange;

namespace {

std::string ndjson_of(const std::vector<int>& numbers) {
  std::string out;
  for (const int number : numbers) out += "{\"n\":" + std::to_string(number) + "}\n";
  return out;
}

Comparison compare_ndjson(const std::string& expected, const std::string& actual, const CompareOptions& options) {
  const auto e = bare(StreamKind::ndjson, expected);
  const auto a = bare(StreamKind::ndjson, actual);
  const auto result = compare_exchanges(e, a, options);
  REQUIRE(result);
  return *result;
}

std::vector<int> count_to(int count) {
  std::vector<int> numbers;
  for (int i = 0; i < count; ++i) numbers.push_back(i);
  return numbers;
}

/// A stream of lines that come one by one; it tells how many were asked for.
class Trickle final : public stream::EventSource {
 public:
  explicit Trickle(std::vector<std::string> lines) : lines_(std::move(lines)) {}
  Result<std::optional<Event>> next() override {
    ++asked;
    if (at_ == 0) {
      ++at_;
      Event response;
      response.kind = EventKind::response;
      response.stream_kind = "ndjson";
      response.object = stream::Json::object();
      return std::optional(std::move(response));
    }
    if (at_ > lines_.size() + 1) return std::optional<Event>();
    if (at_ == lines_.size() + 1) {
      ++at_;
      Event end;
      end.kind = EventKind::end;
      end.reason = "eof";
      return std::optional(std::move(end));
    }
    Event data;
    data.kind = EventKind::data;
    data.data = lines_[at_++ - 1];
    return std::optional(std::move(data));
  }
  bool live() const override { return true; }
  bool bare() const override { return true; }

  std::size_t asked = 0;

 private:
  std::vector<std::string> lines_;
  std::size_t at_ = 0;
};

/// Notes each step, and how much of the actual stream had been asked for by then.
struct Notes final : stream::CompareSink {
  explicit Notes(const Trickle& source) : actual(source) {}
  stream::Status begin(const stream::SideSummary&, const stream::SideSummary&, std::span<const Difference>) override {
    return {};
  }
  stream::Status step(const CompareStep& step) override {
    constexpr std::string_view kWords[] = {"equal", "changed", "missing", "extra", "moved"};
    steps.push_back(std::string(kWords[static_cast<std::size_t>(step.kind)]) + "@" + std::to_string(actual.asked));
    return {};
  }
  stream::Status skip(std::size_t) override { return {}; }
  stream::Status end(const Comparison&, std::span<const Difference>) override { return {}; }
  const Trickle& actual;
  std::vector<std::string> steps;
};

}  // namespace

TEST_CASE("streams that are longer than a window are compared as if they were not, where what is equal comes again") {
  std::mt19937 random(7);
  for (int round = 0; round < 60; ++round) {
    const std::vector<int> expected = count_to(400);
    std::vector<int> actual = expected;
    for (int change = 0; change < 6; ++change) {
      const auto at = static_cast<std::ptrdiff_t>(random() % actual.size());
      switch (random() % 3) {
        case 0:
          actual[static_cast<std::size_t>(at)] += 100000;
          break;
        case 1:
          actual.erase(actual.begin() + at);
          break;
        default:
          actual.insert(actual.begin() + at, 200000 + change);
      }
    }
    const Comparison whole = compare_ndjson(ndjson_of(expected), ndjson_of(actual), {});
    CompareOptions narrow;
    narrow.window = 32;
    const Comparison windowed = compare_ndjson(ndjson_of(expected), ndjson_of(actual), narrow);
    CHECK(windowed.total == whole.total);
    CHECK(windowed.by_change == whole.by_change);
    CHECK_FALSE(windowed.windowed);
    CHECK(windowed.expected.items == 400);
    CHECK(windowed.actual.items == actual.size());
  }
}

TEST_CASE("equal streams are equal, however small the window") {
  CompareOptions options;
  for (const std::size_t window : {1U, 2U, 3U, 7U}) {
    options.window = window;
    const std::string text = ndjson_of(count_to(100));
    CHECK(compare_ndjson(text, text, options).equal());
  }
  options.window_bytes = 1;
  CHECK(compare_ndjson(ndjson_of(count_to(50)), ndjson_of(count_to(50)), options).equal());
}

TEST_CASE("streams without anything in common end, and say that the window mattered") {
  std::string expected;
  std::string actual;
  for (int i = 0; i < 500; ++i) {
    expected += "{\"a\":" + std::to_string(i) + "}\n";
    actual += "[\"b\"," + std::to_string(i) + "]\n";
  }
  CompareOptions options;
  options.window = 64;
  const Comparison result = compare_ndjson(expected, actual, options);
  CHECK(result.windowed);
  CHECK(result.items_differing >= 500);
  CHECK(result.expected.items == 500);
}

TEST_CASE("an item that stands at another place has moved") {
  std::vector<int> numbers = count_to(20);
  std::rotate(numbers.begin() + 3, numbers.begin() + 4, numbers.begin() + 10);  // 3 behind 9
  const Comparison result = compare_ndjson(ndjson_of(count_to(20)), ndjson_of(numbers), {});
  REQUIRE(result.total == 1);
  const Difference& moved = result.differences.front();
  CHECK(moved.change == ValueChange::moved);
  CHECK(moved.expected.number == 4);
  CHECK(moved.actual.number == 10);
}

TEST_CASE("what is not the same item has not moved") {
  const Comparison result = compare_ndjson("1\n2\n3\n4\n", "2\n3\n4\n5\n", {});
  CHECK(result.by_change[static_cast<std::size_t>(ValueChange::moved)] == 0);
  CHECK(result.total == 2);
}

TEST_CASE("a live stream is compared as it arrives") {
  const auto expected = bare(StreamKind::ndjson, "1\n2\n3\n4\n5\n");
  const auto e = stream::events_of(expected);
  SECTION("a difference is said before the next line is asked for") {
    Trickle actual({"1\n", "2\n", "\"x\"\n", "4\n", "5\n"});
    Notes notes(actual);
    const auto result = compare_streams(*e, actual, {}, &notes);
    REQUIRE(result);
    CHECK(result->total == 1);
    CHECK(notes.steps == std::vector<std::string>{"equal@2", "equal@3", "changed@4", "equal@5", "equal@6"});
  }
  SECTION("what is missing is said when what follows has come") {
    Trickle actual({"1\n", "4\n", "5\n"});
    Notes notes(actual);
    const auto result = compare_streams(*e, actual, {}, &notes);
    REQUIRE(result);
    CHECK(notes.steps == std::vector<std::string>{"equal@2", "missing@3", "missing@3", "equal@3", "equal@4"});
  }
  SECTION("with extra items allowed it is not read further than was expected") {
    Trickle actual({"1\n", "2\n", "3\n", "4\n", "5\n", "6\n", "7\n"});
    CompareOptions options;
    options.allow_extra = true;
    const auto result = compare_streams(*e, actual, options);
    REQUIRE(result);
    CHECK(result->equal());
    CHECK(result->actual.unread);
    CHECK(result->actual.unread);
    CHECK(actual.asked == 6);
  }
  SECTION("the first difference can be the last") {
    Trickle actual({"1\n", "x\n", "3\n", "4\n", "5\n"});
    CompareOptions options;
    options.max_differences = 1;
    options.count_all = false;
    const auto result = compare_streams(*e, actual, options);
    REQUIRE(result);
    CHECK(result->total == 1);
  }
}

TEST_CASE("extra items behind the last expected one can be allowed, before it they cannot") {
  CompareOptions options;
  options.allow_extra = true;
  CHECK(compare_ndjson("1\n2\n", "1\n2\n3\n", options).equal());
  CHECK(compare_ndjson("1\n2\n", "1\n2\n3\n", {}).total == 1);
  CHECK(compare_ndjson("1\n2\n", "1\n9\n8\n2\n", options).total == 2);
}
