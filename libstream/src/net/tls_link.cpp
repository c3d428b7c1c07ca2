#include "tls_link.hpp"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <new>
#include <utility>

namespace stream::net {
namespace {

struct Link {
  int descriptor = -1;
  SSL* below = nullptr;
  std::string unread{};
  std::size_t used = 0;  // of `unread`
  bool ended = false;
};

Link& link_of(BIO* bio) { return *static_cast<Link*>(BIO_get_data(bio)); }

/// What the session below waits for is what this one waits for.
int below_result(BIO* bio, SSL* below, int result, std::size_t size) {
  if (result == 1) return static_cast<int>(size);
  switch (SSL_get_error(below, result)) {
    case SSL_ERROR_WANT_READ:
      BIO_set_retry_read(bio);
      return -1;
    case SSL_ERROR_WANT_WRITE:
      BIO_set_retry_write(bio);
      return -1;
    case SSL_ERROR_ZERO_RETURN:
      return 0;
    default:
      return -1;
  }
}

int read_link(BIO* bio, char* out, int size) {
  Link& link = link_of(bio);
  BIO_clear_retry_flags(bio);
  if (out == nullptr || size <= 0) return 0;
  const auto room = static_cast<std::size_t>(size);
  if (link.used < link.unread.size()) {
    const std::size_t count = std::min(room, link.unread.size() - link.used);
    std::memcpy(out, link.unread.data() + link.used, count);
    link.used += count;
    if (link.used == link.unread.size()) {
      link.unread = {};
      link.used = 0;
    }
    return static_cast<int>(count);
  }
  if (link.below != nullptr) {
    std::size_t count = 0;
    const int result = SSL_read_ex(link.below, out, room, &count);
    const int done = below_result(bio, link.below, result, count);
    link.ended = done == 0;
    return done;
  }
  const ssize_t count = ::recv(link.descriptor, out, room, 0);
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) BIO_set_retry_read(bio);
  link.ended = count == 0;
  return static_cast<int>(count);
}

int write_link(BIO* bio, const char* bytes, int size) {
  const Link& link = link_of(bio);
  BIO_clear_retry_flags(bio);
  if (bytes == nullptr || size <= 0) return 0;
  if (link.below != nullptr) {
    std::size_t count = 0;
    const int result = SSL_write_ex(link.below, bytes, static_cast<std::size_t>(size), &count);
    return below_result(bio, link.below, result, count);
  }
  const ssize_t count = ::send(link.descriptor, bytes, static_cast<std::size_t>(size), MSG_NOSIGNAL);
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) BIO_set_retry_write(bio);
  return static_cast<int>(count);
}

long control_link(BIO* bio, int command, long, void*) {
  const Link& link = link_of(bio);
  switch (command) {
    case BIO_CTRL_EOF:
      return link.ended ? 1 : 0;
    case BIO_CTRL_FLUSH:
      return 1;  // nothing is gathered
    case BIO_CTRL_PENDING: {
      std::size_t count = link.unread.size() - link.used;
      if (link.below != nullptr) {
        count += static_cast<std::size_t>(SSL_pending(link.below)) + BIO_ctrl_pending(SSL_get_rbio(link.below));
      }
      return static_cast<long>(count);
    }
    default:
      return 0;
  }
}

int free_link(BIO* bio) {
  delete static_cast<Link*>(BIO_get_data(bio));
  BIO_set_data(bio, nullptr);
  return 1;
}

BIO_METHOD* link_method() {
  // Lives as long as the program, as OpenSSL's own do.
  static BIO_METHOD* const method = [] {
    BIO_METHOD* const made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "hartape link");
    if (made == nullptr) return made;
    BIO_meth_set_read(made, read_link);
    BIO_meth_set_write(made, write_link);
    BIO_meth_set_ctrl(made, control_link);
    BIO_meth_set_destroy(made, free_link);
    return made;
  }();
  return method;
}

/// RFC 8446 §6.2: alerts that are about a certificate.
bool is_about_certificate(int alert) {
  switch (alert) {
    case SSL_AD_BAD_CERTIFICATE:
    case SSL_AD_UNSUPPORTED_CERTIFICATE:
    case SSL_AD_CERTIFICATE_REVOKED:
    case SSL_AD_CERTIFICATE_EXPIRED:
    case SSL_AD_CERTIFICATE_UNKNOWN:
    case SSL_AD_UNKNOWN_CA:
      return true;
    default:
      return false;
  }
}

}  // namespace

BIO* make_tls_link(int descriptor, SSL* below, std::string unread) {
  BIO_METHOD* const method = link_method();
  BIO* const bio = method == nullptr ? nullptr : BIO_new(method);
  if (bio == nullptr) return nullptr;
  BIO_set_data(bio, new Link{descriptor, below, std::move(unread)});
  BIO_set_init(bio, 1);
  return bio;
}

std::string tls_failure_text(unsigned long code, std::string_view peer) {
  const std::string who = "the " + std::string(peer);
  if (ERR_GET_LIB(code) == ERR_LIB_SSL) {
    const int reason = ERR_GET_REASON(code);
    if (reason >= SSL_AD_REASON_OFFSET) {
      const int alert = reason - SSL_AD_REASON_OFFSET;
      const std::string name = SSL_alert_desc_string_long(alert);
      return who + (is_about_certificate(alert) ? " does not trust the certificate: " : " sent an alert: ") + name;
    }
    switch (reason) {
      case SSL_R_NO_APPLICATION_PROTOCOL:
        return who + " does not offer HTTP/1.1";
      case SSL_R_UNSUPPORTED_PROTOCOL:
        return who + " offers no version of TLS that is in use: 1.2 and 1.3 are";
      default:
        break;
    }
  }
  const char* const reason = ERR_reason_error_string(code);
  return reason != nullptr ? reason : "TLS failed";
}

}  // namespace stream::net
