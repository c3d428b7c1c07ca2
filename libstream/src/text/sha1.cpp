#include "stream/text/sha1.hpp"

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>

namespace stream {
namespace {

constexpr std::size_t kBlock = 64;

/// One block (FIPS 180-4 §6.1.2).
void add_block(std::array<std::uint32_t, 5>& state, const char* block) {
  std::array<std::uint32_t, 80> w;  // NOLINT: all of it is written below
  std::memcpy(w.data(), block, kBlock);
  if constexpr (std::endian::native == std::endian::little) {
    for (std::size_t i = 0; i < 16; ++i) w[i] = __builtin_bswap32(w[i]);
  }
  for (std::size_t i = 16; i < w.size(); ++i) w[i] = std::rotl(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
  auto [a, b, c, d, e] = state;
  const auto round = [](std::uint32_t v, std::uint32_t& x, std::uint32_t& z, std::uint32_t f, std::uint32_t word) {
    z += std::rotl(v, 5) + f + word;
    x = std::rotl(x, 30);
  };
  // Five rounds a step: then every value stands where it began.
  const auto rounds = [&](std::size_t from, std::uint32_t k, auto f) {
    for (std::size_t i = from; i < from + 20; i += 5) {
      round(a, b, e, f(b, c, d), w[i] + k);
      round(e, a, d, f(a, b, c), w[i + 1] + k);
      round(d, e, c, f(e, a, b), w[i + 2] + k);
      round(c, d, b, f(d, e, a), w[i + 3] + k);
      round(b, c, a, f(c, d, e), w[i + 4] + k);
    }
  };
  using Word = std::uint32_t;
  const auto parity = [](Word x, Word y, Word z) { return x ^ y ^ z; };
  rounds(0, 0x5A827999U, [](Word x, Word y, Word z) { return z ^ (x & (y ^ z)); });
  rounds(20, 0x6ED9EBA1U, parity);
  rounds(40, 0x8F1BBCDCU, [](Word x, Word y, Word z) { return (x & y) | (z & (x | y)); });
  rounds(60, 0xCA62C1D6U, parity);
  state[0] += a;
  state[1] += b;
  state[2] += c;
  state[3] += d;
  state[4] += e;
}

}  // namespace

std::string sha1(std::string_view bytes) {
  std::array<std::uint32_t, 5> state{0x67452301U, 0xEFCDAB89U, 0x98BADCFEU, 0x10325476U, 0xC3D2E1F0U};
  const std::uint64_t bits = static_cast<std::uint64_t>(bytes.size()) * 8;
  for (; bytes.size() >= kBlock; bytes.remove_prefix(kBlock)) add_block(state, bytes.data());
  std::array<char, 2 * kBlock> last{};
  std::memcpy(last.data(), bytes.data(), bytes.size());
  last[bytes.size()] = static_cast<char>(0x80);
  const std::size_t size = bytes.size() + 9 > kBlock ? 2 * kBlock : kBlock;
  for (std::size_t i = 0; i < 8; ++i) last[size - 1 - i] = static_cast<char>(bits >> (8 * i) & 0xFF);
  for (std::size_t at = 0; at < size; at += kBlock) add_block(state, last.data() + at);
  std::string digest;
  for (const std::uint32_t word : state) {
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
