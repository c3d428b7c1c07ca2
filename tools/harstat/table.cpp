#include "harstat/table.hpp"

#include <algorithm>

#include "common/terminal.hpp"

namespace tools::harstat {
namespace {

bool begins_character(char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }

std::size_t width_of(const std::string& text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), begins_character));
}

}  // namespace

void Table::append_to(std::string& out) const {
  std::vector<std::size_t> widths;
  for (const auto& row : rows_) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], width_of(row[i]));
  }
  for (const auto& row : rows_) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      if (i != 0) out += "  ";
      const std::string space(widths[i] - width_of(row[i]), ' ');
      const bool left = i < left_ || (text_last_ && i + 1 == row.size());
      if (!left) out += space;
      out += row[i];
      if (left && i + 1 != row.size()) out += space;
    }
    while (out.ends_with(' ')) out.pop_back();
    out += '\n';
  }
}

std::string cell_of(std::string_view text, std::size_t width) {
  std::string cell = printable(text.substr(0, 8 * width));
  if (width_of(cell) <= width) return cell;
  std::size_t seen = 0;
  std::size_t end = 0;
  while (end < cell.size() && (seen += begins_character(cell[end]) ? 1U : 0U) < width) ++end;
  return cell.substr(0, end) + "…";
}

}  // namespace tools::harstat
