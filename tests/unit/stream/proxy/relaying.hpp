#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "stream/proxy/proxy.hpp"

/// A client, an origin and a proxy between them, of raw sockets on loopback. Nothing waits longer than ten seconds.
namespace relaying {

class Wire {
 public:
  explicit Wire(int descriptor = -1) : descriptor_(descriptor) {
    const timeval limit{10, 0};
    setsockopt(descriptor_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    setsockopt(descriptor_, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    const int on = 1;
    setsockopt(descriptor_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  }
  Wire(Wire&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)), kept_(std::move(other.kept_)) {}
  Wire& operator=(Wire&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    std::swap(kept_, other.kept_);
    return *this;
  }
  ~Wire() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }

  static Wire to(std::uint16_t port, int receive_buffer = 0) {
    const int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (receive_buffer != 0) setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    Wire wire(descriptor);
    if (connect(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return Wire();
    return wire;
  }

  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }
  /// What comes next; empty at the end, or when nothing came.
  std::string receive() {
    if (!kept_.empty()) return std::exchange(kept_, {});
    std::string bytes(65536, '\0');
    const ssize_t got = ::recv(descriptor_, bytes.data(), bytes.size(), 0);
    bytes.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    return bytes;
  }
  std::string receive(std::size_t size) {
    std::string all;
    while (all.size() < size) {
      const std::string more = receive();
      if (more.empty()) break;
      all += more;
    }
    if (all.size() > size) {
      kept_ = all.substr(size);
      all.resize(size);
    }
    return all;
  }
  /// Up to the mark's end.
  std::string receive_until(std::string_view mark) {
    std::string all;
    for (;;) {
      if (const auto at = all.find(mark); at != std::string::npos) {
        kept_ = all.substr(at + mark.size());
        all.resize(at + mark.size());
        return all;
      }
      const std::string more = receive();
      if (more.empty()) return all;
      all += more;
    }
  }
  std::string receive_all() {
    std::string all;
    for (std::string more = receive(); !more.empty(); more = receive()) all += more;
    return all;
  }
  void shut() { ::shutdown(descriptor_, SHUT_WR); }
  void reset() {
    const linger now{1, 0};
    setsockopt(descriptor_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    ::close(std::exchange(descriptor_, -1));
  }
  int descriptor() const { return descriptor_; }

 private:
  int descriptor_;
  std::string kept_{};
};

/// Serves each connection with `serve`, in a thread of its own.
class Origin {
 public:
  explicit Origin(std::function<void(Wire&)> serve) : serve_(std::move(serve)) {
    listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    REQUIRE(bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    REQUIRE(listen(listener_, 64) == 0);
    REQUIRE(getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) == 0);
    port = ntohs(address.sin_port);
    acceptor_ = std::thread([this] {
      for (;;) {
        const int descriptor = accept(listener_, nullptr, nullptr);
        if (descriptor < 0 || over_) {
          if (descriptor >= 0) ::close(descriptor);
          return;
        }
        ++connections;
        served_.emplace_back([this, wire = Wire(descriptor)]() mutable { serve_(wire); });
      }
    });
  }
  Origin(const Origin&) = delete;
  Origin& operator=(const Origin&) = delete;
  ~Origin() {
    over_ = true;
    ::shutdown(listener_, SHUT_RDWR);
    acceptor_.join();
    for (std::thread& thread : served_) thread.join();
    ::close(listener_);
  }

  std::uint16_t port = 0;
  std::atomic<int> connections{0};

 private:
  std::function<void(Wire&)> serve_;
  int listener_;
  std::atomic<bool> over_{false};
  std::vector<std::thread> served_;
  std::thread acceptor_;
};

/// What a tap was told, as lines of text.
class Heard final : public stream::Tap {
 public:
  stream::TapInterest request(Id id, stream::TapTime at, const stream::TapRequest& request) override {
    line(at, std::to_string(id) + " request " + std::string(request.method) + " " + std::string(request.url) +
                 (request.websocket ? " websocket" : ""));
    return stream::TapInterest::all;
  }
  void request_data(Id id, stream::TapTime at, std::string_view bytes) override { body(id, at, "send", bytes); }
  void request_trailers(Id id, stream::TapTime at, std::span<const stream::TapField> trailers) override {
    line(at, std::to_string(id) + " trailers " + std::to_string(trailers.size()));
  }
  void interim(Id id, stream::TapTime at, int status, std::span<const stream::TapField>) override {
    line(at, std::to_string(id) + " interim " + std::to_string(status));
  }
  stream::TapInterest response(Id id, stream::TapTime at, const stream::TapResponse& response) override {
    line(at, std::to_string(id) + " response " + std::to_string(response.status) + (response.mocked ? " mocked" : ""));
    return stream::TapInterest::all;
  }
  void data(Id id, stream::TapTime at, std::string_view bytes) override { body(id, at, "data", bytes); }
  void message(Id id, stream::TapTime at, const stream::TapMessage& message) override {
    line(at, std::to_string(id) + " message " + std::string(to_string(message.direction)) + " " + std::to_string(message.opcode) +
                 " " + std::string(message.data.substr(0, 40)) + " " + std::to_string(message.data.size()) +
                 (message.mocked ? " mocked" : ""));
  }
  void close(Id id, stream::TapTime at, const stream::TapClose& close) override {
    line(at, std::to_string(id) + " close " + std::string(to_string(close.direction)) + " " +
                 std::to_string(close.code.value_or(0)) + " " + std::string(close.reason) + (close.mocked ? " mocked" : ""));
  }
  void end(Id id, stream::TapTime at, const stream::TapEnd& end) override {
    line(at, std::to_string(id) + " end " + std::string(end.reason));
    const std::lock_guard lock(mutex_);
    errors_.emplace_back(end.error);
  }

  /// Bodies are joined.
  std::vector<std::string> lines() const {
    const std::lock_guard lock(mutex_);
    return lines_;
  }
  /// Waits until there is a line that ends so.
  bool wait_for(std::string_view ending) const {
    for (int i = 0; i < 1000; ++i) {
      for (const std::string& line : lines()) {
        if (line.ends_with(ending)) return true;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return false;
  }
  std::string text() const {
    std::string all;
    for (const std::string& line : lines()) all += line + "\n";
    return all;
  }
  std::vector<std::string> errors() const {
    const std::lock_guard lock(mutex_);
    return errors_;
  }

 private:
  void line(stream::TapTime at, std::string text) {
    const std::lock_guard lock(mutex_);
    CHECK(at >= last_);  // what is told is told in its order
    last_ = std::max(last_, at);
    lines_.push_back(std::move(text));
  }
  void body(Id id, stream::TapTime at, std::string_view what, std::string_view bytes) {
    const std::string begin = std::to_string(id) + " " + std::string(what) + " ";
    {
      const std::lock_guard lock(mutex_);
      if (!lines_.empty() && lines_.back().starts_with(begin)) {
        lines_.back().append(bytes);
        return;
      }
    }
    line(at, begin + std::string(bytes));
  }

  mutable std::mutex mutex_;
  stream::TapTime last_{};
  std::vector<std::string> lines_{};
  std::vector<std::string> errors_{};
};

/// A proxy that runs in a thread of its own.
class Running {
 public:
  explicit Running(stream::proxy::ProxyOptions options) {
    options.tap = &heard;
    options.incident = [this](const stream::proxy::Incident& incident) {
      const std::lock_guard lock(mutex_);
      incidents_.push_back(incident.what);
    };
    auto made = stream::proxy::Proxy::listen(options);
    REQUIRE(made);
    proxy = std::move(*made);
    thread_ = std::thread([this] { (void)proxy->run(); });
  }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;
  ~Running() {
    proxy->stop();
    thread_.join();
    proxy.reset();
  }

  std::vector<std::string> incidents() const {
    const std::lock_guard lock(mutex_);
    return incidents_;
  }

  Heard heard{};
  std::unique_ptr<stream::proxy::Proxy> proxy{};

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> incidents_{};
  std::thread thread_;
};

inline stream::proxy::ProxyOptions reverse(std::uint16_t port) {
  stream::proxy::ProxyOptions options;
  options.target = stream::net::parse_url("http://127.0.0.1:" + std::to_string(port)).value();
  options.keep_host = true;
  return options;
}

}  // namespace relaying
