#pragma once

#include "stream/net/server.hpp"

namespace tools::streamserve {

/// What signals ask for by Server::notify().
enum class Notice : int { drain = 0, reload = 1 };

/// As long as this lives: SIGINT stops `server`; SIGTERM asks for a drain, and the second one stops; SIGHUP asks for a reload.
/// There is one at a time.
class ServerSignals {
 public:
  explicit ServerSignals(stream::net::Server& server);
  ServerSignals(const ServerSignals&) = delete;
  ServerSignals& operator=(const ServerSignals&) = delete;
  ~ServerSignals();

  /// Whether the terminal that there was has gone: then a SIGHUP comes from that.
  bool terminal_gone() const;

 private:
  bool had_terminal_;
};

}  // namespace tools::streamserve
