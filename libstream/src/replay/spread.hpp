#pragma once

#include <string_view>
#include <vector>

#include "stream/replay/schedule.hpp"

namespace stream::replay {

/// A body of which only the time is known that all of it took, in pieces at an even rate.
struct Spread {
  struct Piece {
    Nanos t{};  ///< recorded time of its last byte
    std::string_view bytes{};
  };
  const Event* event = nullptr;  ///< the one that has the body; null: there is nothing to spread
  std::vector<Piece> pieces{};   ///< more than one, if any
};

/// See make_schedule(). `exchange` outlives it.
Spread find_spread(const Exchange& exchange, const Pace& pace);

}  // namespace stream::replay
