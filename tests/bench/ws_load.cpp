// The two ends of a WebSocket, for measuring what is between them.
//
//   ws_load echo PORT                                          sends each message back, until it is killed
//   ws_load blast PORT MESSAGES SIZE WINDOW CONNECTIONS        text messages, WINDOW of them in flight on each connection
//   ws_load hold PORT CONNECTIONS                              opens them, prints "open", and keeps them until its input ends
//
// blast prints {"count":…,"per_s":…,"p50_ms":…,"p99_ms":…}: round trips a second and how long they took.
#include <array>
#include <cstring>
#include <unordered_map>

#include "load.hpp"

namespace {

using load::die;
using load::Outgoing;
using load::watch;

constexpr std::size_t kRead = std::size_t{256} << 10;
constexpr unsigned kMasked = 0x80;

/// The answer to the key that all clients here send (RFC 6455 §1.3 has the same example).
constexpr std::string_view kKey = "dGhlIHNhbXBsZSBub25jZQ==";
constexpr std::string_view kAccepted =
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

struct Frame {
  unsigned opcode = 0;
  bool masked = false;
  std::size_t payload = 0;  ///< where it begins
  std::size_t size = 0;
};

/// Whether a whole frame stands at `at`.
bool frame_at(std::string_view bytes, std::size_t at, Frame& frame) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(bytes[at + i]); };
  const std::size_t have = bytes.size() - at;
  if (have < 2) return false;
  frame.opcode = byte(0) & 15U;
  frame.masked = (byte(1) & kMasked) != 0;
  frame.size = byte(1) & 127U;
  std::size_t head = 2;
  const std::size_t more = frame.size == 126 ? 2 : frame.size == 127 ? 8 : 0;
  if (have < head + more) return false;
  if (more != 0) {
    frame.size = 0;
    for (std::size_t i = 0; i < more; ++i) frame.size = frame.size << 8U | byte(head + i);
    head += more;
  }
  if (frame.masked) head += 4;
  frame.payload = at + head;
  return have >= head && have - head >= frame.size;
}

void put_head(std::string& out, unsigned opcode, std::size_t size, bool masked) {
  const auto put = [&](std::size_t byte) { out.push_back(static_cast<char>(byte & 0xffU)); };
  put(0x80U | opcode);
  const unsigned mask = masked ? kMasked : 0;
  const std::size_t more = size < 126 ? 0 : size < 65536 ? 2 : 8;
  put(mask | (more == 0 ? size : more == 2 ? 126 : 127));
  for (std::size_t i = more; i-- > 0;) put(size >> (8 * i));
}

void unmask(char* bytes, std::size_t size, const char* key) {
  std::array<char, 8> twice{};
  for (std::size_t i = 0; i < 8; ++i) twice[i] = key[i % 4];
  std::uint64_t mask = 0;
  std::memcpy(&mask, twice.data(), 8);
  std::size_t i = 0;
  for (; i + 8 <= size; i += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes + i, 8);
    word ^= mask;
    std::memcpy(bytes + i, &word, 8);
  }
  for (; i < size; ++i) bytes[i] = static_cast<char>(bytes[i] ^ twice[i % 8]);
}

struct Peer {
  bool open = false;  ///< the handshake is over
  std::string in;
  Outgoing out;
  long sent = 0;
  long received = 0;
  std::vector<std::int64_t> at;  ///< when the messages in flight were sent, in a ring
};

/// Appends what can be read. False: the peer has gone.
bool receive(int descriptor, std::string& in) {
  static std::array<char, kRead> buffer;
  const ssize_t size = recv(descriptor, buffer.data(), buffer.size(), 0);
  if (size > 0) in.append(buffer.data(), static_cast<std::size_t>(size));
  return size > 0 || (size < 0 && errno == EAGAIN);
}

/// What was received of frames, and is whole, goes back. False: the client has ended.
bool echo_frames(Peer& peer) {
  std::size_t at = 0;
  Frame frame;
  bool goes_on = true;
  std::string& out = peer.out.bytes();
  while (goes_on && frame_at(peer.in, at, frame)) {
    if (frame.masked) unmask(&peer.in[frame.payload], frame.size, &peer.in[frame.payload - 4]);
    goes_on = frame.opcode != 8;
    put_head(out, frame.opcode == 9 ? 10 : frame.opcode, frame.size, false);
    out.append(peer.in, frame.payload, frame.size);
    at = frame.payload + frame.size;
  }
  peer.in.erase(0, at);
  return goes_on;
}

bool serve(int descriptor, Peer& peer, unsigned events) {
  bool alive = true;
  if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0) {
    alive = receive(descriptor, peer.in);
    if (!peer.open) {
      const std::size_t end = peer.in.find("\r\n\r\n");
      if (end != std::string::npos) {
        if (peer.in.find(kKey) == std::string::npos) return false;
        peer.in.erase(0, end + 4);
        peer.out.bytes() += kAccepted;
        peer.open = true;
      }
    }
    if (peer.open) alive = echo_frames(peer) && alive;
  }
  return peer.out.flush(descriptor) && alive;
}

[[noreturn]] void echo(int port) {
  const int listener = load::listen_on(port);
  const int poll = epoll_create1(0);
  watch(poll, EPOLL_CTL_ADD, listener, EPOLLIN);
  std::unordered_map<int, Peer> peers;
  std::array<epoll_event, 256> events;
  for (;;) {
    const int count = epoll_wait(poll, events.data(), events.size(), -1);
    for (int i = 0; i < count; ++i) {
      const int descriptor = events[static_cast<std::size_t>(i)].data.fd;
      if (descriptor == listener) {
        for (int peer = 0; (peer = accept(listener, nullptr, nullptr)) >= 0;) {
          load::make_quick(peer);
          peers[peer] = Peer();
          watch(poll, EPOLL_CTL_ADD, peer, EPOLLIN);
        }
        continue;
      }
      Peer& peer = peers[descriptor];
      const bool waited = !peer.out.empty();
      if (!serve(descriptor, peer, events[static_cast<std::size_t>(i)].events)) {
        peers.erase(descriptor);
        close(descriptor);
      } else if (waited != !peer.out.empty()) {
        watch(poll, EPOLL_CTL_MOD, descriptor, peer.out.empty() ? EPOLLIN : EPOLLIN | EPOLLOUT);
      }
    }
  }
}

/// A WebSocket whose handshake is over; what the server sent behind it is in `in`.
int open_websocket(int port, std::string& in) {
  const int descriptor = load::connect_to(port);
  const std::string request = "GET / HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(port) +
                              "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: " + std::string(kKey) +
                              "\r\nSec-WebSocket-Version: 13\r\n\r\n";
  if (send(descriptor, request.data(), request.size(), MSG_NOSIGNAL) < 0) die("send");
  std::size_t end = 0;
  while ((end = in.find("\r\n\r\n")) == std::string::npos) {
    if (!receive(descriptor, in)) die("handshake");
  }
  if (!in.starts_with("HTTP/1.1 101")) {
    std::fputs(in.c_str(), stderr);
    std::exit(1);
  }
  in.erase(0, end + 4);
  load::make_quick(descriptor);
  return descriptor;
}

int blast(int port, long messages, std::size_t size, long window, int connections) {
  std::string message;
  put_head(message, 1, size, true);
  constexpr char kMask[] = {0x11, 0x22, 0x33, 0x44};
  message.append(kMask, 4);
  std::string payload(size, '\0');
  for (std::size_t i = 0; i < size; ++i) payload[i] = static_cast<char>('a' + i % 26);
  unmask(payload.data(), size, kMask);
  message += payload;

  const int poll = epoll_create1(0);
  const long each = messages / connections;
  std::unordered_map<int, Peer> peers;
  std::vector<std::int64_t> times;
  times.reserve(static_cast<std::size_t>(messages));
  const auto fill = [&](Peer& peer, std::int64_t now) {
    while (peer.sent < each && peer.sent - peer.received < window) {
      peer.out.bytes() += message;
      peer.at[static_cast<std::size_t>(peer.sent++ % window)] = now;
    }
  };
  for (int i = 0; i < connections; ++i) {
    std::string in;
    const int descriptor = open_websocket(port, in);
    Peer& peer = peers[descriptor];
    peer.in = in;
    peer.at.resize(static_cast<std::size_t>(window));
    watch(poll, EPOLL_CTL_ADD, descriptor, EPOLLIN | EPOLLOUT);
  }
  const std::int64_t begin = load::now_ns();
  for (auto& [descriptor, peer] : peers) fill(peer, begin);

  std::array<epoll_event, 256> events;
  for (long done = 0; done < each * connections;) {
    const int count = epoll_wait(poll, events.data(), events.size(), 10000);
    if (count == 0) {
      std::fprintf(stderr, "nothing for ten seconds, after %ld messages\n", done);
      return 1;
    }
    for (int i = 0; i < count; ++i) {
      const epoll_event& event = events[static_cast<std::size_t>(i)];
      Peer& peer = peers[event.data.fd];
      if ((event.events & ~EPOLLOUT) != 0) {
        if (!receive(event.data.fd, peer.in)) {
          std::fprintf(stderr, "the connection ended after %ld messages\n", done);
          return 1;
        }
        const std::int64_t now = load::now_ns();
        std::size_t at = 0;
        Frame frame;
        while (frame_at(peer.in, at, frame)) {
          at = frame.payload + frame.size;
          if (frame.size != size) {
            std::fprintf(stderr, "a message of %zu bytes came back\n", frame.size);
            return 1;
          }
          times.push_back(now - peer.at[static_cast<std::size_t>(peer.received++ % window)]);
          ++done;
        }
        peer.in.erase(0, at);
        fill(peer, now);
      }
      if (!peer.out.flush(event.data.fd)) die("send");
      const bool asked = (event.events & EPOLLOUT) != 0;
      if (asked != !peer.out.empty()) watch(poll, EPOLL_CTL_MOD, event.data.fd, peer.out.empty() ? EPOLLIN : EPOLLIN | EPOLLOUT);
    }
  }
  const double seconds = static_cast<double>(load::now_ns() - begin) / 1e9;
  const double middle = load::quantile(times, 500);
  std::printf("{\"count\":%zu,\"per_s\":%.0f,\"p50_ms\":%.4f,\"p99_ms\":%.4f}\n", times.size(),
              static_cast<double>(times.size()) / seconds, middle / 1e6, load::quantile(times, 990) / 1e6);
  return 0;
}

int hold(int port, int connections) {
  for (int i = 0; i < connections; ++i) {
    std::string in;
    open_websocket(port, in);
  }
  std::puts("open");
  std::fflush(stdout);
  while (std::getchar() != EOF) {
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view mode = argc > 2 ? argv[1] : "";
  const auto number = [&](int i) { return std::atol(argv[i]); };
  if (mode == "echo") echo(static_cast<int>(number(2)));
  if (mode == "hold" && argc == 4) return hold(static_cast<int>(number(2)), static_cast<int>(number(3)));
  if (mode == "blast" && argc == 7) {
    return blast(static_cast<int>(number(2)), number(3), static_cast<std::size_t>(number(4)), number(5),
                 static_cast<int>(number(6)));
  }
  std::fputs("usage: ws_load echo PORT | blast PORT MESSAGES SIZE WINDOW CONNECTIONS | hold PORT CONNECTIONS\n", stderr);
  return 2;
}
