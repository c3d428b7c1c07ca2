#pragma once

#include <memory>

#include "door.hpp"
#include "stream/net/server.hpp"

namespace stream::net {

/// A server whose connections are something else than HTTP/1 answered by a handler: for what shares its loop, its doors and its
/// end.
struct ServerAccess {
  /// Errors: those of Server::listen().
  static Result<std::unique_ptr<Server>> listen(const ServerOptions& options, Handler& handler, Entrance entrance);
  static boost::asio::io_context& context(Server& server);
  static TimerQueue& timers(Server& server);
  /// Closes every connection. run() has ended, or was never called.
  static void end(Server& server);
};

}  // namespace stream::net
