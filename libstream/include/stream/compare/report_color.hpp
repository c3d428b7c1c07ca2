#pragma once

#include <string>
#include <string_view>

#include "stream/compare/excerpt.hpp"

/// ANSI colours of reports for terminals.
namespace stream {

inline constexpr std::string_view kBold = "\x1b[1m";
inline constexpr std::string_view kDim = "\x1b[2m";
inline constexpr std::string_view kRed = "\x1b[31m";
inline constexpr std::string_view kGreen = "\x1b[32m";
inline constexpr std::string_view kYellow = "\x1b[33m";
inline constexpr std::string_view kCyan = "\x1b[36m";
inline constexpr std::string_view kPlain = "\x1b[0m";

inline std::string colored(std::string_view text, std::string_view color, bool on) {
  if (!on || color.empty() || text.empty()) return std::string(text);
  return std::string(color).append(text).append(kPlain);
}

/// A line in one colour, with what changed in it reversed; as a whole that would say nothing.
inline std::string colored(const ShownLine& line, std::string_view color, bool on, std::string_view before = {}) {
  if (!on || color.empty()) return std::string(before) + plain(line);
  bool same = false;
  for (const ShownPiece& piece : line) same = same || (!piece.changed && piece.text != "\"" && piece.text != "…");
  std::string out(color);
  out += before;
  for (const ShownPiece& piece : line) {
    const bool marked = piece.changed && same;
    if (marked) out += "\x1b[7m";
    out += piece.text;
    if (marked) out += "\x1b[27m";
  }
  return out.append(kPlain);
}

}  // namespace stream
