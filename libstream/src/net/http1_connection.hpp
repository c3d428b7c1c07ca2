#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "http1_message.hpp"
#include "session.hpp"

namespace stream::net {

/// One connection that speaks HTTP/1.0 or HTTP/1.1: one request after another, each with its answer on its schedule. An
/// upgrade hands the transport on to a WebSocketSession.
class Http1Connection final : public Session {
 public:
  Http1Connection(Services& services, Transport transport, std::string peer);
  ~Http1Connection() override;

  void start() override;
  void abort() override;

 private:
  enum class State {
    idle,       ///< between two requests
    head,       ///< some of a request's head is here
    body,       ///< all of its head is here
    answering,  ///< its answer is going out
    stalled,    ///< nothing more will come, and nothing is said about it
    draining,   ///< our side is closed; what the client still sends is dropped, so that it reads our last bytes
    closed,
  };

  // Reading.
  void wait_readable();
  void on_readable();
  void on_end_of_input();
  void process_input();
  bool on_head();     // false: refused
  void on_request();  // all of it is here
  void refuse(int status, std::string_view why);

  // Answering.
  void advance();
  void compose(const replay::Step& step);
  bool has_output() const { return !out_.empty() || !view_.empty() || !tail_.empty(); }
  bool flush();  // false: not everything could be written; it goes on by itself
  void wait_writable();
  void finish_answer();
  void release_memory();
  void finish_reset();
  void report(Outcome outcome);
  void upgrade();

  // Ending.
  void limit(Nanos time);  // the longest that the present state may last
  void on_limit();
  void client_left();
  void drain();
  void close();

  Services& services_;
  Transport transport_;
  std::string peer_;
  State state_ = State::idle;
  Timer step_timer_;
  Timer limit_timer_;

  std::string in_;  // what was received and not yet parsed
  bool reading_ = false;
  bool input_ended_ = false;
  std::optional<RequestParser> parser_;
  Request request_;
  SteadyTime arrival_{};  // of the request's head

  std::optional<Player> player_;
  ResponseHead head_;
  Served served_;
  std::optional<replay::StepKind> ending_;  // the last step, once it is composed
  // Going out, in this order: small things are gathered in `out_`, a large piece of a body is written from where it is.
  std::string out_;
  std::string_view view_;
  std::string_view tail_;
  bool writing_ = false;  // the socket is full
};

}  // namespace stream::net
