#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "stream/compare/compare.hpp"

namespace stream {

/// A piece of what is shown: the same on both sides, or not.
struct ShownPiece {
  std::string text{};
  bool changed = false;
};
using ShownLine = std::vector<ShownPiece>;
std::string plain(const ShownLine& line);

/// Two values as they are shown one below the other: in one line each, without control characters, and shortened at the same
/// places, so that what differs is in view.
struct Excerpts {
  ShownLine expected{};
  ShownLine actual{};
  /// Where the first difference is, if it was not obvious: "at character 1200".
  std::string where{};
};
Excerpts excerpts(const ShownValue& expected, const ShownValue& actual, const std::optional<std::uint64_t>& offset,
                  std::size_t width);
Excerpts excerpts(const Difference& difference, std::size_t width);

/// One value in one line of about `width` columns; quoted if it is text.
std::string excerpt(const ShownValue& value, std::size_t width);
/// The same as a whole.
std::string in_one_line(const ShownValue& value);

/// Text without anything that a terminal obeys: \n, \t, \u001b and so on; bytes that are no UTF-8 as \xff.
std::string escape_controls(std::string_view text);

}  // namespace stream
