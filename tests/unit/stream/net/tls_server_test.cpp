#include <catch2/catch.hpp>

#include "../replay/exchanges.hpp"
#include "peer.hpp"
#include "tls_peer.hpp"

using namespace stream;
using namespace stream::net;
using replay::make_answer;
using replay::StepKind;
using stream::test::Client;
using stream::test::ExchangeBuilder;
using stream::test::ms;
using stream::test::RunningServer;
using stream::test::TableHandler;
using stream::test::test_authority;
using stream::test::tls_over;
using stream::test::TlsClient;
using stream::test::TlsClientOptions;

namespace {

const std::string kGet = "GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n";
const std::string kConnect = "CONNECT api.example:443 HTTP/1.1\r\nHost: api.example:443\r\n\r\n";
const std::string kEstablished = "HTTP/1.1 200 Connection established\r\n\r\n";

struct HelloHandler : TableHandler {
  HelloHandler() { answers["/"] = make_answer(200, "text/plain", "hello"); }
};

ServerOptions proxy() {
  ServerOptions options;
  options.certificates = &test_authority();
  return options;
}

ServerOptions secure() {
  ServerOptions options = proxy();
  options.tls = true;
  return options;
}

bool is_hello(const std::string& response) { return response.starts_with("HTTP/1.1 200 ") && response.ends_with("hello"); }

}  // namespace

TEST_CASE("requests over TLS are answered, with a farewell at the end") {
  HelloHandler handler;
  const RunningServer server(handler, secure());
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    Client client(server.port());
    TlsClientOptions how;
    how.version = version;
    how.expected = "127.0.0.1";
    how.protocols = "\x08http/1.1";
    TlsClient tls = tls_over(client, how);
    REQUIRE(tls.handshake());
    CHECK(tls.protocol() == "http/1.1");
    CHECK(is_hello(tls.exchange(kGet)));
    CHECK(tls.heard_farewell());
  }
  const auto result = handler.result(1);
  CHECK(result.request.secure);
  CHECK(result.request.scheme == "https");
  CHECK_FALSE(result.request.tunnel);
  CHECK_FALSE(result.request.absolute);
}

TEST_CASE("a client gets the certificate of the name it asks for, else of the address") {
  HelloHandler handler;
  const RunningServer server(handler, secure());
  for (const auto& [name, expected] :
       {std::pair{"api.example", "api.example"}, {"API.example", "api.example"}, {"", "127.0.0.1"}}) {
    Client client(server.port());
    TlsClientOptions how;
    how.name = name;
    how.expected = expected;
    TlsClient tls = tls_over(client, how);
    CHECK(tls.handshake());
  }
  Client client(server.port());
  TlsClientOptions how;
  how.name = "no name";
  TlsClient tls = tls_over(client, how);
  CHECK_FALSE(tls.handshake());
  CHECK(handler.refusal().why == "\"no name\" is no name of a host to make a certificate for");
}

TEST_CASE("protocols: HTTP/1.1 is chosen, and who offers only others is refused") {
  HelloHandler handler;
  const RunningServer server(handler, secure());
  const auto offered = [&](const std::string& protocols) {
    Client client(server.port());
    TlsClientOptions how;
    how.protocols = protocols;
    TlsClient tls = tls_over(client, how);
    return tls.handshake() ? "chosen " + tls.protocol() : tls.failure();
  };
  CHECK(offered("\x02h2\x08http/1.1") == "chosen http/1.1");
  CHECK(offered("") == "chosen ");
  CHECK(offered("\x08http/1.0") == "chosen http/1.0");
  CHECK(offered("\x08http/1.0\x08http/1.1") == "chosen http/1.1");
  CHECK(offered("\x02h2") == "tlsv1 alert no application protocol");
  CHECK(handler.refusal().status == 0);
  CHECK(handler.refusal().why == "the client does not offer HTTP/1.1");
}

TEST_CASE("a client that does not trust the certificate is reported") {
  HelloHandler handler;
  const RunningServer server(handler, secure());
  Client client(server.port());
  TlsClientOptions how;
  how.trusted = "/dev/null";
  TlsClient tls = tls_over(client, how);
  CHECK_FALSE(tls.handshake());
  CHECK(handler.refusal().why == "the client does not trust the certificate: unknown CA");
}

TEST_CASE("plain HTTP on a port of TLS is answered with one plain 400") {
  HelloHandler handler;
  const RunningServer server(handler, secure());
  Client client(server.port());
  const std::string response = client.exchange(kGet + kGet);
  CHECK(response.starts_with("HTTP/1.1 400 Bad Request\r\n"));
  CHECK(response.find("HTTP/1.1", 5) == std::string::npos);
  CHECK(response.ends_with("{\"error\":\"this port speaks TLS: the address begins with https://\"}\n"));
  CHECK(handler.refusal().status == 400);
}

TEST_CASE("a handshake that is cut off anywhere ends its connection alone") {
  HelloHandler handler;
  ServerOptions options = secure();
  const RunningServer server(handler, options);
  std::size_t refusals = 0;
  const auto finish = [&](Client& client, bool sent) {
    client.finish_sending();
    client.read_all();
    CHECK(client.error() == 0);
    if (sent) CHECK(handler.refusal(refusals++).why == "the client ended the connection");
  };
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    TlsClientOptions how;
    how.version = version;
    std::size_t size = 1;
    for (std::size_t cut = 0; cut < size; ++cut) {
      INFO(version << " " << cut << " of " << size);
      Client client(server.port());
      TlsClient tls = tls_over(client, how);
      const std::string hello = tls.hello();
      size = hello.size();
      client.send(std::string_view(hello).substr(0, cut));
      finish(client, cut > 0);
    }
    // The same for what the client sends when it has heard the server.
    size = 1;
    for (std::size_t cut = 0; cut < size; ++cut) {
      INFO(version << " " << cut << " of " << size);
      Client client(server.port());
      std::vector<std::string> flights(1);
      TlsClient tls([&](std::string_view bytes) { flights.back() += bytes; },
                    [&] {
                      flights.emplace_back();
                      if (flights.size() > 2) return std::string();
                      client.send(flights.front());
                      return client.read_some();
                    },
                    how);
      tls.handshake();  // TLS 1.2: it waits for the server's end, in vain
      size = flights[1].size();
      REQUIRE(size > 1);
      client.send(std::string_view(flights[1]).substr(0, cut));
      finish(client, true);
    }
  }
  Client client(server.port());
  TlsClient tls = tls_over(client);
  REQUIRE(tls.handshake());
  CHECK(is_hello(tls.exchange(kGet)));
}

TEST_CASE("a handshake and a tunnel take only so much time") {
  HelloHandler handler;
  ServerOptions options = secure();
  options.head_timeout = ms(100);
  options.idle_timeout = ms(200);
  const RunningServer server(handler, options);
  Client silent(server.port());
  CHECK(silent.read_all().empty());
  Client slow(server.port());
  slow.send("\x16\x03\x01");
  CHECK(slow.read_all().empty());
  CHECK(handler.refusal().why == "the TLS handshake took too long");
  options.tls = false;
  const RunningServer other(handler, options);
  Client tunnel(other.port());
  CHECK(tunnel.exchange(kConnect) == kEstablished);
  Client idle(other.port());
  idle.send(kConnect);
  idle.read_to("\r\n\r\n");
  TlsClient tls = tls_over(idle);
  REQUIRE(tls.handshake());
  CHECK(tls.read_all().empty());
}

TEST_CASE("garbage in place of a handshake is reported, and others are not disturbed") {
  HelloHandler handler;
  const RunningServer server(handler, secure());
  const std::vector<std::string> inputs = {
      std::string("\x16\x03\x01\x00\x00", 5), std::string("\x16\x03\x01\xff\xff", 5) + std::string(70000, 'x'),
      "\x16GET / HTTP/1.1\r\n\r\n", std::string("\x16\x03\x01\x00\x05hello", 10), std::string(100, '\x16'),
      // A fatal alert where the hello should stand behind one byte of it.
      std::string("\x16\x03\x01\x00\x01\x01\x15\x03\x01\x00\x02\x02\x28", 13)};
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    INFO(i);
    Client client(server.port());
    client.send(inputs[i]);
    client.finish_sending();
    client.read_all();
    const auto refusal = handler.refusal(i);
    CHECK(refusal.status == 0);
    CHECK_FALSE(refusal.why.empty());
  }
  Client client(server.port());
  TlsClient tls = tls_over(client);
  REQUIRE(tls.handshake());
  CHECK(is_hello(tls.exchange(kGet)));
}

TEST_CASE("recorded cuts and resets are such over TLS") {
  TableHandler handler;
  const auto half = [] { return ExchangeBuilder().response(ms(0), 200, {{"Content-Type", "text/plain"}}).data(ms(0), "half"); };
  handler.answers["/reset"] = make_answer(std::make_shared<const Exchange>(half().end(ms(1), "reset").build()), {});
  handler.answers["/cut"] = make_answer(std::make_shared<const Exchange>(half().build()), {});
  const RunningServer server(handler, secure());
  const auto get = [&](const std::string& target, TlsClient& tls) {
    REQUIRE(tls.handshake());
    std::string answer = tls.exchange("GET " + target + " HTTP/1.1\r\nHost: h\r\n\r\n");
    CHECK_FALSE(tls.heard_farewell());
    CHECK(answer.find("half") != std::string::npos);
  };
  {
    Client client(server.port());
    TlsClient tls = tls_over(client);
    get("/reset", tls);
    CHECK(client.error() == ECONNRESET);
    CHECK(handler.result(0).served.last == StepKind::reset);
  }
  {
    Client client(server.port());
    TlsClient tls = tls_over(client);
    get("/cut", tls);
    CHECK(client.error() == 0);
    CHECK(tls.failure() == "unexpected eof while reading");
  }
}

TEST_CASE("bodies of every size arrive over TLS, on one connection") {
  TableHandler handler;
  std::vector<std::size_t> sizes = {0, 1, 1000, 65535, 65536, 70000, 1000000};
  for (std::size_t size = 16300; size < 16400; size += 7) sizes.push_back(size);
  for (const std::size_t size : sizes)
    handler.answers["/" + std::to_string(size)] = make_answer(200, "text/plain", std::string(size, 'x'));
  const RunningServer server(handler, secure());
  Client client(server.port());
  TlsClient tls = tls_over(client);
  REQUIRE(tls.handshake());
  for (const std::size_t size : sizes) {
    tls.send("GET /" + std::to_string(size) + " HTTP/1.1\r\nHost: h\r\n\r\n");
    std::string response = tls.read_to("\r\n\r\n");
    const std::size_t head = response.find("\r\n\r\n") + 4;
    while (response.size() < head + size) {
      const std::string more = tls.receive();
      if (more.empty()) break;
      response += more;
    }
    CHECK(response.substr(head) == std::string(size, 'x'));
  }
}

TEST_CASE("a tunnel leads to the same handler, with TLS or without") {
  HelloHandler handler;
  const RunningServer server(handler, proxy());
  SECTION("TLS, for the host of CONNECT") {
    Client client(server.port());
    client.send(kConnect);
    CHECK(client.read_to("\r\n\r\n") == kEstablished);
    TlsClientOptions how;
    how.expected = "api.example";
    TlsClient tls = tls_over(client, how);
    REQUIRE(tls.handshake());
    CHECK(is_hello(tls.exchange("GET / HTTP/1.1\r\nHost: other.example\r\nConnection: close\r\n\r\n")));
    const Request request = handler.result().request;
    CHECK(request.tunnel);
    CHECK(request.secure);
    CHECK(request.scheme == "https");
    CHECK(request.authority == "api.example:443");
    CHECK(request.target == "/");
  }
  SECTION("TLS, for a name of its own") {
    Client client(server.port());
    client.send(kConnect);
    client.read_to("\r\n\r\n");
    TlsClientOptions how;
    how.name = how.expected = "www.example";
    TlsClient tls = tls_over(client, how);
    CHECK(tls.handshake());
  }
  SECTION("plain, two requests") {
    Client client(server.port());
    client.send("CONNECT api.example:8000 HTTP/1.1\r\nHost: api.example:8000\r\n\r\n");
    CHECK(client.read_to("\r\n\r\n") == kEstablished);
    client.send("GET / HTTP/1.1\r\nHost: api.example:8000\r\n\r\n");
    CHECK(is_hello(client.read_to("hello")));
    CHECK(is_hello(client.exchange(kGet)));
    const Request request = handler.result(1).request;
    CHECK(request.tunnel);
    CHECK_FALSE(request.secure);
    CHECK(request.scheme == "http");
    CHECK(request.authority == "api.example:8000");
  }
  SECTION("an address: Host tells the name") {
    Client client(server.port());
    client.send("CONNECT 192.0.2.1:443 HTTP/1.1\r\nHost: 192.0.2.1:443\r\n\r\n");
    client.read_to("\r\n\r\n");
    CHECK(is_hello(client.exchange(kGet)));
    CHECK(handler.result().request.authority == "h");
  }
  SECTION("what was sent before the answer is not lost") {
    Client client(server.port());
    client.send(kConnect + kGet);
    const std::string response = client.read_all();
    CHECK(response.starts_with(kEstablished));
    CHECK(is_hello(response.substr(kEstablished.size())));
    Client other(server.port());
    TlsClient tls = tls_over(other);
    other.send(kConnect + tls.hello());
    CHECK(other.read_exactly(kEstablished.size()) == kEstablished);
    REQUIRE(tls.handshake());
    CHECK(is_hello(tls.exchange(kGet)));
  }
  SECTION("every cut of CONNECT and what follows") {
    const std::string all = kConnect + kGet;
    for (std::size_t cut = 1; cut < all.size(); ++cut) {
      Client client(server.port());
      client.send(std::string_view(all).substr(0, cut));
      if (cut > kConnect.size()) client.read_to("\r\n\r\n");
      client.send(std::string_view(all).substr(cut));
      CHECK(client.read_all().ends_with("hello"));
    }
  }
  SECTION("behind another request on the connection") {
    Client client(server.port());
    client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n" + kConnect + kGet);
    const std::string all = client.read_all();
    CHECK(all.find(kEstablished) != std::string::npos);
    CHECK(all.ends_with("hello"));
  }
}

TEST_CASE("a tunnel to a port of TLS may carry TLS itself") {
  HelloHandler handler;
  const RunningServer server(handler, secure());
  for (const bool together : {false, true}) {
    Client client(server.port());
    TlsClient outer = tls_over(client);
    REQUIRE(outer.handshake());
    TlsClientOptions how;
    how.expected = "api.example";
    TlsClient inner = tls_over(outer, how);
    if (together) {
      outer.send(kConnect + inner.hello());
    } else {
      outer.send(kConnect);
    }
    CHECK(outer.read_to("\r\n\r\n").starts_with(kEstablished));
    REQUIRE(inner.handshake());
    CHECK(is_hello(inner.exchange(kGet)));
    CHECK(inner.heard_farewell());
    outer.read_all();
    CHECK(outer.heard_farewell());
  }
  CHECK(handler.result().request.scheme == "https");
  Client client(server.port());
  TlsClient outer = tls_over(client);
  REQUIRE(outer.handshake());
  outer.send("CONNECT api.example:80 HTTP/1.1\r\nHost: api.example:80\r\n\r\n" + kGet);
  CHECK(is_hello(outer.read_all().substr(kEstablished.size())));
}

TEST_CASE("a CONNECT that makes no sense is answered with 400") {
  HelloHandler handler;
  const RunningServer server(handler, proxy());
  const auto response = [&](const std::string& request) {
    Client client(server.port());
    return client.exchange(request);
  };
  std::size_t count = 0;
  for (const std::string& target :
       {std::string("api.example"), std::string("api.example:"), std::string("api.example:0"), std::string("api.example:65536"),
        std::string("api.example:+80"), std::string("api.example:80x"), std::string(":443"), std::string("/"), std::string("*"),
        std::string("https://api.example:443"), std::string("https://api.example/"), std::string("user@api.example:443"),
        std::string("[::1:443"), std::string("::1:443"), std::string("[api]:443"), std::string("a\x7f:443"),
        std::string(256, 'a') + ":1"}) {
    INFO(target);
    CHECK(response("CONNECT " + target + " HTTP/1.1\r\nHost: h\r\n\r\n").starts_with("HTTP/1.1 400 "));
    const std::string why = handler.refusal(count++).why;
    if (target.find('\x7f') == std::string::npos) CHECK(why == "CONNECT needs a host and a port");
  }
  for (const char* body : {"Content-Length: 1\r\n\r\nx", "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"}) {
    CHECK(response("CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n" + std::string(body)).starts_with("HTTP/1.1 400 "));
    CHECK(handler.refusal(count++).why == "CONNECT with a body");
  }
  CHECK(response("CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\nContent-Length: 0\r\n\r\n" + kGet).starts_with(kEstablished));
  Client client(server.port());
  client.send(kConnect);
  client.read_to("\r\n\r\n");
  CHECK(client.exchange(kConnect).starts_with("HTTP/1.1 400 "));
  CHECK(handler.refusal(count++).why == "CONNECT within a tunnel");
}

TEST_CASE("without certificates there is no TLS in a tunnel, and a port of TLS is not opened") {
  HelloHandler handler;
  const RunningServer server(handler);
  Client client(server.port());
  client.send(kConnect);
  client.read_to("\r\n\r\n");
  TlsClient tls = tls_over(client);
  CHECK_FALSE(tls.handshake());
  CHECK(handler.refusal().why == "there is no certificate for TLS in a tunnel");
  ServerOptions options;
  options.tls = true;
  const auto opened = Server::listen(options, handler);
  REQUIRE_FALSE(opened);
  CHECK(opened.error().message == "TLS needs certificates");
}

TEST_CASE("a session is resumed with its ticket") {
  HelloHandler handler;
  const RunningServer server(handler, secure());
  Client client(server.port());
  TlsClientOptions how;
  how.version = TLS1_2_VERSION;
  TlsClient tls = tls_over(client, how);
  REQUIRE(tls.handshake());
  SSL_SESSION* const session = SSL_get1_session(tls.tls());
  CHECK(is_hello(tls.exchange(kGet)));
  Client again(server.port());
  TlsClient resumed = tls_over(again, how);
  SSL_set_session(resumed.tls(), session);
  REQUIRE(resumed.handshake());
  CHECK(SSL_session_reused(resumed.tls()) == 1);
  CHECK(is_hello(resumed.exchange(kGet)));
  SSL_SESSION_free(session);
}
