#pragma once

#include <cstdint>
#include <string>
#include <string_view>

/// How values look to people.
namespace tools {

/// Control characters, which would reach a terminal from a file's name or bytes, are shown as \x1b, \n and \t.
std::string printable(std::string_view text);

/// What begins the colour of "error", "warning" or "note"; of anything else that of a note.
std::string_view colour_of(std::string_view level);
inline constexpr std::string_view kPlain = "\x1b[0m";

/// 4228: "4,228".
std::string grouped(std::uint64_t number);
/// "1 entry", "4,228 entries".
std::string counted(std::uint64_t number, std::string_view one, std::string_view many);

}  // namespace tools
