#pragma once

#include <string>
#include <string_view>

namespace stream {

/// With the ASCII letters in lower case; names of headers and fields are compared so.
inline std::string lower_case(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

}  // namespace stream
