#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

namespace stream {

/// Finds the tokens of a JSON text (RFC 8259): where each bracket, colon, comma, string and other scalar begins, in order,
/// with SIMD that is chosen at run time. It builds nothing, and its memory does not grow with the text: tokens are found a
/// window at a time.
///
/// Strings are checked as they are passed: escapes, control characters, and whether the last one is closed. Whether the
/// tokens stand in an order that JSON allows, and whether a scalar is one, is for the caller; and so is UTF-8.
class JsonTokens {
 public:
  static constexpr std::size_t kEnd = ~std::size_t{0};

  JsonTokens();
  ~JsonTokens();
  JsonTokens(const JsonTokens&) = delete;
  JsonTokens& operator=(const JsonTokens&) = delete;

  /// Begins with another text, which must outlive the reading of its tokens. Nothing outside it is read.
  void start(std::string_view text);

  /// The offset of the next token; kEnd behind the last, for good. A string's token is its opening quote.
  std::size_t next() {
    if (at_ == end_ && !refill()) return kEnd;
    return base_ + *at_++;
  }
  /// The same without passing it.
  std::size_t peek() {
    if (at_ == end_ && !refill()) return kEnd;
    return base_ + *at_;
  }

  /// A string that is wrong, in what has been looked at so far (which is some way ahead of the tokens given out).
  bool bad_string() const { return bad_; }
  /// The first escape of half a surrogate pair, which stands for no character (RFC 8259 §8.2): the offset of its 'u'.
  std::optional<std::size_t> lone_surrogate() const;

  struct State {
    std::string_view text{};
    std::size_t at = 0;            ///< of the next block
    std::uint64_t escaped = 0;     ///< 1: its first byte is escaped
    std::uint64_t in_string = 0;   ///< all ones: its first byte is inside a string
    std::uint64_t in_scalar = 0;   ///< 1: its first byte goes on with a scalar that has begun
    std::size_t high = kEnd;       ///< the 'u' of a high surrogate whose other half may follow
    std::size_t surrogate = kEnd;  ///< of the first half without the other
    bool bad = false;
  };

 private:
  bool refill();

  std::size_t base_ = 0;
  const std::uint32_t* at_ = nullptr;
  const std::uint32_t* end_ = nullptr;
  bool bad_ = false;
  std::unique_ptr<std::uint32_t[]> window_;  // NOLINT(modernize-avoid-c-arrays)
  State state_;
};

/// What is wrong with the first string of `text` that JsonTokens calls bad: the offset, and words for it. Slow: for messages.
struct BadString {
  std::size_t at = 0;
  std::string_view what{};
};
std::optional<BadString> find_bad_string(std::string_view text);

/// How many bytes the characters of a JSON string take in UTF-8; `inner` is what stands between its quotes, and is valid.
/// Half a surrogate pair counts as the three bytes of U+FFFD.
std::size_t decoded_length(std::string_view inner);

/// The same, and what else the characters can be counted in.
struct DecodedCounts {
  std::size_t bytes = 0;       ///< in UTF-8
  std::size_t characters = 0;  ///< code points
  std::size_t utf16 = 0;       ///< units
  std::size_t replaced = 0;    ///< U+FFFD among them

  bool operator==(const DecodedCounts&) const = default;
};
DecodedCounts decoded_counts(std::string_view inner);

/// Whether all bytes are of the base64 alphabet (RFC 4648 §4), or '='.
bool is_base64_alphabet(std::string_view bytes);

}  // namespace stream
