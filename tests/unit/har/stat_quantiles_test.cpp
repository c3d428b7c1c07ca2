// Sketches that are added: how values are spread over them, and in which order, makes no difference.
#include <algorithm>
#include <catch2/catch.hpp>
#include <random>

#include "har/stat/quantiles.hpp"

using namespace har::stat;

namespace {

std::vector<std::uint64_t> made_values(std::mt19937_64& random, std::size_t count) {
  std::vector<std::uint64_t> values;
  for (std::size_t i = 0; i < count; ++i) values.push_back(random() >> (random() % 64));
  return values;
}

Quantiles of(const std::vector<std::uint64_t>& values, std::size_t exact_up_to) {
  Quantiles quantiles(exact_up_to);
  for (const std::uint64_t value : values) quantiles.add(value);
  return quantiles;
}

std::uint64_t exact(std::vector<std::uint64_t> values, std::uint64_t tenths, std::uint64_t per) {
  for (auto& value : values) value = std::min(value, Quantiles::kLargest);
  std::sort(values.begin(), values.end());
  std::size_t rank = (values.size() * tenths + 100 * per - 1) / (100 * per);
  return values[std::max<std::size_t>(rank, 1) - 1];
}

}  // namespace

TEST_CASE("a sketch is the same however its values are split, whatever the order") {
  std::mt19937_64 random(11);
  for (const std::size_t exact_up_to : {1U, 10U, 100U, 5000U}) {
    for (int round = 0; round < 40; ++round) {
      auto values = made_values(random, random() % 300);
      const Quantiles whole = of(values, exact_up_to);
      std::shuffle(values.begin(), values.end(), random);
      Quantiles sum(exact_up_to);
      for (std::size_t from = 0; from < values.size();) {
        const std::size_t to = std::min(values.size(), from + 1 + random() % 120);
        Quantiles part(exact_up_to);
        for (; from < to; ++from) part.add(values[from]);
        if (random() % 2 == 0) {
          sum.add(part);
        } else {
          part.add(sum);
          sum = part;
        }
      }
      CHECK(sum == whole);
      CHECK(sum.exact() == (values.size() <= exact_up_to));
    }
  }
}

TEST_CASE("percentiles are exact while values are kept, and within 1/256 after that") {
  std::mt19937_64 random(12);
  for (int round = 0; round < 200; ++round) {
    const auto values = made_values(random, 1 + random() % 400);
    for (const auto* text : {"0.1", "1", "50", "75", "99", "99.9", "100"}) {
      const auto percent = *parse_percent(text);
      const std::uint64_t expected = exact(values, percent.tenths, percent.per);
      CHECK(of(values, 1000).at(percent) == expected);
      const std::uint64_t near = of(values, 1).at(percent);
      CHECK((near > expected ? near - expected : expected - near) <= expected / 256);
    }
  }
}

TEST_CASE("every value is in its bucket, and the middle of the bucket is near it") {
  std::mt19937_64 random(13);
  std::size_t before = 0;
  for (std::uint64_t value = 0; value < 100'000; ++value) {
    const std::size_t bucket = bucket_of(value);
    CHECK((bucket == before || bucket == before + 1));
    before = bucket;
  }
  for (int round = 0; round < 100'000; ++round) {
    const std::uint64_t value = std::min(random() >> (random() % 64), Quantiles::kLargest);
    const std::uint64_t middle = middle_of(bucket_of(value));
    REQUIRE(bucket_of(value) < Quantiles::kBuckets);
    REQUIRE(bucket_of(middle) == bucket_of(value));
    REQUIRE((middle > value ? middle - value : value - middle) <= value / 256);
  }
}

TEST_CASE("counts of a bucket go beyond 32 bits") {
  Quantiles quantiles(1);
  quantiles.add(7);
  quantiles.add(7);
  quantiles.add(1000);
  for (int i = 0; i < 40; ++i) quantiles.add(Quantiles(quantiles));
  CHECK(quantiles.count() == std::uint64_t{3} << 40U);
  CHECK(quantiles.buckets() == std::vector<std::pair<std::size_t, std::uint64_t>>{{7, std::uint64_t{2} << 40U},
                                                                                  {bucket_of(1000), std::uint64_t{1} << 40U}});
  CHECK(to_string(quantiles.sum()) == "1114904790564864");
  CHECK(quantiles.at(*parse_percent("66")) == 7);
  CHECK(quantiles.mean() == 338);
}

TEST_CASE("a sketch is made again of what it says of itself, and of nothing that cannot be") {
  std::mt19937_64 random(14);
  const auto values = made_values(random, 50);
  const Quantiles exact = of(values, 100);
  CHECK(Quantiles::of_values(100, exact.values()) == exact);
  CHECK_FALSE(Quantiles::of_values(10, exact.values()));
  CHECK_FALSE(Quantiles::of_values(100, {2, 1}));
  const Quantiles sketch = of(values, 10);
  const auto again = Quantiles::of_buckets(10, sketch.buckets(), sketch.sum(), sketch.least(), sketch.greatest());
  CHECK(again == sketch);
  CHECK_FALSE(Quantiles::of_buckets(50, sketch.buckets(), sketch.sum(), sketch.least(), sketch.greatest()));
  CHECK_FALSE(Quantiles::of_buckets(10, sketch.buckets(), sketch.sum() * 2, sketch.least(), sketch.greatest()));
  CHECK_FALSE(Quantiles::of_buckets(10, {}, 0, 0, 0));
  CHECK_FALSE(Quantiles::of_buckets(1, {{5, 1}, {5, 1}}, 10, 5, 5));
  CHECK_FALSE(Quantiles::of_buckets(1, {{5, 1}, {Quantiles::kBuckets, 1}}, 10, 5, 5));
}

TEST_CASE("percentages are exact decimals, in one spelling") {
  CHECK(parse_percent("99.90")->name == "99.9");
  CHECK(parse_percent("50.0")->name == "50");
  CHECK(parse_percent("0.05")->name == "0.05");
  CHECK(parse_percent("99.05")->name == "99.05");
  for (const auto* text : {"", "0", "0.0", "100.1", "101", ".5", "5.", "1e1", "-5", "1.2345678", "5%"}) {
    INFO(text);
    CHECK_FALSE(parse_percent(text));
  }
}
