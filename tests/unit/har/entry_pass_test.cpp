// Once through an input: whatever way it is read in, the same entries come, in their order, and the same is said about what is
// wrong.
#include "har/entry_pass.hpp"

#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <set>

#include "har/entry_view.hpp"

using namespace har;

namespace {

std::string entry(std::size_t number, std::string_view more = "") {
  return R"({"startedDateTime": "2026-01-01T00:00:00Z", "request": {"url": "https://a.example/)" + std::to_string(number) +
         R"("}, "response": {"status": )" + std::to_string(200 + number % 3) + "}" + std::string(more) + "}";
}

std::string document(std::size_t count, std::size_t broken = SIZE_MAX) {
  std::string text = R"({"log": {"version": "1.2", "creator": {"name": "t", "version": "1"}, "entries": [)";
  for (std::size_t i = 0; i < count; ++i) {
    if (i != 0) text += ",\n";
    text += i == broken ? "{\"bad\": \"\x01\"}" : entry(i, R"(, "pad": ")" + std::string(i % 97 * 10, 'x') + "\"");
  }
  return text + R"(], "comment": "end"}})";
}

class File {
 public:
  File(const std::string& name, std::string_view text)
      : path(std::filesystem::temp_directory_path() / ("hartape-pass-" + std::to_string(getpid()) + "-" + name)) {
    std::ofstream(path, std::ios::binary) << text;
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  ~File() { std::filesystem::remove(path); }
  const std::filesystem::path path;
};

struct Seen {
  std::vector<std::pair<std::size_t, std::string>> urls{};  ///< by number
  std::vector<std::string> said{};
  EntryPassResult result{};
};

Seen pass(const std::string& path, EntryPassOptions options, std::size_t stop_behind = SIZE_MAX) {
  Seen seen;
  auto input = open_source(path, std::nullopt, {});
  REQUIRE(input);
  options.say = [&](const Message& message) {
    const auto* error = std::get_if<stream::Error>(&message);
    seen.said.push_back(error != nullptr ? to_string(*error) : to_string(std::get<stream::Finding>(message)));
  };
  using Out = std::vector<std::string>;
  EntryPass<Out> work;
  work.work = [&](const EntryPiece& piece, Out& out) {
    out.clear();
    EntryView view;
    for (const PassEntry& one : piece.entries) {
      view.reset(one.text);
      out.emplace_back(view.url());
    }
    return true;
  };
  work.take = [&](const TakenPiece& piece, Out& out) -> stream::Result<bool> {
    REQUIRE(piece.count == out.size());
    for (std::size_t i = 0; i < out.size(); ++i) seen.urls.emplace_back(piece.first + i, out[i]);
    return seen.urls.size() < stop_behind;
  };
  auto result = each_entry<Out>(*input, options, work);
  REQUIRE(result);
  seen.result = std::move(*result);
  return seen;
}

EntryPassOptions options(unsigned threads, std::size_t part_size, bool numbered = false) {
  EntryPassOptions out;
  out.threads = threads;
  out.part_size = part_size;
  out.numbered = numbered;
  return out;
}

}  // namespace

TEST_CASE("a HAR gives the same entries however many threads read it and in whatever parts") {
  const File file("plain.har", document(3000));
  for (const unsigned threads : {1U, 2U, 4U}) {
    for (const std::size_t part : {std::size_t{4096}, std::size_t{65536}, std::size_t{1} << 20}) {
      for (const bool numbered : {false, true}) {
        const Seen seen = pass(file.path, options(threads, part, numbered));
        REQUIRE(seen.urls.size() == 3000);
        for (std::size_t i = 0; i < seen.urls.size(); ++i) {
          REQUIRE(seen.urls[i].first == i);
          REQUIRE(seen.urls[i].second == "https://a.example/" + std::to_string(i));
        }
        CHECK(seen.said.empty());
        CHECK(seen.result.entries == 3000);
        CHECK_FALSE(seen.result.stopped);
        REQUIRE(seen.result.info.log.size() == 3);
        CHECK(seen.result.info.log.back().value.string_or("") == "end");
      }
    }
  }
}

TEST_CASE("a broken entry costs itself, keeps its number, and is told with the same place by any number of threads") {
  const File file("broken.har", document(3000, 1500));
  const Seen plain = pass(file.path, options(1, 4096));
  REQUIRE(plain.said.size() == 1);
  CHECK(plain.said[0].find(":1501:") != std::string::npos);
  CHECK(plain.result.errors == 1);
  REQUIRE(plain.urls.size() == 2999);
  CHECK(plain.urls[1500].first == 1501);
  for (const unsigned threads : {2U, 4U}) {
    const Seen seen = pass(file.path, options(threads, 4096));
    CHECK(seen.urls == plain.urls);
    CHECK(seen.said == plain.said);
  }
}

TEST_CASE("a file that is cut gives what is whole, and says that it is cut once") {
  const std::string whole = document(2000);
  for (const std::size_t size : {whole.size() / 2, whole.size() - 3, std::size_t{200}, std::size_t{10}, std::size_t{0}}) {
    const File file("cut.har", whole.substr(0, size));
    const Seen plain = pass(file.path, options(1, 4096));
    CHECK(plain.result.errors == 1);
    for (const unsigned threads : {2U, 3U}) {
      const Seen seen = pass(file.path, options(threads, 4096));
      CHECK(seen.urls == plain.urls);
      CHECK(seen.said == plain.said);
    }
  }
}

TEST_CASE("who wants no more gets no more") {
  const File file("stop.har", document(3000));
  for (const unsigned threads : {1U, 2U}) {
    const Seen seen = pass(file.path, options(threads, 4096), 100);
    CHECK(seen.result.stopped);
    CHECK(seen.urls.size() >= 100);
    CHECK(seen.urls.size() < 400);
    CHECK(seen.result.entries == seen.urls.size());
    CHECK(seen.said.empty());
  }
}

TEST_CASE("lines and recordings give entries too, with their numbers") {
  std::string lines;
  for (std::size_t i = 0; i < 500; ++i) lines += i == 250 ? "[]\n" : entry(i) + "\n";
  const File harl("lines.harl", lines);
  const std::string recording =
      "{\"recording\":1,\"start\":\"2026-01-01T00:00:00Z\"}\n"
      "{\"ev\":\"request\",\"id\":\"1\",\"t\":0,\"request\":{\"method\":\"GET\",\"url\":\"https://a.example/x\"}}\n"
      "{\"ev\":\"response\",\"id\":\"1\",\"t\":0.1,\"response\":{\"status\":200}}\n"
      "{\"ev\":\"end\",\"id\":\"1\",\"t\":0.2,\"reason\":\"eof\"}\n";
  const File rec("one.rec.ndjson", recording);
  for (const unsigned threads : {1U, 3U}) {
    const Seen seen = pass(harl.path, options(threads, 2048));
    REQUIRE(seen.urls.size() == 499);
    CHECK(seen.urls[249].second == "https://a.example/249");
    CHECK(seen.urls[250].second == "https://a.example/251");
    CHECK(seen.said.size() == 1);
    const Seen one = pass(rec.path, options(threads, 2048));
    REQUIRE(one.urls.size() == 1);
    CHECK(one.urls[0].second == "https://a.example/x");
  }
}

TEST_CASE("a piece is given once more, with exact places, if something is to be said about it") {
  const File file("said.har", document(3000));
  auto input = open_source(file.path, std::nullopt, {});
  REQUIRE(input);
  using Out = std::vector<stream::Place>;
  EntryPass<Out> work;
  std::vector<stream::Place> places;
  std::size_t count = 0;
  work.work = [&](const EntryPiece& piece, Out& out) {
    out.clear();
    EntryView view;
    for (std::size_t i = 0; i < piece.entries.size(); ++i) {
      view.reset(piece.entries[i].text);
      if (view.url().ends_with("/1234")) out.push_back(piece.place(i));
    }
    return out.empty();
  };
  work.take = [&](const TakenPiece& piece, Out& out) -> stream::Result<bool> {
    places.insert(places.end(), out.begin(), out.end());
    count += piece.count;
    return true;
  };
  REQUIRE(each_entry<Out>(*input, options(2, 4096), work));
  CHECK(count == 3000);
  REQUIRE(places.size() == 1);
  CHECK(places[0].line == 1235);
}
