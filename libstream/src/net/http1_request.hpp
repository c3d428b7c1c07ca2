#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "stream/codec/chunked.hpp"
#include "stream/replay/answer.hpp"

namespace stream::net {

/// What a request may take up.
struct Http1RequestLimits {
  std::size_t max_head = 64 * 1024;                 ///< bytes of the request line and the fields; of all size lines, too
  std::size_t max_fields = 256;                     ///< lines of the head
  std::uint64_t max_body = std::uint64_t{1} << 30;  ///< bytes, without transfer coding
  std::size_t kept_body = std::size_t{1} << 20;     ///< how much of it is kept
};

/// Why a request is not answered.
struct Http1Refusal {
  int status = 400;  ///< 0: what came is not HTTP at all, and an answer in HTTP would mean nothing to its sender
  std::string why{};

  bool operator==(const Http1Refusal&) const = default;
};

/// A request's head as it stood on the wire: fields in their order and case, white space around values taken off.
struct Http1RequestHead {
  std::string method{};
  std::string target{};
  int minor_version = 1;  ///< 0 or 1; what is above 1 is understood as 1 (RFC 9110 §2.5)
  std::vector<replay::HeaderField> headers{};
  bool keep_alive = false;  ///< the client would go on with this connection (RFC 9112 §9.3)

  bool operator==(const Http1RequestHead&) const = default;
};

/// Reads one HTTP/1 request (RFC 9112), fed in any cuts; no I/O.
///
/// Strict: what two readers could understand as two different requests is refused, and nothing of it is mended. So are bare CR
/// and LF, folded lines, white space before a colon, control characters, more or less than one Host in HTTP/1.1, more than one
/// Content-Length, one that is not digits only, one beside Transfer-Encoding, any Transfer-Encoding but "chunked", chunks that
/// deviate from the grammar. The same outcome for all cuts. Memory is bounded by the limits.
class Http1RequestReader {
 public:
  explicit Http1RequestReader(const Http1RequestLimits& limits) : limits_(limits) {}

  /// Takes bytes and returns how many: up to the end of the head, in a second call up to the request's end. 0 if nothing more is
  /// wanted: it is done, or refused.
  std::size_t feed(std::string_view bytes);

  /// How many of the next bytes belong to the body as they are, without framing.
  std::uint64_t plain() const { return !refusal_ && state_ == State::length ? remaining_ : 0; }
  /// Passes over so many of them, as if they had been fed, but for body().
  void skip_plain(std::uint64_t count) {
    body_size_ += count;
    remaining_ -= count;
    if (remaining_ == 0) state_ = State::done;
  }

  /// The head is here.
  bool headed() const { return state_ > State::fields; }
  /// All of the request is here.
  bool done() const { return state_ == State::done; }
  /// Null: none.
  const Http1Refusal* refusal() const { return refusal_ ? &*refusal_ : nullptr; }

  /// Once it is here it may be moved from.
  Http1RequestHead& head() { return head_; }
  /// The first Http1RequestLimits::kept_body bytes, without transfer coding. May be moved from.
  std::string& body() { return body_; }
  std::uint64_t body_size() const { return body_size_; }
  /// Those of the trailer section, once the request is done.
  const std::vector<ChunkedTrailer>& trailers() const { return trailers_; }

 private:
  enum class State : std::uint8_t { line, fields, length, chunked, done };

  std::size_t feed_head(std::string_view bytes);
  std::size_t feed_length(std::string_view bytes);
  std::size_t feed_chunked(std::string_view bytes);
  void check_method(std::string_view part);
  void end_line(std::string_view line);
  void take_line(std::string_view line);
  void take_request_line(std::string_view line);
  void check_target();
  void take_field(std::string_view line);
  void end_head();
  void check_host();
  void choose_framing();
  void choose_length(std::string_view value);
  void choose_coding(bool with_length);
  void keep(std::string_view data);
  void refuse(int status, std::string why);

  Http1RequestLimits limits_;
  State state_ = State::line;
  std::string line_{};
  bool method_over_ = false;
  std::size_t head_bytes_ = 0;
  Http1RequestHead head_{};
  std::uint64_t remaining_ = 0;
  std::optional<ChunkedDecoder> chunks_{};
  std::vector<ChunkedItem> items_{};
  std::uint64_t framing_bytes_ = 0;  // of size lines, beyond what a size needs
  std::string body_{};
  std::uint64_t body_size_ = 0;
  std::vector<ChunkedTrailer> trailers_{};
  std::optional<Http1Refusal> refusal_{};
};

/// Whether `name` stands in the comma-separated lists of all fields of that name, in any case.
bool lists_token(const std::vector<replay::HeaderField>& headers, std::string_view name, std::string_view token);

}  // namespace stream::net
