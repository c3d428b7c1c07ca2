// What is lost where the disk does not keep up, is full, or is gone: no more than must be, and it is said.
#include <sys/resource.h>

#include <csignal>
#include <thread>

#include "capturing.hpp"

using namespace capturing;

namespace {

bool any(const std::vector<Notice>& notices, Notice::Kind kind) {
  return std::any_of(notices.begin(), notices.end(), [&](const Notice& notice) { return notice.kind == kind; });
}

/// Waits for what another thread does.
template <class Condition>
bool eventually(Condition&& condition) {
  for (int i = 0; i < 5000; ++i) {
    if (condition()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return false;
}

}  // namespace

TEST_CASE("what there is no room for is dropped and counted, and the exchange says so") {
  const Folder folder;
  Relay relay;
  relay.record(folder / "s.rec.ndjson");
  relay.har(folder / "s.har");
  relay.options.max_queue = 4000;
  relay.start();
  relay.request(1, "ws://a.example/");
  relay.response(1, 101);
  // Nothing is handed on before the limit: the queue is the batch that is being filled.
  for (int i = 0; i < 1000; ++i) relay.message(1, Direction::send, "a message of some forty bytes, number " + std::to_string(i));
  REQUIRE(eventually([&] {
    relay.recorder->idle();
    return relay.request(2, "https://a.example/", {}) == stream::TapInterest::all;
  }));
  relay.response(2);
  relay.end(2);
  relay.end(1);
  const Summary summary = relay.finish();
  CHECK(summary.dropped > 0);
  CHECK(summary.dropped_bytes > summary.dropped * 20);
  CHECK(any(relay.notices, Notice::Kind::dropped));
  std::size_t messages = 0;
  for (const Json& line : lines(folder / "s.rec.ndjson")) {
    messages += line["ev"] == Json("message") ? 1U : 0U;
    if (line["ev"] == Json("end") && line["id"] == Json("1")) {
      CHECK(line["entry"]["_dropped"].int_or(0) + static_cast<std::int64_t>(messages) == 1000);
    }
  }
  CHECK(messages < 1000);
  CHECK(complaints(folder / "s.rec.ndjson").empty());
  const Json::Array list = entries(folder / "s.har");
  REQUIRE(list.size() == 2);
  CHECK(list[1]["_dropped"].int_or(0) == static_cast<std::int64_t>(1000 - messages));
}

TEST_CASE("with a lag allowed nothing is dropped") {
  const Folder folder;
  Relay relay;
  relay.record(folder / "s.rec.ndjson");
  relay.options.max_queue = 4000;
  relay.options.max_lag = std::chrono::seconds(30);
  relay.start();
  relay.request(1, "ws://a.example/");
  relay.response(1, 101);
  for (int i = 0; i < 3000; ++i) relay.message(1, Direction::send, "a message of some forty bytes");
  relay.end(1);
  const Summary summary = relay.finish();
  CHECK(summary.dropped == 0);
  CHECK(lines(folder / "s.rec.ndjson").size() == 3004);
}

TEST_CASE("on a full disk the relay goes on, the loss is said, and the recording can be read and goes on later") {
  std::signal(SIGXFSZ, SIG_IGN);
  const Folder folder;
  Relay relay;
  relay.record(folder / "s.rec.ndjson");
  relay.start();
  relay.exchange(1, "https://a.example/first", "x");
  REQUIRE(eventually([&] { return relay.recorder->summary().outputs[0].events == 4; }));
  rlimit before{};
  ::getrlimit(RLIMIT_FSIZE, &before);
  const rlimit full{20'000, before.rlim_max};
  REQUIRE(::setrlimit(RLIMIT_FSIZE, &full) == 0);
  std::uint64_t id = 2;
  for (; id < 400; ++id) relay.exchange(id, "https://a.example/full", std::string(50'000, 'f'));
  REQUIRE(eventually([&] { return relay.recorder->summary().outputs[0].lost > 0; }));
  CHECK(complaints(folder / "s.rec.ndjson").empty());  // whole lines only
  REQUIRE(::setrlimit(RLIMIT_FSIZE, &before) == 0);
  relay.at(1000);
  relay.recorder->idle();
  const auto size = std::filesystem::file_size(folder / "s.rec.ndjson");
  REQUIRE(eventually([&] { return std::filesystem::file_size(folder / "s.rec.ndjson") > size; }));
  relay.exchange(id, "https://a.example/last", "x");
  const Summary summary = relay.finish();
  CHECK(summary.events == 4 * 400);
  CHECK(summary.dropped == 0);
  CHECK(summary.outputs[0].lost > 0);
  CHECK(summary.outputs[0].events + summary.outputs[0].lost == summary.events);
  CHECK(summary.outputs[0].error == "cannot write: File too large");
  CHECK(any(relay.notices, Notice::Kind::trouble));
  CHECK(any(relay.notices, Notice::Kind::recovered));
  CHECK(complaints(folder / "s.rec.ndjson").empty());
  const auto all = lines(folder / "s.rec.ndjson");
  CHECK(std::any_of(all.begin(), all.end(), [](const Json& line) { return line.find("_lost") != nullptr; }));
  CHECK(all[all.size() - 4]["request"]["url"] == Json("https://a.example/last"));
}

TEST_CASE("a disk that is full from the beginning is said at once") {
  Relay relay;
  relay.record("/dev/full");
  const auto refused = Recorder::open(relay.options);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().message == "cannot write: No space left on device");
}
