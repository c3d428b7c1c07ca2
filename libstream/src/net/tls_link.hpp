#pragma once

#include <openssl/types.h>

#include <string>
#include <string_view>

namespace stream::net {

/// What a TLS session reads from and writes to: a socket, or another TLS session, with bytes in front that were read already.
///
/// OpenSSL's own BIO for sockets raises SIGPIPE, and cannot be given bytes back. `below` outlives the BIO, and so does the
/// descriptor; neither is closed. Null: out of memory.
BIO* make_tls_link(int descriptor, SSL* below, std::string unread);

/// Why TLS failed, in words, by the code on top of OpenSSL's queue of errors. `peer` is what the other side is called: "client".
std::string tls_failure_text(unsigned long code, std::string_view peer = "client");

}  // namespace stream::net
