#pragma once

#include <string>
#include <string_view>

namespace stream {

/// SHA-1 (FIPS 180-4) as a plain function of bytes, for protocols and file names that are made with it; it protects nothing.
std::string sha1(std::string_view bytes);      ///< 20 octets
std::string sha1_hex(std::string_view bytes);  ///< 40 digits, in lower case

}  // namespace stream
