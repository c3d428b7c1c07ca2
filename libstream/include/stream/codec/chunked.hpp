#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "stream/io/error.hpp"
#include "stream/io/finding.hpp"
#include "stream/io/limits.hpp"

/// The chunked transfer coding of HTTP/1.1 (RFC 9112 §7.1), without I/O.
namespace stream {

/// A field of the trailer section (RFC 9112 §7.1.2), without the white space around its value.
struct ChunkedTrailer {
  std::string name{};
  std::string value{};
  std::uint64_t begin = 0;  ///< offset of the line
  std::uint64_t end = 0;    ///< offset behind its CRLF

  bool operator==(const ChunkedTrailer&) const = default;
};

struct ChunkedItem {
  enum class Kind : std::uint8_t {
    chunk,      ///< a whole chunk; not with ChunkedOptions::pieces
    size_line,  ///< the size line of a chunk; only with ChunkedOptions::pieces
    data,       ///< some bytes of a chunk as they arrived; only with ChunkedOptions::pieces
    end,        ///< the last chunk and the trailer section: nothing follows
  };
  Kind kind = Kind::chunk;
  /// False only for what a lenient decoder gives out at the end of an input that is cut off.
  bool complete = true;
  std::uint64_t begin = 0;                 ///< offset of the first byte on the wire, size line included
  std::uint64_t end = 0;                   ///< offset behind the last, CRLF included
  std::uint64_t size = 0;                  ///< chunk, size_line: the size as the size line says
  std::uint64_t data_begin = 0;            ///< chunk, data: offset of data's first byte; size_line: of the byte behind the line
  std::string extensions{};                ///< chunk, size_line, end: what stood between the size and the line's end, as written
  std::string data{};                      ///< chunk, data
  std::vector<ChunkedTrailer> trailers{};  ///< end

  bool operator==(const ChunkedItem&) const = default;
};

struct ChunkedOptions {
  /// A whole chunk is refused beyond max_entry bytes; a size line and a trailer section beyond chunked_line_limit().
  Limits limits{};
  /// Gives out data as it arrives rather than chunk by chunk: no chunk is too large then.
  bool pieces = false;
  /// Strict: what RFC 9112 does not allow is an error, for two readers that understand it differently see two different
  /// messages (request smuggling). Lenient, for recordings: where only one reading makes sense it is taken, and reported
  /// to `findings`; a cut input is no error either. Never taken: a size that is no hexadecimal number, or above 2^63-1, a CR
  /// within a line, data that is longer or shorter than its size.
  bool lenient = false;
  /// Rules: chunk-bare-lf, chunk-extension, chunk-fold, chunk-trailer-space, chunk-cut (lenient only), and
  /// chunk-trailer-field: a field that has no meaning in a trailer (RFC 9110 §6.5.1).
  FindingSink findings{};
  std::string source{};      ///< for places in messages
  std::uint64_t origin = 0;  ///< the offset of the first byte that is fed: offsets count from there
};

/// How long a size line, and a trailer section, may be: a 1024th of an entry, but at least 16 KiB.
std::size_t chunked_line_limit(const Limits& limits);

/// Takes a chunked body in any cuts and gives the same items for all of them (with `pieces`, the same after joining
/// neighbouring data). Once it has failed every call returns the same error.
class ChunkedDecoder {
 public:
  explicit ChunkedDecoder(ChunkedOptions options = {});

  /// Takes bytes up to the end of the body; what follows it belongs to the next message, see consumed(). Appends to `out`.
  /// Errors: `syntax`, `limit`.
  Status feed(std::string_view bytes, std::vector<ChunkedItem>& out);
  /// The input has ended. Errors: `truncated` unless the body is complete (or the decoder lenient).
  Status finish(std::vector<ChunkedItem>& out);

  /// The body is complete.
  bool done() const { return state_ == State::done; }
  /// How many of the bytes fed belong to the body (up to the offending byte, if it failed). Without `origin`.
  std::uint64_t consumed() const { return offset_ - options_.origin; }

 private:
  enum class State : std::uint8_t { size, extensions, data, data_end, data_lf, trailer, done };

  Status step(std::string_view& bytes, std::vector<ChunkedItem>& out);
  Status take_size(std::string_view& bytes);
  Status take_line(std::string_view& bytes, bool& complete);
  Status take_data(std::string_view& bytes, std::vector<ChunkedItem>& out);
  Status take_data_end(std::string_view& bytes, std::vector<ChunkedItem>& out);
  Status end_size_line(std::vector<ChunkedItem>& out);
  Status end_trailer_line(std::vector<ChunkedItem>& out);
  Status add_trailer(std::string_view line);
  Status give_up(Error error);
  Status deviation(std::string rule, std::string message, std::uint64_t offset);
  void report(std::string rule, std::string message, std::uint64_t offset);
  void advance(std::string_view& bytes, std::size_t count);

  ChunkedOptions options_;
  State state_ = State::size;
  bool has_digit_ = false;
  std::uint64_t offset_;
  std::uint64_t remaining_ = 0;      // bytes of the chunk's data still to come
  std::uint64_t line_begin_ = 0;     // offset of line_'s first byte
  std::uint64_t trailer_bytes_ = 0;  // of the trailer section so far
  std::string line_{};               // of a size line behind the size, or of a trailer, as far as it has come
  ChunkedItem item_{};               // what is being put together
  std::optional<Error> failure_{};
};

/// Appends one chunk; nothing if `data` is empty, for that would be the last chunk. `extensions` is empty or as
/// ChunkedItem::extensions has it: ";name=value".
void append_chunk(std::string& out, std::string_view data, std::string_view extensions = {});

/// Appends the last chunk and the trailer section; their offsets are not used. Errors: `usage` for a name that is no token
/// or a value that no header line can hold; nothing is appended then.
Status append_last_chunk(std::string& out, std::span<const ChunkedTrailer> trailers = {}, std::string_view extensions = {});

}  // namespace stream
