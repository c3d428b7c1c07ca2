#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace stream {

/// RFC 4648 §4, padded, without line breaks.
std::string base64_encode(std::string_view bytes);
void base64_append(std::string& out, std::string_view bytes);

/// Takes white space anywhere (HAR writers break lines at 76) and missing padding; nothing else.
std::optional<std::string> base64_decode(std::string_view text);

}  // namespace stream
