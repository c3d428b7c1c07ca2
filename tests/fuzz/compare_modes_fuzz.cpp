// Two bodies, in every order, joined, timed, live and in small windows: what a mode says of a stream and itself is that they are
// equal, the sink hears of every item once, and how a live stream is cut changes nothing.
#include <cstdint>
#include <cstdlib>
#include <deque>
#include <iterator>
#include <string>
#include <string_view>

#include "stream/compare/compare.hpp"

namespace {

using stream::Comparison;
using stream::Event;
using stream::StreamKind;

void require(bool condition) {
  if (!condition) std::abort();
}

class Pieces final : public stream::EventSource {
 public:
  Pieces(StreamKind kind, std::string_view body, std::size_t size, bool live)
      : kind_(kind), rest_(body), size_(size), live_(live) {}

  stream::Result<std::optional<Event>> next() override {
    Event event;
    event.t = stream::Nanos(1000 * static_cast<std::int64_t>(asked_));
    if (asked_++ == 0) {
      event.kind = stream::EventKind::response;
      event.stream_kind = to_string(kind_);
      event.object = stream::Json::object();
    } else if (!rest_.empty()) {
      event.kind = stream::EventKind::data;
      event.data = rest_.substr(0, size_);
      rest_.remove_prefix(event.data.size());
    } else if (!std::exchange(ended_, true)) {
      event.kind = stream::EventKind::end;
      event.reason = "eof";
    } else {
      return std::optional<Event>();
    }
    return std::optional(std::move(event));
  }
  bool live() const override { return live_; }
  bool bare() const override { return true; }
  bool timed() const override { return true; }

 private:
  StreamKind kind_;
  std::string_view rest_;
  std::size_t size_;
  bool live_;
  std::size_t asked_ = 0;
  bool ended_ = false;
};

/// Counts what it is told of.
class Counting final : public stream::CompareSink {
 public:
  stream::Status begin(const stream::SideSummary&, const stream::SideSummary&,
                       std::span<const stream::Difference> found) override {
    differences += found.size();
    return {};
  }
  stream::Status step(const stream::CompareStep& step) override {
    differences += step.differences.size();
    expected += step.expected != nullptr ? 1U : 0U;
    actual += step.actual != nullptr ? 1U : 0U;
    return {};
  }
  stream::Status skip(std::size_t count) override {
    expected += count;
    actual += count;
    return {};
  }
  stream::Status end(const Comparison&, std::span<const stream::Difference> found) override {
    differences += found.size();
    return {};
  }
  std::size_t differences = 0;
  std::size_t expected = 0;
  std::size_t actual = 0;
};

Comparison compare(stream::EventSource& expected, stream::EventSource& actual, const stream::CompareOptions& options) {
  Counting sink;
  auto result = stream::compare_streams(expected, actual, options, &sink);
  require(result.has_value());
  require(sink.differences == result->total);
  require(result->differences.size() == result->total);
  require(sink.expected <= result->expected.items);
  require(sink.actual <= result->actual.items);
  return std::move(*result);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 4 || size > 4096) return 0;
  constexpr StreamKind kKinds[] = {StreamKind::sse, StreamKind::ndjson, StreamKind::json_seq, StreamKind::text};
  constexpr stream::Order kOrders[] = {stream::Order::strict, stream::Order::unordered, stream::Order::by_key,
                                       stream::Order::subsequence};
  const StreamKind kind = kKinds[data[0] % std::size(kKinds)];
  stream::CompareOptions options;
  options.order = kOrders[data[0] / 4 % std::size(kOrders)];
  options.key = stream::parse_path("/k").value();
  const unsigned flags = data[1];
  if (flags & 1U) options.context = data[2] % 4;
  if (flags & 2U) options.window = 2;
  if (flags & 4U) options.window_bytes = 16;
  if (flags & 8U) options.join.push_back({stream::parse_path("/*/t").value(), {stream::parse_path("/*/k").value()}, "/*/t"});
  if (flags & 16U) options.join.push_back({stream::parse_path("/**/d").value(), {}, "/**/d"});
  if (flags & 32U) options.truncation = stream::Truncation::allowed;
  if (flags & 64U)
    options.timing = {stream::parse_timing_rule("gap<=+1ms").value(), stream::parse_timing_rule("gap.p50<=1s").value()};
  if (flags & 128U) options.allow_extra = true;
  const std::size_t cut = 1 + data[3] % 64;
  const std::string_view rest(reinterpret_cast<const char*>(data) + 4, size - 4);
  const std::size_t separator = rest.find('|');
  const std::string_view first = rest.substr(0, separator == std::string_view::npos ? rest.size() / 2 : separator);
  const std::string_view second = rest.substr(separator == std::string_view::npos ? rest.size() / 2 : separator + 1);

  for (const bool live : {false, true}) {
    const auto run = [&](std::string_view a, std::string_view b, std::size_t pieces) {
      Pieces expected(kind, a, 4096, false);
      Pieces actual(kind, b, pieces, live);
      return compare(expected, actual, options);
    };
    const Comparison whole = run(first, second, 4096);
    if (live && options.timing.empty()) {
      const Comparison parts = run(first, second, cut);
      require(parts.total == whole.total);
    }
    if (!options.timing.empty()) continue;  // pieces have their times
    const bool small = options.window < 16 || options.window_bytes < 64;
    require(run(first, first, cut).equal() || (small && options.order != stream::Order::strict));
  }
  return 0;
}
