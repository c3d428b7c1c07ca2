#include "check/kinds.hpp"

#include <fmt/format.h>

#include <algorithm>

#include <catch2/catch.hpp>

#include "har/check/check.hpp"
#include "stream/io/byte_source.hpp"

using namespace har::check;

namespace {

/// Sees a HAR through the check: what was said with words, and what was only counted.
struct Heard {
  std::vector<std::string> said{};
  std::vector<std::string> counted{};
  Summary summary{};
};

Heard hear(const std::string& har, unsigned threads, bool may_count) {
  Heard out;
  har::Input input;
  input.path = "a.har";
  input.source = stream::memory_source(har, "a.har");
  input.format = har::find_format("har");
  Options options;
  options.threads = threads;
  options.enough = 2;
  if (may_count) {
    options.more = [&](const stream::Finding& finding, std::size_t count) {
      CHECK(finding.message.empty());
      for (std::size_t i = 0; i < count; ++i) out.counted.push_back(finding.rule + " " + finding.place.pointer);
    };
  }
  auto summary = check(input, options, [&](const stream::Finding& finding) {
    out.said.push_back(fmt::format("{}:{} {} {}", finding.place.line, finding.place.column, finding.place.pointer, finding.rule));
  });
  REQUIRE(summary);
  out.summary = std::move(*summary);
  return out;
}

/// A HAR of some megabytes whose entries say that they are of HTTP/2 as Chrome does, and one of them something else.
std::string many_entries() {
  constexpr int kEntries = 6000;
  std::string har = R"({"log":{"version":"1.2","creator":{"name":"t","version":"1"},"entries":[)";
  for (int i = 0; i < kEntries; ++i) {
    har += fmt::format(
        R"({}{{"startedDateTime":"2026-11-22T09:{:02}:{:02}.{:03}Z","time":1,"request":{{"method":"GET","url":"https://a.test/{}",)"
        R"("httpVersion":"h2","cookies":[],"headers":[],"queryString":[],"headersSize":-1,"bodySize":0}},)"
        R"("response":{{"status":{},"statusText":"","httpVersion":"HTTP/1.1","cookies":[],"headers":[],)"
        R"("content":{{"size":0,"mimeType":"a/b"}},"redirectURL":"","headersSize":-1,"bodySize":0}},"cache":{{}},)"
        R"("timings":{{"send":0,"wait":1,"receive":0}}}})",
        i == 0 ? "\n" : ",\n", i / 60000, i / 1000 % 60, i % 1000, i, i == kEntries - 1 ? 0 : 200);
  }
  return har + "]}}";
}

}  // namespace

TEST_CASE("a kind that was said often enough is counted from then on, whatever the numbers in its pointer") {
  Kinds kinds(2);
  Kinds::Counts counts;
  const auto count = [&](const char* pointer) {
    return kinds.count(RuleId::http_version, Severity::note, "/log/entries/7", pointer, counts);
  };
  kinds.said(RuleId::http_version, Severity::note, "/log/entries/0/request/httpVersion");
  CHECK_FALSE(count("/request/httpVersion"));
  kinds.said(RuleId::http_version, Severity::note, "/log/entries/1/request/httpVersion");
  CHECK(count("/request/httpVersion"));
  CHECK(count("/request/httpVersion"));
  CHECK_FALSE(count("/response/httpVersion"));
  CHECK_FALSE(kinds.count(RuleId::http_version, Severity::error, "/log/entries/7", "/request/httpVersion", counts));
  REQUIRE(counts.of.size() == 1);
  CHECK(counts.of[0] == 2);
  CHECK(kinds[0].pointer == "/log/entries/*/request/httpVersion");
}

TEST_CASE("what is missing is said each time: the message alone tells what it is") {
  Kinds kinds(1);
  Kinds::Counts counts;
  kinds.said(RuleId::har_required, Severity::note, "/log/entries/0");
  CHECK_FALSE(kinds.count(RuleId::har_required, Severity::note, "/log/entries/1", "", counts));
}

TEST_CASE("however many kinds there are, those that are known are bounded") {
  Kinds kinds(1);
  Kinds::Counts counts;
  for (std::size_t i = 0; i < 10 * Kinds::kMost; ++i) kinds.said(RuleId::har_member, Severity::note, fmt::format("/x{}", i));
  CHECK(kinds.count(RuleId::har_member, Severity::note, "", "/x0", counts));
  CHECK_FALSE(kinds.count(RuleId::har_member, Severity::note, "", fmt::format("/x{}", 5 * Kinds::kMost), counts));
}

TEST_CASE("findings that are counted are the same in number as those that are said, with any number of threads") {
  const std::string har = many_entries();
  const Heard all = hear(har, 1, false);
  CHECK(all.counted.empty());
  REQUIRE(all.said.size() > 6000);
  for (const unsigned threads : {1U, 4U}) {
    INFO(threads);
    const Heard some = hear(har, threads, true);
    CHECK(some.said.size() + some.counted.size() == all.said.size());
    CHECK(some.summary.count == all.summary.count);
    CHECK(some.summary.by_severity == all.summary.by_severity);
    if (threads == 1) CHECK(some.counted.size() > 1000);  // more threads may have looked at it all before the first is said
    // Those that come first are said, and so is what is rare.
    REQUIRE(some.said.size() >= 3);
    CHECK(some.said[0] == all.said[0]);
    CHECK(some.said[1] == all.said[1]);
    CHECK(std::find(some.said.begin(), some.said.end(), all.said.back()) != some.said.end());
  }
}
