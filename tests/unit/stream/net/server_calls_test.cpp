#include <atomic>
#include <catch2/catch.hpp>
#include <future>

#include "peer.hpp"

using namespace stream;
using namespace stream::net;
using stream::test::Client;
using stream::test::TableHandler;

namespace {

constexpr auto kPatience = std::chrono::seconds(20);

std::string get(std::string_view target) { return "GET " + std::string(target) + " HTTP/1.1\r\nHost: h\r\n\r\n"; }

std::uint16_t port_of(const std::string& url) { return static_cast<std::uint16_t>(std::stoi(url.substr(url.rfind(':') + 1))); }

/// A body of which the second half comes when it is told.
class Live {
 public:
  Live()
      : answer_(std::make_shared<replay::Answer>()), steps_(std::make_shared<replay::LiveSteps>(replay::LiveSteps::Keep::all)) {
    answer_->status = 200;
    answer_->chunked = true;
    answer_->complete = true;
    answer_->live = steps_;
    steps_->push({Nanos{}, replay::StepKind::head, 0, {}});
    steps_->push({Nanos{}, replay::StepKind::data, 0, "one"});
  }
  const std::shared_ptr<replay::Answer>& answer() const { return answer_; }
  void finish() {
    steps_->push({Nanos{}, replay::StepKind::data, 0, "two"});
    steps_->push({Nanos{}, replay::StepKind::end, 0, {}});
  }

 private:
  std::shared_ptr<replay::Answer> answer_;
  std::shared_ptr<replay::LiveSteps> steps_;
};

struct Running {
  explicit Running(TableHandler& handler) : server(std::move(*Server::listen({}, handler))) {}
  void start() {
    thread = std::thread([this] {
      (void)server->run();
      over.set_value();
    });
  }
  ~Running() {
    server->stop();
    if (thread.joinable()) thread.join();
  }
  bool ends() { return over.get_future().wait_for(kPatience) == std::future_status::ready; }

  std::unique_ptr<Server> server;
  std::thread thread;
  std::promise<void> over;
};

}  // namespace

TEST_CASE("a server listens at several addresses, each with a handler of its own") {
  TableHandler handler;
  handler.answers["/x"] = replay::make_answer(200, "text/plain", "first");
  TableHandler other;
  other.answers["/x"] = replay::make_answer(200, "text/plain", "second");
  Running running(handler);
  const auto url = running.server->also_listen({}, other);
  REQUIRE(url);
  running.start();
  Client first(running.server->port());
  first.send(get("/x"));
  CHECK(first.read_to("first").ends_with("\r\n\r\nfirst"));
  Client second(port_of(*url));
  second.send(get("/x"));
  CHECK(second.read_to("second").ends_with("\r\n\r\nsecond"));
  ServerOptions taken;
  taken.port = running.server->port();
  CHECK(!Running(other).server->also_listen(taken, other));
}

TEST_CASE("work from other threads is done in the server's, in its order") {
  TableHandler handler;
  Running running(handler);
  running.start();
  std::vector<int> done;
  std::thread::id where;
  std::promise<void> last;
  for (int i = 0; i < 1000; ++i) {
    running.server->post([&, i] {
      done.push_back(i);
      where = std::this_thread::get_id();
      if (i == 999) last.set_value();
    });
  }
  REQUIRE(last.get_future().wait_for(kPatience) == std::future_status::ready);
  CHECK(std::is_sorted(done.begin(), done.end()));
  CHECK(done.size() == 1000);
  CHECK(where == running.thread.get_id());
}

TEST_CASE("notices come once or more, and what is done again and again is") {
  TableHandler handler;
  Running running(handler);
  std::promise<int> first;
  std::promise<int> second;
  std::promise<void> often;
  int count = 0;
  running.server->on_notify([&](int number) { (number == 0 ? first : second).set_value(number); });
  running.server->every(std::chrono::milliseconds(1), [&] {
    if (++count == 5) often.set_value();
  });
  running.start();
  running.server->notify(0);
  REQUIRE(first.get_future().wait_for(kPatience) == std::future_status::ready);
  running.server->notify(1);
  REQUIRE(second.get_future().wait_for(kPatience) == std::future_status::ready);
  CHECK(often.get_future().wait_for(kPatience) == std::future_status::ready);
}

TEST_CASE("a server that is drained ends when its answers are over") {
  TableHandler handler;
  const Live live;
  handler.answers["/live"] = live.answer();
  Running running(handler);
  running.start();
  Client client(running.server->port());
  client.send(get("/live"));
  CHECK(client.read_to("one\r\n").ends_with("3\r\none\r\n"));
  Client idle(running.server->port());
  idle.send(get("/none"));
  CHECK(idle.read_to("no /none").ends_with("no /none"));
  ServerStats stats;
  std::promise<void> drained;
  running.server->post([&] {
    stats = running.server->stats();
    running.server->drain(std::chrono::hours(1));
    drained.set_value();
  });
  REQUIRE(drained.get_future().wait_for(kPatience) == std::future_status::ready);
  CHECK(stats.connections == 2);
  CHECK(stats.open_connections == 2);
  CHECK(stats.answers == 2);
  CHECK(stats.open_answers == 1);
  CHECK(idle.read_some().empty());
  CHECK(!Client(running.server->port()).connected());
  running.server->post([&] { const_cast<Live&>(live).finish(); });
  CHECK(client.read_all() == "3\r\ntwo\r\n0\r\n\r\n");
  CHECK(running.ends());
  CHECK(handler.result(1).served.outcome == Outcome::complete);
}

TEST_CASE("what goes on for too long ends the draining") {
  TableHandler handler;
  const Live live;
  handler.answers["/live"] = live.answer();
  Running running(handler);
  running.start();
  Client client(running.server->port());
  client.send(get("/live"));
  client.read_to("one\r\n");
  running.server->post([&] { running.server->drain(std::chrono::milliseconds(1)); });
  CHECK(running.ends());
  CHECK(client.read_some().empty());
}

TEST_CASE("a live answer is played by all who ask, as it comes, and as clients understand it") {
  TableHandler handler;
  Live live;
  handler.answers["/live"] = live.answer();
  Running running(handler);
  running.start();
  Client chunked(running.server->port());
  chunked.send(get("/live"));
  chunked.read_to("one\r\n");
  Client old(running.server->port());
  old.send("GET /live HTTP/1.0\r\n\r\n");
  CHECK(old.read_to("one").ends_with("\r\n\r\none"));
  Client head(running.server->port());
  CHECK(head.exchange("HEAD /live HTTP/1.0\r\n\r\n").starts_with("HTTP/1.1 200"));
  Client leaves(running.server->port());
  leaves.send(get("/live"));
  leaves.read_to("one\r\n");
  leaves.close();
  running.server->post([&] { live.finish(); });
  CHECK(chunked.read_to("0\r\n\r\n") == "3\r\ntwo\r\n0\r\n\r\n");
  CHECK(old.read_all() == "two");
  Client late(running.server->port());
  late.send(get("/live"));
  CHECK(late.read_to("0\r\n\r\n").ends_with("3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n"));
}
