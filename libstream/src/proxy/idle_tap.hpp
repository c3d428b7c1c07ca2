#pragma once

#include <chrono>

#include "stream/record/tap.hpp"
#include "timer_queue.hpp"

namespace stream::proxy {

/// Hands everything on to another tap, and tells it a moment later that it may hand on what it has gathered. To do so whenever
/// the relay has nothing to do would cost as much as the relaying, since under load that is thousands of times a second.
class IdleTap final : public Tap {
 public:
  static constexpr auto kMoment = std::chrono::milliseconds(2);

  /// `to` outlives it, and it the queue's last call.
  explicit IdleTap(Tap& to) : to_(to) {}
  ~IdleTap() override { stop(); }
  void runs_in(net::TimerQueue& timers) { timers_ = &timers; }
  /// The queue is about to go.
  void stop() {
    if (timers_ != nullptr) timers_->disarm(timer_);
    timers_ = nullptr;
  }

  TapInterest request(Id id, TapTime at, const TapRequest& request) override { return busy().request(id, at, request); }
  void request_data(Id id, TapTime at, std::string_view bytes) override { busy().request_data(id, at, bytes); }
  void request_trailers(Id id, TapTime at, std::span<const TapField> trailers) override {
    busy().request_trailers(id, at, trailers);
  }
  void interim(Id id, TapTime at, int status, std::span<const TapField> fields) override {
    busy().interim(id, at, status, fields);
  }
  TapInterest response(Id id, TapTime at, const TapResponse& response) override { return busy().response(id, at, response); }
  void data(Id id, TapTime at, std::string_view bytes) override { busy().data(id, at, bytes); }
  void message(Id id, TapTime at, const TapMessage& message) override { busy().message(id, at, message); }
  void close(Id id, TapTime at, const TapClose& close) override { busy().close(id, at, close); }
  void end(Id id, TapTime at, const TapEnd& end) override { busy().end(id, at, end); }
  void idle() override { to_.idle(); }

 private:
  Tap& busy() {
    if (!waiting_ && timers_ != nullptr) {
      waiting_ = true;
      timers_->arm(timer_, net::SteadyClock::now() + kMoment);
    }
    return to_;
  }

  Tap& to_;
  net::TimerQueue* timers_ = nullptr;
  bool waiting_ = false;
  net::Timer timer_{[this] {
    waiting_ = false;
    to_.idle();
  }};
};

}  // namespace stream::proxy
