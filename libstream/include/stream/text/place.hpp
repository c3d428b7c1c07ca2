#pragma once

#include <cstddef>
#include <string_view>

#include "stream/io/error.hpp"

namespace stream {

/// Moves a place over `text`: its line, column (in bytes) and, where there is one, its offset.
void advance(Place& place, std::string_view text);

/// Finds the places of offsets in a text, of which each is usually behind the one before: then what lies between is passed
/// once. An earlier one costs a pass from the text's start.
class PlaceCursor {
 public:
  /// `start`: the place of the text's first byte. `text` outlives the cursor.
  PlaceCursor(Place start, std::string_view text) : start_(std::move(start)), text_(text), place_(start_) {}

  Place at(std::size_t offset);

 private:
  Place start_;
  std::string_view text_;
  Place place_;
  std::size_t at_ = 0;
};

}  // namespace stream
