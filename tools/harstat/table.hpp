#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tools::harstat {

/// Cells in columns: texts to the left, numbers to the right.
class Table {
 public:
  /// `left`: so many columns are texts. `text_last`: the last one is too.
  explicit Table(std::size_t left = 1, bool text_last = false) : left_(left), text_last_(text_last) {}
  void row(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }
  void append_to(std::string& out) const;

 private:
  std::size_t left_;
  bool text_last_;
  std::vector<std::vector<std::string>> rows_{};
};

/// So that it fits into a column: control characters shown as \x1b, and what is too long cut.
std::string cell_of(std::string_view text, std::size_t width);

}  // namespace tools::harstat
