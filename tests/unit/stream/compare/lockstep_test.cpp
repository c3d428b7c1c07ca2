// Lines that are passed without being decoded: what is passed is equal, and everything else comes out as if all were decoded.
#include <algorithm>
#include <catch2/catch.hpp>
#include <random>

#include "compare/item_compare.hpp"
#include "compare/json_text.hpp"
#include "compare/line_scan.hpp"
#include "compare/lockstep.hpp"
#include "compare/noise_matcher.hpp"
#include "exchanges.hpp"
#include "stream/record/event_source.hpp"

using namespace exchanges;
using stream::CompareOptions;
using stream::CompareStep;
using stream::Comparison;
using stream::EqualLines;
using stream::Item;
using stream::ItemComparer;
using stream::ItemKind;
using stream::JsonTokens;
using stream::Limits;
using stream::LineTokens;
using stream::Lockstep;
using stream::NoiseAction;
using stream::NoiseRule;
using stream::PassedLines;
using stream::StreamKind;
using stream::ValueRules;

namespace {

using Random = std::mt19937;

template <class Choices>
std::string one_of(Random& random, const Choices& choices) {
  return choices[random() % choices.size()];
}

std::string random_space(Random& random) { return random() % 12 == 0 ? one_of(random, std::vector{" ", "\t", "  ", "\r"}) : ""; }

std::string random_name(Random& random) {
  return one_of(random, std::vector{"ts", "a", "b", "id", "x\\u0079", "a\\/b", "é", ""});
}

std::string random_scalar(Random& random) {
  static const std::vector<std::string> kScalars{"0",
                                                 "-0",
                                                 "1",
                                                 "1.0",
                                                 "10e-1",
                                                 "1.5",
                                                 "1e400",
                                                 "12345678901234567890",
                                                 "-17.250",
                                                 "true",
                                                 "false",
                                                 "null",
                                                 "\"\"",
                                                 "\"a\"",
                                                 "\"b\"",
                                                 "\"\\\"\"",
                                                 "\"\\u0061\"",
                                                 "\"\\ud83d\\ude00\"",
                                                 "\"€ é\"",
                                                 "\"\\ud800\"",
                                                 "\"{[\"",
                                                 "\"1\"",
                                                 "\"2\\n\"",
                                                 "\"\\\\\"",
                                                 "\"a long text with \\\"quotes\\\" and more of them: \\\"x\\\"\""};
  return one_of(random, kScalars);
}

std::string random_json(Random& random, int depth) {
  const auto kind = random() % 10;
  if (depth == 0 || kind < 4) return random_scalar(random);
  const bool array = kind < 6;
  std::string out = array ? "[" : "{";
  const auto count = random() % 4;
  for (unsigned i = 0; i < count; ++i) {
    if (i > 0) out += "," + random_space(random);
    if (!array) out += "\"" + random_name(random) + "\"" + random_space(random) + ":" + random_space(random);
    out += random_json(random, depth - 1) + random_space(random);
  }
  return out + (array ? "]" : "}");
}

std::string random_line(Random& random) {
  if (random() % 3 == 0) return random_json(random, 3);
  return "{\"ts\":" + random_scalar(random) + ",\"a\":" + random_json(random, 2) + ",\"id\":" + random_json(random, 2) + "}";
}

/// Where a scalar stands, a byte or a piece becomes another.
std::string mutate(Random& random, std::string line) {
  const auto times = 1 + random() % 2;
  for (unsigned i = 0; i < times && !line.empty(); ++i) {
    const std::size_t at = random() % line.size();
    switch (random() % 9) {
      case 0:
        line[at] = std::string_view("0123456789\"\\{}[]:, tnx\x01\x80\xc3")[random() % 24];
        break;
      case 1:
        line.insert(at, one_of(random, std::vector{"1", " ", "\"", "0", ".5", "\\", "x", ",", "é"}));
        break;
      case 2:
        line.erase(at, 1 + random() % 3);
        break;
      default: {
        // A value for a value.
        const std::size_t colon = line.find(':', random() % 2 == 0 ? 0 : at);
        if (colon == std::string::npos) break;
        const std::size_t end = line.find_first_of(",}]", colon);
        if (end != std::string::npos) line.replace(colon + 1, end - colon - 1, random_json(random, 1));
      }
    }
  }
  std::erase(line, '\n');
  return line;
}

NoiseRule random_rule(Random& random) {
  NoiseRule rule;
  rule.path =
      one_of(random, std::vector{"/ts", "/a", "/id", "/**/ts", "/a/b", "/a/*", "/*/0", "/**/xy", "/a~1b", "/é", "", "/**"});
  switch (random() % 7) {
    case 0:
      rule.action = NoiseAction::type;
      break;
    case 1:
      rule.action = NoiseAction::tolerance;
      rule.within.amount = "0.5";
      break;
    case 2:
      rule.action = NoiseAction::mask;
      rule.match = "[ab]";
      rule.replace = "-";
      break;
    case 3:
      rule.action = NoiseAction::regex;
      rule.match = "^[0-9a]";
      break;
    default:
      rule.action = NoiseAction::ignore;
  }
  return rule;
}

Item record(std::string_view line) {
  Item item;
  item.kind = ItemKind::record;
  item.form = stream::DataForm::value;
  item.data = line;
  return item;
}

PassedLines pass(const ValueRules& rules, std::string_view expected, std::string_view actual, bool tokens = false) {
  ItemComparer comparer(rules, Limits{});
  Lockstep lockstep(comparer.json(), comparer.root(record("")), Limits{});
  if (!tokens) return lockstep.pass(expected, actual);
  const std::string piece = "xx\n" + std::string(expected);
  JsonTokens finder;
  LineTokens found;
  find_line_tokens(piece, finder, found);
  return lockstep.pass(std::string_view(piece).substr(3), actual, found.valid ? &found : nullptr, 3);
}

ValueRules ignoring(std::string_view path) {
  ValueRules rules;
  REQUIRE(rules.noise.ignore(path));
  return rules;
}

}  // namespace

TEST_CASE("lines that are equal to the byte are counted up to the first that is not") {
  Random random(7);
  for (int round = 0; round < 3000; ++round) {
    std::string a;
    std::string b;
    EqualLines equal;
    EqualLines plain;
    bool same = true;
    bool all_plain = true;
    const auto count = random() % 12;
    for (unsigned i = 0; i < count; ++i) {
      std::string line(random() % 90, 'x');
      if (random() % 8 == 0) line.insert(0, one_of(random, std::vector{" ", "\t", "\r"}));
      if (random() % 9 == 0) line += '\0';
      std::string other = line;
      if (random() % 9 == 0) other.insert(random() % (other.size() + 1), 1, 'y');
      a += line + "\n";
      b += other + "\n";
      same = same && line == other;
      all_plain = all_plain && same && !line.empty() && line[0] > ' ' && line.find('\0') == std::string::npos;
      if (same) equal = {a.size(), i + 1};
      if (all_plain) plain = {a.size(), i + 1};
    }
    a += std::string(random() % 70, 'z');
    b += std::string(random() % 70, 'z');
    INFO(a << "---\n" << b);
    CHECK(stream::equal_lines(a, b, false) == equal);
    CHECK(stream::equal_lines(a, b, true) == plain);
    const auto at = std::mismatch(a.begin(), a.begin() + static_cast<std::ptrdiff_t>(std::min(a.size(), b.size())), b.begin());
    CHECK(stream::common_prefix(a, b) == static_cast<std::size_t>(at.first - a.begin()));
  }
}

TEST_CASE("lines that differ in what is ignored are passed") {
  const auto passed = [](std::string_view path, std::string_view e, std::string_view a) {
    const std::string expected = std::string(e) + "\n";
    const std::string actual = std::string(a) + "\n";
    const PassedLines all{expected.size(), actual.size(), 1};
    const PassedLines found = pass(ignoring(path), expected, actual);
    CHECK(found == pass(ignoring(path), expected, actual, true));
    CHECK((found == all || found == PassedLines{}));
    return found == all;
  };
  CHECK(passed("/ts", R"({"ts":1,"a":"x"})", R"({"ts":22.5,"a":"x"})"));
  CHECK(passed("/ts", R"({"ts":null,"a":"x"})", R"({"ts":[{"b":"\"}"}],"a":"x"})"));
  CHECK(passed("/ts", R"({"ts":[1,{"a":2}],"a":"x"})", R"({"ts":[1,{"b":2}],"a":"x"})"));
  CHECK(passed("/ts", R"({"ts":{"a":2},"a":"x"})", R"({"ts":"","a":"x"})"));
  CHECK(passed("/ts", R"({"a":"x","ts":"1"})", R"({"a":"x","ts":"\u20ac €"})"));
  CHECK(passed("/a/1", R"({"a":[1,2,3]})", R"({"a":[1,7,3]})"));
  CHECK(passed("/**/ts", R"({"ts":1,"b":[{"ts":2},{"ts":3}]})", R"({"ts":9,"b":[{"ts":10},{"ts":11}]})"));
  CHECK_FALSE(passed("/ts", R"({"ts":1,"a":"x"})", R"({"ts":2,"a":"y"})"));
  CHECK_FALSE(passed("/ts", R"({"ts":1,"a":"x"})", R"({"ts":01,"a":"x"})"));
  CHECK_FALSE(passed("/ts", R"({"ts":1,"a":"x"})", R"({"ts":2x,"a":"x"})"));
  CHECK_FALSE(passed("/ts", R"({"ts":1,"a":"x"}])", R"({"ts":2,"a":"x"}])"));
  CHECK_FALSE(passed("/ts", R"({"ts":1,"a":x})", R"({"ts":2,"a":x})"));
  CHECK_FALSE(passed("/ts", "{\"ts\":1,\"a\":\"\xff\"}", "{\"ts\":2,\"a\":\"\xff\"}"));
  CHECK_FALSE(passed("/ts", R"({"ts":1,"a":"\x"})", R"({"ts":2,"a":"\x"})"));
}

TEST_CASE("what is passed is equal") {
  Random random(11);
  std::size_t passed = 0;
  for (int round = 0; round < 30'000; ++round) {
    ValueRules rules;
    for (auto i = 1 + random() % 2; i > 0; --i) REQUIRE(rules.noise.add(random_rule(random)));
    std::string expected;
    std::string actual;
    std::vector<std::pair<std::string, std::string>> lines;
    for (auto i = 1 + random() % 3; i > 0; --i) {
      std::string line = random_line(random);
      if (random() % 10 == 0) line = mutate(random, line);
      const std::string other = mutate(random, line);
      lines.emplace_back(line, other);
      expected += line + "\n";
      actual += other + "\n";
    }
    const PassedLines found = pass(rules, expected, actual, random() % 2 == 0);
    ItemComparer comparer(rules, Limits{});
    PassedLines sum;
    for (std::size_t i = 0; i < found.lines; ++i) {
      INFO(to_string(rules.noise[0]) << "\n" << lines[i].first << "\n" << lines[i].second);
      CHECK(comparer.equal(record(lines[i].first), record(lines[i].second)));
      sum.expected += lines[i].first.size() + 1;
      sum.actual += lines[i].second.size() + 1;
      ++sum.lines;
    }
    CHECK(found == sum);
    passed += found.lines;
  }
  CHECK(passed > 2000);
}

namespace {

struct Told final : stream::CompareSink {
  stream::Status begin(const stream::SideSummary& /*expected*/, const stream::SideSummary& /*actual*/,
                       std::span<const stream::Difference> /*differences*/) override {
    return {};
  }
  stream::Status step(const CompareStep& step) override {
    const auto number = [](const Item* item) {
      return item == nullptr ? std::string("-") : std::to_string(item->number) + item->data;
    };
    text += std::to_string(static_cast<int>(step.kind)) + ":" + number(step.expected) + ":" + number(step.actual) + "\n";
    return {};
  }
  stream::Status skip(std::size_t count) override {
    text += "skip " + std::to_string(count) + "\n";
    return {};
  }
  stream::Status end(const Comparison& /*result*/, std::span<const stream::Difference> /*ending*/) override { return {}; }

  std::string text;
};

struct Outcome {
  Comparison comparison;
  std::string told;
};

Outcome outcome(StreamKind kind, const std::string& expected, const std::string& actual, const CompareOptions& options,
                std::size_t max_read) {
  Told told;
  const std::size_t other_read = max_read == SIZE_MAX ? max_read : max_read * 2 / 3 + 1;
  if (max_read < 500) {  // many small events are not worth a thread
    const auto result = compare_exchanges(bare(kind, expected, max_read), bare(kind, actual, other_read), options, &told);
    REQUIRE(result);
    return {*result, told.text};
  }
  const auto e = stream::memory_source(expected, "e", max_read);
  const auto a = stream::memory_source(actual, "a", other_read);
  const auto result = compare_streams(*body_events(*e, kind), *body_events(*a, kind), options, &told);
  REQUIRE(result);
  return {*result, told.text};
}

void check_same(const Outcome& one, const Outcome& other) {
  const Comparison& a = one.comparison;
  const Comparison& b = other.comparison;
  CHECK(one.told == other.told);
  CHECK(a.total == b.total);
  CHECK(a.by_change == b.by_change);
  CHECK(a.items_differing == b.items_differing);
  for (const auto& [x, y] : {std::pair(&a.expected, &b.expected), std::pair(&a.actual, &b.actual)}) {
    CHECK(x->items == y->items);
    CHECK(x->counts == y->counts);
    CHECK(x->end_reason == y->end_reason);
  }
  REQUIRE(a.differences.size() == b.differences.size());
  for (std::size_t i = 0; i < a.differences.size(); ++i) {
    const auto& x = a.differences[i];
    const auto& y = b.differences[i];
    CHECK(x.pointer == y.pointer);
    for (const auto& [p, q] : {std::pair(&x.expected, &y.expected), std::pair(&x.actual, &y.actual)}) {
      CHECK(p->number == q->number);
      CHECK(p->offset == q->offset);
      CHECK(p->line == q->line);
    }
    CHECK(x.expected_value.text == y.expected_value.text);
    CHECK(x.expected_value.focus == y.expected_value.focus);
    CHECK(x.actual_value.text == y.actual_value.text);
    CHECK(x.actual_value.focus == y.actual_value.focus);
  }
}

}  // namespace

TEST_CASE("a comparison that passes over lines says the same as one that decodes them all") {
  Random random(GENERATE(1U, 2U, 3U, 4U));
  for (int round = 0; round < 25; ++round) {
    const StreamKind kind = random() % 4 == 0 ? StreamKind::text : StreamKind::ndjson;
    std::string expected = random() % 4 == 0 ? "\xEF\xBB\xBF" : "";
    std::string actual;
    const bool jitter = random() % 2 == 0;
    const std::size_t rare = 20 + random() % 200;
    for (unsigned i = 0; i < 300; ++i) {
      const std::string rest = ",\"n\":" + std::to_string(i) + ",\"data\":" + random_json(random, 2) + "}";
      std::string line = "{\"ts\":" + std::to_string(i) + rest;
      std::string other = jitter ? "{\"ts\":" + std::to_string(random() % 100'000) + ".5" + rest : line;
      if (random() % rare == 0) line = one_of(random, std::vector{"", " ", "no json", "[1", "\"x\"", "{\"ts\":1}", "7 "});
      if (random() % rare == 0) other = line;
      if (random() % rare == 0) other = mutate(random, other);
      const auto end = [&] { return random() % 40 == 0 ? "\r\n" : "\n"; };
      const std::string line_end = end();
      if (random() % rare != 0) expected += line + line_end;
      if (random() % rare != 0) actual += other + (random() % 40 == 0 ? end() : line_end);
    }
    if (random() % 3 == 0) expected.pop_back();
    CompareOptions options;
    options.context = std::vector<std::size_t>{0, 1, 3, 50}[random() % 4];
    if (random() % 4 != 0) REQUIRE(options.values.noise.ignore("/ts"));
    if (random() % 6 == 0) REQUIRE(options.values.noise.ignore("/never"));
    CompareOptions all = options;
    all.until = [](const Item&) { return false; };  // which looks at each
    INFO("round " << round);
    const Outcome decoded = outcome(kind, expected, actual, all, SIZE_MAX);
    check_same(outcome(kind, expected, actual, options, SIZE_MAX), decoded);
    check_same(outcome(kind, expected, actual, options, 500 + random() % 5000), decoded);
    check_same(outcome(kind, expected, actual, options, 1 + random() % 40), decoded);
  }
}

TEST_CASE("differences that are counted by a walk are those that a comparison finds") {
  Random random(13);
  std::size_t counted = 0;
  for (int round = 0; round < 20'000; ++round) {
    ValueRules rules;
    if (random() % 2 == 0) REQUIRE(rules.noise.add(random_rule(random)));
    std::string line = random_line(random);
    const Item expected = record(line);
    const Item actual = record(mutate(random, mutate(random, std::move(line))));
    ItemComparer comparer(rules, Limits{});
    comparer.fingerprint(expected);
    const auto found = comparer.count(expected, actual);
    if (!found) continue;
    ++counted;
    INFO(expected.data << "\n" << actual.data);
    const auto differences = comparer.compare(expected, actual);
    const auto of = [&](stream::ValueChange change) {
      return static_cast<std::size_t>(std::count_if(differences.begin(), differences.end(),
                                                    [&](const auto& difference) { return difference.change == change; }));
    };
    CHECK(found->changed == of(stream::ValueChange::changed));
    CHECK(found->type == of(stream::ValueChange::type));
    CHECK(found->changed + found->type == differences.size());
  }
  CHECK(counted > 1000);
}

TEST_CASE("a JSON text has the hash of its value") {
  Random random(17);
  ValueRules rules;
  rules.numbers = GENERATE(stream::NumberRule::value, stream::NumberRule::spelling);
  stream::JsonComparer comparer(rules);
  stream::JsonTextHash text_hash(rules.numbers, Limits{}.max_depth);
  std::size_t known = 0;
  for (int round = 0; round < 20'000; ++round) {
    std::string line = random_line(random);
    if (random() % 2 == 0) line = mutate(random, line);
    INFO(line);
    const auto value = stream::parse_json(line);
    const auto hash = text_hash.hash(line);
    if (!value) CHECK_FALSE(hash);
    if (value && hash) CHECK(comparer.hash(*value) == *hash);
    if (value && !hash) CHECK(line.find("\\ud") != std::string::npos);  // half a pair
    known += hash ? 1U : 0U;
  }
  CHECK(known > 5000);
  stream::JsonTextHash shallow(rules.numbers, 2);
  CHECK(shallow.hash("[[1]]"));
  CHECK_FALSE(shallow.hash("[[[1]]]"));
}
