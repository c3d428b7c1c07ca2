#include "transport.hpp"

#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/socket_base.hpp>
#include <utility>

#include "tls_link.hpp"

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

void Transport::unread(std::string_view bytes) { unread_.insert(0, bytes); }

bool Transport::start_tls(TlsSession tls, Side side) {
  outer_ = std::move(tls_);
  SSL_set_mode(tls.get(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
  // Many clients end the connection without a word; over HTTP/1 that loses nothing that the framing does not notice.
  SSL_set_options(tls.get(), SSL_OP_IGNORE_UNEXPECTED_EOF);
  BIO* const link = make_tls_link(socket_.native_handle(), outer_.get(), std::exchange(unread_, {}));
  if (link == nullptr) return false;
  SSL_set_bio(tls.get(), link, link);  // takes one reference for both
  side == Side::server ? SSL_set_accept_state(tls.get()) : SSL_set_connect_state(tls.get());
  side_ = side;
  tls_ = std::move(tls);
  return true;
}

Transport::Io Transport::tls_result(SSL* tls, int result, std::size_t size, bool& wants_read, bool& wants_write) {
  if (result == 1) return {Kind::done, size};
  switch (SSL_get_error(tls, result)) {
    case SSL_ERROR_WANT_READ:
      wants_read = true;
      return {Kind::again, 0};
    case SSL_ERROR_WANT_WRITE:
      wants_write = true;
      return {Kind::again, 0};
    case SSL_ERROR_ZERO_RETURN:
      return {Kind::end, 0};
    case SSL_ERROR_SYSCALL:
      return {Kind::failed, 0};
    default:
      failure_ = tls_failure_text(ERR_peek_last_error(), side_ == Side::server ? "client" : "server");
      return {Kind::failed, 0};
  }
}

Transport::Io Transport::handshake() {
  ERR_clear_error();
  bool wants_read = false;
  read_wants_write_ = false;
  return tls_result(tls_.get(), SSL_do_handshake(tls_.get()), 0, wants_read, read_wants_write_);
}

bool Transport::has_buffered() const {
  if (read_wants_write_) return false;
  if (!unread_.empty() || !tls_) return !unread_.empty();
  return SSL_pending(tls_.get()) > 0 || BIO_ctrl_pending(SSL_get_rbio(tls_.get())) > 0;
}

Transport::Io Transport::read(std::span<char> buffer) {
  if (!unread_.empty()) {
    const std::size_t size = unread_.copy(buffer.data(), buffer.size());
    unread_.erase(0, size);
    if (unread_.empty()) unread_.shrink_to_fit();
    return {Kind::done, size};
  }
  if (tls_) {
    ERR_clear_error();
    std::size_t size = 0;
    bool wants_read = false;
    read_wants_write_ = false;
    const int result = SSL_read_ex(tls_.get(), buffer.data(), buffer.size(), &size);
    return tls_result(tls_.get(), result, size, wants_read, read_wants_write_);
  }
  error_code error;
  const std::size_t size = socket_.read_some(asio::buffer(buffer.data(), buffer.size()), error);
  if (!error) return {Kind::done, size};
  if (error == asio::error::would_block) return {Kind::again, 0};
  return {error == asio::error::eof ? Kind::end : Kind::failed, 0};
}

Transport::Io Transport::write(std::span<const std::string_view> pieces) {
  if (tls_) {
    // One record for all of them; a full one is written from where it is.
    static thread_local std::array<char, kRecord> record;
    std::string_view bytes;
    for (const std::string_view piece : pieces) {
      bytes = piece;
      if (!piece.empty()) break;
    }
    if (bytes.size() < kRecord) {
      std::size_t size = 0;
      for (const std::string_view piece : pieces) size += piece.copy(record.data() + size, kRecord - size);
      bytes = {record.data(), size};
    }
    if (bytes.empty()) return {Kind::done, 0};
    ERR_clear_error();
    std::size_t size = 0;
    bool wants_write = false;
    write_wants_read_ = false;
    const int result = SSL_write_ex(tls_.get(), bytes.data(), std::min(bytes.size(), kRecord), &size);
    return tls_result(tls_.get(), result, size, write_wants_read_, wants_write);
  }
  std::array<asio::const_buffer, kMostPieces> buffers;
  const std::size_t count = std::min(pieces.size(), kMostPieces);
  for (std::size_t i = 0; i < count; ++i) buffers[i] = asio::buffer(pieces[i].data(), pieces[i].size());
  error_code error;
  const std::size_t size = socket_.write_some(buffers, error);
  if (!error) return {Kind::done, size};
  return {error == asio::error::would_block ? Kind::again : Kind::failed, 0};
}

Transport::Io Transport::farewell(SSL* tls) {
  if (tls == nullptr || SSL_is_init_finished(tls) != 1) return {Kind::done, 0};
  ERR_clear_error();
  bool wants_write = false;
  write_wants_read_ = false;
  const int result = SSL_shutdown(tls);
  if (result >= 0) return {Kind::done, 0};  // ours is out; theirs, which read() sees, may come later
  return tls_result(tls, result, 0, write_wants_read_, wants_write);
}

Transport::Io Transport::shutdown_send(Farewell wanted) {
  if (wanted == Farewell::yes) {
    const std::array<SSL*, 2> layers{tls_.get(), outer_.get()};
    // What has said it once would wait for the peer's answer now.
    for (; farewells_ < layers.size(); ++farewells_) {
      if (const Io io = farewell(layers[farewells_]); io.kind == Kind::again) return io;
    }
  }
  error_code error;
  socket_.shutdown(Socket::shutdown_send, error);
  return {error ? Kind::failed : Kind::done, 0};
}

void Transport::reset_on_close() {
  error_code ignored;
  socket_.set_option(asio::socket_base::linger(true, 0), ignored);
}

std::string Transport::local_address() const {
  error_code error;
  const auto endpoint = socket_.local_endpoint(error);
  return error ? std::string() : endpoint.address().to_string();
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
  other.unread_ = std::exchange(unread_, {});
  other.outer_ = std::move(outer_);
  other.tls_ = std::move(tls_);
  other.read_wants_write_ = read_wants_write_;
  other.write_wants_read_ = write_wants_read_;
  other.side_ = side_;
  return other;
}

}  // namespace stream::net
