#include "merge/sorter.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <random>

namespace har::merging {

TEST_CASE("any number of records comes out in order, however little memory there is") {
  std::mt19937 random(3);
  for (const std::size_t memory : {std::size_t{1}, std::size_t{300}, std::size_t{5000}, std::size_t{1} << 20}) {
    for (const std::size_t fan_in : {std::size_t{2}, std::size_t{3}, std::size_t{256}}) {
      for (const std::size_t count : {std::size_t{0}, std::size_t{1}, std::size_t{2}, std::size_t{500}}) {
        Sorter sorter({memory, fan_in, ""});
        std::vector<std::pair<SortKey, std::string>> expected;
        for (std::size_t i = 0; i < count; ++i) {
          const SortKey key{static_cast<std::int64_t>(random() % 50) - 25, i, static_cast<std::uint32_t>(random() % 3), 7};
          const std::string bytes(random() % 70 == 0 ? 300'000 : random() % 100, static_cast<char>('a' + i % 26));
          REQUIRE(sorter.add(key, bytes));
          expected.emplace_back(key, bytes);
        }
        REQUIRE(sorter.finish());
        std::sort(expected.begin(), expected.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
        for (const auto& [key, bytes] : expected) {
          const auto more = sorter.next();
          REQUIRE(more);
          REQUIRE(*more);
          CHECK(sorter.key().index == key.index);
          CHECK(sorter.key().kind == 7);
          CHECK((sorter.bytes() == bytes));
        }
        CHECK_FALSE(*sorter.next());
      }
    }
  }
}

TEST_CASE("what comes in order is one run") {
  Sorter sorter({100, 256, ""});
  for (std::uint64_t i = 0; i < 1000; ++i) REQUIRE(sorter.add({static_cast<std::int64_t>(i / 3), i, 0, 0}, "record"));
  REQUIRE(sorter.finish());
  CHECK(sorter.runs() == 1);
}

}  // namespace har::merging
