#include <catch2/catch.hpp>

#include "stream/io/ordered_pipeline.hpp"

using namespace stream;

TEST_CASE("results come in the order of the pieces, whichever thread is first") {
  for (const unsigned threads : {1U, 2U, 5U}) {
    std::vector<int> consumed;
    OrderedPipeline<int> pipeline(
        threads,
        [](int& piece) {
          for (volatile int spin = (piece * 7919) % 5000; spin > 0;) spin = spin - 1;
          piece *= 2;
        },
        [&](int& piece) -> Status {
          consumed.push_back(piece);  // Catch2's CHECK is for one thread
          return {};
        });
    for (int i = 0; i < 2000; ++i) {
      (void)pipeline.recycle();
      REQUIRE(pipeline.push(i));
    }
    CHECK(pipeline.finish());
    REQUIRE(consumed.size() == 2000);
    for (int i = 0; i < 2000; ++i) CHECK(consumed[static_cast<std::size_t>(i)] == 2 * i);
  }
}

TEST_CASE("a consumer that fails ends the pipeline with its error, and nothing hangs") {
  int consumed = 0;
  OrderedPipeline<int> pipeline(
      2, [](int&) {},
      [&](int& piece) -> Status {
        ++consumed;
        if (piece == 5) return fail({ErrorCode::io, "full"});
        return {};
      });
  Status status;
  for (int i = 0; i < 1000 && status; ++i) status = pipeline.push(i);
  REQUIRE_FALSE(status);
  CHECK(status.error().message == "full");
  CHECK(pipeline.finish().error().message == "full");
  CHECK(consumed == 6);
}
