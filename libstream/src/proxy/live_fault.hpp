#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http1_response.hpp"
#include "live_events.hpp"
#include "live_queue.hpp"
#include "random.hpp"
#include "stream/replay/answer.hpp"
#include "stream/replay/fault.hpp"

namespace stream::proxy {

/// What of a request matters beside what the rules ask.
struct LiveRequest {
  bool head = false;       ///< its method is HEAD
  bool websocket = false;  ///< it asks for one
  bool chunks = true;      ///< the client knows chunks (HTTP/1.1)
  std::size_t max_head = std::size_t{1} << 20;
};

/// One answer on its way from the origin to the client, and what goes wrong with it: no socket and no clock here. It is fed what
/// the origin sends, and gives out what the client is to get, so that to those behind it the origin seems to have done it.
///
/// Rules are counted when the request is here; those that ask for the kind of the answer when its head is. Bytes are counted, and
/// events told apart, as they come; of an event that a rule speaks of all is held until it is complete.
class LiveFault {
 public:
  /// `plan` outlives it; so does nothing of `request`. Times are on the caller's clock.
  LiveFault(replay::FaultPlan& plan, const replay::FaultRequest& request, const LiveRequest& facts, Nanos now);

  /// Whether anything may happen to the answer.
  bool active() const { return !hits_.empty() || !pending_.empty(); }
  /// What answers instead of the origin, which is not asked: a `status` that does not hang on what it would say. Null: nothing.
  std::shared_ptr<const replay::Answer> answer();

  void origin(std::string_view bytes, Nanos now);
  /// The origin has ended, or reset, its connection: that comes behind what is still on its way.
  void origin_ended(bool reset, Nanos now);
  /// There is nothing more to be read at present.
  void caught_up() { full_since_.reset(); }
  /// What is due.
  std::vector<LiveOp> advance(Nanos now);
  /// When something is due again.
  std::optional<Nanos> next() const;
  /// Nothing is to be read from the origin for now.
  bool full() const { return stalled_ || gone_ || queue_.held() >= kMostHeld; }
  /// The origin may still send what belongs to the answer that the client has got.
  bool cut_short() const { return over_; }
  /// What was done so far, in words; empty: nothing.
  const std::string& note() const { return note_; }

  static constexpr std::size_t kMostHeld = std::size_t{1} << 20;

 private:
  struct Live {
    replay::FaultHit hit{};
    replay::Random random;
    bool done = false;
    const replay::FaultRule& rule() const { return *hit.rule; }
  };
  enum class State : std::uint8_t { head, body, frames, opaque, finished };
  enum class Body : std::uint8_t { none, length, chunked, until_close };

  void add_hit(const replay::FaultHit& hit);
  void take_head_bytes(std::string_view& bytes);
  void take_body(std::string_view bytes);
  void take_item(net::Http1Item& item);
  void on_head(const net::Http1Head& head);
  void choose_framing(const net::Http1Head& head);
  std::string make_status(const replay::FaultRule& rule) const;
  void end_body(const std::vector<replay::HeaderField>& trailers);
  bool wants_events() const;
  void take_units();
  void take_unit(LiveUnit& unit);
  void take_event(LiveUnit& unit);
  void pass(LiveUnit& unit);
  void pass_body(std::string_view bytes);
  void pass_message(LiveUnit& unit);
  void release_late(bool all);
  void corrupt(Live& live, LiveUnit& unit);

  /// Ends the answer as its protocol has it, so that there must have been a beginning.
  static bool needs_head(replay::Fault fault) {
    return fault == replay::Fault::end || fault == replay::Fault::close || fault == replay::Fault::malformed;
  }
  /// Lets those happen that stand at a place.
  template <class Is>
  void fire(const Is& is) {
    for (Live& live : hits_) {
      if (over_) return;
      if (!live.done && is(live.rule())) act(live);
    }
  }
  void act(Live& live);
  void act_in_time(Nanos now);
  void finish(Live& live, LiveOp::Kind kind, std::string_view what);
  void say(std::string text);
  bool over() const { return over_; }

  replay::FaultPlan& plan_;
  LiveRequest facts_;
  std::vector<std::size_t> pending_;  // rules that ask for the kind
  std::vector<Live> hits_;
  Nanos began_;
  Nanos arrival_{};  // of what is being taken
  std::optional<Nanos> full_since_{};
  LiveQueue queue_;
  std::string note_;

  State state_ = State::head;
  net::Http1ResponseReader reader_;
  std::vector<net::Http1Item> items_{};
  std::string head_{};
  bool headed_ = false;  // the client gets a head
  Body body_ = Body::none;
  StreamKind kind_ = StreamKind::http;
  std::optional<LiveEvents> events_{};
  LiveMessages messages_{};
  std::vector<LiveUnit> units_{};
  struct Late {
    LiveUnit unit{};
    std::uint64_t number = 0;
    std::size_t hit = 0;
  };
  std::vector<Late> late_{};  // events that come behind the next
  std::uint64_t event_ = 0;   // how many have come
  std::uint64_t offset_ = 0;  // bytes of the body, or of messages, that were passed on
  bool over_ = false;         // a fault has ended the answer
  bool stalled_ = false;
  bool gone_ = false;  // the origin's end is on its way
};

}  // namespace stream::proxy
