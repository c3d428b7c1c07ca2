#include "stream/text/xml.hpp"

#include "stream/text/utf8.hpp"

namespace stream {
namespace {

enum class Where { text, attribute };

std::string_view escaped(char c, Where where) {
  switch (c) {
    case '<':
      return "&lt;";
    case '>':
      return "&gt;";
    case '&':
      return "&amp;";
    case '\r':
      return "&#13;";
    case '"':
      return where == Where::attribute ? "&quot;" : "";
    // Readers make spaces of these in attributes.
    case '\n':
      return where == Where::attribute ? "&#10;" : "";
    case '\t':
      return where == Where::attribute ? "&#9;" : "";
    default:
      return "";
  }
}

std::string xml(std::string_view text, Where where) {
  std::string mended;
  if (!is_utf8(text)) text = mended = replace_invalid_utf8(text);
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (const std::string_view entity = escaped(c, where); !entity.empty()) {
      out += entity;
      continue;
    }
    // XML 1.0 section 2.2: no other control characters, and neither U+FFFE nor U+FFFF.
    if (static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t') continue;
    if (const auto three = text.substr(i, 3); three == "\xef\xbf\xbe" || three == "\xef\xbf\xbf") {
      i += 2;
      continue;
    }
    out += c;
  }
  return out;
}

}  // namespace

std::string xml_text(std::string_view text) { return xml(text, Where::text); }

std::string xml_attribute(std::string_view text) { return xml(text, Where::attribute); }

}  // namespace stream
