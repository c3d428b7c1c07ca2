#pragma once

#include <openssl/ssl.h>

#include <chrono>
#include <cstddef>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace stream::proxy {

struct TlsTicketFree {
  void operator()(SSL_SESSION* session) const;
};
using TlsTicket = std::unique_ptr<SSL_SESSION, TlsTicketFree>;

/// TLS sessions to be resumed, by host; the hosts that were used last.
class TlsSessions {
 public:
  /// What is known of the certificate that the session began with goes with it.
  struct Kept {
    TlsTicket ticket{};  ///< null: there is none
    std::string problem{};
  };

  explicit TlsSessions(std::size_t hosts) : most_(hosts) {}

  void keep(const std::string& key, const SSL_SESSION& session, std::string problem);
  /// The newest. A session of TLS 1.3 is given out once (RFC 8446 appendix C.4).
  Kept take(const std::string& key);

 private:
  struct Host {
    std::string key{};
    std::vector<Kept> kept{};  // the newest last
  };
  void touch(std::list<Host>::iterator host) { hosts_.splice(hosts_.begin(), hosts_, host); }

  std::size_t most_;
  std::list<Host> hosts_{};  // used last in front
  std::unordered_map<std::string, std::list<Host>::iterator> places_{};
};

}  // namespace stream::proxy
