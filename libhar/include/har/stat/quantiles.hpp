#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// What recordings hold, as numbers that can be added: what many machines counted, each its part, is what one would have counted.
namespace har::stat {

/// Sums do not overflow: 2^64 values of up to 2^62 each.
__extension__ using Sum = unsigned __int128;
std::string to_string(Sum sum);

/// A part of a hundred, exactly: 99.9 is 999/10.
struct Percent {
  std::uint64_t tenths = 0;  ///< of `per`
  std::uint64_t per = 1;     ///< a power of ten
  std::string name{};        ///< "99.9": without zeros that say nothing

  bool operator==(const Percent&) const = default;
};
/// Above 0 and up to 100, with up to six decimals.
std::optional<Percent> parse_percent(std::string_view text);

/// The distribution of values from 0 to 2^62-1 (larger ones count as that one).
///
/// Up to `exact_up_to` values are kept as they are. With more, all of them are counted in buckets: values below 256 have one
/// each, larger ones share one with those that agree in their first eight binary digits; what is said of a bucket is its
/// middle, which is no further from any value in it than 1/256 of that (0.4 %). Count, sum, smallest and largest are exact
/// always.
///
/// The state is a function of the values (which, and how often) and of `exact_up_to`: neither the order in which they came, nor
/// how they were spread over sketches that were added up, makes a difference.
class Quantiles {
 public:
  static constexpr std::size_t kExactUpTo = 4096;
  static constexpr std::uint64_t kLargest = (std::uint64_t{1} << 62) - 1;
  static constexpr std::size_t kBuckets = 256 + 54 * 128;

  explicit Quantiles(std::size_t exact_up_to = kExactUpTo) : exact_up_to_(exact_up_to) {}

  void add(std::uint64_t value);
  /// `other` has the same `exact_up_to`.
  void add(const Quantiles& other);

  std::uint64_t count() const { return count_; }
  Sum sum() const { return sum_; }
  std::uint64_t least() const { return count_ == 0 ? 0 : least_; }
  std::uint64_t greatest() const { return greatest_; }
  /// Rounded to the nearest, half up; 0 without values.
  std::uint64_t mean() const;
  bool exact() const { return count_ <= exact_up_to_; }

  /// By nearest rank: the smallest value with at least `percent` of the values at or below it. 0 without values.
  std::uint64_t at(const Percent& percent) const;

  /// The values in their order; empty if they are no longer known.
  const std::vector<std::uint64_t>& values() const;
  /// Numbers of buckets, ascending, and how many values are in each; empty while the values are known.
  std::vector<std::pair<std::size_t, std::uint64_t>> buckets() const;

  /// Made of what values() or buckets() gave, and count, sum, smallest and largest. Nothing if that can't be.
  static std::optional<Quantiles> of_values(std::size_t exact_up_to, std::vector<std::uint64_t> values);
  static std::optional<Quantiles> of_buckets(std::size_t exact_up_to,
                                             const std::vector<std::pair<std::size_t, std::uint64_t>>& buckets, Sum sum,
                                             std::uint64_t least, std::uint64_t greatest);

  /// The same values, and the same of how many they are kept.
  bool operator==(const Quantiles& other) const;

 private:
  void count_bucket(std::size_t bucket, std::uint64_t times);
  void to_buckets();

  std::size_t exact_up_to_;
  std::uint64_t count_ = 0;
  Sum sum_ = 0;
  std::uint64_t least_ = kLargest;
  std::uint64_t greatest_ = 0;
  mutable std::vector<std::uint64_t> values_{};
  mutable std::size_t sorted_ = 0;                  ///< so many values are in order
  std::size_t first_ = 0;                           ///< the bucket of counts_[0]
  std::vector<std::uint32_t> counts_{};             ///< modulo 2^32
  std::map<std::size_t, std::uint64_t> carries_{};  ///< of buckets with more
};

/// The bucket of a value, and its middle.
std::size_t bucket_of(std::uint64_t value);
std::uint64_t middle_of(std::size_t bucket);

}  // namespace har::stat
