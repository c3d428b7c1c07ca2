#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace stream {

/// A piece of a text: the same on both sides, or not.
struct Piece {
  std::string_view text{};
  bool changed = false;
};

/// Two texts as pieces, by words: what is not changed is the same on both sides, in the same order. Words are runs of letters
/// and digits, runs of spaces, and single other characters (those of scripts without spaces too). Texts that are too long for
/// it, or have little in common, are one changed piece between what they begin and end with. The pieces are views.
std::pair<std::vector<Piece>, std::vector<Piece>> word_diff(std::string_view expected, std::string_view actual);

}  // namespace stream
