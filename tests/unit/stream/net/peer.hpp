#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "stream/net/server.hpp"

/// A server in a thread, and a client that knows nothing but bytes.
namespace stream::test {

/// A blocking connection over loopback. A read that waits for 20 s gives up, so that a failed test ends.
class Client {
 public:
  explicit Client(std::uint16_t port, int receive_buffer = 0) : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const timeval patience{20, 0};
    setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    if (receive_buffer != 0) setsockopt(socket_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected_ = ::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  ~Client() { close(); }

  bool connected() const { return connected_; }
  void send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
  }
  void finish_sending() { ::shutdown(socket_, SHUT_WR); }
  void close() {
    if (socket_ >= 0) ::close(socket_);
    socket_ = -1;
  }
  /// Some bytes; none at the end. `error()` tells which end it was.
  std::string read_some(std::size_t most = 65536) {
    std::string bytes(most, '\0');
    const ssize_t got = ::recv(socket_, bytes.data(), bytes.size(), 0);
    error_ = got < 0 ? errno : 0;
    bytes.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    return bytes;
  }
  /// Up to and with `mark`, or to the end.
  std::string read_to(std::string_view mark) {
    for (;;) {
      if (const auto end = buffer_.find(mark); end != std::string::npos) return take(end + mark.size());
      const std::string more = read_some();
      if (more.empty()) return take(buffer_.size());
      buffer_ += more;
    }
  }
  std::string read_exactly(std::size_t size) {
    while (buffer_.size() < size) {
      const std::string more = read_some();
      if (more.empty()) break;
      buffer_ += more;
    }
    return take(std::min(size, buffer_.size()));
  }
  std::string read_all() {
    for (std::string more = read_some(); !more.empty(); more = read_some()) buffer_ += more;
    return take(buffer_.size());
  }
  /// What was received behind what was asked for.
  std::string rest() { return take(buffer_.size()); }
  /// What was read beyond what was asked for, else some bytes.
  std::string receive() { return buffer_.empty() ? read_some() : take(buffer_.size()); }
  std::string exchange(std::string_view request) {
    send(request);
    return read_all();
  }
  /// errno of the last read; 0 after an orderly end.
  int error() const { return error_; }

 private:
  std::string take(std::size_t size) {
    std::string bytes = buffer_.substr(0, size);
    buffer_.erase(0, size);
    return bytes;
  }
  int socket_;
  bool connected_ = false;
  int error_ = 0;
  std::string buffer_;
};

/// Answers by target and remembers what it was told.
class TableHandler : public net::Handler {
 public:
  struct Result {
    net::Request request;
    net::Served served;
  };
  struct Refusal {
    int status = 0;
    std::string why;
  };

  std::map<std::string, std::shared_ptr<const replay::Answer>> answers;

  std::shared_ptr<const replay::Answer> answer(const net::Request& request) override {
    const auto found = answers.find(request.target);
    return found != answers.end() ? found->second : replay::make_answer(404, "text/plain", "no " + request.target);
  }
  void served(const net::Request& request, const replay::Answer&, const net::Served& served) override {
    note([&] { results_.push_back({request, served}); });
  }
  void refused(std::string_view, int status, std::string_view why) override {
    note([&] { refusals_.push_back({status, std::string(why)}); });
  }
  void received(const net::Request&, int opcode, std::uint64_t size) override {
    note([&] { received_.emplace_back(opcode, size); });
  }
  void deviated(const net::Request&, const replay::Answer&, const replay::Deviation& deviation) override {
    note([&] { deviations_.push_back(to_string(deviation)); });
  }

  /// Waits for the n-th call of each kind, for 20 s at most.
  Result result(std::size_t index = 0) { return wait_for(results_, index); }
  Refusal refusal(std::size_t index = 0) { return wait_for(refusals_, index); }
  std::size_t refusal_count() {
    const std::lock_guard lock(mutex_);
    return refusals_.size();
  }
  std::pair<int, std::uint64_t> message(std::size_t index = 0) { return wait_for(received_, index); }
  std::string deviation(std::size_t index = 0) { return wait_for(deviations_, index); }

 private:
  template <class Function>
  void note(Function function) {
    const std::lock_guard lock(mutex_);
    function();
    changed_.notify_all();
  }
  template <class T>
  T wait_for(const std::vector<T>& list, std::size_t index) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, std::chrono::seconds(20), [&] { return list.size() > index; });
    return list.size() > index ? list[index] : T{};
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Result> results_;
  std::vector<Refusal> refusals_;
  std::vector<std::pair<int, std::uint64_t>> received_;
  std::vector<std::string> deviations_;
};

class RunningServer {
 public:
  explicit RunningServer(TableHandler& handler, const net::ServerOptions& options = {}) {
    auto server = net::Server::listen(options, handler);
    if (!server) throw std::runtime_error(to_string(server.error()));
    server_ = std::move(*server);
    thread_ = std::thread([this] { (void)server_->run(); });
  }
  RunningServer(const RunningServer&) = delete;
  RunningServer& operator=(const RunningServer&) = delete;
  ~RunningServer() { stop(); }
  void stop() {
    server_->stop();
    if (thread_.joinable()) thread_.join();
  }
  std::uint16_t port() const { return server_->port(); }

 private:
  std::unique_ptr<net::Server> server_;
  std::thread thread_;
};

}  // namespace stream::test
