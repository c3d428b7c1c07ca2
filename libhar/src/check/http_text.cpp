#include "check/http_text.hpp"

namespace har::check {

using stream::ascii::hex_digit;

std::string_view essence_of(std::string_view mime) { return trimmed(mime.substr(0, mime.find(';'))); }

bool percent_decode(std::string& text) {
  std::size_t end = text.find_first_of("%+");
  if (end == std::string::npos) return false;
  bool decoded = false;
  for (std::size_t i = end; i < text.size(); ++i) {
    char c = text[i];
    if (c == '+') {
      c = ' ';
      decoded = true;
    } else if (c == '%' && i + 2 < text.size() && hex_digit(text[i + 1]) >= 0 && hex_digit(text[i + 2]) >= 0) {
      c = static_cast<char>(hex_digit(text[i + 1]) * 16 + hex_digit(text[i + 2]));
      i += 2;
      decoded = true;
    }
    text[end++] = c;
  }
  text.resize(end);
  return decoded;
}

}  // namespace har::check
