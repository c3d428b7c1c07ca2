#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "http1_message.hpp"
#include "session.hpp"

namespace stream::net {

/// One connection that speaks HTTP/1.0 or HTTP/1.1: one request after another, each with its answer on its schedule. An
/// upgrade hands the transport on to a WebSocketSession, and CONNECT to a Greeting.
class Http1Connection final : public Session {
 public:
  /// `tunnel`: the authority that CONNECT named, inside of one.
  Http1Connection(Services& services, Transport transport, std::string peer, std::string tunnel = {});
  ~Http1Connection() override;

  void start() override;
  void abort() override;
  void drain() override;
  /// Before start(): whatever is asked is answered with 400.
  void refuse_all(std::string why) { refusal_ = std::move(why); }

 private:
  enum class State {
    idle,       ///< between two requests
    head,       ///< some of a request's head is here
    body,       ///< all of its head is here
    answering,  ///< its answer is going out
    stalled,    ///< nothing more will come, and nothing is said about it
    lingering,  ///< our side is closed; what the client still sends is dropped, so that it reads our last bytes
    closed,
  };

  // Reading.
  void wait_readable();
  void on_readable();
  void on_end_of_input();
  void process_input();
  bool on_head();     // false: refused
  void on_request();  // all of it is here
  void limit_body();
  void refuse(int status, std::string_view why);
  void open_tunnel();
  void finish_without_answer();

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
  void upgrade(std::shared_ptr<const replay::Answer> answer);

  // Ending.
  void limit(Nanos time);  // the longest that the present state may last
  void on_limit();
  void client_left();
  void linger();
  void close();

  Services& services_;
  Transport transport_;
  std::string peer_;
  std::string tunnel_;   // the authority that CONNECT named; empty outside of one
  std::string refusal_;  // of everything
  State state_ = State::idle;
  Timer step_timer_;
  Timer limit_timer_;

  std::string in_;  // what was received and not yet parsed
  bool reading_ = false;
  bool input_ended_ = false;
  std::optional<Http1RequestReader> reader_;
  Request request_;
  bool keep_alive_ = false;      // as the request has it
  SteadyTime arrival_{};         // of the request's head
  std::uint64_t body_seen_ = 0;  // of the request, when the time for more of it was last set

  std::optional<Player> player_;
  ResponseHead head_;
  Served served_;
  std::optional<replay::StepKind> ending_;  // the last step, once it is composed
  bool opens_tunnel_ = false;               // once the output is gone
  Transport::Farewell farewell_ = Transport::Farewell::yes;
  // Going out, in this order: small things are gathered in `out_`, a large piece of a body is written from where it is.
  std::string out_;
  std::string_view view_;
  std::string_view tail_;
  bool writing_ = false;  // the socket is full
};

}  // namespace stream::net
