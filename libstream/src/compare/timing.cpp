#include "timing.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>

#include "stream/text/units.hpp"

namespace stream {
namespace {

std::optional<double> number(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value)) return std::nullopt;
  return value;
}

std::string shown(Nanos time) {
  const double ms = static_cast<double>(time.count()) / 1e6;
  return std::abs(ms) >= 10'000 ? fmt::format("{:.3f} s", ms / 1000) : fmt::format("{:.3f} ms", ms);
}

/// How far the actual value may go.
Nanos bound_of(const TimingRule& rule, Nanos expected) {
  if (!rule.relative) return rule.limit;
  if (rule.percent) {
    return expected + Nanos(static_cast<std::int64_t>(static_cast<double>(expected.count()) * *rule.percent / 100));
  }
  return expected + rule.limit;
}

bool holds(const TimingRule& rule, Nanos expected, Nanos actual) {
  const Nanos bound = bound_of(rule, expected);
  return rule.at_least ? actual >= bound : actual <= bound;
}

Difference difference_of(const TimingRule& rule, Nanos expected, Nanos actual) {
  Difference out;
  out.subject = Subject::timing;
  out.field = rule.spelling;
  out.expected_value = {ShownValue::Form::text, shown(expected)};
  out.actual_value = {ShownValue::Form::text, fmt::format("{} ({} {})", shown(actual), rule.at_least ? "at least" : "at most",
                                                          shown(bound_of(rule, expected)))};
  return out;
}

ItemRef ref(const Item& item) { return {item.kind, item.direction, item.number, item.t, item.offset, item.line, {}}; }

}  // namespace

Result<TimingRule> parse_timing_rule(std::string_view text) {
  const auto refuse = [&](std::string_view what) {
    return fail({ErrorCode::usage,
                 fmt::format("{} in the rule of timing '{}'", what, text),
                 {},
                 "such as gap<=+50ms, at<=+200ms, first<=500ms, total<=+10%, gap.p99<=200ms, gap.max<=1s"});
  };
  TimingRule rule;
  rule.spelling = text;
  const auto sign = text.find_first_of("<>");
  if (sign == std::string_view::npos || text.substr(sign + 1, 1) != "=") return refuse("expected <= or >=");
  rule.at_least = text[sign] == '>';
  std::string_view name = text.substr(0, sign);
  std::string_view limit = text.substr(sign + 2);
  const auto dot = name.find('.');
  const std::string_view statistic = dot == std::string_view::npos ? std::string_view() : name.substr(dot + 1);
  name = name.substr(0, dot);
  if (name == "first") {
    rule.metric = TimingRule::Metric::first;
  } else if (name == "total") {
    rule.metric = TimingRule::Metric::total;
  } else if (name == "at") {
    rule.metric = TimingRule::Metric::at;
  } else if (name == "gap") {
    rule.metric = TimingRule::Metric::gap;
  } else {
    return refuse("expected first, total, at or gap");
  }
  if (dot != std::string_view::npos) {
    if (rule.metric != TimingRule::Metric::gap) return refuse("only gaps have statistics");
    if (statistic == "max") {
      rule.statistic = TimingRule::Statistic::max;
    } else if (statistic == "mean") {
      rule.statistic = TimingRule::Statistic::mean;
    } else {
      const auto percent = statistic.starts_with('p') ? number(statistic.substr(1)) : std::nullopt;
      if (!percent || *percent < 0 || *percent > 100) return refuse("expected max, mean, or p and a percentage");
      rule.statistic = TimingRule::Statistic::percentile;
      rule.percentile = *percent;
    }
  }
  rule.relative = limit.starts_with('+') || limit.starts_with('-');
  const bool negative = limit.starts_with('-');
  if (rule.relative) limit.remove_prefix(1);
  if (limit.ends_with('%')) {
    const auto percent = number(limit.substr(0, limit.size() - 1));
    if (!percent || !rule.relative) return refuse("expected + or - before a percentage");
    rule.percent = negative ? -*percent : *percent;
    return rule;
  }
  const auto duration = parse_duration(limit);
  if (!duration) return refuse("expected a duration such as 50ms");
  rule.limit = negative ? -*duration : *duration;
  return rule;
}

// Values below 2^kBits have a slot each; above, each power of two has 2^kBits.
std::size_t Durations::slot_of(std::uint64_t value) {
  const auto width = static_cast<int>(std::bit_width(value));
  if (width <= kBits + 1) return static_cast<std::size_t>(value);
  const int shift = width - kBits - 1;
  return (static_cast<std::size_t>(shift) << kBits) + static_cast<std::size_t>(value >> shift);
}

std::uint64_t Durations::value_of(std::size_t slot) {
  if (slot < (std::size_t{2} << kBits)) return slot;
  const std::size_t shift = (slot >> kBits) - 1;
  return static_cast<std::uint64_t>(slot - (shift << kBits)) << shift;
}

void Durations::add(Nanos duration) {
  const auto value = static_cast<std::uint64_t>(std::max<std::int64_t>(duration.count(), 0));
  const std::size_t slot = slot_of(value);
  if (slot >= slots_.size()) slots_.resize(slot + 1);
  ++slots_[slot];
  ++count_;
  sum_ += static_cast<double>(value);
  max_ = std::max(max_, Nanos(static_cast<std::int64_t>(value)));
}

Nanos Durations::mean() const {
  return count_ == 0 ? Nanos{} : Nanos(static_cast<std::int64_t>(sum_ / static_cast<double>(count_)));
}

Nanos Durations::percentile(double percent) const {
  const auto rank = static_cast<std::uint64_t>(std::ceil(percent / 100 * static_cast<double>(count_)));
  std::uint64_t seen = 0;
  for (std::size_t slot = 0; slot < slots_.size(); ++slot) {
    seen += slots_[slot];
    if (seen >= std::max<std::uint64_t>(rank, 1)) return std::min(max_, Nanos(static_cast<std::int64_t>(value_of(slot))));
  }
  return {};
}

void TimingCheck::item(bool expected, const Item& item) {
  Seen& side = sides_[expected ? 0 : 1];
  if (!item.t) {
    side.untimed = true;
    return;
  }
  if (!side.first) side.first = item.t;
  if (side.last) side.gaps.add(*item.t - *side.last);
  side.last = item.t;
}

void TimingCheck::pair(const Item& expected, const Item& actual, std::vector<Difference>& out) {
  if (!expected.t || !actual.t) return;
  const std::array<Nanos, 2> now{*expected.t, *actual.t};
  if (first_pair_) {
    for (const TimingRule& rule : rules_) {
      if (rule.statistic != TimingRule::Statistic::each) continue;
      if (rule.metric != TimingRule::Metric::at && rule.metric != TimingRule::Metric::gap) continue;
      const auto& since = rule.metric == TimingRule::Metric::at ? *first_pair_ : *last_pair_;
      const Nanos e = now[0] - since[0];
      const Nanos a = now[1] - since[1];
      if (holds(rule, e, a)) continue;
      out.push_back(difference_of(rule, e, a));
      out.back().expected = ref(expected);
      out.back().actual = ref(actual);
    }
  } else {
    first_pair_ = now;
  }
  last_pair_ = now;
}

std::optional<Nanos> TimingCheck::value(const Seen& side, const TimingRule& rule) const {
  if (rule.metric == TimingRule::Metric::first) return side.first;
  if (rule.metric == TimingRule::Metric::total) return side.last;
  if (side.gaps.count() == 0) return std::nullopt;
  switch (rule.statistic) {
    case TimingRule::Statistic::percentile:
      return side.gaps.percentile(rule.percentile);
    case TimingRule::Statistic::mean:
      return side.gaps.mean();
    case TimingRule::Statistic::max:
      return side.gaps.max();
    case TimingRule::Statistic::each:
      break;
  }
  return std::nullopt;
}

Status TimingCheck::finish(const CompareOptions& options, std::vector<Difference>& out) {
  for (std::size_t side = 0; side < sides_.size(); ++side) {
    if (!sides_[side].untimed) continue;
    return fail({ErrorCode::usage,
                 "it has no times, so there is no timing to compare",
                 {side == 0 ? options.expected_source : options.actual_source},
                 "a recording has them, a body by itself has none; streamrec records them"});
  }
  for (const TimingRule& rule : rules_) {
    const auto e = value(sides_[0], rule);
    const auto a = value(sides_[1], rule);
    if (e && a && !holds(rule, *e, *a)) out.push_back(difference_of(rule, *e, *a));
  }
  return {};
}

}  // namespace stream
