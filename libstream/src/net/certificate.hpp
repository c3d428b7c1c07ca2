#pragma once

#include <openssl/x509.h>

#include <array>
#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "stream/net/authority.hpp"

/// Keys and certificates (RFC 5280) as values; nothing here knows a file or a socket.
namespace stream::net {

struct OpensslFree {
  void operator()(X509* certificate) const;
  void operator()(EVP_PKEY* key) const;
  void operator()(STACK_OF(X509) * chain) const;
};
using X509Pointer = std::unique_ptr<X509, OpensslFree>;
using KeyPointer = std::unique_ptr<EVP_PKEY, OpensslFree>;
using ChainPointer = std::unique_ptr<STACK_OF(X509), OpensslFree>;

struct Certificate {
  X509Pointer certificate{};
  KeyPointer key{};
  ChainPointer chain{};  ///< what is sent behind it
};

using Instant = std::chrono::system_clock::time_point;

/// The last thing that went wrong in OpenSSL, in its words.
std::string openssl_error_text();

/// "2026-11-28"
std::string day_text(Instant moment);

/// ECDSA on P-256; null: OpenSSL fails.
KeyPointer make_key();

/// An authority's own certificate. Its name has `owner`, the day, and a part of the serial number.
Result<X509Pointer> make_authority_certificate(EVP_PKEY& key, const std::string& owner, Instant now);

/// A host as it stands in a certificate: a name in lower case without a last dot, or the bytes of an IP address.
struct HostName {
  std::string text{};   ///< one spelling for the same host
  std::string bytes{};  ///< of an IP address; empty: it is a name
};
/// Errors: `usage`.
Result<HostName> parse_host_name(std::string_view name);

/// A certificate of `key` for a server of that name, signed by the authority. `from` to `to` is when it is valid.
Result<X509Pointer> make_server_certificate(EVP_PKEY& key, const HostName& name, X509& authority, EVP_PKEY& authority_key,
                                            Instant from, Instant to);

/// What a PEM text holds.
struct PemContent {
  std::vector<X509Pointer> certificates{};
  KeyPointer key{};
  bool encrypted = false;  ///< there is a key that asks for a passphrase
};
PemContent read_pem(std::string_view text);
/// Key and certificate, or the certificate alone.
Result<std::string> write_pem(X509& certificate, EVP_PKEY* key);

Instant valid_from(const X509& certificate);
Instant valid_to(const X509& certificate);

}  // namespace stream::net
