#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <catch2/catch.hpp>

#include <array>
#include <thread>

#include "scratch.hpp"
#include "stream/io/byte_sink.hpp"

using stream::Compression;
using stream::ErrorCode;

TEST_CASE("a file is read whole, in reads of any size, and its size is known before") {
  const Scratch scratch;
  const std::string bytes = sample_bytes(100'000);
  const std::string path = scratch.file("a.har", bytes);
  for (const std::size_t size : {std::size_t{1}, std::size_t{4096}, std::size_t{1} << 20}) {
    auto source = stream::open_input(path);
    REQUIRE(source);
    CHECK((*source)->name() == path);
    CHECK((*source)->size_hint() == bytes.size());
    CHECK(drain(**source, size).bytes == bytes);
    CHECK((*source)->size_hint() == 0);
  }
}

TEST_CASE("a compressed file is unpacked by content or suffix, and its size is not guessed") {
  const Scratch scratch;
  const auto [compression, name] = GENERATE(table<Compression, const char*>({{Compression::gzip, "a.har"},
                                                                             {Compression::zlib, "a.har"},
                                                                             {Compression::zstd, "a.gz"},
                                                                             {Compression::brotli, "a.har.br"}}));
  const std::string bytes = sample_bytes(10'000);
  auto source = stream::open_input(scratch.file(name, compressed(bytes, compression)));
  REQUIRE(source);
  CHECK_FALSE((*source)->size_hint());
  CHECK(drain(**source).bytes == bytes);
}

TEST_CASE("what cannot be opened is named with the system's reason") {
  const Scratch scratch;
  const auto missing = stream::open_input(scratch.path("missing.har"));
  REQUIRE_FALSE(missing);
  CHECK(missing.error().code == ErrorCode::io);
  CHECK(to_string(missing.error()) == scratch.path("missing.har") + ": cannot open: No such file or directory");
  CHECK(missing.error().system == ENOENT);

  const auto folder = stream::open_input(scratch.path(""));
  REQUIRE_FALSE(folder);
  CHECK(folder.error().code == ErrorCode::io);
  CHECK(folder.error().message == "cannot read: it is a directory");

  const auto nameless = stream::open_input("");
  REQUIRE_FALSE(nameless);
  CHECK(nameless.error().message == "cannot open: No such file or directory");

  if (::geteuid() != 0) {  // root may read everything
    const std::string path = scratch.file("secret.har", "{}");
    REQUIRE(::chmod(path.c_str(), 0) == 0);
    const auto denied = stream::open_input(path);
    REQUIRE_FALSE(denied);
    CHECK(denied.error().message == "cannot open: Permission denied");
  }
}

TEST_CASE("a named pipe is read to its end, compressed or not") {
  const Scratch scratch;
  const std::string bytes = sample_bytes(200'000);
  const std::string sent = GENERATE(false, true) ? compressed(bytes, Compression::zstd) : bytes;
  const std::string path = scratch.path("fifo");
  REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
  std::thread writer([&] {
    const int descriptor = ::open(path.c_str(), O_WRONLY);
    for (std::size_t at = 0; at < sent.size();) {
      const ssize_t count = ::write(descriptor, sent.data() + at, std::min<std::size_t>(sent.size() - at, 777));
      if (count <= 0) break;
      at += static_cast<std::size_t>(count);
    }
    ::close(descriptor);
  });
  auto source = stream::open_input(path);
  REQUIRE(source);
  CHECK_FALSE((*source)->size_hint());
  const Drained drained = drain(**source);
  writer.join();
  CHECK_FALSE(drained.error);
  CHECK(drained.bytes == bytes);
}

TEST_CASE("a file of /proc, whose size is said to be 0, is read all the same") {
  auto source = stream::open_input("/proc/self/status");
  REQUIRE(source);
  CHECK_FALSE((*source)->size_hint());
  CHECK_THAT(drain(**source).bytes, Catch::StartsWith("Name:"));
}

TEST_CASE("a pipe that does not block is waited for") {
  std::array<int, 2> ends{};
  REQUIRE(::pipe2(ends.data(), O_NONBLOCK | O_CLOEXEC) == 0);
  std::thread writer([&] {
    // The reader is in poll() by then, or comes to it: the result is the same.
    std::this_thread::yield();
    CHECK(::write(ends[1], "late", 4) == 4);
    ::close(ends[1]);
  });
  auto source = stream::descriptor_source(ends[0], "pipe");
  CHECK(drain(*source).bytes == "late");
  writer.join();
  CHECK(::close(ends[0]) == 0);  // still the caller's
}

TEST_CASE("the first bytes of live text are not held back to look for a signature") {
  std::array<int, 2> ends{};
  REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0);
  auto source = stream::decompress(stream::descriptor_source(ends[0], "pipe"));
  REQUIRE(source);
  REQUIRE(::write(ends[1], "POST", 4) == 4);  // "P" may be the first byte of a skippable zstd frame
  std::array<char, 100> buffer{};
  const auto count = (*source)->read(buffer);  // would wait for ever
  REQUIRE(count);
  CHECK(std::string_view(buffer.data(), *count) == "POST");
  ::close(ends[0]);
  ::close(ends[1]);
}

TEST_CASE("a failing descriptor says so every time") {
  auto source = stream::descriptor_source(-1, "nothing");
  for (int i = 0; i < 2; ++i) {
    const Drained drained = drain(*source);
    REQUIRE(drained.error);
    CHECK(to_string(*drained.error) == "nothing: cannot read: Bad file descriptor");
  }
}

TEST_CASE("memory is given in reads no larger than asked for") {
  auto source = stream::memory_source("abcde", "memory", 2);
  CHECK(source->size_hint() == 5);
  std::array<char, 4> buffer{};
  CHECK(source->read(buffer).value() == 2);
  CHECK(source->size_hint() == 3);
  CHECK(source->read(std::span<char>(buffer).first(1)).value() == 1);
  CHECK(source->read(buffer).value() == 2);
  CHECK(source->read(buffer).value() == 0);
  CHECK(source->read(buffer).value() == 0);
}

TEST_CASE("read_all takes as much as its limit and not a byte more") {
  const std::string bytes = sample_bytes(200'000);
  for (const std::size_t cut : {std::size_t{999}, SIZE_MAX}) {
    auto exact = stream::memory_source(bytes, "memory", cut);
    const auto all = stream::read_all(*exact, bytes.size());
    REQUIRE(all);
    CHECK(*all == bytes);
    auto source = stream::memory_source(bytes, "memory", cut);
    const auto refused = stream::read_all(*source, bytes.size() - 1, "--max-entry");
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == ErrorCode::limit);
    CHECK(to_string(refused.error()) == "memory: the input is larger than 199999 bytes (--max-entry)");
  }
  auto empty = stream::memory_source("", "memory");
  CHECK(stream::read_all(*empty, 0).value().empty());
}
