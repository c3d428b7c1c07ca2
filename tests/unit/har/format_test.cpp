#include "har/format.hpp"

#include <unistd.h>
#include <catch2/catch.hpp>
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "conversion.hpp"
#include "har/exchanges.hpp"

using namespace har;
using stream::Json;

namespace {

/// A file that is gone with the test.
class TemporaryFile {
 public:
  TemporaryFile(std::string_view name, std::string_view text)
      : path_(std::filesystem::temp_directory_path() / (std::to_string(::getpid()) + "-" + std::string(name))) {
    std::ofstream(path_, std::ios::binary) << text;
  }
  ~TemporaryFile() { std::filesystem::remove(path_); }
  std::string path() const { return path_.string(); }

 private:
  std::filesystem::path path_;
};

std::string format_found(std::string_view name, std::string_view text) {
  const TemporaryFile file(name, text);
  const auto input = open_source(file.path(), std::nullopt, {});
  return input ? std::string(input->format->name) : to_string(input.error()).substr(file.path().size());
}

const std::string kHar =
    "{\"log\":{\"version\":\"1.2\",\"creator\":{\"name\":\"x\",\"version\":\"1\"},\"entries\":[{\"a\": 1},\n{\"b\": [1, "
    "2]}],\"pages\":[{\"id\":\"p\"}]},\"_beside\":1}";

}  // namespace

TEST_CASE("a format is found by its content, whatever the file is called") {
  CHECK(format_found("x.txt", kHar) == "har");
  CHECK(format_found("x", "\xEF\xBB\xBF\n {\"log\": {}}") == "har");
  CHECK(format_found("x.har", "{\"log\":{\"version\":\"1.2\"}}\n{\"startedDateTime\":\"\"}\n") == "harl");
  CHECK(format_found("x", "{\"startedDateTime\":\"x\",\"request\":{},\"response\":{}}\n{\"startedDateTime\":\"x\"}\n") == "harl");
  CHECK(format_found("x.har", "{\"recording\":1}\n") == "recording");
  CHECK(format_found("x", "{\"recording\":1,\"log\":{\"version\":\"1.2\"}}\n{\"ev\":\"data\",\"t\":0,\"data\":\"\"}\n") ==
        "recording");
  CHECK(format_found("x.ndjson", "{\"ev\":\"data\",\"t\":0,\"data\":\"\"}\n") == "recording");
  CHECK(format_found("x", "event: a\ndata: b\n\n") == "sse");
  CHECK(format_found("x", "{\"a\":1}\n{\"a\":2}\n") == "ndjson");
  CHECK(format_found("x", "{\"a\":1}\n{\"a\":2}") == "ndjson");
  CHECK(format_found("x", "\x1e{}\n") == "json-seq");
  CHECK(format_found("x.txt", "hello\n") == "text");
  CHECK(format_found("x.bin", "\x01\x02") == "raw");
  // What could only be a HAR that is broken goes to its reader, which says what is wrong.
  CHECK(format_found("x", "<html>") == "har");
  CHECK(format_found("x", "[[[[") == "har");
  CHECK(format_found("x", "{\"a\":1}") == "har");
  CHECK(format_found("x", "") == "har");
  CHECK(format_found("x", "hello") == ": the format of this input is not known");
}

TEST_CASE("a suffix names a format, with that of a compression behind it too") {
  CHECK(format_of_name("a.har.gz")->name == "har");
  CHECK(format_of_name("a.rec.ndjson.zst")->name == "recording");
  CHECK(format_of_name("a.ndjson")->name == "ndjson");
  CHECK(format_of_name("a") == nullptr);
}

TEST_CASE("HAR to HAR lines and back: the same entries, and all of the log, wherever its members stood") {
  const test::Converted lines = test::convert(kHar, "har", "harl");
  CHECK(lines.errors.empty());
  CHECK(lines.text ==
        "{\"log\":{\"version\":\"1.2\",\"creator\":{\"name\":\"x\",\"version\":\"1\"}}}\n{\"a\":1}\n{\"b\":[1,2]}\n{\"log\":{"
        "\"pages\":[{\"id\":\"p\"}]},\"_beside\":1}\n");
  const test::Converted back = test::convert(lines.text, "harl", "har");
  CHECK(back.errors.empty());
  CHECK(back.text ==
        "{\"log\":{\"version\":\"1.2\",\"creator\":{\"name\":\"x\",\"version\":\"1\"},\"entries\":[\n{\"a\":1},\n{\"b\":[1,2]}\n]"
        ",\"pages\":[{\"id\":\"p\"}]},\"_beside\":1}\n");
}

TEST_CASE("what a log must have is added only if the input does not say it behind its entries") {
  WriteOptions write;
  write.creator = Json::Object{{"name", "tool"}, {"version", "2"}};
  const std::string behind = R"({"log":{"entries":[{"a":1}],"version":"1.2","creator":{"name":"x","version":"1"}}})";
  const std::string nowhere = R"({"log":{"entries":[{"a":1}]}})";
  for (const std::string_view format : {"har", "harl"}) {
    INFO(format);
    const std::string said = test::convert(behind, "har", format, write).text;
    CHECK(said.find("\"tool\"") == std::string::npos);
    CHECK(said.find("\"creator\"") == said.rfind("\"creator\""));
    CHECK(said.find("\"version\":\"1.2\"") == said.rfind("\"version\":\"1.2\""));
    const std::string added = test::convert(nowhere, "har", format, write).text;
    CHECK(added.find(R"("version":"1.2","creator":{"name":"tool","version":"2"})") != std::string::npos);
  }
}

TEST_CASE("a log without entries survives every format") {
  const std::string empty = "{\"log\":{\"version\":\"1.2\",\"creator\":{\"name\":\"x\",\"version\":\"1\"},\"entries\":[]}}";
  for (const std::string_view format : {"har", "harl", "recording"}) {
    INFO(format);
    const test::Converted there = test::convert(empty, "har", format);
    CHECK(there.errors.empty());
    const test::Converted back = test::convert(there.text, format, "har");
    CHECK(back.errors.empty());
    const auto json = stream::parse_json(back.text);
    REQUIRE(json);
    CHECK((*json)["log"]["entries"].as_array().empty());
    CHECK((*json)["log"]["creator"]["name"] == Json("x"));
  }
}

TEST_CASE("layouts: compact has no white space, pretty two spaces a level, and both are valid") {
  WriteOptions write;
  write.style = WriteOptions::Style::compact;
  CHECK(test::convert(kHar, "har", "har", write).text ==
        "{\"log\":{\"version\":\"1.2\",\"creator\":{\"name\":\"x\",\"version\":\"1\"},\"entries\":[{\"a\":1},{\"b\":[1,2]}],"
        "\"pages\":[{\"id\":\"p\"}]},\"_beside\":1}");
  write.style = WriteOptions::Style::pretty;
  CHECK(test::convert(kHar, "har", "har", write).text == to_json(*stream::parse_json(kHar), {2}) + "\n");
}

TEST_CASE("a string with a raw line break can't become a line, and the other entries can") {
  const test::Converted lines = test::convert("{\"log\":{\"entries\":[{\"a\":\"x\ny\"},{\"b\":1}]}}", "har", "harl");
  CHECK(lines.errors ==
        std::vector<std::string>{"x.har:1:27: /log/entries/0: a string holds the control character 0x0a, which must be escaped"});
  CHECK(lines.text.find("{\"b\":1}\n") != std::string::npos);
}

TEST_CASE("an entry that is broken inside is reported with its place, and left out where it must be understood") {
  const std::string har = "{\"log\":{\"entries\":[{\"a\":1},\n {\"b\":tru},{\"c\":1}]}}";
  const test::Converted recording = test::convert(har, "har", "recording");
  CHECK(recording.errors == std::vector<std::string>{"x.har:2:7: /log/entries/1/b: expected 'true'"});
  CHECK(test::convert(recording.text, "recording", "har").errors.empty());
}

TEST_CASE("the payload of a stream: events' data, messages, values") {
  const std::string sse = "data: {\"a\": 1}\n\n: ping\n\ndata: [DONE]\n\n";
  CHECK(test::convert(sse, "sse", "ndjson").text == "{\"a\":1}\n\"[DONE]\"\n");
  CHECK(test::convert(sse, "sse", "text").text == "{\"a\": 1}\n[DONE]\n");
  CHECK(test::convert(sse, "sse", "json-seq").text == "\x1e{\"a\":1}\n\x1e\"[DONE]\"\n");
  CHECK(test::convert(sse, "sse", "sse").text == sse);
  CHECK(test::convert(sse, "sse", "raw").text == sse);
  CHECK(test::convert("{\"a\":1}\n[2]\n", "ndjson", "json-seq").text == "\x1e{\"a\":1}\n\x1e[2]\n");
  CHECK(test::convert("\x1e{\"a\":1}\n\x1e[2]\n", "json-seq", "ndjson").text == "{\"a\":1}\n[2]\n");
  CHECK(test::convert("hello", "text", "sse").errors == std::vector<std::string>{"x.text: this is no event stream, but text"});
  const std::string socket =
      "{\"ev\":\"message\",\"t\":0,\"dir\":\"send\",\"opcode\":1,\"data\":\"{}\"}\n{\"ev\":\"message\",\"t\":1,\"dir\":"
      "\"receive\",\"opcode\":1,\"data\":\"{\\\"x\\\": 1}\"}\n"
      "{\"ev\":\"message\",\"t\":1,\"dir\":\"receive\",\"opcode\":9,\"data\":\"ping\"}\n{\"ev\":\"message\",\"t\":2,\"dir\":"
      "\"receive\",\"opcode\":1,\"data\":\"hi\"}\n";
  CHECK(test::convert(socket, "recording", "ndjson").text == "{\"x\":1}\n\"hi\"\n");
}

TEST_CASE("any input can be read as exchanges; a body is one without a request") {
  const auto exchanges = [](std::string_view name, std::string_view text) {
    const TemporaryFile file(name, text);
    std::string out;
    auto reader = open_exchanges(file.path());
    REQUIRE(reader);
    for (;;) {
      const auto exchange = (*reader)->next();
      REQUIRE(exchange);
      if (!*exchange) return out;
      out += std::string(to_string((*exchange)->kind())) + " " + std::string((*exchange)->url()) + ";";
    }
  };
  CHECK(exchanges("x.har", "{\"log\":{\"entries\":[{\"request\":{\"url\":\"u\"},\"response\":{}},{}]}}") == "http u;http ;");
  CHECK(exchanges("x", "data: a\n\n") == "sse ;");
  CHECK(exchanges("x", "hello") == "text ;");
  CHECK(exchanges("x", "\xff\xfe\xfd\xfc\xfb\xfa") == "binary ;");
  CHECK(exchanges("x.rec.ndjson", "{\"ev\":\"message\",\"t\":1,\"dir\":\"receive\",\"opcode\":1,\"data\":\"hi\"}\n") ==
        "websocket ;");
}
