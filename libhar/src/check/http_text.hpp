#pragma once

#include <string>
#include <string_view>

#include "stream/codec/http_grammar.hpp"
#include "stream/text/ascii.hpp"

/// Pieces of HTTP's grammar.
namespace har::check {

using stream::ascii::equal_ignoring_case;
using stream::ascii::to_lower;
using stream::ascii::trimmed;
using stream::http::is_token;

/// "type/subtype" of a media type, without its parameters and the blanks around.
std::string_view essence_of(std::string_view mime);

/// Decodes %XX, and '+' to a blank, in place; a % that no two digits follow stays. Whether anything was decoded.
bool percent_decode(std::string& text);

}  // namespace har::check
