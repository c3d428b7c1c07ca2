#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "stream/io/byte_source.hpp"
#include "stream/io/error.hpp"

namespace stream {

/// Something bytes go into. One owner; not thread-safe.
class ByteSink {
 public:
  ByteSink() = default;
  ByteSink(const ByteSink&) = delete;
  ByteSink& operator=(const ByteSink&) = delete;
  /// Without `finish()` a file is thrown away: nothing has appeared under its name.
  virtual ~ByteSink() = default;

  /// Takes all of the bytes or fails. Small writes are gathered; large ones go through without a copy. Errors: `io`; after
  /// one every later call, finish() too, returns it again.
  virtual Status write(std::string_view bytes) = 0;

  /// Hands on what was gathered, so that a reader at the other end sees it; a compressor makes all that was written
  /// decodable. For live output.
  virtual Status flush() = 0;

  /// What is written from here on can be decompressed by itself: a compressor whose format has members or frames (gzip, zstd)
  /// begins a new one, unless it has just done so. All others do nothing.
  virtual Status end_member() { return {}; }

  /// Completes the output: flushes, checks, and gives the file its name. Once, and last.
  virtual Status finish() = 0;

  /// The name for messages: the path as given, or "<stdout>".
  virtual const std::string& name() const = 0;
};

/// The reader at the other end of a pipe has gone. A tool ends quietly on it (`| head`).
bool is_broken_pipe(const Error& error);

enum class Overwrite { no, yes };

struct OutputOptions {
  /// Regular files are replaced only with `yes`; devices, pipes and "-" are written to in any case.
  Overwrite overwrite = Overwrite::no;
  /// How the output is compressed; without a value the suffix decides.
  std::optional<Compression> compression{};
  int level = 0;  ///< compression level, see compress(); 0: the format's usual one
};

/// Opens a file, or standard output for "-". A regular file is written under a temporary name in the same folder and
/// renamed by `finish()`; its mode is that of the file it replaces, else as umask says. A symbolic link stays, and what it
/// points to is replaced. "/dev/stdout" and "/dev/fd/N" are the descriptors they name, even where those are files.
/// Errors: `exists` (hint: --overwrite; also from finish(), if the file has come meanwhile), `io`, `usage` (the level).
Result<std::unique_ptr<ByteSink>> open_output(const std::string& path, const OutputOptions& options = {});

/// Deletes the temporary files of all outputs that are not finished. Async-signal-safe, for the handler of a signal that ends
/// the program; the outputs are of no use afterwards.
void remove_unfinished_outputs() noexcept;

/// Appends to `out`, which outlives the sink.
std::unique_ptr<ByteSink> string_sink(std::string& out, std::string name = "<memory>");

/// Compresses what is written; `none` returns `sink` itself. Levels: gzip and zlib 1 to 9 (usually 6), zstd 1 to 22 (3),
/// brotli 1 to 11 (5: the usual 11 is fifty times slower for a tenth less). The same bytes in give the same bytes out.
/// Errors: `usage`.
Result<std::unique_ptr<ByteSink>> compress(std::unique_ptr<ByteSink> sink, Compression compression, int level = 0);

}  // namespace stream
