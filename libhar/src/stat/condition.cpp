#include "har/stat/condition.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "stream/text/near.hpp"
#include "stream/text/units.hpp"

namespace har::stat {
namespace {

using stream::Error;
using stream::ErrorCode;
using stream::fail;
using stream::Result;
using Op = Condition::Op;
using Stat = Condition::Stat;

// What each name is: a number, or a distribution, of which a statistic must be named.
struct Metric {
  std::string_view name;
  Unit unit;
  bool distribution;
};
constexpr std::array kMetrics = {Metric{"entries", Unit::count, false},
                                 Metric{"errors", Unit::count, false},
                                 Metric{"status", Unit::count, false},
                                 Metric{"cache", Unit::count, false},
                                 Metric{"no-validator", Unit::count, false},
                                 Metric{"from-cache", Unit::count, false},
                                 Metric{"repeated", Unit::count, false},
                                 Metric{"wasted", Unit::bytes, false},
                                 Metric{"bytes", Unit::bytes, false},
                                 Metric{"transferred", Unit::bytes, false},
                                 Metric{"request-bytes", Unit::bytes, false},
                                 Metric{"connections", Unit::count, false},
                                 Metric{"messages", Unit::count, false},
                                 Metric{"streams", Unit::count, false},
                                 Metric{"events", Unit::count, false},
                                 Metric{"time", Unit::time, true},
                                 Metric{"blocked", Unit::time, true},
                                 Metric{"dns", Unit::time, true},
                                 Metric{"connect", Unit::time, true},
                                 Metric{"ssl", Unit::time, true},
                                 Metric{"send", Unit::time, true},
                                 Metric{"wait", Unit::time, true},
                                 Metric{"receive", Unit::time, true},
                                 Metric{"ttfb", Unit::time, true},
                                 Metric{"size", Unit::bytes, true},
                                 Metric{"message-gap", Unit::time, true},
                                 Metric{"first-message", Unit::time, true},
                                 Metric{"connection-time", Unit::time, true},
                                 Metric{"event-gap", Unit::time, true},
                                 Metric{"first-event", Unit::time, true},
                                 Metric{"stream-time", Unit::time, true}};

const Metric* find_metric(std::string_view name) {
  const auto* const found =
      std::find_if(kMetrics.begin(), kMetrics.end(), [&](const Metric& metric) { return metric.name == name; });
  return found == kMetrics.end() ? nullptr : found;
}

bool is_cache_class(std::string_view name) {
  for (std::size_t i = 0; i < kCacheClasses; ++i) {
    if (to_string(static_cast<CacheClass>(i)) == name) return true;
  }
  return false;
}

bool is_status(std::string_view text) {
  if (text == "0") return true;
  if (text.size() != 3 || text[0] < '1' || text[0] > '9') return false;
  if (text.substr(1) == "xx") return text[0] <= '5';
  return text[1] >= '0' && text[1] <= '9' && text[2] >= '0' && text[2] <= '9';
}

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) { condition_.text = text; }

  Result<Condition> run() {
    STREAM_TRY(measure());
    skip_space();
    if (peek() == '{') STREAM_TRY(group());
    STREAM_TRY(op());
    STREAM_TRY(limit());
    return std::move(condition_);
  }

 private:
  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  void skip_space() {
    while (peek() == ' ' || peek() == '\t') ++at_;
  }
  auto wrong(std::string message, std::string hint = {}, std::optional<std::size_t> at = {}) const {
    return fail(
        {ErrorCode::usage, fmt::format("'{}', column {}: {}", text_, at.value_or(at_) + 1, message), {}, std::move(hint)});
  }
  std::string found() const { return at_ < text_.size() ? fmt::format("'{}'", text_.substr(at_, 20)) : "the end"; }
  std::string_view word() {
    const std::size_t from = at_;
    while ((peek() >= 'a' && peek() <= 'z') || (peek() >= '0' && peek() <= '9') || peek() == '-' || peek() == '.') ++at_;
    return text_.substr(from, at_ - from);
  }

  /// time.p95, p95(time), status.5xx, entries
  stream::Status measure() {
    skip_space();
    std::size_t from = at_;
    std::string_view first = word();
    std::string_view rest;
    skip_space();
    if (peek() == '(') {
      rest = first;
      ++at_;
      skip_space();
      from = at_;
      first = word();
      skip_space();
      if (peek() != ')') return wrong(fmt::format("expected ')', found {}", found()));
      ++at_;
      if (first.find('.') != std::string_view::npos)
        return wrong("a statistic is said only once", "write time.p95 or p95(time)", from);
    } else if (const std::size_t dot = first.find('.'); dot != std::string_view::npos) {
      rest = first.substr(dot + 1);
      first = first.substr(0, dot);
    }
    const Metric* const metric = find_metric(first);
    if (metric == nullptr) {
      std::array<std::string_view, kMetrics.size()> names;
      std::transform(kMetrics.begin(), kMetrics.end(), names.begin(), [](const Metric& known) { return known.name; });
      const auto near = stream::near_word(first, names);
      return wrong(first.empty() ? fmt::format("expected what is limited, as time.p95 or errors, found {}", found())
                                 : fmt::format("there is nothing called '{}'", first),
                   near ? fmt::format("did you mean '{}'?", *near) : fmt::format("there are {}", fmt::join(names, ", ")), from);
    }
    condition_.metric = metric->name;
    condition_.unit = metric->unit;
    if (metric->distribution) return statistic(*metric, rest, from);
    if (first == "status") {
      if (!is_status(rest)) return wrong("expected a status, as status.404, status.5xx or status.0", {}, from);
    } else if (first == "cache") {
      if (!is_cache_class(rest)) return wrong("expected what a cache may do, as cache.fresh or cache.no-store", {}, from);
    } else if (!rest.empty()) {
      return wrong(fmt::format("'{}' is one number, and has no '{}'", first, rest), {}, from);
    }
    condition_.detail = rest;
    return {};
  }

  stream::Status statistic(const Metric& metric, std::string_view name, std::size_t at) {
    if (name == "min" || name == "max" || name == "mean" || name == "sum" || name == "count") {
      condition_.stat = name == "min"    ? Stat::least
                        : name == "max"  ? Stat::greatest
                        : name == "mean" ? Stat::mean
                        : name == "sum"  ? Stat::sum
                                         : Stat::values;
      if (name == "count") condition_.unit = Unit::count;
      return {};
    }
    const auto percent = name.starts_with('p') ? parse_percent(name.substr(1)) : std::nullopt;
    if (!percent) {
      return wrong(fmt::format("expected what of all the values of '{}' is limited, found '{}'", metric.name, name),
                   "say .p95 (any percentile), .min, .max, .mean, .sum or .count", at);
    }
    condition_.stat = Stat::percentile;
    condition_.percent = *percent;
    return {};
  }

  /// {host=api.example,type="a, b"}
  stream::Status group() {
    for (++at_;;) {
      skip_space();
      const std::size_t from = at_;
      const std::string_view name = word();
      const auto dimension = dimension_from_name(name);
      if (!dimension) return wrong(fmt::format("there is nothing called '{}' to group by", name), "see --group-by", from);
      skip_space();
      if (peek() != '=') return wrong(fmt::format("expected '=', found {}", found()));
      ++at_;
      skip_space();
      std::string value;
      if (peek() == '"') {
        const std::size_t end = text_.find('"', at_ + 1);
        if (end == std::string_view::npos) return wrong("the quote is not closed");
        value = text_.substr(at_ + 1, end - at_ - 1);
        at_ = end + 1;
      } else {
        const std::size_t end = std::min(text_.find_first_of(",}", at_), text_.size());
        value = text_.substr(at_, end - at_);
        while (value.ends_with(' ')) value.pop_back();
        at_ = end;
      }
      const bool twice = std::any_of(condition_.group.begin(), condition_.group.end(),
                                     [&](const auto& known) { return known.first == *dimension; });
      if (twice) return wrong(fmt::format("'{}' stands twice", name), {}, from);
      condition_.group.emplace_back(*dimension, std::move(value));
      skip_space();
      if (peek() == ',') {
        ++at_;
        continue;
      }
      if (peek() != '}') return wrong(fmt::format("expected ',' or '}}', found {}", found()));
      ++at_;
      break;
    }
    std::sort(condition_.group.begin(), condition_.group.end());
    if (condition_.metric == "repeated" || condition_.metric == "wasted") {
      return wrong(fmt::format("'{}' is known of all entries only", condition_.metric), {}, 0);
    }
    return {};
  }

  stream::Status op() {
    skip_space();
    constexpr std::array<std::pair<std::string_view, Op>, 6> kOps = {{{"<=", Op::less_equal},
                                                                      {">=", Op::greater_equal},
                                                                      {"==", Op::equal},
                                                                      {"!=", Op::not_equal},
                                                                      {"<", Op::less},
                                                                      {">", Op::greater}}};
    for (const auto& [sign, op] : kOps) {
      if (!text_.substr(at_).starts_with(sign)) continue;
      condition_.op = op;
      at_ += sign.size();
      return {};
    }
    return wrong(fmt::format("expected one of < <= > >= == !=, found {}", found()));
  }

  stream::Status limit() {
    skip_space();
    std::string_view value = text_.substr(at_);
    while (value.ends_with(' ')) value.remove_suffix(1);
    constexpr std::size_t kLongest = 40;
    if (value.size() > kLongest) return wrong("expected a limit, found something longer than any");
    const bool bare = !value.empty() && value.find_first_not_of("0123456789.") == std::string_view::npos;
    if (condition_.unit == Unit::time) {
      const auto time = stream::parse_duration(value);
      if (!time || time->count() < 0 || (bare && time->count() != 0)) {
        return wrong(fmt::format("expected a time with its unit, as 800ms or 2s, found {}", found()));
      }
      condition_.limit = static_cast<std::uint64_t>(time->count());
      return {};
    }
    if (value.ends_with('%')) {
      if (condition_.unit != Unit::count || condition_.stat != Stat::total || condition_.metric == "entries" ||
          condition_.metric == "connections" || condition_.metric == "messages" || condition_.metric == "streams" ||
          condition_.metric == "events") {
        return wrong("this is no part of the entries, so there is no percentage of it");
      }
      value.remove_suffix(1);
      condition_.share = parse_percent(value);
      if (value == "0") condition_.share = Percent{0, 1, "0"};
      if (!condition_.share) return wrong(fmt::format("expected a percentage from 0% to 100%, found {}", found()));
      return {};
    }
    if (condition_.unit == Unit::bytes) {
      const auto size = stream::parse_size(value);
      if (!size) return wrong(fmt::format("expected a size, as 500kB or 10MiB, found {}", found()));
      condition_.limit = *size;
      return {};
    }
    constexpr std::size_t kMostDigits = 18;
    if (value.empty() || value.size() > kMostDigits || value.find_first_not_of("0123456789") != std::string_view::npos) {
      return wrong(fmt::format("expected a whole number or a percentage, found {}", found()));
    }
    for (const char digit : value) condition_.limit = condition_.limit * 10 + static_cast<std::uint64_t>(digit - '0');
    return {};
  }

  std::string_view text_;
  std::size_t at_ = 0;
  Condition condition_;
};

/// To the last digit: a limit that is just missed must look so.
std::string shown(std::uint64_t value, Unit unit) {
  switch (unit) {
    case Unit::time:
      return stream::format_decimal_millis(stream::Nanos(static_cast<std::int64_t>(std::min(value, Quantiles::kLargest)))) +
             " ms";
    case Unit::bytes:
      return fmt::format("{} bytes", value);
    case Unit::count:
      break;
  }
  return std::to_string(value);
}

std::string_view sign_of(Op op) {
  constexpr std::array<std::string_view, 6> kSigns = {"<", "<=", "==", "!=", ">=", ">"};
  return kSigns[static_cast<std::size_t>(op)];
}

template <class Number>
bool holds(Number a, Op op, Number b) {
  switch (op) {
    case Op::less:
      return a < b;
    case Op::less_equal:
      return a <= b;
    case Op::equal:
      return a == b;
    case Op::not_equal:
      return a != b;
    case Op::greater_equal:
      return a >= b;
    case Op::greater:
      return a > b;
  }
  return false;
}

/// The values of a metric. Streams of several kinds are taken together.
Quantiles distribution_of(const std::string& metric, const Summary& summary) {
  for (std::size_t i = 0; i < kPhases; ++i) {
    if (metric == to_string(static_cast<Phase>(i))) return summary.phases[i];
  }
  if (metric == "size") return summary.size;
  Quantiles values(summary.exact_up_to());
  if (metric == "message-gap" && summary.sockets) values = summary.sockets->gap;
  if (metric == "first-message" && summary.sockets) values = summary.sockets->first;
  if (metric == "connection-time" && summary.sockets) values = summary.sockets->duration;
  for (const auto& [kind, stream] : summary.streams) {
    if (metric == "event-gap") values.add(stream.gap);
    if (metric == "first-event") values.add(stream.first);
    if (metric == "stream-time") values.add(stream.duration);
  }
  return values;
}

std::uint64_t count_of(const Condition& condition, const Summary& summary, const Totals& totals) {
  const std::string& metric = condition.metric;
  if (metric == "entries") return summary.entries;
  if (metric == "errors") return summary.errors;
  if (metric == "no-validator") return summary.without_validator.responses;
  if (metric == "from-cache") return summary.from_cache;
  if (metric == "repeated") return totals.repeats().count().repeated;
  if (metric == "wasted") return totals.repeats().count().wasted;
  if (metric == "bytes") return summary.response_bytes;
  if (metric == "transferred") return summary.transferred;
  if (metric == "request-bytes") return summary.request_bytes;
  if (metric == "status" && condition.detail.ends_with("xx")) {
    return summary.status_classes[static_cast<std::size_t>(condition.detail.front() - '1')];
  }
  if (metric == "status") {
    const auto found = summary.statuses.find(std::stoi(condition.detail));
    return found == summary.statuses.end() ? 0 : found->second;
  }
  if (metric == "cache") {
    for (std::size_t i = 0; i < kCacheClasses; ++i) {
      if (to_string(static_cast<CacheClass>(i)) == condition.detail) return summary.cache[i].responses;
    }
  }
  if (metric == "connections") return summary.sockets ? summary.sockets->connections : 0;
  if (metric == "messages") return summary.sockets ? summary.sockets->messages[0] + summary.sockets->messages[1] : 0;
  std::uint64_t sum = 0;
  for (const auto& [kind, stream] : summary.streams) sum += metric == "streams" ? stream.streams : stream.events;
  return sum;
}

std::string name_of(const Condition& condition) {
  if (!condition.detail.empty()) return condition.metric + '.' + condition.detail;
  switch (condition.stat) {
    case Stat::total:
      return condition.metric;
    case Stat::percentile:
      return condition.metric + ".p" + condition.percent.name;
    case Stat::least:
      return condition.metric + ".min";
    case Stat::greatest:
      return condition.metric + ".max";
    case Stat::mean:
      return condition.metric + ".mean";
    case Stat::sum:
      return condition.metric + ".sum";
    case Stat::values:
      return condition.metric + ".count";
  }
  return condition.metric;
}

Verdict judge_summary(const Condition& condition, const Summary& summary, const Totals& totals, const std::string& group) {
  Verdict verdict;
  verdict.what = name_of(condition) + (group.empty() ? "" : " of " + group);
  verdict.limit = fmt::format("{} {}", sign_of(condition.op),
                              condition.share ? condition.share->name + '%' : shown(condition.limit, condition.unit));
  if (condition.stat == Stat::total) {
    const std::uint64_t count = count_of(condition, summary, totals);
    if (!condition.share) {
      verdict.found = shown(count, condition.unit);
      verdict.violated = holds(count, condition.op, condition.limit);
      return verdict;
    }
    if (summary.entries == 0) return verdict;
    const auto exactly = [](double value) { return fmt::format("{:.6g}", value); };
    verdict.found =
        fmt::format("{}% ({} of {})", exactly(100.0 * static_cast<double>(count) / static_cast<double>(summary.entries)), count,
                    summary.entries);
    verdict.violated =
        holds(Sum{count} * 100 * condition.share->per, condition.op, Sum{summary.entries} * condition.share->tenths);
    return verdict;
  }
  const Quantiles values = distribution_of(condition.metric, summary);
  if (condition.stat == Stat::values) {
    verdict.found = std::to_string(values.count());
    verdict.violated = holds(values.count(), condition.op, condition.limit);
    return verdict;
  }
  if (values.count() == 0) return verdict;
  const Sum value = condition.stat == Stat::percentile ? values.at(condition.percent)
                    : condition.stat == Stat::least    ? values.least()
                    : condition.stat == Stat::greatest ? values.greatest()
                    : condition.stat == Stat::mean     ? values.mean()
                                                       : values.sum();
  verdict.found = shown(static_cast<std::uint64_t>(std::min<Sum>(value, ~std::uint64_t{0})), condition.unit);
  verdict.violated = holds(value, condition.op, Sum{condition.limit});
  return verdict;
}

}  // namespace

Section Condition::section() const {
  Section section;
  for (const auto& [dimension, value] : group) section.push_back(dimension);
  return section;
}

Result<Condition> parse_condition(std::string_view text) { return Parser(text).run(); }

std::vector<Verdict> judge(const Condition& condition, const Totals& totals) {
  if (condition.group.empty()) return {judge_summary(condition, totals.all(), totals, "")};
  std::vector<Verdict> verdicts;
  const Section wanted = condition.section();
  const auto& sections = totals.settings().sections;
  const auto found = std::find_if(sections.begin(), sections.end(), [&](Section section) {
    std::sort(section.begin(), section.end());
    return section == wanted;
  });
  if (found == sections.end()) return verdicts;
  const auto named = [&](const std::vector<std::string_view>& parts) {
    std::string name;
    for (std::size_t i = 0; i < parts.size(); ++i) {
      if (!name.empty()) name += ", ";
      name += fmt::format("{}={}", to_string((*found)[i]), parts[i]);
    }
    return name;
  };
  const auto wanted_value = [&](std::size_t i) -> const std::string& {
    return std::find_if(condition.group.begin(), condition.group.end(),
                        [&](const auto& pair) { return pair.first == (*found)[i]; })
        ->second;
  };
  for (const auto& [key, summary] : totals.section(static_cast<std::size_t>(found - sections.begin())).sorted()) {
    const auto parts = parts_of(key);
    bool meant = true;
    for (std::size_t i = 0; i < parts.size() && meant; ++i) meant = wanted_value(i) == "*" || wanted_value(i) == parts[i];
    if (meant) verdicts.push_back(judge_summary(condition, *summary, totals, named(parts)));
  }
  if (verdicts.empty()) {
    std::vector<std::string_view> parts;
    for (std::size_t i = 0; i < found->size(); ++i) parts.push_back(wanted_value(i));
    verdicts.push_back(judge_summary(condition, Summary(totals.settings().exact_up_to), totals, named(parts)));
  }
  return verdicts;
}

}  // namespace har::stat
