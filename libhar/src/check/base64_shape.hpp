#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "check/facts.hpp"

namespace har::check {

/// What a JSON string that should be base64 (RFC 4648 §4) is.
struct Base64Shape {
  bool breaks = false;    ///< there is white space in it
  bool unpadded = false;  ///< right but for the padding, which is missing
  std::string wrong{};    ///< words for what is wrong; empty: nothing
  std::size_t bytes = 0;  ///< how many it decodes to, if nothing is wrong
};

/// Whether a string is base64 without a blemish; at the speed of the memory.
bool is_clean_base64(std::string_view inner);
/// How many bytes clean base64 decodes to, by its length.
std::size_t base64_bytes(std::string_view inner);
/// Looks closely.
Base64Shape base64_shape(const Field& field);

/// Whether the content's text is base64 without its encoding saying so: its size is that of the decoded bytes.
bool is_undeclared_base64(const Facts& facts);

}  // namespace har::check
