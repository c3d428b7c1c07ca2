#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "stream/codec/websocket.hpp"
#include "stream/mock/websocket_mocks.hpp"
#include "stream/record/tap.hpp"

namespace stream::proxy {

/// A WebSocket of which a mock answers some messages, while the others pass between the client and the origin: no socket and no
/// clock here. The client's messages are offered to the mock in order; what it answers is not forwarded. Bytes that pass are
/// those that came. What the mock says stands between the origin's messages, never within one.
///
/// Compression must not have been agreed on: what one side has never got the other could not refer back to.
class WebSocketMocker {
 public:
  /// `tap` may be null.
  WebSocketMocker(std::unique_ptr<mock::WebSocketConversation> mock, Tap* tap, Tap::Id id, std::size_t max_message);

  struct Out {
    std::string to_client{};
    std::string to_origin{};
    std::size_t messages = 0;  ///< how many were told
    std::size_t mocked = 0;    ///< how many were answered, or sent, by the mock
    std::string trouble{};     ///< what the mock could not do; empty: nothing
  };
  /// The connection is open.
  void open(TapTime now, Out& out);
  void client(std::string_view bytes, TapTime now, Out& out);
  void origin(std::string_view bytes, TapTime now, Out& out);
  /// Does what is due.
  void advance(TapTime now, Out& out);
  /// When something is due again; nothing is due before more comes, without a value.
  std::optional<TapTime> next() const;

  bool closed() const { return closed_by_mock_ || closes_[0] || closes_[1]; }

 private:
  /// Something that is to be done at a time.
  struct Due {
    TapTime at{};
    enum class Kind : std::uint8_t { forward, send, close } kind = Kind::send;
    int number = 1;       ///< send: opcode; close: code
    std::string bytes{};  ///< forward: as they came; send: the message; close: the reason
  };
  void put(Due due);
  void forward(std::string bytes, TapTime at);
  void take_actions(std::vector<mock::Action> actions);
  void take_message(const WsMessage& message, TapTime now, Out& out);
  void say(Due due, TapTime now, Out& out);
  void tell(Direction direction, const WsMessage& message, bool mocked, TapTime now, Out& out);
  std::string raw_of(const WsMessage& message);

  std::unique_ptr<mock::WebSocketConversation> mock_;
  Tap* tap_;
  Tap::Id id_;
  WsMessageDecoder client_;
  WsMessageDecoder origin_;
  std::string raw_{};  // of the client's, from raw_begin_ on: what no message was made of yet
  std::uint64_t raw_begin_ = 0;
  /// Control frames within a fragmented message, which went on before it.
  std::vector<std::pair<std::uint64_t, std::uint64_t>> sent_{};
  std::deque<Due> due_{};  // in the order of time
  TapTime forwarded_{};    // when the last of what goes on is due
  bool as_it_is_ = false;  // the client has broken the protocol: its bytes pass unread
  bool closed_by_mock_ = false;
  bool closes_[2] = {false, false};  // NOLINT(modernize-avoid-c-arrays): the client's, the origin's
};

}  // namespace stream::proxy
