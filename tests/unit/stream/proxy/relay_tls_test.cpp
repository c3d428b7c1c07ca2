// TLS that is opened, TLS that is not, and SOCKS in front of both.
#include <catch2/catch.hpp>

#include "../net/tls_peer.hpp"
#include "relaying.hpp"
#include "stream/net/server.hpp"
#include "stream/replay/answer.hpp"

using namespace relaying;
using stream::test::test_authority;
using stream::test::TlsClient;

namespace {

class Answers final : public stream::net::Handler {
 public:
  std::shared_ptr<const stream::replay::Answer> answer(const stream::net::Request& request) override {
    return stream::replay::make_answer(200, "text/plain", "you asked for " + request.target);
  }
};

/// A server of TLS with a certificate of the tests' authority.
class SecureOrigin {
 public:
  SecureOrigin() {
    stream::net::ServerOptions options;
    options.certificates = &test_authority();
    options.tls = true;
    server_ = stream::net::Server::listen(options, handler_).value();
    thread_ = std::thread([this] { (void)server_->run(); });
  }
  SecureOrigin(const SecureOrigin&) = delete;
  SecureOrigin& operator=(const SecureOrigin&) = delete;
  ~SecureOrigin() {
    server_->stop();
    thread_.join();
  }
  std::uint16_t port() const { return server_->port(); }

 private:
  Answers handler_;
  std::unique_ptr<stream::net::Server> server_;
  std::thread thread_;
};

stream::proxy::ProxyOptions opening() {
  stream::proxy::ProxyOptions options;
  options.certificates = &test_authority();
  options.origin.ca_files = {test_authority().certificate_file()};
  return options;
}

TlsClient over(Wire& wire, const stream::test::TlsClientOptions& options = {}) {
  return TlsClient([&wire](std::string_view bytes) { wire.send(bytes); }, [&wire] { return wire.receive(); }, options);
}

std::string connect_to(std::uint16_t port, std::string_view host = "127.0.0.1") {
  return "CONNECT " + std::string(host) + ":" + std::to_string(port) + " HTTP/1.1\r\nHost: x\r\n\r\n";
}

}  // namespace

TEST_CASE("TLS in a tunnel is opened with a certificate for the name, and the origin's is verified") {
  SecureOrigin origin;
  Running running(opening());
  Wire wire = Wire::to(running.proxy->port());
  wire.send(connect_to(origin.port(), "localhost"));
  CHECK(wire.receive_until("\r\n\r\n") == "HTTP/1.1 200 Connection established\r\n\r\n");
  stream::test::TlsClientOptions client;
  client.name = client.expected = "localhost";
  TlsClient tls = over(wire, client);
  REQUIRE(tls.handshake());
  tls.send("GET /a HTTP/1.1\r\nHost: localhost\r\n\r\n");
  CHECK(tls.read_to("you asked for /a").starts_with("HTTP/1.1 200"));
  tls.send("GET /b HTTP/1.1\r\nHost: localhost\r\n\r\n");
  CHECK(tls.read_to("you asked for /b").starts_with("HTTP/1.1 200"));
  REQUIRE(running.heard.wait_for("2 end eof"));
  CHECK(running.heard.lines()[0] == "1 request GET https://localhost:" + std::to_string(origin.port()) + "/a");
}

TEST_CASE("an origin whose certificate is nobody's we trust is told as 502, with the way out") {
  SecureOrigin origin;
  stream::proxy::ProxyOptions options = opening();
  options.origin.ca_files.clear();
  Running running(options);
  Wire wire = Wire::to(running.proxy->port());
  wire.send(connect_to(origin.port()));
  wire.receive_until("\r\n\r\n");
  TlsClient tls = over(wire);
  REQUIRE(tls.handshake());
  const std::string answer = tls.exchange("GET /a HTTP/1.1\r\nHost: a\r\n\r\n");
  CHECK(answer.starts_with("HTTP/1.1 502"));
  CHECK(answer.find("certificate") != std::string::npos);
  CHECK(running.heard.wait_for("1 end error"));
}

TEST_CASE("a client that does not trust our certificate is reported with the reason") {
  SecureOrigin origin;
  Running running(opening());
  Wire wire = Wire::to(running.proxy->port());
  wire.send(connect_to(origin.port(), "localhost"));
  wire.receive_until("\r\n\r\n");
  stream::test::TlsClientOptions client;
  client.trusted = "/etc/hostname";  // no certificate is in there
  client.name = "localhost";
  TlsClient tls = over(wire, client);
  CHECK_FALSE(tls.handshake());
  wire.shut();
  wire.receive_all();
  for (int i = 0; i < 500 && running.incidents().empty(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  REQUIRE(running.incidents().size() == 1);
  CHECK(running.incidents()[0].find("trust") != std::string::npos);
}

TEST_CASE("TLS to a host that is not opened passes through, and the client sees the origin's own certificate") {
  SecureOrigin origin;
  stream::proxy::ProxyOptions options = opening();
  options.opens = [](std::string_view host, std::uint16_t) { return host != "localhost"; };
  Running running(options);
  Wire wire = Wire::to(running.proxy->port());
  wire.send(connect_to(origin.port(), "localhost"));
  wire.receive_until("\r\n\r\n");
  stream::test::TlsClientOptions client;
  client.name = client.expected = "localhost";
  TlsClient tls = over(wire, client);
  REQUIRE(tls.handshake());
  tls.send("GET /a HTTP/1.1\r\nHost: localhost\r\n\r\n");
  CHECK(tls.read_to("you asked for /a").starts_with("HTTP/1.1 200"));
  CHECK(running.heard.lines().empty());
}

TEST_CASE("plain HTTP in a tunnel is relayed as HTTP") {
  Origin origin([](Wire& wire) {
    wire.receive_until("\r\n\r\n");
    wire.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    wire.receive_all();
  });
  Running running(opening());
  Wire wire = Wire::to(running.proxy->port());
  wire.send(connect_to(origin.port) + "GET /a HTTP/1.1\r\nHost: a.example\r\n\r\n");
  CHECK(wire.receive_until("ok").ends_with("\r\n\r\nok"));
  REQUIRE(running.heard.wait_for("1 end eof"));
  // Who asks for an address says in Host whom it means.
  CHECK(running.heard.lines()[0] == "1 request GET http://a.example/a");
}

TEST_CASE("SOCKS leads to the same: HTTP, TLS that is opened, and what passes through") {
  SecureOrigin origin;
  const std::string port{static_cast<char>(origin.port() >> 8), static_cast<char>(origin.port() & 0xff)};
  const std::string request = std::string("\x05\x01\x00", 3) + std::string("\x05\x01\x00\x03\x09", 5) + "localhost" + port;
  for (const bool opened : {true, false}) {
    stream::proxy::ProxyOptions options = opening();
    options.opens = [opened](std::string_view, std::uint16_t) { return opened; };
    Running running(options);
    Wire wire = Wire::to(running.proxy->port());
    for (const char c : request) REQUIRE(wire.send({&c, 1}));
    CHECK(wire.receive(2) == std::string("\x05\x00", 2));
    CHECK(wire.receive(10).substr(0, 2) == std::string("\x05\x00", 2));
    stream::test::TlsClientOptions client;
    client.name = client.expected = "localhost";
    TlsClient tls = over(wire, client);
    REQUIRE(tls.handshake());
    tls.send("GET /a HTTP/1.1\r\nHost: localhost\r\n\r\n");
    CHECK(tls.read_to("you asked for /a").starts_with("HTTP/1.1 200"));
    if (opened) CHECK(running.heard.wait_for("1 end eof"));
    CHECK(running.heard.lines().empty() != opened);
  }
  Running running(opening());
  Wire wire = Wire::to(running.proxy->port());
  wire.send(std::string("\x05\x01\x00\x05\x02\x00\x01\x7f\x00\x00\x01\x00\x50", 13));  // BIND
  wire.receive(2);
  CHECK(wire.receive(10).substr(0, 2) == std::string("\x05\x07", 2));
  CHECK(wire.receive_all().empty());
}
