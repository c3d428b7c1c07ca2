#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "stream/compare/compare.hpp"

namespace stream {

/// How long things took, in bounded memory: percentiles are exact to a thousandth.
class Durations {
 public:
  void add(Nanos duration);
  std::uint64_t count() const { return count_; }
  Nanos max() const { return max_; }
  Nanos mean() const;
  /// The smallest duration that so many per cent are no longer than.
  Nanos percentile(double percent) const;

 private:
  static constexpr int kBits = 10;  // of a mantissa
  static std::size_t slot_of(std::uint64_t value);
  static std::uint64_t value_of(std::size_t slot);

  std::vector<std::uint32_t> slots_;
  std::uint64_t count_ = 0;
  double sum_ = 0;
  Nanos max_{};
};

/// Holds what comes against the rules of timing.
class TimingCheck {
 public:
  explicit TimingCheck(const std::vector<TimingRule>& rules) : rules_(rules) {}

  bool active() const { return !rules_.empty(); }
  /// An item of one side, in its order.
  void item(bool expected, const Item& item);
  /// Two items that stand opposite each other.
  void pair(const Item& expected, const Item& actual, std::vector<Difference>& out);
  /// Errors: `usage` if a side has no times.
  Status finish(const CompareOptions& options, std::vector<Difference>& out);

 private:
  struct Seen {
    std::optional<Nanos> first{};
    std::optional<Nanos> last{};
    Durations gaps{};
    bool untimed = false;
  };
  std::optional<Nanos> value(const Seen& side, const TimingRule& rule) const;

  const std::vector<TimingRule>& rules_;
  std::array<Seen, 2> sides_;
  std::optional<std::array<Nanos, 2>> first_pair_;
  std::optional<std::array<Nanos, 2>> last_pair_;
};

}  // namespace stream
