#pragma once

#include <string_view>

/// What Python's standard library makes of text.
namespace har::check::importers::python {

/// Whether datetime.fromisoformat(text) gives a time (3.11 and later).
bool is_date(std::string_view text);

/// Whether base64.b64decode(text) gives bytes: it passes over what is not of the alphabet, and asks for the padding.
bool is_base64(std::string_view text);

/// What codecs.encode(…, name) takes and gives; names are folded as Python does.
enum class Codec {
  unknown,
  charset,  ///< from text to bytes: the usual names of the usual character sets
  bytes,    ///< from bytes to bytes: "hex", "zlib"
  letters,  ///< from text to text: "rot13"
};
Codec find_codec(std::string_view name);

/// Whether urllib.parse.urlparse(url) finds a host name and, if there is one, a port.
struct Url {
  bool valid = true;  ///< urlparse itself and .port do not raise
  std::string_view host{};
};
Url parse_url(std::string_view url);

}  // namespace har::check::importers::python
