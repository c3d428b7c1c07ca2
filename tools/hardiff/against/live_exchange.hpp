#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>

#include "stream/compare/compare.hpp"
#include "stream/net/client.hpp"
#include "stream/record/event.hpp"
#include "stream/replay/reenactment.hpp"

namespace tools::hardiff {

/// The clients that are at work, so that all of them can be stopped.
class Clients {
 public:
  /// No request is made any more, and those that are being made end at once.
  void stop();
  bool stopped() const;

 private:
  friend class LiveExchange;
  void add(stream::net::Client& client);
  void remove(stream::net::Client& client);
  mutable std::mutex mutex_{};
  std::set<stream::net::Client*> clients_{};
  bool stopped_ = false;
};

/// What one request needs.
struct LiveRequest {
  const stream::Exchange* recorded = nullptr;
  stream::net::ClientRequest request{};
  std::string id{};
  bool websocket = false;
  stream::net::ClientOptions client{};
  stream::Nanos margin{};  ///< longer than this, behind what the recording took, is not waited
  std::int64_t speed_millionths = stream::replay::kRecordedSpeed;
  bool recorded_pace = false;  ///< of a WebSocket's messages
  bool allow_extra = false;    ///< what a stream has behind its last expected item is not waited for
  stream::CompareOptions compare{};
  std::size_t max_bytes = std::size_t{256} << 20;
  stream::net::Moment origin{};                                         ///< t = 0 of what is recorded
  std::function<void(const stream::net::ClientEvent& head)> on_head{};  ///< on any thread
};

/// How it went.
struct LiveOutcome {
  stream::Exchange got{};
  std::optional<stream::Error> unreachable{};  ///< there was no connection
  bool timed_out = false;
  bool interrupted = false;
  stream::Nanos waited{};    ///< if it timed out
  stream::Nanos recorded{};  ///< what the recording took
  /// We left, because everything that the recording has had come. What it would have said next is not known.
  bool left = false;
  bool met = false;  ///< and it was equal
  /// How many events of `got.timeline` count: what follows is how we ended what the recording does not end.
  std::size_t counted = SIZE_MAX;
  /// Close frames that the recording has: few recorders write the one that answers the other.
  std::size_t recorded_closes = 0;
  std::uint64_t wire_bytes = 0;  ///< of the body
};

/// How long the recorded exchange took, as far as is known.
stream::Nanos recorded_duration(const stream::Exchange& exchange);
/// A stream whose recording does not say how it would have ended.
bool is_open_ended(const stream::Exchange& exchange);

/// Makes the request and waits until it is over, its time is over, or `clients` are stopped. Errors: `usage` (it cannot be sent),
/// and what keeps us from asking at all.
stream::Result<LiveOutcome> run_live(const LiveRequest& request, Clients& clients);

}  // namespace tools::hardiff
