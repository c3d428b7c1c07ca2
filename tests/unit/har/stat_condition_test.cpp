#include <catch2/catch.hpp>

#include "har/stat/condition.hpp"

using namespace har::stat;

namespace {

std::string refusal(std::string_view text) {
  const auto condition = parse_condition(text);
  if (condition) return "taken";
  return condition.error().message + (condition.error().hint.empty() ? "" : " / " + condition.error().hint);
}

Totals totals() {
  Settings settings;
  settings.sections = {{Dimension::host}, {Dimension::type, Dimension::host}};
  Totals totals(settings);
  totals.begin_input("a.har");
  EntryFactsList list;
  FactsReader reader;
  for (int i = 1; i <= 20; ++i) {
    const std::string host = i % 2 == 0 ? "even" : "odd";
    const std::string status = i == 20 ? "500" : "200";
    const std::string entry = R"({"_resourceType":"xhr","time":)" + std::to_string(i * 100) +
                              R"(,"request":{"method":"GET","url":"https://)" + host + R"(/"},"response":{"status":)" + status +
                              R"(,"content":{"size":)" + std::to_string(i * 1000) + "}}}";
    REQUIRE(reader.read(entry, {}, list));
  }
  totals.add(list, 0);
  totals.end_input({});
  return totals;
}

std::vector<std::string> verdicts(std::string_view text) {
  const auto condition = parse_condition(text);
  REQUIRE(condition);
  static const Totals all = totals();
  std::vector<std::string> lines;
  for (const Verdict& verdict : judge(*condition, all)) {
    lines.push_back(verdict.what + ": " + (verdict.found.empty() ? "nothing" : verdict.found) +
                    (verdict.violated ? " violates " : " keeps ") + verdict.limit);
  }
  return lines;
}

}  // namespace

TEST_CASE("a limit is judged by the number it names, to the last digit") {
  using Lines = std::vector<std::string>;
  CHECK(verdicts("time.p95>1900ms") == Lines{"time.p95: 1900 ms keeps > 1900 ms"});
  CHECK(verdicts("p95(time) >= 1.9s") == Lines{"time.p95: 1900 ms violates >= 1900 ms"});
  CHECK(verdicts("time.mean > 1s") == Lines{"time.mean: 1050 ms violates > 1000 ms"});
  CHECK(verdicts("time.min<100ms") == Lines{"time.min: 100 ms keeps < 100 ms"});
  CHECK(verdicts("time.count != 20") == Lines{"time.count: 20 keeps != 20"});
  CHECK(verdicts("size.max > 10kB") == Lines{"size.max: 20000 bytes violates > 10000 bytes"});
  CHECK(verdicts("bytes > 1MiB") == Lines{"bytes: 210000 bytes keeps > 1048576 bytes"});
  CHECK(verdicts("status.5xx > 5%") == Lines{"status.5xx: 5% (1 of 20) keeps > 5%"});
  CHECK(verdicts("status.500 >= 5%") == Lines{"status.500: 5% (1 of 20) violates >= 5%"});
  CHECK(verdicts("status.404 > 0") == Lines{"status.404: 0 keeps > 0"});
  CHECK(verdicts("repeated > 0") == Lines{"repeated: 18 violates > 0"});
  CHECK(verdicts("errors==0%") == Lines{"errors: 0% (0 of 20) violates == 0%"});
  CHECK(verdicts("cache.unusable<19") == Lines{"cache.unusable: 19 keeps < 19"});
  CHECK(verdicts("dns.p50>1ms") == Lines{"dns.p50: nothing keeps > 1 ms"});
}

TEST_CASE("a limit of a group is judged for each group that it means") {
  using Lines = std::vector<std::string>;
  CHECK(verdicts("time.max{host=even}>1s") == Lines{"time.max of host=even: 2000 ms violates > 1000 ms"});
  CHECK(verdicts("entries{host=*}>9") == Lines{"entries of host=even: 10 violates > 9", "entries of host=odd: 10 violates > 9"});
  CHECK(verdicts("entries { host = \"odd\" , type = * } < 1") == Lines{"entries of type=xhr, host=odd: 10 keeps < 1"});
  CHECK(verdicts("entries{host=none}<1") == Lines{"entries of host=none: 0 violates < 1"});
  CHECK(verdicts("time.p50{host=none}>1s") == Lines{"time.p50 of host=none: nothing keeps > 1000 ms"});
}

TEST_CASE("a limit that says nothing is refused, with the column and the way out") {
  CHECK(refusal("tme.p95>2s") == "'tme.p95>2s', column 1: there is nothing called 'tme' / did you mean 'time'?");
  CHECK(refusal("time>2s") ==
        "'time>2s', column 1: expected what of all the values of 'time' is limited, found '' / say .p95 (any percentile), .min, "
        ".max, .mean, "
        ".sum or .count");
  CHECK(refusal("time.p95>2") == "'time.p95>2', column 10: expected a time with its unit, as 800ms or 2s, found '2'");
  CHECK(refusal("time.p0>2s").starts_with("'time.p0>2s', column 1: expected what of all"));
  CHECK(refusal("time.p95=2s") == "'time.p95=2s', column 9: expected one of < <= > >= == !=, found '=2s'");
  CHECK(refusal("errors.p95>2") == "'errors.p95>2', column 1: 'errors' is one number, and has no 'p95'");
  CHECK(refusal("status>2").find("expected a status") != std::string::npos);
  CHECK(refusal("status.6xx>2").find("expected a status") != std::string::npos);
  CHECK(refusal("cache.warm>2").find("expected what a cache may do") != std::string::npos);
  CHECK(refusal("bytes>5%").find("no percentage of it") != std::string::npos);
  CHECK(refusal("errors>101%").find("expected a percentage") != std::string::npos);
  CHECK(refusal("errors>1.5").find("expected a whole number") != std::string::npos);
  CHECK(refusal("bytes>5 lines").find("expected a size") != std::string::npos);
  CHECK(refusal("errors{hst=a}>1") == "'errors{hst=a}>1', column 8: there is nothing called 'hst' to group by / see --group-by");
  CHECK(refusal("errors{host=a>1").find("expected ',' or '}'") != std::string::npos);
  CHECK(refusal("errors{host=a,host=b}>1").find("'host' stands twice") != std::string::npos);
  CHECK(refusal("wasted{host=a}>1").find("is known of all entries only") != std::string::npos);
  CHECK(refusal("p95(time>2s").find("expected ')'") != std::string::npos);
  CHECK(refusal("").find("expected what is limited") != std::string::npos);
  CHECK(refusal("errors>" + std::string(500, '9')).find("longer than any") != std::string::npos);
  CHECK(refusal("time.p95>" + std::string(500, '9')).find("longer than any") != std::string::npos);
}
