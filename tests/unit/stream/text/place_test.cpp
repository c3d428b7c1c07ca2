#include "stream/text/place.hpp"

#include <catch2/catch.hpp>
#include <random>

using stream::Place;

namespace {

/// Byte by byte.
Place reference(Place place, std::string_view text) {
  for (const char c : text) {
    ++place.column;
    if (c == '\n') {
      ++place.line;
      place.column = 1;
    }
    if (place.offset) ++*place.offset;
  }
  return place;
}

}  // namespace

TEST_CASE("a place moves over lines, columns and bytes") {
  Place place{"x", 3, 5, 100, ""};
  stream::advance(place, "");
  CHECK(place == Place{"x", 3, 5, 100, ""});
  stream::advance(place, "abc");
  CHECK(place == Place{"x", 3, 8, 103, ""});
  stream::advance(place, "\n");
  CHECK(place == Place{"x", 4, 1, 104, ""});
  stream::advance(place, "a\r\nb\n\ncd");
  CHECK(place == Place{"x", 7, 3, 112, ""});
}

TEST_CASE("a place without an offset gets none") {
  Place place{"x", 1, 1, std::nullopt, ""};
  stream::advance(place, "a\nb");
  CHECK(place == Place{"x", 2, 2, std::nullopt, ""});
}

TEST_CASE("a cursor finds the place of every offset, in whatever order they are asked for") {
  std::mt19937 random(2);
  for (int round = 0; round < 200; ++round) {
    std::string text;
    for (std::size_t size = random() % 300; size > 0; --size) text += random() % 8 == 0 ? '\n' : 'x';
    const Place start{"x", 1 + random() % 5, 1 + random() % 5, random() % 100, ""};
    stream::PlaceCursor cursor(start, text);
    for (int i = 0; i < 20; ++i) {
      const std::size_t offset = random() % (text.size() + 3);
      REQUIRE(cursor.at(offset) == reference(start, std::string_view(text).substr(0, offset)));
    }
  }
}
