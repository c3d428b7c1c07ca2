#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>

#include "stream/text/ascii.hpp"

/// What the fields of HTTP are made of (RFC 9110 §5.5, §5.6). The white space around a value is ascii::trimmed()'s.
namespace stream::http {

inline constexpr std::array<bool, 256> kTokenChars = [] {
  std::array<bool, 256> table{};
  for (std::size_t octet = 0; octet < table.size(); ++octet) table[octet] = ascii::is_alnum(static_cast<char>(octet));
  for (const char c : std::string_view("!#$%&'*+-.^_`|~")) table[static_cast<unsigned char>(c)] = true;
  return table;
}();

constexpr bool is_token_char(char c) { return kTokenChars[static_cast<unsigned char>(c)]; }

constexpr bool is_token(std::string_view text) {
  for (const char c : text) {
    if (!is_token_char(c)) return false;
  }
  return !text.empty();
}

/// A byte that may stand in a field value or a quoted string: HTAB, SP, VCHAR, obs-text.
constexpr bool is_field_char(char c) { return c == '\t' || !ascii::is_control(c); }

/// Reads a quoted-string (§5.6.4) that starts at `text[at]`; the position behind it, or npos if it is none.
constexpr std::size_t skip_quoted_string(std::string_view text, std::size_t at) {
  for (std::size_t i = at + 1; i < text.size(); ++i) {
    if (text[i] == '"') return i + 1;
    if (text[i] == '\\') ++i;
    if (i >= text.size() || !is_field_char(text[i])) return std::string_view::npos;
  }
  return std::string_view::npos;
}

/// Calls with each part between separators, trimmed. Quotes protect nothing.
template <class Call>
void each_between(std::string_view list, char separator, Call&& call) {
  for (;;) {
    const std::size_t end = std::min(list.find(separator), list.size());
    call(ascii::trimmed(list.substr(0, end)));
    if (end == list.size()) return;
    list.remove_prefix(end + 1);
  }
}

/// The same without the empty ones.
template <class Call>
void each_part(std::string_view list, char separator, Call&& call) {
  each_between(list, separator, [&](std::string_view part) {
    if (!part.empty()) call(part);
  });
}

/// Calls with each element of a list of tokens; empty ones count for nothing (§5.6.1.2).
template <class Call>
void each_element(std::string_view list, Call&& call) {
  each_part(list, ',', call);
}

}  // namespace stream::http
