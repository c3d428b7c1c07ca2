#include "tls_sessions.hpp"

#include <openssl/ssl.h>

#include <utility>

namespace stream::proxy {
namespace {

constexpr std::size_t kEach = 4;    // of a host
constexpr long kSeconds = 60 * 60;  // that a session is kept
constexpr int kNewTls = TLS1_3_VERSION;

bool usable(const SSL_SESSION& session) {
  if (SSL_SESSION_is_resumable(&session) != 1) return false;
  const long now = static_cast<long>(::time(nullptr));
  const long age = now - static_cast<long>(SSL_SESSION_get_time(&session));
  if (age < 0 || age > kSeconds || age > static_cast<long>(SSL_SESSION_get_timeout(&session))) return false;
  // It was valid when it was verified, or its host is not verified; it must not be used past its end.
  const X509* const certificate = SSL_SESSION_get0_peer(const_cast<SSL_SESSION*>(&session));
  return certificate != nullptr && X509_cmp_current_time(X509_get0_notAfter(certificate)) > 0;
}

}  // namespace

void TlsTicketFree::operator()(SSL_SESSION* session) const { SSL_SESSION_free(session); }

void TlsSessions::keep(const std::string& key, const SSL_SESSION& session, std::string problem) {
  // A connection that ends without a farewell makes its own session useless, which is no reason not to resume it.
  TlsTicket ticket(SSL_SESSION_dup(&session));
  if (most_ == 0 || !ticket) return;
  auto found = places_.find(key);
  if (found == places_.end()) {
    if (hosts_.size() == most_) {
      places_.erase(hosts_.back().key);
      hosts_.pop_back();
    }
    hosts_.push_front({key, {}});
    found = places_.emplace(key, hosts_.begin()).first;
  }
  touch(found->second);
  std::vector<Kept>& kept = found->second->kept;
  if (kept.size() == kEach) kept.erase(kept.begin());
  kept.push_back({std::move(ticket), std::move(problem)});
}

TlsSessions::Kept TlsSessions::take(const std::string& key) {
  const auto found = places_.find(key);
  if (found == places_.end()) return {};
  touch(found->second);
  std::vector<Kept>& kept = found->second->kept;
  while (!kept.empty()) {
    Kept& newest = kept.back();
    if (!usable(*newest.ticket)) {
      kept.pop_back();
      continue;
    }
    if (SSL_SESSION_get_protocol_version(newest.ticket.get()) < kNewTls) {
      return {TlsTicket(SSL_SESSION_dup(newest.ticket.get())), newest.problem};
    }
    Kept taken = std::move(newest);
    kept.pop_back();
    return taken;
  }
  return {};
}

}  // namespace stream::proxy
