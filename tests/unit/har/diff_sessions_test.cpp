#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "har/diff/diff.hpp"

using namespace har::diff;

namespace {

class Files {
 public:
  Files() : folder_(std::filesystem::temp_directory_path() / ("hardiff-test-" + std::to_string(::getpid()))) {
    std::filesystem::create_directories(folder_);
  }
  ~Files() { std::filesystem::remove_all(folder_); }
  std::string write(const std::string& name, const std::string& text) const {
    const auto path = folder_ / name;
    std::ofstream(path, std::ios::binary) << text;
    return path.string();
  }

 private:
  std::filesystem::path folder_;
};

std::string entry(const std::string& url, const std::string& body, int status = 200, const std::string& more = "") {
  return R"({"startedDateTime":"2026-11-22T09:00:00.000Z","request":{"method":"GET","url":")" + url +
         R"(","headers":[]},"response":{"status":)" + std::to_string(status) +
         R"(,"headers":[],"content":{"mimeType":"text/plain","text":")" + body + R"("}})" + more + "}";
}

std::string recording(const std::vector<std::string>& entries) {
  std::string out = R"({"log":{"version":"1.2","creator":{"name":"t","version":"1"},"entries":[)";
  for (std::size_t i = 0; i < entries.size(); ++i) out += (i == 0 ? "\n" : ",\n") + entries[i];
  return out + "]}}";
}

/// What was told, a word a step.
class Told : public DiffSink {
 public:
  stream::Status begin(const SideCount&, const SideCount&) override { return {}; }
  stream::Status step(const DiffStep& step) override {
    std::string text;
    switch (step.kind) {
      case DiffStep::Kind::equal:
        text = "equal";
        break;
      case DiffStep::Kind::changed:
        text = "changed";
        for (const FieldDifference& each : step.differences->differences) text += " " + each.place;
        break;
      case DiffStep::Kind::missing:
        text = "missing";
        break;
      case DiffStep::Kind::extra:
        text = "extra";
        break;
    }
    if (step.expected != nullptr) text += " e" + std::to_string(step.expected->number);
    if (step.actual != nullptr) text += " a" + std::to_string(step.actual->number);
    if (step.moved) text += " moved";
    if (step.alike) text += " alike";
    steps.push_back(text);
    return {};
  }
  stream::Status skip(std::size_t count) override {
    skipped += count;
    return {};
  }
  stream::Status end(const DiffResult&) override { return {}; }

  std::vector<std::string> steps{};
  std::size_t skipped = 0;
};

struct Outcome {
  DiffResult result{};
  std::vector<std::string> steps{};
  std::size_t skipped = 0;
  bool operator==(const Outcome& other) const { return steps == other.steps && skipped == other.skipped; }
};

Outcome compared(const std::vector<std::string>& expected, const std::vector<std::string>& actual, const DiffOptions& options,
                 unsigned threads = 1) {
  const auto open = [](const std::vector<std::string>& paths) {
    SideInputs side;
    for (const std::string& path : paths) {
      auto input = har::open_source(path, std::nullopt, {});
      REQUIRE(input);
      side.inputs.push_back(std::move(*input));
    }
    return side;
  };
  SideInputs e = open(expected);
  SideInputs a = open(actual);
  DiffRun run;
  run.threads = threads;
  Told told;
  auto result = diff(e, a, options, run, told);
  REQUIRE(result);
  return {std::move(*result), told.steps, told.skipped};
}

DiffOptions standard() {
  DiffOptions options;
  REQUIRE(add_profile(options));
  return options;
}

}  // namespace

TEST_CASE("an order change is a move, and nothing else") {
  const Files files;
  std::vector<std::string> entries;
  for (int i = 0; i < 8; ++i) entries.push_back(entry("http://a/" + std::to_string(i), "body " + std::to_string(i)));
  const std::string expected = files.write("e.har", recording(entries));
  std::swap(entries[2], entries[6]);
  const std::string actual = files.write("a.har", recording(entries));
  const Outcome outcome = compared({expected}, {actual}, standard());
  CHECK(outcome.steps == std::vector<std::string>{"equal e3 a7 moved", "equal e7 a3 moved"});
  CHECK(outcome.skipped == 6);
  CHECK_FALSE(outcome.result.same(true));
  CHECK(outcome.result.same(false));
}

TEST_CASE("what is missing and what is extra stands where it belongs") {
  const Files files;
  const auto e = [](int i) { return entry("http://a/" + std::string(1, static_cast<char>('a' + i)), "x"); };
  const std::string expected = files.write("e.har", recording({e(0), e(1), e(2), e(3)}));
  const std::string actual = files.write("a.har", recording({e(0), e(2), entry("http://other/path", "quite another"), e(3)}));
  CHECK(compared({expected}, {actual}, standard()).steps == std::vector<std::string>{"missing e2", "extra a3"});
  CHECK(compared({actual}, {expected}, standard()).steps == std::vector<std::string>{"extra a2", "missing e3"});
}

TEST_CASE("of several entries with one address the equal ones are partners, and then those that are alike") {
  const Files files;
  const auto e = [](const std::string& body) { return entry("http://a/poll", body); };
  const std::string expected =
      files.write("e.har", recording({e("state one of the job"), e("state two of the job"), e("done and over")}));
  const std::string actual =
      files.write("a.har", recording({e("state two of the job"), e("done, over, finished"), e("state one of the job")}));
  const auto outcome = compared({expected}, {actual}, standard());
  CHECK(outcome.result.changed == 1);
  CHECK(outcome.result.missing + outcome.result.extra == 0);
  CHECK(outcome.result.moved == 1);

  // One more at the beginning does not shift all others.
  const std::string longer = files.write("l.har", recording({e("quite new words here"), e("state one of the job!"),
                                                             e("state two of the job!"), e("done and over!")}));
  const std::string shorter =
      files.write("s.har", recording({e("state one of the job"), e("state two of the job"), e("done and over")}));
  CHECK(compared({shorter}, {longer}, standard()).steps == std::vector<std::string>{"extra a1", "changed response.body e1 a2",
                                                                                    "changed response.body e2 a3",
                                                                                    "changed response.body e3 a4"});
}

TEST_CASE("an address that differs in an id only is a weaker pair, and the difference is told") {
  const Files files;
  const std::string expected =
      files.write("e.har", recording({entry("http://a/users/123", "Ada"), entry("http://a/x?session=1", "y")}));
  const std::string actual =
      files.write("a.har", recording({entry("http://a/users/456", "Ada"), entry("http://a/x?session=2", "y")}));
  CHECK(compared({expected}, {actual}, standard()).steps ==
        std::vector<std::string>{"changed url e1 a1 alike", "changed query.session e2 a2 alike"});
  DiffOptions same;
  same.path_templates = {"/users/{id}"};
  same.ignored_query = {"Session"};
  REQUIRE(add_profile(same));
  CHECK(compared({expected}, {actual}, same).steps.empty());
}

TEST_CASE("a mask hides a difference before entries are paired") {
  const Files files;
  // Without the mask the bodies pair the other way round.
  const std::string expected =
      files.write("e.har", recording({entry("http://a/t1/x", "token=t1 first"), entry("http://a/t2/x", "token=t2 second")}));
  const std::string actual =
      files.write("a.har", recording({entry("http://a/t8/x", "token=t8 first"), entry("http://a/t9/x", "token=t9 second")}));
  CHECK_FALSE(compared({expected}, {actual}, standard()).steps.empty());
  DiffOptions options;
  for (const std::string_view place : {"@*", "/"}) {
    auto rule = place == "/" ? *rule_at("") : stream::NoiseRule();
    if (place != "/") rule.path = place;
    rule.action = stream::NoiseAction::mask;
    rule.match = "t[0-9]";
    rule.replace = "T";
    REQUIRE(options.values.noise.add(rule));
  }
  REQUIRE(add_profile(options));
  const auto outcome = compared({expected}, {actual}, options);
  CHECK(outcome.steps.empty());
  CHECK(outcome.skipped == 2);
  CHECK(outcome.result.moved == 0);
}

TEST_CASE("the answer does not depend on threads, inputs and how they are laid out") {
  const Files files;
  std::vector<std::string> e;
  std::vector<std::string> a;
  for (int i = 0; i < 3000; ++i) {
    const std::string url = "http://host/" + std::to_string(i % 700) + (i % 3 == 0 ? "?q=" + std::to_string(i) : "");
    e.push_back(entry(url, "some body " + std::to_string(i) + std::string(2000, 'x')));
    if (i % 97 == 5) continue;
    a.push_back(entry(url, i % 41 == 3 ? "changed" : "some body " + std::to_string(i) + std::string(2000, 'x')));
    if (i % 113 == 7) a.push_back(entry("http://new/" + std::to_string(i), "new"));
  }
  std::swap(a[100], a[1500]);
  const std::string expected = files.write("e.har", recording(e));
  const std::string actual = files.write("a.har", recording(a));
  const Outcome one = compared({expected}, {actual}, standard(), 1);
  CHECK(one.result.missing == 31);
  CHECK(one.result.extra == 26);
  CHECK(one.result.moved >= 1);
  CHECK(one == compared({expected}, {actual}, standard(), 2));
  CHECK(one == compared({expected}, {actual}, standard(), 5));

  std::string lines = "{\"log\":{\"version\":\"1.2\"}}\n";
  for (const std::string& text : a) lines += text + "\n";
  CHECK(one == compared({expected}, {files.write("a.harl", lines)}, standard(), 2));
  const std::vector<std::string> first(e.begin(), e.begin() + 1000);
  const std::vector<std::string> rest(e.begin() + 1000, e.end());
  CHECK(one ==
        compared({files.write("e1.har", recording(first)), files.write("e2.har", recording(rest))}, {actual}, standard(), 2));
}

TEST_CASE("ten thousand entries of one address, all with another body, end soon") {
  const Files files;
  std::vector<std::string> e;
  std::vector<std::string> a;
  for (int i = 0; i < 10'000; ++i) {
    e.push_back(entry("http://a/poll", "old " + std::to_string(i) + " word" + std::to_string(i * 7 % 1000)));
    a.push_back(entry("http://a/poll", "new " + std::to_string(i) + " word" + std::to_string(i * 7 % 1000)));
  }
  const auto outcome = compared({files.write("e.har", recording(e))}, {files.write("a.har", recording(a))}, standard(), 2);
  CHECK(outcome.result.changed == 10'000);
  CHECK(outcome.result.bounded);
}

TEST_CASE("times are gathered from equal pairs too, and thresholds are held against them") {
  const Files files;
  const auto timed = [](int wait) {
    return entry(
        "http://a/" + std::to_string(wait % 10), "x", 200,
        R"(,"time":)" + std::to_string(wait + 5) + R"(,"timings":{"send":1,"wait":)" + std::to_string(wait) + R"(,"receive":4})");
  };
  const std::string expected = files.write("e.har", recording({timed(100), timed(201), timed(302)}));
  const std::string actual = files.write("a.har", recording({timed(110), timed(301), timed(302)}));
  DiffOptions options;
  options.timing.compare = true;
  for (const std::string_view rule : {"wait>+20%", "max(wait)>+10%", "wait>+1s", "dns>1ms"})
    options.timing.fail_on.push_back(*parse_threshold(rule));
  REQUIRE(add_profile(options));
  const auto result = compared({expected}, {actual}, options).result;
  REQUIRE(result.thresholds.size() == 4);
  CHECK(result.thresholds[0].exceeded);
  CHECK(result.thresholds[0].count == 1);
  CHECK(result.thresholds[0].pair == 2);
  CHECK_FALSE(result.thresholds[1].exceeded);
  CHECK_FALSE(result.thresholds[2].exceeded);
  CHECK(result.thresholds[3].without_data);
  CHECK(result.failed());
  CHECK(result.changed == 0);
}
