#pragma once

#include <cstdint>
#include <string_view>

/// Chance that can be repeated: the same numbers on every machine, which the standard library's distributions are not.
namespace stream::replay {

/// splitmix64.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next() {
    std::uint64_t z = state_ += 0x9e3779b97f4a7c15U;
    z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27U)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31U);
  }
  /// From 0 up to, not including, `limit`; 0 if that is 0.
  std::uint64_t below(std::uint64_t limit) { return limit == 0 ? 0 : next() % limit; }
  /// From 0 up to, not including, 10^6.
  std::uint64_t millionths() { return below(1'000'000); }
  /// A seed that goes on from here.
  std::uint64_t state() const { return state_; }

 private:
  std::uint64_t state_;
};

/// A seed of its own for a part of what hangs on `seed`.
inline std::uint64_t mix(std::uint64_t seed, std::uint64_t part) { return Random(Random(seed).next() ^ part).next(); }
inline std::uint64_t mix(std::uint64_t seed, std::string_view part) {
  std::uint64_t hash = 0xcbf29ce484222325U;  // FNV-1a
  for (const char c : part) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
  return mix(seed, hash);
}

}  // namespace stream::replay
