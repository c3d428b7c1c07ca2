// Recorded requests, sent as they were recorded, find their own exchanges; and how long that takes.
#include <catch2/catch.hpp>
#include <chrono>
#include <cstdlib>
#include <filesystem>

#include "har/exchanges.hpp"
#include "har/match/matcher.hpp"
#include "matching.hpp"

using namespace har::match;

TEST_CASE("every recorded request, sent as it was recorded, finds its exchange, and the n-th of the same the n-th") {
  const char* corpus = std::getenv("HARTAPE_CORPUS");
  if (corpus == nullptr) {
    WARN("skipped: HARTAPE_CORPUS is not set");
    return;
  }
  std::size_t files = 0;
  std::size_t total = 0;
  std::size_t bytes = 0;
  for (const char* folder : {"har", "recorded_here"}) {
    for (const auto& file : std::filesystem::recursive_directory_iterator(std::filesystem::path(corpus) / folder)) {
      if (!file.is_regular_file() || file.path().extension() != ".har") continue;
      INFO(file.path());
      har::ExchangeInput input;
      input.bodies = false;
      const auto reader = har::open_exchanges(file.path().string(), input);
      if (!reader) continue;
      std::vector<Recorded> all;
      for (;;) {
        auto exchange = (*reader)->next();
        if (!exchange || !*exchange) break;  // a broken file: what stands before
        all.push_back(recorded_of(**exchange));
      }
      ++files;
      total += all.size();
      for (const Strictness strictness : {Strictness::strict, Strictness::loose}) {
        MatchOptions options;
        options.strictness = strictness;
        const auto matcher = Matcher::make(options, [&](std::size_t index) { return all[index].request; });
        REQUIRE(matcher);
        for (const Recorded& each : all) (*matcher)->add(each);
        if (strictness == Strictness::strict) bytes += (*matcher)->memory();
        for (std::size_t i = 0; i < all.size(); ++i) {
          const Found found = (*matcher)->find(all[i].request);
          if (found && found.index == i && found.score == 1000) continue;
          INFO(i << " " << all[i].request.method << " " << all[i].request.target());
          REQUIRE(found);
          CHECK(found.index == i);
          CHECK(found.score == 1000);
          break;
        }
        for (std::size_t i = 0; i < all.size(); i += 7) {
          const auto nearest = (*matcher)->explain(all[i].request);
          REQUIRE(nearest);
          CHECK(nearest->differences.empty());
        }
      }
    }
  }
  WARN(files << " files, " << total << " exchanges, " << bytes / std::max<std::size_t>(1, total) << " bytes each");
  CHECK(files > 100);
}

TEST_CASE("a lookup does not depend on how many exchanges there are") {
  constexpr std::size_t kExchanges = 10'000;
  constexpr std::size_t kLookups = 100'000;
  std::vector<Request> requests;
  std::size_t names = 0;
  const auto matcher = Matcher::make({});
  REQUIRE(matcher);
  for (std::size_t i = 0; i < kExchanges; ++i) {
    // A thousand paths, and one that all others share.
    const std::string number = std::to_string(i);
    const std::string path = i % 2 == 0 ? "/things/" + std::to_string(i % 1000) : "/graphql";
    Request request = test::asked("POST", "https://h" + std::to_string(i % 20) + ".test" + path + "?page=" + number,
                                  R"({"query":"q","variables":{"id":)" + number + "}}", "application/json",
                                  {{"Accept", "application/json"},
                                   {"Accept-Language", "en"},
                                   {"Content-Type", "application/json"},
                                   {"Origin", "https://h.test"},
                                   {"Referer", "https://h.test/"},
                                   {"X-Client", "web"}});
    (*matcher)->add({request, 200, ""});
    requests.push_back(std::move(request));
    names += path.size();
  }
  std::size_t right = 0;
  const auto begin = std::chrono::steady_clock::now();
  for (std::size_t i = 0; i < kLookups; ++i)
    if ((*matcher)->find(requests[i * 7919 % kExchanges]).index == i * 7919 % kExchanges) ++right;
  const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - begin);
  CHECK(right == kLookups);
  CHECK((*matcher)->memory() < names + 130 * kExchanges);
  WARN(took.count() << " ms for " << kLookups << " lookups; " << (*matcher)->memory() / kExchanges << " bytes an exchange");
  // A search through all would take many times as long, even with sanitizers and on a busy machine.
  CHECK(took < std::chrono::seconds(60));
}
