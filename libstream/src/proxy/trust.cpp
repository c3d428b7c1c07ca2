#include "trust.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

#include "certificate.hpp"
#include "stream/replay/fault.hpp"
#include "stream/text/ascii.hpp"
#include "tls_sessions.hpp"

namespace stream::proxy {
namespace {

using ascii::shown;

/// What belongs to one SSL, and goes with it.
struct Handshake {
  std::weak_ptr<TlsSessions> sessions{};  // tickets come later than the handshake, and may come when nobody keeps them any more
  std::string key{};
  std::string host{};
  bool insecure = false;
  std::string problem{};
};

void free_handshake(void*, void* handshake, CRYPTO_EX_DATA*, int, long, void*) { delete static_cast<Handshake*>(handshake); }

int handshake_index() {
  static const int index = SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, free_handshake);
  return index;
}

Handshake* handshake_of(const SSL* tls) { return static_cast<Handshake*>(SSL_get_ex_data(tls, handshake_index())); }

std::string without_last_dot(std::string_view host) {
  return std::string(host.ends_with('.') ? host.substr(0, host.size() - 1) : host);
}

bool is_address(const std::string& host) {
  std::array<unsigned char, sizeof(in6_addr)> bytes{};
  return inet_pton(AF_INET, host.c_str(), bytes.data()) == 1 || inet_pton(AF_INET6, host.c_str(), bytes.data()) == 1;
}

/// Of a text out of a certificate: anybody may have written it.
constexpr std::size_t kMostShown = 80;

std::string name_text(const X509_NAME* name) {
  for (const int field : {NID_commonName, NID_organizationName}) {
    std::array<char, 256> text{};
    const int size = X509_NAME_get_text_by_NID(const_cast<X509_NAME*>(name), field, text.data(), static_cast<int>(text.size()));
    if (size > 0) return shown({text.data(), static_cast<std::size_t>(size)}, kMostShown);
  }
  return "?";
}

/// The names and addresses that a certificate is for.
std::string names_text(const X509& certificate) {
  constexpr int kMost = 5;
  std::string text;
  int shown_names = 0;
  auto* const names = static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(&certificate, NID_subject_alt_name, nullptr, nullptr));
  const int count = names == nullptr ? 0 : sk_GENERAL_NAME_num(names);
  for (int i = 0; i < count; ++i) {
    int type = 0;
    const auto* const value = static_cast<const ASN1_STRING*>(GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(names, i), &type));
    if (type != GEN_DNS && type != GEN_IPADD) continue;
    const std::string_view bytes(reinterpret_cast<const char*>(ASN1_STRING_get0_data(value)),
                                 static_cast<std::size_t>(ASN1_STRING_length(value)));
    std::string one;
    if (type == GEN_DNS) {
      one = shown(bytes, kMostShown);
    } else if (bytes.size() == sizeof(in_addr) || bytes.size() == sizeof(in6_addr)) {
      std::array<char, INET6_ADDRSTRLEN> address{};
      inet_ntop(bytes.size() == sizeof(in_addr) ? AF_INET : AF_INET6, bytes.data(), address.data(), address.size());
      one = address.data();
    } else {
      continue;
    }
    if (++shown_names > kMost) {
      text += " …";
      break;
    }
    text += (text.empty() ? "" : ", ") + one;
  }
  GENERAL_NAMES_free(names);
  return text.empty() ? name_text(X509_get_subject_name(&certificate)) : text;
}

std::string problem_text(X509_STORE_CTX* context, const std::string& host) {
  const int error = X509_STORE_CTX_get_error(context);
  const X509* const certificate = X509_STORE_CTX_get_current_cert(context);
  if (certificate == nullptr) return X509_verify_cert_error_string(error);
  const bool own = X509_STORE_CTX_get_error_depth(context) == 0;
  const std::string who = own ? "it" : "that of its authority \"" + name_text(X509_get_subject_name(certificate)) + "\"";
  switch (error) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return who + " expired on " + net::day_text(net::valid_to(*certificate));
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return who + " is not valid before " + net::day_text(net::valid_from(*certificate));
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      return "it is for " + names_text(*certificate) + ", not for " + host;
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
      return "it is self-signed, and not trusted";
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
      return "its authority \"" + name_text(X509_get_subject_name(certificate)) + "\" is not trusted";
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
      return "its authority \"" + name_text(X509_get_issuer_name(certificate)) + "\" is not known";
    default:
      return X509_verify_cert_error_string(error);
  }
}

/// Called for what is wrong with a certificate, and for each that is right.
int verified(int right, X509_STORE_CTX* context) {
  if (right == 1) return 1;
  const auto* const tls = static_cast<SSL*>(X509_STORE_CTX_get_ex_data(context, SSL_get_ex_data_X509_STORE_CTX_idx()));
  Handshake* const handshake = tls == nullptr ? nullptr : handshake_of(tls);
  if (handshake == nullptr) return 0;
  if (handshake->problem.empty()) handshake->problem = problem_text(context, handshake->host);
  return handshake->insecure ? 1 : 0;
}

int keep_session(SSL* tls, SSL_SESSION* session) {
  constexpr int kReferenceNotTaken = 0;
  const Handshake* const handshake = handshake_of(tls);
  if (handshake == nullptr) return kReferenceNotTaken;
  if (const auto sessions = handshake->sessions.lock()) sessions->keep(handshake->key, *session, handshake->problem);
  return kReferenceNotTaken;
}

Status load(SSL_CTX& context, const std::string& file) {
  if (::access(file.c_str(), R_OK) != 0) {
    return fail({ErrorCode::io, "cannot open: " + std::system_category().message(errno), {file}, {}, errno});
  }
  ERR_clear_error();
  if (SSL_CTX_load_verify_file(&context, file.c_str()) != 1) {
    return fail({ErrorCode::io, "cannot read certificates (PEM) from it: " + net::openssl_error_text(), {file}, {}});
  }
  return {};
}

}  // namespace

struct Trust::Impl {
  explicit Impl(const TrustOptions& options)
      : context(SSL_CTX_new(TLS_client_method())),
        insecure(options.insecure),
        sessions(std::make_shared<TlsSessions>(options.sessions)) {
    for (std::string& glob : insecure) {
      std::transform(glob.begin(), glob.end(), glob.begin(), ascii::to_lower);
    }
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;
  ~Impl() { SSL_CTX_free(context); }

  SSL_CTX* context;
  std::vector<std::string> insecure;
  std::shared_ptr<TlsSessions> sessions;
};

Trust::Trust(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Trust::~Trust() = default;

Result<std::unique_ptr<Trust>> Trust::make(const TrustOptions& options) {
  ERR_clear_error();
  auto impl = std::make_unique<Impl>(options);
  SSL_CTX* const context = impl->context;
  if (context == nullptr || handshake_index() < 0) {
    return fail({ErrorCode::io, "cannot use TLS: " + net::openssl_error_text(), {}, {}});
  }
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  // A name for HTTP/1.1 alone, so that a server that speaks more does not begin with it (RFC 7301).
  constexpr unsigned char kProtocols[] = "\x08http/1.1";
  SSL_CTX_set_alpn_protos(context, kProtocols, sizeof kProtocols - 1);
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, verified);
  SSL_CTX_set_default_verify_paths(context);
  for (const std::string& file : options.ca_files) STREAM_TRY(load(*context, file));
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_sess_set_new_cb(context, keep_session);
  return std::unique_ptr<Trust>(new Trust(std::move(impl)));
}

bool Trust::insecure(const TlsPeer& peer) const {
  const auto named = [this](std::string_view host) {
    std::string name = without_last_dot(host);
    std::transform(name.begin(), name.end(), name.begin(), ascii::to_lower);
    return std::any_of(impl_->insecure.begin(), impl_->insecure.end(),
                       [&](const std::string& glob) { return replay::matches_glob(glob, name); });
  };
  return named(peer.host) || (!peer.asked.empty() && named(peer.asked));
}

net::TlsSession Trust::session(const TlsPeer& peer) const {
  net::TlsSession session(SSL_new(impl_->context));
  if (!session) return nullptr;
  SSL* const tls = session.get();
  auto handshake = std::make_unique<Handshake>();
  handshake->sessions = impl_->sessions;
  handshake->host = without_last_dot(peer.host);
  handshake->insecure = insecure(peer);
  // A session that was not verified is not for those who verify.
  handshake->key = fmt::format("{}{}:{}", handshake->insecure ? "!" : "", handshake->host, peer.port);

  X509_VERIFY_PARAM* const wanted = SSL_get0_param(tls);
  if (is_address(handshake->host)) {
    if (X509_VERIFY_PARAM_set1_ip_asc(wanted, handshake->host.c_str()) != 1) return nullptr;
  } else {
    X509_VERIFY_PARAM_set_hostflags(wanted, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    if (X509_VERIFY_PARAM_set1_host(wanted, handshake->host.data(), handshake->host.size()) != 1) return nullptr;
    // What the macro SSL_set_tlsext_host_name() does, without its casts. A name that is too long goes without.
    SSL_ctrl(tls, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, handshake->host.data());
  }
  if (TlsSessions::Kept kept = impl_->sessions->take(handshake->key); kept.ticket) {
    handshake->problem = std::move(kept.problem);
    SSL_set_session(tls, kept.ticket.get());
  }
  if (SSL_set_ex_data(tls, handshake_index(), handshake.get()) != 1) return nullptr;
  handshake.release();
  return session;
}

std::string Trust::problem(SSL& session) {
  const Handshake* const handshake = handshake_of(&session);
  return handshake == nullptr ? std::string() : handshake->problem;
}

Error client_tls_error(std::string_view host, std::string_view failure, net::Transport::Kind end) {
  const std::string front = fmt::format("TLS with the client for {} failed: ", host);
  const std::string hint = "it must trust the certificate authority: \"harproxy ca\" says how";
  if (!failure.empty()) {
    const bool distrusts = failure.find("does not trust") != std::string_view::npos;
    return {ErrorCode::io, front + std::string(failure), {}, distrusts ? hint : ""};
  }
  // Some clients say nothing when they do not like a certificate.
  if (end == net::Transport::Kind::end) {
    return {ErrorCode::io, front + "the client ended the connection; it may not trust the certificate", {}, hint};
  }
  return {ErrorCode::io, front + "the connection is gone; the client may not trust the certificate", {}, hint};
}

}  // namespace stream::proxy
