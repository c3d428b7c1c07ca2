#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace stream {

/// An encoding of the WHATWG Encoding Standard. Some are wider than what they are called: windows-1252 is also ISO 8859-1 and
/// ASCII, gbk is also GB 2312.
enum class Charset : std::uint8_t {
  utf_8,
  ibm866,
  iso_8859_2,
  iso_8859_3,
  iso_8859_4,
  iso_8859_5,
  iso_8859_6,
  iso_8859_7,
  iso_8859_8,
  iso_8859_8_i,
  iso_8859_10,
  iso_8859_13,
  iso_8859_14,
  iso_8859_15,
  iso_8859_16,
  koi8_r,
  koi8_u,
  macintosh,
  windows_874,
  windows_1250,
  windows_1251,
  windows_1252,
  windows_1253,
  windows_1254,
  windows_1255,
  windows_1256,
  windows_1257,
  windows_1258,
  x_mac_cyrillic,
  gbk,
  gb18030,
  big5,
  euc_jp,
  iso_2022_jp,
  shift_jis,
  euc_kr,
  utf_16be,
  utf_16le,
};
inline constexpr std::size_t kCharsets = static_cast<std::size_t>(Charset::utf_16le) + 1;

/// The standard's name, in lower case: "windows-1252".
std::string_view to_string(Charset charset);

/// "get an encoding" (Encoding Standard §4.2): by its label, in any case, with blanks around. None for those that we do not know,
/// and for the standard's `replacement` and `x-user-defined`, which are no text.
std::optional<Charset> charset_by_label(std::string_view label);

/// The value of the charset parameter of a media type, without quotes; empty if there is none.
std::string_view charset_parameter(std::string_view media_type);

/// Whether text of ASCII alone has itself as its octets.
bool is_ascii_compatible(Charset charset);
bool is_ascii(std::string_view bytes);

/// Octets as UTF-8. A byte order mark stays, as U+FEFF. None: they are no text of that charset, to the last octet; or this
/// machine does not have the charset.
std::optional<std::string> decode_charset(Charset charset, std::string_view octets);

/// UTF-8 as octets, without a byte order mark of its own. None: it is no UTF-8, or has a character that the charset does not
/// have; or this machine does not have the charset. Where a charset has several forms of a character, it is one of them.
std::optional<std::string> encode_charset(Charset charset, std::string_view utf8);

}  // namespace stream
