// What is no compressed data must be refused or passed on, in bounded memory, and the result must not depend on how the
// bytes arrive. What is given is then compressed, and must come back.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>

#include "stream/io/byte_sink.hpp"
#include "stream/io/byte_source.hpp"

namespace {

using stream::Compression;

constexpr std::size_t kMaxOutput = std::size_t{4} << 20;  // a bomb's first bytes are enough

struct Drained {
  std::string bytes;
  std::optional<stream::Error> error;
  bool stopped = false;
};

void require(bool condition) {
  if (!condition) std::abort();
}

Drained drain(std::string_view packed, std::optional<Compression> compression, std::size_t cut, std::size_t read_size) {
  stream::InputOptions options;
  options.compression = compression;
  options.buffer_size = std::size_t{1} << 16;
  auto source = stream::decompress(stream::memory_source(packed, "fuzz", cut), options);
  require(source.has_value());
  Drained drained;
  std::string buffer(read_size, '\0');
  while (drained.bytes.size() < kMaxOutput) {
    const auto count = (*source)->read(buffer);
    if (!count) {
      drained.error = count.error();
      require(drained.error->place.offset == drained.bytes.size());
      const auto again = (*source)->read(buffer);
      require(!again && again.error() == *drained.error);
      return drained;
    }
    require(*count <= read_size);
    if (*count == 0) {
      require((*source)->read(buffer).value_or(1) == 0);
      return drained;
    }
    drained.bytes.append(buffer, 0, *count);
  }
  drained.stopped = true;
  return drained;
}

void round_trip(std::string_view bytes, Compression compression) {
  std::string packed;
  auto sink = stream::compress(stream::string_sink(packed), compression, 1);
  require(sink && (*sink)->write(bytes.substr(0, bytes.size() / 2)) && (*sink)->flush());
  require((*sink)->write(bytes.substr(bytes.size() / 2)) && (*sink)->finish());
  const Drained back = drain(packed, compression, SIZE_MAX, 4096);
  require(!back.error && back.bytes == bytes);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  // The first byte chooses: how it is said to be compressed, or that this is to be found out.
  const std::uint8_t choice = data[0];
  bytes.remove_prefix(1);
  std::optional<Compression> compression;
  if (choice % 6 != 5) compression = static_cast<Compression>(choice % 6);

  const Drained whole = drain(bytes, compression, SIZE_MAX, std::size_t{1} << 16);
  if (whole.bytes.size() <= std::size_t{1} << 16) {
    const Drained pieces = drain(bytes, compression, 1, 1 + choice / 6);
    // zstd drops what it had unpacked of a damaged frame, so that only what is whole, or ends early, is the same.
    if (!whole.error) require(!pieces.error && pieces.bytes == whole.bytes);
    if (whole.error && whole.error->code == stream::ErrorCode::truncated) require(pieces.error && pieces.bytes == whole.bytes);
    require(whole.error.has_value() == pieces.error.has_value());
  }
  round_trip(bytes, static_cast<Compression>(1 + choice % 4));
  return 0;
}
