#include "tls_server.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <exception>
#include <utility>

#include "certificate.hpp"

namespace stream::net {
namespace {

/// Called when the client has said whom it wants.
int choose_certificate(SSL* tls, void* source) {
  auto* const ask = static_cast<TlsAsk*>(SSL_get_app_data(tls));
  if (ask == nullptr) return 0;
  try {
    const char* const name = SSL_get_servername(tls, TLSEXT_NAMETYPE_host_name);
    const auto certificate = static_cast<CertificateSource*>(source)->certificate(name != nullptr ? name : ask->name);
    if (!certificate) {
      ask->failure = to_string(certificate.error());
      return 0;
    }
    const Certificate& found = **certificate;
    return SSL_use_cert_and_key(tls, found.certificate.get(), found.key.get(), found.chain.get(), 1);
  } catch (const std::exception& error) {
    ask->failure = error.what();
    return 0;
  }
}

int choose_protocol(SSL*, const unsigned char** out, unsigned char* size, const unsigned char* offered, unsigned int offered_size,
                    void*) {
  static constexpr unsigned char kOurs[] =
      "\x08http/1.1"
      "\x08http/1.0";  // alone, from curl --http1.0
  unsigned char* chosen = nullptr;
  if (SSL_select_next_proto(&chosen, size, kOurs, sizeof kOurs - 1, offered, offered_size) != OPENSSL_NPN_NEGOTIATED) {
    return SSL_TLSEXT_ERR_ALERT_FATAL;
  }
  *out = chosen;
  return SSL_TLSEXT_ERR_OK;
}

}  // namespace

Result<std::unique_ptr<TlsServer>> TlsServer::make(CertificateSource& certificates) {
  ERR_clear_error();
  SSL_CTX* const context = SSL_CTX_new(TLS_server_method());
  if (context == nullptr) return fail({ErrorCode::io, "cannot use TLS: " + openssl_error_text(), {}, {}});
  std::unique_ptr<TlsServer> server(new TlsServer(context));
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  // Sessions are resumed by tickets, which the clients keep; ours would be kept here.
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_alpn_select_cb(context, choose_protocol, nullptr);
  SSL_CTX_set_cert_cb(context, choose_certificate, &certificates);
  return server;
}

TlsServer::~TlsServer() { SSL_CTX_free(context_); }

TlsSession TlsServer::session(TlsAsk& ask) const {
  TlsSession session(SSL_new(context_));
  if (session) SSL_set_app_data(session.get(), &ask);
  return session;
}

void TlsServer::forget(SSL& session) { SSL_set_app_data(&session, nullptr); }

}  // namespace stream::net
