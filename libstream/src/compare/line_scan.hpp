#pragma once

#include <cstddef>
#include <string_view>

/// What two texts have in common, found with SIMD that is chosen at run time.
namespace stream {

/// How many bytes both begin with that are the same.
std::size_t common_prefix(std::string_view a, std::string_view b);

struct EqualLines {
  std::size_t bytes = 0;  ///< whole lines, with their line feeds
  std::size_t lines = 0;
  bool operator==(const EqualLines&) const = default;
};

/// The whole lines that both begin with and that are the same. `plain`: they end before the first one that begins with white
/// space or a control character (and so before an empty one) or holds U+0000.
EqualLines equal_lines(std::string_view a, std::string_view b, bool plain);

}  // namespace stream
