// Totals that are added, and partial summaries: the same to the byte, in whatever order; and what is none is refused.
#include <algorithm>
#include <catch2/catch.hpp>
#include <random>

#include "har/stat/partial.hpp"

using namespace har::stat;

namespace {

std::string made_entry(std::mt19937& random) {
  const auto pick = [&](unsigned most) { return std::to_string(random() % most); };
  std::string entry = R"({"startedDateTime":"2026-01-01T00:00:0)" + pick(10) + R"(Z","time":)" + pick(500) + "." + pick(1000) +
                      R"(,"pageref":"p)" + pick(3) + R"(","timings":{"send":)" + pick(3) + R"(,"wait":)" + pick(300) +
                      R"(,"receive":1},"request":{"method":"GET","url":"https://h)" + pick(40) + ".example/" + pick(4) +
                      R"("},"response":{"status":)" + (random() % 9 == 0 ? "0" : "20" + pick(5)) + R"(,"_transferSize":)" +
                      pick(1000) + R"(,"content":{"size":)" + pick(5000) + "}}";
  if (random() % 10 == 0) {
    entry += R"(,"_webSocketClose":{"code":100)" + pick(3) + R"(},"_webSocketMessages":[{"type":"send","time":1767225600.)" +
             pick(99) + R"(,"opcode":1,"data":"x"},{"type":"receive","time":1767225601.)" + pick(99) +
             R"(,"opcode":1,"data":"y"}])";
  }
  if (random() % 10 == 1)
    entry += R"(,"_eventSourceMessages":[{"time":1767225600.)" + pick(99) + R"(,"data":"x"},{"time":1767225609,"data":"y"}])";
  return entry + "}";
}

Settings small() {
  Settings settings;
  settings.sections = {{Dimension::host}, {Dimension::page, Dimension::status}, {Dimension::url}};
  settings.exact_up_to = 30;
  settings.max_groups = 7;
  settings.max_requests = 12;
  settings.top = 5;
  return settings;
}

har::LogInfo pages() {
  har::LogInfo info;
  info.log.push_back({"pages", stream::Json::Array{stream::Json::Object{{"id", "p1"}, {"title", "The first"}}}});
  return info;
}

Totals count(const std::vector<std::pair<std::string, std::vector<std::string>>>& inputs, const Settings& settings,
             std::mt19937* random = nullptr) {
  Totals totals(settings);
  FactsReader reader;
  for (const auto& [name, entries] : inputs) {
    totals.begin_input(name);
    EntryFactsList list;
    std::size_t first = 0;
    for (std::size_t i = 0; i < entries.size(); ++i) {
      REQUIRE(reader.read(entries[i], {}, list));
      if (random != nullptr && (*random)() % 5 == 0) {
        totals.add(list, first);
        list.clear();
        first = i + 1;
      }
    }
    totals.add(list, first);
    totals.end_input(pages());
  }
  return totals;
}

std::string partial_text() {
  std::mt19937 random(3);
  std::vector<std::string> entries;
  for (int i = 0; i < 60; ++i) entries.push_back(made_entry(random));
  return to_partial(count({{"a.har", entries}}, small()));
}

std::string refusal(std::string_view text) {
  const auto totals = read_partial(text, {"x.partial", 3, 0, std::nullopt, ""});
  return totals ? "taken" : to_string(totals.error());
}

std::string replaced(std::string text, std::string_view what, std::string_view with) {
  const auto at = text.find(what);
  REQUIRE(at != std::string::npos);
  return text.replace(at, what.size(), with);
}

}  // namespace

TEST_CASE("totals are the same to the byte, however inputs are spread and in whichever order they are added") {
  std::mt19937 random(21);
  for (int round = 0; round < 20; ++round) {
    std::vector<std::pair<std::string, std::vector<std::string>>> inputs;
    for (int i = 0; i < 12; ++i) {
      inputs.emplace_back("in" + std::to_string(i), std::vector<std::string>());
      for (std::size_t k = random() % 12; k != 0; --k) inputs.back().second.push_back(made_entry(random));
    }
    const std::string whole = to_partial(count(inputs, small()));
    std::shuffle(inputs.begin(), inputs.end(), random);
    std::vector<Totals> parts;
    for (std::size_t from = 0; from < inputs.size();) {
      const std::size_t to = std::min(inputs.size(), from + 1 + random() % 4);
      parts.push_back(
          count({inputs.begin() + static_cast<std::ptrdiff_t>(from), inputs.begin() + static_cast<std::ptrdiff_t>(to)}, small(),
                &random));
      from = to;
    }
    // A tree of additions, some by way of their texts.
    while (parts.size() > 1) {
      const std::size_t into = random() % (parts.size() - 1);
      const Totals last = std::move(parts.back());
      parts.pop_back();
      if (random() % 2 == 0) {
        parts[into].add(last);
      } else {
        auto read = read_partial(to_partial(last), {});
        REQUIRE(read);
        read->add(parts[into]);
        parts[into] = std::move(*read);
      }
    }
    CHECK(to_partial(parts.front()) == whole);
  }
}

TEST_CASE("groups by page are named by the pages' titles") {
  Settings settings;
  settings.sections = {{Dimension::page}};
  const Totals totals = count({{"a", {R"({"pageref":"p1"})", R"({"pageref":"p2"})", "{}"}}}, settings);
  std::vector<std::string_view> names;
  for (const auto& [key, summary] : totals.section(0).sorted()) names.push_back(key);
  CHECK(names == std::vector<std::string_view>{"(none)", "The first", "p2"});
}

TEST_CASE("of more requests than are told apart the number is estimated, and said to be") {
  Repeats repeats(1000);
  std::uint64_t seed = 1;
  for (std::uint64_t i = 0; i < 50'000; ++i) {
    seed = seed * 6364136223846793005U + 1442695040888963407U;
    for (std::uint64_t times = 0; times <= i % 3; ++times) repeats.add({seed, i}, 10, "GET", "u");
  }
  const auto count = repeats.count();
  CHECK_FALSE(count.exact);
  CHECK(count.requests > 45'000);
  CHECK(count.requests < 55'000);
  CHECK(count.repeated > 44'000);
  CHECK(count.repeated < 56'000);
  CHECK(count.wasted == Approx(static_cast<double>(count.repeated) * 10).epsilon(0.001));
  CHECK(repeats.sorted().size() == 1000);
}

TEST_CASE("a partial summary that is cut anywhere is refused") {
  const std::string text = partial_text();
  REQUIRE(refusal(text) == "taken");
  REQUIRE(to_partial(*read_partial(text, {})) == text);
  const std::size_t step = 1 + text.size() / 3000;
  for (std::size_t size = 0; size < text.size(); size += step) {
    if (read_partial(std::string_view(text).substr(0, size), {})) FAIL(size);
  }
  CHECK(refusal(text + "x") != "taken");
}

TEST_CASE("a partial summary whose numbers do not fit together is refused with the place") {
  const std::string text = partial_text();
  CHECK(refusal("{}") == "x.partial:3: expected a partial summary: the member \"partial\" is missing");
  CHECK(refusal("[]") == "x.partial:3: expected a partial summary, an object, found something else");
  CHECK(refusal(replaced(text, R"("partial":1)", R"("partial":2)")) ==
        "x.partial:3: expected a partial summary of version 1, found 2");
  CHECK(refusal(replaced(text, R"("inputs":1)", R"("inputs":1.0)")) ==
        "x.partial:3: /inputs: expected a whole number up to 4611686018427387903, found 1.0");
  CHECK(refusal(replaced(text, R"("inputs":1)", R"("inputs":-1)")).find("/inputs: expected a whole number") != std::string::npos);
  CHECK(refusal(replaced(text, R"("by":["host")", R"("by":["hst")")) ==
        "x.partial:3: /by/0: there is nothing called 'hst' to group by");
  CHECK(refusal(replaced(text, R"("by":["host",)", R"("by":[)")) != "taken");
  CHECK(refusal(replaced(text, R"("sampled":true)", R"("sampled":true,"more":1)")).find("there should be no member \"more\"") !=
        std::string::npos);
  CHECK(refusal(replaced(text, R"("sampled":true)", R"("sampled":true,"top":5)")).find("the member \"top\" stands twice") !=
        std::string::npos);
  CHECK(refusal(replaced(text, R"("exact_up_to":30)", R"("exact_up_to":1000)")) != "taken");
  CHECK(refusal(replaced(text, R"("max_groups":7)", R"("max_groups":6)")).find("more groups than") != std::string::npos);
  CHECK(refusal(replaced(text, R"("statuses":{"0":)", R"("statuses":{"0":1)")) != "taken");
  CHECK(refusal(replaced(text, R"("statuses":{"0":)", R"("statuses":{"1000":)")).find("/all/statuses/1000") != std::string::npos);
}

TEST_CASE("sections are named as they are asked for") {
  CHECK(to_string(*parse_section("host,status-class")) == "host,status-class");
  CHECK(parse_section("hots").error().hint == "did you mean 'host'?");
  CHECK(parse_section("host,host").error().message == "'host' stands twice in 'host,host'");
  CHECK_FALSE(parse_section(""));
  CHECK_FALSE(parse_section("host,"));
}
