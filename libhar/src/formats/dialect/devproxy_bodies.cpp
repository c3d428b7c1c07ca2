#include "formats/dialect/devproxy_bodies.hpp"

#include <algorithm>

namespace har::format::dialect {
namespace {

/// Each character as an octet; nothing where one is above U+00FF. `text` is UTF-8.
std::optional<std::string> latin1(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c < 0x80) {
      out += text[i];
    } else if ((c == 0xC2 || c == 0xC3) && i + 1 < text.size()) {
      out += static_cast<char>(((c & 0x03) << 6) | (static_cast<unsigned char>(text[++i]) & 0x3F));
    } else {
      return std::nullopt;
    }
  }
  return out;
}

bool is_text(std::string_view type) {
  std::string lower(type.substr(0, type.find(';')));
  std::transform(lower.begin(), lower.end(), lower.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? c | 0x20 : c; });
  return lower.starts_with("text/") || lower.find("json") != std::string::npos || lower.find("xml") != std::string::npos ||
         lower.find("javascript") != std::string::npos || lower.find("urlencoded") != std::string::npos;
}

}  // namespace

DevProxyBody devproxy_body(std::string_view text, std::int64_t size, std::string_view media_type) {
  const bool ascii = std::all_of(text.begin(), text.end(), [](char c) { return (c & 0x80) == 0; });
  if (ascii) return {};
  auto octets = latin1(text);
  const bool as_text = size == static_cast<std::int64_t>(text.size());
  const bool as_octets = octets && size == static_cast<std::int64_t>(octets->size());
  if (as_text || !octets) return {};
  if (as_octets) return {DevProxyBody::Kind::octets, std::move(*octets)};
  // Neither fits: a size that is not that of the body.
  if (size <= 0 && !is_text(media_type) && !media_type.empty()) return {DevProxyBody::Kind::octets, std::move(*octets)};
  return {DevProxyBody::Kind::unclear, {}};
}

}  // namespace har::format::dialect
