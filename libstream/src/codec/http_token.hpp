#pragma once

#include <string_view>

#include "ascii.hpp"

namespace stream {

/// RFC 9110 §5.6.2.
inline bool is_token_char(char c) {
  return is_alnum(c) || (c != '\0' && std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos);
}

inline bool is_token(std::string_view text) {
  for (const char c : text) {
    if (!is_token_char(c)) return false;
  }
  return !text.empty();
}

inline bool is_blank(char c) { return c == ' ' || c == '\t'; }

/// A byte that may stand in a field value or a quoted string: HTAB, SP, VCHAR, obs-text.
inline bool is_field_char(char c) { return c == '\t' || (static_cast<unsigned char>(c) >= 0x20 && c != '\x7f'); }

/// Reads a quoted-string (RFC 9110 §5.6.4) that starts at `text[at]`; the position behind it, or npos if it is none.
inline std::size_t skip_quoted_string(std::string_view text, std::size_t at) {
  for (std::size_t i = at + 1; i < text.size(); ++i) {
    if (text[i] == '"') return i + 1;
    if (text[i] == '\\') ++i;
    if (i >= text.size() || !is_field_char(text[i])) return std::string_view::npos;
  }
  return std::string_view::npos;
}

}  // namespace stream
