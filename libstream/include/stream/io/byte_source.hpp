#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "stream/io/error.hpp"
#include "stream/io/limits.hpp"

namespace stream {

/// Something bytes come out of, once, in order. One owner; not thread-safe.
class ByteSource {
 public:
  ByteSource() = default;
  ByteSource(const ByteSource&) = delete;
  ByteSource& operator=(const ByteSource&) = delete;
  virtual ~ByteSource() = default;

  /// Reads at least one byte and at most `buffer.size()` (which is not 0); 0 is the end of the input, and every later call
  /// returns 0 again. A short read is normal. Errors: `io`, and from a decompressor `syntax`, `truncated`, `limit`.
  virtual Result<std::size_t> read(std::span<char> buffer) = 0;

  /// The name for messages: the path as given, or "<stdin>".
  virtual const std::string& name() const = 0;

  /// Bytes still to come, where that is known beforehand (a regular file that is not compressed).
  virtual std::optional<std::uint64_t> size_hint() const { return std::nullopt; }
};

enum class Compression { none, gzip, zlib, zstd, brotli };

/// What a suffix says: .gz, .zz/.zlib, .zst, .br; otherwise `none`.
Compression compression_of_name(std::string_view path);

/// "gzip" and so on; the inverse accepts also "gz", "zst", "br".
std::string_view to_string(Compression compression);
std::optional<Compression> compression_from_name(std::string_view name);

struct InputOptions {
  Limits limits{};
  /// How the input is compressed. Without a value gzip, zlib and zstd are found by their first bytes, brotli (which has no
  /// signature) by its suffix, and anything else is taken as it is.
  std::optional<Compression> compression{};
  /// What is given to the first read of a decompressor and to `read(2)`.
  std::size_t buffer_size = std::size_t{1} << 20;
};

/// Opens a file, a device, a pipe, or standard input for "-", and undoes its compression. A directory is refused.
Result<std::unique_ptr<ByteSource>> open_input(const std::string& path, const InputOptions& options = {});

/// Reads from memory that outlives the source. `max_read` cuts the input into reads of at most that size, for tests.
std::unique_ptr<ByteSource> memory_source(std::string_view bytes, std::string name, std::size_t max_read = SIZE_MAX);

/// Reads from a descriptor, which stays open and belongs to the caller.
std::unique_ptr<ByteSource> descriptor_source(int descriptor, std::string name);

/// Undoes the compression of `source`; see InputOptions::compression. A gzip file of several members and a zstd file of
/// several frames are read to their end (RFC 1952 §2.2); bytes after the last that are no member are an error.
Result<std::unique_ptr<ByteSource>> decompress(std::unique_ptr<ByteSource> source, const InputOptions& options = {});

/// Everything up to the end; refused beyond `limit` bytes.
Result<std::string> read_all(ByteSource& source, std::size_t limit, std::string_view limit_option = "--max-entry");

}  // namespace stream
