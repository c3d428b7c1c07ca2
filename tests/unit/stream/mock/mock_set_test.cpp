#include "stream/mock/mock_set.hpp"

#include "../io/scratch.hpp"
#include "mocks.hpp"

using namespace mocks;
using stream::mock::MockSet;

namespace {

std::string file(std::string_view url, std::string_view answer) {
  return R"({"mocks": [{"request": {"url": ")" + std::string(url) + R"("}, "response": {"body": ")" + std::string(answer) +
         "\"}}]}";
}

std::string get(MockSet& set, std::string_view url) {
  const auto match = set.match({"GET", url, nullptr, {}});
  return match ? body(match->answer.get()) : to_string(match.error());
}

}  // namespace

TEST_CASE("the files of a set are asked in their order, each for its own kind") {
  const Scratch scratch;
  MockSet set;
  CHECK(set.empty());
  REQUIRE(set.add(scratch.file("a.json", file("a", "1"))));
  REQUIRE(set.add(scratch.file("ws.json", R"({"mocks": [{"url": "wss://h/", "onConnect": [{"body": "hello"}]}]})")));
  REQUIRE(set.add(scratch.file("b.json", file("*", "2"))));
  CHECK(get(set, "a") == "1");
  CHECK(get(set, "b") == "2");
  CHECK(set.has(FileKind::websocket));
  auto talk = set.connect({"GET", "wss://h/", nullptr, {}});
  REQUIRE(talk != nullptr);
  CHECK(actions(*talk->open({})) == "0 text hello");
  CHECK(set.connect({"GET", "wss://other/", nullptr, {}}) == nullptr);
  CHECK(set.match({"GET", "b", nullptr, {}})->place.source == scratch.path("b.json"));
}

TEST_CASE("a file that is broken when it is read anew leaves its mocks as they were") {
  const Scratch scratch;
  const std::string path = scratch.file("a.json", file("*", "old"));
  MockSet set;
  REQUIRE(set.add(path));
  CHECK(get(set, "x") == "old");
  scratch.file("a.json", file("*", "new").substr(0, 40));
  const auto broken = set.reload(path);
  REQUIRE_FALSE(broken);
  CHECK(broken.error().code == stream::ErrorCode::truncated);
  CHECK(broken.error().place.source == path);
  CHECK(get(set, "x") == "old");
  scratch.file("a.json", file("*", "new"));
  REQUIRE(set.reload(path));
  CHECK(get(set, "x") == "new");
  CHECK_FALSE(set.reload("other.json"));
  REQUIRE_FALSE(set.add(scratch.path("none.json")));
  CHECK(set.paths().size() == 1);
}

TEST_CASE("an open connection keeps the mocks that it began with, and a file may change its kind") {
  const Scratch scratch;
  const std::string path = scratch.file("a.json", R"({"mocks": [{"url": "*", "rules": [{"responses": [{"body": "old"}]}]}]})");
  MockSet set;
  REQUIRE(set.add(path));
  auto talk = set.connect({"GET", "wss://h/", nullptr, {}});
  scratch.file("a.json", file("*", "http"));
  REQUIRE(set.reload(path));
  CHECK(say(*talk, "x") == "0 text old");
  CHECK(set.connect({"GET", "wss://h/", nullptr, {}}) == nullptr);
  CHECK(get(set, "x") == "http");
}

TEST_CASE("the folder of a mocks file is where it lies") {
  CHECK(stream::mock::mocks_folder("mocks.json") == ".");
  CHECK(stream::mock::mocks_folder("a/b.json") == "a");
  CHECK(stream::mock::mocks_folder("/b.json") == "/");
  CHECK(stream::mock::mocks_folder("-").empty());
}
