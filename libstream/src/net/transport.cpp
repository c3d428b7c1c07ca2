#include "transport.hpp"

#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/socket_base.hpp>
#include <cerrno>

namespace stream::net {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

constexpr std::size_t kMostPieces = 8;
constexpr std::size_t kRecord = 16 * 1024;  // RFC 8446 §5.1: the most that one record holds

/// A peer that has vanished without a word is found out within two minutes, though nothing is due for longer. Best effort.
void find_out_gone_peers(int descriptor) {
  constexpr int kOn = 1;
  constexpr int kQuietSeconds = 60;
  constexpr int kProbeSeconds = 10;
  constexpr int kProbes = 6;
  setsockopt(descriptor, SOL_SOCKET, SO_KEEPALIVE, &kOn, sizeof kOn);
  setsockopt(descriptor, IPPROTO_TCP, TCP_KEEPIDLE, &kQuietSeconds, sizeof kQuietSeconds);
  setsockopt(descriptor, IPPROTO_TCP, TCP_KEEPINTVL, &kProbeSeconds, sizeof kProbeSeconds);
  setsockopt(descriptor, IPPROTO_TCP, TCP_KEEPCNT, &kProbes, sizeof kProbes);
}

}  // namespace

void TlsFree::operator()(SSL* tls) const { SSL_free(tls); }

bool Transport::prepare() {
  error_code error;
  socket_.non_blocking(true, error);
  if (!error) socket_.set_option(asio::ip::tcp::no_delay(true), error);
  find_out_gone_peers(socket_.native_handle());
  return !error;
}

void Transport::start_tls(TlsSession tls) {
  tls_ = std::move(tls);
  SSL_set_mode(tls_.get(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
  SSL_set_fd(tls_.get(), socket_.native_handle());
  SSL_set_accept_state(tls_.get());
}

Transport::Io Transport::tls_result(int result, std::size_t size, bool& wants_other) {
  if (result == 1) return {Kind::done, size};
  switch (SSL_get_error(tls_.get(), result)) {
    case SSL_ERROR_WANT_READ:
      wants_other = &wants_other == &write_wants_read_;
      return {Kind::again, 0};
    case SSL_ERROR_WANT_WRITE:
      wants_other = &wants_other == &read_wants_write_;
      return {Kind::again, 0};
    case SSL_ERROR_ZERO_RETURN:
      return {Kind::end, 0};
    case SSL_ERROR_SYSCALL:
      return {Kind::failed, 0};
    default: {
      const unsigned long code = ERR_peek_last_error();
      // Many clients end the connection without a word; over HTTP/1 that loses nothing that the framing does not notice.
      if (ERR_GET_REASON(code) == SSL_R_UNEXPECTED_EOF_WHILE_READING && SSL_is_init_finished(tls_.get()) == 1)
        return {Kind::end, 0};
      const char* const reason = ERR_reason_error_string(code);
      failure_ = reason != nullptr ? reason : "TLS failed";
      return {Kind::failed, 0};
    }
  }
}

Transport::Io Transport::read(std::span<char> buffer) {
  if (tls_) {
    ERR_clear_error();
    std::size_t size = 0;
    read_wants_write_ = false;
    const int result = SSL_read_ex(tls_.get(), buffer.data(), buffer.size(), &size);
    return tls_result(result, size, read_wants_write_);
  }
  error_code error;
  const std::size_t size = socket_.read_some(asio::buffer(buffer.data(), buffer.size()), error);
  if (!error) return {Kind::done, size};
  if (error == asio::error::would_block) return {Kind::again, 0};
  return {error == asio::error::eof ? Kind::end : Kind::failed, 0};
}

Transport::Io Transport::write(std::span<const std::string_view> pieces) {
  if (tls_) {
    // One record for all of them. What is tried again begins with the same bytes.
    static thread_local std::array<char, kRecord> record;
    std::string_view bytes = pieces.empty() ? std::string_view{} : pieces.front();
    if (bytes.size() < kRecord) {
      std::size_t size = 0;
      for (const std::string_view piece : pieces) {
        const std::size_t taken = std::min(piece.size(), kRecord - size);
        std::copy_n(piece.data(), taken, record.data() + size);
        size += taken;
      }
      bytes = {record.data(), size};
    }
    ERR_clear_error();
    std::size_t size = 0;
    write_wants_read_ = false;
    const int result = SSL_write_ex(tls_.get(), bytes.data(), std::min(bytes.size(), kRecord), &size);
    return tls_result(result, size, write_wants_read_);
  }
  std::array<asio::const_buffer, kMostPieces> buffers;
  const std::size_t count = std::min(pieces.size(), kMostPieces);
  for (std::size_t i = 0; i < count; ++i) buffers[i] = asio::buffer(pieces[i].data(), pieces[i].size());
  error_code error;
  const std::size_t size = socket_.write_some(buffers, error);
  if (!error) return {Kind::done, size};
  return {error == asio::error::would_block ? Kind::again : Kind::failed, 0};
}

bool Transport::shutdown_send() {
  if (tls_ && SSL_is_init_finished(tls_.get()) == 1) {
    ERR_clear_error();
    SSL_shutdown(tls_.get());
  }
  error_code error;
  socket_.shutdown(Socket::shutdown_send, error);
  return !error;
}

void Transport::reset_on_close() {
  error_code ignored;
  socket_.set_option(asio::socket_base::linger(true, 0), ignored);
}

std::size_t Transport::unsent() {
  int count = 0;
  return ioctl(socket_.native_handle(), SIOCOUTQ, &count) == 0 && count > 0 ? static_cast<std::size_t>(count) : 0;
}

void Transport::close() {
  error_code ignored;
  socket_.close(ignored);
}

Transport Transport::take() {
  error_code error;
  const auto executor = socket_.get_executor();
  const auto protocol = socket_.local_endpoint(error).protocol();
  const auto descriptor = error ? Socket::native_handle_type{-1} : socket_.release(error);
  Transport other(error ? Socket(executor) : Socket(executor, protocol, descriptor));
  other.tls_ = std::move(tls_);
  other.read_wants_write_ = read_wants_write_;
  other.write_wants_read_ = write_wants_read_;
  return other;
}

}  // namespace stream::net
