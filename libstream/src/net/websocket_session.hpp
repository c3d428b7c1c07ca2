#pragma once

#include <array>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket/stream.hpp>
#include <cstdint>

#include "http1_message.hpp"
#include "session.hpp"

namespace stream::net {

/// A WebSocket conversation: the recorded server's messages on their schedule, whatever the client says in between.
class WebSocketSession final : public Session {
 public:
  WebSocketSession(Services& services, Socket socket, Request request, RequestHeader header, Player player);
  ~WebSocketSession() override;

  void start() override;
  void abort() override;

 private:
  void advance();                       // carries the next step out, or waits for its time
  void accept();                        // the step `head`
  void send(const replay::Step& step);  // the steps `message` and `close`
  void send_raw(const replay::Step& step);
  void sent(const boost::beast::error_code& error);
  void read();
  void client_closes();
  void on_timer();
  void limit(Nanos time);  // for what is being sent, and for a stall
  void finish(Outcome outcome);
  void close();

  Services& services_;
  boost::beast::websocket::stream<Socket> stream_;
  Request request_;
  boost::beast::http::request<boost::beast::http::empty_body> handshake_;
  Player player_;
  Timer step_timer_;
  Served served_;
  std::array<char, 4096> buffer_{};
  std::uint64_t message_size_ = 0;  // of the client's, so far
  bool sending_ = false;
  bool finished_ = false;  // the handler knows
  bool closed_ = false;
};

}  // namespace stream::net
