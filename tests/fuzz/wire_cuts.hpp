#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "stream/io/error.hpp"

/// What the fuzz targets of the wire codecs share: cutting an input, and stopping where an invariant does not hold.
inline void require(bool condition, const char* what) {
  if (condition) return;
  std::fprintf(stderr, "broken invariant: %s\n", what);
  std::abort();
}

/// A small generator of numbers (xorshift), so that cuts depend on the input alone.
class Cuts {
 public:
  explicit Cuts(std::string_view seed) {
    for (const char c : seed) state_ = (state_ ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
    state_ |= 1U;
  }
  std::size_t below(std::size_t bound) {
    state_ ^= state_ << 13U;
    state_ ^= state_ >> 7U;
    state_ ^= state_ << 17U;
    return static_cast<std::size_t>(state_ % bound);
  }
  std::vector<std::string> parts(std::string_view bytes, std::size_t max_size) {
    std::vector<std::string> parts;
    while (!bytes.empty()) {
      const std::string_view part = bytes.substr(0, 1 + below(max_size));
      parts.emplace_back(part);
      bytes.remove_prefix(part.size());
    }
    return parts;
  }

 private:
  std::uint64_t state_ = 0xcbf29ce484222325U;
};

template <class Item>
struct Outcome {
  std::vector<Item> items{};
  std::optional<stream::Error> error{};
  bool operator==(const Outcome&) const = default;
};

template <class Item, class Decoder>
Outcome<Item> run(Decoder& decoder, const std::vector<std::string>& parts) {
  Outcome<Item> outcome;
  stream::Status status;
  for (const auto& part : parts) {
    status = decoder.feed(part, outcome.items);
    if (!status) break;
  }
  if (status) status = decoder.finish(outcome.items);
  if (!status) outcome.error = status.error();
  return outcome;
}
