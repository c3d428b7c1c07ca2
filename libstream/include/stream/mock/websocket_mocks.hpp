#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "stream/mock/http_mocks.hpp"

namespace stream::mock {

/// What a mocked server does.
struct Action {
  enum class Kind : std::uint8_t { send, close };
  Nanos at{};  ///< on the caller's clock
  Kind kind = Kind::send;
  int number = 1;       ///< send: opcode 1 or 2; close: code
  std::string bytes{};  ///< send: the message; close: the reason

  bool operator==(const Action&) const = default;
};

/// What becomes of one message of the client's.
struct Reply {
  /// False: no rule fits. Whether the message is forwarded, dropped, or ends the connection is the caller's to say.
  bool handled = false;
  /// The earliest moment of forwarding, so that what was answered before is out: messages are served one after the other.
  Nanos at{};
  std::optional<std::size_t> rule{};  ///< none also where the connection closes because no rule fits
  std::vector<Action> actions{};      ///< in the order of time
};

/// One connection. Actions that are due behind a close are void; so are those of on_connect and of rules alike.
class WebSocketConversation {
 public:
  WebSocketConversation() = default;
  WebSocketConversation(const WebSocketConversation&) = delete;
  WebSocketConversation& operator=(const WebSocketConversation&) = delete;
  virtual ~WebSocketConversation() = default;

  /// What the handshake's answer names: the mock's subprotocol if the client offers it, or without one the first that is offered;
  /// empty: none.
  virtual const std::string& subprotocol() const = 0;
  virtual std::size_t mock() const = 0;
  virtual const Place& place() const = 0;

  /// The connection is open: what the server says by itself. Once, before any message.
  virtual Result<std::vector<Action>> open(Nanos now) = 0;
  /// A message has arrived; `now` is never smaller than before. Messages that arrive after the close that was sent are handled,
  /// by nothing. Opcodes other than 1 and 2 are not for rules: not handled.
  virtual Result<Reply> message(int opcode, std::string_view bytes, Nanos now) = 0;
  /// The moment of the server's close, if there will be one.
  virtual std::optional<Nanos> closes_at() const = 0;
};

/// WebSocket mocks and the counters of connections. Belongs to one thread; conversations outlive it.
class WebSocketMocks {
 public:
  explicit WebSocketMocks(std::vector<WebSocketMock> mocks = {}, PlayOptions options = {});
  WebSocketMocks(WebSocketMocks&&) noexcept;
  WebSocketMocks& operator=(WebSocketMocks&&) noexcept;
  WebSocketMocks(const WebSocketMocks&) = delete;
  WebSocketMocks& operator=(const WebSocketMocks&) = delete;
  ~WebSocketMocks();

  /// The conversation of the first mock that fits a handshake; null: none does.
  std::unique_ptr<WebSocketConversation> connect(const Request& handshake);

  std::size_t size() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace stream::mock
