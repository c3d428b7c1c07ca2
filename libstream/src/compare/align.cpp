#include "stream/compare/align.hpp"

#include <algorithm>
#include <limits>
#include <numeric>
#include <optional>
#include <unordered_map>
#include <utility>

namespace stream {
namespace {

using Symbol = std::uint32_t;
using Symbols = std::span<const Symbol>;

// E. Myers, "An O(ND) Difference Algorithm and Its Variations" (1986), the greedy algorithm of §3, with the furthest
// reaching points of every D kept for the way back. Nothing if that needs more than the limits.
std::optional<std::vector<Match>> myers(Symbols a, Symbols b, const AlignLimits& limits) {
  const auto n = static_cast<std::int64_t>(a.size());
  const auto m = static_cast<std::int64_t>(b.size());
  const std::int64_t max_d = n + m;
  std::vector<std::int32_t> furthest(3, 0);  // x on diagonal k of the last D, at k + D + 1
  std::vector<std::vector<std::int32_t>> trace;
  std::size_t steps = 0;
  std::size_t traced = 0;
  for (std::int64_t d = 0; d <= max_d; ++d) {
    std::vector<std::int32_t> row(static_cast<std::size_t>(d) + 1);  // diagonals -d, -d+2 … d
    const auto previous = [&](std::int64_t k) {                      // x on diagonal k of row d-1
      return static_cast<std::int64_t>(trace.back()[static_cast<std::size_t>((k + d - 1) / 2)]);
    };
    bool reached = false;
    for (std::int64_t k = -d; k <= d; k += 2) {
      std::int64_t x = 0;
      if (d > 0) {
        const bool down = k == -d || (k != d && previous(k - 1) < previous(k + 1));
        x = down ? previous(k + 1) : previous(k - 1) + 1;
      }
      std::int64_t y = x - k;
      const std::int64_t from = x;
      while (x < n && y < m && a[static_cast<std::size_t>(x)] == b[static_cast<std::size_t>(y)]) {
        ++x;
        ++y;
      }
      steps += static_cast<std::size_t>(x - from) + 1;
      row[static_cast<std::size_t>((k + d) / 2)] = static_cast<std::int32_t>(x);
      if (x >= n && y >= m) {
        reached = true;
        break;
      }
    }
    traced += row.size();
    trace.push_back(std::move(row));
    if (reached) break;
    if (steps > limits.steps || traced > limits.trace) return std::nullopt;
  }

  std::vector<Match> matches;
  std::int64_t x = n;
  std::int64_t y = m;
  for (auto d = static_cast<std::int64_t>(trace.size()) - 1; d >= 0; --d) {
    const std::int64_t k = x - y;
    std::int64_t from_x = 0;
    std::int64_t from_y = 0;
    if (d > 0) {
      const auto& row = trace[static_cast<std::size_t>(d) - 1];
      const auto at = [&](std::int64_t diagonal) {
        return static_cast<std::int64_t>(row[static_cast<std::size_t>((diagonal + d - 1) / 2)]);
      };
      const bool down = k == -d || (k != d && at(k - 1) < at(k + 1));
      const std::int64_t from_k = down ? k + 1 : k - 1;
      from_x = at(from_k);
      from_y = from_x - from_k;
    }
    const std::int64_t edge_x = d > 0 ? (from_x - from_y > k ? from_x : from_x + 1) : 0;
    while (x > edge_x && y > 0) {
      --x;
      --y;
      matches.push_back({static_cast<std::size_t>(x), static_cast<std::size_t>(y)});
    }
    x = from_x;
    y = from_y;
  }
  std::reverse(matches.begin(), matches.end());
  return matches;
}

// Where each symbol stands in `b`: positions of symbol s are list[start[s]] … list[start[s + 1] - 1], ascending.
struct Occurrences {
  Occurrences(Symbols b, std::size_t symbols) : start(symbols + 1, 0), list(b.size()) {
    for (const Symbol s : b) ++start[s + 1];
    std::partial_sum(start.begin(), start.end(), start.begin());
    std::vector<std::size_t> next(start.begin(), start.end() - 1);
    for (std::size_t j = 0; j < b.size(); ++j) list[next[b[j]]++] = static_cast<std::uint32_t>(j);
  }
  std::size_t count(Symbol s) const { return start[s + 1] - start[s]; }
  std::vector<std::size_t> start;
  std::vector<std::uint32_t> list;
};

// J. Hunt and T. Szymanski, "A Fast Algorithm for Computing Longest Common Subsequences" (1977), over the symbols that
// `wanted` names: the longest increasing chain through all pairs of equal items.
std::vector<Match> hunt_szymanski(Symbols a, const Occurrences& in_b, const std::vector<char>& wanted) {
  struct Link {
    std::uint32_t a, b, previous;
  };
  constexpr auto kNone = std::numeric_limits<std::uint32_t>::max();
  std::vector<Link> links;
  std::vector<std::uint32_t> chain_end;  // the link that ends the best chain of length i + 1
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (!wanted[a[i]]) continue;
    for (std::size_t p = in_b.start[a[i] + 1]; p-- > in_b.start[a[i]];) {
      const std::uint32_t j = in_b.list[p];
      const auto at = std::lower_bound(chain_end.begin(), chain_end.end(), j,
                                       [&](std::uint32_t link, std::uint32_t value) { return links[link].b < value; });
      const auto length = static_cast<std::size_t>(at - chain_end.begin());
      if (at != chain_end.end() && links[*at].b == j) continue;
      links.push_back({static_cast<std::uint32_t>(i), j, length == 0 ? kNone : chain_end[length - 1]});
      const auto link = static_cast<std::uint32_t>(links.size() - 1);
      if (at == chain_end.end()) {
        chain_end.push_back(link);
      } else {
        *at = link;
      }
    }
  }
  std::vector<Match> matches(chain_end.size());
  std::uint32_t link = chain_end.empty() ? kNone : chain_end.back();
  for (std::size_t i = matches.size(); i-- > 0; link = links[link].previous) matches[i] = {links[link].a, links[link].b};
  return matches;
}

// Aligns a window of items at a time; three quarters of what a window shows are taken, for its end may see too little.
void align_by_windows(Symbols a, Symbols b, const AlignLimits& limits, Match origin, std::vector<Match>& out) {
  const AlignLimits unlimited{std::numeric_limits<std::size_t>::max(), std::numeric_limits<std::size_t>::max(), 0, 0};
  const std::size_t window = std::max<std::size_t>(limits.window, 4);
  std::size_t i = 0;
  std::size_t j = 0;
  while (i < a.size() && j < b.size()) {
    const std::size_t width_a = std::min(window, a.size() - i);
    const std::size_t width_b = std::min(window, b.size() - j);
    const bool last = width_a == a.size() - i && width_b == b.size() - j;
    const std::size_t trusted = last ? window : window - window / 4;
    const auto found = myers(a.subspan(i, width_a), b.subspan(j, width_b), unlimited);
    Match next{i + window / 2, j + window / 2};
    for (const Match& match : *found) {
      if (match.expected >= trusted || match.actual >= trusted) break;
      out.push_back({origin.expected + i + match.expected, origin.actual + j + match.actual});
      next = {i + match.expected + 1, j + match.actual + 1};
    }
    if (last) return;
    i = next.expected;
    j = next.actual;
  }
}

// The symbols whose pairs fit into the limit, rarest first.
std::vector<char> rarest(const std::vector<std::size_t>& pairs_of, std::size_t limit) {
  std::vector<Symbol> order(pairs_of.size());
  std::iota(order.begin(), order.end(), Symbol{0});
  std::stable_sort(order.begin(), order.end(), [&](Symbol x, Symbol y) { return pairs_of[x] < pairs_of[y]; });
  std::vector<char> wanted(pairs_of.size(), 0);
  std::size_t total = 0;
  for (const Symbol s : order) {
    total += pairs_of[s];
    if (total > limit) break;
    wanted[s] = 1;
  }
  return wanted;
}

// Aligns two sequences each of whose symbols (numbered from 0) occurs in both.
Alignment align_symbols(Symbols a, Symbols b, std::size_t symbols, const AlignLimits& limits) {
  if (auto found = myers(a, b, limits)) return {std::move(*found), false};

  const Occurrences in_b(b, symbols);
  std::vector<std::size_t> pairs_of(symbols, 0);
  std::size_t pairs = 0;
  for (const Symbol s : a) {
    pairs_of[s] += in_b.count(s);
    pairs += in_b.count(s);
  }
  if (pairs <= limits.candidates) return {hunt_szymanski(a, in_b, std::vector<char>(symbols, 1)), false};

  Alignment result{{}, true};
  std::vector<Match> anchors = hunt_szymanski(a, in_b, rarest(pairs_of, limits.candidates));
  anchors.push_back({a.size(), b.size()});
  Match from{};
  for (const Match& anchor : anchors) {
    align_by_windows(a.subspan(from.expected, anchor.expected - from.expected),
                     b.subspan(from.actual, anchor.actual - from.actual), limits, from, result.matches);
    if (anchor.expected < a.size()) result.matches.push_back(anchor);
    from = {anchor.expected + 1, anchor.actual + 1};
  }
  return result;
}

}  // namespace

Alignment align(std::span<const std::uint64_t> expected, std::span<const std::uint64_t> actual, const AlignLimits& limits) {
  const std::size_t shorter = std::min(expected.size(), actual.size());
  std::size_t prefix = 0;
  while (prefix < shorter && expected[prefix] == actual[prefix]) ++prefix;
  std::size_t suffix = 0;
  while (suffix < shorter - prefix && expected[expected.size() - 1 - suffix] == actual[actual.size() - 1 - suffix]) ++suffix;

  Alignment result;
  result.matches.reserve(prefix + suffix);
  for (std::size_t i = 0; i < prefix; ++i) result.matches.push_back({i, i});

  const auto middle_of = [&](std::span<const std::uint64_t> side) { return side.subspan(prefix, side.size() - prefix - suffix); };
  const auto middle_expected = middle_of(expected);
  const auto middle_actual = middle_of(actual);
  if (!middle_expected.empty() && !middle_actual.empty()) {
    std::unordered_map<std::uint64_t, Symbol> names;
    std::vector<char> in_both;
    for (const std::uint64_t fingerprint : middle_expected) names.try_emplace(fingerprint, static_cast<Symbol>(names.size()));
    in_both.assign(names.size(), 0);
    for (const std::uint64_t fingerprint : middle_actual) {
      if (const auto name = names.find(fingerprint); name != names.end()) in_both[name->second] = 1;
    }
    std::vector<Symbol> number(in_both.size(), 0);  // symbols of both, numbered anew without gaps
    std::size_t symbols = 0;
    for (std::size_t s = 0; s < in_both.size(); ++s) {
      if (in_both[s]) number[s] = static_cast<Symbol>(symbols++);
    }
    const auto common = [&](std::span<const std::uint64_t> side, std::vector<Symbol>& sequence, std::vector<std::size_t>& where) {
      for (std::size_t i = 0; i < side.size(); ++i) {
        const auto name = names.find(side[i]);
        if (name == names.end() || !in_both[name->second]) continue;
        sequence.push_back(number[name->second]);
        where.push_back(prefix + i);
      }
    };
    std::vector<Symbol> a;
    std::vector<Symbol> b;
    std::vector<std::size_t> where_a;
    std::vector<std::size_t> where_b;
    common(middle_expected, a, where_a);
    common(middle_actual, b, where_b);
    if (!a.empty()) {
      const Alignment found = align_symbols(a, b, symbols, limits);
      result.bounded = found.bounded;
      for (const Match& match : found.matches) result.matches.push_back({where_a[match.expected], where_b[match.actual]});
    }
  }
  for (std::size_t i = suffix; i > 0; --i) result.matches.push_back({expected.size() - i, actual.size() - i});
  return result;
}

Alignment pair_alike(std::size_t expected_count, std::size_t actual_count, const Likeness& likeness, std::size_t& budget) {
  Alignment result;
  if (expected_count == 0 || actual_count == 0) return result;
  const std::size_t n = expected_count;
  const std::size_t m = actual_count;

  // Each row looks at the columns within `reach` of the diagonal; neighbouring rows must overlap.
  std::size_t reach = m;
  if (n > budget / m) {
    reach = std::max(budget / n / 2, m / n + 2);
    result.bounded = reach < m;
  }
  const auto first_column = [&](std::size_t i) {
    const auto center = static_cast<std::size_t>(static_cast<double>(i) * static_cast<double>(m) / static_cast<double>(n));
    return center > reach ? center - reach : std::size_t{0};
  };
  const auto last_column = [&](std::size_t i) {  // of the cells, which are one more than the items
    const auto center = static_cast<std::size_t>(static_cast<double>(i) * static_cast<double>(m) / static_cast<double>(n));
    return std::min(m, center + reach);
  };

  enum Way : std::uint8_t { pair, skip_expected, skip_actual };
  constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::min() / 2;
  std::vector<std::vector<std::uint8_t>> ways(n);
  std::vector<std::int64_t> below;  // the row after, from its first column
  std::vector<std::int64_t> row;
  std::size_t looked = 0;
  // Backwards, so that the way forwards can prefer the earliest pairs among equally good ones.
  for (std::size_t i = n + 1; i-- > 0;) {
    const std::size_t first = first_column(i);
    const std::size_t last = last_column(i);
    row.assign(last - first + 1, kNever);
    if (i < n) ways[i].assign(last - first + 1, skip_actual);
    const std::size_t first_below = i < n ? first_column(i + 1) : 0;
    const auto at_below = [&](std::size_t j) {
      return j < first_below || j - first_below >= below.size() ? kNever : below[j - first_below];
    };
    for (std::size_t j = last + 1; j-- > first;) {
      std::int64_t best = i == n && j == m ? 0 : kNever;
      std::uint8_t way = skip_actual;
      if (j < last) best = row[j + 1 - first];
      if (i < n) {
        if (const std::int64_t score = at_below(j); score > best || best == kNever) {
          best = score;
          way = skip_expected;
        }
        if (j < m && at_below(j + 1) != kNever) {
          ++looked;
          if (const int alike = likeness(i, j); alike >= 0) {
            // A pair is one difference instead of two, whatever it has in common.
            if (const std::int64_t score = at_below(j + 1) + alike + 1; score >= best) {
              best = score;
              way = pair;
            }
          }
        }
        ways[i][j - first] = way;
      }
      row[j - first] = best;
    }
    below.swap(row);
  }
  budget -= std::min(budget, looked);

  std::size_t j = 0;
  for (std::size_t i = 0; i < n && j < m;) {
    const std::size_t first = first_column(i);
    switch (ways[i][j - first]) {
      case pair:
        result.matches.push_back({i++, j++});
        break;
      case skip_expected:
        ++i;
        break;
      default:
        ++j;
        break;
    }
  }
  return result;
}

}  // namespace stream
