#include "client_socket.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

namespace stream::net {
namespace {

using Clock = std::chrono::steady_clock;

// RFC 8305 §5: how long a connection attempt has before the next address is tried beside it.
constexpr auto kAttemptDelay = std::chrono::milliseconds(250);

Error io_error(std::string message, int number = 0, std::string hint = {}) {
  return {ErrorCode::io, std::move(message), {}, std::move(hint), number};
}

Error stopped_error() { return io_error("stopped", ECANCELED); }

std::string errno_text(int number) { return std::system_category().message(number); }

/// Milliseconds for poll(), rounded up, so that a deadline has passed when it returns.
int poll_timeout(std::optional<Moment> deadline) {
  if (!deadline) return -1;
  const auto left = *deadline - Clock::now();
  if (left <= Nanos{}) return 0;
  constexpr auto kMost = std::chrono::hours(1);
  return static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(std::min<Nanos>(left, kMost)).count());
}

/// What a look-up leaves to whoever still waits for it.
struct LookUp {
  ~LookUp() {
    if (found != nullptr) freeaddrinfo(found);
  }
  std::string host;
  std::string port;
  WakeUp ready;
  std::mutex mutex;
  bool done = false;
  int result = 0;
  addrinfo* found = nullptr;
};

addrinfo stream_hints(int flags) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = flags;
  return hints;
}

bool is_ip_address(const std::string& host) {
  std::array<unsigned char, sizeof(in6_addr)> bytes{};
  return inet_pton(AF_INET, host.c_str(), bytes.data()) == 1 || inet_pton(AF_INET6, host.c_str(), bytes.data()) == 1;
}

std::string address_text(const sockaddr* address, socklen_t size) {
  std::array<char, NI_MAXHOST> text{};
  if (getnameinfo(address, size, text.data(), text.size(), nullptr, 0, NI_NUMERICHOST) != 0) return "?";
  return text.data();
}

std::string tls_error_text() {
  const unsigned long code = ERR_peek_last_error();
  const char* const reason = code == 0 ? nullptr : ERR_reason_error_string(code);
  return reason == nullptr ? "the handshake failed" : reason;
}

}  // namespace

OwnedDescriptor& OwnedDescriptor::operator=(OwnedDescriptor&& other) noexcept {
  if (this != &other) {
    reset();
    value_ = std::exchange(other.value_, -1);
  }
  return *this;
}

void OwnedDescriptor::reset() {
  if (value_ >= 0) ::close(value_);
  value_ = -1;
}

WakeUp::WakeUp() : descriptor_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {}

void WakeUp::raise() const noexcept {
  const int before = errno;
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = ::write(descriptor_.get(), &one, sizeof one);
  errno = before;
}

void WakeUp::lower() const noexcept {
  std::uint64_t count = 0;
  [[maybe_unused]] const ssize_t got = ::read(descriptor_.get(), &count, sizeof count);
}

bool WakeUp::raised() const noexcept {
  pollfd waiting{descriptor_.get(), POLLIN, 0};
  return ::poll(&waiting, 1, 0) == 1;
}

bool WakeUp::wait_until(Moment moment) const noexcept {
  pollfd waiting{descriptor_.get(), POLLIN, 0};
  for (;;) {
    if (::poll(&waiting, 1, poll_timeout(moment)) == 1) return true;
    if (Clock::now() >= moment) return false;
  }
}

void TlsContextFree::operator()(SSL_CTX* context) const { SSL_CTX_free(context); }

Result<TlsContext> make_tls_context(const ClientOptions& options) {
  ERR_clear_error();
  TlsContext context(SSL_CTX_new(TLS_client_method()));
  if (!context) return fail(io_error("cannot use TLS: " + tls_error_text()));
  SSL_CTX_set_mode(context.get(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  // A name for HTTP/1.1 alone, so that a server that speaks more does not begin with it (RFC 7301).
  constexpr unsigned char kProtocols[] = "\x08http/1.1";
  SSL_CTX_set_alpn_protos(context.get(), kProtocols, sizeof kProtocols - 1);
  if (!options.verify) return context;
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  if (options.ca_file.empty()) {
    SSL_CTX_set_default_verify_paths(context.get());
  } else if (::access(options.ca_file.c_str(), R_OK) != 0) {
    return fail({ErrorCode::io, "cannot open: " + errno_text(errno), {options.ca_file}, {}});
  } else if (SSL_CTX_load_verify_file(context.get(), options.ca_file.c_str()) != 1) {
    return fail({ErrorCode::io, "cannot read certificates (PEM) from it: " + tls_error_text(), {options.ca_file}, {}});
  }
  return context;
}

struct ClientSocket::Addresses {
  std::shared_ptr<const LookUp> look_up;
};

ClientSocket::~ClientSocket() {
  if (ssl_ != nullptr) SSL_free(ssl_);
}

Waited ClientSocket::wait(bool to_write, std::optional<Moment> deadline) const {
  if (ssl_ != nullptr && SSL_pending(ssl_) > 0 && !stop_.raised()) return Waited::ready;
  for (;;) {
    pollfd waiting[3] = {{socket_.get(), static_cast<short>(POLLIN | (to_write ? POLLOUT : 0)), 0},
                         {stop_.descriptor(), POLLIN, 0},
                         {wake_.descriptor(), POLLIN, 0}};
    const int count = ::poll(waiting, 3, poll_timeout(deadline));
    if (count < 0 && errno == EINTR) continue;
    if (waiting[1].revents != 0) return Waited::stopped;
    if (deadline && Clock::now() >= *deadline) return Waited::timeout;
    if (waiting[0].revents != 0) return Waited::ready;
    if (waiting[2].revents != 0) return Waited::woken;
  }
}

/// getaddrinfo() cannot be cancelled: it has a thread of its own, which is left behind where nobody waits any more.
Result<ClientSocket::Addresses> ClientSocket::resolve(const Url& url, Moment deadline) {
  const auto look_up = std::make_shared<LookUp>();
  look_up->host = url.host;
  look_up->port = std::to_string(url.port);
  const addrinfo numeric = stream_hints(AI_NUMERICHOST | AI_NUMERICSERV);
  if (getaddrinfo(look_up->host.c_str(), look_up->port.c_str(), &numeric, &look_up->found) == 0) return Addresses{look_up};

  const Moment begin = Clock::now();
  std::thread([look_up] {
    const addrinfo hints = stream_hints(AI_ADDRCONFIG | AI_NUMERICSERV);
    addrinfo* found = nullptr;
    const int result = getaddrinfo(look_up->host.c_str(), look_up->port.c_str(), &hints, &found);
    const std::lock_guard lock(look_up->mutex);
    look_up->done = true;
    look_up->result = result;
    look_up->found = found;
    look_up->ready.raise();
  }).detach();
  for (;;) {
    pollfd waiting[2] = {{look_up->ready.descriptor(), POLLIN, 0}, {stop_.descriptor(), POLLIN, 0}};
    ::poll(waiting, 2, poll_timeout(deadline));
    if (stop_.raised()) return fail(stopped_error());
    {
      const std::lock_guard lock(look_up->mutex);
      if (look_up->done) break;
    }
    if (Clock::now() >= deadline) {
      return fail(io_error(fmt::format("cannot find the address of {}: the time to connect is over", url.host), ETIMEDOUT));
    }
  }
  timings_.dns = Clock::now() - begin;
  if (look_up->result != 0) {
    return fail(io_error(fmt::format("cannot find the address of {}: {}", url.host, gai_strerror(look_up->result))));
  }
  return Addresses{look_up};
}

Status ClientSocket::connect(const Url& url, const Addresses& addresses, Moment deadline) {
  const Moment begin = Clock::now();
  std::vector<std::pair<OwnedDescriptor, const addrinfo*>> attempts;
  const addrinfo* next = addresses.look_up->found;
  int last_error = 0;
  std::string last_address;
  for (Moment next_attempt = begin; next != nullptr || !attempts.empty();) {
    if (next != nullptr && (attempts.empty() || Clock::now() >= next_attempt)) {
      OwnedDescriptor descriptor(::socket(next->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
      last_address = address_text(next->ai_addr, next->ai_addrlen);
      if (descriptor.get() >= 0 && (::connect(descriptor.get(), next->ai_addr, next->ai_addrlen) == 0 || errno == EINPROGRESS)) {
        attempts.emplace_back(std::move(descriptor), next);
      } else {
        last_error = errno;
      }
      next = next->ai_next;
      next_attempt = Clock::now() + kAttemptDelay;
      if (attempts.empty()) continue;
    }
    std::vector<pollfd> waiting{{stop_.descriptor(), POLLIN, 0}};
    for (const auto& attempt : attempts) waiting.push_back({attempt.first.get(), POLLOUT, 0});
    ::poll(waiting.data(), waiting.size(), poll_timeout(next != nullptr ? std::min(next_attempt, deadline) : deadline));
    if (stop_.raised()) return fail(stopped_error());
    for (std::size_t i = waiting.size() - 1; i > 0; --i) {
      if (waiting[i].revents == 0) continue;
      auto& [descriptor, address] = attempts[i - 1];
      int error = 0;
      socklen_t size = sizeof error;
      getsockopt(descriptor.get(), SOL_SOCKET, SO_ERROR, &error, &size);
      if (error == 0) {
        socket_ = std::move(descriptor);
        address_ = address_text(address->ai_addr, address->ai_addrlen);
        const int on = 1;
        setsockopt(socket_.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        timings_.connect = Clock::now() - begin;
        return {};
      }
      last_error = error;
      last_address = address_text(address->ai_addr, address->ai_addrlen);
      attempts.erase(attempts.begin() + static_cast<std::ptrdiff_t>(i) - 1);
      next_attempt = Clock::now();
    }
    if (Clock::now() >= deadline) {
      last_error = ETIMEDOUT;
      break;
    }
  }
  const bool name = last_address != url.host;
  return fail(io_error(fmt::format("cannot connect to {}{}: {}", url.authority(), name ? " (" + last_address + ")" : "",
                                   last_error == ETIMEDOUT ? "the time to connect is over" : errno_text(last_error)),
                       last_error));
}

Status ClientSocket::start_tls(const Url& url, const ClientOptions& options, SSL_CTX* tls, Moment deadline) {
  const Moment begin = Clock::now();
  ERR_clear_error();
  ssl_ = SSL_new(tls);
  if (ssl_ == nullptr || SSL_set_fd(ssl_, socket_.get()) != 1) return fail(io_error("cannot use TLS: " + tls_error_text()));
  if (is_ip_address(url.host)) {
    if (options.verify) X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl_), url.host.c_str());
  } else {
    // What the macro SSL_set_tlsext_host_name() does, without its casts.
    SSL_ctrl(ssl_, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, const_cast<char*>(url.host.c_str()));
    if (options.verify) SSL_set1_host(ssl_, url.host.c_str());
  }
  for (;;) {
    ERR_clear_error();
    errno = 0;
    const int result = SSL_connect(ssl_);
    if (result == 1) break;
    const int why = SSL_get_error(ssl_, result);
    if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE) {
      const Waited waited = wait(why == SSL_ERROR_WANT_WRITE, deadline);
      if (waited == Waited::stopped) return fail(stopped_error());
      if (waited == Waited::timeout) {
        return fail(io_error(fmt::format("the TLS handshake with {} took too long", url.authority()), ETIMEDOUT));
      }
      if (waited == Waited::woken) wake_.lower();  // what is to be sent is looked at when there is a connection
      continue;
    }
    const long verified = SSL_get_verify_result(ssl_);
    if (options.verify && verified != X509_V_OK) {
      return fail(
          io_error(fmt::format("the certificate of {} is not accepted: {}", url.host, X509_verify_cert_error_string(verified)), 0,
                   "--cacert names certificates to trust; --insecure accepts any"));
    }
    const std::string text =
        why == SSL_ERROR_SYSCALL ? (errno != 0 ? errno_text(errno) : "the connection was closed") : tls_error_text();
    return fail(io_error(fmt::format("the TLS handshake with {} failed: {}", url.authority(), text), 0,
                         text == "wrong version number" ? "this may be a server without TLS: try http:// or ws://" : ""));
  }
  timings_.tls = Clock::now() - begin;
  return {};
}

Status ClientSocket::open(const Url& url, const ClientOptions& options, SSL_CTX* tls) {
  Moment deadline = Clock::now() + options.connect_timeout;
  if (options.deadline) deadline = std::min(deadline, *options.deadline);
  if (stop_.raised()) return fail(stopped_error());
  STREAM_ASSIGN(const Addresses addresses, resolve(url, deadline));
  STREAM_TRY(connect(url, addresses, deadline));
  return url.secure() ? start_tls(url, options, tls, deadline) : Status();
}

Transfer ClientSocket::tls_result(int result, std::size_t size) {
  if (result == 1) return {Transfer::Kind::done, size, {}};
  const int number = errno;
  switch (SSL_get_error(ssl_, result)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
      return {Transfer::Kind::again, 0, {}};
    case SSL_ERROR_ZERO_RETURN:
      return {Transfer::Kind::end, 0, {}};
    case SSL_ERROR_SYSCALL:
      if (number == ECONNRESET || number == EPIPE) return {Transfer::Kind::reset, 0, {}};
      return {Transfer::Kind::failed, 0, number != 0 ? errno_text(number) : "the connection was closed"};
    default:
      if (ERR_GET_REASON(ERR_peek_last_error()) == SSL_R_UNEXPECTED_EOF_WHILE_READING)
        return {Transfer::Kind::unclean_end, 0, {}};
      return {Transfer::Kind::failed, 0, tls_error_text()};
  }
}

Transfer ClientSocket::read(std::span<char> buffer) {
  if (ssl_ != nullptr) {
    ERR_clear_error();
    errno = 0;
    std::size_t size = 0;
    const int result = SSL_read_ex(ssl_, buffer.data(), buffer.size(), &size);
    return tls_result(result, size);
  }
  const ssize_t got = ::recv(socket_.get(), buffer.data(), buffer.size(), 0);
  if (got > 0) return {Transfer::Kind::done, static_cast<std::size_t>(got), {}};
  if (got == 0) return {Transfer::Kind::end, 0, {}};
  if (errno == EAGAIN || errno == EINTR) return {Transfer::Kind::again, 0, {}};
  if (errno == ECONNRESET) return {Transfer::Kind::reset, 0, {}};
  return {Transfer::Kind::failed, 0, errno_text(errno)};
}

Transfer ClientSocket::write(std::string_view bytes) {
  if (ssl_ != nullptr) {
    ERR_clear_error();
    errno = 0;
    std::size_t size = 0;
    const int result = SSL_write_ex(ssl_, bytes.data(), bytes.size(), &size);
    return tls_result(result, size);
  }
  const ssize_t sent = ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
  if (sent >= 0) return {Transfer::Kind::done, static_cast<std::size_t>(sent), {}};
  if (errno == EAGAIN || errno == EINTR) return {Transfer::Kind::again, 0, {}};
  if (errno == ECONNRESET || errno == EPIPE) return {Transfer::Kind::reset, 0, {}};
  return {Transfer::Kind::failed, 0, errno_text(errno)};
}

void ClientSocket::finish() {
  if (ssl_ != nullptr) SSL_shutdown(ssl_);
  ::shutdown(socket_.get(), SHUT_WR);
}

std::uint16_t ClientSocket::local_port() const {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  if (getsockname(socket_.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0) return 0;
  const in_port_t port = address.ss_family == AF_INET6 ? reinterpret_cast<const sockaddr_in6&>(address).sin6_port
                                                       : reinterpret_cast<const sockaddr_in&>(address).sin_port;
  return ntohs(port);
}

std::string ClientSocket::tls_version() const { return ssl_ == nullptr ? std::string() : SSL_get_version(ssl_); }

}  // namespace stream::net
