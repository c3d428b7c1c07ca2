#pragma once

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

/// What the origins and clients of the benchmarks share: loopback sockets that do not block. What goes wrong ends the program.
namespace load {

[[noreturn]] inline void die(const char* what) {
  std::perror(what);
  std::exit(1);
}

inline std::int64_t now_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

inline sockaddr_in loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

inline void make_quick(int descriptor) {
  fcntl(descriptor, F_SETFL, O_NONBLOCK);
  const int on = 1;
  setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

/// Listens.
inline int listen_on(int port) {
  const int listener = socket(AF_INET, SOCK_STREAM, 0);
  const int on = 1;
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  const sockaddr_in address = loopback(port);
  if (bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 || listen(listener, 4096) != 0)
    die("listen");
  fcntl(listener, F_SETFL, O_NONBLOCK);
  return listener;
}

/// Connects; the socket still blocks.
inline int connect_to(int port) {
  const int descriptor = socket(AF_INET, SOCK_STREAM, 0);
  const sockaddr_in address = loopback(port);
  if (connect(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) die("connect");
  return descriptor;
}

inline void watch(int poll, int operation, int descriptor, unsigned events) {
  epoll_event event{};
  event.events = events;
  event.data.fd = descriptor;
  if (epoll_ctl(poll, operation, descriptor, &event) != 0) die("epoll_ctl");
}

/// What is still to be sent to a peer.
class Outgoing {
 public:
  std::string& bytes() { return bytes_; }
  bool empty() const { return at_ == bytes_.size(); }
  std::size_t size() const { return bytes_.size() - at_; }
  /// Sends what the peer takes. False: it has gone.
  bool flush(int descriptor) {
    while (!empty()) {
      const ssize_t sent = send(descriptor, bytes_.data() + at_, size(), MSG_NOSIGNAL);
      if (sent < 0) return errno == EAGAIN;
      at_ += static_cast<std::size_t>(sent);
    }
    bytes_.clear();
    at_ = 0;
    return true;
  }

 private:
  std::string bytes_;
  std::size_t at_ = 0;
};

/// The value below which the given share of the values lies, in thousandths.
inline double quantile(std::vector<std::int64_t>& values, int thousandths) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  return static_cast<double>(values[std::min(values.size() - 1, values.size() * static_cast<std::size_t>(thousandths) / 1000)]);
}

}  // namespace load
