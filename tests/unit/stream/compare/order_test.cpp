#include <algorithm>
#include <catch2/catch.hpp>
#include <random>

#include "exchanges.hpp"

using namespace exchanges;
using stream::CompareOptions;
using stream::Order;
using stream::StreamKind;
using Lines = std::vector<std::string>;

namespace {

std::string records(const std::vector<int>& ids) {
  std::string out;
  for (const int id : ids) out += "{\"id\":" + std::to_string(id) + ",\"name\":\"record " + std::to_string(id) + "\"}\n";
  return out;
}

stream::Comparison one_way(std::string_view expected, std::string_view actual, const CompareOptions& options) {
  auto result = stream::compare_exchanges(bare(StreamKind::ndjson, expected), bare(StreamKind::ndjson, actual), options);
  REQUIRE(result);
  return std::move(*result);
}

CompareOptions ordered(Order order) {
  CompareOptions options;
  options.order = order;
  return options;
}

CompareOptions by(std::string_view path) {
  CompareOptions options = ordered(Order::by_key);
  options.key = stream::parse_path(path).value();
  return options;
}

}  // namespace

TEST_CASE("in any order the same records are equal, and in their order they have moved") {
  CHECK(compare_bodies(StreamKind::ndjson, records({1, 2, 3}), records({3, 1, 2}), ordered(Order::unordered)).empty());
  CHECK(compare_bodies(StreamKind::ndjson, records({1, 2, 3}), records({3, 1, 2}), ordered(Order::strict)) ==
        Lines{"record 3/1 moved"});
}

TEST_CASE("in any order a record that is there twice is expected twice") {
  const auto once = one_way(records({1, 2, 2}), records({2, 1}), ordered(Order::unordered));
  CHECK(lines(once) == Lines{"record 3/- missing"});
  const auto thrice = one_way(records({1, 2}), records({2, 1, 2, 2}), ordered(Order::unordered));
  CHECK(thrice.total == 2);
}

TEST_CASE("in any order what has no equal is compared with what is most like it") {
  const auto result = one_way("{\"id\":1,\"x\":\"a\"}\n{\"id\":2,\"x\":\"b\"}\n",
                              "{\"id\":2,\"x\":\"b\"}\n{\"id\":1,\"x\":\"c\"}\n", ordered(Order::unordered));
  CHECK(lines(result) == Lines{"record 1/2 changed /x \"a\" \"c\""});
}

TEST_CASE("items with the same key are compared wherever they stand") {
  const auto result = one_way("{\"id\":1,\"x\":1}\n{\"id\":2,\"x\":2}\n{\"id\":3}\n",
                              "{\"id\":2,\"x\":9}\n{\"id\":4}\n{\"id\":1.0,\"x\":1}\n", by("/id"));
  CHECK(lines(result) == Lines{"record 2/1 changed /x 2 9", "record 3/- missing", "record -/2 extra"});
}

TEST_CASE("records of the same key are taken in their order, and those without a key too") {
  CHECK(compare_bodies(StreamKind::ndjson, "{\"id\":1,\"x\":1}\n{\"id\":1,\"x\":2}\nplain\n",
                       "plain\n{\"id\":1,\"x\":1}\n{\"id\":1,\"x\":2}\n", by("/id"))
            .empty());
}

TEST_CASE("a subsequence may have anything in between, and nothing missing") {
  const auto options = ordered(Order::subsequence);
  const auto equal = one_way(records({1, 3}), records({0, 1, 2, 3, 4}), options);
  CHECK(equal.equal());
  CHECK(equal.between == 3);
  CHECK(lines(one_way(records({1, 3, 5}), records({1, 2, 3}), options)) == Lines{"record 3/- missing"});
  // The wrong order is no subsequence.
  CHECK(lines(one_way(records({2, 1}), records({1, 2}), options)).size() == 1);
  CHECK(one_way("", records({1, 2}), options).equal());
}

TEST_CASE("a subsequence is found however far its items are apart") {
  std::vector<int> many(20'000);
  for (std::size_t i = 0; i < many.size(); ++i) many[i] = static_cast<int>(i) + 10;
  many.front() = 1;
  many.back() = 2;
  CompareOptions options = ordered(Order::subsequence);
  options.window = 100;
  const auto result = one_way(records({1, 2}), records(many), options);
  CHECK(result.equal());
  CHECK_FALSE(result.windowed);
}

TEST_CASE("whatever the permutation and the window, records in any order are equal or it is said that the window mattered") {
  std::mt19937 random(7);
  std::vector<int> ids(3000);
  for (std::size_t i = 0; i < ids.size(); ++i) ids[i] = static_cast<int>(i % 700);
  for (const std::size_t window : {std::size_t{64}, std::size_t{512}, std::size_t{8192}}) {
    std::vector<int> shuffled = ids;
    std::shuffle(shuffled.begin(), shuffled.end(), random);
    for (CompareOptions options : {ordered(Order::unordered), by("/id")}) {
      options.window = window;
      const auto result = one_way(records(ids), records(shuffled), options);
      CHECK((result.equal() || result.windowed));
      if (window == 8192) CHECK(result.equal());
    }
  }
}

TEST_CASE("extra items at the end pass where they are allowed, in every order") {
  for (const Order order : {Order::strict, Order::unordered, Order::subsequence}) {
    CompareOptions options = ordered(order);
    options.allow_extra = true;
    CHECK(one_way(records({1, 2}), records({1, 2, 3}), options).equal());
    CHECK_FALSE(one_way(records({1, 2, 3}), records({1, 2}), options).equal());
  }
}
