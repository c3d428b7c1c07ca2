#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "session.hpp"
#include "stream/mock/conversation.hpp"
#include "stream/net/server.hpp"
#include "transport.hpp"

namespace stream::proxy {

/// A server for one request, at the other end of a connection that nobody else can reach: the servers' own, so that what a mock
/// answers has all that they can do (times, streams, faults, conversations).
class MockOrigin {
 public:
  /// Answers with `answer`; where that is a WebSocket, `conversation` is what it says, and `deviated` is told what the client did
  /// that it does not know.
  MockOrigin(net::Services& services, std::shared_ptr<const replay::Answer> answer,
             std::unique_ptr<replay::Conversation> conversation = nullptr,
             std::function<void(const replay::Deviation& deviation)> deviated = {});
  MockOrigin(const MockOrigin&) = delete;
  MockOrigin& operator=(const MockOrigin&) = delete;
  ~MockOrigin();

  /// Our end of the connection. Once. No value: the system has no sockets left.
  std::optional<net::Transport> connect();

 private:
  class Server;
  std::shared_ptr<Server> server_;  // the connection's waits keep it
};

}  // namespace stream::proxy
