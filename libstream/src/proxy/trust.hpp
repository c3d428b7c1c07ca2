#pragma once

#include <openssl/types.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "stream/io/error.hpp"
#include "transport.hpp"

namespace stream::proxy {

struct TrustOptions {
  std::vector<std::string> ca_files{};  ///< PEM, besides the system's
  std::vector<std::string> insecure{};  ///< globs of hosts that are not verified
  std::size_t sessions = 1024;          ///< hosts whose sessions are kept to be resumed
};

/// Who a handshake is made with.
struct TlsPeer {
  std::string host{};  ///< whom the certificate is to be of: a name or an IP address
  std::uint16_t port = 0;
  std::string asked{};  ///< what it was connected to as, where that is another name or an address; for TrustOptions::insecure
};

/// The client's side of TLS: 1.2 and 1.3, for HTTP/1.1 alone (RFC 7301).
///
/// A certificate is verified by name or address, against the system's store and ca_files. Sessions are kept to be resumed, for an
/// hour at most, and no longer than the certificate is valid that was verified when they began.
class Trust {
 public:
  /// Errors: `io` (a file cannot be read, or has no certificates).
  static Result<std::unique_ptr<Trust>> make(const TrustOptions& options);
  Trust(const Trust&) = delete;
  Trust& operator=(const Trust&) = delete;
  ~Trust();

  /// A session for Transport::start_tls() as a client. It may outlive this. Null: out of memory.
  net::TlsSession session(const TlsPeer& peer) const;
  bool insecure(const TlsPeer& peer) const;

  /// What is wrong with the certificate of the peer, in words: "it expired on 2026-01-01"; empty: nothing. Where the peer is
  /// verified, this is why the handshake has failed.
  static std::string problem(SSL& session);

 private:
  struct Impl;
  explicit Trust(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// Why the handshake with a client failed, and what to do where it does not trust our certificate for `host`. `failure` is
/// Transport::failure(), and may be empty; `end`: the client has ended the connection.
Error client_tls_error(std::string_view host, std::string_view failure, net::Transport::Kind end);

}  // namespace stream::proxy
