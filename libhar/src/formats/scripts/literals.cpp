#include "formats/scripts/literals.hpp"

#include <fmt/format.h>

#include <array>

namespace har::format {

CodePoint code_point_at(std::string_view text, std::size_t at) {
  const auto octet = [&](std::size_t i) { return static_cast<std::uint32_t>(static_cast<unsigned char>(text[i])); };
  const std::uint32_t first = octet(at);
  if (first < 0x80) return {first, 1, true};
  const std::size_t size = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || at + size > text.size()) return {first, 1, false};
  std::uint32_t value = first & (0xFFU >> (size + 1));
  for (std::size_t i = 1; i < size; ++i) {
    if ((octet(at + i) & 0xC0) != 0x80) return {first, 1, false};
    value = (value << 6) | (octet(at + i) & 0x3F);
  }
  constexpr std::array<std::uint32_t, 5> kLeast{0, 0, 0x80, 0x800, 0x10000};
  if (value < kLeast[size] || value > 0x10FFFF || (value >= 0xD800 && value < 0xE000)) return {first, 1, false};
  return {value, size, true};
}

bool is_hidden(std::uint32_t c) {
  return c < 0x20 || (c >= 0x7F && c < 0xA0) || c == 0x061C || (c >= 0x200B && c <= 0x200F) || (c >= 0x2028 && c <= 0x202E) ||
         (c >= 0x2060 && c <= 0x206F) || c == 0xFEFF || (c >= 0xE0000 && c <= 0xE007F);
}

namespace {

/// What JavaScript and Python have in common.
bool append_common(std::string& out, std::string_view octets) {
  if (octets == "\n") {
    out += "\\n";
  } else if (octets == "\r") {
    out += "\\r";
  } else if (octets == "\t") {
    out += "\\t";
  } else if (octets == "\"" || octets == "\\") {
    out.append("\\").append(octets);
  } else {
    return false;
  }
  return true;
}

void append_utf16(std::string& out, std::uint32_t c) {
  if (c <= 0xFFFF) {
    out += fmt::format("\\u{:04x}", c);
  } else {
    out += fmt::format("\\u{:04x}\\u{:04x}", 0xD800 + ((c - 0x10000) >> 10), 0xDC00 + ((c - 0x10000) & 0x3FF));
  }
}

}  // namespace

std::string js_string(std::string_view text) {
  std::string out = "\"";
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint point = code_point_at(text, at);
    const std::string_view octets = text.substr(at, point.size);
    at += point.size;
    if (append_common(out, octets)) continue;
    if (octets == "/" && out.ends_with('<')) {
      out += "\\/";  // "</script>" would end a script that stands in a page
    } else if (octets == "!" && out.ends_with('<')) {
      out += "\\x21";  // "<!--" too
    } else if (!point.valid) {
      out += "\\ufffd";
    } else if (is_hidden(point.value)) {
      append_utf16(out, point.value);
    } else {
      out += octets;
    }
  }
  return out += '"';
}

std::string js_byte_string(std::string_view octets) {
  std::string out = "\"";
  for (const char c : octets) {
    const auto octet = static_cast<unsigned char>(c);
    if (append_common(out, std::string_view(&c, 1))) continue;
    if (octet < 0x20 || octet >= 0x7F) {
      out += fmt::format("\\x{:02x}", octet);
    } else if (c == '/' && out.ends_with('<')) {
      out += "\\/";
    } else if (c == '!' && out.ends_with('<')) {
      out += "\\x21";
    } else {
      out += c;
    }
  }
  return out += '"';
}

std::string python_bytes(std::string_view octets) {
  std::string out = "b\"";
  for (const char c : octets) {
    const auto octet = static_cast<unsigned char>(c);
    if (append_common(out, std::string_view(&c, 1))) continue;
    if (octet < 0x20 || octet >= 0x7F) {
      out += fmt::format("\\x{:02x}", octet);
    } else {
      out += c;
    }
  }
  return out += '"';
}

std::string python_string(std::string_view text) {
  std::string out = "\"";
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint point = code_point_at(text, at);
    const std::string_view octets = text.substr(at, point.size);
    at += point.size;
    if (append_common(out, octets)) continue;
    if (!point.valid) {
      out += "\\ufffd";
    } else if (is_hidden(point.value)) {
      out += point.value > 0xFFFF ? fmt::format("\\U{:08x}", point.value) : fmt::format("\\u{:04x}", point.value);
    } else {
      out += octets;
    }
  }
  return out += '"';
}

}  // namespace har::format
