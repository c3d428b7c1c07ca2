// The walk follows a text without building anything; what it takes for JSON is what the parser takes for JSON.
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <random>

#include "check/walker.hpp"
#include "entry_marks.hpp"
#include "stream/io/byte_source.hpp"
#include "stream/text/json.hpp"
#include "stream/text/utf8.hpp"

using namespace har::check;

namespace {

/// Both verdicts on one text. The walk leaves UTF-8 to its callers, as the check does it.
class Both {
 public:
  struct Verdict {
    bool parsed = false;
    bool walked = false;
    bool as_entry = false;
  };
  Verdict of(std::string_view text) {
    Verdict out;
    out.parsed = stream::parse_json(text).has_value();
    const bool utf8 = stream::is_utf8(text);
    out.walked = walk(text, Shape::kNone) && utf8;
    out.as_entry = walk(text, har_shape().entry) && utf8;
    return out;
  }
  /// Fails if the two do not agree.
  bool agree(std::string_view text) {
    const Verdict verdict = of(text);
    if (verdict.parsed == verdict.walked && verdict.parsed == verdict.as_entry) return verdict.parsed;
    FAIL("the parser says " << verdict.parsed << ", the walk " << verdict.walked << ", the walk of an entry " << verdict.as_entry
                            << ": " << text);
    return false;
  }

 private:
  bool walk(std::string_view text, int node) {
    marks_.clear();
    // Nothing behind the text may be read.
    const std::vector<char> placed(text.begin(), text.end());
    const std::string_view copy(placed.data(), placed.size());
    const bool entry = node != Shape::kNone;
    if (entry) messages_.clear();
    const bool good =
        walker_.walk(copy, har_shape().shape, node, entry ? &facts_ : nullptr, entry ? &messages_ : nullptr, marks_);
    const auto fatal = [](const Mark& mark) { return mark.rule == RuleId::json_syntax || mark.rule == RuleId::json_limit; };
    const auto said = std::count_if(marks_.begin(), marks_.end(), fatal);
    if (said != (good ? 0 : 1)) FAIL(said << " marks about the grammar, and the walk says " << good << ": " << text);
    for (const Mark& mark : marks_) {
      if (mark.offset > text.size()) FAIL("a mark beyond the text: " << text);
    }
    return good;
  }

  Walker walker_{stream::Limits{}.max_depth};
  Facts facts_;
  MessageChecks messages_;
  Marks marks_;
};

std::string full_entry() {
  return test::entry_with({
      {{"request", "headers"}, R"([{"name":"Accept","value":"*/*"},{"name":"Cookie","value":"a=\"b\\c\"; d=\u00e9"}])"},
      {{"request", "postData"}, R"({"mimeType":"text/plain","text":"\ud83d\ude00","params":[{"name":"a","value":"1"}]})"},
      {{"_webSocketMessages"}, R"([{"type":"send","time":1795339530.25,"opcode":1,"data":"{\"a\":[1,2]}"}])"},
      {{"_eventSourceMessages"}, R"([{"time":1795339530.5,"eventName":"message","eventId":"","data":"x\n"}])"},
      {{"_streamChunks"}, R"([{"time":1,"offset":0,"size":5}])"},
      {{"_more"}, R"({"deep":[[],{},[{"a":null},true,false,-1.5e-3]],"":0})"},
  });
}

}  // namespace

TEST_CASE("an entry that is cut off anywhere is refused") {
  Both both;
  const std::string entry = full_entry();
  REQUIRE(both.agree(entry));
  for (std::size_t size = 0; size < entry.size(); ++size) {
    if (both.agree(std::string_view(entry).substr(0, size))) FAIL("taken: the first " << size << " bytes");
  }
  for (std::size_t from = 1; from < entry.size(); ++from) both.agree(std::string_view(entry).substr(from));
}

TEST_CASE("one byte changed, left out or put in: the walk takes what the parser takes") {
  Both both;
  std::mt19937 random(3);
  const std::string entry = full_entry();
  static constexpr std::string_view kBytes("{}[]:,\"\\01-.+eEtrufalsn \n\t\r/b\x00\x1f\x7f\x80\xc3\xff\xef", 35);
  std::size_t refused = 0;
  constexpr std::size_t kRounds = 12'000;
  for (std::size_t round = 0; round < kRounds; ++round) {
    std::string text = entry;
    for (std::size_t changes = 1 + random() % 2; changes > 0; --changes) {
      const std::size_t at = random() % text.size();
      const char byte = random() % 4 == 0 ? static_cast<char>(random() % 256) : kBytes[random() % kBytes.size()];
      switch (random() % 4) {
        case 0:
          text[at] = byte;
          break;
        case 1:
          text.erase(at, 1 + random() % 3);
          break;
        case 2:
          text.insert(at, 1, byte);
          break;
        default:
          std::swap(text[at], text[random() % text.size()]);
      }
    }
    refused += both.agree(text) ? 0U : 1U;
  }
  CHECK(refused > kRounds / 4);
  CHECK(refused < kRounds);
}

TEST_CASE("pieces of JSON put together in any order are taken or refused alike") {
  Both both;
  std::mt19937 random(4);
  static constexpr std::string_view kPieces[] = {"{",  "}",      "[",    "]",       ":",  ",",  "\"a\"",  "\"\\u00e9\"",
                                                 "1",  "-0.5e1", "true", "null",    " ",  "\n", "\"b\":", "{\"c\":[",
                                                 "]}", "\"",     "\\",   "\"\":{}", "01", "[]", "{}",     ",\"d\":1"};
  std::size_t taken = 0;
  for (int round = 0; round < 60'000; ++round) {
    std::string text;
    for (std::size_t pieces = 1 + random() % 7; pieces > 0; --pieces) text += kPieces[random() % std::size(kPieces)];
    if (round % 2 == 0) text = (random() % 2 == 0 ? "[" : "{") + text + (random() % 2 == 0 ? "]" : "}");
    taken += both.agree(text) ? 1U : 0U;
  }
  CHECK(taken > 1000);
}

TEST_CASE("JSONTestSuite: the walk takes what must be accepted and refuses what must be refused") {
  const char* corpus = std::getenv("HARTAPE_CORPUS");
  if (corpus == nullptr) {
    WARN("skipped: HARTAPE_CORPUS is not set");
    return;
  }
  Both both;
  std::size_t files = 0;
  for (const auto& file : std::filesystem::directory_iterator(std::filesystem::path(corpus) / "jsontestsuite")) {
    const std::string name = file.path().filename().string();
    const std::size_t mark = name.rfind("__") + 2;
    const std::string_view kind = std::string_view(name).substr(mark, 2);
    if (!name.ends_with(".json") || (kind != "y_" && kind != "n_" && kind != "i_")) continue;
    const auto source = stream::open_input(file.path().string());
    REQUIRE(source);
    const auto text = stream::read_all(**source, std::size_t{1} << 24);
    REQUIRE(text);
    INFO(name);
    ++files;
    const Both::Verdict verdict = both.of(*text);
    CHECK(verdict.walked == verdict.as_entry);
    if (kind == "y_") CHECK(verdict.walked);
    if (kind == "n_") CHECK_FALSE(verdict.walked);
    if (kind == "i_") CHECK(verdict.walked == verdict.parsed);
  }
  CHECK(files > 150);
}
