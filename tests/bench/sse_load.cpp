// Streams and large bodies, for measuring what is between their two ends.
//
//   sse_load origin PORT                                  until it is killed:
//                                                           GET /events?every=MS   an event each MS milliseconds, without an end
//                                                           GET /bytes?size=N      N bytes
//                                                           any other request      its body is read, and the answer is empty
//   sse_load listen PORT CONNECTIONS MS SECONDS           reads streams at once; how late each event is
//   sse_load hold PORT CONNECTIONS MS                     opens them, prints "open", and reads them until its input ends
//   sse_load get PORT SIZE                                reads a body
//   sse_load put PORT SIZE                                sends one
//
// An event says when it was written, in nanoseconds of the clock that both ends share. listen prints
// {"count":…,"p50_ms":…,"p99_ms":…}, get and put {"seconds":…}.
#include <array>
#include <cstring>
#include <unordered_map>

#include "load.hpp"

namespace {

using load::die;
using load::Outgoing;
using load::watch;

constexpr std::size_t kBlock = std::size_t{256} << 10;

std::array<char, kBlock>& block() {
  static std::array<char, kBlock> bytes = [] {
    std::array<char, kBlock> made{};
    for (std::size_t i = 0; i < made.size(); ++i) made[i] = static_cast<char>(i % 64 == 63 ? '\n' : 'a' + i % 26);
    return made;
  }();
  return bytes;
}

std::uint64_t number_behind(std::string_view text, std::string_view name) {
  const std::size_t at = text.find(name);
  return at == std::string_view::npos ? 0 : std::strtoull(text.data() + at + name.size(), nullptr, 10);
}

struct Client {
  std::string in;           ///< of a request's head
  std::uint64_t body = 0;   ///< of the request, still to come
  std::uint64_t bytes = 0;  ///< of the answer, still to go
  std::int64_t period = 0;  ///< between events; 0: none are sent
  std::int64_t next = 0;    ///< when the next is due
  Outgoing out;
};

void answer(Client& client, std::string_view head) {
  std::string& out = client.out.bytes();
  client.body = number_behind(head, "Content-Length: ");
  if (head.starts_with("GET /events")) {
    client.period = static_cast<std::int64_t>(std::max<std::uint64_t>(1, number_behind(head, "every="))) * 1'000'000;
    // Streams that are opened together do not stay together: each has its place within the period.
    static std::int64_t number = 0;
    client.next = load::now_ns() + ++number * 618'034 % 1'000'000 * client.period / 1'000'000;
    out += "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
  } else if (head.starts_with("GET /bytes")) {
    client.bytes = number_behind(head, "size=");
    out += "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: " + std::to_string(client.bytes) + "\r\n\r\n";
  }
}

bool serve(int descriptor, Client& client, unsigned events) {
  if ((events & ~static_cast<unsigned>(EPOLLOUT)) != 0) {
    static std::array<char, kBlock> buffer;
    const ssize_t size = recv(descriptor, buffer.data(), buffer.size(), 0);
    if (size == 0 || (size < 0 && errno != EAGAIN)) return false;
    std::string_view bytes(buffer.data(), size < 0 ? 0 : static_cast<std::size_t>(size));
    const bool sends = client.body != 0;
    if (!sends) {
      client.in += bytes;
      const std::size_t end = client.in.find("\r\n\r\n");
      if (end == std::string::npos) return true;
      answer(client, client.in);
      bytes = std::string_view(client.in).substr(end + 4);
    }
    client.body -= std::min<std::uint64_t>(client.body, bytes.size());
    const bool all = client.body == 0 && client.period == 0 && client.bytes == 0 && client.out.empty();
    if (all) client.out.bytes() += "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    client.in.clear();
  }
  if (!client.out.flush(descriptor)) return false;
  while (client.bytes != 0 && client.out.empty()) {
    const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(client.bytes, kBlock));
    client.out.bytes().assign(block().data(), size);
    client.bytes -= size;
    if (!client.out.flush(descriptor)) return false;
  }
  return true;
}

void send_event(int descriptor, Client& client) {
  std::array<char, 160> text{};
  const int size = std::snprintf(text.data(), text.size(), "data: {\"at\":%lld,\"text\":\"one more event of a stream\"}\n\n",
                                 static_cast<long long>(load::now_ns()));
  std::array<char, 16> head{};
  client.out.bytes().append(head.data(), static_cast<std::size_t>(std::snprintf(head.data(), head.size(), "%x\r\n", size)));
  client.out.bytes().append(text.data(), static_cast<std::size_t>(size));
  client.out.bytes() += "\r\n";
  client.out.flush(descriptor);
}

[[noreturn]] void origin(int port) {
  const int listener = load::listen_on(port);
  const int poll = epoll_create1(0);
  watch(poll, EPOLL_CTL_ADD, listener, EPOLLIN);
  std::unordered_map<int, Client> clients;
  std::array<epoll_event, 256> events;
  for (;;) {
    const int count = epoll_wait(poll, events.data(), events.size(), 1);
    for (int i = 0; i < count; ++i) {
      const int descriptor = events[static_cast<std::size_t>(i)].data.fd;
      if (descriptor == listener) {
        for (int client = 0; (client = accept(listener, nullptr, nullptr)) >= 0;) {
          load::make_quick(client);
          clients[client] = Client();
          watch(poll, EPOLL_CTL_ADD, client, EPOLLIN);
        }
        continue;
      }
      Client& client = clients[descriptor];
      const bool waited = !client.out.empty();
      if (!serve(descriptor, client, events[static_cast<std::size_t>(i)].events)) {
        clients.erase(descriptor);
        close(descriptor);
      } else if (waited != !client.out.empty()) {
        watch(poll, EPOLL_CTL_MOD, descriptor, client.out.empty() ? EPOLLIN : EPOLLIN | EPOLLOUT);
      }
    }
    const std::int64_t now = load::now_ns();
    for (auto& [descriptor, client] : clients) {
      if (client.period == 0 || client.next > now) continue;
      client.next += client.period;
      send_event(descriptor, client);
    }
  }
}

int ask(int port, const std::string& request) {
  const int descriptor = load::connect_to(port);
  if (send(descriptor, request.data(), request.size(), MSG_NOSIGNAL) < 0) die("send");
  return descriptor;
}

std::string get(int port, const std::string& target) {
  return "GET " + target + " HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(port) + "\r\n\r\n";
}

int open_streams(int port, int connections, long period) {
  const int poll = epoll_create1(0);
  for (int i = 0; i < connections; ++i) {
    const int descriptor = ask(port, get(port, "/events?every=" + std::to_string(period)));
    load::make_quick(descriptor);
    watch(poll, EPOLL_CTL_ADD, descriptor, EPOLLIN);
  }
  return poll;
}

/// Reads what there is of a stream; `late` gets how late its events are.
void read_events(int descriptor, std::vector<std::int64_t>* late) {
  static std::array<char, kBlock> buffer;
  const ssize_t size = recv(descriptor, buffer.data(), buffer.size() - 1, 0);
  const std::int64_t now = load::now_ns();
  if (size == 0 || (size < 0 && errno != EAGAIN)) {
    std::fputs("a stream ended\n", stderr);
    std::exit(1);
  }
  if (size < 0 || late == nullptr) return;
  // An event is written and read in one piece here, since they are small.
  buffer[static_cast<std::size_t>(size)] = '\0';
  for (const char* at = buffer.data(); (at = std::strstr(at, "\"at\":")) != nullptr;) {
    at += 5;
    late->push_back(now - std::strtoll(at, nullptr, 10));
  }
}

int listen(int port, int connections, long period, long seconds) {
  const int poll = open_streams(port, connections, period);
  std::vector<std::int64_t> late;
  const std::int64_t begin = load::now_ns() + 500'000'000;  // until all are open
  const std::int64_t end = begin + seconds * 1'000'000'000;
  std::array<epoll_event, 256> events;
  for (std::int64_t now = 0; now < end; now = load::now_ns()) {
    const int count = epoll_wait(poll, events.data(), events.size(), 100);
    for (int i = 0; i < count; ++i)
      read_events(events[static_cast<std::size_t>(i)].data.fd, load::now_ns() < begin ? nullptr : &late);
  }
  const double middle = load::quantile(late, 500);
  std::printf("{\"count\":%zu,\"p50_ms\":%.4f,\"p99_ms\":%.4f}\n", late.size(), middle / 1e6, load::quantile(late, 990) / 1e6);
  return 0;
}

int hold(int port, int connections, long period) {
  const int poll = open_streams(port, connections, period);
  std::puts("open");
  std::fflush(stdout);
  watch(poll, EPOLL_CTL_ADD, STDIN_FILENO, EPOLLIN);
  std::array<epoll_event, 256> events;
  for (;;) {
    const int count = epoll_wait(poll, events.data(), events.size(), -1);
    for (int i = 0; i < count; ++i) {
      const int descriptor = events[static_cast<std::size_t>(i)].data.fd;
      if (descriptor == STDIN_FILENO) return 0;
      read_events(descriptor, nullptr);
    }
  }
}

int transfer(int port, std::uint64_t size, bool sends) {
  const std::int64_t begin = load::now_ns();
  const int descriptor =
      ask(port, sends ? "POST /take HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(port) +
                            "\r\nContent-Type: text/plain\r\nContent-Length: " + std::to_string(size) + "\r\n\r\n"
                      : get(port, "/bytes?size=" + std::to_string(size)));
  for (std::uint64_t left = sends ? size : 0; left != 0;) {
    const ssize_t sent = send(descriptor, block().data(), std::min<std::uint64_t>(left, kBlock), MSG_NOSIGNAL);
    if (sent <= 0) die("send");
    left -= static_cast<std::uint64_t>(sent);
  }
  static std::array<char, kBlock> buffer;
  const auto read_more = [&] {
    const ssize_t received = recv(descriptor, buffer.data(), buffer.size(), 0);
    if (received <= 0) die("recv");
    return std::string_view(buffer.data(), static_cast<std::size_t>(received));
  };
  std::string head;
  std::size_t end = 0;
  while ((end = head.find("\r\n\r\n")) == std::string::npos) head += read_more();
  if (!head.starts_with("HTTP/1.1 200")) {
    std::fputs(head.c_str(), stderr);
    return 1;
  }
  std::uint64_t got = head.size() - end - 4;
  while (!sends && got < size) got += read_more().size();
  std::printf("{\"seconds\":%.3f}\n", static_cast<double>(load::now_ns() - begin) / 1e9);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view mode = argc > 2 ? argv[1] : "";
  const auto number = [&](int i) { return std::atol(argv[i]); };
  const int port = argc > 2 ? static_cast<int>(number(2)) : 0;
  if (mode == "origin") origin(port);
  if (mode == "listen" && argc == 6) return listen(port, static_cast<int>(number(3)), number(4), number(5));
  if (mode == "hold" && argc == 5) return hold(port, static_cast<int>(number(3)), number(4));
  if ((mode == "get" || mode == "put") && argc == 4) return transfer(port, static_cast<std::uint64_t>(number(3)), mode == "put");
  std::fputs(
      "usage: sse_load origin PORT | listen PORT CONNECTIONS MS SECONDS | hold PORT CONNECTIONS MS | get PORT SIZE | put PORT "
      "SIZE\n",
      stderr);
  return 2;
}
