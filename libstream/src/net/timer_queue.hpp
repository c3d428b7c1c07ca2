#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <chrono>
#include <cstddef>
#include <functional>
#include <utility>
#include <vector>

namespace stream::net {

/// CLOCK_MONOTONIC, as the kernel's timers count.
using SteadyClock = std::chrono::steady_clock;
using SteadyTime = SteadyClock::time_point;

/// One deadline at a time. Belongs to the object it calls; disarm it, in its queue, before that goes.
class Timer {
 public:
  explicit Timer(std::function<void()> expired) : expired_(std::move(expired)) {}
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

 private:
  friend class TimerQueue;
  static constexpr std::size_t kIdle = static_cast<std::size_t>(-1);
  std::function<void()> expired_;
  SteadyTime deadline_{};
  std::size_t place_ = kIdle;  // in the heap
};

/// Timers on absolute deadlines, to the nanosecond and never early: a heap over one timerfd. Asio's own timers round to
/// microseconds, count from now, and take a lock and an allocation for each wait.
class TimerQueue {
 public:
  explicit TimerQueue(boost::asio::io_context& context);

  /// Calls the timer once `deadline` has come; a deadline in the past counts as now. Replaces an earlier deadline.
  void arm(Timer& timer, SteadyTime deadline);
  void disarm(Timer& timer);
  /// Ends the waiting, so that the io_context can run out of work.
  void close();

 private:
  void wait();
  void run_due();
  void set_alarm();
  void sift_up(std::size_t place);
  void sift_down(std::size_t place);
  void put(std::size_t place, Timer* timer);

  boost::asio::posix::basic_stream_descriptor<boost::asio::io_context::executor_type> descriptor_;
  std::vector<Timer*> heap_;
  SteadyTime alarm_ = SteadyTime::max();  // what the timerfd is set to; max: nothing
  bool running_ = false;                  // in run_due(), which sets the alarm at its end
};

}  // namespace stream::net
