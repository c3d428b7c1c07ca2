#include <catch2/catch.hpp>

#include "websocket_peer.hpp"

using namespace stream;
using namespace stream::net;
using replay::StepKind;
using namespace stream::test;

TEST_CASE("the recorded messages come on their schedule, each as one frame, and then the recorded close") {
  TableHandler handler;
  handler.answers["/"] = recorded(talk()
                                      .message(ms(5), "subscribe", Direction::send)
                                      .message(ms(10), "one")
                                      .message(ms(15), std::string("\x00\xff", 2), Direction::receive, 2)
                                      .message(ms(15), "are you there", Direction::receive, 9)
                                      .message(ms(20), std::string(300, 'x'))
                                      .close(ms(25), 4001, "bye")
                                      .end(ms(25)));
  const RunningServer server(handler);
  Client client(server.port());
  const auto sent = std::chrono::steady_clock::now();
  const auto since = [&] { return std::chrono::steady_clock::now() - sent; };
  client.send(handshake());
  const std::string head = client.read_to("\r\n\r\n");
  CHECK(since() >= ms(2));
  CHECK(head.starts_with("HTTP/1.1 101 Switching Protocols\r\n"));
  CHECK(head.find("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n") != std::string::npos);
  CHECK(head.find("Sec-WebSocket-Extensions") == std::string::npos);
  CHECK(client.read_exactly(5) == "\x81\x03one");
  CHECK(since() >= ms(10));
  CHECK(client.read_exactly(4) == std::string("\x82\x02\x00\xff", 4));
  CHECK(since() >= ms(15));
  CHECK(client.read_exactly(15) ==
        "\x89\x0d"
        "are you there");
  CHECK(client.read_exactly(304) == std::string("\x81\x7e\x01\x2c", 4) + std::string(300, 'x'));
  CHECK(since() >= ms(20));
  CHECK(client.read_exactly(7) ==
        "\x88\x05\x0f\xa1"
        "bye");
  CHECK(since() >= ms(25));
  client.send(frame(8, "\x0f\xa1"));
  CHECK(client.read_all().empty());
  client.close();
  const auto result = handler.result();
  CHECK(result.served.outcome == Outcome::complete);
  CHECK(result.served.messages == 4);
  CHECK(result.served.status == 101);
}

TEST_CASE("the recorded subprotocol and headers are there, the former only if it was offered") {
  TableHandler handler;
  handler.answers["/"] =
      recorded(talk({{"Sec-WebSocket-Protocol", "prices.v1"}, {"X-Node", "7\n8"}, {"Server", "exchange"}}).message(ms(3), "a"));
  const RunningServer server(handler);
  Client offered(server.port());
  offered.send(handshake("Sec-WebSocket-Protocol: other, prices.v1\r\n"));
  const std::string head = offered.read_to("\r\n\r\n");
  CHECK(head.find("Sec-WebSocket-Protocol: prices.v1\r\n") != std::string::npos);
  CHECK(head.find("X-Node: 7\r\n") != std::string::npos);
  CHECK(head.find("Server: exchange\r\n") != std::string::npos);
  Client other(server.port());
  other.send(handshake("Sec-WebSocket-Protocol: other\r\n"));
  CHECK(other.read_to("\r\n\r\n").find("Sec-WebSocket-Protocol") == std::string::npos);
}

TEST_CASE("compression is agreed on only where it was recorded and is offered") {
  TableHandler handler;
  handler.answers["/"] =
      recorded(talk({{"Sec-WebSocket-Extensions", "permessage-deflate"}}).message(ms(3), std::string(500, 'a')));
  const RunningServer server(handler);
  Client client(server.port());
  client.send(handshake("Sec-WebSocket-Extensions: permessage-deflate\r\n"));
  CHECK(client.read_to("\r\n\r\n").find("Sec-WebSocket-Extensions: permessage-deflate") != std::string::npos);
  CHECK(client.read_exactly(1) == "\xc1");  // FIN, RSV1, text
  Client plain(server.port());
  plain.send(handshake());
  CHECK(plain.read_to("\r\n\r\n").find("Sec-WebSocket-Extensions") == std::string::npos);
  CHECK(plain.read_exactly(1) == "\x81");
}

TEST_CASE("what the client says is dropped and reported, its pings answered, its close too") {
  TableHandler handler;
  handler.answers["/"] = recorded(talk().message(ms(3'600'000), "much later"));
  const RunningServer server(handler);
  Client client(server.port());
  client.send(handshake());
  client.read_to("\r\n\r\n");
  client.send(frame(1, "hello") + frame(2, "abc"));
  CHECK(handler.message(0) == std::pair<int, std::uint64_t>(1, 5));
  CHECK(handler.message(1) == std::pair<int, std::uint64_t>(2, 3));
  client.send(frame(9, "?"));
  CHECK(client.read_exactly(3) == "\x8a\x01?");
  client.send(frame(8, "\x03\xe8"));
  CHECK(client.read_exactly(4) == "\x88\x02\x03\xe8");
  CHECK(client.read_all().empty());
  CHECK(handler.result().served.outcome == Outcome::client_left);
}

TEST_CASE("a conversation without a recorded close ends with 1000, one that was reset with a reset") {
  TableHandler handler;
  handler.answers["/"] = recorded(talk().message(ms(3), "a").end(ms(4)));
  const RunningServer server(handler);
  {
    Client client(server.port());
    client.send(handshake());
    client.read_to("\r\n\r\n");
    CHECK(client.read_exactly(7) ==
          "\x81\x01"
          "a\x88\x02\x03\xe8");
  }
  TableHandler resets;
  resets.answers["/"] = recorded(talk().message(ms(3), "a").end(ms(4), "reset"));
  const RunningServer second(resets);
  Client client(second.port());
  client.send(handshake());
  client.read_to("\r\n\r\n");
  CHECK(client.read_exactly(3) ==
        "\x81\x01"
        "a");
  CHECK(client.read_all().empty());
  CHECK(client.error() == ECONNRESET);
}

TEST_CASE("a close that may not be sent goes without its code, and a long reason is cut between characters") {
  TableHandler handler;
  std::string reason;
  for (int i = 0; i < 50; ++i) reason += "\xe2\x82\xac";  // 150 bytes; 123 fit, which is 41 characters
  handler.answers["/"] = recorded(talk().message(ms(3), "a").close(ms(4), 1001, reason));
  handler.answers["/none"] = recorded(talk().message(ms(3), "a").close(ms(4), 1005, ""));
  const RunningServer server(handler);
  Client client(server.port());
  client.send(handshake());
  client.read_to("\r\n\r\n");
  CHECK(client.read_exactly(3 + 4 + 123) == std::string("\x81\x01"
                                                        "a\x88\x7d\x03\xe9") +
                                                reason.substr(0, 123));
  Client none(server.port());
  std::string request = handshake();
  none.send(request.replace(4, 1, "/none"));
  none.read_to("\r\n\r\n");
  CHECK(none.read_exactly(5) == std::string("\x81\x01"
                                            "a\x88\x00",
                                            5));
}

TEST_CASE("a client that leaves in the middle of a conversation ends it") {
  TableHandler handler;
  auto builder = talk();
  for (int i = 1; i < 20'000; ++i) builder.message(ms(i), "tick");
  handler.answers["/"] = recorded(builder);
  const RunningServer server(handler);
  Client client(server.port());
  client.send(handshake());
  client.read_to("tick");
  client.close();
  CHECK(handler.result().served.outcome == Outcome::client_left);
}

TEST_CASE("stopping ends conversations at once") {
  TableHandler handler;
  handler.answers["/"] = recorded(talk().message(ms(3), "a").message(ms(3'600'000), "much later"));
  RunningServer server(handler);
  Client client(server.port());
  client.send(handshake());
  client.read_to(
      "\x81\x01"
      "a");
  server.stop();
  CHECK(client.read_all().empty());
}
