#include "formats/warc/digest.hpp"

#include <bit>
#include <cstring>

namespace har::format::warc {
namespace {

constexpr std::size_t kBlock = 64;

void add_block(std::array<std::uint32_t, 5>& state, const char* block) {
  std::array<std::uint32_t, 80> w{};
  for (std::size_t i = 0; i < 16; ++i) {
    for (std::size_t byte = 0; byte < 4; ++byte) w[i] = w[i] << 8 | static_cast<std::uint8_t>(block[4 * i + byte]);
  }
  for (std::size_t i = 16; i < w.size(); ++i) w[i] = std::rotl(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
  auto [a, b, c, d, e] = state;
  for (std::size_t i = 0; i < w.size(); ++i) {
    std::uint32_t f = 0;
    if (i < 20) {
      f = ((b & c) | (~b & d)) + 0x5A827999U;
    } else if (i < 40) {
      f = (b ^ c ^ d) + 0x6ED9EBA1U;
    } else if (i < 60) {
      f = ((b & c) | (b & d) | (c & d)) + 0x8F1BBCDCU;
    } else {
      f = (b ^ c ^ d) + 0xCA62C1D6U;
    }
    const std::uint32_t next = std::rotl(a, 5) + f + e + w[i];
    e = d;
    d = c;
    c = std::rotl(b, 30);
    b = a;
    a = next;
  }
  state[0] += a;
  state[1] += b;
  state[2] += c;
  state[3] += d;
  state[4] += e;
}

}  // namespace

Digest sha1(std::string_view bytes) {
  std::array<std::uint32_t, 5> state{0x67452301U, 0xEFCDAB89U, 0x98BADCFEU, 0x10325476U, 0xC3D2E1F0U};
  const std::uint64_t bits = static_cast<std::uint64_t>(bytes.size()) * 8;
  for (; bytes.size() >= kBlock; bytes.remove_prefix(kBlock)) add_block(state, bytes.data());
  std::array<char, 2 * kBlock> last{};
  std::memcpy(last.data(), bytes.data(), bytes.size());
  last[bytes.size()] = static_cast<char>(0x80);
  const std::size_t size = bytes.size() + 9 > kBlock ? 2 * kBlock : kBlock;
  for (std::size_t i = 0; i < 8; ++i) last[size - 1 - i] = static_cast<char>(bits >> (8 * i) & 0xFF);
  for (std::size_t at = 0; at < size; at += kBlock) add_block(state, last.data() + at);
  Digest out{};
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = static_cast<std::uint8_t>(state[i / 4] >> (24 - 8 * (i % 4)) & 0xFF);
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
