#pragma once

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>

#include "stream/net/server.hpp"
#include "stream/replay/playback.hpp"
#include "timer_queue.hpp"
#include "tls_server.hpp"
#include "transport.hpp"

namespace stream::net {

/// One connection in one protocol. It lives in Services::sessions until it ends itself.
class Session : public std::enable_shared_from_this<Session> {
 public:
  Session() = default;
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
  virtual ~Session() = default;

  virtual void start() = 0;
  /// Closes the connection where it is, without a word to the handler.
  virtual void abort() = 0;
};

/// What sessions share; outlives them.
struct Services {
  boost::asio::io_context& context;
  TimerQueue& timers;
  Handler& handler;
  const ServerOptions& options;
  const TlsServer* tls = nullptr;  ///< null: there are no certificates
  std::unordered_map<Session*, std::shared_ptr<Session>> sessions{};
  std::function<void()> released{};  ///< a session has gone

  void adopt(std::shared_ptr<Session> session) {
    sessions.emplace(session.get(), session);
    session->start();
  }
  /// The session's last act; whoever calls this holds a reference.
  void release(Session& session) {
    if (sessions.erase(&session) != 0 && released) released();
  }
};

/// Walks an answer on the clock: what is due when, and how late it was.
class Player {
 public:
  Player(std::shared_ptr<const replay::Answer> answer, SteadyTime arrival, SteadyTime now)
      : playback_(std::move(answer)), zero_(arrival) {
    // A start that was missed moves the whole schedule, so that its pauses stay.
    if (!done() && next_time() < now) zero_ += now - next_time();
  }

  const replay::Answer& answer() const { return playback_.answer(); }
  bool done() const { return playback_.done(); }
  /// Until take().
  const replay::Step& next() const { return playback_.next(); }
  SteadyTime next_time() const {
    constexpr auto kFar = std::chrono::hours(24 * 365 * 100);  // no sum may overflow
    return zero_ + std::min<Nanos>(next().at, kFar);
  }
  /// Goes behind the next step, which is carried out `now`.
  replay::Step take(SteadyTime now) {
    lateness_ = std::max<Nanos>(lateness_, now - next_time());
    const replay::Step step = next();
    playback_.take();
    return step;
  }
  Nanos max_lateness() const { return lateness_; }

 private:
  replay::Playback playback_;
  SteadyTime zero_;
  Nanos lateness_{};
};

}  // namespace stream::net
