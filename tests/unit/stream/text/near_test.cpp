#include "stream/text/near.hpp"

#include <catch2/catch.hpp>

#include <array>

TEST_CASE("the near word is one letter or two away, or longer; what is far has none") {
  constexpr std::array<std::string_view, 4> kWords{"time-sum", "time-sum-ssl", "query-url", "x"};
  CHECK(stream::near_word("time-smu", kWords) == "time-sum");
  CHECK(stream::near_word("tim-sum", kWords) == "time-sum");
  CHECK(stream::near_word("query", kWords) == "query-url");
  CHECK(stream::near_word("time-sum-sl", kWords) == "time-sum-ssl");
  CHECK(stream::near_word("elephant", kWords) == std::nullopt);
  CHECK(stream::near_word("x", kWords) == std::nullopt);
  CHECK(stream::near_word("", kWords) == std::nullopt);
  CHECK(stream::near_word("query-url", {}) == std::nullopt);
}
