#include <algorithm>
#include <bit>
#include <cstring>

#include "stream/compare/json_compare.hpp"

namespace stream {
namespace {

std::uint64_t finish(std::uint64_t x) {
  x ^= x >> 32;
  x *= 0xd6e8feb86659fd93U;
  x ^= x >> 32;
  x *= 0xd6e8feb86659fd93U;
  x ^= x >> 32;
  return x;
}

// Little-endian on every machine.
std::uint64_t load(const char* bytes, std::size_t size) {
  std::uint64_t value = 0;
  if constexpr (std::endian::native == std::endian::little) {
    std::memcpy(&value, bytes, size);
  } else {
    for (std::size_t i = 0; i < size; ++i) value |= static_cast<std::uint64_t>(static_cast<unsigned char>(bytes[i])) << (8 * i);
  }
  return value;
}

bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}

}  // namespace

std::uint64_t hash_bytes(std::string_view bytes, std::uint64_t seed) {
  std::uint64_t state = finish(seed ^ (0x9e3779b97f4a7c15U + bytes.size()));
  while (bytes.size() >= 8) {
    state = (state ^ load(bytes.data(), 8)) * 0x9fb21c651e98df25U;
    state ^= state >> 29;
    bytes.remove_prefix(8);
  }
  if (!bytes.empty()) state = (state ^ load(bytes.data(), bytes.size())) * 0x9fb21c651e98df25U;
  return finish(state);
}

std::uint64_t hash_combine(std::uint64_t a, std::uint64_t b) { return finish(a * 0x9e3779b97f4a7c15U + b + 0x632be59bd9b4e019U); }

int likeness(std::span<const std::uint32_t> a, std::span<const std::uint32_t> b) {
  if (a.empty() && b.empty()) return 1000;
  std::size_t common = 0;
  for (std::size_t i = 0, j = 0; i < a.size() && j < b.size();) {
    if (a[i] == b[j]) {
      ++common;
      ++i;
      ++j;
    } else if (a[i] < b[j]) {
      ++i;
    } else {
      ++j;
    }
  }
  return static_cast<int>(2000 * common / (a.size() + b.size()));
}

void text_features(std::vector<std::uint32_t>& out, std::string_view text, std::size_t limit) {
  for (std::size_t i = 0; i < text.size() && out.size() < limit;) {
    if (!is_word(text[i])) {
      ++i;
      continue;
    }
    std::size_t end = i;
    while (end < text.size() && is_word(text[end])) ++end;
    out.push_back(static_cast<std::uint32_t>(hash_bytes(text.substr(i, end - i), 7)));
    i = end;
  }
}

}  // namespace stream
