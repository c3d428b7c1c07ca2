#pragma once

#include <openssl/types.h>

#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace stream::net {

using Socket = boost::asio::basic_stream_socket<boost::asio::ip::tcp, boost::asio::io_context::executor_type>;

struct TlsFree {
  void operator()(SSL* tls) const;
};
using TlsSession = std::unique_ptr<SSL, TlsFree>;

/// What a connection of a server's is made of: a socket that never blocks, with or without TLS. Protocols read, write, and wait
/// for readiness; they need not know which of the two it is.
class Transport {
 public:
  enum class Kind : std::uint8_t {
    done,    ///< `size` bytes
    again,   ///< nothing now: wait
    end,     ///< the peer sends nothing more
    failed,  ///< the connection is gone, or TLS failed
  };
  struct Io {
    Kind kind = Kind::done;
    std::size_t size = 0;
  };
  /// What fits into a buffer for read(). A smaller one may leave bytes behind that no wait tells of.
  static constexpr std::size_t kReadSize = 16 * 1024;

  explicit Transport(Socket socket) : socket_(std::move(socket)) {}
  /// Without delay, and without blocking. False: the connection is gone.
  bool prepare();
  /// From here on everything is encrypted; the handshake goes along with the first reading and writing. The socket's owner is
  /// the server of `tls`.
  void start_tls(TlsSession tls);
  bool secure() const { return tls_ != nullptr; }
  SSL* tls() const { return tls_.get(); }
  /// Why TLS failed: "sslv3 alert bad certificate"; empty: it did not.
  const std::string& failure() const { return failure_; }

  Io read(std::span<char> buffer);
  /// Writes the pieces behind one another, as if they were one.
  Io write(std::span<const std::string_view> pieces);

  /// Calls `handler(error_code)` once read(), or write(), may have more to do.
  template <class Handler>
  void wait_readable(Handler handler) {
    socket_.async_wait(read_wants_write_ ? Socket::wait_write : Socket::wait_read, std::move(handler));
  }
  template <class Handler>
  void wait_writable(Handler handler) {
    socket_.async_wait(write_wants_read_ ? Socket::wait_read : Socket::wait_write, std::move(handler));
  }
  /// Calls `handler(error_code)` when the connection is gone altogether: for a peer that has ended its side.
  template <class Handler>
  void wait_gone(Handler handler) {
    socket_.async_wait(Socket::wait_error, std::move(handler));
  }

  /// Tells the peer that nothing more comes. False: the connection is gone.
  bool shutdown_send();
  /// A close() without a farewell: what the peer has not read may be lost, and it sees a reset.
  void reset_on_close();
  /// Bytes given to the system that the peer has not acknowledged.
  std::size_t unsent();
  void close();
  /// The same connection, for another owner. Waits are cancelled.
  Transport take();

 private:
  Io tls_result(int result, std::size_t size, bool& wants_other);

  Socket socket_;
  TlsSession tls_{};
  bool read_wants_write_ = false;
  bool write_wants_read_ = false;
  std::string failure_{};
};

}  // namespace stream::net
