#include "har/stat/quantiles.hpp"

#include <algorithm>
#include <bit>

namespace har::stat {
namespace {

constexpr unsigned kMantissa = 7;  // binary digits behind the first
constexpr std::uint64_t kSmall = 256;

std::uint64_t least_in(std::size_t bucket) {
  if (bucket < kSmall) return bucket;
  const std::size_t above = bucket - kSmall;
  return ((std::uint64_t{1} << kMantissa) + above % 128) << (above / 128 + 1);
}

std::uint64_t width_of(std::size_t bucket) { return bucket < kSmall ? 1 : std::uint64_t{1} << ((bucket - kSmall) / 128 + 1); }

}  // namespace

std::string to_string(Sum sum) {
  std::string digits;
  do {
    digits += static_cast<char>('0' + static_cast<int>(sum % 10));
    sum /= 10;
  } while (sum != 0);
  std::reverse(digits.begin(), digits.end());
  return digits;
}

std::optional<Percent> parse_percent(std::string_view text) {
  Percent percent;
  std::size_t digits = 0;
  std::size_t decimals = 0;
  bool point = false;
  for (const char c : text) {
    if (c == '.' && !point && digits != 0) {
      point = true;
      continue;
    }
    if (c < '0' || c > '9' || ++digits > 9 || (point && ++decimals > 6)) return std::nullopt;
    percent.tenths = percent.tenths * 10 + static_cast<std::uint64_t>(c - '0');
    if (point) percent.per *= 10;
  }
  if (digits == 0 || text.back() == '.' || percent.tenths == 0 || percent.tenths > 100 * percent.per) return std::nullopt;
  while (percent.per > 1 && percent.tenths % 10 == 0) {
    percent.tenths /= 10;
    percent.per /= 10;
  }
  percent.name = std::to_string(percent.tenths / percent.per);
  if (percent.per > 1) {
    std::string part = std::to_string(percent.tenths % percent.per);
    percent.name += '.';
    for (std::uint64_t per = percent.per; per > 10 && percent.tenths % percent.per < per / 10; per /= 10) percent.name += '0';
    percent.name += part;
  }
  return percent;
}

std::size_t bucket_of(std::uint64_t value) {
  if (value < kSmall) return static_cast<std::size_t>(value);
  const auto exponent = static_cast<unsigned>(std::bit_width(value)) - 1;  // at least 8
  const std::uint64_t mantissa = (value >> (exponent - kMantissa)) & 127U;
  return static_cast<std::size_t>(kSmall + (exponent - 8) * 128 + mantissa);
}

std::uint64_t middle_of(std::size_t bucket) { return least_in(bucket) + width_of(bucket) / 2; }

void Quantiles::count_bucket(std::size_t bucket, std::uint64_t times) {
  if (counts_.empty()) {
    first_ = bucket;
    counts_.resize(1);
  } else if (bucket < first_) {
    counts_.insert(counts_.begin(), first_ - bucket, 0);
    first_ = bucket;
  } else if (bucket - first_ >= counts_.size()) {
    counts_.resize(bucket - first_ + 1);
  }
  std::uint32_t& count = counts_[bucket - first_];
  const std::uint64_t sum = count + times;
  count = static_cast<std::uint32_t>(sum);
  if (sum >> 32U != 0) carries_[bucket] += sum >> 32U;
}

void Quantiles::to_buckets() {
  for (const std::uint64_t value : values_) count_bucket(bucket_of(value), 1);
  values_ = {};
  sorted_ = 0;
}

void Quantiles::add(std::uint64_t value) {
  value = std::min(value, kLargest);
  sum_ += value;
  least_ = std::min(least_, value);
  greatest_ = std::max(greatest_, value);
  if (++count_ <= exact_up_to_) {
    values_.push_back(value);
    return;
  }
  if (!values_.empty()) to_buckets();
  count_bucket(bucket_of(value), 1);
}

void Quantiles::add(const Quantiles& other) {
  if (other.count_ == 0) return;
  const bool was_exact = exact();
  const bool other_exact = other.exact();
  count_ += other.count_;
  sum_ += other.sum_;
  least_ = std::min(least_, other.least_);
  greatest_ = std::max(greatest_, other.greatest_);
  if (exact()) {
    values_.insert(values_.end(), other.values_.begin(), other.values_.end());
    return;
  }
  if (was_exact) to_buckets();
  if (other_exact) {
    for (const std::uint64_t value : other.values_) count_bucket(bucket_of(value), 1);
    return;
  }
  for (std::size_t i = 0; i < other.counts_.size(); ++i) {
    if (other.counts_[i] != 0) count_bucket(other.first_ + i, other.counts_[i]);
  }
  for (const auto& [bucket, carry] : other.carries_) carries_[bucket] += carry;
}

std::uint64_t Quantiles::mean() const { return count_ == 0 ? 0 : static_cast<std::uint64_t>((sum_ + count_ / 2) / count_); }

std::uint64_t Quantiles::at(const Percent& percent) const {
  if (count_ == 0) return 0;
  const Sum whole = Sum{100} * percent.per;
  const Sum rank = std::max<Sum>(1, (Sum{count_} * percent.tenths + whole - 1) / whole);
  if (rank >= count_) return greatest_;
  if (exact()) return values()[static_cast<std::size_t>(rank - 1)];
  Sum seen = 0;
  for (const auto& [bucket, count] : buckets()) {
    seen += count;
    if (seen >= rank) return std::clamp(middle_of(bucket), least_, greatest_);
  }
  return greatest_;
}

const std::vector<std::uint64_t>& Quantiles::values() const {
  if (sorted_ != values_.size()) {
    std::sort(values_.begin(), values_.end());
    sorted_ = values_.size();
  }
  return values_;
}

std::vector<std::pair<std::size_t, std::uint64_t>> Quantiles::buckets() const {
  std::vector<std::pair<std::size_t, std::uint64_t>> buckets;
  for (std::size_t i = 0; i < counts_.size(); ++i) {
    std::uint64_t count = counts_[i];
    if (const auto carry = carries_.find(first_ + i); carry != carries_.end()) count += carry->second << 32U;
    if (count != 0) buckets.emplace_back(first_ + i, count);
  }
  return buckets;
}

std::optional<Quantiles> Quantiles::of_values(std::size_t exact_up_to, std::vector<std::uint64_t> values) {
  Quantiles made(exact_up_to);
  if (values.size() > exact_up_to) return std::nullopt;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (values[i] > kLargest || (i != 0 && values[i] < values[i - 1])) return std::nullopt;
    made.sum_ += values[i];
  }
  made.count_ = values.size();
  if (!values.empty()) {
    made.least_ = values.front();
    made.greatest_ = values.back();
  }
  made.sorted_ = values.size();
  made.values_ = std::move(values);
  return made;
}

std::optional<Quantiles> Quantiles::of_buckets(std::size_t exact_up_to,
                                               const std::vector<std::pair<std::size_t, std::uint64_t>>& buckets, Sum sum,
                                               std::uint64_t least, std::uint64_t greatest) {
  Quantiles made(exact_up_to);
  if (buckets.empty() || least > greatest || greatest > kLargest || bucket_of(least) != buckets.front().first ||
      bucket_of(greatest) != buckets.back().first) {
    return std::nullopt;
  }
  Sum count = 0;
  Sum least_sum = 0;
  Sum greatest_sum = 0;
  for (std::size_t i = 0; i < buckets.size(); ++i) {
    const auto [bucket, times] = buckets[i];
    if (bucket >= kBuckets || times == 0 || (i != 0 && bucket <= buckets[i - 1].first)) return std::nullopt;
    count += times;
    if (count > kLargest) return std::nullopt;
    least_sum += Sum{times} * least_in(bucket);
    greatest_sum += Sum{times} * (least_in(bucket) + width_of(bucket) - 1);
    made.count_bucket(bucket, times);
  }
  if (count <= exact_up_to || sum < least_sum || sum > greatest_sum) return std::nullopt;
  made.count_ = static_cast<std::uint64_t>(count);
  made.sum_ = sum;
  made.least_ = least;
  made.greatest_ = greatest;
  return made;
}

bool Quantiles::operator==(const Quantiles& other) const {
  return exact_up_to_ == other.exact_up_to_ && count_ == other.count_ && sum_ == other.sum_ && least_ == other.least_ &&
         greatest_ == other.greatest_ && values() == other.values() && buckets() == other.buckets();
}

}  // namespace har::stat
