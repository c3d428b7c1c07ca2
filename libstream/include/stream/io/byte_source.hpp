#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
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
  /// returns 0 again. A short read is normal. Errors: `io`, and from a decompressor `syntax`, `truncated`, `limit`; after
  /// one every later call returns it again. Bytes that came whole before an error are given before it.
  virtual Result<std::size_t> read(std::span<char> buffer) = 0;

  /// The name for messages: the path as given, or "<stdin>".
  virtual const std::string& name() const = 0;

  /// Bytes still to come, where that is known beforehand (memory, a regular file that is not compressed). A hint: a file
  /// may grow or shrink while it is read.
  virtual std::optional<std::uint64_t> size_hint() const { return std::nullopt; }

  /// Whether bytes come as somebody sends them (a pipe, a terminal), so that the next read may take long.
  virtual bool live() const { return false; }
};

enum class Compression { none, gzip, zlib, zstd, brotli };

/// What a suffix says: .gz, .zz/.zlib, .zst, .br; otherwise `none`.
Compression compression_of_name(std::string_view path);

/// "gzip" and so on; the inverse accepts also "gz", "zst", "br".
std::string_view to_string(Compression compression);
std::optional<Compression> compression_from_name(std::string_view name);

struct InputOptions {
  Limits limits{};
  /// How the input is compressed. Without a value brotli (which has no signature) is found by its suffix, gzip, zlib and
  /// zstd by their first bytes, and anything else, nothing at all too, is taken as it is.
  std::optional<Compression> compression{};
  /// Compressed bytes that a decompressor asks for at once. What is not compressed goes straight into the caller's buffer.
  std::size_t buffer_size = std::size_t{256} << 10;
  /// Called before each read of what is live, with its descriptor. False: nothing more is waited for, and the read fails with
  /// `timeout`.
  std::function<bool(int descriptor)> wait{};
};

/// Opens a file, a device, a pipe, or standard input for "-", and undoes its compression. A directory is refused. Nothing is
/// read from a pipe before the first read(). Errors: `io`; later also `timeout`.
Result<std::unique_ptr<ByteSource>> open_input(const std::string& path, const InputOptions& options = {});

/// Reads from memory that outlives the source. `max_read` cuts the input into reads of at most that size, for tests.
std::unique_ptr<ByteSource> memory_source(std::string_view bytes, std::string name, std::size_t max_read = SIZE_MAX);

/// Reads from a descriptor, which stays open and belongs to the caller.
std::unique_ptr<ByteSource> descriptor_source(int descriptor, std::string name);

/// Undoes the compression of `source`; see InputOptions::compression, where source.name() has the suffix. A gzip file of
/// several members and a zstd file of several frames are read to their end (RFC 1952 §2.2, RFC 8878 §3.1); bytes after the
/// last that are no member are an error, except zeros after a gzip member (tapes and block devices pad so). Memory is bounded
/// by the format's window: 32 KiB, 16 MiB for brotli, and for zstd 128 MiB, more being refused (`limit`).
Result<std::unique_ptr<ByteSource>> decompress(std::unique_ptr<ByteSource> source, const InputOptions& options = {});

/// Everything up to the end; refused beyond `limit` bytes (`limit`; the message names `limit_option`).
Result<std::string> read_all(ByteSource& source, std::size_t limit, std::string_view limit_option = "--max-entry");

}  // namespace stream
