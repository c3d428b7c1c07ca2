#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace stream {

/// Checks UTF-8 (RFC 3629) that arrives in pieces, and knows the first bad byte as soon as it has come.
class Utf8Validator {
 public:
  /// The position in `bytes` of the first byte that can not stand there after all that came before, or npos. Nothing may be
  /// fed after that until reset().
  std::size_t feed(std::string_view bytes);
  /// What has come does not end within a code point.
  bool complete() const { return missing_ == 0; }
  void reset() { *this = {}; }

 private:
  std::size_t scan(std::string_view bytes);

  std::uint8_t missing_ = 0;  // continuation bytes still to come
  std::uint8_t low_ = 0x80;   // range of the next one
  std::uint8_t high_ = 0xBF;
};

}  // namespace stream
