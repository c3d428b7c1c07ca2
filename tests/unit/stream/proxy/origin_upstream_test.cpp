#include <catch2/catch.hpp>

#include "certificate.hpp"
#include "origin_peer.hpp"
#include "peer.hpp"
#include "socks.hpp"
#include "tls_peer.hpp"

using namespace stream;
using namespace stream::proxy;
using stream::test::Loop;
using stream::test::Peer;
using stream::test::RefusingPort;
using stream::test::RunningServer;
using stream::test::TableHandler;
using stream::test::test_authority;
using stream::test::test_options;
using stream::test::Wire;

namespace {

constexpr std::string_view kRequest = "GET /a HTTP/1.1\r\nHost: a.example\r\n\r\n";

net::ServerOptions secure() {
  net::ServerOptions options;
  options.certificates = &test_authority();
  options.tls = true;
  return options;
}

class Origin {
 public:
  explicit Origin(const net::ServerOptions& options = {})
      : server_((handler_.answers["/a"] = replay::make_answer(200, "text/plain", "it works"), handler_), options) {}
  std::uint16_t port() const { return server_.port(); }

 private:
  TableHandler handler_;
  RunningServer server_;
};

OriginOptions through(const std::string& proxy) {
  OriginOptions options = test_options();
  options.ca_files = {test_authority().certificate_file()};
  options.upstream = *parse_upstream_proxy(proxy);
  return options;
}

std::string at(const Peer& peer) { return "127.0.0.1:" + std::to_string(peer.port()); }

/// The port that a CONNECT asks for.
std::uint16_t port_of(const std::string& head) { return static_cast<std::uint16_t>(std::stoi(head.substr(head.find(':') + 1))); }

}  // namespace

TEST_CASE("an HTTP proxy makes a tunnel for TLS, and its password is told to it alone") {
  Loop loop;
  const Origin origin(secure());
  std::string head;
  {
    Peer proxy([&](Wire& wire) {
      head = wire.read_to("\r\n\r\n");
      const Wire to = Wire::to(port_of(head));
      wire.send("HTTP/1.1 200 Connection established\r\nContent-Length: 5\r\n\r\n");
      wire.relay(to);
    });
    const auto connector = loop.connector(through("http://anna:p%40ss@" + at(proxy)));
    auto made = loop.connect(*connector, {"a.example", origin.port(), true});
    REQUIRE(made);
    INFO((*made ? "" : made->error().message));
    REQUIRE(*made);
    CHECK_FALSE((*made)->dns);  // the proxy looks it up
    CHECK((*made)->port == proxy.port());
    CHECK_FALSE((*made)->absolute_form);
    CHECK((*made)->proxy_authorization.empty());
    CHECK((*made)->ssl.value() <= (*made)->connect);
    CHECK(loop.exchange((*made)->transport, kRequest, "it works").ends_with("it works"));
    made.reset();
  }
  const std::string authority = "a.example:" + std::to_string(origin.port());
  CHECK(head ==
        "CONNECT " + authority + " HTTP/1.1\r\nHost: " + authority + "\r\nProxy-Authorization: Basic YW5uYTpwQHNz\r\n\r\n");
}

TEST_CASE("an HTTP proxy gets plain requests in the absolute form, and a tunnel where one is asked for") {
  Loop loop;
  SECTION("without a tunnel") {
    Peer proxy([](Wire& wire) { wire.send("answer to " + wire.read_to("\n")); });
    const auto connector = loop.connector(through("http://anna:secret@" + at(proxy)));
    auto made = loop.connect(*connector, {"a.example", 80});
    REQUIRE(made);
    REQUIRE(*made);
    CHECK((*made)->absolute_form);
    CHECK((*made)->proxy_authorization == "Basic YW5uYTpzZWNyZXQ=");
    CHECK(loop.exchange((*made)->transport, "hello\n", "\n") == "answer to hello\n");
  }
  SECTION("with one, of which the target speaks first") {
    Peer proxy([](Wire& wire) {
      wire.read_to("\r\n\r\n");
      wire.send("HTTP/1.0 200 OK\r\n\r\nwelcome\n");
    });
    const auto connector = loop.connector(through("http://" + at(proxy)));
    OriginTarget target{"a.example", 80};
    target.tunnel = true;
    auto made = loop.connect(*connector, target);
    REQUIRE(made);
    REQUIRE(*made);
    CHECK_FALSE((*made)->absolute_form);
    CHECK(loop.exchange((*made)->transport, "", "\n") == "welcome\n");
  }
}

TEST_CASE("an HTTP proxy that refuses, or is none, is told with what it says") {
  Loop loop;
  std::string answer;
  std::string expected;
  SECTION("a password") {
    answer = "HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 3\r\n\r\nno!";
    expected =
        " refuses a tunnel to a.example:443: 407 Proxy Authentication Required "
        "[the proxy's address may have both: USER:PASSWORD@HOST:PORT]";
  }
  SECTION("a refusal without a reason") {
    answer = "HTTP/1.1 503\r\n\r\n";
    expected = " refuses a tunnel to a.example:443: 503";
  }
  SECTION("no HTTP") {
    answer = "SSH-2.0-OpenSSH\r\n";
    expected = " does not speak HTTP: expected \"HTTP/1.1\", found \"SSH-2\": this is no HTTP/1 server";
  }
  Peer proxy([&](Wire& wire) {
    wire.read_to("\r\n\r\n");
    wire.send(answer);
    wire.receive();
  });
  const auto connector = loop.connector(through("http://" + at(proxy)));
  CHECK(loop.failure(*connector, {"a.example", 443, true}) == "the proxy http://" + at(proxy) + expected);
}

TEST_CASE("a proxy that ends the connection, says nothing, or refuses to be connected to is named") {
  Loop loop;
  SECTION("it ends") {
    Peer proxy([](Wire& wire) { wire.read_to("\r\n\r\n"); });
    const auto connector = loop.connector(through("http://" + at(proxy)));
    CHECK(loop.failure(*connector, {"a.example", 443, true}) ==
          "the proxy " + at(proxy) + " makes no connection to a.example:443: it ended the connection");
  }
  SECTION("nothing") {
    Peer proxy([](Wire& wire) {
      while (!wire.receive().empty()) {
      }
    });
    for (const std::string scheme : {"http", "socks5h"}) {
      OriginOptions options = through(scheme + "://" + at(proxy));
      options.proxy_timeout = std::chrono::milliseconds(150);
      const auto connector = loop.connector(options);
      CHECK(loop.failure(*connector, {"a.example", 443, true}) ==
            "the proxy " + at(proxy) + " made no connection to a.example:443 within 150 ms");
      break;  // the peer serves one
    }
  }
  SECTION("refused") {
    const RefusingPort refusing;
    const auto connector = loop.connector(through("http://p.example:" + std::to_string(refusing.port())));
    CHECK(loop.failure(*connector, {"a.example", 443, true}) ==
          "cannot connect to the proxy p.example:" + std::to_string(refusing.port()) + " (127.0.0.1): connection refused");
  }
}

TEST_CASE("an HTTPS proxy has TLS of its own, around the origin's") {
  Loop loop;
  const Origin origin(secure());
  Peer proxy([&](Wire& wire) {
    // OpenSSL on the socket: a server of TLS that knows nothing of ours.
    const auto certificate = test_authority().certificate("p.example");
    SSL_CTX* const context = SSL_CTX_new(TLS_server_method());
    SSL* const tls = SSL_new(context);
    SSL_use_cert_and_key(tls, (*certificate)->certificate.get(), (*certificate)->key.get(), (*certificate)->chain.get(), 1);
    SSL_set_fd(tls, wire.get());
    std::string head;
    if (SSL_accept(tls) == 1) {
      char byte = 0;
      while (!head.ends_with("\r\n\r\n") && SSL_read(tls, &byte, 1) == 1) head += byte;
      constexpr std::string_view kYes = "HTTP/1.1 200 OK\r\n\r\n";
      SSL_write(tls, kYes.data(), static_cast<int>(kYes.size()));
      const Wire to = Wire::to(port_of(head));
      std::array<char, 16384> buffer;
      for (bool open = true; open;) {
        std::array<pollfd, 2> both{{{wire.get(), POLLIN, 0}, {to.get(), POLLIN, 0}}};
        if (SSL_pending(tls) == 0 && ::poll(both.data(), both.size(), 20'000) <= 0) break;
        if (SSL_pending(tls) > 0 || both[0].revents != 0) {
          const int got = SSL_read(tls, buffer.data(), static_cast<int>(buffer.size()));
          open = got > 0;
          if (open) to.send({buffer.data(), static_cast<std::size_t>(got)});
        } else if (both[1].revents != 0) {
          const std::string bytes = to.receive();
          open = !bytes.empty() && SSL_write(tls, bytes.data(), static_cast<int>(bytes.size())) > 0;
        }
      }
    }
    SSL_free(tls);
    SSL_CTX_free(context);
  });
  const auto connector = loop.connector(through("https://p.example:" + std::to_string(proxy.port())));
  auto made = loop.connect(*connector, {"a.example", origin.port(), true});
  REQUIRE(made);
  INFO((*made ? "" : made->error().message));
  REQUIRE(*made);
  CHECK((*made)->dns);  // of the proxy
  CHECK((*made)->tls_version == "TLSv1.3");
  CHECK(loop.exchange((*made)->transport, kRequest, "it works").ends_with("it works"));
  made.reset();
}

TEST_CASE("a SOCKS proxy is given a name or an address, as its kind says") {
  Loop loop;
  const Origin origin(secure());
  // The proxy is our own server's side of SOCKS.
  std::string asked;
  const auto serve = [&](Wire& wire) {
    SocksGreeting greeting("anna", "secret");
    while (greeting.state() == SocksGreeting::State::more) {
      const std::string bytes = wire.receive(1);
      if (bytes.empty()) return;
      greeting.feed(bytes);
      wire.send(greeting.take_output());
    }
    asked = greeting.target().host;
    if (greeting.state() != SocksGreeting::State::target) return;
    const Wire to = Wire::to(greeting.target().port);
    wire.send(greeting.reply(SocksReply::succeeded));
    wire.relay(to);
  };
  const auto visit = [&](const std::string& proxy_address) {
    const auto connector = loop.connector(through(proxy_address));
    auto made = loop.connect(*connector, {"a.example", origin.port(), true});
    REQUIRE(made);
    INFO((*made ? "" : made->error().message));
    REQUIRE(*made);
    CHECK_FALSE((*made)->absolute_form);
    CHECK(loop.exchange((*made)->transport, kRequest, "it works").ends_with("it works"));
    return (*made)->dns.has_value();
  };
  SECTION("socks5h: a name") {
    {
      Peer proxy(serve);
      CHECK_FALSE(visit("socks5h://anna:secret@" + at(proxy)));
    }
    CHECK(asked == "a.example");
  }
  SECTION("socks5: an address") {
    {
      Peer proxy(serve);
      CHECK(visit("socks5://anna:secret@" + at(proxy)));
    }
    CHECK(asked == "127.0.0.1");
  }
  SECTION("a wrong password") {
    Peer proxy(serve);
    const auto connector = loop.connector(through("socks5h://anna:wrong@" + at(proxy)));
    CHECK(loop.failure(*connector, {"a.example", origin.port(), true}) ==
          "the proxy socks5h://" + at(proxy) + " refuses the user or the password");
  }
  SECTION("no password") {
    Peer proxy(serve);
    const auto connector = loop.connector(through("socks5h://" + at(proxy)));
    CHECK(loop.failure(*connector, {"a.example", origin.port(), true}) ==
          "the proxy socks5h://" + at(proxy) +
              " refuses to talk without authentication [the proxy's address may have both: USER:PASSWORD@HOST:PORT]");
  }
}

TEST_CASE("what a SOCKS proxy cannot connect to is told with its reason") {
  Loop loop;
  Peer proxy([](Wire& wire) {
    wire.read_exactly(3);
    wire.send(std::string("\x05\x00", 2));
    wire.read_exactly(4 + 1 + 9 + 2);
    wire.send(std::string("\x05\x05\x00\x01\x00\x00\x00\x00\x00\x00", 10));
    wire.receive();
  });
  const auto connector = loop.connector(through("socks5h://" + at(proxy)));
  const auto result = loop.connect(*connector, {"a.example", 443, true});
  REQUIRE(result);
  REQUIRE_FALSE(*result);
  CHECK(result->error().message == "the proxy socks5h://" + at(proxy) + " cannot connect to a.example:443: connection refused");
  CHECK(result->error().system == ECONNREFUSED);
  CHECK(socks_reply(result->error()) == SocksReply::refused);
}

TEST_CASE("hosts that need no proxy are reached without") {
  Loop loop;
  Peer peer([](Wire& wire) { wire.send("answer to " + wire.read_to("\n")); });
  OriginOptions options = through("http://nowhere.example:1");
  options.no_proxy = *NoProxy::parse("a.example");
  const auto connector = loop.connector(options);
  auto made = loop.connect(*connector, {"www.a.example", peer.port()});
  REQUIRE(made);
  REQUIRE(*made);
  CHECK_FALSE((*made)->absolute_form);
  CHECK(loop.exchange((*made)->transport, "hello\n", "\n") == "answer to hello\n");
  CHECK(loop.failure(*connector, {"b.example", peer.port()}) == "cannot find the address of nowhere.example: there is none");
}
