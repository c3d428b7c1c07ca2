#include "stream/compare/align.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <chrono>
#include <random>

using stream::align;
using stream::AlignLimits;
using stream::Alignment;
using stream::Match;

namespace {

using Sequence = std::vector<std::uint64_t>;

std::size_t longest_common(const Sequence& a, const Sequence& b) {
  std::vector<std::size_t> row(b.size() + 1, 0);
  for (const auto x : a) {
    std::size_t diagonal = 0;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t above = row[j + 1];
      row[j + 1] = x == b[j] ? diagonal + 1 : std::max(above, row[j]);
      diagonal = above;
    }
  }
  return row[b.size()];
}

void check_valid(const Sequence& a, const Sequence& b, const Alignment& alignment) {
  for (std::size_t i = 0; i < alignment.matches.size(); ++i) {
    const Match& match = alignment.matches[i];
    REQUIRE(match.expected < a.size());
    REQUIRE(match.actual < b.size());
    REQUIRE(a[match.expected] == b[match.actual]);
    if (i > 0) {
      REQUIRE(alignment.matches[i - 1].expected < match.expected);
      REQUIRE(alignment.matches[i - 1].actual < match.actual);
    }
  }
}

Sequence random_sequence(std::mt19937& random, std::size_t size, std::uint64_t alphabet) {
  Sequence out(size);
  for (auto& x : out) x = random() % alphabet;
  return out;
}

}  // namespace

TEST_CASE("an alignment is a longest common subsequence") {
  std::mt19937 random(1);
  for (int round = 0; round < 600; ++round) {
    const Sequence a = random_sequence(random, random() % 40, 1 + random() % 12);
    const Sequence b = random_sequence(random, random() % 40, 1 + random() % 12);
    const Alignment alignment = align(a, b);
    check_valid(a, b, alignment);
    CHECK_FALSE(alignment.bounded);
    CHECK(alignment.matches.size() == longest_common(a, b));
  }
}

TEST_CASE("where the greedy search is refused, pairs of equal items give the same length") {
  std::mt19937 random(2);
  AlignLimits limits;
  limits.steps = 0;
  for (int round = 0; round < 300; ++round) {
    const Sequence a = random_sequence(random, random() % 60, 1 + random() % 20);
    const Sequence b = random_sequence(random, random() % 60, 1 + random() % 20);
    const Alignment alignment = align(a, b, limits);
    check_valid(a, b, alignment);
    CHECK_FALSE(alignment.bounded);
    CHECK(alignment.matches.size() == longest_common(a, b));
  }
}

TEST_CASE("past all limits the alignment is still valid, and says that it is bounded") {
  std::mt19937 random(3);
  AlignLimits limits;
  limits.steps = 0;
  limits.candidates = 20;
  limits.window = 8;
  bool met = false;
  for (int round = 0; round < 300; ++round) {
    const Sequence a = random_sequence(random, random() % 100, 1 + random() % 20);
    const Sequence b = random_sequence(random, random() % 100, 1 + random() % 20);
    const Alignment alignment = align(a, b, limits);
    check_valid(a, b, alignment);
    CHECK(alignment.matches == align(a, b, limits).matches);
    met = met || alignment.bounded;
  }
  CHECK(met);
}

TEST_CASE("an inserted item costs no match") {
  Sequence a(1000);
  for (std::size_t i = 0; i < a.size(); ++i) a[i] = i % 7;
  for (const std::size_t at : {std::size_t{0}, std::size_t{500}, std::size_t{1000}}) {
    Sequence b = a;
    b.insert(b.begin() + static_cast<std::ptrdiff_t>(at), 99);
    CHECK(align(a, b).matches.size() == a.size());
    CHECK(align(b, a).matches.size() == a.size());
  }
}

TEST_CASE("large and hard inputs end soon") {
  const auto begin = std::chrono::steady_clock::now();
  std::mt19937 random(4);
  SECTION("nothing in common") {
    Sequence a(200000);
    Sequence b(200000);
    for (std::size_t i = 0; i < a.size(); ++i) {
      a[i] = i;
      b[i] = i + a.size();
    }
    CHECK(align(a, b).matches.empty());
  }
  SECTION("a shuffled sequence") {
    Sequence a(20000);
    for (std::size_t i = 0; i < a.size(); ++i) a[i] = i;
    Sequence b = a;
    std::shuffle(b.begin(), b.end(), random);
    const Alignment alignment = align(a, b);
    check_valid(a, b, alignment);
    CHECK_FALSE(alignment.bounded);
    CHECK(alignment.matches.size() > 200);
  }
  SECTION("many equal items in another order") {
    const Sequence a = random_sequence(random, 50000, 3);
    const Sequence b = random_sequence(random, 50000, 3);
    const Alignment alignment = align(a, b);
    check_valid(a, b, alignment);
    CHECK(alignment.matches.size() > 25000);
  }
  // Generous: this is a bound against quadratic work, in a debug build with sanitizers on a busy machine.
  CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(60));
}

TEST_CASE("runs are paired by likeness, in order") {
  std::size_t budget = 1000;
  const auto same = [](std::size_t i, std::size_t j) { return i == j + 1 ? 900 : 10; };
  CHECK(stream::pair_alike(3, 2, same, budget).matches == std::vector<Match>{{1, 0}, {2, 1}});
  CHECK(budget < 1000);
  const auto flat = [](std::size_t, std::size_t) { return 0; };
  CHECK(stream::pair_alike(3, 2, flat, budget).matches == std::vector<Match>{{0, 0}, {1, 1}});
  CHECK(stream::pair_alike(2, 3, flat, budget).matches == std::vector<Match>{{0, 0}, {1, 1}});
  const auto never = [](std::size_t, std::size_t) { return -1; };
  CHECK(stream::pair_alike(4, 4, never, budget).matches.empty());
  CHECK(stream::pair_alike(0, 4, flat, budget).matches.empty());
}

TEST_CASE("without a budget pairs near the diagonal are found") {
  for (const auto& [n, m] : {std::pair<std::size_t, std::size_t>{300, 300}, {300, 290}, {7, 500}, {500, 7}, {1, 9}, {9, 1}}) {
    std::size_t budget = 0;
    const auto flat = [](std::size_t, std::size_t) { return 0; };
    const auto pairs = stream::pair_alike(n, m, flat, budget);
    CAPTURE(n, m);
    CHECK(pairs.matches.size() == std::min(n, m));
  }
}
