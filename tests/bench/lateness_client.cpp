// Measures how late a replayed event stream is.
//
//   lateness_client PORT PATH CLIENTS SECONDS FIRST_NS PERIOD_NS [websocket]
//
// Opens CLIENTS streams on 127.0.0.1, spread over the first second, and reads them for SECONDS. The n-th event of a stream,
// counted from 0, was recorded FIRST_NS + n * PERIOD_NS after the request, and ends with an empty line (a WebSocket message
// is a frame); it says nothing of time itself. Its lateness is its arrival minus the moment at which the request was sent minus
// that offset, so that it holds the way of the request too. Prints one JSON object; the first two seconds are left out, while
// clients are added.
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

namespace {

std::int64_t now_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

struct Stream {
  std::int64_t requested = 0;
  std::int64_t events = 0;
  bool line_feed = false;  // the last byte was one
  bool upgraded = false;   // the head of the answer is over
  std::string head{};      // of the frame that has begun
  std::uint64_t rest = 0;  // of its payload
};

/// How many server-sent events end in these bytes.
int count_events(Stream& stream, const char* bytes, std::size_t size) {
  int count = 0;
  for (std::size_t k = 0; k < size; ++k) {
    const bool line_feed = bytes[k] == '\n';
    if (line_feed && stream.line_feed) ++count;
    stream.line_feed = line_feed;
  }
  return count;
}

/// How many messages end in these bytes: frames of a server, which are not masked (RFC 6455 §5.2).
int count_messages(Stream& stream, const char* bytes, std::size_t size) {
  int count = 0;
  for (std::size_t k = 0; k < size;) {
    if (!stream.upgraded) {
      stream.head += bytes[k++];
      stream.upgraded = stream.head.ends_with("\r\n\r\n");
      if (stream.upgraded) stream.head.clear();
      continue;
    }
    if (stream.rest > 0) {
      const std::size_t taken = std::min<std::uint64_t>(stream.rest, size - k);
      stream.rest -= taken;
      k += taken;
      if (stream.rest == 0) ++count;
      continue;
    }
    stream.head += bytes[k++];
    if (stream.head.size() < 2) continue;
    const auto length = static_cast<unsigned char>(stream.head[1]) & 0x7fU;
    const std::size_t extended = length == 126 ? 2 : length == 127 ? 8 : 0;
    if (stream.head.size() < 2 + extended) continue;
    stream.rest = extended == 0 ? length : 0;
    for (std::size_t i = 0; i < extended; ++i) stream.rest = stream.rest << 8U | static_cast<unsigned char>(stream.head[2 + i]);
    stream.head.clear();
    if (stream.rest == 0) ++count;
  }
  return count;
}

int open_stream(std::uint16_t port, const std::string& request, Stream& stream) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (socket < 0 || ::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return -1;
  const int one = 1;
  setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  fcntl(socket, F_SETFL, O_NONBLOCK);
  stream.requested = now_ns();
  return ::send(socket, request.data(), request.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(request.size()) ? socket : -1;
}

}  // namespace

int main(int argc, char** argv) {
  const bool websocket = argc == 8 && std::string(argv[7]) == "websocket";
  if (argc != 7 && !websocket) {
    std::fputs("usage: lateness_client PORT PATH CLIENTS SECONDS FIRST_NS PERIOD_NS [websocket]\n", stderr);
    return 2;
  }
  const auto port = static_cast<std::uint16_t>(std::atoi(argv[1]));
  const std::string request = std::string("GET ") + argv[2] + " HTTP/1.1\r\nHost: 127.0.0.1\r\n" +
                              (websocket ? "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                                           "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
                                         : "Accept: text/event-stream\r\n\r\n");
  const int clients = std::atoi(argv[3]);
  const double seconds = std::atof(argv[4]);
  const std::int64_t first = std::atoll(argv[5]);
  const std::int64_t period = std::atoll(argv[6]);
  constexpr std::int64_t kSecond = 1'000'000'000;

  rlimit files{};
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);

  const int poll = epoll_create1(EPOLL_CLOEXEC);
  std::vector<Stream> streams(static_cast<std::size_t>(clients));
  std::vector<double> lateness;  // ms
  lateness.reserve(static_cast<std::size_t>(static_cast<double>(clients) * seconds * 1e9 / static_cast<double>(period)) + 1);
  std::array<char, 65536> buffer{};
  std::array<epoll_event, 1024> ready{};
  std::int64_t early = 0;
  int opened = 0;
  int ended = 0;
  const std::int64_t begin = now_ns();
  const std::int64_t from = begin + 2 * kSecond;
  const std::int64_t end = begin + static_cast<std::int64_t>(seconds * 1e9);
  while (now_ns() < end) {
    while (opened < clients && now_ns() - begin >= kSecond * opened / clients) {
      const int socket = open_stream(port, request, streams[static_cast<std::size_t>(opened)]);
      if (socket < 0) {
        std::perror("lateness_client");
        return 2;
      }
      epoll_event event{};
      event.events = EPOLLIN;
      event.data.u64 = static_cast<std::uint64_t>(socket) << 32 | static_cast<std::uint64_t>(opened);
      epoll_ctl(poll, EPOLL_CTL_ADD, socket, &event);
      ++opened;
    }
    const int count = epoll_wait(poll, ready.data(), static_cast<int>(ready.size()), opened < clients ? 0 : 100);
    for (int i = 0; i < count; ++i) {
      const std::uint64_t key = ready[static_cast<std::size_t>(i)].data.u64;
      const int socket = static_cast<int>(key >> 32);
      Stream& stream = streams[key & 0xffffffffU];
      const ssize_t size = ::recv(socket, buffer.data(), buffer.size(), 0);
      if (size == 0) {
        ::close(socket);
        ++ended;
      }
      const std::int64_t now = now_ns();
      const std::size_t got = size > 0 ? static_cast<std::size_t>(size) : 0;
      int count_now = websocket ? count_messages(stream, buffer.data(), got) : count_events(stream, buffer.data(), got);
      for (; count_now > 0; --count_now) {
        const std::int64_t late = now - (stream.requested + first + stream.events * period);
        ++stream.events;
        if (late < 0) ++early;
        if (now >= from) lateness.push_back(static_cast<double>(late) / 1e6);
      }
    }
  }
  std::sort(lateness.begin(), lateness.end());
  const auto at = [&](double part) {
    return lateness.empty()
               ? -1.0
               : lateness[std::min(lateness.size() - 1, static_cast<std::size_t>(part * static_cast<double>(lateness.size())))];
  };
  const double wanted = static_cast<double>(clients) * (seconds - 2) * 1e9 / static_cast<double>(period);
  std::printf(
      "{\"clients\":%d,\"events\":%zu,\"of_wanted\":%.4f,\"ended\":%d,\"early\":%lld,\"p50_ms\":%.3f,\"p99_ms\":%.3f,\"p999_ms\":"
      "%.3f,\"max_ms\":%.3f}\n",
      clients, lateness.size(), static_cast<double>(lateness.size()) / wanted, ended, static_cast<long long>(early), at(0.5),
      at(0.99), at(0.999), at(1.0));
  return 0;
}
