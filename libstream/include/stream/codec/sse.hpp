#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "stream/io/error.hpp"
#include "stream/io/finding.hpp"
#include "stream/io/limits.hpp"

/// Server-sent events: `text/event-stream` as the HTML Standard §9.2 interprets it, with positions, comments, and the block
/// that a client would throw away at the end of the stream.
namespace stream {

/// What an EventSource dispatches, and which fields its block had.
struct SseEvent {
  std::string type = "message";          ///< "message" also if the block had an empty `event` field
  std::string data{};                    ///< the `data` fields, joined by LF
  std::string last_event_id{};           ///< set in this block or in an earlier one
  bool has_event = false;                ///< the block had an `event` field
  bool has_id = false;                   ///< the block had a valid `id` field, so `last_event_id` is of this block
  std::optional<std::uint64_t> retry{};  ///< milliseconds; the block's last valid `retry` field

  bool operator==(const SseEvent&) const = default;
};

/// Strings are valid UTF-8 (what was not is U+FFFD), but for `text` of a tail.
struct SseItem {
  enum class Kind : std::uint8_t {
    event,    ///< `event` was dispatched
    comment,  ///< `text` is what follows the colon, a leading space included
    retry,    ///< a valid `retry` field: `retry`; it counts from here, whatever becomes of its block
    no_data,  ///< a block without `data` fields: no event, but its id counts; `event` has its fields
    tail,  ///< the input ended within a block or a line: no event (and its id does not count); `text` is the bytes as they were
  };
  Kind kind = Kind::event;
  /// The bytes in the whole input: from the first field line of the block to the end of its empty line, or those of the
  /// comment's or field's line; line ends included. Comments and retry fields lie within the event that follows them.
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
  std::uint64_t line = 0;  ///< of `begin`, from 1
  SseEvent event{};
  std::string text{};
  std::uint64_t retry = 0;  ///< milliseconds; 2^64-1 if the value is larger

  bool operator==(const SseItem&) const = default;
};

struct SseOptions {
  Limits limits{};       ///< max_entry: one block, or a line outside of blocks
  std::string source{};  ///< for places in messages
  /// sse-bom (a second or later byte order mark spoils a line), sse-invalid-utf8, sse-id-null, sse-retry-invalid,
  /// sse-retry-overflow, sse-truncated; as notes sse-unknown-field, sse-no-data.
  FindingSink findings{};
};

/// Decodes a stream that is fed in any pieces; the items do not depend on the cuts. A CR at the end of a piece may be half of
/// a line end, so what it ends is given with the next byte or by finish().
class SseDecoder {
 public:
  explicit SseDecoder(SseOptions options = {}) : options_(std::move(options)) {}

  /// Appends the items that `bytes` completes. Errors: `limit`, which every later call returns again.
  Status feed(std::string_view bytes, std::vector<SseItem>& out);
  /// The end of the stream: appends the tail, if there is one. Nothing may be fed after it.
  Status finish(std::vector<SseItem>& out);

  /// What a client would send as Last-Event-ID, having read this far.
  const std::string& last_event_id() const { return last_event_id_; }
  /// The last valid `retry` field, in milliseconds.
  std::optional<std::uint64_t> retry() const { return retry_; }

 private:
  struct Line {
    std::string_view text;    // without its end
    std::uint64_t begin = 0;  // offsets in the input
    std::uint64_t end = 0;    // after the line end
    bool checked = false;     // `text` is known to be UTF-8
  };

  // These return false where the limit is exceeded, and have set failure_. (A Status a line would cost as much as the line.)
  bool feed_piece(std::string_view bytes, std::vector<SseItem>& out);
  bool feed_lines(std::string_view bytes, std::size_t at, std::vector<SseItem>& out);
  bool carried_line(std::uint64_t end, std::size_t line_end_size, std::vector<SseItem>& out);
  bool line(Line& line, std::vector<SseItem>& out);
  void comment(const Line& line, std::vector<SseItem>& out);
  void field(const Line& line, std::vector<SseItem>& out);
  void retry_field(std::string_view value, const Line& line, std::vector<SseItem>& out);
  void dispatch(std::uint64_t end, std::vector<SseItem>& out);
  void keep(std::string_view bytes);
  bool check_size(std::uint64_t end);
  void report(Level level, std::string_view rule, std::string message, const Line& line, std::size_t column = 0) const;
  std::uint64_t entry_begin() const { return in_block_ ? block_begin_ : line_begin_; }

  SseOptions options_;
  std::optional<Error> failure_{};
  std::uint64_t offset_ = 0;      // of the first byte of the current piece
  std::uint64_t line_begin_ = 0;  // of the current line
  std::uint64_t line_number_ = 1;

  // The bytes of earlier pieces that are still needed: those of the block, or else of the line, that has begun.
  std::string carry_{};
  std::uint64_t carry_begin_ = 0;
  bool held_cr_ = false;  // carry_ ends in a CR, and an LF may follow

  bool in_block_ = false;
  std::uint64_t block_begin_ = 0;
  std::uint64_t block_line_ = 0;
  SseEvent block_{};  // its last_event_id is the "last event ID buffer" if has_id is set
  bool has_data_ = false;
  std::string last_event_id_{};
  std::optional<std::uint64_t> retry_{};
};

/// Appends the block that decodes to `event`: fields `event` (if has_event, or the type is not "message"), `id` (if has_id),
/// `retry` and `data`. A CR in the data cannot be represented: it and CRLF count as LF. Line breaks in the type and the id
/// become spaces; an id with U+0000 is left out, as every client ignores it.
void encode_sse(std::string& out, const SseEvent& event);

/// Appends a comment line for each line of `text`; "" is the usual keep-alive, a lone colon. An empty line is not added.
void encode_sse_comment(std::string& out, std::string_view text);

}  // namespace stream
