#include <unistd.h>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "stream/io/file_copier.hpp"
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

TEST_CASE("a file is copied as far as it is allowed, between what is written before and after") {
  namespace fs = std::filesystem;
  const fs::path folder = fs::temp_directory_path() / ("hartape-copier-" + std::to_string(::getpid()));
  fs::create_directories(folder);
  std::string bytes;
  for (int i = 0; i < 300'000; ++i) bytes += static_cast<char>(i * 31 >> 3);
  std::ofstream(folder / "in", std::ios::binary) << bytes;
  const auto source = open_input((folder / "in").string());
  REQUIRE(source);
  std::vector<char> skipped(1000);
  REQUIRE((*source)->read(skipped));
  const auto position = (*source)->file_position();
  REQUIRE(position);
  CHECK(position->offset == 1000);
  auto sink = open_output((folder / "out").string());
  REQUIRE(sink);
  REQUIRE((*sink)->write("head"));
  const auto possible = (*sink)->copy_from(*position, 10);
  REQUIRE(possible);
  if (*possible) {
    FileCopier copier(**sink, {position->descriptor, 1010});
    for (const std::uint64_t offset : {1010U, 5000U, 250'000U}) CHECK(copier.allow(offset));
    CHECK(copier.finish());
    REQUIRE((*sink)->write("tail"));
    REQUIRE((*sink)->finish());
    std::ifstream in(folder / "out", std::ios::binary);
    std::stringstream text;
    text << in.rdbuf();
    CHECK(text.str() == "head" + bytes.substr(1000, 249'000) + "tail");

    auto short_sink = open_output((folder / "short").string());
    REQUIRE(short_sink);
    CHECK((*short_sink)->copy_from({position->descriptor, 299'999}, 10).error().message ==
          "cannot copy: the input became shorter while it was read");
  }
  fs::remove_all(folder);
}
