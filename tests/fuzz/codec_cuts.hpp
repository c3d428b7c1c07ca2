#pragma once

#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "stream/io/error.hpp"
#include "stream/io/finding.hpp"

/// What a text codec's decoder says about an input that it is fed in pieces.
template <class Item>
struct Decoded {
  std::vector<Item> items{};
  std::vector<stream::Finding> findings{};
  std::optional<stream::Error> error{};

  bool operator==(const Decoded&) const = default;
};

template <class Item, class Decoder, class Options, class NextSize>
Decoded<Item> decode(Options options, std::string_view bytes, NextSize next_size) {
  Decoded<Item> decoded;
  if constexpr (requires { options.findings; }) {
    options.findings = [&](const stream::Finding& finding) { decoded.findings.push_back(finding); };
  }
  Decoder decoder(std::move(options));
  while (!bytes.empty() && !decoded.error) {
    const std::string piece(bytes.substr(0, next_size()));  // a copy, so that the sanitizer knows its bounds
    if (auto fed = decoder.feed(piece, decoded.items); !fed) decoded.error = fed.error();
    bytes.remove_prefix(piece.size());
  }
  if (!decoded.error) {
    if (auto finished = decoder.finish(decoded.items); !finished) decoded.error = finished.error();
  }
  return decoded;
}

inline void require(bool condition) {
  if (!condition) std::abort();
}

/// Checks that whole, byte by byte and in pieces of sizes that `seed` chooses `bytes` decodes to the same; and that.
template <class Item, class Decoder, class Options>
Decoded<Item> decode_alike(const Options& options, std::string_view bytes, std::uint32_t seed) {
  auto whole = decode<Item, Decoder>(options, bytes, [&] { return bytes.size(); });
  require(whole == decode<Item, Decoder>(options, bytes, [] { return std::size_t{1}; }));
  const auto random = [&seed] {
    seed = seed * 1664525U + 1013904223U;  // Numerical Recipes' generator
    return std::size_t{1} + (seed >> 24U) % 17U;
  };
  require(whole == decode<Item, Decoder>(options, bytes, random));
  for (const Item& item : whole.items) require(item.begin <= item.end && item.end <= bytes.size());
  return whole;
}

/// Takes bytes off the front of a fuzzer's input for the choices that a target makes.
inline std::uint8_t take(std::string_view& input) {
  if (input.empty()) return 0;
  const auto byte = static_cast<std::uint8_t>(input.front());
  input.remove_prefix(1);
  return byte;
}
