#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "stream/io/byte_source.hpp"

namespace stream {

/// One line of a file of lines.
struct Line {
  std::string_view text{};   ///< without its end (LF or CR LF); valid until the next call of next()
  std::uint64_t number = 0;  ///< from 1
  std::uint64_t offset = 0;  ///< of its first byte, in the decompressed input
  bool terminated = true;    ///< false: the last line, and the file does not end with a line feed
};

/// Reads lines, in memory bounded by the longest one. A UTF-8 BOM at the start of the input is taken off.
class LineReader {
 public:
  /// `source` outlives the reader.
  explicit LineReader(ByteSource& source, const Limits& limits = {}) : source_(source), limits_(limits) {}

  /// Errors: `limit` for a line above Limits::max_entry, after which there is nothing more; those of the source, after
  /// which what was read of the last line can still be had from rest().
  Result<std::optional<Line>> next();

  /// The bytes of a line that an error of the source cut off.
  std::string_view rest() const { return {buffer_.data() + begin_, end_ - begin_}; }

 private:
  Status fill();

  ByteSource& source_;
  Limits limits_;
  std::vector<char> buffer_;
  std::size_t begin_ = 0;    ///< the first byte that was not given out
  std::size_t scanned_ = 0;  ///< no line feed before this
  std::size_t end_ = 0;
  std::uint64_t offset_ = 0;  ///< of buffer_[begin_] in the input
  std::uint64_t number_ = 0;
  bool eof_ = false;
};

}  // namespace stream
