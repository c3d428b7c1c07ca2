#include "stream/replay/answer_cache.hpp"

#include <catch2/catch.hpp>

using namespace stream::replay;

namespace {

std::shared_ptr<const Answer> answer(int status) { return make_answer(status, "text/plain", "x"); }

}  // namespace

TEST_CASE("the answers that were asked for last stay, as many as fit") {
  AnswerCache cache(100);
  const auto first = answer(201);
  cache.put(1, first, 40);
  cache.put(2, answer(202), 40);
  CHECK(cache.find(1) == first);  // now 2 is the oldest
  cache.put(3, answer(203), 40);
  CHECK(cache.find(2) == nullptr);
  CHECK(cache.find(1) == first);
  REQUIRE(cache.find(3));
  CHECK(cache.find(3)->status == 203);
  CHECK(cache.size() == 2);
  CHECK(cache.bytes() == 80);
}

TEST_CASE("one large answer pushes out many, one too large for the cache none, and whoever holds one keeps it") {
  AnswerCache cache(100);
  const auto held = answer(200);
  cache.put(0, held, 10);
  for (std::size_t i = 1; i < 10; ++i) cache.put(i, answer(200), 10);
  cache.put(10, answer(200), 101);
  CHECK(cache.find(10) == nullptr);
  CHECK(cache.size() == 10);
  cache.put(11, answer(200), 100);
  CHECK(cache.size() == 1);
  CHECK(cache.bytes() == 100);
  CHECK(cache.find(0) == nullptr);
  CHECK(held->status == 200);
  cache.put(0, held, 1);
  CHECK(cache.find(11) == nullptr);
  CHECK(cache.find(0) == held);
}
