#include "diff/pairing.hpp"

#include <algorithm>
#include <tuple>

#include "stream/compare/align.hpp"
#include "stream/compare/json_compare.hpp"

namespace har::diff {

Pairing::Pairing(std::span<const Record> expected, std::span<const Record> actual)
    : records_e_(expected),
      records_a_(actual),
      expected_(expected.size(), kNone),
      actual_(actual.size(), kNone),
      alike_(expected.size(), false) {}

Pairing::List Pairing::left(const std::vector<std::uint32_t>& partners) {
  List out;
  for (std::uint32_t i = 0; i < partners.size(); ++i) {
    if (partners[i] == kNone) out.push_back(i);
  }
  return out;
}

template <class Each>
void Pairing::buckets(std::vector<Keyed>& expected, std::vector<Keyed>& actual, bool with_gap, const Each& each) {
  const auto key_of = [with_gap](const Keyed& keyed) { return std::pair(keyed.key, with_gap ? keyed.gap : 0); };
  const auto before = [&](const Keyed& a, const Keyed& b) {
    return std::tuple(key_of(a), a.index) < std::tuple(key_of(b), b.index);
  };
  std::sort(expected.begin(), expected.end(), before);
  std::sort(actual.begin(), actual.end(), before);
  auto e = expected.begin();
  auto a = actual.begin();
  while (e != expected.end() && a != actual.end()) {
    const auto key = std::max(key_of(*e), key_of(*a));
    while (e != expected.end() && key_of(*e) < key) ++e;
    while (a != actual.end() && key_of(*a) < key) ++a;
    auto end_e = e;
    auto end_a = a;
    while (end_e != expected.end() && key_of(*end_e) == key) ++end_e;
    while (end_a != actual.end() && key_of(*end_a) == key) ++end_a;
    if (end_e != e && end_a != a) each(std::span<const Keyed>(e, end_e), std::span<const Keyed>(a, end_a));
    e = end_e;
    a = end_a;
  }
}

void Pairing::by_content() {
  // Two recordings of one thing begin alike, and end so.
  const std::size_t shorter = std::min(records_e_.size(), records_a_.size());
  std::uint32_t begin = 0;
  while (begin < shorter && records_e_[begin].content == records_a_[begin].content) {
    pair(begin, begin);
    ++begin;
  }
  std::size_t end_e = records_e_.size();
  std::size_t end_a = records_a_.size();
  while (end_e > begin && end_a > begin && records_e_[end_e - 1].content == records_a_[end_a - 1].content) {
    --end_e;
    --end_a;
    pair(static_cast<std::uint32_t>(end_e), static_cast<std::uint32_t>(end_a));
  }
  const auto keyed = [&](std::span<const Record> records, const std::vector<std::uint32_t>& partners,
                         const std::vector<std::uint32_t>& gaps, std::size_t end) {
    std::vector<Keyed> out;
    for (std::uint32_t i = begin; i < end; ++i) {
      if (partners[i] == kNone) out.push_back({records[i].content, gaps.empty() ? 0 : gaps[i], i, 0});
    }
    return out;
  };
  auto e = keyed(records_e_, expected_, gaps_e_, end_e);
  auto a = keyed(records_a_, actual_, gaps_a_, end_a);
  buckets(e, a, false, [&](std::span<const Keyed> in_e, std::span<const Keyed> in_a) {
    if (in_e.size() == 1 && in_a.size() == 1) pair(in_e[0].index, in_a[0].index);
  });
  for (const bool with_gap : {true, false}) {
    if (with_gap) find_gaps();
    e = keyed(records_e_, expected_, gaps_e_, end_e);
    a = keyed(records_a_, actual_, gaps_a_, end_a);
    buckets(e, a, with_gap, [&](std::span<const Keyed> in_e, std::span<const Keyed> in_a) {
      for (std::size_t i = 0; i < std::min(in_e.size(), in_a.size()); ++i) pair(in_e[i].index, in_a[i].index);
    });
  }
  find_gaps();
}

std::vector<std::pair<std::uint32_t, std::uint32_t>> Pairing::in_order() const {
  // The longest ascending subsequence of the partners, by the piles of patience sorting.
  std::vector<std::uint32_t> tops;  // the expected entry on top of each pile
  std::vector<std::uint32_t> before(expected_.size(), kNone);
  for (std::uint32_t i = 0; i < expected_.size(); ++i) {
    if (expected_[i] == kNone) continue;
    auto pile = tops.end();
    if (!tops.empty() && expected_[tops.back()] > expected_[i]) {
      pile = std::lower_bound(tops.begin(), tops.end(), expected_[i],
                              [&](std::uint32_t top, std::uint32_t actual) { return expected_[top] < actual; });
    }
    if (pile != tops.begin()) before[i] = *(pile - 1);
    if (pile == tops.end()) {
      tops.push_back(i);
    } else {
      *pile = i;
    }
  }
  std::vector<std::pair<std::uint32_t, std::uint32_t>> out(tops.size());
  std::uint32_t at = tops.empty() ? kNone : tops.back();
  for (std::size_t i = tops.size(); i-- > 0; at = before[at]) out[i] = {at, expected_[at]};
  return out;
}

void Pairing::find_gaps() {
  gaps_e_.assign(records_e_.size(), 0);
  gaps_a_.assign(records_a_.size(), 0);
  std::uint32_t gap = 0;
  std::uint32_t e = 0;
  std::uint32_t a = 0;
  for (const auto& [at_e, at_a] : in_order()) {
    for (; e <= at_e; ++e) gaps_e_[e] = gap;
    for (; a <= at_a; ++a) gaps_a_[a] = gap;
    ++gap;
  }
  std::fill(gaps_e_.begin() + e, gaps_e_.end(), gap);
  std::fill(gaps_a_.begin() + a, gaps_a_.end(), gap);
}

void Pairing::by_details(std::span<const Detail> expected, std::span<const Detail> actual) {
  const List in_e = left_expected();
  const List in_a = left_actual();
  const auto keyed = [](const List& list, std::span<const Detail> details, const std::vector<std::uint32_t>& partners,
                        const std::vector<std::uint32_t>& gaps, std::uint64_t Detail::*key) {
    std::vector<Keyed> out;
    for (std::uint32_t i = 0; i < list.size(); ++i) {
      if (partners[list[i]] == kNone) out.push_back({details[i].*key, gaps[list[i]], list[i], i});
    }
    return out;
  };
  const auto likeness = [&](const Keyed& e, const Keyed& a) {
    const Detail& x = expected[e.detail];
    const Detail& y = actual[a.detail];
    return stream::likeness(std::span(x.features, x.count), std::span(y.features, y.count));
  };

  struct Round {
    std::uint64_t Detail::*key;
    bool with_gap;
    bool alike;
    int least;  ///< how alike they must be
  };
  constexpr int kAny = 0;
  constexpr int kRather = 300;
  for (const Round& round :
       {Round{&Detail::key, true, false, kAny}, Round{&Detail::key, false, false, kAny}, Round{&Detail::place, true, true, kAny},
        Round{&Detail::place, false, true, kAny}, Round{&Detail::shape, true, true, kAny},
        Round{&Detail::shape, false, true, kAny}, Round{&Detail::path, false, true, kRather}}) {
    auto e = keyed(in_e, expected, expected_, gaps_e_, round.key);
    auto a = keyed(in_a, actual, actual_, gaps_a_, round.key);
    if (e.empty() || a.empty()) return;
    buckets(e, a, round.with_gap, [&](std::span<const Keyed> all_e, std::span<const Keyed> all_a) {
      const auto join = [&](const Keyed& x, const Keyed& y) {
        pair(x.index, y.index);
        alike_[x.index] = round.alike;
      };
      if (all_e.size() == 1 && all_a.size() == 1) {
        if (round.least == kAny || likeness(all_e[0], all_a[0]) >= round.least) join(all_e[0], all_a[0]);
        return;
      }
      // Those with the same bodies first, wherever they stand.
      std::vector<Keyed> rest_e(all_e.begin(), all_e.end());
      std::vector<Keyed> rest_a(all_a.begin(), all_a.end());
      for (Keyed& each : rest_e) each.key = expected[each.detail].bodies;
      for (Keyed& each : rest_a) each.key = actual[each.detail].bodies;
      buckets(rest_e, rest_a, false, [&](std::span<const Keyed> same_e, std::span<const Keyed> same_a) {
        for (std::size_t i = 0; i < std::min(same_e.size(), same_a.size()); ++i) join(same_e[i], same_a[i]);
      });
      const auto by_index = [](const Keyed& x, const Keyed& y) { return x.index < y.index; };
      const auto rest = [&](std::vector<Keyed>& list, const std::vector<std::uint32_t>& partners) {
        std::erase_if(list, [&](const Keyed& each) { return partners[each.index] != kNone; });
        std::sort(list.begin(), list.end(), by_index);
      };
      rest(rest_e, expected_);
      rest(rest_a, actual_);
      if (rest_e.empty() || rest_a.empty()) return;
      const auto alignment = stream::pair_alike(
          rest_e.size(), rest_a.size(),
          [&](std::size_t i, std::size_t j) {
            const int alike = likeness(rest_e[i], rest_a[j]);
            return alike < round.least ? -1 : alike;
          },
          budget_);
      bounded_ = bounded_ || alignment.bounded;
      for (const stream::Match& match : alignment.matches) join(rest_e[match.expected], rest_a[match.actual]);
      if (round.least != kAny) return;
      // Nothing speaks for the others but their address and their order.
      rest(rest_e, expected_);
      rest(rest_a, actual_);
      for (std::size_t i = 0; i < std::min(rest_e.size(), rest_a.size()); ++i) join(rest_e[i], rest_a[i]);
    });
  }
}

std::vector<Pairing::Step> Pairing::steps() const {
  std::vector<Step> out;
  out.reserve(std::max(expected_.size(), actual_.size()));
  std::uint32_t e = 0;
  std::uint32_t a = 0;
  const auto up_to = [&](std::uint32_t end_e, std::uint32_t end_a) {
    for (; e < end_e; ++e) out.push_back({e, expected_[e], expected_[e] != kNone, alike_[e]});
    for (; a < end_a; ++a) {
      if (actual_[a] == kNone) out.push_back({kNone, a, false, false});
    }
  };
  for (const auto& [at_e, at_a] : in_order()) {
    up_to(at_e, at_a);
    out.push_back({at_e, at_a, false, alike_[at_e]});
    ++e;
    ++a;
  }
  up_to(static_cast<std::uint32_t>(expected_.size()), static_cast<std::uint32_t>(actual_.size()));
  return out;
}

}  // namespace har::diff
