#include "check/facts.hpp"

#include <charconv>
#include <cmath>
#include <cstdlib>

#include "stream/text/utf8.hpp"

namespace har::check {
namespace {

constexpr std::uint32_t kReplacement = 0xFFFD;

/// The code unit of the four digits at the start of `text`; the replacement character if they are none.
std::uint32_t hex4(std::string_view text) {
  std::uint32_t unit = 0;
  if (text.size() < 4) return kReplacement;
  const auto [end, error] = std::from_chars(text.data(), text.data() + 4, unit, 16);
  return error == std::errc{} && end == text.data() + 4 ? unit : kReplacement;
}

/// Appends the characters of a string's inside. Half a surrogate pair stands for no character and becomes U+FFFD.
void unescape(std::string& out, std::string_view inner) {
  for (;;) {
    const std::size_t slash = inner.find('\\');
    out += inner.substr(0, slash);
    if (slash == std::string_view::npos || slash + 1 >= inner.size()) return;
    const char kind = inner[slash + 1];
    inner.remove_prefix(slash + 2);
    switch (kind) {
      case 'b':
        out += '\b';
        break;
      case 'f':
        out += '\f';
        break;
      case 'n':
        out += '\n';
        break;
      case 'r':
        out += '\r';
        break;
      case 't':
        out += '\t';
        break;
      case 'u': {
        std::uint32_t code = hex4(inner);
        inner.remove_prefix(std::min<std::size_t>(4, inner.size()));
        if (code >= 0xD800 && code < 0xE000) {
          const bool pair = code < 0xDC00 && inner.starts_with("\\u");
          const std::uint32_t low = pair ? hex4(inner.substr(2)) : 0;
          if (low >= 0xDC00 && low < 0xE000) {
            code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
            inner.remove_prefix(6);
          } else {
            code = kReplacement;
          }
        }
        stream::append_utf8(out, code);
        break;
      }
      default:
        out += kind;
        break;  // a quote, a slash, a backslash
    }
  }
}

}  // namespace

std::string_view text_of(const Field& field, std::string& scratch) {
  if (!field.is_string() || field.raw.size() < 2) return {};
  const std::string_view inner = field.inner();
  if (inner.find('\\') == std::string_view::npos) return inner;
  scratch.clear();
  unescape(scratch, inner);
  return scratch;
}

std::string text_of(const Field& field) {
  std::string scratch;
  return std::string(text_of(field, scratch));
}

double number_of(const Field& field, double fallback) {
  if (!field.is_number()) return fallback;
  const char* const begin = field.raw.data();
  const char* const end = begin + field.raw.size();
  double value = 0;
  const auto [stop, error] = std::from_chars(begin, end, value);
  if (error == std::errc::result_out_of_range) return std::strtod(std::string(field.raw).c_str(), nullptr);  // infinity, or 0
  return error == std::errc{} && stop == end ? value : fallback;
}

}  // namespace har::check
