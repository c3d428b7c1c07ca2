#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "stream/codec/chunked.hpp"
#include "stream/io/error.hpp"
#include "stream/replay/answer.hpp"

namespace stream::net {

/// A response's head as it stood on the wire: fields in their order and case, white space around values taken off.
struct Http1Head {
  int minor_version = 1;
  int status = 0;
  std::string reason{};
  std::vector<replay::HeaderField> headers{};
  std::uint64_t size = 0;  ///< bytes on the wire, with the empty line

  bool operator==(const Http1Head&) const = default;
};

struct Http1Item {
  enum class Kind : std::uint8_t {
    interim,  ///< the head of a 1xx response, but 101: another head follows
    head,
    data,  ///< bytes of the body
    end,   ///< the response is complete; after a 101 what follows is of another protocol
  };
  Kind kind = Kind::head;
  Http1Head head{};                             ///< interim, head
  std::string data{};                           ///< data
  std::vector<replay::HeaderField> trailers{};  ///< end

  bool operator==(const Http1Item&) const = default;
};

/// Reads one HTTP/1 response (RFC 9112), interim ones in front of it included, fed in any cuts; no I/O.
///
/// Lenient where clients are and only one reading makes sense: bare line feeds, folded lines, white space before a colon,
/// empty lines in front of the head, HTTP/1.0 with chunks. Refused: a line without a colon, lengths that contradict each other.
/// The same items for all cuts, after joining neighbouring data; once failed, every call returns the error.
class Http1ResponseReader {
 public:
  /// `head_request`: the request was HEAD, so there is no body. `max_head`: bytes of all heads together.
  Http1ResponseReader(bool head_request, std::size_t max_head) : head_request_(head_request), max_head_(max_head) {}

  /// Takes bytes up to the response's end; see consumed(). Appends to `out`. Errors: `syntax`, `limit`.
  Status feed(std::string_view bytes, std::vector<Http1Item>& out);
  /// The connection has ended. Appends the end of a body that ends so. Errors: `truncated`.
  Status finish(std::vector<Http1Item>& out);

  /// How many of the next bytes belong to the body as they are, without framing.
  std::uint64_t plain() const {
    if (failure_) return 0;
    return state_ == State::length ? remaining_ : state_ == State::until_close ? UINT64_MAX : 0;
  }
  /// Passes over so many of them, as if they had been fed, without an item.
  void skip_plain(std::uint64_t count) {
    consumed_ += count;
    if (state_ != State::length) return;
    remaining_ -= count;
    if (remaining_ == 0) state_ = State::done;
  }

  bool done() const { return state_ == State::done; }
  /// The head has come.
  bool headed() const { return state_ != State::line; }
  /// The body ends with the connection.
  bool until_close() const { return state_ == State::until_close; }
  std::uint64_t consumed() const { return consumed_; }

 private:
  enum class State : std::uint8_t { line, length, chunked, until_close, done };

  Status step(std::string_view& bytes, std::vector<Http1Item>& out);
  Status take_line(std::string_view line, std::vector<Http1Item>& out);
  Status take_status_line(std::string_view line);
  Status take_field(std::string_view line);
  Status end_head(std::vector<Http1Item>& out);
  Status choose_framing();
  Status feed_chunked(std::string_view& bytes, std::vector<Http1Item>& out);
  void advance(std::string_view& bytes, std::size_t count);
  Status give_up(Error error);

  bool head_request_;
  std::size_t max_head_;
  State state_ = State::line;
  bool in_fields_ = false;  // the status line has come
  std::string line_{};
  std::uint64_t head_bytes_ = 0;
  std::uint64_t head_begin_ = 0;
  Http1Head head_{};
  std::uint64_t length_ = 0;     // of the body
  std::uint64_t remaining_ = 0;  // of it, still to come
  std::optional<ChunkedDecoder> chunks_{};
  std::vector<ChunkedItem> chunk_items_{};
  std::uint64_t consumed_ = 0;
  std::optional<Error> failure_{};
};

}  // namespace stream::net
