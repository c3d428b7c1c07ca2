#include "stream/codec/utf8_validator.hpp"

#include "stream/text/utf8.hpp"

namespace stream {

namespace {
// Below this the call into the vectorised check costs more than it saves.
constexpr std::size_t kBulk = 32;
}  // namespace

std::size_t Utf8Validator::feed(std::string_view bytes) {
  std::size_t begin = 0;
  if (missing_ != 0) {
    const std::size_t head = bytes.size() < missing_ ? bytes.size() : missing_;
    if (const std::size_t bad = scan(bytes.substr(0, head)); bad != std::string_view::npos) return bad;
    begin = head;
  }
  std::string_view rest = bytes.substr(begin);
  if (rest.size() >= kBulk) {
    // All but a sequence that may be cut at the end, at most three bytes of it.
    std::size_t bulk = rest.size();
    for (std::size_t back = 1; back <= 3; ++back) {
      if ((static_cast<unsigned char>(rest[rest.size() - back]) & 0xC0U) == 0xC0U) bulk = rest.size() - back;
    }
    if (is_utf8(rest.substr(0, bulk))) {
      begin += bulk;
      rest.remove_prefix(bulk);
    }
  }
  const std::size_t bad = scan(rest);
  return bad == std::string_view::npos ? bad : begin + bad;
}

std::size_t Utf8Validator::scan(std::string_view bytes) {
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const auto byte = static_cast<std::uint8_t>(bytes[i]);
    if (missing_ != 0) {
      if (byte < low_ || byte > high_) return i;
      low_ = 0x80;
      high_ = 0xBF;
      --missing_;
      continue;
    }
    if (byte < 0x80) continue;
    if (byte < 0xC2 || byte > 0xF4) return i;  // a continuation, an overlong form of ASCII, or above U+10FFFF
    missing_ = byte < 0xE0 ? 1 : byte < 0xF0 ? 2 : 3;
    if (byte == 0xE0) low_ = 0xA0;   // overlong
    if (byte == 0xED) high_ = 0x9F;  // surrogates
    if (byte == 0xF0) low_ = 0x90;   // overlong
    if (byte == 0xF4) high_ = 0x8F;  // above U+10FFFF
  }
  return std::string_view::npos;
}

}  // namespace stream
