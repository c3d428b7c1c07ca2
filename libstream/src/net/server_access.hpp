#pragma once

#include <functional>
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
  /// Calls `work` when all connections were closed, at the end of run() or of the server: whatever else waits for something is
  /// to stop.
  static void at_end(Server& server, std::function<void()> work);
};

}  // namespace stream::net
