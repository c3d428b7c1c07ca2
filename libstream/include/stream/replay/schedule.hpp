#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "stream/record/event.hpp"
#include "stream/text/timestamp.hpp"

/// When the server of a recorded exchange does what. Pure: no clock, no socket, no protocol version.
namespace stream::replay {

inline constexpr std::int64_t kRecordedSpeed = 1'000'000;

/// How recorded time becomes replayed time, in this order:
///
/// 1. `start` and `end` choose a part of the recording;
/// 2. `max_gap` and `min_gap` limit its pauses, in recorded time;
/// 3. `speed` scales what is left;
/// 4. `ttfb` and `interval` take the place of recorded pauses. They are replayed times: 1 to 3 do not concern them;
/// 5. `jitter` makes steps later, and none earlier.
struct Pace {
  std::optional<Nanos> start{};    ///< since the request: what came before is not played; the request counts as made then
  std::optional<Nanos> end{};      ///< since the request: what came then or later is not played, and the answer ends well there
  std::optional<Nanos> max_gap{};  ///< no pause between two events is longer than this
  std::optional<Nanos> min_gap{};  ///< no pause between two pieces of payload is shorter; not above max_gap
  std::int64_t speed_millionths = kRecordedSpeed;  ///< 2'000'000 is twice as fast; greater than 0
  bool no_delay = false;                           ///< no recorded pause is kept; gaps and speed mean nothing
  std::optional<Nanos> ttfb{};                     ///< from the request to the head of the answer
  std::optional<Nanos>
      interval{};                 ///< from each piece of payload to the next, and from the head to the first; none before the end
  std::optional<Nanos> jitter{};  ///< a step is later by a part of this, from 0 to all of it, which does not add up
  std::uint64_t seed = 0;         ///< of the jitter, with the exchange's id: the same for every replay
  std::uint64_t rounds = 1;       ///< how often the payload of a stream is played; 0: for ever. Not by make_schedule()
  std::optional<Nanos> keepalive{};  ///< an SSE comment when nothing was sent for so long. Not by make_schedule()

  bool operator==(const Pace&) const = default;
};

/// "0.1" to "1000", with up to six decimals, into millionths; exact. No value for anything else.
std::optional<std::int64_t> parse_speed(std::string_view text);

enum class StepKind {
  head,     ///< the head of the response, or the answer to a WebSocket handshake
  data,     ///< bytes of the body, as they arrived together
  message,  ///< a WebSocket message, ping or pong
  raw,      ///< bytes that go on the connection as they are, without framing: a fault
  close,    ///< a WebSocket close; nothing follows
  end,      ///< the response is complete
  cut,      ///< the connection ends in the middle of the response
  reset,    ///< the connection is reset once everything before has left
  stall,    ///< nothing more comes, and the connection stays open until the client gives up
};

struct Step {
  Nanos at{};  ///< since the arrival of the request; never smaller than in the step before
  StepKind kind = StepKind::end;
  int number = 0;            ///< message: opcode; close: code (1005: none)
  std::string_view bytes{};  ///< data, message, raw: the octets; close: the reason. They belong to the exchange.
  std::uint64_t after = 0;   ///< WebSocket: how many ClientMessages had come before it

  bool operator==(const Step&) const = default;
};

/// What the client of a recorded WebSocket conversation said: a message, or the close with which it was the first.
struct ClientMessage {
  Nanos at{};                ///< when it came, as it is replayed: on the clock of the steps
  int opcode = 1;            ///< 1, 2, 8
  std::string_view bytes{};  ///< of a close: the reason. They belong to the exchange.

  bool operator==(const ClientMessage&) const = default;
};

/// Whether nothing follows a step of this kind.
constexpr bool is_last(StepKind kind) { return kind >= StepKind::close; }

/// What the server of `exchange` sends, beginning with `head` and ending with exactly one of close, end, cut, reset, stall.
///
/// Time 0 is the arrival of the request: the head is due at response.t - request.t. What the client sent is no step, but
/// the pauses before and after it count. Times are sums of integer nanoseconds, scaled once and rounded up, so that nothing
/// drifts and nothing is early. Time that runs backwards in a recording counts as no pause.
///
/// Where only the time is known that a whole body took (`timings.receive` of a HAR, and one piece at its end), the body is
/// spread over it: at most 256 pieces, each due when its last byte would be at an even rate; events of server-sent events and
/// lines are not cut. With `min_gap` or `interval` it is one piece: they speak of pieces that were there.
///
/// An exchange that ended with `eof` ends with `end`; with `reset`, `abort` or `error`, with `reset`; with `timeout`, with
/// `stall`; without an end (the recording was cut off) or for another reason, with `cut` after its last byte. A WebSocket
/// conversation ends with its recorded close, else with 1000 where it was complete or cut off. Code 1006 (no close frame)
/// is a `cut`. Without any response there is no `head` either, unless there are bytes or messages to send.
///
/// `client` gets what the client of a WebSocket conversation said in the part that is played, in its order; pings and pongs are
/// none of it.
///
/// `exchange` outlives the steps.
std::vector<Step> make_schedule(const Exchange& exchange, const Pace& pace, std::vector<ClientMessage>* client = nullptr);

/// Whether the server's side of the exchange is a WebSocket conversation: status 101 (or none recorded) and of that kind.
bool is_websocket(const Exchange& exchange);

}  // namespace stream::replay
