#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace stream {

/// How many columns of a terminal a text takes: two for characters of East Asia and most emoji, none for marks that combine.
/// The text has no control characters.
std::size_t columns_of(std::string_view text);

/// The offset behind as many characters, from `from` on, as fit into so many columns.
std::size_t advance_columns(std::string_view text, std::size_t from, std::size_t columns);
/// The offset before them.
std::size_t retreat_columns(std::string_view text, std::size_t from, std::size_t columns);

/// The offset moved back to where a character begins.
std::size_t character_start(std::string_view text, std::size_t at);
std::size_t count_characters_of(std::string_view text);

/// With spaces behind it, up to so many columns.
std::string padded(std::string text, std::size_t columns);

}  // namespace stream
