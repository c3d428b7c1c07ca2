#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// Bodies in Dev Proxy's HAR: octets that are no UTF-8 stand there as if each were a character (ISO 8859-1), and nothing says so.
namespace har::format::dialect {

/// Whether a HAR's creator ("DevProxy 4.0.0") writes so.
inline bool is_devproxy(std::string_view creator) { return creator.starts_with("DevProxy ") || creator == "DevProxy"; }

/// The octets that a text stood for: by the size that is noted beside it, and where that is not known by the media type.
struct DevProxyBody {
  enum class Kind : std::uint8_t { text, octets, unclear };
  Kind kind = Kind::text;
  std::string octets{};  ///< Kind::octets
};
DevProxyBody devproxy_body(std::string_view text, std::int64_t size, std::string_view media_type);

}  // namespace har::format::dialect
