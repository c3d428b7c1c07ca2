#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace stream {

/// Valid UTF-8 (RFC 3629): no overlong forms, no surrogates, nothing above U+10FFFF. At the speed of the hardware.
bool is_utf8(std::string_view bytes);

/// The offset of the first byte that is not part of a valid sequence, or npos.
std::size_t find_invalid_utf8(std::string_view bytes);

/// "UTF-8 decode without BOM" of the Encoding Standard: each maximal invalid piece becomes one U+FFFD.
std::string replace_invalid_utf8(std::string_view bytes);

void append_utf8(std::string& out, std::uint32_t code_point);

}  // namespace stream
