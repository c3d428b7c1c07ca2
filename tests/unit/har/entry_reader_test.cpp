#include "har/entry_reader.hpp"

#include <fmt/format.h>
#include <catch2/catch.hpp>

using namespace har;
using stream::Finding;

namespace {

struct Outcome {
  std::string head;
  std::string tail;
  std::string joined;  ///< head, leads and entries, tail
  std::vector<std::string> entries;
  std::vector<std::string> places;
  std::vector<std::string> findings;
  std::vector<std::string> errors;
  LogInfo info;
};

Outcome read(std::string_view text, std::size_t max_read = SIZE_MAX, std::size_t batch_size = std::size_t{1} << 20,
             stream::Limits limits = {}) {
  Outcome outcome;
  const auto source = stream::memory_source(text, "x.har", max_read);
  EntryReaderOptions options;
  options.batch_size = batch_size;
  options.limits = limits;
  options.report = [&](const Finding& finding) { outcome.findings.push_back(to_string(finding)); };
  EntryReader reader(*source, options);
  EntryBatch batch;
  for (;;) {
    const auto more = reader.next(batch);
    if (!more) {
      outcome.errors.push_back(to_string(more.error()));
      if (reader.can_continue()) continue;
      break;
    }
    if (!*more) break;
    CHECK_FALSE(batch.empty());
    std::string text_of_batch;
    for (const EntrySlice& entry : batch.entries()) {
      text_of_batch += entry.lead;
      text_of_batch += entry.text;
      outcome.entries.emplace_back(entry.text);
      outcome.places.push_back(to_string(batch.place(entry)));
      CHECK(text.substr(entry.offset, entry.text.size()) == entry.text);
    }
    CHECK(text_of_batch == batch.text());
    outcome.joined += text_of_batch;
  }
  outcome.head = reader.head();
  outcome.tail = reader.tail();
  outcome.joined = outcome.head + outcome.joined + outcome.tail;
  outcome.info = reader.info();
  CHECK(reader.count() == outcome.entries.size());
  return outcome;
}

const std::string kHar = R"({
  "log": {
    "version": "1.2",
    "pages": [{"id": "p1", "title": "]}\"{"}],
    "entries": [
      {"a": "}]\\", "n": [1, {"x": []}]},
      {"b": "\"", "u": "é"}
    , {"c": {}}
    ],
    "comment": "behind"
  },
  "_beside": 1.0
}
)";

}  // namespace

TEST_CASE("entries are slices of the file in its order, and the rest is kept as it stands") {
  const Outcome outcome = read(kHar);
  CHECK(outcome.errors.empty());
  CHECK(outcome.findings.empty());
  CHECK(outcome.entries ==
        std::vector<std::string>{R"({"a": "}]\\", "n": [1, {"x": []}]})", R"({"b": "\"", "u": "é"})", R"({"c": {}})"});
  CHECK(outcome.places ==
        std::vector<std::string>{"x.har:6:7: /log/entries/0", "x.har:7:7: /log/entries/1", "x.har:8:7: /log/entries/2"});
  CHECK(outcome.joined == kHar);
  REQUIRE(outcome.info.log.size() == 3);
  CHECK(outcome.info.log[1].name == "pages");
  CHECK(outcome.info.log[2].value == stream::Json("behind"));
  REQUIRE(outcome.info.root.size() == 1);
  CHECK(outcome.info.root[0].value.number_text() == "1.0");
}

TEST_CASE("neither the size of reads nor that of batches changes what is read") {
  const Outcome expected = read(kHar);
  for (std::size_t max_read = 1; max_read < 70; ++max_read) {
    for (const std::size_t batch : {std::size_t{1}, std::size_t{64}, std::size_t{100}, std::size_t{130}}) {
      const Outcome outcome = read(kHar, max_read, batch);
      CHECK(outcome.errors.empty());
      CHECK(outcome.entries == expected.entries);
      CHECK(outcome.places == expected.places);
      CHECK(outcome.joined == kHar);
      CHECK(outcome.info == expected.info);
    }
  }
}

TEST_CASE("a HAR that is cut at any byte gives the entries that are whole, one error, and can be closed") {
  const Outcome whole = read(kHar);
  for (std::size_t cut = 0; cut < kHar.size(); ++cut) {
    INFO(kHar.substr(0, cut));
    const Outcome outcome = read(std::string_view(kHar).substr(0, cut), 1 + cut % 5, 64 + cut % 3);
    const bool complete = cut >= kHar.size() - 1;
    CHECK(outcome.errors.size() == (complete ? 0 : 1));
    REQUIRE(outcome.entries.size() <= 3);
    for (std::size_t i = 0; i < outcome.entries.size(); ++i) CHECK(outcome.entries[i] == whole.entries[i]);
    if (cut > kHar.find("    ],\n    \"comment")) CHECK(outcome.entries.size() == 3);
    if (cut > kHar.find('[', 60) && outcome.head.size() > 10) CHECK(stream::parse_json(outcome.joined));
  }
}

TEST_CASE("messages of a cut HAR say what is lost and what is not") {
  const std::string har = R"({"log":{"entries":[{"a":1},{"b":22}]}})";
  const auto error = [&](std::size_t size) { return read(har.substr(0, size)).errors.at(0); };
  CHECK(error(0) == "x.har:1:1: the input is empty");
  CHECK(error(4) == "x.har:1:5: expected the rest of a string, found the end of the input");
  CHECK(error(19) == "x.har:1:20: the input ends before the array of entries is closed; no entry is whole");
  CHECK(error(22) == "x.har:1:20: the input ends inside entry 0, of which 3 bytes are lost; no entry is whole");
  CHECK(error(27) == "x.har:1:28: the input ends before the array of entries is closed; the 1 entry before that is whole");
  CHECK(error(30) == "x.har:1:28: the input ends inside entry 1, of which 3 bytes are lost; the 1 entry before that is whole");
  CHECK(error(36) ==
        "x.har:1:37: expected ',' or '}' in /log, found the end of the input; what stood behind the entries is lost");
}

TEST_CASE("what is no HAR is refused by a message that says what it is") {
  const auto error = [](std::string_view text) {
    const Outcome outcome = read(text);
    REQUIRE(outcome.errors.size() == 1);
    CHECK(outcome.entries.empty());
    return outcome.errors[0];
  };
  CHECK(error("  \n") == "x.har:1:1: the input is empty");
  CHECK(error("<!DOCTYPE html><html></html>") == "x.har:1:1: this is HTML or XML, not a HAR");
  CHECK(error("{\"a\": 1}") == "x.har:1:1: this is JSON, but not a HAR: it has no member \"log\"");
  CHECK(error("{\"log\": {}}") == "x.har:1:1: this HAR has no array /log/entries");
  CHECK(error("{\"log\": []}") == "x.har:1:1: this is JSON, but not a HAR: it has no member \"log\"");
  CHECK(error("[1]") == "x.har:1:1: expected a HAR, a JSON object {\"log\": …}, found '['");
  CHECK(error(std::string(10'000, '[')) == "x.har:1:1: expected a HAR, a JSON object {\"log\": …}, found '['");
  CHECK(error("{\"log\": {\"entries\": null}}") == "x.har:1:21: /log/entries: expected an array, found 'n'");
  CHECK(error(std::string("\0\0\0", 3)) == "x.har:1:1: expected a HAR, a JSON object {\"log\": …}, found the byte 0x00");
  CHECK(error("{\"log\": {\"x\": tru}}") == "x.har:1:15: /log/x: expected 'true'");
}

TEST_CASE("entries that do not stand as they should are errors with their place; those before them are given out") {
  const auto check = [](std::string_view array, std::size_t entries, std::string_view message) {
    const Outcome outcome = read(fmt::format("{{\"log\":{{\"entries\":{}}}}}", array));
    INFO(array);
    CHECK(outcome.entries.size() == entries);
    REQUIRE(outcome.errors.size() == 1);
    CHECK(outcome.errors[0] == message);
    CHECK(stream::parse_json(outcome.joined));
  };
  check("[{},,{}]", 1, "x.har:1:22: expected one comma between entries, found 2 before entry 1");
  check("[{} {}]", 1, "x.har:1:23: expected ',' for entry 1, found '{'");
  check("[{},]", 1, "x.har:1:22: expected ']' behind the entries, found ','");
  check("[,{}]", 0, "x.har:1:20: expected one comma between entries, found 1 before entry 0");
  check("[{},null,{}]", 1, "x.har:1:23: expected '{' for entry 1, found 'n'");
  check("[{},[]]", 1, "x.har:1:23: expected '{' for entry 1, found '['");
  check("[1]", 0, "x.har:1:20: expected ']' behind the entries, found '1'");
  // A quote too many turns the rest of the file inside out: nothing behind it can be trusted.
  check(R"([{"a":1},{"b":"x""},{"c":1}])", 1,
        "x.har:1:28: the input ends inside entry 1, of which 21 bytes are lost; the 1 entry before that is whole");
}

TEST_CASE("two documents in a row are refused behind the entries of the first") {
  const Outcome outcome = read("{\"log\":{\"entries\":[{}]}}\n{\"log\":{\"entries\":[{}]}}");
  CHECK(outcome.entries.size() == 1);
  REQUIRE(outcome.errors.size() == 1);
  CHECK(outcome.errors[0] == "x.har:2:1: expected the end of the input, found '{'");
}

TEST_CASE("a byte order mark, a JSONP wrapper, a second array and doubled members are read and reported") {
  CHECK(read("\xEF\xBB\xBF{\"log\":{\"entries\":[{}]}}").findings ==
        std::vector<std::string>{"x.har: note: the file begins with a byte order mark [har-bom]"});
  const Outcome harp = read("onInputData({\"log\":{\"entries\":[{}]}});\n");
  CHECK(harp.errors.empty());
  CHECK(harp.entries.size() == 1);
  CHECK(harp.findings == std::vector<std::string>{"x.har: note: the file is a JSONP call around a HAR [har-jsonp]"});

  const std::string twice = R"({"log":{"entries":[{"a":1}],"version":"1.2","entries": [ {"b":1},{"c":1}],"version":"1.1"}})";
  for (std::size_t max_read = 1; max_read < 40; ++max_read) {
    const Outcome outcome = read(twice, max_read, 16);
    CHECK(outcome.errors.empty());
    CHECK(outcome.entries == std::vector<std::string>{R"({"a":1})", R"({"b":1})", R"({"c":1})"});
    CHECK(outcome.joined == twice);
    CHECK(outcome.findings ==
          std::vector<std::string>{
              "x.har:1:56: warning: a second array of entries, whose entries are read too [har-second-entries]",
              "x.har: /log/version: warning: the member stands there twice [har-duplicate-member]"});
  }
  CHECK(read(R"({"log":{"entries":[]}})").errors.empty());
  CHECK(read(R"({"log":{"entries":[ ], "pages":[]}})").info.log.size() == 1);
}

TEST_CASE("an entry that is not UTF-8 is an error of its own; the others are given out") {
  const std::string har = "{\"log\":{\"entries\":[{\"a\":1},\n{\"b\":\"\xff\"},{\"c\":1},{\"d\":\"\xc3\"},{\"e\":1}]}}";
  for (std::size_t max_read = 1; max_read < 80; max_read += 3) {
    const Outcome outcome = read(har, max_read, 32);
    CHECK(outcome.entries == std::vector<std::string>{"{\"a\":1}", "{\"c\":1}", "{\"e\":1}"});
    CHECK(outcome.errors == std::vector<std::string>{"x.har:2:7: /log/entries/1: invalid UTF-8: the byte 0xff",
                                                     "x.har:2:25: /log/entries/3: invalid UTF-8: the byte 0xc3"});
  }
}

TEST_CASE("an entry beyond the limit is refused by an error that names the option") {
  stream::Limits limits;
  limits.max_entry = 1000;
  const std::string har = "{\"log\":{\"entries\":[{\"a\":1},{\"b\":\"" + std::string(5000, 'x') + "\"}]}}";
  for (const std::size_t batch : {std::size_t{64}, std::size_t{100'000}}) {
    const Outcome outcome = read(har, SIZE_MAX, batch, limits);
    CHECK(outcome.entries.size() == 1);
    REQUIRE(outcome.errors.size() == 1);
    CHECK(outcome.errors[0].find("entry 1 is longer than 1000 bytes") != std::string::npos);
  }
  const Outcome head = read("{\"x\":\"" + std::string(5000, 'x'), SIZE_MAX, 64, limits);
  CHECK(head.errors.at(0).find("what stands before the entries is longer than 1000 bytes") != std::string::npos);
}

TEST_CASE("entries of very different sizes pass through buffers of any size") {
  std::string har = "{\"log\":{\"entries\":[";
  std::vector<std::string> expected;
  for (std::size_t i = 0; i < 200; ++i) {
    expected.push_back("{\"i\":\"" + std::string((i * 7919) % 3000, static_cast<char>('a' + i % 26)) + "\"}");
    har += (i == 0 ? "\n" : ",\n") + expected.back();
  }
  har += "\n]}}";
  for (const std::size_t batch : {std::size_t{64}, std::size_t{1000}, std::size_t{4096}, std::size_t{1} << 20}) {
    for (const std::size_t max_read : {std::size_t{17}, std::size_t{4096}}) {
      const Outcome outcome = read(har, max_read, batch);
      CHECK(outcome.errors.empty());
      CHECK(outcome.entries == expected);
      CHECK(outcome.joined == har);
    }
  }
}

TEST_CASE("an entry with a raw control character in a string, or nested too deep, is an error of its own") {
  const std::string deep(600, '[');
  const std::string har = "{\"log\":{\"entries\":[{\"a\":1},\n{\"b\":\"x\ny\"},{\"c\": \"\\n\"},{\"d\":" + deep +
                          std::string(600, ']') + "},{\"e\":1},{\"f\":\"" + std::string(1, '\0') + "\"}]}}";
  for (std::size_t max_read = 1; max_read < 80; max_read += 7) {
    const Outcome outcome = read(har, max_read, 32);
    CHECK(outcome.entries == std::vector<std::string>{"{\"a\":1}", "{\"c\": \"\\n\"}", "{\"e\":1}"});
    REQUIRE(outcome.errors.size() == 3);
    CHECK(outcome.errors[0] == "x.har:2:8: /log/entries/1: a string holds the control character 0x0a, which must be escaped");
    CHECK(outcome.errors[1] == "x.har:3:533: /log/entries/3: nested deeper than 512 levels");
    CHECK(outcome.errors[2].find("/log/entries/5: a string holds the control character 0x00, which must be escaped") !=
          std::string::npos);
  }
}
