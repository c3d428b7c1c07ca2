#include <catch2/catch.hpp>

#include "scratch.hpp"
#include "stream/io/byte_sink.hpp"

using stream::Compression;

TEST_CASE("what is compressed comes back, at every level and for every size") {
  const auto [compression, highest] = GENERATE(table<Compression, int>({{Compression::none, 1},
                                                                        {Compression::gzip, 9},
                                                                        {Compression::zlib, 9},
                                                                        {Compression::zstd, 19},
                                                                        {Compression::brotli, 11}}));
  const std::string bytes = sample_bytes(GENERATE(std::size_t{0}, std::size_t{1}, std::size_t{70'000}, std::size_t{300'001}));
  for (const int level : {0, 1, highest}) {
    const std::string packed = compressed(bytes, compression, level);
    stream::InputOptions options;
    options.compression = compression;
    auto source = stream::decompress(stream::memory_source(packed, "packed"), options);
    REQUIRE(source);
    const Drained drained = drain(**source);
    CHECK_FALSE(drained.error);
    CHECK(drained.bytes == bytes);
  }
}

TEST_CASE("compressed output does not depend on how it was written") {
  const Compression compression = GENERATE(Compression::gzip, Compression::zlib, Compression::brotli);
  const std::string bytes = sample_bytes(50'000);
  std::string out;
  auto sink = stream::compress(stream::string_sink(out), compression);
  REQUIRE(sink);
  for (const char byte : bytes) REQUIRE((*sink)->write({&byte, 1}));
  REQUIRE((*sink)->finish());
  CHECK(out == compressed(bytes, compression));
}

TEST_CASE("after flush() everything written so far can be decoded") {
  const Compression compression = GENERATE(Compression::gzip, Compression::zlib, Compression::zstd, Compression::brotli);
  std::string out;
  auto sink = stream::compress(stream::string_sink(out), compression);
  REQUIRE(sink);
  std::string expected;
  for (int line = 0; line < 20; ++line) {
    const std::string text = "line " + std::to_string(line) + '\n';
    REQUIRE((*sink)->write(text));
    REQUIRE((*sink)->flush());
    expected += text;
    stream::InputOptions options;
    options.compression = compression;
    auto source = stream::decompress(stream::memory_source(out, "live"), options);
    REQUIRE(source);
    CHECK(drain(**source).bytes == expected);
  }
}

TEST_CASE("a level that the format does not have is refused with those it has") {
  std::string out;
  const auto gzip = stream::compress(stream::string_sink(out), Compression::gzip, 10);
  REQUIRE_FALSE(gzip);
  CHECK(gzip.error().code == stream::ErrorCode::usage);
  CHECK(gzip.error().message == "gzip has the levels 1 to 9, found 10");
  const auto brotli = stream::compress(stream::string_sink(out), Compression::brotli, -1);
  REQUIRE_FALSE(brotli);
  CHECK(brotli.error().message == "brotli has the levels 1 to 11, found -1");
}

TEST_CASE("the names of compressions are read back, with their short forms") {
  for (const auto value : {Compression::none, Compression::gzip, Compression::zlib, Compression::zstd, Compression::brotli}) {
    CHECK(stream::compression_from_name(stream::to_string(value)) == value);
  }
  CHECK(stream::compression_from_name("gz") == Compression::gzip);
  CHECK(stream::compression_from_name("zst") == Compression::zstd);
  CHECK(stream::compression_from_name("br") == Compression::brotli);
  CHECK_FALSE(stream::compression_from_name("lzma"));
  CHECK_FALSE(stream::compression_from_name(""));
}

TEST_CASE("a suffix names a compression only at the end of the name") {
  CHECK(stream::compression_of_name("a.har.gz") == Compression::gzip);
  CHECK(stream::compression_of_name("a.zz") == Compression::zlib);
  CHECK(stream::compression_of_name("a.zlib") == Compression::zlib);
  CHECK(stream::compression_of_name("a.zst") == Compression::zstd);
  CHECK(stream::compression_of_name("a.br") == Compression::brotli);
  CHECK(stream::compression_of_name("a.gz.har") == Compression::none);
  CHECK(stream::compression_of_name("gz") == Compression::none);
  CHECK(stream::compression_of_name("") == Compression::none);
}
