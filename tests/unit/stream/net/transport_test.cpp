#include "transport.hpp"

#include <boost/asio/basic_socket_acceptor.hpp>
#include <catch2/catch.hpp>
#include <optional>
#include <random>
#include <thread>

#include "peer.hpp"
#include "tls_peer.hpp"
#include "tls_server.hpp"

using namespace stream;
using namespace stream::net;
using stream::test::Client;
using stream::test::test_authority;
using stream::test::tls_over;
using stream::test::TlsClient;
using stream::test::TlsClientOptions;
using Kind = Transport::Kind;

namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

/// A transport over loopback, and the client at its other end, which runs in a thread.
class Connection {
 public:
  explicit Connection(int send_buffer = 0, int receive_buffer = 0) {
    acceptor_.open(tcp::v4());
    acceptor_.bind(tcp::endpoint(asio::ip::address_v4::loopback(), 0));
    acceptor_.listen();
    client_ = std::make_unique<Client>(acceptor_.local_endpoint().port(), receive_buffer);
    Socket socket(context_.get_executor());
    acceptor_.accept(socket);
    if (send_buffer != 0) socket.set_option(asio::socket_base::send_buffer_size(send_buffer));
    transport_.emplace(std::move(socket));
    REQUIRE(transport_->prepare());
  }

  Transport& transport() { return *transport_; }
  Client& client() { return *client_; }

  template <class Call>
  Transport::Io finish(Call call, bool to_write) {
    for (;;) {
      const Transport::Io io = call();
      if (io.kind != Kind::again) return io;
      error_code waited = asio::error::timed_out;
      const auto done = [&](const error_code& error) { waited = error; };
      to_write ? transport_->wait_writable(done) : transport_->wait_readable(done);
      context_.restart();
      context_.run_for(std::chrono::seconds(20));
      if (waited) {
        transport_->close();
        return {Kind::failed, 0};
      }
    }
  }
  Kind handshake() {
    return finish([this] { return transport_->handshake(); }, false).kind;
  }
  Transport::Io read(std::span<char> buffer) {
    return finish([&] { return transport_->read(buffer); }, false);
  }
  std::string read_text(std::size_t most = Transport::kReadSize) {
    std::string text(most, '\0');
    const Transport::Io io = read(text);
    text.resize(io.kind == Kind::done ? io.size : 0);
    return text;
  }
  /// All of it, as protocols write: what was not taken is tried again.
  bool write(std::vector<std::string_view> pieces) {
    std::size_t left = 0;
    for (const std::string_view piece : pieces) left += piece.size();
    while (left > 0) {
      const Transport::Io io = finish([&] { return transport_->write(pieces); }, true);
      if (io.kind != Kind::done || io.size == 0 || io.size > left) return false;
      left -= io.size;
      std::size_t taken = io.size;
      for (std::string_view& piece : pieces) {
        const std::size_t size = std::min(taken, piece.size());
        piece.remove_prefix(size);
        taken -= size;
      }
    }
    return true;
  }
  Kind shutdown(Transport::Farewell farewell) {
    return finish([&] { return transport_->shutdown_send(farewell); }, true).kind;
  }

 private:
  asio::io_context context_;
  asio::basic_socket_acceptor<tcp, asio::io_context::executor_type> acceptor_{context_.get_executor()};
  std::unique_ptr<Client> client_;
  std::optional<Transport> transport_;
};

const TlsServer& test_server() {
  static const auto server = std::move(*TlsServer::make(test_authority()));
  return *server;
}

/// Starts TLS on it, with a client that shakes hands and then does `work`.
struct TlsConnection : Connection {
  explicit TlsConnection(std::function<void(TlsClient&)> work, int send_buffer = 0, int receive_buffer = 0,
                         TlsClientOptions how = {})
      : Connection(send_buffer, receive_buffer) {
    ask.name = "127.0.0.1";
    thread = std::thread([this, work = std::move(work), how] {
      TlsClient tls = tls_over(client(), how);
      shaken = tls.handshake();
      if (shaken) work(tls);
      heard_farewell = tls.heard_farewell();
      failure = tls.failure();
    });
    REQUIRE(transport().start_tls(test_server().session(ask)));
  }
  void join() {
    if (thread.joinable()) thread.join();
  }
  ~TlsConnection() {
    transport().close();
    join();
  }
  TlsAsk ask{};
  std::thread thread;
  bool shaken = false;
  bool heard_farewell = false;
  std::string failure;
};

std::string pattern(std::size_t size) {
  std::string text(size, '\0');
  std::mt19937 random(static_cast<unsigned>(size));
  for (char& c : text) c = static_cast<char>(random());
  return text;
}

int version(bool old) { return old ? TLS1_2_VERSION : TLS1_3_VERSION; }

}  // namespace

TEST_CASE("every size around that of a record arrives, however it is divided into pieces") {
  const bool old = GENERATE(false, true);
  std::string received;
  TlsClientOptions how;
  how.version = version(old);
  std::string expected;
  {
    TlsConnection connection([&](TlsClient& tls) { received = tls.read_all(); }, 0, 0, how);
    REQUIRE(connection.handshake() == Kind::done);
    CHECK(connection.transport().secure());
    for (const std::size_t size : {0U, 1U, 2U, 100U, 16382U, 16383U, 16384U, 16385U, 16386U, 32767U, 32768U, 32769U, 50000U}) {
      const std::string text = pattern(size);
      const std::string_view all(text);
      for (const std::size_t first : {std::size_t{0}, std::size_t{1}, size / 2, size}) {
        const std::size_t second = std::min(size - std::min(first, size), std::size_t{16383});
        REQUIRE(connection.write(
            {all.substr(0, first), all.substr(std::min(first, size), second), all.substr(std::min(first + second, size))}));
        expected += text;
      }
    }
    CHECK(connection.shutdown(Transport::Farewell::yes) == Kind::done);
    connection.join();
    CHECK(connection.heard_farewell);
  }
  CHECK(received == expected);
}

TEST_CASE("what cannot be written is written later, also when there is more by then") {
  const bool outer = GENERATE(false, true);
  std::string received;
  bool inner_farewell = false;
  std::mutex reads;
  reads.lock();
  const auto work = [&](TlsClient& tls) {
    if (outer) {
      TlsClient inner = tls_over(tls);
      if (!inner.handshake()) return;
      const std::lock_guard wait(reads);
      received = inner.read_all();
      inner_farewell = inner.heard_farewell();
      tls.read_all();
      return;
    }
    const std::lock_guard wait(reads);
    received = tls.read_all();
  };
  std::string expected;
  TlsConnection connection(work, 4096, 4096);
  REQUIRE(connection.handshake() == Kind::done);
  TlsAsk ask;
  ask.name = "inner.example";
  if (outer) {
    REQUIRE(connection.transport().start_tls(test_server().session(ask)));
    REQUIRE(connection.handshake() == Kind::done);
  }
  std::string pending;
  int blocked = 0;
  for (std::size_t size = 1; blocked < 5; size = size * 3 % 7919 + 1) {
    pending += pattern(size);
    expected += pattern(size);
    while (!pending.empty() && blocked < 5) {
      const std::array<std::string_view, 2> pieces{std::string_view(pending).substr(0, 10),
                                                   std::string_view(pending).substr(std::min<std::size_t>(10, pending.size()))};
      const Transport::Io io = connection.transport().write(pieces);
      if (io.kind == Kind::again) {
        ++blocked;  // and the next time there is more
        break;
      }
      REQUIRE(io.kind == Kind::done);
      pending.erase(0, io.size);
    }
  }
  reads.unlock();
  REQUIRE(connection.write({pending}));
  CHECK(connection.shutdown(Transport::Farewell::yes) == Kind::done);
  connection.join();
  CHECK(received.size() == expected.size());
  CHECK(received == expected);
  CHECK(connection.heard_farewell);
  CHECK(inner_farewell == outer);
}

TEST_CASE("a farewell arrives although the system has no room for it") {
  for (std::size_t extra = 0; extra < 40; ++extra) {
    std::size_t received = 0;
    std::mutex reads;
    reads.lock();
    TlsConnection connection(
        [&](TlsClient& tls) {
          const std::lock_guard wait(reads);
          received = tls.read_all().size();
        },
        4096, 4096);
    REQUIRE(connection.handshake() == Kind::done);
    // Fills the system's buffers to the last record that fits.
    std::size_t sent = 0;
    const std::string block(500 + extra * 37, 'x');
    const std::array<std::string_view, 1> pieces{block};
    while (connection.transport().write(pieces).kind == Kind::done) sent += block.size();
    std::thread later([&] {
      std::this_thread::sleep_for(std::chrono::milliseconds(2));  // only to vary; nothing depends on it
      reads.unlock();
    });
    const bool written = connection.write({block});
    CHECK(connection.shutdown(Transport::Farewell::yes) == Kind::done);
    later.join();
    connection.join();
    CHECK(written);
    CHECK(connection.heard_farewell);
    CHECK(received == sent + block.size());
  }
}

TEST_CASE("bytes that were given back are read again, by TLS too") {
  SECTION("without TLS") {
    Connection connection;
    connection.transport().unread("cd");
    connection.transport().unread("ab");
    CHECK(connection.read_text(3) == "abc");
    connection.client().send("ef");
    CHECK(connection.read_text() == "d");
    CHECK(connection.read_text() == "ef");
  }
  SECTION("with TLS, byte by byte into a small buffer") {
    Connection connection;
    TlsClient tls = tls_over(connection.client());
    const std::string hello = tls.hello();
    connection.transport().unread(hello.substr(0, 7));
    TlsAsk ask;
    ask.name = "127.0.0.1";
    REQUIRE(connection.transport().start_tls(test_server().session(ask)));
    std::thread client([&] {
      for (const char c : hello.substr(7)) connection.client().send({&c, 1});
      if (tls.handshake()) tls.send("a message");
      tls.shutdown();
      tls.read_all();
    });
    REQUIRE(connection.handshake() == Kind::done);
    // A record that is read in parts leaves bytes behind; the wait must tell of them.
    std::string received;
    for (std::string more = connection.read_text(2); !more.empty(); more = connection.read_text(2)) received += more;
    CHECK(received == "a message");
    connection.shutdown(Transport::Farewell::yes);
    client.join();
  }
}

TEST_CASE("an end without a farewell is an end, and a broken record a failure") {
  SECTION("no close_notify") {
    Connection connection;
    std::thread client([&] {
      TlsClient tls = tls_over(connection.client());
      if (tls.handshake()) tls.send("last words");
      connection.client().finish_sending();
    });
    TlsAsk ask;
    ask.name = "127.0.0.1";
    REQUIRE(connection.transport().start_tls(test_server().session(ask)));
    REQUIRE(connection.handshake() == Kind::done);
    CHECK(connection.read_text() == "last words");
    std::array<char, 10> buffer;
    CHECK(connection.read(buffer).kind == Kind::end);
    CHECK(connection.transport().failure().empty());
    client.join();
  }
  SECTION("garbage") {
    Connection connection;
    std::thread client([&] {
      TlsClient tls = tls_over(connection.client());
      if (tls.handshake()) connection.client().send("GET / HTTP/1.1\r\n\r\n");
      tls.read_all();
    });
    TlsAsk ask;
    ask.name = "127.0.0.1";
    REQUIRE(connection.transport().start_tls(test_server().session(ask)));
    REQUIRE(connection.handshake() == Kind::done);
    std::array<char, 10> buffer;
    CHECK(connection.read(buffer).kind == Kind::failed);
    CHECK_FALSE(connection.transport().failure().empty());
    connection.transport().close();
    client.join();
  }
  SECTION("a changed byte in a record") {
    Connection connection;
    bool forge = false;
    std::thread client([&] {
      TlsClient tls(
          [&](std::string_view bytes) {
            std::string sent(bytes);
            if (forge) sent.back() = static_cast<char>(sent.back() ^ 1);
            connection.client().send(sent);
          },
          [&] { return connection.client().read_some(); });
      if (!tls.handshake()) return;
      forge = true;
      tls.send("secret");
      tls.read_all();
    });
    TlsAsk ask;
    ask.name = "127.0.0.1";
    REQUIRE(connection.transport().start_tls(test_server().session(ask)));
    REQUIRE(connection.handshake() == Kind::done);
    std::array<char, 10> buffer;
    CHECK(connection.read(buffer).kind == Kind::failed);
    CHECK(connection.transport().failure() == "decryption failed or bad record mac");
    connection.transport().close();
    client.join();
  }
}

TEST_CASE("a client that does not trust the certificate says so, in both versions") {
  const bool old = GENERATE(false, true);
  TlsClientOptions how;
  how.version = version(old);
  SECTION("unknown authority") {
    how.trusted = "/dev/null";
    TlsConnection connection([](TlsClient&) {}, 0, 0, how);
    CHECK(connection.handshake() == Kind::failed);
    CHECK(connection.transport().failure() == "the client does not trust the certificate: unknown CA");
  }
  SECTION("another host") {
    how.expected = "api.example";
    TlsConnection connection([](TlsClient&) {}, 0, 0, how);
    CHECK(connection.handshake() == Kind::failed);
    CHECK(connection.transport().failure() == "the client does not trust the certificate: bad certificate");
  }
}

TEST_CASE("a cut is an end without a farewell, and writing to who has gone is no signal") {
  SECTION("cut") {
    std::string received;
    TlsConnection connection([&](TlsClient& tls) { received = tls.read_all(); });
    REQUIRE(connection.handshake() == Kind::done);
    REQUIRE(connection.write({"half of it"}));
    CHECK(connection.shutdown(Transport::Farewell::no) == Kind::done);
    connection.join();
    CHECK(received == "half of it");
    CHECK_FALSE(connection.heard_farewell);
    CHECK(connection.failure == "unexpected eof while reading");
  }
  SECTION("gone") {
    TlsConnection connection([](TlsClient&) {});
    REQUIRE(connection.handshake() == Kind::done);
    connection.join();
    connection.client().close();
    const std::string block(100000, 'x');
    // Catch2 would report the signal, which ends the program otherwise.
    for (int i = 0; i < 100 && connection.write({block}); ++i) {
    }
    CHECK_FALSE(connection.write({block}));
  }
}

TEST_CASE("a transport goes on in other hands, with all its layers") {
  std::string received;
  TlsConnection connection([&](TlsClient& tls) {
    TlsClient inner = tls_over(tls);
    if (inner.handshake()) received = inner.exchange("question");
    tls.read_all();
  });
  REQUIRE(connection.handshake() == Kind::done);
  connection.transport() = connection.transport().take();
  TlsAsk ask;
  ask.name = "inner.example";
  REQUIRE(connection.transport().start_tls(test_server().session(ask)));
  REQUIRE(connection.handshake() == Kind::done);
  connection.transport() = connection.transport().take();
  CHECK(connection.read_text() == "question");
  REQUIRE(connection.write({"ans", "wer"}));
  CHECK(connection.shutdown(Transport::Farewell::yes) == Kind::done);
  connection.join();
  CHECK(received == "answer");
  CHECK(connection.heard_farewell);
}

TEST_CASE("a client cannot have the handshake repeated") {
  TlsClientOptions how;
  how.version = TLS1_2_VERSION;
  bool renegotiated = true;
  TlsConnection connection(
      [&](TlsClient& tls) {
        SSL_renegotiate(tls.tls());
        renegotiated = tls.handshake();
      },
      0, 0, how);
  REQUIRE(connection.handshake() == Kind::done);
  std::array<char, 10> buffer;
  CHECK(connection.read(buffer).kind != Kind::done);
  connection.transport().close();
  connection.join();
  CHECK_FALSE(renegotiated);
}
