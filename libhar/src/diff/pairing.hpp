#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "diff/index.hpp"

namespace har::diff {

/// Which entries of two sides belong together. Time and memory grow with n log n, whatever the entries are.
class Pairing {
 public:
  static constexpr std::uint32_t kNone = UINT32_MAX;

  Pairing(std::span<const Record> expected, std::span<const Record> actual);

  /// Entries with the same content. What is there but once on both sides is paired first; what is repeated is paired where it
  /// stands between those that keep their order, and then anywhere.
  void by_content();
  /// Those that found no partner, in their order.
  std::vector<std::uint32_t> left_expected() const { return left(expected_); }
  std::vector<std::uint32_t> left_actual() const { return left(actual_); }
  /// Pairs these by their addresses: first between the same neighbours, then anywhere; and of several with one address those that
  /// are most alike. The lists are those of left_…(), in the same order.
  void by_details(std::span<const Detail> expected, std::span<const Detail> actual);

  struct Step {
    std::uint32_t expected = kNone;
    std::uint32_t actual = kNone;
    bool moved = false;
    bool alike = false;
  };
  /// In the order of the expected side; what is extra stands behind what it came after.
  std::vector<Step> steps() const;
  /// There were too many entries of one address to look at all pairs.
  bool bounded() const { return bounded_; }

 private:
  using List = std::vector<std::uint32_t>;
  static List left(const std::vector<std::uint32_t>& partners);
  void pair(std::uint32_t expected, std::uint32_t actual) {
    expected_[expected] = actual;
    actual_[actual] = expected;
  }
  /// Of the pairs, those that keep their order: as many as can be.
  std::vector<std::pair<std::uint32_t, std::uint32_t>> in_order() const;
  /// Numbers the places between those that keep their order.
  void find_gaps();

  struct Keyed {
    std::uint64_t key = 0;
    std::uint32_t gap = 0;
    std::uint32_t index = 0;   // of the entry
    std::uint32_t detail = 0;  // of what is left
  };
  /// Calls `each` for the entries of both sides that have the same key (and the same gap).
  template <class Each>
  static void buckets(std::vector<Keyed>& expected, std::vector<Keyed>& actual, bool with_gap, const Each& each);

  std::span<const Record> records_e_;
  std::span<const Record> records_a_;
  std::vector<std::uint32_t> expected_{};  // partners
  std::vector<std::uint32_t> actual_{};
  std::vector<std::uint32_t> gaps_e_{};
  std::vector<std::uint32_t> gaps_a_{};
  std::vector<bool> alike_{};  // of the expected entry
  std::size_t budget_ = std::size_t{1} << 22;
  bool bounded_ = false;
};

}  // namespace har::diff
