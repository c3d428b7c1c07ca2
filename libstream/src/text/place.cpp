#include "stream/text/place.hpp"

#include <algorithm>

#include "stream/text/json_scan.hpp"

namespace stream {

void advance(Place& place, std::string_view text) {
  const std::size_t feed = text.rfind('\n');
  if (feed == std::string_view::npos) {
    place.column += text.size();
  } else {
    place.line += count_byte(text, '\n');
    place.column = text.size() - feed;
  }
  if (place.offset) *place.offset += text.size();
}

Place PlaceCursor::at(std::size_t offset) {
  offset = std::min(offset, text_.size());
  if (offset < at_) {
    place_ = start_;
    at_ = 0;
  }
  advance(place_, text_.substr(at_, offset - at_));
  at_ = offset;
  return place_;
}

}  // namespace stream
