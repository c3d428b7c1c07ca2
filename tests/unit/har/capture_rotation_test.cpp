// Files that follow each other: each can be read by itself, and nothing is between them.
#include <thread>

#include "capturing.hpp"

using namespace capturing;

namespace {

void wait_for_files(const Relay& relay, std::size_t output, std::size_t count) {
  for (int i = 0; i < 5000 && relay.recorder->summary().outputs[output].files.size() < count; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  REQUIRE(relay.recorder->summary().outputs[output].files.size() == count);
}

}  // namespace

TEST_CASE("an exchange that goes on over a rotation is in both files, with what happened in each") {
  const Folder folder;
  Relay relay;
  relay.record(folder / "s.rec.ndjson");
  relay.har(folder / "s.har");
  relay.start();
  relay.exchange(1, "https://a.example/one", "x");
  relay.request(2, "ws://a.example/socket");
  relay.response(2, 101);
  relay.message(2, Direction::send, "before");
  relay.recorder->idle();
  for (int i = 0; i < 5000 && relay.recorder->summary().outputs[0].events < 7; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  relay.recorder->rotate();
  wait_for_files(relay, 0, 2);
  wait_for_files(relay, 1, 2);
  relay.at(10);
  relay.message(2, Direction::receive, "behind");
  relay.close(2, Direction::receive, 1000, "");
  relay.end(2);
  const Summary summary = relay.finish();
  CHECK(summary.outputs[0].files == std::vector<std::string>{folder / "s.rec.ndjson", folder / "s-002.rec.ndjson"});
  CHECK(folder.names() == std::vector<std::string>{"s-002.har", "s-002.rec.ndjson", "s.har", "s.rec.ndjson"});
  for (const std::string& name : folder.names()) {
    INFO(name);
    CHECK(complaints(folder / name).empty());
  }
  const Json::Array first = entries(folder / "s.har");
  const Json::Array second = entries(folder / "s-002.har");
  REQUIRE(first.size() == 2);
  REQUIRE(second.size() == 1);
  CHECK(first[1]["_incomplete"] == Json(true));
  CHECK(first[1]["_webSocketMessages"].as_array()[0]["data"] == Json("before"));
  CHECK(second[0]["_continued"] == Json(true));
  CHECK(second[0]["_webSocketMessages"].as_array().size() == 1);
  CHECK(second[0]["_webSocketMessages"].as_array()[0]["data"] == Json("behind"));
  CHECK(second[0]["startedDateTime"] == first[1]["startedDateTime"]);
  CHECK(to_json(sorted(converted(folder / "s-002.rec.ndjson")[0])) == to_json(sorted(second[0])));
  CHECK(to_json(sorted(converted(folder / "s.rec.ndjson")[1])) == to_json(sorted(first[1])));
}

TEST_CASE("files are rotated by size, with numbers from 1, and pass over those that are there") {
  const Folder folder;
  std::ofstream(folder / "s-002.rec.ndjson") << "precious";
  Relay relay;
  relay.record(folder / "s.rec.ndjson");
  relay.options.rotation.size = 20'000;
  relay.start();
  for (std::uint64_t id = 1; id <= 4; ++id) {
    relay.exchange(id, "https://a.example/", std::string(15'000, 'x'));
    const std::uint64_t events = id * 4;
    for (int i = 0; i < 5000 && relay.recorder->summary().outputs[0].events < events; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  }
  const Summary summary = relay.finish();
  CHECK(folder.names() ==
        std::vector<std::string>{"s-001.rec.ndjson", "s-002.rec.ndjson", "s-003.rec.ndjson", "s-004.rec.ndjson"});
  CHECK(contents(folder / "s-002.rec.ndjson") == "precious");
  std::size_t exchanges = 0;
  for (const std::string& file : summary.outputs[0].files) exchanges += converted(file).size();
  CHECK(exchanges == 4);
}

TEST_CASE("files are rotated by age") {
  const Folder folder;
  Relay relay;
  relay.har(folder / "s.har");
  relay.options.rotation.age = std::chrono::seconds(10);
  relay.start();
  relay.exchange(1, "https://a.example/", "x");
  relay.at(9'000);
  relay.exchange(2, "https://a.example/", "x");
  for (int i = 0; i < 5000 && relay.recorder->summary().outputs[0].events < 2; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  relay.at(11'000);
  wait_for_files(relay, 0, 2);
  relay.exchange(3, "https://a.example/", "x");
  relay.finish();
  CHECK(entries(folder / "s-001.har").size() == 2);
  CHECK(entries(folder / "s-002.har").size() == 1);
}
