#pragma once

#include <openssl/types.h>

#include <memory>
#include <string>

#include "stream/net/authority.hpp"
#include "transport.hpp"

namespace stream::net {

/// What a handshake is told, and what it tells.
struct TlsAsk {
  std::string name{};     ///< whose certificate a client gets that names none
  std::string failure{};  ///< why there is no certificate
};

/// The server's side of TLS: 1.2 and 1.3, for HTTP/1.1 alone (RFC 7301), with certificates from a source.
class TlsServer {
 public:
  /// `certificates` outlives it. Errors: `io`.
  static Result<std::unique_ptr<TlsServer>> make(CertificateSource& certificates);
  TlsServer(const TlsServer&) = delete;
  TlsServer& operator=(const TlsServer&) = delete;
  ~TlsServer();

  /// A session that has not begun. `ask` outlives it, or forget() is called. Null: out of memory.
  TlsSession session(TlsAsk& ask) const;
  static void forget(SSL& session);

 private:
  explicit TlsServer(SSL_CTX* context) : context_(context) {}
  SSL_CTX* context_;
};

}  // namespace stream::net
