// Every HAR of a folder of real recordings (HARTAPE_CORPUS) goes through every conversion and comes back the same.
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <map>

#include "conversion.hpp"
#include "har/model.hpp"
#include "stream/io/byte_source.hpp"

using namespace har;
using stream::Json;

namespace {

/// The files that are no HAR or hold a broken one: what is wrong with them, as the reader says it.
const std::map<std::string, std::string> kBroken = {
    {"invalid-json__iigmir-har2file__invaildhar.har", "x:1:1: expected a HAR, a JSON object {\"log\": …}, found '['"},
    {"invalid-json__janodvarko-harviewer__not-json.har", "x:8:5: expected ',' or '}' in /log, found 'x'"},
    {"invalid-json__mitmproxy-mitmproxy__brokenfile.har", "x:5:1: expected ',' or '}' behind /log, found '\"'"},
    {"no-creator__mitmproxy-mitmproxy__har_extractor.har", "x:1:1: this is JSON, but not a HAR: it has no member \"log\""},
};

bool is_har(const std::filesystem::path& path) {
  const std::string name = path.filename().string();
  return name.ends_with(".har") || name.ends_with(".har.gz") || name.ends_with(".json");
}

struct Read {
  std::string joined;
  std::size_t entries = 0;
  std::string error;
};

Read read_verbatim(std::string_view text) {
  Read result;
  const auto source = stream::memory_source(text, "x", 5000);
  EntryReaderOptions options;
  options.batch_size = 20'000;
  EntryReader reader(*source, options);
  EntryBatch batch;
  std::string middle;
  for (;;) {
    const auto more = reader.next(batch);
    if (!more) {
      result.error = to_string(more.error());
      break;
    }
    if (!*more) break;
    middle += batch.text();
    result.entries += batch.entries().size();
  }
  result.joined = std::string(reader.head()) + middle + std::string(reader.tail());
  return result;
}

}  // namespace

TEST_CASE("every HAR of the corpus is read, copied byte for byte, and comes back from HAR lines and from a recording the same") {
  const char* corpus = std::getenv("HARTAPE_CORPUS");
  if (corpus == nullptr) {
    WARN("skipped: HARTAPE_CORPUS is not set");
    return;
  }
  std::size_t files = 0;
  std::size_t entries = 0;
  for (const char* folder : {"har", "recorded_here"}) {
    for (const auto& file : std::filesystem::directory_iterator(std::filesystem::path(corpus) / folder)) {
      if (!is_har(file.path())) continue;
      const std::string name = file.path().filename().string();
      INFO(name);
      const auto source = stream::open_input(file.path().string());
      REQUIRE(source);
      const auto text = stream::read_all(**source, std::size_t{1} << 30);
      REQUIRE(text);
      ++files;
      const Read read = read_verbatim(*text);
      if (const auto broken = kBroken.find(name); broken != kBroken.end()) {
        CHECK(read.error == broken->second);
        continue;
      }
      CHECK(read.error == "");
      if (!read.error.empty()) continue;
      CHECK(read.joined == *text);
      entries += read.entries;
      const std::vector<Json> original = test::entries_of(*text);
      REQUIRE(original.size() == read.entries);
      for (const Json& entry : original) {
        const auto model = read_entry(entry);
        REQUIRE(model);
        const bool same = to_json(*model) == entry;
        CHECK(same);
      }
      for (const std::string_view format : {"harl", "recording"}) {
        INFO(format);
        const test::Converted there = test::convert(*text, "har", format);
        CHECK(there.errors == std::vector<std::string>{});
        const test::Converted back = test::convert(there.text, format, "har");
        CHECK(back.errors == std::vector<std::string>{});
        const std::vector<Json> again = test::entries_of(back.text);
        REQUIRE(again.size() == original.size());
        for (std::size_t i = 0; i < original.size(); ++i) {
          INFO("entry " << i);
          const bool same = again[i] == original[i];
          CHECK(same);
        }
      }
      for (const auto style : {WriteOptions::Style::pretty, WriteOptions::Style::compact}) {
        WriteOptions write;
        write.style = style;
        const test::Converted laid_out = test::convert(*text, "har", "har", write);
        CHECK(laid_out.errors == std::vector<std::string>{});
        CHECK(test::entries_of(laid_out.text) == original);
        CHECK(stream::parse_json(laid_out.text));
      }
    }
  }
  WARN(files << " files, " << entries << " entries");
  CHECK(files > 100);
}
