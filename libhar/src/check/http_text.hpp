#pragma once

#include <string>
#include <string_view>

/// Pieces of HTTP's grammar.
namespace har::check {

/// RFC 9110 §5.6.2: letters, digits and a few marks; at least one.
bool is_token(std::string_view text);
constexpr char to_lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }
bool equal_ignoring_case(std::string_view a, std::string_view b);
/// Without blanks and tabs at both ends.
std::string_view trimmed(std::string_view text);

/// "type/subtype" of a media type, without its parameters and the blanks around.
std::string_view essence_of(std::string_view mime);

/// Decodes %XX, and '+' to a blank, in place; a % that no two digits follow stays. Whether anything was decoded.
bool percent_decode(std::string& text);

}  // namespace har::check
