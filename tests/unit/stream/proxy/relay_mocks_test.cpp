// Mocks while relaying: what they answer does not reach the origin, and the rest passes as it came.
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "../net/tls_peer.hpp"
#include "relaying.hpp"
#include "stream/codec/websocket.hpp"

using namespace relaying;
using stream::WsMask;
using stream::WsOpcode;

namespace {

const WsMask kMask{9, 8, 7, 6};

std::string frame(WsOpcode opcode, std::string_view payload, bool fin = true, bool masked = true) {
  std::string out;
  stream::append_frame(out, {fin, 0, opcode, masked ? std::optional(kMask) : std::nullopt}, payload);
  return out;
}
std::string close_frame(int code, std::string_view reason, bool masked) {
  std::string out;
  REQUIRE(stream::append_close(out, code, reason, masked ? std::optional(kMask) : std::nullopt));
  return out;
}

const std::string kUpgrade =
    "GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n";
const std::string kAccepted =
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

/// Mocks in a file, as they come.
class MocksFile {
 public:
  explicit MocksFile(std::string_view text) {
    std::ofstream(folder_ / "mocks.json") << text;
    const auto added = set.add(folder_ / "mocks.json");
    INFO((added ? "" : to_string(added.error())));
    REQUIRE(added);
  }
  stream::mock::MockSet set{};

 private:
  stream::test::TemporaryFolder folder_;
};

stream::proxy::ProxyOptions with(MocksFile& mocks, std::uint16_t port) {
  stream::proxy::ProxyOptions options = reverse(port);
  options.mocks = &mocks.set;
  return options;
}

}  // namespace

TEST_CASE("a mocked request does not reach the origin, and others do, byte for byte") {
  MocksFile mocks(R"({"mocks": [
    {"request": {"url": "http://a/orders", "method": "POST", "bodyFragment": "A1"},
     "response": {"statusCode": 201, "body": {"id": 7}}},
    {"request": {"url": "http://a/nth", "nth": 2}, "response": {"statusCode": 503}}]})");
  std::vector<std::string> seen;
  std::mutex mutex;
  Origin origin([&](Wire& wire) {
    for (;;) {
      std::string request = wire.receive_until("\r\n\r\n");
      if (request.empty()) return;
      if (request.find("Content-Length: 2") != std::string::npos) request += wire.receive(2);
      {
        const std::lock_guard lock(mutex);
        seen.push_back(request);
      }
      wire.send("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\norigin");
    }
  });
  const auto post = [](std::string_view body) {
    return "POST /orders HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n" + std::string(body);
  };
  {
    Running running(with(mocks, origin.port));
    Wire wire = Wire::to(running.proxy->port());
    wire.send(post("B2"));
    CHECK(wire.receive_until("origin").starts_with("HTTP/1.1 200"));
    wire.send(post("A1"));
    CHECK(wire.receive_until("{\"id\":7}").starts_with("HTTP/1.1 201"));
    wire.send("GET /nth HTTP/1.1\r\nHost: a\r\n\r\n");
    CHECK(wire.receive_until("origin").starts_with("HTTP/1.1 200"));
    wire.send("GET /nth HTTP/1.1\r\nHost: a\r\n\r\n");
    CHECK(wire.receive_until("\r\n\r\n").starts_with("HTTP/1.1 503"));
    wire.send("GET /other HTTP/1.1\r\nHost: a\r\n\r\n");
    CHECK(wire.receive_until("origin").starts_with("HTTP/1.1 200"));
    REQUIRE(running.heard.wait_for("5 end eof"));
    CHECK(running.heard.text().find("2 send A1\n2 response 201 mocked\n") != std::string::npos);
    CHECK(running.heard.text().find("1 response 200\n") != std::string::npos);
  }
  CHECK(seen ==
        std::vector<std::string>{post("B2"), "GET /nth HTTP/1.1\r\nHost: a\r\n\r\n", "GET /other HTTP/1.1\r\nHost: a\r\n\r\n"});
}

TEST_CASE("a WebSocket's messages are answered by its mock or pass, in their order") {
  MocksFile mocks(R"({"mocks": [{"url": "ws://a/ws",
    "onConnect": [{"body": "welcome"}],
    "rules": [
      {"match": {"bodyFragment": "ping"}, "responses": [{"body": "pong"}]},
      {"match": {"bodyFragment": "quit"}, "responses": [{"body": "bye"}], "closeAfter": true}]}]})");
  std::string head;
  std::string seen;
  {
    Origin origin([&](Wire& wire) {
      head = wire.receive_until("\r\n\r\n");
      wire.send(kAccepted);
      // The client's messages that pass: a fragmented one with a ping between, and one that is binary.
      const std::string expected = frame(WsOpcode::ping, "p") + frame(WsOpcode::text, "to the ", false) +
                                   frame(WsOpcode::continuation, "origin") + frame(WsOpcode::binary, "x");
      seen = wire.receive(expected.size());
      CHECK(seen == expected);
      wire.send(frame(WsOpcode::text, "from the origin", true, false));
      seen = wire.receive_all();
    });
    Running running(with(mocks, origin.port));
    Wire wire = Wire::to(running.proxy->port());
    wire.send(kUpgrade);
    CHECK(wire.receive_until("\r\n\r\n") == kAccepted);
    const std::string welcome = frame(WsOpcode::text, "welcome", true, false);
    CHECK(wire.receive(welcome.size()) == welcome);
    // Byte by byte: what is cut anywhere means the same.
    const std::string sent = frame(WsOpcode::text, "a ping") + frame(WsOpcode::text, "to the ", false) +
                             frame(WsOpcode::ping, "p") + frame(WsOpcode::continuation, "origin") + frame(WsOpcode::binary, "x");
    for (const char& c : sent) REQUIRE(wire.send({&c, 1}));
    const std::string answers =
        frame(WsOpcode::text, "pong", true, false) + frame(WsOpcode::text, "from the origin", true, false);
    CHECK(wire.receive(answers.size()) == answers);
    wire.send(frame(WsOpcode::text, "quit"));
    const std::string ending = frame(WsOpcode::text, "bye", true, false) + close_frame(1000, "", false);
    CHECK(wire.receive(ending.size()) == ending);
    wire.send(close_frame(1000, "", true));
    wire.shut();
    CHECK(wire.receive_all().empty());
    REQUIRE(running.heard.wait_for("1 end eof"));
    CHECK(running.heard.text() ==
          "1 request GET ws://a/ws websocket\n1 response 101\n1 message receive 1 welcome 7 mocked\n"
          "1 message send 1 a ping 6 mocked\n1 message receive 1 pong 4 mocked\n1 message send 9 p 1\n"
          "1 message send 1 to the origin 13\n1 message send 2 x 1\n1 message receive 1 from the origin 15\n"
          "1 message send 1 quit 4 mocked\n1 message receive 1 bye 3 mocked\n1 close receive 1000  mocked\n1 close send 1000 \n"
          "1 end eof\n");
  }
  CHECK(head.find("Sec-WebSocket-Extensions") == std::string::npos);  // a message that one side lacks breaks compression
  CHECK(seen == close_frame(1000, "", true));
}

TEST_CASE("what the mock says stands between the origin's messages, never within one") {
  MocksFile mocks(
      R"({"mocks": [{"url": "ws://a/ws", "rules": [{"match": {"bodyFragment": "ping"}, "responses": [{"body": "pong"}]}]}]})");
  const std::string first = frame(WsOpcode::text, "first ", false, false);
  const std::string second = frame(WsOpcode::continuation, "second", true, false);
  Origin origin([&](Wire& wire) {
    wire.receive_until("\r\n\r\n");
    wire.send(kAccepted + first.substr(0, 4));
    CHECK(wire.receive(frame(WsOpcode::text, "go on").size()) == frame(WsOpcode::text, "go on"));
    wire.send(first.substr(4));
    CHECK(wire.receive(frame(WsOpcode::text, "go on").size()) == frame(WsOpcode::text, "go on"));
    wire.send(second);
    wire.receive_all();
  });
  Running running(with(mocks, origin.port));
  Wire wire = Wire::to(running.proxy->port());
  wire.send(kUpgrade);
  wire.receive_until("\r\n\r\n");
  CHECK(wire.receive(4) == first.substr(0, 4));
  wire.send(frame(WsOpcode::text, "ping") + frame(WsOpcode::text, "go on"));
  CHECK(wire.receive(first.size() - 4) == first.substr(4));
  wire.send(frame(WsOpcode::text, "go on"));
  const std::string rest = second + frame(WsOpcode::text, "pong", true, false);
  CHECK(wire.receive(rest.size()) == rest);
}

TEST_CASE("where the origin cannot be reached the mock answers alone, and it is said why") {
  MocksFile mocks(R"({"mocks": [{"url": "ws://a/ws", "onConnect": [{"body": "welcome"}],
    "rules": [{"match": {"bodyFragment": "ping"}, "responses": [{"body": "pong"}]}]}]})");
  std::uint16_t port = 0;
  {
    Origin gone([](Wire&) {});
    port = gone.port;
  }
  for (const auto unmatched : {stream::mock::Unmatched::drop, stream::mock::Unmatched::close}) {
    stream::proxy::ProxyOptions options = with(mocks, port);
    options.on_unmatched = unmatched;
    Running running(options);
    Wire wire = Wire::to(running.proxy->port());
    wire.send(kUpgrade);
    const std::string head = wire.receive_until("\r\n\r\n");
    CHECK(head.starts_with("HTTP/1.1 101"));
    CHECK(head.find("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=") != std::string::npos);
    CHECK(head.find("permessage-deflate") == std::string::npos);
    wire.send(frame(WsOpcode::text, "ping"));
    const std::string talk = frame(WsOpcode::text, "welcome", true, false) + frame(WsOpcode::text, "pong", true, false);
    CHECK(wire.receive(talk.size()) == talk);
    wire.send(frame(WsOpcode::text, "nobody knows"));
    if (unmatched == stream::mock::Unmatched::close) {
      CHECK(wire.receive().substr(2, 2) == "\x03\xF0");  // 1008
    }
    wire.send(close_frame(1000, "", true));
    wire.shut();
    wire.receive_all();
    REQUIRE(running.heard.wait_for("1 end eof"));
    CHECK(running.heard.text().find("1 response 101 mocked\n") != std::string::npos);
    REQUIRE(running.incidents().size() == 1);
    CHECK(running.incidents()[0].find("the mock answers alone") != std::string::npos);
  }
}
