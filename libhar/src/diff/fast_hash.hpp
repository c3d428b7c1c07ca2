#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace har::diff {

/// The two halves of a product folded into one: what wyhash (by Wang Yi, in the public domain) is built on.
inline std::uint64_t folded_product(std::uint64_t a, std::uint64_t b) {
  __extension__ using Wide = unsigned __int128;
  const Wide product = static_cast<Wide>(a) * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

/// A hash of bytes at the speed of the memory. Another seed is another hash; who does not know it cannot make two texts with the
/// same one.
inline std::uint64_t fast_hash(std::string_view bytes, std::uint64_t seed) {
  constexpr std::uint64_t kA = 0x2d358dccaa6c78a5U;
  constexpr std::uint64_t kB = 0x8bb84b93962eacc9U;
  constexpr std::uint64_t kC = 0x4b33a62ed433d4a3U;
  constexpr std::uint64_t kD = 0x4d5a2da51de1aa47U;
  const auto load = [](const char* at) {
    std::uint64_t word = 0;
    std::memcpy(&word, at, 8);
    return word;
  };
  const char* at = bytes.data();
  std::size_t left = bytes.size();
  std::uint64_t state = folded_product(seed ^ kA, left ^ kB) ^ seed;
  if (left >= 64) {
    std::uint64_t b = state ^ kB;
    std::uint64_t c = state + kC;
    std::uint64_t d = state ^ kD;
    for (; left >= 64; left -= 64, at += 64) {
      state = folded_product(load(at) ^ kA ^ seed, load(at + 8) ^ state);
      b = folded_product(load(at + 16) ^ kB ^ seed, load(at + 24) ^ b);
      c = folded_product(load(at + 32) ^ kC ^ seed, load(at + 40) ^ c);
      d = folded_product(load(at + 48) ^ kD ^ seed, load(at + 56) ^ d);
    }
    state = folded_product(state ^ b, kA) + folded_product(c ^ kC, d ^ kD);
  }
  for (; left >= 16; left -= 16, at += 16) state = folded_product(load(at) ^ kB ^ seed, load(at + 8) ^ state);
  std::uint64_t first = 0;
  std::uint64_t second = 0;
  std::memcpy(&first, at, left < 8 ? left : 8);
  if (left > 8) std::memcpy(&second, at + 8, left - 8);
  return folded_product(folded_product(first ^ kC ^ seed, second ^ state), kD ^ bytes.size());
}

inline std::uint64_t mixed(std::uint64_t a, std::uint64_t b) {
  return folded_product(a ^ 0x9e3779b97f4a7c15U, b ^ 0x8bb84b93962eacc9U) + b;
}

}  // namespace har::diff
