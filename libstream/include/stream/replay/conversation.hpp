#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "stream/replay/answer.hpp"

namespace stream::replay {

/// How a client is not the one that was expected.
struct Deviation {
  enum class Kind : std::uint8_t {
    different,   ///< a message is not the expected one
    unexpected,  ///< a message came where none was expected
    missing,     ///< the client left before it had said everything
    failed,      ///< no answer to a message could be made; `actual` says why
  };
  Kind kind = Kind::different;
  std::uint64_t number = 0;  ///< which of the client's messages, from 1; missing: the first that did not come
  std::uint64_t count = 1;   ///< missing: how many did not come
  std::string where{};       ///< different: the place in the message, "/op"; empty: all of it
  std::string expected{};    ///< shortened, for display; empty: nothing was expected
  std::string actual{};      ///< shortened, for display

  bool operator==(const Deviation&) const = default;
};
/// "message 2: /op: expected "ping", got "pong""; one line, without control characters.
std::string to_string(const Deviation& deviation);
/// A message for display: text as a JSON string, octets in hexadecimal; both shortened.
std::string shown_message(int opcode, std::string_view bytes);

/// The server's side of one WebSocket connection: what it sends when, whatever the network. Pure: times are the caller's, since
/// the arrival of the request, and never smaller than in the call before.
class Conversation {
 public:
  Conversation() = default;
  Conversation(const Conversation&) = delete;
  Conversation& operator=(const Conversation&) = delete;
  virtual ~Conversation() = default;

  /// The connection is open: the step `head` is carried out. Once, before any message.
  virtual void open(Nanos now) = 0;
  /// The client has sent a whole message; pings and pongs need not be told.
  virtual void message(int opcode, std::string_view bytes, Nanos now) = 0;
  /// The client has closed, or is gone: nothing more will come of it. Further calls do nothing.
  virtual void closed(Nanos now) = 0;

  /// The last step was taken.
  virtual bool done() const = 0;
  /// When the next step is due; none: it waits for the client, or there is nothing more.
  virtual std::optional<Nanos> due() const = 0;
  /// Whether the next step, due or not, is the end of the conversation (or there is nothing to come): a client that closes now
  /// has heard everything.
  virtual bool over() const = 0;
  /// Behind closed(): the next step is the end with which the server answers the client's close.
  virtual bool answers_close() const { return false; }
  /// The next step, which is due; the first one is usually `head`. Its bytes are valid until the next call.
  virtual Step take() = 0;
  /// False: so much is still to be sent that the client is not to be heard for now.
  virtual bool listens() const { return true; }

  /// Those that came since the last call, in their order. After the first hundred only deviation_count() tells of them.
  std::vector<Deviation> take_deviations();
  std::uint64_t deviation_count() const { return deviation_count_; }

 protected:
  void deviate(Deviation deviation);

 private:
  std::vector<Deviation> deviations_{};
  std::uint64_t deviation_count_ = 0;
};

/// When a recorded server sends its messages.
enum class WsMode : std::uint8_t {
  timed,     ///< at their recorded times, whatever the client says
  lockstep,  ///< as soon as the client's messages have come that had come before in the recording; no pause is kept
  both,      ///< so, and not before the recorded pause behind those is over: a late client moves the rest of the schedule
};

/// How a message is not what was expected; see Deviation.
struct Mismatch {
  std::string where{};
  std::string expected{};  ///< both empty: the whole messages
  std::string actual{};
};
/// No value: the message is the expected one.
using MessageMatcher = std::function<std::optional<Mismatch>(const ClientMessage& expected, int opcode, std::string_view bytes)>;
/// The same kind of message, and the same octets.
std::optional<Mismatch> match_exactly(const ClientMessage& expected, int opcode, std::string_view bytes);

/// Plays the steps of a recorded conversation, with its rounds and faults.
///
/// In `lockstep` and `both` the client's messages are counted: the nth stands for the nth recorded one, also where it is another
/// (that is a deviation, after which the conversation goes on), so that one run tells of all deviations. Messages behind the last
/// are deviations too, and those that a client leaves without. Pings, pongs and the codes of closes are not compared. Where the
/// recorded client was the first to close, its close is waited for like a message.
std::unique_ptr<Conversation> make_conversation(std::shared_ptr<const Answer> answer, WsMode mode,
                                                MessageMatcher matches = match_exactly);

}  // namespace stream::replay
