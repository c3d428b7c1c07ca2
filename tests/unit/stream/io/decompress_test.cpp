#include <zlib.h>
#include <zstd.h>
#include <catch2/catch.hpp>

#include "scratch.hpp"
#include "stream/io/byte_sink.hpp"

using stream::Compression;
using stream::ErrorCode;

namespace {

Drained unpack(std::string_view packed, std::optional<Compression> compression = std::nullopt, std::size_t cut = SIZE_MAX,
               std::size_t read_size = 4096) {
  stream::InputOptions options;
  options.compression = compression;
  auto source = stream::decompress(stream::memory_source(packed, "in", cut), options);
  REQUIRE(source);
  const Drained drained = drain(**source, read_size);
  // The end and an error both stay.
  char byte = 0;
  const auto again = (*source)->read({&byte, 1});
  if (drained.error) {
    REQUIRE_FALSE(again);
    CHECK(again.error() == *drained.error);
  } else {
    REQUIRE(again);
    CHECK(*again == 0);
  }
  return drained;
}

std::string skippable_frame(std::string_view bytes) {
  std::string frame("\x5a\x2a\x4d\x18", 4);
  frame += static_cast<char>(bytes.size());
  frame.append(3, '\0');
  return frame.append(bytes);
}

}  // namespace

TEST_CASE("gzip, zlib and zstd are found by their first bytes, however these arrive") {
  const auto compression = GENERATE(Compression::gzip, Compression::zlib, Compression::zstd);
  const int level = GENERATE(1, 3, 6, 9);
  const std::string bytes = sample_bytes(5000);
  const std::string packed = compressed(bytes, compression, level);
  for (const std::size_t cut : {std::size_t{1}, std::size_t{2}, std::size_t{7}, SIZE_MAX}) {
    CHECK(unpack(packed, std::nullopt, cut).bytes == bytes);
    CHECK(unpack(packed, std::nullopt, cut, 1).bytes == bytes);
  }
}

TEST_CASE("what is not compressed is taken as it is, even where it looks like the start of a signature") {
  const std::string_view text = GENERATE(as<std::string_view>{}, "", "{", "\x1f", "\x1f\x8b", "\x1f\x8b\x07", "x", "x^",
                                         "x^2 + y^2 = z^2", "x^n is a power, and this is a sentence about powers that is long",
                                         "x\x9d", "(", "(\xb5/", "P", "POST / HTTP/1.1\r\n", "P*M", "P*M\x17");
  for (const std::size_t cut : {std::size_t{1}, SIZE_MAX}) {
    const Drained drained = unpack(text, std::nullopt, cut);
    // Two bytes are all that a cut zlib stream may have.
    if (text == "x^") {
      REQUIRE(drained.error);
      CHECK(drained.error->code == ErrorCode::truncated);
    } else {
      CHECK_FALSE(drained.error);
      CHECK(drained.bytes == text);
    }
  }
}

TEST_CASE("damaged zlib data is an error, not something to be taken as it is, however it arrives") {
  std::string packed = compressed(sample_bytes(400), Compression::zlib);
  packed[2] = '\x07';  // a block of a type that does not exist
  for (const std::size_t cut : {std::size_t{1}, SIZE_MAX}) {
    const Drained drained = unpack(packed, std::nullopt, cut);
    REQUIRE(drained.error);
    CHECK(drained.error->message == "the zlib data is damaged: invalid block type");
  }
}

TEST_CASE("brotli is found by its suffix, and nothing else is looked for then") {
  const std::string bytes = sample_bytes(3000);
  const std::string packed = compressed(bytes, Compression::brotli);
  auto source = stream::decompress(stream::memory_source(packed, "a.har.br"));
  REQUIRE(source);
  CHECK(drain(**source).bytes == bytes);
}

TEST_CASE("an input cut anywhere gives what was whole, then says where it was cut") {
  const auto compression = GENERATE(Compression::gzip, Compression::zlib, Compression::zstd, Compression::brotli);
  const std::string bytes = sample_bytes(3000);
  const std::string packed = compressed(bytes, compression);
  for (std::size_t size = 0; size < packed.size(); ++size) {
    const Drained drained = unpack(std::string_view(packed).substr(0, size), compression, size % 3 == 0 ? 1 : SIZE_MAX);
    REQUIRE(drained.error);
    CHECK(drained.error->code == ErrorCode::truncated);
    CHECK(drained.error->message == "the " + std::string(to_string(compression)) +
                                        " data is cut off: it ends in the middle, after " + std::to_string(size) +
                                        " compressed bytes");
    CHECK(drained.error->place.source == "in");
    CHECK(drained.error->place.offset == drained.bytes.size());
    CHECK(std::string_view(bytes).starts_with(drained.bytes));
  }
}

TEST_CASE("members and frames after one another are read to the last") {
  const auto compression = GENERATE(Compression::gzip, Compression::zstd);
  const std::string first = sample_bytes(100'000);
  const std::string packed = compressed(first, compression) + compressed("", compression) + compressed("the end", compression);
  for (const std::size_t cut : {std::size_t{1}, std::size_t{1000}, SIZE_MAX}) {
    const Drained drained = unpack(packed, std::nullopt, cut);
    CHECK_FALSE(drained.error);
    CHECK(drained.bytes == first + "the end");
  }
}

TEST_CASE("skippable zstd frames are skipped, before, between and after the others") {
  const std::string skip = skippable_frame("seek table");
  const std::string packed =
      skip + compressed("one ", Compression::zstd) + skip + skip + compressed("two", Compression::zstd) + skip;
  for (const std::size_t cut : {std::size_t{1}, SIZE_MAX}) {
    const Drained drained = unpack(packed, std::nullopt, cut);
    CHECK_FALSE(drained.error);
    CHECK(drained.bytes == "one two");
  }
  const Drained cut_off = unpack(packed.substr(0, packed.size() - 1));
  REQUIRE(cut_off.error);
  CHECK(cut_off.error->code == ErrorCode::truncated);
}

TEST_CASE("zeros after the last gzip member are padding, other bytes are an error") {
  const std::string packed = compressed("hello", Compression::gzip);
  for (const std::size_t cut : {std::size_t{1}, SIZE_MAX}) {
    const Drained padded = unpack(packed + std::string(700, '\0'), std::nullopt, cut);
    CHECK_FALSE(padded.error);
    CHECK(padded.bytes == "hello");

    const Drained garbage = unpack(packed + "x", std::nullopt, cut);
    REQUIRE(garbage.error);
    CHECK(garbage.bytes == "hello");
    CHECK(garbage.error->code == ErrorCode::syntax);
    CHECK(garbage.error->message ==
          "expected the end of the gzip data after " + std::to_string(packed.size()) + " compressed bytes, found other bytes");

    const Drained late = unpack(packed + std::string(3, '\0') + packed, std::nullopt, cut);
    REQUIRE(late.error);
    CHECK(late.bytes == "hello");
    CHECK(late.error->code == ErrorCode::syntax);
  }
}

TEST_CASE("bytes after the end of zlib, zstd and brotli data are an error") {
  const auto compression = GENERATE(Compression::zlib, Compression::zstd, Compression::brotli);
  const Drained drained = unpack(compressed("hello", compression) + std::string(1, '\0'), compression);
  REQUIRE(drained.error);
  CHECK(drained.bytes == "hello");
  CHECK(drained.error->code == ErrorCode::syntax);
  CHECK_THAT(drained.error->message, Catch::Contains("found other bytes"));
}

TEST_CASE("a changed byte never goes unnoticed in formats with a checksum") {
  const auto compression = GENERATE(Compression::gzip, Compression::zlib, Compression::zstd);
  const std::string bytes = sample_bytes(400);
  const std::string packed = compressed(bytes, compression);
  // gzip's header says nothing about the bytes: time, flags of the compressor, the system.
  const std::size_t start = compression == Compression::gzip ? 10 : 0;
  for (std::size_t at = start; at < packed.size(); ++at) {
    std::string damaged = packed;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x10);
    const Drained drained = unpack(damaged, compression);
    CAPTURE(at);
    CHECK((drained.error || drained.bytes == bytes));
  }
}

TEST_CASE("damaged data is named with its format and place") {
  std::string packed = compressed(sample_bytes(400), Compression::gzip);
  packed.back() = static_cast<char>(packed.back() ^ 1);  // the length
  const Drained drained = unpack(packed);
  REQUIRE(drained.error);
  CHECK(drained.error->code == ErrorCode::syntax);
  CHECK(drained.error->message == "the gzip data is damaged: incorrect length check");
  CHECK(to_string(*drained.error) == "in: byte 400: the gzip data is damaged: incorrect length check");
}

TEST_CASE("data that expands beyond the limit is refused after 64 MiB, and the message names the option") {
  const auto [compression, expansion] = GENERATE(
      table<Compression, std::uint64_t>({{Compression::gzip, 500}, {Compression::zstd, 1100}, {Compression::brotli, 1100}}));
  const std::string bomb = compressed(std::string(std::size_t{80} << 20, '\0'), compression);
  stream::InputOptions options;
  options.compression = compression;
  options.limits.max_expansion = expansion;
  auto source = stream::decompress(stream::memory_source(bomb, "bomb"), options);
  REQUIRE(source);
  const Drained drained = drain(**source, 1 << 16);
  REQUIRE(drained.error);
  CHECK(drained.error->code == ErrorCode::limit);
  CHECK(drained.error->message == "the " + std::string(to_string(compression)) + " data expands more than " +
                                      std::to_string(expansion) + "-fold (--max-expansion)");
  CHECK(drained.bytes.size() > std::size_t{64} << 20);
  CHECK(drained.bytes.size() < std::size_t{66} << 20);

  options.limits.max_expansion = 0;
  source = stream::decompress(stream::memory_source(bomb, "bomb"), options);
  REQUIRE(source);
  CHECK_FALSE(drain(**source, 1 << 16).error);
}

TEST_CASE("what deflate itself can reach is within the usual limit") {
  const std::string packed = compressed(std::string(std::size_t{70} << 20, ' '), Compression::gzip, 9);
  auto source = stream::decompress(stream::memory_source(packed, "spaces"));
  REQUIRE(source);
  CHECK_FALSE(drain(**source, 1 << 16).error);
}

TEST_CASE("a zstd window of more than 128 MiB is refused with a way out") {
  // RFC 8878 §3.1.1.1: a frame without a size, window descriptor 0x90: 2^(10+18) bytes; then an empty last block.
  const std::string frame("\x28\xb5\x2f\xfd\x00\x90\x01\x00\x00", 9);
  const Drained drained = unpack(frame);
  REQUIRE(drained.error);
  CHECK(drained.error->code == ErrorCode::limit);
  CHECK(drained.error->message == "the zstd data needs a window of more than 128 MiB");
  CHECK(drained.error->hint == "pipe it through 'zstd -dc --long=31', which takes up to 2 GiB of memory");
  const std::string allowed("\x28\xb5\x2f\xfd\x00\x88\x01\x00\x00", 9);
  CHECK_FALSE(unpack(allowed).error);
}

TEST_CASE("decompressing with `none` is the source itself, whatever it holds") {
  const std::string packed = compressed("hello", Compression::gzip);
  CHECK(unpack(packed, Compression::none).bytes == packed);
}

TEST_CASE("an error of the source comes after the bytes before it, and stays") {
  struct Failing : stream::ByteSource {
    std::string label = "pipe";
    int reads = 0;
    stream::Result<std::size_t> read(std::span<char> buffer) override {
      if (reads++ > 0) return stream::fail({ErrorCode::io, "cannot read: Input/output error", {label}, {}});
      buffer[0] = '\x1f';
      return 1;
    }
    const std::string& name() const override { return label; }
  };
  auto source = stream::decompress(std::make_unique<Failing>());
  REQUIRE(source);
  const Drained drained = drain(**source);
  CHECK(drained.bytes == "\x1f");
  REQUIRE(drained.error);
  CHECK(drained.error->message == "cannot read: Input/output error");
}
