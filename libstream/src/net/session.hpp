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
  /// Takes no more requests, and ends when its answer is over.
  virtual void drain() {}

 private:
  friend struct Services;
  std::shared_ptr<const void> keeps_;  // where they end before the context does; destroyed after all that uses them
};

/// What sessions share; outlives them: a session may be held by a wait that is still to be told that it is over.
struct Services {
  boost::asio::io_context& context;
  TimerQueue& timers;
  Handler& handler;
  const ServerOptions& options;
  const TlsServer* tls = nullptr;  ///< null: there are no certificates
  std::unordered_map<Session*, std::shared_ptr<Session>> sessions{};
  std::function<void()> released{};  ///< a session has gone
  ServerStats stats{};
  bool draining = false;                ///< what is answered now is the last of its connection
  std::weak_ptr<const void> self = {};  ///< what these are a part of, where sessions have to keep it

  void adopt(std::shared_ptr<Session> session) {
    session->keeps_ = self.lock();
    sessions.emplace(session.get(), session);
    ++stats.open_connections;
    session->start();
  }
  /// The session's last act; whoever calls this holds a reference.
  void release(Session& session) {
    if (sessions.erase(&session) == 0) return;
    --stats.open_connections;
    if (released) released();
  }
};

/// Counts an answer as open as long as it lives.
class OpenAnswer {
 public:
  explicit OpenAnswer(ServerStats& stats) : stats_(&stats) {
    ++stats.answers;
    ++stats.open_answers;
  }
  OpenAnswer(OpenAnswer&& other) noexcept : stats_(std::exchange(other.stats_, nullptr)) {}
  OpenAnswer& operator=(OpenAnswer&& other) noexcept {
    std::swap(stats_, other.stats_);
    return *this;
  }
  ~OpenAnswer() {
    if (stats_ != nullptr) --stats_->open_answers;
  }

 private:
  ServerStats* stats_;
};

/// Hears of the steps of a live answer as long as it lives.
class LiveListener {
 public:
  LiveListener() = default;
  LiveListener(std::shared_ptr<replay::LiveSteps> steps, std::function<void()> more)
      : steps_(std::move(steps)), number_(steps_->listen(std::move(more))) {}
  LiveListener(LiveListener&&) noexcept = default;
  LiveListener& operator=(LiveListener&& other) noexcept {
    std::swap(steps_, other.steps_);
    std::swap(number_, other.number_);
    return *this;
  }
  ~LiveListener() {
    if (steps_) steps_->forget(number_);
  }

 private:
  std::shared_ptr<replay::LiveSteps> steps_{};
  std::uint64_t number_ = 0;
};

/// Walks an answer on the clock: what is due when, and how late it was.
class Player {
 public:
  Player(std::shared_ptr<const replay::Answer> answer, SteadyTime arrival, SteadyTime now, ServerStats& stats)
      : playback_(std::move(answer)), zero_(arrival), stats_(&stats), open_(stats) {
    // A start that was missed moves the whole schedule, so that its pauses stay.
    begin_by(now);
  }

  /// Of a live answer: calls `more` when there is more of it.
  void listen(std::function<void()> more) { listener_ = LiveListener(answer().live, std::move(more)); }
  /// Nothing is due until more of a live answer comes. What came late moves the schedule.
  bool waits(SteadyTime now) {
    if (!playback_.waiting()) return false;
    playback_.refresh();
    if (!playback_.waiting()) begin_by(now);
    return playback_.waiting();
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
    const Nanos late = now - next_time();
    lateness_ = std::max(lateness_, late);
    stats_->took_step(late);
    const replay::Step step = next();
    playback_.take();
    return step;
  }
  Nanos max_lateness() const { return lateness_; }

 private:
  void begin_by(SteadyTime now) {
    if (!done() && !playback_.waiting() && next_time() < now) zero_ += now - next_time();
  }

  replay::Playback playback_;
  LiveListener listener_{};
  SteadyTime zero_;
  ServerStats* stats_;
  OpenAnswer open_;
  Nanos lateness_{};
};

}  // namespace stream::net
