#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "stream/replay/schedule.hpp"

namespace stream::replay {

/// The client's side of a recorded WebSocket conversation: what it sends when, whatever the network; see Conversation for the
/// server's. Pure: times are the caller's, since the request was made, and never smaller than in the call before.
///
/// The server's messages are counted: one of the client's goes out when as many have come as had come before it in the recording,
/// whatever they say. So a server that says something else still hears all of the client, and one run tells of everything that
/// differs; one that says too little is waited for, until the caller has waited long enough. Pings and pongs do not count, and
/// are not sent. The client closes where it was the first to close in the recording; and where the recording has no close at all
/// (most browsers write none), once everything has been said.
class Reenactment {
 public:
  enum class Pace : std::uint8_t {
    lockstep,  ///< no pause is kept
    recorded,  ///< and not before the pause is over that the recording has behind what came before
  };
  struct Step {
    int opcode = 1;            ///< 1, 2; 8: a close
    std::string_view bytes{};  ///< of a close: its reason. They belong to the exchange.
    std::optional<int> code{};
    bool recorded = true;  ///< false: the close that no recording asks for
  };

  /// `exchange` outlives it. `speed_millionths`: of recorded pauses, see Pace.
  Reenactment(const Exchange& exchange, Pace pace, std::int64_t speed_millionths = kRecordedSpeed);

  /// The connection is open.
  void open(Nanos now);
  /// A whole message of the server's has come; pings and pongs need not be told.
  void message(int opcode, Nanos now);
  /// The server has closed, or is gone.
  void closed(Nanos now);

  /// When the next step is due; none: it waits for the server, or there is nothing more.
  std::optional<Nanos> due() const;
  /// The next step, which is due.
  Step take();

  /// All has been sent, and as many messages have come as were recorded; only an end can follow.
  bool said() const { return next_ == steps_.size() && heard_ >= expected_; }
  /// What is waited for: how many messages of the server's have not come.
  std::uint64_t missing() const { return heard_ < expected_ ? expected_ - heard_ : 0; }
  std::uint64_t expected() const { return expected_; }
  std::uint64_t unsent() const { return steps_.size() - next_; }
  /// Whether the recording has a close, of either side.
  bool closes() const { return closes_; }

 private:
  struct Planned {
    Step step{};
    std::uint64_t after = 0;  ///< so many messages had come before it
    Nanos pause{};            ///< behind what came before it
  };

  std::vector<Planned> steps_{};
  Pace pace_;
  bool closes_ = false;
  std::uint64_t expected_ = 0;
  std::uint64_t heard_ = 0;
  std::size_t next_ = 0;
  bool open_ = false;
  bool over_ = false;
  Nanos last_{};   ///< when the last step was due, or the connection was open
  Nanos ready_{};  ///< when what the next step waits for had come
};

}  // namespace stream::replay
