#include "stream/text/near.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace stream {
namespace {

/// How many letters have to be put in, taken out, replaced, or swapped with their neighbour.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before(b.size() + 1);
  std::vector<std::size_t> last(b.size() + 1);
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) row[j] = std::min(row[j], before[j - 2] + 1);
    }
    std::swap(before, last);
    std::swap(last, row);
  }
  return last[b.size()];
}

}  // namespace

std::optional<std::string> near_word(std::string_view wanted, std::span<const std::string_view> words) {
  if (wanted.size() < 2) return std::nullopt;
  std::optional<std::string> best;
  std::size_t best_distance = std::max<std::size_t>(1, wanted.size() / 3) + 1;
  for (const std::string_view word : words) {
    if (word.size() < 2) continue;
    const std::size_t found = word.starts_with(wanted) ? 0 : distance(wanted, word);
    if (found < best_distance) {
      best = word;
      best_distance = found;
    }
  }
  return best;
}

}  // namespace stream
