#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>
#include <boost/asio/io_context.hpp>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include "origin_connector.hpp"

/// A loop that connects, and peers in threads, which are told what to do.
namespace stream::test {

/// A blocking socket. A read that waits for 20 s gives up, so that a failed test ends.
class Wire {
 public:
  explicit Wire(int socket) : socket_(socket) {
    const timeval patience{20, 0};
    setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  }
  Wire(Wire&& other) noexcept : socket_(std::exchange(other.socket_, -1)) {}
  Wire& operator=(Wire&&) = delete;
  ~Wire() {
    if (socket_ >= 0) ::close(socket_);
  }
  static Wire to(std::uint16_t port) {
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address);
    return Wire(socket);
  }

  int get() const { return socket_; }
  void send(std::string_view bytes) const {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
  }
  /// Some bytes; none at the end.
  std::string receive(std::size_t most = 65536) const {
    std::string bytes(most, '\0');
    const ssize_t got = ::recv(socket_, bytes.data(), bytes.size(), 0);
    bytes.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    return bytes;
  }
  std::string read_exactly(std::size_t size) const {
    std::string bytes;
    while (bytes.size() < size) {
      const std::string more = receive(size - bytes.size());
      if (more.empty()) break;
      bytes += more;
    }
    return bytes;
  }
  /// Byte by byte: nothing behind `mark` is read.
  std::string read_to(std::string_view mark) const {
    std::string bytes;
    while (!bytes.ends_with(mark)) {
      const std::string more = receive(1);
      if (more.empty()) break;
      bytes += more;
    }
    return bytes;
  }
  /// Carries bytes between this and the other until one of them ends.
  void relay(const Wire& other) const {
    for (;;) {
      std::array<pollfd, 2> both{{{socket_, POLLIN, 0}, {other.socket_, POLLIN, 0}}};
      if (::poll(both.data(), both.size(), 20'000) <= 0) return;
      for (std::size_t i = 0; i < both.size(); ++i) {
        if (both[i].revents == 0) continue;
        const std::string bytes = (i == 0 ? *this : other).receive();
        if (bytes.empty()) return;
        (i == 0 ? other : *this).send(bytes);
      }
    }
  }

 private:
  int socket_;
};

/// Listens, and does what it is told with the first `count` connections, one after the other.
class Peer {
 public:
  explicit Peer(std::function<void(Wire&)> work, int count = 1, int family = AF_INET)
      : listener_(::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in6 address{};
    if (family == AF_INET6) {
      address.sin6_family = AF_INET6;
      address.sin6_addr = in6addr_loopback;
    } else {
      auto& four = reinterpret_cast<sockaddr_in&>(address);
      four.sin_family = AF_INET;
      four.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    }
    if (::bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return;
    ::listen(listener_, 1024);
    socklen_t size = sizeof address;
    getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin6_port);  // it stands at the same place in both
    thread_ = std::thread([this, work = std::move(work), count] {
      for (int i = 0; i < count; ++i) {
        const int socket = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
        if (socket < 0) return;
        Wire wire(socket);
        work(wire);
      }
    });
  }
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;
  ~Peer() {
    ::shutdown(listener_, SHUT_RDWR);
    if (thread_.joinable()) thread_.join();
    ::close(listener_);
  }
  /// 0: this family is not there.
  std::uint16_t port() const { return port_; }

 private:
  int listener_;
  std::uint16_t port_ = 0;
  std::thread thread_{};
};

/// A port of 127.0.0.1 that refuses, as long as this lives.
class RefusingPort {
 public:
  RefusingPort() : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ::bind(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address);
    socklen_t size = sizeof address;
    getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
  }
  RefusingPort(const RefusingPort&) = delete;
  RefusingPort& operator=(const RefusingPort&) = delete;
  ~RefusingPort() { ::close(socket_); }
  std::uint16_t port() const { return port_; }

 private:
  int socket_;
  std::uint16_t port_ = 0;
};

/// The thread of the test is the loop's.
class Loop {
 public:
  Loop() : timers_(context_) {}
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;
  ~Loop() { timers_.close(); }

  std::unique_ptr<proxy::OriginConnector> connector(const proxy::OriginOptions& options = {}) {
    auto made = proxy::OriginConnector::make(context_, timers_, options);
    if (!made) throw std::runtime_error(to_string(made.error()));
    return std::move(*made);
  }
  /// Runs until `done`; false: it is not after 20 s.
  template <class Done>
  bool run_until(Done done) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!done() && std::chrono::steady_clock::now() < end) context_.run_one_for(std::chrono::milliseconds(50));
    return done();
  }
  void run_for(std::chrono::milliseconds time) {
    const auto end = std::chrono::steady_clock::now() + time;
    while (std::chrono::steady_clock::now() < end) context_.run_one_for(std::chrono::milliseconds(5));
  }
  /// What comes of it; nothing after 20 s.
  std::optional<Result<proxy::OriginConnection>> connect(proxy::OriginConnector& connector, const proxy::OriginTarget& target) {
    std::optional<Result<proxy::OriginConnection>> result;
    const auto attempt =
        connector.connect(target, [&](Result<proxy::OriginConnection> made) { result.emplace(std::move(made)); });
    run_until([&] { return result.has_value(); });
    return result;
  }
  /// The message and, in brackets, the hint; "connected".
  std::string failure(proxy::OriginConnector& connector, const proxy::OriginTarget& target) {
    const auto result = connect(connector, target);
    if (!result) return "nothing";
    if (*result) return "connected";
    const Error& error = result->error();
    return error.message + (error.hint.empty() ? "" : " [" + error.hint + "]");
  }
  /// Sends, and reads until `mark` or the end.
  std::string exchange(net::Transport& transport, std::string_view request, std::string_view mark) {
    const std::array<std::string_view, 1> pieces{request};
    if (!request.empty()) transport.write(pieces);
    std::string answer;
    while (answer.find(mark) == std::string::npos) {
      std::array<char, net::Transport::kReadSize> buffer;
      const auto io = transport.read(buffer);
      if (io.kind == net::Transport::Kind::done) {
        answer.append(buffer.data(), io.size);
        continue;
      }
      if (io.kind != net::Transport::Kind::again) break;
      bool ready = false;
      transport.wait_readable([&](const boost::system::error_code&) { ready = true; });
      if (!run_until([&] { return ready; })) break;
    }
    return answer;
  }
  boost::asio::io_context& context() { return context_; }

 private:
  boost::asio::io_context context_{BOOST_ASIO_CONCURRENCY_HINT_UNSAFE};
  net::TimerQueue timers_;
};

/// Names of the tests, and nothing else: no test asks a network.
inline Result<std::vector<std::string>> test_addresses(const std::string& host) {
  if (host == "both.example") return std::vector<std::string>{"::1", "127.0.0.1"};
  if (host.ends_with(".example") && host != "nowhere.example") return std::vector<std::string>{"127.0.0.1"};
  return fail({ErrorCode::io, "cannot find the address of " + host + ": there is none", {}, {}});
}

inline proxy::OriginOptions test_options() {
  proxy::OriginOptions options;
  options.resolve = test_addresses;
  return options;
}

}  // namespace stream::test
