#include "report_columns.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

namespace stream {
namespace {

struct Range {
  std::uint32_t first;
  std::uint32_t last;
};

// Unicode 15: marks that combine, joiners, variation selectors, and other characters without a width of their own.
constexpr std::array<Range, 37> kNone{
    {{0x300, 0x36f},     {0x483, 0x489},     {0x591, 0x5bd},     {0x610, 0x61a},     {0x64b, 0x65f},     {0x6d6, 0x6dc},
     {0x6df, 0x6e4},     {0x900, 0x902},     {0x93c, 0x93c},     {0x941, 0x948},     {0x94d, 0x94d},     {0xe31, 0xe31},
     {0xe34, 0xe3a},     {0xe47, 0xe4e},     {0x1ab0, 0x1aff},   {0x1dc0, 0x1dff},   {0x200b, 0x200f},   {0x202a, 0x202e},
     {0x2060, 0x2064},   {0x20d0, 0x20f0},   {0x302a, 0x302d},   {0x3099, 0x309a},   {0xa66f, 0xa672},   {0xa8e0, 0xa8f1},
     {0xaa31, 0xaa32},   {0xfb1e, 0xfb1e},   {0xfe00, 0xfe0f},   {0xfe20, 0xfe2f},   {0xfeff, 0xfeff},   {0x101fd, 0x101fd},
     {0x1d165, 0x1d169}, {0x1d16d, 0x1d182}, {0x1d185, 0x1d18b}, {0x1d1aa, 0x1d1ad}, {0x1f3fb, 0x1f3ff}, {0xe0001, 0xe007f},
     {0xe0100, 0xe01ef}}};

// East Asian Wide and Fullwidth, and what is shown as emoji.
constexpr std::array<Range, 48> kWide{
    {{0x1100, 0x115f}, {0x231a, 0x231b},   {0x2329, 0x232a},   {0x23e9, 0x23ec},   {0x23f0, 0x23f0},   {0x23f3, 0x23f3},
     {0x25fd, 0x25fe}, {0x2614, 0x2615},   {0x2648, 0x2653},   {0x267f, 0x267f},   {0x2693, 0x2693},   {0x26a1, 0x26a1},
     {0x26aa, 0x26ab}, {0x26bd, 0x26be},   {0x26c4, 0x26c5},   {0x26ce, 0x26ce},   {0x26d4, 0x26d4},   {0x26ea, 0x26ea},
     {0x26f2, 0x26f3}, {0x26f5, 0x26f5},   {0x26fa, 0x26fa},   {0x26fd, 0x26fd},   {0x2705, 0x2705},   {0x270a, 0x270b},
     {0x2728, 0x2728}, {0x274c, 0x274c},   {0x274e, 0x274e},   {0x2753, 0x2757},   {0x2795, 0x2797},   {0x27b0, 0x27bf},
     {0x2b1b, 0x2b1c}, {0x2b50, 0x2b55},   {0x2e80, 0x303e},   {0x3041, 0x33ff},   {0x3400, 0x4dbf},   {0x4e00, 0x9fff},
     {0xa000, 0xa4cf}, {0xa960, 0xa97f},   {0xac00, 0xd7a3},   {0xf900, 0xfaff},   {0xfe30, 0xfe6f},   {0xff00, 0xff60},
     {0xffe0, 0xffe6}, {0x16fe0, 0x18aff}, {0x1b000, 0x1b2ff}, {0x1f004, 0x1f0cf}, {0x1f18e, 0x1faff}, {0x20000, 0x3fffd}}};

template <std::size_t N>
bool contains(const std::array<Range, N>& ranges, std::uint32_t code) {
  const auto at =
      std::upper_bound(ranges.begin(), ranges.end(), code, [](std::uint32_t c, const Range& range) { return c < range.first; });
  return at != ranges.begin() && code <= std::prev(at)->last;
}

bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xc0U) == 0x80U; }

// The character that begins at `at`, which moves behind it. Of what is no UTF-8 any number will do.
std::uint32_t take(std::string_view text, std::size_t& at) {
  const auto first = static_cast<unsigned char>(text[at++]);
  std::uint32_t code = first < 0x80 ? first : first < 0xe0 ? first & 0x1fU : first < 0xf0 ? first & 0xfU : first & 0x7U;
  while (at < text.size() && is_continuation(text[at])) code = (code << 6U) | (static_cast<unsigned char>(text[at++]) & 0x3fU);
  return code;
}

std::size_t width_of(std::uint32_t code) {
  if (code < 0x300) return 1;
  if (contains(kNone, code)) return 0;
  return contains(kWide, code) ? 2 : 1;
}

}  // namespace

std::size_t columns_of(std::string_view text) {
  std::size_t out = 0;
  for (std::size_t at = 0; at < text.size();) out += width_of(take(text, at));
  return out;
}

std::size_t advance_columns(std::string_view text, std::size_t from, std::size_t columns) {
  std::size_t at = std::min(from, text.size());
  while (at < text.size()) {
    std::size_t next = at;
    const std::size_t width = width_of(take(text, next));
    if (width > columns) break;
    columns -= width;
    at = next;
  }
  return at;
}

std::size_t retreat_columns(std::string_view text, std::size_t from, std::size_t columns) {
  std::size_t at = std::min(from, text.size());
  while (at > 0) {
    std::size_t before = character_start(text, at - 1);
    const std::size_t start = before;
    const std::size_t width = width_of(take(text, before));
    if (width > columns) break;
    columns -= width;
    at = start;
  }
  return at;
}

std::size_t character_start(std::string_view text, std::size_t at) {
  while (at > 0 && at < text.size() && is_continuation(text[at])) --at;
  return at;
}

std::size_t count_characters_of(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) { return !is_continuation(c); }));
}

std::string padded(std::string text, std::size_t columns) {
  const std::size_t width = columns_of(text);
  if (width < columns) text.append(columns - width, ' ');
  return text;
}

}  // namespace stream
