#include "stream/net/client.hpp"

#include <catch2/catch.hpp>
#include <functional>

#include "peer.hpp"

using namespace std::chrono_literals;
using stream::net::Client;
using stream::net::ClientEnd;
using stream::net::ClientEvent;
using stream::net::ClientOptions;
using stream::net::ClientRequest;
using Kind = ClientEvent::Kind;

namespace {

/// Accepts one connection and does with it what a test says, in a thread of its own.
class ScriptedServer {
 public:
  explicit ScriptedServer(std::function<void(int)> script) : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    REQUIRE(::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) == 0);
    REQUIRE(::listen(listener_, 5) == 0);
    REQUIRE(::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) == 0);
    url_ = "http://127.0.0.1:" + std::to_string(ntohs(address.sin_port)) + "/path?q=1";
    thread_ = std::thread([this, script = std::move(script)] {
      const int connection = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (connection < 0) return;
      script(connection);
      ::close(connection);
    });
  }
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;
  ~ScriptedServer() {
    ::shutdown(listener_, SHUT_RDWR);
    thread_.join();
    ::close(listener_);
  }
  const std::string& url() const { return url_; }

 private:
  int listener_;
  std::string url_;
  std::thread thread_;
};

std::string receive_to(int connection, std::string_view mark) {
  std::string bytes;
  while (bytes.find(mark) == std::string::npos) {
    std::array<char, 4096> buffer{};
    const ssize_t got = ::recv(connection, buffer.data(), buffer.size(), 0);
    if (got <= 0) break;
    bytes.append(buffer.data(), static_cast<std::size_t>(got));
  }
  return bytes;
}

void send_all(int connection, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(connection, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
}

/// Remembers what it is told; `then` may act on it.
class Memory final : public stream::net::ClientSink {
 public:
  stream::Status take(ClientEvent event) override {
    events.push_back(event);
    return then ? then(events.back()) : stream::Status();
  }
  std::string body() const {
    std::string all;
    for (const ClientEvent& event : events) {
      if (event.kind == Kind::data) all += event.bytes;
    }
    return all;
  }
  std::vector<Kind> kinds() const {
    std::vector<Kind> all;
    for (const ClientEvent& event : events) all.push_back(event.kind);
    return all;
  }
  std::vector<ClientEvent> events;
  std::function<stream::Status(const ClientEvent&)> then;
};

ClientRequest get(std::string url) {
  ClientRequest request;
  request.url = std::move(url);
  return request;
}

std::unique_ptr<Client> make_client(const ClientOptions& options = {}) {
  auto client = Client::create(options);
  REQUIRE(client);
  return std::move(*client);
}

}  // namespace

TEST_CASE("a client sends its request as it was told, and tells what came and when") {
  std::string asked;
  ScriptedServer server([&](int connection) {
    asked = receive_to(connection, "body!");
    send_all(connection,
             "HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 Sure\r\nX-One: 1\r\nTransfer-Encoding: "
             "chunked\r\n\r\n5\r\nhello\r\n0\r\nT: 2\r\n\r\n");
  });
  ClientRequest request = get(server.url());
  request.method = "PATCH";
  request.headers = {{"x-lower", "a"}, {"User-Agent", "me"}};
  request.body = "the body!";
  Memory memory;
  const auto end = make_client()->run(request, memory);
  REQUIRE(end);
  CHECK(end->kind == ClientEnd::Kind::complete);
  CHECK(end->answered);
  REQUIRE(end->trailers.size() == 1);
  CHECK(end->trailers[0].value == "2");
  const std::string authority = server.url().substr(7, server.url().find('/', 7) - 7);
  CHECK(asked == "PATCH /path?q=1 HTTP/1.1\r\nHost: " + authority +
                     "\r\nx-lower: a\r\nUser-Agent: me\r\nContent-Length: 9\r\n\r\nthe body!");
  CHECK(memory.kinds() == std::vector<Kind>{Kind::request, Kind::sent, Kind::interim, Kind::head, Kind::data});
  CHECK(memory.events[3].status == 200);
  CHECK(memory.events[3].reason == "Sure");
  CHECK(memory.body() == "hello");
  CHECK(std::is_sorted(memory.events.begin(), memory.events.end(),
                       [](const ClientEvent& a, const ClientEvent& b) { return a.at < b.at; }));
}

TEST_CASE("pieces that a server sends apart arrive apart") {
  std::mutex mutex;
  std::condition_variable changed;
  std::size_t taken = 0;
  ScriptedServer server([&](int connection) {
    receive_to(connection, "\r\n\r\n");
    send_all(connection, "HTTP/1.1 200 OK\r\n\r\n");
    for (std::size_t i = 0; i < 3; ++i) {
      send_all(connection, std::string(1, static_cast<char>('a' + i)));
      std::unique_lock lock(mutex);
      changed.wait_for(lock, 20s, [&] { return taken > i; });
    }
  });
  Memory memory;
  memory.then = [&](const ClientEvent& event) {
    if (event.kind == Kind::data) {
      const std::lock_guard lock(mutex);
      ++taken;
      changed.notify_all();
    }
    return stream::Status();
  };
  const auto end = make_client()->run(get(server.url()), memory);
  REQUIRE(end);
  CHECK(end->kind == ClientEnd::Kind::complete);
  CHECK(memory.body() == "abc");
  CHECK(memory.events.size() == 6);
}

TEST_CASE("a connection that is reset is told from one that is closed too early") {
  {
    ScriptedServer server([](int connection) {
      receive_to(connection, "\r\n\r\n");
      send_all(connection, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc");
    });
    Memory memory;
    const auto end = make_client()->run(get(server.url()), memory);
    REQUIRE(end);
    CHECK(end->kind == ClientEnd::Kind::truncated);
    CHECK(end->error == "the connection was closed after 3 of 9 bytes of the body");
    CHECK(memory.body() == "abc");
  }
  {
    std::mutex mutex;
    std::condition_variable changed;
    bool taken = false;
    ScriptedServer server([&](int connection) {
      receive_to(connection, "\r\n\r\n");
      send_all(connection, "HTTP/1.1 200 OK\r\n\r\nabc");
      std::unique_lock lock(mutex);
      changed.wait_for(lock, 20s, [&] { return taken; });
      const linger at_once{1, 0};
      setsockopt(connection, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    });
    Memory memory;
    memory.then = [&](const ClientEvent& event) {
      const std::lock_guard lock(mutex);
      taken = taken || event.kind == Kind::data;
      changed.notify_all();
      return stream::Status();
    };
    const auto end = make_client()->run(get(server.url()), memory);
    REQUIRE(end);
    CHECK(end->kind == ClientEnd::Kind::reset);
    CHECK(memory.body() == "abc");
  }
}

TEST_CASE("each wait has its time") {
  ClientOptions options;
  std::string answer;
  std::string expected;
  SECTION("for the head") {
    options.head_timeout = 50ms;
    expected = "there was no answer for 50.0 ms";
  }
  SECTION("for the next piece") {
    options.idle_timeout = 50ms;
    answer = "HTTP/1.1 200 OK\r\n\r\nabc";
    expected = "nothing came for 50.0 ms";
  }
  SECTION("for all of it") {
    options.deadline = std::chrono::steady_clock::now() + 50ms;
    answer = "HTTP/1.1 200 OK\r\n\r\nabc";
    expected = "the time for all of it is over";
  }
  ScriptedServer server([&](int connection) {
    receive_to(connection, "\r\n\r\n");
    send_all(connection, answer);
    receive_to(connection, "the client leaves");
  });
  Memory memory;
  const auto end = make_client(options)->run(get(server.url()), memory);
  REQUIRE(end);
  CHECK(end->kind == ClientEnd::Kind::timeout);
  CHECK(end->error == expected);
}

TEST_CASE("a run that waits can be stopped, and every later one is") {
  ScriptedServer server([](int connection) { receive_to(connection, "the client leaves"); });
  const auto client = make_client();
  Memory memory;
  memory.then = [&](const ClientEvent& event) {
    if (event.kind == Kind::sent) client->stop();
    return stream::Status();
  };
  const auto end = client->run(get(server.url()), memory);
  REQUIRE(end);
  CHECK(end->kind == ClientEnd::Kind::stopped);
  CHECK_FALSE(end->answered);
  const auto again = client->run(get(server.url()), memory);
  REQUIRE(again);
  CHECK(again->kind == ClientEnd::Kind::stopped);
  CHECK_FALSE(client->wait_until(std::chrono::steady_clock::now() + 1h));
}

TEST_CASE("an error of the sink ends the run and is what it returns") {
  ScriptedServer server([](int connection) {
    receive_to(connection, "\r\n\r\n");
    send_all(connection, "HTTP/1.1 200 OK\r\n\r\nabc");
    receive_to(connection, "the client leaves");
  });
  Memory memory;
  memory.then = [](const ClientEvent& event) -> stream::Status {
    if (event.kind == Kind::data) return stream::fail({stream::ErrorCode::io, "the disk is full", {}, {}});
    return {};
  };
  const auto end = make_client()->run(get(server.url()), memory);
  REQUIRE_FALSE(end);
  CHECK(end.error().message == "the disk is full");
}

TEST_CASE("a server that nobody runs is an error that says so") {
  std::string url;
  {
    ScriptedServer gone([](int) {});
    url = gone.url();
    const stream::test::Client knock(static_cast<std::uint16_t>(std::stoi(url.substr(17))));
  }
  Memory memory;
  const auto end = make_client()->run(get(url), memory);
  REQUIRE_FALSE(end);
  CHECK(end.error().message.find("Connection refused") != std::string::npos);
  CHECK(memory.events.empty());
}

TEST_CASE("a request that cannot be written is refused") {
  const auto why = [](ClientRequest request) {
    Memory memory;
    const auto end = make_client()->run(request, memory);
    return end ? std::string() : end.error().message;
  };
  ClientRequest request = get("http://127.0.0.1:1/");
  request.headers = {{"A", "b\r\nC: d"}};
  CHECK(why(request) == "the value of A has a line end or a NUL");
  request.headers = {{"A b", "c"}};
  CHECK(why(request) == "\"A b\" is no name of a header field");
  request.headers.clear();
  request.method = "GET /";
  CHECK(why(request) == "\"GET /\" is no method");
}

TEST_CASE("a large body goes out while the answer to it comes in") {
  const std::string body(8 << 20, 'x');
  ScriptedServer server([&](int connection) {
    receive_to(connection, "\r\n\r\n");
    send_all(connection, "HTTP/1.1 413 Too Much\r\nContent-Length: 2\r\n\r\nno");
    receive_to(connection, "the client leaves");
  });
  ClientRequest request = get(server.url());
  request.method = "POST";
  request.body = body;
  Memory memory;
  const auto end = make_client()->run(request, memory);
  REQUIRE(end);
  CHECK(end->kind == ClientEnd::Kind::complete);
  CHECK(memory.body() == "no");
}

TEST_CASE("our own server's WebSocket is spoken with, pings and the close frame answered") {
  stream::test::TableHandler handler;
  auto exchange = std::make_shared<stream::Exchange>();
  exchange->request.emplace();
  exchange->request->kind = stream::EventKind::request;
  exchange->response.emplace();
  exchange->response->kind = stream::EventKind::response;
  exchange->response->stream_kind = "websocket";
  exchange->response->object = stream::Json::Object{{"status", 101}, {"headers", stream::Json::array()}};
  const auto add = [&](stream::EventKind kind, int number, std::string data) {
    stream::Event event;
    event.kind = kind;
    event.opcode = number;
    if (kind == stream::EventKind::close) event.code = number;
    event.data = std::move(data);
    exchange->timeline.push_back(event);
  };
  add(stream::EventKind::message, 1, "one");
  add(stream::EventKind::message, 9, "beat");
  add(stream::EventKind::message, 2, std::string("\0\1", 2));
  add(stream::EventKind::close, 4001, "");
  exchange->timeline.back().t = std::chrono::milliseconds(200);  // what the client says behind a close is dropped
  handler.answers["/ws"] = stream::replay::make_answer(exchange, {});
  const stream::test::RunningServer server(handler);

  const auto client = make_client();
  REQUIRE(client->send(1, "hello"));
  Memory memory;
  const auto end = client->run(get("ws://127.0.0.1:" + std::to_string(server.port()) + "/ws"), memory);
  REQUIRE(end);
  CHECK(end->kind == ClientEnd::Kind::complete);
  std::vector<std::string> received;
  std::vector<std::string> sent;
  for (const ClientEvent& event : memory.events) {
    auto& list = event.direction == stream::Direction::send ? sent : received;
    if (event.kind == Kind::message) list.push_back(std::to_string(event.opcode) + event.bytes);
    if (event.kind == Kind::close) list.push_back("close " + std::to_string(event.code.value_or(0)));
  }
  CHECK(received == std::vector<std::string>{"1one", "9beat", std::string("2\0\1", 3), "close 4001"});
  CHECK(sent == std::vector<std::string>{"1hello", "10beat", "close 4001"});
  CHECK(handler.message(0) == std::pair<int, std::uint64_t>(1, 5));
}

TEST_CASE("a WebSocket that is declined is an ordinary response") {
  ScriptedServer server([](int connection) {
    receive_to(connection, "\r\n\r\n");
    send_all(connection, "HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno");
  });
  Memory memory;
  const auto end = make_client()->run(get("ws" + server.url().substr(4)), memory);
  REQUIRE(end);
  CHECK(end->kind == ClientEnd::Kind::complete);
  CHECK(memory.events[2].status == 403);
  CHECK_FALSE(memory.events[2].websocket);
  CHECK(memory.body() == "no");
}

TEST_CASE("a WebSocket handshake that does not answer our key is refused") {
  ScriptedServer server([](int connection) {
    receive_to(connection, "\r\n\r\n");
    send_all(connection, "HTTP/1.1 101 OK\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: AAAA\r\n\r\n");
    receive_to(connection, "the client leaves");
  });
  Memory memory;
  const auto end = make_client()->run(get("ws" + server.url().substr(4)), memory);
  REQUIRE(end);
  CHECK(end->kind == ClientEnd::Kind::broken);
  CHECK(end->error == "the WebSocket handshake is wrong: Sec-WebSocket-Accept does not answer our key");
}
