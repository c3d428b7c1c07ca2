#include "origin_connector.hpp"

#include <catch2/catch.hpp>
#include <condition_variable>
#include <mutex>

#include "dial.hpp"
#include "origin_peer.hpp"

using namespace stream;
using namespace stream::proxy;
using stream::test::Loop;
using stream::test::Peer;
using stream::test::RefusingPort;
using stream::test::test_options;
using stream::test::Wire;

namespace {

void answer_once(Wire& wire) { wire.send("answer to " + wire.read_to("\n")); }

/// A resolver that hangs for hosts of one name, until the test is over.
class Hanging {
 public:
  ~Hanging() {
    const std::lock_guard lock(state_->mutex);
    state_->over = true;
    state_->changed.notify_all();
  }
  OriginOptions options() const {
    OriginOptions options = test_options();
    options.resolve = [state = state_](const std::string& host) -> Result<std::vector<std::string>> {
      if (host.starts_with("hangs")) {
        std::unique_lock lock(state->mutex);
        ++state->hanging;
        state->changed.wait(lock, [&] { return state->over; });
      }
      return test::test_addresses(host);
    };
    return options;
  }
  int count() const {
    const std::lock_guard lock(state_->mutex);
    return state_->hanging;
  }

 private:
  struct State {
    std::mutex mutex;
    std::condition_variable changed;
    int hanging = 0;
    bool over = false;
  };
  std::shared_ptr<State> state_ = std::make_shared<State>();
};

}  // namespace

TEST_CASE("an address is connected to without a look-up, and says where it leads") {
  Loop loop;
  Peer peer(answer_once);
  const auto connector = loop.connector();
  auto made = loop.connect(*connector, {"127.0.0.1", peer.port()});
  REQUIRE(made);
  REQUIRE(*made);
  OriginConnection& connection = **made;
  CHECK_FALSE(connection.dns);
  CHECK_FALSE(connection.ssl);
  CHECK(connection.connect > Nanos{});
  CHECK(connection.address == "127.0.0.1");
  CHECK(connection.port == peer.port());
  CHECK(connection.tls_version.empty());
  CHECK_FALSE(connection.absolute_form);
  CHECK(loop.exchange(connection.transport, "hello\n", "\n") == "answer to hello\n");
}

TEST_CASE("a name is looked up, and how long it took is known") {
  Loop loop;
  Peer peer(answer_once);
  OriginOptions options = test_options();
  options.resolve = [](const std::string& host) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    return test::test_addresses(host);
  };
  const auto connector = loop.connector(options);
  auto made = loop.connect(*connector, {"a.example", peer.port()});
  REQUIRE(made);
  REQUIRE(*made);
  CHECK((*made)->dns.value() >= std::chrono::milliseconds(20));
  CHECK((*made)->connect < std::chrono::seconds(5));
  CHECK((*made)->address == "127.0.0.1");
}

TEST_CASE("the system's resolver knows localhost") {
  const auto addresses = system_addresses("localhost");
  REQUIRE(addresses);
  CHECK_FALSE(addresses->empty());
}

TEST_CASE("an IPv6 address is connected to") {
  Loop loop;
  Peer peer(answer_once, 1, AF_INET6);
  if (peer.port() == 0) return;  // there is no IPv6 here
  const auto connector = loop.connector();
  auto made = loop.connect(*connector, {"::1", peer.port()});
  REQUIRE(made);
  REQUIRE(*made);
  CHECK((*made)->address == "::1");
  CHECK(loop.exchange((*made)->transport, "hello\n", "\n") == "answer to hello\n");
}

TEST_CASE("of a host with two addresses, the one that does not refuse is taken") {
  Loop loop;
  Peer peer(answer_once);  // at 127.0.0.1 alone
  const auto connector = loop.connector(test_options());
  auto made = loop.connect(*connector, {"both.example", peer.port()});
  REQUIRE(made);
  REQUIRE(*made);
  CHECK((*made)->address == "127.0.0.1");
  CHECK((*made)->connect < std::chrono::milliseconds(200));  // it did not wait for the second's turn
}

TEST_CASE("families alternate, beginning with the first address's") {
  const auto address = [](const char* text) { return boost::asio::ip::make_address(text); };
  const auto ordered =
      alternate_families({address("::1"), address("::2"), address("::3"), address("10.0.0.1"), address("10.0.0.2")});
  CHECK(ordered == std::vector{address("::1"), address("10.0.0.1"), address("::2"), address("10.0.0.2"), address("::3")});
  CHECK(alternate_families({}).empty());
}

TEST_CASE("a port that refuses is told with host, address and reason") {
  Loop loop;
  const RefusingPort refusing;
  const auto connector = loop.connector(test_options());
  const std::string port = std::to_string(refusing.port());
  CHECK(loop.failure(*connector, {"a.example", refusing.port()}) ==
        "cannot connect to a.example:" + port + " (127.0.0.1): connection refused");
  CHECK(loop.failure(*connector, {"127.0.0.1", refusing.port()}) ==
        "cannot connect to 127.0.0.1:" + port + ": connection refused");
  const auto result = loop.connect(*connector, {"a.example", refusing.port()});
  REQUIRE(result);
  REQUIRE_FALSE(*result);
  CHECK(result->error().code == ErrorCode::io);
  CHECK(result->error().system == ECONNREFUSED);
}

TEST_CASE("a host without an address is told as such") {
  Loop loop;
  OriginOptions options = test_options();
  const auto connector = loop.connector(options);
  CHECK(loop.failure(*connector, {"nowhere.example", 80}) == "cannot find the address of nowhere.example: there is none");
  options.resolve = [](const std::string&) { return Result<std::vector<std::string>>(std::vector<std::string>{"no address"}); };
  const auto strange = loop.connector(options);
  CHECK(loop.failure(*strange, {"a.example", 80}) == "cannot find the address of a.example: it has none");
  CHECK(loop.failure(*connector, {std::string(300, 'a'), 80}).starts_with("cannot find the address of a host whose name"));
  options.resolve = [](const std::string&) -> Result<std::vector<std::string>> { throw std::runtime_error("broken"); };
  const auto broken = loop.connector(options);
  CHECK(loop.failure(*broken, {"a.example", 80}) == "cannot find the address of a.example: broken");
}

TEST_CASE("a look-up that hangs ends at its deadline, and makes no other wait") {
  Loop loop;
  Peer peer(answer_once);
  const Hanging hanging;
  OriginOptions options = hanging.options();
  options.connect_timeout = std::chrono::milliseconds(300);
  const auto connector = loop.connector(options);
  std::optional<Error> first;
  bool second = false;
  const auto hangs = connector->connect({"hangs.example", 80}, [&](Result<OriginConnection> made) { first = made.error(); });
  const auto other =
      connector->connect({"a.example", peer.port()}, [&](Result<OriginConnection> made) { second = made.has_value(); });
  REQUIRE(loop.run_until([&] { return second; }));
  CHECK_FALSE(first);
  REQUIRE(loop.run_until([&] { return first.has_value(); }));
  CHECK(first->message == "cannot find the address of hangs.example: no answer within 300 ms");
  CHECK(first->code == ErrorCode::timeout);
}

TEST_CASE("all that ask for the same host at once share a look-up") {
  Loop loop;
  const Hanging hanging;
  OriginOptions options = hanging.options();
  options.connect_timeout = std::chrono::milliseconds(200);
  const auto connector = loop.connector(options);
  int failed = 0;
  std::vector<OriginAttempt> attempts;
  for (int i = 0; i < 50; ++i) {
    attempts.push_back(connector->connect({"hangs.example", 80}, [&](Result<OriginConnection>) { ++failed; }));
  }
  REQUIRE(loop.run_until([&] { return failed == 50; }));
  CHECK(hanging.count() == 1);
}

TEST_CASE("a thousand connections at once are made, each with its own answer") {
  Loop loop;
  Peer peer([](Wire& wire) { wire.send("x"); }, 1000);
  const auto connector = loop.connector(test_options());
  int made = 0;
  std::vector<OriginAttempt> attempts;
  for (int i = 0; i < 1000; ++i) {
    const std::string host = "h" + std::to_string(i % 100) + ".example";
    attempts.push_back(connector->connect({host, peer.port()}, [&](Result<OriginConnection> one) { made += one ? 1 : 0; }));
  }
  REQUIRE(loop.run_until([&] { return made == 1000; }));
}

TEST_CASE("an attempt that is destroyed calls nobody, whatever it was doing") {
  Loop loop;
  bool called = false;
  const auto done = [&](Result<OriginConnection>) { called = true; };

  SECTION("before it began") {
    Peer peer(answer_once);
    const auto connector = loop.connector(test_options());
    (void)connector->connect({"127.0.0.1", peer.port()}, done);
    loop.run_for(std::chrono::milliseconds(50));
  }
  SECTION("while it looks up") {
    const Hanging hanging;
    const auto connector = loop.connector(hanging.options());
    {
      const auto attempt = connector->connect({"hangs.example", 80}, done);
      REQUIRE(loop.run_until([&] { return hanging.count() == 1; }));
      CHECK(attempt.active());
    }
    loop.run_for(std::chrono::milliseconds(50));
  }
  SECTION("while it connects") {
    Peer peer(answer_once);
    const auto connector = loop.connector();
    auto attempt = connector->connect({"127.0.0.1", peer.port()}, done);
    loop.context().poll_one();  // the start
    loop.context().poll_one();  // the first address
    attempt = OriginAttempt();
    loop.run_for(std::chrono::milliseconds(50));
  }
  SECTION("while it shakes hands, and the peer sees the end") {
    std::optional<std::string> last;
    {
      std::mutex mutex;
      bool greeted = false;
      Peer peer([&](Wire& wire) {
        const std::string hello = wire.receive();
        {
          const std::lock_guard lock(mutex);
          greeted = !hello.empty();
        }
        last = wire.receive();
      });
      const auto connector = loop.connector();
      auto attempt = connector->connect({"127.0.0.1", peer.port(), true}, done);
      REQUIRE(loop.run_until([&] {
        const std::lock_guard lock(mutex);
        return greeted;
      }));
      attempt.cancel();
      CHECK_FALSE(attempt.active());
      loop.run_for(std::chrono::milliseconds(50));
    }
    CHECK(last == "");
  }
  SECTION("while it talks to a proxy") {
    std::mutex mutex;
    bool asked = false;
    Peer peer([&](Wire& wire) {
      wire.read_to("\r\n\r\n");
      const std::lock_guard lock(mutex);
      asked = true;
    });
    OriginOptions options = test_options();
    options.upstream = UpstreamProxy{UpstreamProxy::Kind::http, "127.0.0.1", peer.port(), {}, {}};
    const auto connector = loop.connector(options);
    {
      bool seen = false;
      const auto attempt = connector->connect({"a.example", 443, true}, [&](Result<OriginConnection>) { seen = true; });
      loop.run_until([&] {
        const std::lock_guard lock(mutex);
        return asked || seen;
      });
    }
    loop.run_for(std::chrono::milliseconds(50));
  }
  SECTION("after its connector") {
    const Hanging hanging;
    auto connector = loop.connector(hanging.options());
    auto attempt = connector->connect({"hangs.example", 80}, done);
    REQUIRE(loop.run_until([&] { return hanging.count() == 1; }));
    connector.reset();
    loop.run_for(std::chrono::milliseconds(20));
    attempt.cancel();
  }
  CHECK_FALSE(called);
}

TEST_CASE("the callback may destroy its own attempt, and make the next") {
  Loop loop;
  Peer peer(answer_once);
  const RefusingPort refusing;
  const auto connector = loop.connector(test_options());
  OriginAttempt attempt;
  bool connected = false;
  attempt = connector->connect({"a.example", refusing.port()}, [&](Result<OriginConnection> first) {
    CHECK_FALSE(first);
    attempt =
        connector->connect({"a.example", peer.port()}, [&](Result<OriginConnection> second) { connected = second.has_value(); });
  });
  REQUIRE(loop.run_until([&] { return connected; }));
}
