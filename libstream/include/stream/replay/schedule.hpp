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

/// How recorded time becomes replayed time. The gap limit is applied first, then the speed.
struct Pace {
  std::int64_t speed_millionths = kRecordedSpeed;  ///< 2'000'000 is twice as fast; greater than 0
  std::optional<Nanos> max_gap{};                  ///< no pause between two events is longer than this, at recorded speed
  bool no_delay = false;                           ///< everything at once; speed and gaps mean nothing

  bool operator==(const Pace&) const = default;
};

/// "0.1" to "1000", with up to six decimals, into millionths; exact. No value for anything else.
std::optional<std::int64_t> parse_speed(std::string_view text);

enum class StepKind {
  head,     ///< the head of the response, or the answer to a WebSocket handshake
  data,     ///< bytes of the body, as they arrived together
  message,  ///< a WebSocket message, ping or pong
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
  std::string_view bytes{};  ///< data, message: the octets; close: the reason. They belong to the exchange.

  bool operator==(const Step&) const = default;
};

/// What the server of `exchange` sends, beginning with `head` and ending with exactly one of close, end, cut, reset, stall.
///
/// Time 0 is the arrival of the request: the head is due at response.t - request.t. What the client sent is no step, but
/// the pauses before and after it count. Times are sums of integer nanoseconds from time 0, scaled once and rounded up, so
/// that nothing drifts and nothing is early. Time that runs backwards in a recording counts as no pause.
///
/// An exchange that ended with `eof` ends with `end`; with `reset`, `abort` or `error`, with `reset`; with `timeout`, with
/// `stall`; without an end (the recording was cut off) or for another reason, with `cut` after its last byte. A WebSocket
/// conversation ends with its recorded close, else with 1000 where it was complete or cut off. Code 1006 (no close frame)
/// is a `cut`. Without any response there is no `head` either, unless there are bytes or messages to send.
///
/// `exchange` outlives the steps.
std::vector<Step> make_schedule(const Exchange& exchange, const Pace& pace);

/// Whether the server's side of the exchange is a WebSocket conversation: status 101 (or none recorded) and of that kind.
bool is_websocket(const Exchange& exchange);

}  // namespace stream::replay
