#pragma once

#include <cstdint>

#include "stream/mock/model.hpp"

namespace stream::mock {

/// Pauses from a seed, the same on every machine (SplitMix64).
class Jitter {
 public:
  explicit Jitter(std::uint64_t seed) : state_(seed) {}

  Nanos operator()(const Delay& delay) {
    if (delay.jitter <= Nanos{}) return delay.fixed;
    const auto most = static_cast<std::uint64_t>(delay.jitter.count());
    return delay.fixed + Nanos{static_cast<std::int64_t>(next() % (most + 1))};
  }
  std::uint64_t next() {
    std::uint64_t z = state_ += 0x9e3779b97f4a7c15U;
    z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27U)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31U);
  }

 private:
  std::uint64_t state_;
};

}  // namespace stream::mock
