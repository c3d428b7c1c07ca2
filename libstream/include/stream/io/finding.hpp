#pragma once

#include <functional>
#include <string>

#include "stream/io/error.hpp"

namespace stream {

enum class Level { note, warning, error };

/// Something a reader or a check noticed on the way, and went on. `rule` is stable: people filter by it.
struct Finding {
  Level level = Level::warning;
  std::string rule{};  ///< e.g. "recording-cut"
  std::string message{};
  Place place{};

  bool operator==(const Finding&) const = default;
};

/// Where findings go; called in the order of the input, on the reader's thread. May be empty.
using FindingSink = std::function<void(const Finding&)>;

/// `place: level: message [rule]`
std::string to_string(const Finding& finding);

}  // namespace stream
