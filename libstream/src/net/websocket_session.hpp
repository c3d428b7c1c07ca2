#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "session.hpp"
#include "stream/codec/websocket.hpp"
#include "stream/replay/conversation.hpp"

namespace stream::net {

/// What an HTTP connection hands on when it becomes a WebSocket.
struct Upgrade {
  Transport transport;
  Request request;
  SteadyTime arrival;  ///< of the request's head
  std::string input;   ///< what came behind the request: the first frames
  std::string output;  ///< what is still to be sent before the answer
  std::shared_ptr<const replay::Answer> answer;
  std::unique_ptr<replay::Conversation> conversation;
};

/// One WebSocket connection (RFC 6455): drives a conversation, which decides what is sent and when. An idle one has no buffers:
/// what it reads goes through one that all share, and a message is composed when the one before has left.
class WebSocketSession final : public Session {
 public:
  WebSocketSession(Services& services, Upgrade upgrade);
  ~WebSocketSession() override;

  void start() override;
  void abort() override;
  void drain() override;

 private:
  enum class State : std::uint8_t {
    open,       ///< or about to be
    closing,    ///< our close frame is composed; the client's is waited for
    lingering,  ///< our side is closed; what the client still sends is dropped, so that it reads our last bytes
    stalled,    ///< nothing more will come, and nothing is said about it
    closed,
  };

  // Reading.
  void wait_readable();
  void on_readable();
  void take_input(std::string_view bytes);
  void on_message(const WsMessage& message);
  void on_close(const WsMessage& message);
  void on_violation();
  void on_end_of_input();
  bool may_read() const;

  // Sending.
  void advance();  // carries out what is due, or waits for its time
  void play();
  void compose(const replay::Step& step);
  void compose_head();
  void compose_message(int opcode, std::string_view bytes);
  void compose_bytes(std::string_view bytes);  // they stay where they are until they have left
  void compose_close(std::optional<int> code, std::string_view reason);
  bool has_output() const { return sent_ < out_.size() || !view_.empty() || !behind_.empty(); }
  bool flush();  // false: not everything could be written; it goes on by itself
  void on_written();
  void carry_out_ending();
  void finish_reset();

  // Ending.
  void tell_deviations();
  void finish(Outcome outcome);
  void client_left();
  void linger();
  void limit(Nanos time);  // the longest that may go by without anything happening
  void on_limit();
  void on_step_timer();
  void close();

  Services& services_;
  Transport transport_;
  Request request_;
  std::shared_ptr<const replay::Answer> answer_;
  std::unique_ptr<replay::Conversation> conversation_;
  SteadyTime zero_;
  State state_ = State::open;
  bool headed_ = false;  // the answer to the handshake is composed
  bool reading_ = false;
  bool input_ended_ = false;
  bool writing_ = false;                      // the socket is full
  bool finished_ = false;                     // the handler knows
  bool client_closed_ = false;                // its close frame has come
  bool pinged_ = false;                       // nothing has come since
  std::optional<replay::StepKind> ending_{};  // the last step, while what is before it leaves
  Timer step_timer_;
  Timer limit_timer_;
  SteadyTime limit_at_{};  // limit_timer_ may be armed for earlier
  Served served_{};
  std::optional<OpenAnswer> open_;

  std::string input_;  // what came before we could answer
  std::unique_ptr<WsMessageDecoder> decoder_;
  std::optional<WsDeflateParams> deflate_{};
  std::optional<WsDeflater> deflater_{};  // with context takeover, once something was compressed
  // Going out, in this order: small things are gathered in `out_`, a large payload is written from where it is, and control
  // frames wait behind it.
  std::string out_;
  std::size_t sent_ = 0;  // of out_
  std::string_view view_;
  std::string packed_;  // what view_ is a view of, where it is compressed
  std::string behind_;
};

}  // namespace stream::net
