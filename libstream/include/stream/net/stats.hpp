#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "stream/text/timestamp.hpp"

namespace stream::net {

/// What a server has done since it began. The server's thread writes it.
struct ServerStats {
  /// The upper bounds of the histogram of lateness; what is later stands behind the last.
  static constexpr std::array<Nanos, 12> kLateness{
      std::chrono::microseconds(50),  std::chrono::microseconds(100), std::chrono::microseconds(250),
      std::chrono::microseconds(500), std::chrono::milliseconds(1),   std::chrono::microseconds(2500),
      std::chrono::milliseconds(5),   std::chrono::milliseconds(10),  std::chrono::milliseconds(25),
      std::chrono::milliseconds(100), std::chrono::seconds(1),        std::chrono::seconds(10)};

  std::uint64_t connections = 0;                               ///< accepted
  std::uint64_t open_connections = 0;                          ///< of them, still there
  std::uint64_t answers = 0;                                   ///< begun
  std::uint64_t open_answers = 0;                              ///< of them, going on
  std::uint64_t refused = 0;                                   ///< requests that were none
  std::uint64_t bytes = 0;                                     ///< of bodies and messages, handed to the system
  std::uint64_t steps = 0;                                     ///< heads, pieces of bodies, messages, ends
  std::array<std::uint64_t, kLateness.size() + 1> lateness{};  ///< how many steps were how late
  Nanos lateness_sum{};

  void took_step(Nanos late) {
    ++steps;
    lateness_sum += late;
    std::size_t bucket = 0;
    while (bucket < kLateness.size() && late > kLateness[bucket]) ++bucket;
    ++lateness[bucket];
  }
};

}  // namespace stream::net
