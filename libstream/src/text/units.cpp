#include "stream/text/units.hpp"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <limits>

namespace stream {
namespace {

struct Unit {
  std::string_view name;
  double factor;
};

/// Reads "NUMBER UNIT" from the front of `text`; false if there is none. The unit is the longest run of letters.
bool take_quantity(std::string_view& text, double& number, std::string_view& unit) {
  const auto digit = [](char c) { return (c >= '0' && c <= '9') || c == '.'; };
  std::size_t at = 0;
  while (at < text.size() && digit(text[at])) ++at;
  const std::string value(text.substr(0, at));
  if (value.empty() || value == "." || value.find('.') != value.rfind('.')) return false;
  number = std::stod(value);
  while (at < text.size() && text[at] == ' ') ++at;
  std::size_t end = at;
  while (end < text.size() && !digit(text[end]) && text[end] != ' ') ++end;
  unit = text.substr(at, end - at);
  text.remove_prefix(end);
  return true;
}

}  // namespace

std::optional<Nanos> parse_duration(std::string_view text) {
  static constexpr std::array<Unit, 9> kUnits{
      {{"ns", 1}, {"us", 1e3}, {"µs", 1e3}, {"ms", 1e6}, {"", 1e9}, {"s", 1e9}, {"m", 60e9}, {"min", 60e9}, {"h", 3600e9}}};
  if (text.empty()) return std::nullopt;
  double total = 0;
  bool bare = false;
  for (int parts = 0; !text.empty(); ++parts) {
    double number = 0;
    std::string_view name;
    if (bare || !take_quantity(text, number, name)) return std::nullopt;
    bare = name.empty();
    if (bare && parts > 0) return std::nullopt;  // "1m30" could be anything
    const Unit* found = nullptr;
    for (const Unit& unit : kUnits) {
      if (unit.name == name) found = &unit;
    }
    if (found == nullptr) return std::nullopt;
    total += number * found->factor;
  }
  if (!(total < 9.2e18)) return std::nullopt;
  return Nanos(std::llround(total));
}

std::optional<std::uint64_t> parse_size(std::string_view text) {
  double number = 0;
  std::string_view name;
  if (!take_quantity(text, number, name) || !text.empty()) return std::nullopt;
  if (name.ends_with('B') || name.ends_with('b')) name.remove_suffix(1);
  double factor = 1;
  if (!name.empty()) {
    const std::size_t power = std::string_view("kmgt").find(static_cast<char>(name[0] | 0x20));
    if (power == std::string_view::npos) return std::nullopt;
    const std::string_view rest = name.substr(1);
    if (!rest.empty() && rest != "i") return std::nullopt;
    factor = std::pow(rest.empty() ? 1000.0 : 1024.0, static_cast<double>(power + 1));
  }
  const double bytes = number * factor;
  if (!(bytes < 1.8e19)) return std::nullopt;
  return static_cast<std::uint64_t>(std::llround(std::min(bytes, 9.2e18)));
}

std::string format_duration(Nanos time) {
  const double ns = static_cast<double>(time.count());
  if (std::abs(ns) >= 1e9) return fmt::format("{:.3f} s", ns / 1e9);
  if (std::abs(ns) >= 1e6) return fmt::format("{:.1f} ms", ns / 1e6);
  if (std::abs(ns) >= 1e3) return fmt::format("{:.0f} µs", ns / 1e3);
  return fmt::format("{} ns", time.count());
}

std::string format_size(std::uint64_t bytes) {
  static constexpr std::array<std::string_view, 4> kNames{"kB", "MB", "GB", "TB"};
  if (bytes < 1000) return fmt::format("{} B", bytes);
  double value = static_cast<double>(bytes) / 1000;
  std::size_t unit = 0;
  for (; value >= 999.95 && unit + 1 < kNames.size(); ++unit) value /= 1000;
  return fmt::format("{:.1f} {}", value, kNames[unit]);
}

}  // namespace stream
