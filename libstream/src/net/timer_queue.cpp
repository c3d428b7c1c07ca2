#include "timer_queue.hpp"

#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>
#include <cerrno>
#include <cstdint>

namespace stream::net {
namespace {

int make_timer_descriptor() {
  const int descriptor = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
  if (descriptor < 0) throw boost::system::system_error(errno, boost::system::system_category(), "timerfd_create");
  return descriptor;
}

}  // namespace

TimerQueue::TimerQueue(boost::asio::io_context& context) : descriptor_(context, make_timer_descriptor()) { wait(); }

void TimerQueue::close() {
  boost::system::error_code ignored;
  descriptor_.close(ignored);
}

void TimerQueue::put(std::size_t place, Timer* timer) {
  heap_[place] = timer;
  timer->place_ = place;
}

void TimerQueue::sift_up(std::size_t place) {
  Timer* const timer = heap_[place];
  for (; place > 0; place = (place - 1) / 2) {
    Timer* const parent = heap_[(place - 1) / 2];
    if (parent->deadline_ <= timer->deadline_) break;
    put(place, parent);
  }
  put(place, timer);
}

void TimerQueue::sift_down(std::size_t place) {
  Timer* const timer = heap_[place];
  for (;;) {
    std::size_t child = 2 * place + 1;
    if (child >= heap_.size()) break;
    if (child + 1 < heap_.size() && heap_[child + 1]->deadline_ < heap_[child]->deadline_) ++child;
    if (heap_[child]->deadline_ >= timer->deadline_) break;
    put(place, heap_[child]);
    place = child;
  }
  put(place, timer);
}

void TimerQueue::arm(Timer& timer, SteadyTime deadline) {
  timer.deadline_ = deadline;
  if (timer.place_ == Timer::kIdle) {
    timer.place_ = heap_.size();
    heap_.push_back(&timer);
  }
  sift_up(timer.place_);
  sift_down(timer.place_);
  set_alarm();
}

void TimerQueue::disarm(Timer& timer) {
  if (timer.place_ == Timer::kIdle) return;
  const std::size_t place = timer.place_;
  Timer* const last = heap_.back();
  heap_.pop_back();
  timer.place_ = Timer::kIdle;
  if (last == &timer) return;
  put(place, last);
  sift_up(place);
  sift_down(last->place_);
}

void TimerQueue::set_alarm() {
  if (running_ || heap_.empty()) return;
  const SteadyTime first = heap_.front()->deadline_;
  // An alarm that comes before its time finds nothing due and is set anew: cheaper than setting it at every disarm().
  if (alarm_ <= first || !descriptor_.is_open()) return;
  alarm_ = first;
  // 0 would switch the alarm off.
  const std::int64_t count = std::max<std::int64_t>(1, std::chrono::nanoseconds(first.time_since_epoch()).count());
  itimerspec spec{};
  spec.it_value.tv_sec = count / 1'000'000'000;
  spec.it_value.tv_nsec = count % 1'000'000'000;
  timerfd_settime(descriptor_.native_handle(), TFD_TIMER_ABSTIME, &spec, nullptr);
}

void TimerQueue::wait() {
  descriptor_.async_wait(decltype(descriptor_)::wait_read, [this](const boost::system::error_code& error) {
    if (error || !descriptor_.is_open()) return;
    std::uint64_t expirations = 0;
    [[maybe_unused]] const ssize_t got = ::read(descriptor_.native_handle(), &expirations, sizeof expirations);
    alarm_ = SteadyTime::max();
    run_due();
    if (descriptor_.is_open()) wait();
  });
}

void TimerQueue::run_due() {
  // Sockets are looked at between two rounds, however many deadlines have passed: the alarm is then set to one of them.
  constexpr int kRound = 512;
  running_ = true;
  SteadyTime now = SteadyClock::now();
  for (int i = 0; i < kRound && !heap_.empty(); ++i) {
    Timer* const first = heap_.front();
    if (first->deadline_ > now) {
      now = SteadyClock::now();
      if (first->deadline_ > now) break;
    }
    disarm(*first);
    first->expired_();
  }
  running_ = false;
  set_alarm();
}

}  // namespace stream::net
