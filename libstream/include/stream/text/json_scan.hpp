#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace stream {

/// Finds the ends of an array's elements by their brackets alone, knowing of strings and escapes but of nothing else: it
/// builds nothing, reads each byte once, and runs at the speed of the memory (SIMD, chosen at run time).
///
/// The scanner is fed one run of bytes after another, beginning just behind the array's '['. It works in blocks of
/// kBlock bytes, so what is fed must be a multiple of that, except for the last.
class ElementScanner {
 public:
  static constexpr std::size_t kBlock = 64;

  /// Appends to `ends`, for each element that is an object or an array, `base` plus the offset just past its last
  /// bracket. Stops behind the bracket that closes the array itself: then closed() is true, and the result is the offset
  /// just past it; otherwise the result is `bytes.size()`.
  std::size_t scan(std::string_view bytes, std::size_t base, std::vector<std::size_t>& ends);

  bool closed() const { return state_.closed; }
  /// Whether what was fed ends inside a string, and how deep inside elements it ends.
  bool in_string() const { return state_.in_string != 0; }
  std::int64_t depth() const { return state_.depth; }
  /// Whether a string held a raw control character, which JSON does not allow, since this was asked last.
  bool take_control() { return std::exchange(state_.control, false); }
  /// How deep elements went since this was asked last: exact up to a block.
  std::int64_t take_deepest() { return std::exchange(state_.deepest, state_.depth); }

  struct State {
    std::uint64_t escaped = 0;    ///< 1: the next byte is escaped
    std::uint64_t in_string = 0;  ///< all ones: the next byte is inside a string
    std::int64_t depth = 0;
    std::int64_t deepest = 0;
    bool control = false;
    bool closed = false;
  };

 private:
  State state_;
};

/// The offset of the quote that closes a string, from `at` on, which is inside it; npos if none does.
std::size_t find_closing_quote(std::string_view text, std::size_t at);

/// How many bytes of `bytes` are `byte`.
std::size_t count_byte(std::string_view bytes, char byte);

/// Appends `json` without the white space between its tokens. The text need not be valid; strings are copied as they are.
/// False if a string is not closed.
bool append_minified(std::string& out, std::string_view json);

}  // namespace stream
