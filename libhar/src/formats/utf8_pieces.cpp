#include "formats/utf8_pieces.hpp"

#include "stream/text/utf8.hpp"

namespace har::format {
namespace {

struct Sequence {
  std::size_t valid = 0;   ///< bytes that begin a character
  std::size_t needed = 1;  ///< bytes of it; 0: none begins here
};

/// What stands at the start of `text`, which is not empty (Unicode, table 3-7).
Sequence sequence(std::string_view text, bool surrogates) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned lead = byte(0);
  if (lead < 0x80) return {1, 1};
  if (lead < 0xC2 || lead > 0xF4) return {1, 0};
  Sequence out{1, lead < 0xE0 ? 2U : lead < 0xF0 ? 3U : 4U};
  unsigned low = 0x80;
  unsigned high = 0xBF;
  if (lead == 0xE0) low = 0xA0;
  if (lead == 0xED && !surrogates) high = 0x9F;
  if (lead == 0xF0) low = 0x90;
  if (lead == 0xF4) high = 0x8F;
  while (out.valid < out.needed && out.valid < text.size() && byte(out.valid) >= low && byte(out.valid) <= high) {
    ++out.valid;
    low = 0x80;
    high = 0xBF;
  }
  return out;
}

}  // namespace

std::string Utf8Pieces::take(std::string_view bytes, bool last) {
  std::string joined;
  if (!carried_.empty()) {
    joined = std::move(carried_).append(bytes);
    carried_.clear();
    bytes = joined;
  }
  std::string out;
  while (!bytes.empty()) {
    const std::size_t good = std::min(stream::find_invalid_utf8(bytes), bytes.size());
    out += bytes.substr(0, good);
    bytes.remove_prefix(good);
    if (bytes.empty()) break;
    const Sequence next = sequence(bytes, surrogates_);
    if (next.valid == next.needed) {
      out += bytes.substr(0, next.valid);
    } else if (next.needed != 0 && next.valid == bytes.size() && !last) {
      carried_ = bytes;
      break;
    } else {
      out += "\xEF\xBF\xBD";
      ++replaced_;
    }
    bytes.remove_prefix(next.valid);
  }
  return out;
}

}  // namespace har::format
