#pragma once

#include <openssl/types.h>

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "stream/net/client.hpp"
#include "stream/net/url.hpp"

/// A client's connection: a TCP socket, with or without TLS, of which every wait has a deadline and can be cancelled.
namespace stream::net {

/// Owns a descriptor.
class OwnedDescriptor {
 public:
  explicit OwnedDescriptor(int value = -1) : value_(value) {}
  OwnedDescriptor(OwnedDescriptor&& other) noexcept : value_(std::exchange(other.value_, -1)) {}
  OwnedDescriptor& operator=(OwnedDescriptor&& other) noexcept;
  ~OwnedDescriptor() { reset(); }
  int get() const { return value_; }
  void reset();

 private:
  int value_;
};

/// A flag to poll for, raised from any thread or signal handler.
class WakeUp {
 public:
  WakeUp();
  int descriptor() const { return descriptor_.get(); }
  void raise() const noexcept;
  void lower() const noexcept;
  bool raised() const noexcept;
  /// Waits for it until `moment`; whether it is raised.
  bool wait_until(Moment moment) const noexcept;

 private:
  OwnedDescriptor descriptor_;
};

struct TlsContextFree {
  void operator()(SSL_CTX* context) const;
};
using TlsContext = std::unique_ptr<SSL_CTX, TlsContextFree>;
Result<TlsContext> make_tls_context(const ClientOptions& options);

enum class Waited { ready, woken, stopped, timeout };

struct Transfer {
  enum class Kind {
    done,         ///< `size` bytes
    again,        ///< nothing now; wait
    end,          ///< the other side has ended the connection
    unclean_end,  ///< TLS: the connection ended without a close_notify: it may have been cut by somebody
    reset,
    failed,  ///< `why`
  };
  Kind kind = Kind::done;
  std::size_t size = 0;
  std::string why{};
};

class ClientSocket {
 public:
  /// `stop` and `wake` outlive the socket.
  ClientSocket(const WakeUp& stop, const WakeUp& wake) : stop_(stop), wake_(wake) {}
  ClientSocket(const ClientSocket&) = delete;
  ClientSocket& operator=(const ClientSocket&) = delete;
  ~ClientSocket();

  /// Finds the address, connects, and shakes hands where the URL is secure. Errors: `io`, with errno ECANCELED where it was
  /// stopped.
  Status open(const Url& url, const ClientOptions& options, SSL_CTX* tls);

  Transfer read(std::span<char> buffer);
  Transfer write(std::string_view bytes);
  /// Until something can be read or, with `to_write`, written.
  Waited wait(bool to_write, std::optional<Moment> deadline) const;
  /// Tells the other side that nothing more comes.
  void finish();

  const std::string& address() const { return address_; }
  std::uint16_t local_port() const;
  std::string tls_version() const;
  const ConnectTimings& timings() const { return timings_; }

 private:
  struct Addresses;
  Result<Addresses> resolve(const Url& url, Moment deadline);
  Status connect(const Url& url, const Addresses& addresses, Moment deadline);
  Status start_tls(const Url& url, const ClientOptions& options, SSL_CTX* tls, Moment deadline);
  Transfer tls_result(int result, std::size_t size);

  const WakeUp& stop_;
  const WakeUp& wake_;
  OwnedDescriptor socket_;
  SSL* ssl_ = nullptr;
  std::string address_;
  ConnectTimings timings_;
};

}  // namespace stream::net
