// Requests over TLS through a forward proxy: CONNECT, a handshake, GET.
//
//   tunnel_load PROXY_PORT HOST:PORT PATH THREADS SECONDS keep|new
//
// keep: each thread has one tunnel for all of its requests; new: one for each. The certificate is not looked at. Prints
// {"count":…,"per_s":…,"p50_ms":…,"p99_ms":…}.
#include <openssl/ssl.h>

#include <atomic>
#include <mutex>
#include <thread>

#include "load.hpp"

namespace {

using load::die;

class Tunnel {
 public:
  Tunnel(SSL_CTX* context, int port, const std::string& host) : descriptor_(load::connect_to(port)), tls_(SSL_new(context)) {
    const int on = 1;
    setsockopt(descriptor_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    const std::string request = "CONNECT " + host + " HTTP/1.1\r\nHost: " + host + "\r\n\r\n";
    if (send(descriptor_, request.data(), request.size(), MSG_NOSIGNAL) < 0) die("send");
    std::string answer;
    while (answer.find("\r\n\r\n") == std::string::npos) {
      char byte = 0;
      if (recv(descriptor_, &byte, 1, 0) != 1) die("CONNECT");
      answer += byte;
    }
    if (answer.find(" 200 ") == std::string::npos) die("CONNECT");
    SSL_set_fd(tls_, descriptor_);
    std::string name = "localhost";
    SSL_ctrl(tls_, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, name.data());
    if (SSL_connect(tls_) != 1) die("TLS");
  }
  Tunnel(const Tunnel&) = delete;
  Tunnel& operator=(const Tunnel&) = delete;
  ~Tunnel() {
    SSL_shutdown(tls_);
    SSL_free(tls_);
    close(descriptor_);
  }

  void get(const std::string& request) {
    if (SSL_write(tls_, request.data(), static_cast<int>(request.size())) <= 0) die("write");
    static thread_local std::string buffer(std::size_t{64} << 10, '\0');
    const auto read_more = [&] {
      const int received = SSL_read(tls_, buffer.data(), static_cast<int>(buffer.size()));
      if (received <= 0) die("read");
      return std::string_view(buffer.data(), static_cast<std::size_t>(received));
    };
    std::string head;
    std::size_t end = 0;
    while ((end = head.find("\r\n\r\n")) == std::string::npos) head += read_more();
    const std::size_t length = head.find("Content-Length: ");
    if (length == std::string::npos || !head.starts_with("HTTP/1.1 200")) die("the answer");
    const std::size_t size = std::strtoull(head.c_str() + length + 16, nullptr, 10);
    std::size_t got = head.size() - end - 4;
    while (got < size) got += read_more().size();
  }

 private:
  int descriptor_;
  SSL* tls_;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 7) {
    std::fputs("usage: tunnel_load PROXY_PORT HOST:PORT PATH THREADS SECONDS keep|new\n", stderr);
    return 2;
  }
  const int port = std::atoi(argv[1]);
  const std::string host = argv[2];
  const std::string request = "GET " + std::string(argv[3]) + " HTTP/1.1\r\nHost: " + host + "\r\n\r\n";
  const bool keep = std::string_view(argv[6]) == "keep";
  SSL_CTX* const context = SSL_CTX_new(TLS_client_method());
  const std::int64_t begin = load::now_ns();
  const std::int64_t end = begin + static_cast<std::int64_t>(std::atof(argv[5]) * 1e9);
  std::vector<std::int64_t> times;
  std::mutex mutex;
  std::vector<std::thread> threads;
  for (int i = 0; i < std::atoi(argv[4]); ++i) {
    threads.emplace_back([&] {
      std::vector<std::int64_t> mine;
      const auto one = [&](auto&& work) {
        const std::int64_t from = load::now_ns();
        work();
        mine.push_back(load::now_ns() - from);
      };
      if (keep) {
        Tunnel tunnel(context, port, host);
        while (load::now_ns() < end) one([&] { tunnel.get(request); });
      } else {
        while (load::now_ns() < end) one([&] { Tunnel(context, port, host).get(request); });
      }
      const std::lock_guard lock(mutex);
      times.insert(times.end(), mine.begin(), mine.end());
    });
  }
  for (std::thread& thread : threads) thread.join();
  const double seconds = static_cast<double>(load::now_ns() - begin) / 1e9;
  const double middle = load::quantile(times, 500);
  std::printf("{\"count\":%zu,\"per_s\":%.0f,\"p50_ms\":%.4f,\"p99_ms\":%.4f}\n", times.size(),
              static_cast<double>(times.size()) / seconds, middle / 1e6, load::quantile(times, 990) / 1e6);
  return 0;
}
