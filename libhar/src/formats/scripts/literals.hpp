#pragma once

#include <cstdint>
#include <string>
#include <string_view>

/// Strings of other languages, as literals that hold exactly these bytes or characters and nothing that ends them.
namespace har::format {

struct CodePoint {
  std::uint32_t value = 0;
  std::size_t size = 1;  ///< in bytes
  bool valid = false;    ///< false: the byte is no part of UTF-8
};
/// The character of a text that begins at `at`, which is before its end.
CodePoint code_point_at(std::string_view text, std::size_t at);
/// Characters that a terminal or an editor does not show as they are: controls, line and paragraph separators, and those that
/// turn the direction of writing.
bool is_hidden(std::uint32_t code_point);

/// A string of JavaScript, in "…"; also safe within <script>. `text` must be UTF-8.
std::string js_string(std::string_view text);
/// The same of octets: a string of characters up to U+00FF.
std::string js_byte_string(std::string_view octets);
/// A bytes literal of Python, in b"…".
std::string python_bytes(std::string_view octets);
/// A string of Python, in "…". `text` must be UTF-8.
std::string python_string(std::string_view text);

}  // namespace har::format
