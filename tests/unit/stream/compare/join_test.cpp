#include <catch2/catch.hpp>
#include <random>

#include "exchanges.hpp"

using namespace exchanges;
using stream::CompareOptions;
using stream::StreamKind;
using Lines = std::vector<std::string>;

namespace {

CompareOptions joining(std::initializer_list<std::pair<const char*, const char*>> rules) {
  CompareOptions options;
  for (const auto& [path, by] : rules) {
    stream::JoinRule rule;
    rule.spelling = path;
    rule.path = stream::parse_path(path).value();
    if (*by != '\0') rule.by.push_back(stream::parse_path(by).value());
    options.join.push_back(std::move(rule));
  }
  return options;
}

std::string delta(std::string_view text, int choice = 0) {
  return "data: {\"id\":\"c1\",\"choices\":[{\"index\":" + std::to_string(choice) + ",\"delta\":{\"content\":\"" +
         std::string(text) + "\"}}]}\n\n";
}

std::string deltas(const std::vector<std::string>& texts) {
  std::string out;
  for (const std::string& text : texts) out += delta(text);
  return out + "data: {\"id\":\"c1\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n";
}

const CompareOptions kContent = joining({{"/choices/*/delta/content", "/choices/*/index"}});

}  // namespace

TEST_CASE("a joined text is equal however it was cut into events") {
  const std::string text = "The quick brown fox, 数据 and 🚀 jumps";
  std::mt19937 random(3);
  for (int round = 0; round < 50; ++round) {
    const auto cut = [&] {
      std::vector<std::string> parts(1);
      for (const char c : text) {
        const bool inside = (static_cast<unsigned char>(c) & 0xC0) == 0x80;
        if (!inside && !parts.back().empty() && random() % 3 == 0) parts.emplace_back();
        parts.back() += c;
      }
      return parts;
    };
    CHECK(compare_bodies(StreamKind::sse, deltas(cut()), deltas(cut()), kContent).empty());
  }
}

TEST_CASE("a changed token is one difference, at its character and its event") {
  const auto result = compare(bare(StreamKind::sse, deltas({"Hel", "lo 数", "据 world"})),
                              bare(StreamKind::sse, deltas({"Hello ", "数据 wurld"})), kContent);
  REQUIRE(result.total == 1);
  const stream::Difference& difference = result.differences.front();
  CHECK(difference.subject == stream::Subject::text);
  CHECK(difference.field == "/choices/*/delta/content [0]");
  CHECK(difference.offset == 10);  // "Hello 数据 w"
  CHECK(difference.expected.number == 3);
  CHECK(difference.actual.number == 2);
  CHECK(difference.expected_value.text == "Hello 数据 world");
  CHECK(difference.actual_value.text == "Hello 数据 wurld");
}

TEST_CASE("a text that ends early is a difference where it ends") {
  const auto result = compare(bare(StreamKind::sse, deltas({"one ", "two"})), bare(StreamKind::sse, deltas({"one "})), kContent);
  REQUIRE(result.total == 1);
  CHECK(result.differences.front().offset == 4);
  CHECK(result.differences.front().expected_value.text == "one two");
}

TEST_CASE("what is not joined is still compared") {
  std::string other = deltas({"a", "b"});
  other.replace(other.find("stop"), 4, "length");
  const auto result = compare(bare(StreamKind::sse, deltas({"ab"})), bare(StreamKind::sse, other), kContent);
  CHECK(lines(result) == Lines{"event 2/3 changed /choices/0/finish_reason \"stop\" \"length\""});
}

TEST_CASE("texts that are interleaved are kept apart by their keys") {
  const std::string expected = delta("a", 0) + delta("x", 1) + delta("b", 0) + delta("y", 1);
  CHECK(compare_bodies(StreamKind::sse, expected, delta("ab", 0) + delta("xy", 1), kContent).empty());
  CHECK(compare_bodies(StreamKind::sse, expected, delta("ax", 0) + delta("by", 1), kContent).size() == 2);
}

TEST_CASE("a text is not equal to the same text in two blocks") {
  const auto options = joining({{"/delta/text", "/index"}});
  const auto block = [](int index, std::string_view text) {
    return "data: {\"index\":" + std::to_string(index) + ",\"delta\":{\"text\":\"" + std::string(text) + "\"}}\n\n";
  };
  CHECK_FALSE(compare_bodies(StreamKind::sse, block(0, "ab") + block(1, "c"), block(0, "a") + block(1, "bc"), options).empty());
}

TEST_CASE("events that brought an empty piece, or none, make no difference") {
  const std::string role = "data: {\"id\":\"c1\",\"choices\":[{\"index\":0,\"delta\":{\"content\":null}}]}\n\n";
  CHECK(compare_bodies(StreamKind::sse, role + delta("") + delta("hi"), delta("h") + delta("i"), kContent).empty());
}

TEST_CASE("a long text is compared in bounded memory, and shown around the difference only") {
  std::vector<std::string> parts(20'000, "word after word ");
  std::string expected = deltas(parts);
  parts[15'000] = "word after word! ";
  const auto result = compare(bare(StreamKind::sse, expected, 4096), bare(StreamKind::sse, deltas(parts), 1000), kContent);
  REQUIRE(result.total == 1);
  CHECK(result.differences.front().offset == 15'000 * 16 + 15);
  CHECK(result.differences.front().expected_value.text.size() < 40'000);
}

TEST_CASE("of a stream that was cut off the text need only be equal as far as it goes") {
  stream::Exchange cut = bare(StreamKind::sse, delta("one ") + delta("t"));
  cut.end.reset();
  CompareOptions options = kContent;
  options.truncation = stream::Truncation::allowed;
  CHECK(compare(bare(StreamKind::sse, deltas({"one two"})), cut, options).equal());
  stream::Exchange other = bare(StreamKind::sse, delta("one ") + delta("x"));
  other.end.reset();
  CHECK_FALSE(compare(bare(StreamKind::sse, deltas({"one two"})), other, options).equal());
}
