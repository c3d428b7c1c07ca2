#include <catch2/catch.hpp>
#include <fstream>

#include "certificate.hpp"
#include "origin_peer.hpp"
#include "peer.hpp"
#include "tls_peer.hpp"
#include "trust.hpp"

using namespace stream;
using namespace stream::proxy;
using stream::test::Loop;
using stream::test::Peer;
using stream::test::RunningServer;
using stream::test::TableHandler;
using stream::test::TemporaryFolder;
using stream::test::test_authority;
using stream::test::test_options;
using stream::test::Wire;

namespace {

constexpr std::string_view kRequest = "GET /a HTTP/1.1\r\nHost: a.example\r\n\r\n";

/// A server of TLS, with certificates of the tests' authority unless others are given.
class Origin {
 public:
  explicit Origin(net::CertificateSource& certificates = test_authority())
      : server_((handler_.answers["/a"] = replay::make_answer(200, "text/plain", "it works"), handler_), options(certificates)) {}
  std::uint16_t port() const { return server_.port(); }

 private:
  static net::ServerOptions options(net::CertificateSource& certificates) {
    net::ServerOptions options;
    options.certificates = &certificates;
    options.tls = true;
    return options;
  }
  TableHandler handler_;
  RunningServer server_;
};

OriginOptions trusting() {
  OriginOptions options = test_options();
  options.ca_files = {test_authority().certificate_file()};
  return options;
}

std::string read_file(const std::string& name) {
  std::ifstream file(name);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// A certificate of the tests' authority for a.example that was, or will be, valid for a day.
std::unique_ptr<net::CertificateSource> certificate_of(std::chrono::days from) {
  const std::string ca = test_authority().certificate_file();
  auto authority = net::read_pem(read_file(ca.substr(0, ca.rfind('/')) + "/ca-key.pem"));
  const auto key = net::make_key();
  const auto now = std::chrono::system_clock::now();
  const auto made = net::make_server_certificate(*key, *net::parse_host_name("a.example"), *authority.certificates.at(0),
                                                 *authority.key, now + from, now + from + std::chrono::days(1));
  const TemporaryFolder folder;
  const std::string file = folder / "pair.pem";
  std::ofstream(file) << *net::write_pem(**made, key.get());
  return std::move(*net::read_certificate(file, file));
}

}  // namespace

TEST_CASE("a certificate of a trusted authority is verified, by name and by address") {
  Loop loop;
  const Origin origin;
  const auto connector = loop.connector(trusting());
  for (const std::string host : {"a.example", "127.0.0.1"}) {
    auto made = loop.connect(*connector, {host, origin.port(), true});
    REQUIRE(made);
    INFO((*made ? "" : made->error().message));
    REQUIRE(*made);
    OriginConnection& connection = **made;
    CHECK(connection.tls_version == "TLSv1.3");
    CHECK(connection.certificate_problem.empty());
    CHECK(connection.ssl.value() > Nanos{});
    CHECK(connection.ssl.value() <= connection.connect);
    CHECK(loop.exchange(connection.transport, kRequest, "it works").ends_with("it works"));
  }
}

TEST_CASE("HTTP/1.1 is what is asked for by ALPN, and a name is named") {
  Loop loop;
  std::string hello;
  {
    Peer peer([&](Wire& wire) { hello = wire.receive(); }, 2);
    const auto connector = loop.connector(trusting());
    CHECK(loop.failure(*connector, {"a.example", peer.port(), true}) ==
          "the TLS handshake with a.example:" + std::to_string(peer.port()) + " failed: it ended the connection");
  }
  CHECK(hello.find("\x08http/1.1") != std::string::npos);
  CHECK(hello.find("a.example") != std::string::npos);
}

TEST_CASE("a session is resumed by the next connection to the same host, and to no other") {
  Loop loop;
  const Origin origin;
  const auto connector = loop.connector(trusting());
  const auto visit = [&](const std::string& host) {
    auto made = loop.connect(*connector, {host, origin.port(), true});
    REQUIRE(made);
    REQUIRE(*made);
    CHECK(loop.exchange((*made)->transport, kRequest, "it works").ends_with("it works"));
    return (*made)->resumed;
  };
  CHECK_FALSE(visit("a.example"));
  CHECK(visit("a.example"));
  CHECK(visit("a.example"));
  CHECK_FALSE(visit("b.example"));
}

TEST_CASE("no session is kept where none is to be") {
  Loop loop;
  const Origin origin;
  OriginOptions options = trusting();
  options.tls_sessions = 0;
  const auto connector = loop.connector(options);
  for (int i = 0; i < 2; ++i) {
    auto made = loop.connect(*connector, {"a.example", origin.port(), true});
    REQUIRE(made);
    REQUIRE(*made);
    CHECK(loop.exchange((*made)->transport, kRequest, "it works").ends_with("it works"));
    CHECK_FALSE((*made)->resumed);
  }
}

TEST_CASE("a connection may outlive its connector") {
  Loop loop;
  const Origin origin;
  auto connector = loop.connector(trusting());
  auto made = loop.connect(*connector, {"a.example", origin.port(), true});
  REQUIRE(made);
  REQUIRE(*made);
  connector.reset();
  CHECK(loop.exchange((*made)->transport, kRequest, "it works").ends_with("it works"));
}

TEST_CASE("a certificate that is not accepted is told with the reason and the way out") {
  Loop loop;
  const auto hint = [](const std::string& host) {
    return " [use --insecure " + host + " to go on without verifying it, or --ca FILE to trust its authority]";
  };
  SECTION("nobody knows its authority") {
    const Origin origin;
    const auto connector = loop.connector(test_options());
    const std::string why = loop.failure(*connector, {"a.example", origin.port(), true});
    CHECK(why.starts_with("the certificate of a.example is not accepted: its authority \""));
    CHECK(why.ends_with("\" is not trusted" + hint("a.example")));
  }
  SECTION("it is another's") {
    const auto other = certificate_of(std::chrono::days(0));
    const Origin origin(*other);
    const auto connector = loop.connector(trusting());
    CHECK(loop.failure(*connector, {"b.example", origin.port(), true}) ==
          "the certificate of b.example is not accepted: it is for a.example, not for b.example" + hint("b.example"));
    CHECK(loop.failure(*connector, {"127.0.0.1", origin.port(), true}) ==
          "the certificate of 127.0.0.1 is not accepted: it is for a.example, not for 127.0.0.1" + hint("127.0.0.1"));
    // The client asked for an address, and for this name in its own handshake.
    CHECK(loop.failure(*connector, {"127.0.0.1", origin.port(), true, "a.example"}) == "connected");
  }
  SECTION("it has expired") {
    const auto expired = certificate_of(std::chrono::days(-3));
    const Origin origin(*expired);
    const auto connector = loop.connector(trusting());
    const std::string why = loop.failure(*connector, {"a.example", origin.port(), true});
    CHECK(why.starts_with("the certificate of a.example is not accepted: it expired on 20"));
  }
  SECTION("it is not valid yet") {
    const auto early = certificate_of(std::chrono::days(3));
    const Origin origin(*early);
    const auto connector = loop.connector(trusting());
    const std::string why = loop.failure(*connector, {"a.example", origin.port(), true});
    CHECK(why.starts_with("the certificate of a.example is not accepted: it is not valid before 20"));
  }
}

TEST_CASE("a host that is not verified is connected to, and what is wrong is known, also when a session is resumed") {
  Loop loop;
  const auto expired = certificate_of(std::chrono::days(0));
  const Origin origin(*expired);
  OriginOptions options = test_options();
  options.insecure = {"*.B.example", "c.example"};
  const auto connector = loop.connector(options);
  for (const std::string host : {"x.b.example", "c.example", "c.example"}) {
    auto made = loop.connect(*connector, {host, origin.port(), true});
    REQUIRE(made);
    REQUIRE(*made);
    CHECK_FALSE((*made)->certificate_problem.empty());
    CHECK(loop.exchange((*made)->transport, kRequest, "it works").ends_with("it works"));
  }
  CHECK(loop.failure(*connector, {"b.example", origin.port(), true}).starts_with("the certificate of b.example is not accepted"));
}

TEST_CASE("a host that is not verified may be named as it was asked for, or as the client's handshake names it") {
  Loop loop;
  const Origin origin;
  OriginOptions options = test_options();
  options.insecure = {"127.0.*"};
  const auto connector = loop.connector(options);
  CHECK(loop.failure(*connector, {"127.0.0.1", origin.port(), true, "a.example"}) == "connected");
  CHECK(loop.failure(*connector, {"a.example", origin.port(), true, "127.0.0.1"}) == "connected");
  // The session of the first is not for one that is verified.
  CHECK(loop.failure(*connector, {"a.example", origin.port(), true}).starts_with("the certificate of a.example is not accepted"));
}

TEST_CASE("the system's store is the one that SSL_CERT_FILE names") {
  Loop loop;
  const Origin origin;
  const char* const before = std::getenv("SSL_CERT_FILE");
  const std::string kept = before == nullptr ? "" : before;
  ::setenv("SSL_CERT_FILE", test_authority().certificate_file().c_str(), 1);
  const auto connector = loop.connector(test_options());
  before == nullptr ? ::unsetenv("SSL_CERT_FILE") : ::setenv("SSL_CERT_FILE", kept.c_str(), 1);
  CHECK(loop.failure(*connector, {"a.example", origin.port(), true}) == "connected");
}

TEST_CASE("a file of certificates that cannot be used is told at once") {
  Loop loop;
  boost::asio::io_context context;
  net::TimerQueue timers(context);
  const TemporaryFolder folder;
  OriginOptions options;
  options.ca_files = {folder / "none.pem"};
  auto made = OriginConnector::make(context, timers, options);
  REQUIRE_FALSE(made);
  CHECK(to_string(made.error()) == (folder / "none.pem") + ": cannot open: No such file or directory");
  std::ofstream(folder / "bad.pem") << "no certificate\n";
  options.ca_files = {folder / "bad.pem"};
  made = OriginConnector::make(context, timers, options);
  REQUIRE_FALSE(made);
  CHECK(to_string(made.error()).starts_with((folder / "bad.pem") + ": cannot read certificates (PEM) from it: "));
}

TEST_CASE("a server that does not speak TLS, or says nothing, is told as such") {
  Loop loop;
  SECTION("plain HTTP") {
    Peer peer([](Wire& wire) {
      wire.receive();
      wire.send("HTTP/1.1 400 Bad Request\r\n\r\n");
    });
    const auto connector = loop.connector(trusting());
    CHECK(loop.failure(*connector, {"a.example", peer.port(), true}) ==
          "the TLS handshake with a.example:" + std::to_string(peer.port()) + " failed: it does not speak TLS");
  }
  SECTION("an alert") {
    Peer peer([](Wire& wire) {
      wire.receive();
      wire.send(std::string("\x15\x03\x03\x00\x02\x02\x28", 7));  // handshake_failure
    });
    const auto connector = loop.connector(trusting());
    CHECK(loop.failure(*connector, {"a.example", peer.port(), true}) ==
          "the TLS handshake with a.example:" + std::to_string(peer.port()) +
              " failed: the server sent an alert: handshake failure");
  }
  SECTION("nothing") {
    Peer peer([](Wire& wire) {
      while (!wire.receive().empty()) {
      }
    });
    OriginOptions options = trusting();
    options.tls_timeout = std::chrono::milliseconds(200);
    const auto connector = loop.connector(options);
    CHECK(loop.failure(*connector, {"a.example", peer.port(), true}) ==
          "the TLS handshake with a.example:" + std::to_string(peer.port()) + " took longer than 200 ms");
  }
}

TEST_CASE("a client that refuses our certificate is told what to do about it") {
  using Kind = net::Transport::Kind;
  const Error refused = client_tls_error("a.example", "the client does not trust the certificate: unknown CA", Kind::failed);
  CHECK(refused.message == "TLS with the client for a.example failed: the client does not trust the certificate: unknown CA");
  CHECK(refused.hint == "it must trust the certificate authority: \"harproxy ca\" says how");
  const Error other = client_tls_error("a.example", "the client does not offer HTTP/1.1", Kind::failed);
  CHECK(other.message == "TLS with the client for a.example failed: the client does not offer HTTP/1.1");
  CHECK(other.hint.empty());
  const Error silent = client_tls_error("a.example", "", Kind::end);
  CHECK(silent.message ==
        "TLS with the client for a.example failed: the client ended the connection; it may not trust the certificate");
  CHECK_FALSE(silent.hint.empty());
}
