#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "stream/codec/splitter.hpp"
#include "stream/io/error.hpp"
#include "stream/io/finding.hpp"
#include "stream/io/limits.hpp"

/// Newline-delimited JSON (NDJSON 1.0, JSON Lines).
namespace stream {

/// One line that is not empty: scalars are records too. `text` is its bytes as they are, so numbers keep their spelling and
/// members their order; only the line end, and a byte order mark at the start of the input, are taken off.
struct NdjsonItem {
  std::string text{};
  std::uint64_t line = 0;   ///< from 1, empty lines included
  std::uint64_t begin = 0;  ///< of `text` in the whole input
  std::uint64_t end = 0;    ///< after the line end
  /// Not known to be bad. False: it holds U+0000, or is the last line and cut off, or (with `parse`) is not JSON.
  bool valid = true;
  bool terminated = true;  ///< it has a line end; only the last line may have none

  bool operator==(const NdjsonItem&) const = default;
};

struct NdjsonOptions {
  enum class EmptyLines { skip, error };

  Limits limits{};       ///< max_entry: one line with its end; max_depth: where lines are parsed
  std::string source{};  ///< for places in messages
  /// Lines of nothing but white space, which the specification lets a parser ignore: `skip` reports them as notes, `error` as
  /// errors; they are no items in either case.
  EmptyLines empty_lines = EmptyLines::skip;
  /// Check that each line is a JSON text. The last line is always checked if it has no line end, to tell one that was cut off.
  bool parse = false;
  /// ndjson-bom, ndjson-empty-line, ndjson-nul, ndjson-invalid (with `parse`), ndjson-no-newline, ndjson-truncated. None of
  /// them stops the lines that follow.
  FindingSink findings{};
};

/// Decodes a stream that is fed in any pieces; the items do not depend on the cuts. Lines end with LF or CRLF only: U+2028,
/// U+2029 and U+0085 may stand in JSON strings.
class NdjsonDecoder {
 public:
  explicit NdjsonDecoder(NdjsonOptions options = {});

  /// Appends the items that `bytes` completes. Errors: `limit`, which every later call returns again.
  Status feed(std::string_view bytes, std::vector<NdjsonItem>& out);
  /// The end of the stream: appends the last line, if it has no line end. Nothing may be fed after it.
  Status finish(std::vector<NdjsonItem>& out);

  /// Whether what is fed next begins a line that is not the first.
  bool between_lines() const { return splitter_.rest().empty() && splitter_.rest_begin() != 0; }
  /// Between lines: passes over whole lines, none of which is empty or holds U+0000, as if they had been fed and their items
  /// thrown away.
  void skip(std::uint64_t bytes, std::uint64_t lines) {
    splitter_.skip(bytes);
    line_ += lines;
  }

 private:
  void line(std::string_view text, std::uint64_t begin, std::uint64_t end, bool terminated, std::vector<NdjsonItem>& out);
  bool check(const NdjsonItem& item) const;
  void report(Level level, std::string_view rule, std::string message, std::uint64_t offset) const;

  NdjsonOptions options_;
  Splitter splitter_;
  std::optional<Error> failure_{};
  std::uint64_t line_ = 0;  // the current one
};

/// Appends `json` and LF. Line breaks between tokens become spaces, as a record must not hold any; `json` is one JSON text.
void encode_ndjson(std::string& out, std::string_view json);

}  // namespace stream
