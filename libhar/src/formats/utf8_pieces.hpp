#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace har::format {

/// Bytes as text, piece by piece: a character that a border between two pieces cuts comes whole with the second. What is no
/// UTF-8 becomes U+FFFD.
class Utf8Pieces {
 public:
  Utf8Pieces() = default;
  /// `surrogates`: lone surrogates stay what they are (WTF-8, as Json has them).
  explicit Utf8Pieces(bool surrogates) : surrogates_(surrogates) {}

  /// The text of what was carried over and of `bytes`. `last`: nothing is carried over to the next piece.
  std::string take(std::string_view bytes, bool last);
  /// How many U+FFFD stand for something else.
  std::size_t replaced() const { return replaced_; }

 private:
  bool surrogates_ = false;
  std::string carried_;
  std::size_t replaced_ = 0;
};

}  // namespace har::format
