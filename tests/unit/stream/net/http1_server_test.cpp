#include <catch2/catch.hpp>

#include "../replay/exchanges.hpp"
#include "peer.hpp"

using namespace stream;
using namespace stream::net;
using replay::make_answer;
using replay::StepKind;
using stream::test::Client;
using stream::test::ExchangeBuilder;
using stream::test::ms;
using stream::test::RunningServer;
using stream::test::TableHandler;

namespace {

std::shared_ptr<const replay::Answer> recorded(const ExchangeBuilder& builder) {
  return make_answer(std::make_shared<const Exchange>(builder.build()), {});
}

/// Two chunks at 10 and 20 ms.
std::shared_ptr<const replay::Answer> two_chunks() {
  return recorded(ExchangeBuilder()
                      .response(ms(5), 200, {{"Content-Type", "text/event-stream"}}, "sse")
                      .data(ms(10), "data: one\n\n")
                      .data(ms(20), "data: twenty-two\n\n")
                      .end(ms(25)));
}

const std::string kHead = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n";
const std::string kChunks = "b\r\ndata: one\n\n\r\n12\r\ndata: twenty-two\n\n\r\n0\r\n\r\n";

}  // namespace

TEST_CASE("a body of several chunks goes out chunk by chunk in exact framing") {
  TableHandler handler;
  handler.answers["/s"] = two_chunks();
  const RunningServer server(handler);
  Client client(server.port());
  CHECK(client.exchange("GET /s HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n") ==
        kHead + "Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n" + kChunks);
  const auto result = handler.result();
  CHECK(result.served.outcome == Outcome::complete);
  CHECK(result.served.last == StepKind::end);
  CHECK(result.served.body_bytes == 29);
  CHECK(result.served.status == 200);
}

TEST_CASE("no step arrives before its time, and the pauses are those of the schedule") {
  TableHandler handler;
  handler.answers["/s"] = two_chunks();
  const RunningServer server(handler);
  for (int round = 0; round < 5; ++round) {
    Client client(server.port());
    const auto sent = std::chrono::steady_clock::now();
    client.send("GET /s HTTP/1.1\r\nHost: h\r\n\r\n");
    const auto since = [&] { return std::chrono::steady_clock::now() - sent; };
    REQUIRE(client.read_to("\r\n\r\n").starts_with("HTTP/1.1 200"));
    CHECK(since() >= ms(5));
    REQUIRE(client.read_to("one\n\n\r\n") == "b\r\ndata: one\n\n\r\n");
    CHECK(since() >= ms(10));
    client.read_to("\n\n\r\n");
    CHECK(since() >= ms(20));
    CHECK(client.read_to("0\r\n\r\n") == "0\r\n\r\n");
    CHECK(since() >= ms(25));
  }
}

TEST_CASE("trailers follow the last chunk") {
  TableHandler handler;
  handler.answers["/"] = recorded(ExchangeBuilder()
                                      .response(ms(0), 200, {{"Content-Length", "1"}})
                                      .data(ms(0), "x")
                                      .end(ms(0))
                                      .trailers({{"X-Sum", "a\nInjected: 1"}}));
  const RunningServer server(handler);
  Client client(server.port());
  client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  CHECK(client.read_to("\r\n\r\n") == "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum, X-Sum\r\n\r\n");
  CHECK(client.read_to("\r\n\r\n") == "1\r\nx\r\n0\r\nX-Sum: a\r\nX-Sum: Injected: 1\r\n\r\n");
}

TEST_CASE("one connection carries many requests, one after another and pipelined, answered in their order") {
  TableHandler handler;
  handler.answers["/a"] = make_answer(200, "text/plain", "alpha");
  handler.answers["/s"] = two_chunks();
  const RunningServer server(handler);
  Client client(server.port());
  const std::string alpha = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n";
  client.send("GET /a HTTP/1.1\r\nHost: h\r\n\r\n");
  CHECK(client.read_to("alpha") == alpha + "\r\nalpha");
  CHECK(
      client.exchange(
          "GET /s HTTP/1.1\r\nHost: h\r\n\r\n\r\nPOST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabcHEAD /a HTTP/1.1\r\n"
          "Host: h\r\n\r\nGET /a HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n") ==
      kHead + "Transfer-Encoding: chunked\r\n\r\n" + kChunks + alpha + "\r\nalpha" + alpha + "\r\n" + alpha +
          "Connection: close\r\n\r\nalpha");
}

TEST_CASE("thousands of pipelined requests are answered without growing the stack") {
  TableHandler handler;
  handler.answers["/a"] = make_answer(204, "text/plain", "");
  const RunningServer server(handler);
  Client client(server.port());
  std::string requests;
  constexpr int kCount = 20'000;
  for (int i = 0; i < kCount; ++i) requests += "GET /a HTTP/1.1\r\nHost: h\r\n\r\n";
  std::thread sender([&] { client.send(requests); });
  const std::string answer = "HTTP/1.1 204 No Content\r\nContent-Type: text/plain\r\n\r\n";
  std::string expected;
  for (int i = 0; i < kCount; ++i) expected += answer;
  CHECK(client.read_exactly(expected.size()) == expected);
  sender.join();
}

TEST_CASE("HTTP/1.0 gets a body without chunks and the end of the connection, or a length and another request") {
  TableHandler handler;
  handler.answers["/s"] = two_chunks();
  handler.answers["/a"] = make_answer(200, "text/plain", "alpha");
  const RunningServer server(handler);
  Client stream(server.port());
  CHECK(stream.exchange("GET /s HTTP/1.0\r\nConnection: keep-alive\r\n\r\n") ==
        kHead + "Connection: close\r\n\r\ndata: one\n\ndata: twenty-two\n\n");
  Client kept(server.port());
  const std::string alpha = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\nConnection: ";
  CHECK(kept.exchange("GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET /a HTTP/1.0\r\n\r\n") ==
        alpha + "keep-alive\r\n\r\nalpha" + alpha + "close\r\n\r\nalpha");
}

TEST_CASE("a request in the smallest pieces is the same request") {
  TableHandler handler;
  const RunningServer server(handler);
  Client client(server.port());
  for (const char c : std::string("POST /x HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nConnection: "
                                  "close\r\n\r\n3\r\nabc\r\n0\r\nT: v\r\n\r\n")) {
    client.send({&c, 1});
  }
  CHECK(client.read_all().ends_with("no /x"));
  CHECK(handler.result().request.body == "abc");
}

TEST_CASE("a large request body is read to its end and its beginning kept") {
  TableHandler handler;
  ServerOptions options;
  options.kept_body = 1000;
  const RunningServer server(handler, options);
  Client client(server.port());
  client.send("POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 3000000\r\nConnection: close\r\n\r\n");
  client.send(std::string(3'000'000, 'b'));
  CHECK(client.read_all().ends_with("no /x"));
  const auto result = handler.result();
  CHECK(result.request.body == std::string(1000, 'b'));
  CHECK(result.request.body_size == 3'000'000);
}

TEST_CASE("a client that waits for leave to send its body gets it") {
  TableHandler handler;
  const RunningServer server(handler);
  Client client(server.port());
  client.send("POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n");
  CHECK(client.read_to("\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n");
  CHECK(client.exchange("abc").starts_with("HTTP/1.1 404 Not Found\r\n"));
  Client strange(server.port());
  CHECK(strange.exchange("POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nExpect: miracles\r\n\r\n")
            .starts_with("HTTP/1.1 417 Expectation Failed\r\n"));
}

TEST_CASE("what is no request is refused with its status and the connection closed") {
  TableHandler handler;
  ServerOptions options;
  options.max_head = 1000;
  options.max_body = 100;
  const RunningServer server(handler, options);
  const auto status_of = [&](const std::string& request) {
    Client client(server.port());
    const std::string answer = client.exchange(request);
    CHECK(answer.find("Connection: close\r\n") != std::string::npos);
    CHECK(answer.find("{\"error\":\"") != std::string::npos);
    return answer.substr(0, 12);
  };
  const std::string get = "GET / HTTP/1.1\r\nHost: h\r\n";
  const std::string post = "POST / HTTP/1.1\r\nHost: h\r\n";
  CHECK(status_of("hello there\r\n\r\n") == "HTTP/1.1 400");
  CHECK(status_of(get + "bad header\r\n\r\n") == "HTTP/1.1 400");
  CHECK(status_of(get + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n") == "HTTP/1.1 400");
  CHECK(status_of(get + "Transfer-Encoding: gzip, chunked\r\n\r\n") == "HTTP/1.1 501");
  CHECK(status_of("GET / HTTP/1.1\r\n\r\n") == "HTTP/1.1 400");
  CHECK(status_of("\n\nGET / HTTP/1.1\r\nHost: h\r\n\r\n") == "HTTP/1.1 400");
  CHECK(status_of("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n") == "HTTP/1.1 505");
  CHECK(status_of(get + "X: " + std::string(2000, 'x') + "\r\n\r\n") == "HTTP/1.1 431");
  CHECK(status_of(get + "X: " + std::string(2000, 'x')) == "HTTP/1.1 431");
  CHECK(status_of("GET /" + std::string(2000, 'x')) == "HTTP/1.1 414");
  CHECK(status_of(post + "Content-Length: 101\r\n\r\n") == "HTTP/1.1 413");
  CHECK(status_of(post + "Transfer-Encoding: chunked\r\n\r\n70\r\n" + std::string(0x70, 'x') + "\r\n") == "HTTP/1.1 413");
  CHECK(handler.refusal(0).status == 400);
}

TEST_CASE("a client that does not finish its request in time is told so; one that sends none is let go") {
  TableHandler handler;
  ServerOptions options;
  options.head_timeout = ms(30);
  options.idle_timeout = ms(60);
  const RunningServer server(handler, options);
  Client slow_head(server.port());
  CHECK(slow_head.exchange("GET / HTTP/1.1\r\nHost:").starts_with("HTTP/1.1 408 Request Timeout\r\n"));
  Client slow_body(server.port());
  CHECK(slow_body.exchange("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\na")
            .starts_with("HTTP/1.1 408 Request Timeout\r\n"));
  Client silent(server.port());
  CHECK(silent.read_all().empty());
  CHECK(silent.error() == 0);
}

TEST_CASE("a body that comes drop by drop is given up, however often it comes") {
  TableHandler handler;
  ServerOptions options;
  options.idle_timeout = ms(200);
  options.min_body_rate = 1'000'000;
  const RunningServer server(handler, options);
  Client client(server.port());
  client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 100000\r\n\r\n");
  std::thread drops([&] {
    for (int i = 0; i < 2000 && handler.refusal_count() == 0; ++i) {
      client.send("x");
      std::this_thread::sleep_for(ms(5));
    }
  });
  CHECK(handler.refusal().status == 408);
  drops.join();
  CHECK(client.read_all().starts_with("HTTP/1.1 408 Request Timeout\r\n"));
}

TEST_CASE("leave to send a body is not waited for without end") {
  TableHandler handler;
  ServerOptions options;
  options.idle_timeout = ms(50);
  const RunningServer server(handler, options);
  Client client(server.port());
  CHECK(client.exchange("POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nExpect: 100-Continue\r\n\r\n")
            .starts_with("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 408 Request Timeout\r\n"));
  Client old(server.port());  // RFC 9110 §10.1.1: what HTTP/1.0 expects is not looked at
  CHECK(old.exchange("POST /x HTTP/1.0\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\nabc").starts_with("HTTP/1.1 404"));
}

TEST_CASE("a TLS client at a plain port finds the connection closed") {
  TableHandler handler;
  const RunningServer server(handler);
  Client client(server.port());
  CHECK(client.exchange(std::string("\x16\x03\x01\x00\xf4\x01\x00\x00\xf0\x03\x03", 11)).empty());
  CHECK(client.error() == 0);
  CHECK(handler.refusal().why == "a TLS handshake, where plain HTTP is spoken");
}

TEST_CASE("a client that leaves in the middle of a stream ends it") {
  TableHandler handler;
  ExchangeBuilder builder;
  builder.response(ms(0), 200);
  for (int i = 0; i < 10'000; ++i) builder.data(ms(i), "data: x\n\n");
  handler.answers["/s"] = recorded(builder.end(ms(10'000)));
  const RunningServer server(handler);
  Client client(server.port());
  client.send("GET /s HTTP/1.1\r\nHost: h\r\n\r\n");
  client.read_to("data: x");
  client.close();
  const auto result = handler.result();
  CHECK(result.served.outcome == Outcome::client_left);
  CHECK(result.served.body_bytes < 90'000);
}

TEST_CASE("a client that has closed its sending side behind its request still gets the whole answer") {
  TableHandler handler;
  handler.answers["/s"] = recorded(ExchangeBuilder()
                                       .response(ms(5), 200, {{"Content-Type", "text/plain"}, {"Transfer-Encoding", "chunked"}})
                                       .data(ms(10), "one")
                                       .data(ms(20), "two")
                                       .end(ms(25)));
  const RunningServer server(handler);
  Client client(server.port());
  client.send("GET /s HTTP/1.1\r\nHost: h\r\n\r\n");
  client.finish_sending();
  CHECK(client.read_all().ends_with("3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n"));
}

TEST_CASE("a client that closes in the middle of a stream has left, however long it is to the next event") {
  TableHandler handler;
  handler.answers["/s"] = recorded(ExchangeBuilder()
                                       .response(ms(1), 200, {{"Content-Type", "text/event-stream"}}, "sse")
                                       .data(ms(2), "data: one\n\n")
                                       .data(std::chrono::hours(1), "data: two\n\n")
                                       .end(std::chrono::hours(1)));
  const RunningServer server(handler);
  Client client(server.port());
  client.send("GET /s HTTP/1.1\r\nHost: h\r\n\r\n");
  client.read_to("one");
  client.close();
  CHECK(handler.result().served.outcome == Outcome::client_left);
}

TEST_CASE("a slow reader gets every byte of a large body") {
  TableHandler handler;
  std::string body;
  while (body.size() < 6'000'000) body += "line " + std::to_string(body.size()) + "\n";
  const std::size_t half = body.size() / 2;
  handler.answers["/length"] = recorded(ExchangeBuilder()
                                            .response(ms(0), 200, {{"Content-Length", "1"}})
                                            .data(ms(0), body.substr(0, half))
                                            .data(ms(1), body.substr(half))
                                            .end(ms(1)));
  handler.answers["/chunked"] = recorded(ExchangeBuilder().response(ms(0), 200).data(ms(0), body).end(ms(1)));
  const RunningServer server(handler);
  Client counted(server.port(), 4096);
  counted.send("GET /length HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  counted.read_to("\r\n\r\n");
  std::string got;
  for (std::string piece = counted.read_some(3000); !piece.empty(); piece = counted.read_some(3000)) got += piece;
  CHECK((counted.read_all() + got).size() <= body.size());
  CHECK(got.size() + 4096 + 65536 > body.size());
  Client chunked(server.port(), 4096);
  chunked.send("GET /chunked HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  chunked.read_to("\r\n\r\n");
  const std::string size = chunked.read_to("\r\n");
  CHECK(std::stoul(size, nullptr, 16) == body.size());
  CHECK(chunked.read_exactly(body.size()) == body);
  CHECK(chunked.read_all() == "\r\n0\r\n\r\n");
}

TEST_CASE("a client that never reads is given up") {
  TableHandler handler;
  handler.answers["/"] = make_answer(200, "text/plain", std::string(20'000'000, 'x'));
  ServerOptions options;
  options.idle_timeout = ms(50);
  const RunningServer server(handler, options);
  Client client(server.port(), 4096);
  client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  CHECK(handler.result().served.outcome == Outcome::timed_out);
}

TEST_CASE("a recording that was cut off ends without the last chunk") {
  TableHandler handler;
  handler.answers["/"] = recorded(ExchangeBuilder().response(ms(0), 200).data(ms(1), "abc"));
  const RunningServer server(handler);
  Client client(server.port());
  CHECK(client.exchange("GET / HTTP/1.1\r\nHost: h\r\n\r\n") ==
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
  CHECK(client.error() == 0);
  CHECK(handler.result().served.last == StepKind::cut);
}

TEST_CASE("a recorded reset comes after the last byte, as a reset") {
  TableHandler handler;
  handler.answers["/"] = recorded(ExchangeBuilder().response(ms(0), 200).data(ms(1), "abc").end(ms(3), "reset"));
  handler.answers["/nothing"] = recorded(ExchangeBuilder().end(ms(1), "error"));
  const RunningServer server(handler);
  Client client(server.port());
  CHECK(client.exchange("GET / HTTP/1.1\r\nHost: h\r\n\r\n").ends_with("\r\n\r\n3\r\nabc\r\n"));
  CHECK(client.error() == ECONNRESET);
  CHECK(handler.result().served.last == StepKind::reset);
  Client unanswered(server.port());
  CHECK(unanswered.exchange("GET /nothing HTTP/1.1\r\nHost: h\r\n\r\n").empty());
  CHECK(unanswered.error() == ECONNRESET);
  CHECK(handler.result(1).served.status == 0);
}

TEST_CASE("a recorded timeout leaves the client waiting, but not for ever") {
  TableHandler handler;
  handler.answers["/"] = recorded(ExchangeBuilder().response(ms(0), 200).data(ms(1), "abc").end(ms(3), "timeout"));
  ServerOptions options;
  options.idle_timeout = ms(50);
  const RunningServer server(handler, options);
  Client client(server.port());
  client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  CHECK(client.read_to("abc\r\n").ends_with("3\r\nabc\r\n"));
  const auto begin = std::chrono::steady_clock::now();
  CHECK(client.read_all().empty());
  CHECK(std::chrono::steady_clock::now() - begin >= ms(20));
}

TEST_CASE("a body that comes late moves the whole schedule") {
  TableHandler handler;
  handler.answers["/"] = recorded(ExchangeBuilder("POST").response(ms(0), 200).data(ms(0), "a").data(ms(30), "b").end(ms(30)));
  const RunningServer server(handler);
  Client client(server.port());
  client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nExpect: 100-continue\r\n\r\n");
  client.read_to("\r\n\r\n");
  std::this_thread::sleep_for(ms(40));
  const auto sent = std::chrono::steady_clock::now();
  client.send("x");
  client.read_to("0\r\n\r\n");
  CHECK(std::chrono::steady_clock::now() - sent >= ms(30));
}

TEST_CASE("a WebSocket asked for without an upgrade is refused") {
  TableHandler handler;
  handler.answers["/"] = recorded(ExchangeBuilder().response(ms(0), 101, {}, "websocket").message(ms(0), "a"));
  const RunningServer server(handler);
  Client client(server.port());
  CHECK(
      client.exchange("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n").starts_with("HTTP/1.1 426 Upgrade Required\r\n"));
}

TEST_CASE("stopping closes open streams at once") {
  TableHandler handler;
  handler.answers["/"] =
      recorded(ExchangeBuilder().response(ms(0), 200).data(ms(0), "abc").data(ms(3'600'000), "later").end(ms(3'600'000)));
  RunningServer server(handler);
  Client streaming(server.port());
  Client idle(server.port());
  streaming.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  streaming.read_to("abc");
  const auto begin = std::chrono::steady_clock::now();
  server.stop();
  CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(2));
  streaming.read_all();
  idle.read_all();
  CHECK(!Client(server.port()).connected());
}

TEST_CASE("a port that is taken is named") {
  TableHandler handler;
  const RunningServer server(handler);
  ServerOptions options;
  options.port = server.port();
  const auto second = Server::listen(options, handler);
  REQUIRE(!second);
  CHECK(second.error().message == "127.0.0.1:" + std::to_string(server.port()) + " is in use by another program");
  CHECK(second.error().hint == "choose another --port; --port 0 takes a free one");
  options.host = "no such host";
  CHECK(!Server::listen(options, handler));
}

TEST_CASE("beyond the limit of connections a client waits for another to leave") {
  TableHandler handler;
  handler.answers["/a"] = make_answer(200, "text/plain", "alpha");
  ServerOptions options;
  options.max_connections = 1;
  const RunningServer server(handler, options);
  Client first(server.port());
  first.send("GET /a HTTP/1.1\r\nHost: h\r\n\r\n");
  first.read_to("alpha");
  Client second(server.port());
  second.send("GET /a HTTP/1.1\r\nHost: h\r\n\r\n");
  first.close();
  CHECK(second.read_to("alpha").ends_with("alpha"));
}
