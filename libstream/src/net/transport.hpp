#pragma once

#include <openssl/types.h>

#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
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

/// What a connection is made of: a socket that never blocks, with or without TLS. Protocols read, write, and wait
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
  enum class Farewell : std::uint8_t {
    yes,
    no,  ///< over TLS, the peer sees that there should have been more (RFC 8446 §6.1)
  };
  enum class Side : std::uint8_t { server, client };  ///< of TLS

  /// The most that one read() gives over TLS.
  static constexpr std::size_t kReadSize = 16 * 1024;

  explicit Transport(Socket socket) : socket_(std::move(socket)) {}
  /// Without delay, and without blocking. False: the connection is gone.
  bool prepare();
  /// Gives bytes back that were read: they are read again, also by TLS that starts after it.
  void unread(std::string_view bytes);
  /// From here on everything is encrypted, what is encrypted already once more (TLS through a tunnel to a TLS port). The
  /// socket's owner is `side` of `tls`. False: out of memory.
  bool start_tls(TlsSession tls, Side side = Side::server);
  /// Shakes hands, as far as it goes without waiting: `again` is to be followed by wait_readable().
  Io handshake();
  bool secure() const { return tls_ != nullptr; }
  SSL* tls() const { return tls_.get(); }
  /// Why TLS failed, in words; empty: it did not.
  const std::string& failure() const { return failure_; }

  Io read(std::span<char> buffer);
  /// Writes the pieces behind one another, as if they were one. After `again` the next call begins with the same bytes.
  Io write(std::span<const std::string_view> pieces);

  /// Calls `handler(error_code)` once read(), handshake() too, may have more to do.
  template <class Handler>
  void wait_readable(Handler handler) {
    if (has_buffered()) {
      boost::asio::post(socket_.get_executor(), [handler = std::move(handler)] { handler(boost::system::error_code{}); });
      return;
    }
    socket_.async_wait(read_wants_write_ ? Socket::wait_write : Socket::wait_read, std::move(handler));
  }
  /// Calls `handler(error_code)` once write(), shutdown_send() too, may have more to do.
  template <class Handler>
  void wait_writable(Handler handler) {
    socket_.async_wait(write_wants_read_ ? Socket::wait_read : Socket::wait_write, std::move(handler));
  }
  /// Calls `handler(error_code)` when the connection is gone altogether: for a peer that has ended its side.
  template <class Handler>
  void wait_gone(Handler handler) {
    socket_.async_wait(Socket::wait_error, std::move(handler));
  }

  /// Tells the peer that nothing more comes. `again`: to be called once more after wait_writable().
  Io shutdown_send(Farewell farewell);
  /// A close() without a farewell: what the peer has not read may be lost, and it sees a reset.
  void reset_on_close();
  /// The address that the peer has connected to: "127.0.0.1"; empty if the connection is gone.
  std::string local_address() const;
  /// Bytes given to the system that the peer has not acknowledged.
  std::size_t unsent();
  void close();
  /// The same connection, for another owner. Waits are cancelled.
  Transport take();

 private:
  Io tls_result(SSL* tls, int result, std::size_t size, bool& wants_read, bool& wants_write);
  /// Something can be read that no wait for the socket tells of.
  bool has_buffered() const;
  Io farewell(SSL* tls);

  Socket socket_;
  std::string unread_{};  // read again, before anything else; where TLS starts behind it, its link has them
  TlsSession outer_{};    // outlives what it carries
  TlsSession tls_{};
  bool read_wants_write_ = false;
  bool write_wants_read_ = false;
  Side side_ = Side::server;
  std::size_t farewells_ = 0;  // how many layers have said it, from the inside
  std::string failure_{};
};

}  // namespace stream::net
