#include "stream/compare/timing.hpp"

#include <catch2/catch.hpp>

#include "exchanges.hpp"

using namespace exchanges;
using stream::CompareOptions;
using stream::Exchange;
using stream::Nanos;

namespace {

/// Events at these milliseconds behind the request.
Exchange at(const std::vector<int>& milliseconds, int clock = 0) {
  std::vector<std::string> chunks;
  for (std::size_t i = 0; i < milliseconds.size(); ++i) chunks.push_back("data: " + std::to_string(i) + "\n\n");
  Exchange exchange = recorded("text/event-stream", chunks);
  const Nanos shift(clock * 1'000'000LL);
  exchange.request->t += shift;
  exchange.response->t += shift;
  for (std::size_t i = 0; i < milliseconds.size(); ++i)
    exchange.timeline[i].t = exchange.request->t + Nanos(milliseconds[i] * 1'000'000LL);
  return exchange;
}

stream::Comparison timed(const Exchange& expected, const Exchange& actual, std::initializer_list<const char*> rules) {
  CompareOptions options;
  for (const char* rule : rules) options.timing.push_back(stream::parse_timing_rule(rule).value());
  auto result = stream::compare_exchanges(expected, actual, options);
  REQUIRE(result);
  return std::move(*result);
}

}  // namespace

TEST_CASE("times are not compared unless there is a rule") { CHECK(timed(at({10, 20, 30}), at({10, 900, 5000}), {}).equal()); }

TEST_CASE("a gap is held against the expected gap between the same two events") {
  const auto result = timed(at({10, 20, 30, 40}), at({100, 110, 190, 200}), {"gap<=+50ms"});
  REQUIRE(result.total == 1);
  const auto& difference = result.differences.front();
  CHECK(difference.subject == stream::Subject::timing);
  CHECK(difference.field == "gap<=+50ms");
  CHECK(difference.expected.number == 3);
  CHECK(difference.expected_value.text == "10.000 ms");
  CHECK(difference.actual_value.text == "80.000 ms (at most 60.000 ms)");
  CHECK(timed(at({10, 20}), at({10, 20}), {"gap>=+1ms"}).total == 1);
}

TEST_CASE("a clock that is ahead, or a late begin, makes no difference to gaps and places") {
  CHECK(timed(at({10, 20, 30}), at({510, 520, 530}, 7000), {"gap<=+0ms", "gap>=-0ms", "at<=+0ms"}).equal());
  CHECK(timed(at({10, 20, 30}), at({510, 520, 530}, 7000), {"first<=+100ms"}).total == 1);
  CHECK(timed(at({10, 20, 30}), at({10, 20, 45}), {"at<=+10ms"}).total == 1);
}

TEST_CASE("the first event, the whole and statistics of the gaps have bounds of their own") {
  const Exchange expected = at({10, 20, 30, 40, 50});
  const Exchange actual = at({15, 25, 35, 45, 155});
  CHECK(timed(expected, actual, {"first<=+5ms", "first<=15ms"}).equal());
  CHECK(timed(expected, actual, {"first<=14ms"}).total == 1);
  CHECK(timed(expected, actual, {"total<=+200%"}).total == 1);
  CHECK(timed(expected, actual, {"total<=+210%"}).equal());
  CHECK(timed(expected, actual, {"gap.p75<=10ms"}).equal());
  CHECK(timed(expected, actual, {"gap.p76<=10ms"}).total == 1);
  CHECK(timed(expected, actual, {"gap.max<=109ms"}).total == 1);
  CHECK(timed(expected, actual, {"gap.max<=110ms", "gap.mean<=35ms"}).equal());
  CHECK(timed(expected, actual, {"gap.mean<=34ms"}).total == 1);
}

TEST_CASE("what has no times cannot be held against them") {
  CompareOptions options;
  options.actual_source = "body.sse";
  options.timing.push_back(stream::parse_timing_rule("gap<=1s").value());
  const auto result = stream::compare_exchanges(at({10}), bare(stream::StreamKind::sse, "data: 0\n\n"), options);
  REQUIRE_FALSE(result);
  CHECK(to_string(result.error()) == "body.sse: it has no times, so there is no timing to compare");
}

TEST_CASE("a rule of timing that is none says what one is") {
  for (const char* text :
       {"", "gap", "gap<5ms", "gaps<=5ms", "gap<=5%", "first.max<=1s", "gap.p101<=1s", "gap.q<=1s", "gap<=+-1ms"}) {
    const auto rule = stream::parse_timing_rule(text);
    CAPTURE(text);
    REQUIRE_FALSE(rule);
    CHECK(rule.error().message.find("in the rule of timing '" + std::string(text) + "'") != std::string::npos);
    CHECK_FALSE(rule.error().hint.empty());
  }
  const auto rule = stream::parse_timing_rule("gap.p99.9>=-20%");
  REQUIRE(rule);
  CHECK(rule->percentile == 99.9);
  CHECK(rule->percent == -20.0);
  CHECK(rule->at_least);
}
