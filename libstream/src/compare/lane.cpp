#include "lane.hpp"

#include <algorithm>
#include <bit>
#include <string_view>
#include <thread>
#include <unordered_map>

namespace stream {
namespace {

// Events of different types that are less alike than this are two events, not one that changed.
constexpr int kOtherType = 400;

// Runs with more pairs than this are paired as they stand, with a look at so many neighbours where two are less alike by so much
// than those before.
constexpr std::size_t kManyPairs = std::size_t{1} << 16;
constexpr std::size_t kNeighbours = 16;
constexpr std::size_t kLongRun = 512;  // is worth a thread
constexpr int kLessAlike = 150;

std::string_view type_of(const Item& item) {
  if (item.kind != ItemKind::event || item.fields.empty()) return {};
  return item.fields.front().value;
}

std::uint64_t print_of(ItemComparer& comparer, Waiting& waiting) {
  if (!waiting.print) waiting.print = comparer.fingerprint(waiting.item);
  return *waiting.print;
}

const WordSketch& words_of(Waiting& waiting) {
  if (!waiting.words) waiting.words = sketch_words(waiting.item.data);
  return *waiting.words;
}

class Aligner {
 public:
  Aligner(Lane& lane, ItemComparer& comparer, ItemComparer* second, const AlignLimits& limits, std::size_t& budget)
      : lane_(lane), comparer_(comparer), second_(second), limits_(limits), budget_(budget) {}

  LaneAlignment run(std::size_t count_e, std::size_t count_a) {
    const std::size_t shorter = std::min(count_e, count_a);
    std::size_t prefix = 0;
    while (prefix < shorter && same(prefix, prefix)) ++prefix;
    std::size_t suffix = 0;
    while (suffix < shorter - prefix && same(count_e - 1 - suffix, count_a - 1 - suffix)) ++suffix;
    const std::size_t end_e = count_e - suffix;
    const std::size_t end_a = count_a - suffix;
    for (std::size_t i = 0; i < prefix; ++i) add(i, i, true);
    if (end_e - prefix > 1 || end_a - prefix > 1) {
      align_middle(prefix, end_e, end_a);
    } else {
      add_run({prefix, prefix}, {end_e, end_a});
    }
    for (std::size_t i = suffix; i > 0; --i) add(count_e - i, count_a - i, true);
    return std::move(out_);
  }

 private:
  const Item& e(std::size_t i) const { return lane_.expected[i].item; }
  const Item& a(std::size_t j) const { return lane_.actual[j].item; }
  bool same(std::size_t i, std::size_t j) { return equal_items(comparer_, e(i), a(j)); }
  void add(std::size_t i, std::size_t j, bool equal) { out_.steps.push_back({i, j, equal, false}); }

  void align_middle(std::size_t begin, std::size_t end_e, std::size_t end_a) {
    std::vector<std::uint64_t> prints_e;
    std::vector<std::uint64_t> prints_a;
    find_prints(begin, end_e, end_a);
    for (std::size_t i = begin; i < end_e; ++i) prints_e.push_back(print_of(comparer_, lane_.expected[i]));
    for (std::size_t j = begin; j < end_a; ++j) prints_a.push_back(print_of(comparer_, lane_.actual[j]));
    const Alignment alignment = align(prints_e, prints_a, limits_);
    out_.bounded = out_.bounded || alignment.bounded;
    Match from{begin, begin};
    for (const Match& match : alignment.matches) {
      const Match at{begin + match.expected, begin + match.actual};
      // Equal fingerprints are almost always equal items; where they are not, the two are part of the run.
      if (!same(at.expected, at.actual)) continue;
      add_run(from, at);
      add(at.expected, at.actual, true);
      from = {at.expected + 1, at.actual + 1};
    }
    add_run(from, {end_e, end_a});
  }

  // Those of long runs, of both sides at once.
  void find_prints(std::size_t begin, std::size_t end_e, std::size_t end_a) {
    if (second_ == nullptr || end_e - begin < kLongRun || end_a - begin < kLongRun) return;
    const auto find = [begin](std::deque<Waiting>& items, std::size_t end, ItemComparer& comparer) {
      for (std::size_t i = begin; i < end; ++i) {
        print_of(comparer, items[i]);
        words_of(items[i]);
      }
    };
    const auto known = [begin](const std::deque<Waiting>& items, std::size_t end) {
      return items[end - 1 - (end - begin) / 4].print;
    };
    if (known(lane_.expected, end_e) || known(lane_.actual, end_a)) return;
    std::thread actual([&] { find(lane_.actual, end_a, *second_); });
    find(lane_.expected, end_e, comparer_);
    actual.join();
  }

  // Two runs without equal items: those that are alike are one item that changed.
  void add_run(Match from, Match to) {
    const std::size_t count_e = to.expected - from.expected;
    const std::size_t count_a = to.actual - from.actual;
    std::vector<Match> pairs;
    if (count_e != 0 && count_a > kManyPairs / count_e) {
      pairs = pair_in_order(from, to);
      out_.bounded = true;
    } else if (count_e != 0 && count_a != 0) {
      const bool alone = count_e == 1 && count_a == 1;
      std::vector<std::vector<std::uint32_t>> of_e(count_e);
      std::vector<std::vector<std::uint32_t>> of_a(count_a);
      if (!alone) {
        for (std::size_t i = 0; i < count_e; ++i) of_e[i] = comparer_.features(e(from.expected + i));
        for (std::size_t j = 0; j < count_a; ++j) of_a[j] = comparer_.features(a(from.actual + j));
      }
      const auto alike = [&](std::size_t i, std::size_t j) {
        const Item& expected = e(from.expected + i);
        const Item& actual = a(from.actual + j);
        if (expected.kind != actual.kind) return -1;
        if (alone) return 0;
        const int score = likeness(of_e[i], of_a[j]);
        return score < kOtherType && type_of(expected) != type_of(actual) ? -1 : score;
      };
      const Alignment paired = pair_alike(count_e, count_a, alike, budget_);
      out_.bounded = out_.bounded || paired.bounded;
      pairs = paired.matches;
    }
    pairs.push_back({count_e, count_a});
    std::size_t i = from.expected;
    std::size_t j = from.actual;
    for (const Match& pair : pairs) {
      while (i < from.expected + pair.expected) add(i++, LaneStep::kNone, false);
      while (j < from.actual + pair.actual) add(LaneStep::kNone, j++, false);
      if (i == to.expected || j == to.actual) continue;
      add(i++, j++, false);
    }
  }

  // Long runs, as when nothing is equal: each with its opposite, as long as those are as alike as the others were.
  std::vector<Match> pair_in_order(Match from, Match to) {
    std::vector<Match> pairs;
    const auto alike = [&](std::size_t i, std::size_t j) {
      const Item& expected = e(i);
      const Item& actual = a(j);
      if (expected.kind != actual.kind) return -1;
      const int score = likeness(words_of(lane_.expected[i]), words_of(lane_.actual[j]));
      return score < kOtherType && type_of(expected) != type_of(actual) ? -1 : score;
    };
    std::size_t i = from.expected;
    std::size_t j = from.actual;
    int usual = 0;
    while (i < to.expected && j < to.actual) {
      const int here = alike(i, j);
      int score = here;
      std::size_t skip_e = 0;
      std::size_t skip_a = 0;
      if (here < usual - kLessAlike || here < 0) {
        int best = here < 0 ? -1 : here + kLessAlike;
        for (std::size_t k = 1; k <= kNeighbours; ++k) {
          if (const int other = i + k < to.expected ? alike(i + k, j) : -1; other > best) {
            best = other;
            skip_e = k;
            skip_a = 0;
          }
          if (const int other = j + k < to.actual ? alike(i, j + k) : -1; other > best) {
            best = other;
            skip_e = 0;
            skip_a = k;
          }
        }
        if (skip_e + skip_a != 0) {
          score = best;
        } else if (here < 0) {
          ++i;
          ++j;
          continue;
        }
      }
      i += skip_e;
      j += skip_a;
      usual += (score - usual) / 8;
      pairs.push_back({i++ - from.expected, j++ - from.actual});
    }
    return pairs;
  }

  Lane& lane_;
  ItemComparer& comparer_;
  ItemComparer* second_;
  const AlignLimits& limits_;
  std::size_t& budget_;
  LaneAlignment out_;
};

}  // namespace

WordSketch sketch_words(std::string_view text) {
  constexpr std::size_t kMost = 1024;  // bytes: what is alike is so in its beginning
  WordSketch out{};
  std::uint64_t hash = 0;
  for (const char c : text.substr(0, kMost)) {
    const auto byte = static_cast<unsigned char>(c);
    const unsigned char folded = byte | 0x20U;
    const bool word = (folded >= 'a' && folded <= 'z') || (byte >= '0' && byte <= '9') || byte >= 0x80;
    if (word) {
      hash = (hash ^ byte) * 0x9e3779b97f4a7c15U;
      hash ^= hash >> 29;
    } else if (hash != 0) {
      out[hash >> 61] |= std::uint64_t{1} << (hash >> 55 & 63);
      hash = 0;
    }
  }
  if (hash != 0) out[hash >> 61] |= std::uint64_t{1} << (hash >> 55 & 63);
  return out;
}

int likeness(const WordSketch& a, const WordSketch& b) {
  int common = 0;
  int all = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    common += std::popcount(a[i] & b[i]);
    all += std::popcount(a[i]) + std::popcount(b[i]);
  }
  return all == 0 ? 1000 : 2000 * common / all;
}

bool equal_items(ItemComparer& comparer, const Item& expected, const Item& actual) { return comparer.equal(expected, actual); }

LaneAlignment align_lane(Lane& lane, std::size_t expected_count, std::size_t actual_count, ItemComparer& comparer,
                         const AlignLimits& limits, std::size_t& budget, ItemComparer* second) {
  return Aligner(lane, comparer, second, limits, budget).run(expected_count, actual_count);
}

void find_moved(Lane& lane, ItemComparer& comparer, std::vector<LaneStep>& steps) {
  std::unordered_multimap<std::uint64_t, std::size_t> extra;  // steps, by fingerprint
  for (std::size_t i = 0; i < steps.size(); ++i) {
    if (steps[i].expected == LaneStep::kNone) extra.emplace(print_of(comparer, lane.actual[steps[i].actual]), i);
  }
  if (extra.empty()) return;
  std::vector<bool> gone(steps.size());
  for (LaneStep& step : steps) {
    if (step.actual != LaneStep::kNone) continue;
    Waiting& missing = lane.expected[step.expected];
    // Of several the first: a multimap keeps equal keys in the order in which they came, but gives no order to find them in.
    std::size_t best = steps.size();
    const auto [first, last] = extra.equal_range(print_of(comparer, missing));
    auto found = last;
    for (auto at = first; at != last; ++at) {
      if (at->second < best && equal_items(comparer, missing.item, lane.actual[steps[at->second].actual].item)) {
        best = at->second;
        found = at;
      }
    }
    if (found == last) continue;
    step.actual = steps[best].actual;
    step.moved = true;
    gone[best] = true;
    extra.erase(found);
  }
  std::size_t kept = 0;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    if (!gone[i]) steps[kept++] = steps[i];
  }
  steps.resize(kept);
}

}  // namespace stream
