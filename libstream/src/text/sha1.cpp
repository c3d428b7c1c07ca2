#include "stream/text/sha1.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <functional>

namespace stream {
namespace {

using Sha1Words = std::array<std::uint32_t, 5>;

/// One 64-byte block (FIPS 180-4 §6.1.2).
void sha1_block(Sha1Words& hash, std::string_view block) {
  std::array<std::uint32_t, 80> schedule{};
  for (std::size_t t = 0; t < 16; ++t) {
    for (std::size_t i = 0; i < 4; ++i) schedule[t] = schedule[t] << 8U | static_cast<unsigned char>(block[4 * t + i]);
  }
  for (std::size_t t = 16; t < schedule.size(); ++t) {
    schedule[t] = std::rotl(schedule[t - 3] ^ schedule[t - 8] ^ schedule[t - 14] ^ schedule[t - 16], 1);
  }
  auto [a, b, c, d, e] = hash;
  for (std::size_t t = 0; t < schedule.size(); ++t) {
    std::uint32_t mixed = b ^ c ^ d;
    std::uint32_t constant = 0x6ED9EBA1;
    if (t < 20) {
      mixed = (b & c) | (~b & d);
      constant = 0x5A827999;
    } else if (t >= 40 && t < 60) {
      mixed = (b & c) | (b & d) | (c & d);
      constant = 0x8F1BBCDC;
    } else if (t >= 60) {
      constant = 0xCA62C1D6;
    }
    const std::uint32_t next = std::rotl(a, 5) + mixed + e + constant + schedule[t];
    e = d;
    d = c;
    c = std::rotl(b, 30);
    b = a;
    a = next;
  }
  const Sha1Words sums = {a, b, c, d, e};
  std::transform(hash.begin(), hash.end(), sums.begin(), hash.begin(), std::plus<>());
}

}  // namespace

std::string sha1(std::string_view bytes) {
  Sha1Words hash = {0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476, 0xC3D2E1F0};
  const std::uint64_t bits = std::uint64_t{bytes.size()} * 8;
  for (; bytes.size() >= 64; bytes.remove_prefix(64)) sha1_block(hash, bytes);
  std::string tail(bytes);
  tail.push_back('\x80');
  tail.resize((tail.size() + 8 + 63) / 64 * 64 - 8);
  for (int shift = 56; shift >= 0; shift -= 8) tail.push_back(static_cast<char>(bits >> static_cast<unsigned>(shift) & 0xFFU));
  for (std::size_t at = 0; at < tail.size(); at += 64) sha1_block(hash, std::string_view(tail).substr(at, 64));
  std::string digest;
  for (const std::uint32_t word : hash) {
    for (int shift = 24; shift >= 0; shift -= 8)
      digest.push_back(static_cast<char>(word >> static_cast<unsigned>(shift) & 0xFFU));
  }
  return digest;
}

std::string sha1_hex(std::string_view bytes) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string out;
  for (const char c : sha1(bytes)) {
    const auto octet = static_cast<unsigned char>(c);
    out += kHex[octet >> 4U];
    out += kHex[octet & 15U];
  }
  return out;
}

}  // namespace stream
