#include "formats/warc/digest.hpp"

#include <algorithm>

#include "stream/text/sha1.hpp"

namespace har::format::warc {

Digest sha1(std::string_view bytes) {
  const std::string octets = stream::sha1(bytes);
  Digest out{};
  std::transform(octets.begin(), octets.end(), out.begin(), [](char c) { return static_cast<std::uint8_t>(c); });
  return out;
}

std::string labelled(const Digest& digest) {
  constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  std::string out = "sha1:";
  std::uint32_t bits = 0;
  int count = 0;
  for (const std::uint8_t octet : digest) {  // 160 bits are 32 letters, without padding
    bits = bits << 8 | octet;
    for (count += 8; count >= 5; count -= 5) out += kAlphabet[bits >> (count - 5) & 31];
  }
  return out;
}

}  // namespace har::format::warc
