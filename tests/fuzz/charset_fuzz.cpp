// Charsets: what is decoded is UTF-8, and encoded again the same octets, or another form of the same text, or refused; what is
// encoded is no longer than it may be.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "stream/text/charset.hpp"
#include "stream/text/utf8.hpp"

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (bytes.empty()) return 0;
  const auto charset = static_cast<stream::Charset>(static_cast<unsigned char>(bytes.front()) % stream::kCharsets);
  bytes.remove_prefix(1);
  (void)stream::charset_by_label(bytes);
  (void)stream::charset_parameter(bytes);
  if (const auto utf8 = stream::decode_charset(charset, bytes)) {
    require(stream::is_utf8(*utf8) && utf8->size() <= 4 * bytes.size() + 16);
    const auto again = stream::encode_charset(charset, *utf8);
    if (again && *again != bytes) require(stream::decode_charset(charset, *again).has_value());
  }
  if (const auto octets = stream::encode_charset(charset, bytes)) {
    require(stream::is_utf8(bytes) && octets->size() <= 4 * bytes.size() + 16);
    require(stream::decode_charset(charset, *octets).has_value());
  }
  return 0;
}
