#include "check/document_rules.hpp"

#include <catch2/catch.hpp>

#include "checked.hpp"
#include "stream/text/json.hpp"

namespace {

using namespace har::check;

EntrySummary summary(std::size_t index, std::string_view started, std::string_view more = "") {
  const std::string text =
      fmt::format(R"({{"startedDateTime":"{}"{}{},"comment":"{}"}})", started, more.empty() ? "" : ",", more, index);
  Checked checked(text);
  REQUIRE(checked.walked);
  return summarize(checked.facts, index);
}

har::LogInfo info(std::string_view log) {
  har::LogInfo out;
  out.log = stream::parse_json(log)->as_object();
  return out;
}

/// "pageref-unknown /log/entries/0/pageref (0): expected …"
Lines lines(const std::vector<DocumentRules::Said>& said) {
  Lines out;
  for (const auto& each : said) {
    out.push_back(fmt::format("{} {}{}: {}", rule(each.rule).name, each.pointer,
                              each.entry ? fmt::format(" ({})", *each.entry) : "", each.message));
  }
  return out;
}

constexpr std::string_view kPages = R"({"version":"1.2","pages":[{"id":"p","startedDateTime":"2026-11-22T09:15:30Z"}]})";

}  // namespace

TEST_CASE("the first entry out of order is marked, the others are counted") {
  DocumentRules rules;
  Marks marks;
  rules.entry(summary(0, "2026-11-22T09:15:30Z"), marks);
  rules.entry(summary(1, "2026-11-22T11:15:30.5+02:00"), marks);
  CHECK(marks.empty());
  rules.entry(summary(2, "2026-11-22T09:15:30.25Z"), marks);
  REQUIRE(marks.size() == 1);
  CHECK(marks[0].rule == RuleId::entries_order);
  CHECK(marks[0].pointer == "/startedDateTime");
  CHECK(marks[0].offset == std::string_view(R"({"startedDateTime":)").size());
  CHECK(marks[0].message ==
        "expected a start not before 2026-11-22T09:15:30.500Z, that of entry 1, found 2026-11-22T09:15:30.250Z");
  CHECK(rules.finish({}).empty());
  rules.entry(summary(3, "2026-11-22T09:15:30.3Z"), marks);
  CHECK(marks.size() == 1);
  CHECK(
      lines(rules.finish({})) ==
      Lines{
          "entries-order /log/entries: expected entries sorted by their start, found 2 that begin before one in front of them"});
}

TEST_CASE("an entry that stands twice is found, however long it is") {
  for (const std::size_t size : {10U, 5000U, 8192U, 20000U, 100000U}) {
    CAPTURE(size);
    const std::string text = fmt::format(R"({{"comment":"{}"}})", std::string(size, 'x'));
    Checked first(text);
    std::string changed = text;
    changed[text.size() / 2] = 'y';
    Checked other(changed);
    Checked again(text);
    DocumentRules rules;
    Marks marks;
    rules.entry(summarize(first.facts, 0), marks);
    rules.entry(summarize(other.facts, 1), marks);
    CHECK(marks.empty());
    rules.entry(summarize(again.facts, 2), marks);
    REQUIRE(marks.size() == 1);
    CHECK(marks[0].rule == RuleId::entry_duplicate);
    CHECK(marks[0].message == "expected an entry of its own, found the same as entry 0");
  }
}

TEST_CASE("entries that differ in one byte, wherever it stands, are not the same") {
  const std::string text = fmt::format(R"({{"comment":"{}"}})", std::string(300, 'x'));
  Checked one(text);
  const std::uint64_t fingerprint = summarize(one.facts, 0).fingerprint;
  for (std::size_t at = 12; at < text.size() - 2; ++at) {
    CAPTURE(at);
    std::string changed = text;
    changed[at] = 'y';
    Checked other(changed);
    CHECK(summarize(other.facts, 0).fingerprint != fingerprint);
  }
}

TEST_CASE("fingerprints of the latest entries are remembered, of all others forgotten") {
  DocumentRules rules;
  Marks marks;
  EntrySummary entry;
  const auto add = [&](std::uint64_t fingerprint) {
    entry.fingerprint = fingerprint * 0x9e3779b97f4a7c15ULL + 1;
    rules.entry(entry, marks);
    ++entry.index;
  };
  constexpr std::uint64_t kMany = 1'000'000;
  for (std::uint64_t i = 0; i < kMany; ++i) add(i);
  CHECK(marks.empty());
  for (std::uint64_t i = kMany - 100'000; i < kMany; ++i) add(i);
  CHECK(marks.size() == 100'000);
  add(1);
  CHECK(marks.size() == 100'000);
}

TEST_CASE("page references are held against the pages") {
  DocumentRules rules;
  Marks marks;
  rules.entry(summary(0, "2026-11-22T09:15:31Z", R"("pageref":"p")"), marks);
  rules.entry(summary(1, "2026-11-22T09:15:32Z"), marks);
  CHECK(rules.finish(info(kPages)).empty());
  rules.entry(summary(2, "2026-11-22T09:15:33Z", R"("pageref":"q")"), marks);
  rules.entry(summary(3, "2026-11-22T09:15:34Z", R"("pageref":"q")"), marks);
  CHECK(lines(rules.finish(info(kPages))) ==
        Lines{R"(pageref-unknown /log/entries/2/pageref (2): expected the id of a page, found "q", and of 1 other entry)"});
  // Pages that are not there, and a file that says nothing at all.
  CHECK(rules.finish(info(R"({"version":"1.2","pages":null})")).size() == 2);
  CHECK(rules.finish(info(R"({"version":"1.2"})")).size() == 2);
  CHECK(rules.finish({}).empty());
}

TEST_CASE("pages have ids of their own, and entries") {
  const DocumentRules rules;
  CHECK(lines(rules.finish(info(R"({"pages":[{"id":"a"},{"id":"b"},{"id":"a"},{}]})"))) ==
        Lines{R"(page-unused /log/pages/0: no entry refers to the page "a")",
              R"(page-unused /log/pages/1: no entry refers to the page "b")",
              R"(page-id-duplicate /log/pages/2/id: expected an id of its own, found "a", the id of page 0)"});
}

TEST_CASE("entries before their page are named") {
  Marks marks;
  DocumentRules before;
  before.entry(summary(0, "2026-11-22T09:15:28Z", R"("pageref":"p","time":500)"), marks);
  CHECK(
      lines(before.finish(info(kPages))) ==
      Lines{
          R"(entry-before-page /log/entries/0 (0): expected an end not before the page "p" began, 2026-11-22T09:15:30.000Z, found 2026-11-22T09:15:28.500Z)"});
  DocumentRules outside;
  outside.entry(summary(0, "2026-11-22T09:15:29Z", R"("pageref":"p","time":5000)"), marks);
  CHECK(
      lines(outside.finish(info(kPages))) ==
      Lines{
          R"(entry-outside-page /log/entries/0/startedDateTime (0): expected a start not before the page "p" began, 2026-11-22T09:15:30.000Z, found 2026-11-22T09:15:29.000Z)"});
  DocumentRules chrome;
  chrome.entry(summary(0, "2026-11-22T09:15:29.995Z", R"("pageref":"p","time":5000)"), marks);
  CHECK(chrome.finish(info(kPages)).empty());
}

TEST_CASE("versions other than 1.2 are named") {
  const DocumentRules rules;
  CHECK(lines(rules.finish(info(R"({"version":"1.1"})"))) == Lines{R"(har-version /log/version: expected "1.2", found "1.1")"});
  CHECK(lines(rules.finish(info(R"({"version":""})"))) ==
        Lines{R"(har-version /log/version: expected "1.2", found "", which stands for 1.1)"});
  CHECK(rules.finish(info(R"({"version":1.2})")).empty());
  CHECK(rules.finish(info(R"({"version":"1.1","version":"1.2"})")).empty());
}
