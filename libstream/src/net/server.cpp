#include "stream/net/server.hpp"

#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <cerrno>
#include <mutex>
#include <utility>
#include <vector>

#include "door.hpp"
#include "server_access.hpp"

namespace stream::net {
namespace asio = boost::asio;
using boost::system::error_code;

std::string_view to_string(Outcome outcome) {
  switch (outcome) {
    case Outcome::complete:
      return "complete";
    case Outcome::client_left:
      return "the client left";
    case Outcome::timed_out:
      return "the client did not read";
    case Outcome::failed:
      return "the client broke the protocol";
  }
  return "";
}

void Handler::served(const Request&, const replay::Answer&, const Served&) {}
void Handler::refused(std::string_view, int, std::string_view) {}
void Handler::received(const Request&, int, std::uint64_t) {}
void Handler::deviated(const Request&, const replay::Answer&, const replay::Deviation&) {}
std::unique_ptr<replay::Conversation> Handler::converse(const Request&, std::shared_ptr<const replay::Answer> answer) {
  return replay::make_conversation(std::move(answer), replay::WsMode::timed);
}

namespace {

/// Work that is done again and again.
class Repeated {
 public:
  Repeated(TimerQueue& timers, Nanos period, std::function<void()> work)
      : timers_(timers), period_(period), work_(std::move(work)), timer_([this] {
          work_();
          start();
        }) {}
  Repeated(const Repeated&) = delete;
  Repeated& operator=(const Repeated&) = delete;
  ~Repeated() { timers_.disarm(timer_); }
  void start() { timers_.arm(timer_, SteadyClock::now() + period_); }

 private:
  TimerQueue& timers_;
  const Nanos period_;
  std::function<void()> work_;
  Timer timer_;
};

// What the eventfd adds up: how often each of these was asked for, in 16 bits.
constexpr unsigned kStop = 0;
constexpr unsigned kPosted = 16;
constexpr unsigned kNotified = 32;
constexpr int kNotices = 2;

}  // namespace

struct Server::Impl {
  using Executor = asio::io_context::executor_type;

  Impl() : calls(context, eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)), drain_timer([this] { end(); }) {
    calls_native = calls.native_handle();
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;
  ~Impl() {
    end();
    context.restart();
    context.poll();  // lets every handler go that still holds a session
    timers.disarm(drain_timer);
  }

  Result<Door*> add_door(const ServerOptions& options, Handler& handler, Entrance entrance = {}) {
    auto door = std::make_unique<Door>(context, timers, options, handler, std::move(entrance));
    STREAM_TRY(door->bind());
    doors.push_back(std::move(door));
    return doors.back().get();
  }

  Status run() {
    // Timeouts of epoll_wait may be as late as this (ns); 50 µs are usual.
    prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
    wait_for_calls();
    for (const auto& door : doors) door->accept();
    for (const auto& work : repeated) work->start();
    context.run();
    return {};
  }

  void call(unsigned what) const noexcept {
    const std::uint64_t one = std::uint64_t{1} << what;
    const int before = errno;
    [[maybe_unused]] const ssize_t written = ::write(calls_native, &one, sizeof one);
    errno = before;
  }

  void wait_for_calls() {
    calls.async_wait(decltype(calls)::wait_read, [this](const error_code& error) {
      if (error) return;
      std::uint64_t sum = 0;
      if (::read(calls_native, &sum, sizeof sum) != static_cast<ssize_t>(sizeof sum)) sum = 0;
      const auto asked = [sum](unsigned what) { return ((sum >> what) & 0xffffU) != 0; };
      if (asked(kStop)) return end();
      if (asked(kPosted)) run_posted();
      for (int number = 0; number < kNotices; ++number) {
        if (asked(kNotified + 16U * static_cast<unsigned>(number)) && notified) notified(number);
      }
      if (!ended) wait_for_calls();
    });
  }

  void run_posted() {
    std::vector<std::function<void()>> work;
    {
      const std::lock_guard lock(posted_mutex);
      work.swap(posted);
    }
    for (const auto& each : work) each();
  }

  /// Closes everything, so that run() finds nothing left to do.
  void end() {
    ended = true;
    error_code ignored;
    for (const auto& door : doors) door->end();
    if (const auto work = std::exchange(at_end, {})) work();
    timers.close();
    calls.cancel(ignored);  // open until the end: stop() may come again
  }

  // One thread: no locks. What others want comes through a descriptor, which needs none.
  asio::io_context context{BOOST_ASIO_CONCURRENCY_HINT_UNSAFE};
  TimerQueue timers{context};
  asio::posix::basic_stream_descriptor<Executor> calls;
  int calls_native = -1;
  std::vector<std::unique_ptr<Door>> doors;
  std::vector<std::unique_ptr<Repeated>> repeated;
  Timer drain_timer;
  std::function<void(int)> notified;
  std::function<void()> at_end;
  std::mutex posted_mutex;
  std::vector<std::function<void()>> posted;
  bool ended = false;
};

Result<std::unique_ptr<Server>> ServerAccess::listen(const ServerOptions& options, Handler& handler, Entrance entrance) {
  try {
    auto impl = std::make_unique<Server::Impl>();
    STREAM_TRY(impl->add_door(options, handler, std::move(entrance)));
    return std::unique_ptr<Server>(new Server(std::move(impl)));
  } catch (const boost::system::system_error& error) {
    return fail({ErrorCode::io, std::string("cannot start a server: ") + error.what(), {}, {}});
  }
}

asio::io_context& ServerAccess::context(Server& server) { return server.impl_->context; }
TimerQueue& ServerAccess::timers(Server& server) { return server.impl_->timers; }
void ServerAccess::at_end(Server& server, std::function<void()> work) { server.impl_->at_end = std::move(work); }

Result<std::unique_ptr<Server>> Server::listen(const ServerOptions& options, Handler& handler) {
  return ServerAccess::listen(options, handler, {});
}

Server::Server(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Server::~Server() = default;

std::uint16_t Server::port() const { return impl_->doors.front()->port(); }
const std::string& Server::url() const { return impl_->doors.front()->url(); }
const ServerStats& Server::stats() const { return impl_->doors.front()->stats(); }

Result<std::string> Server::also_listen(const ServerOptions& options, Handler& handler) {
  STREAM_ASSIGN(const Door* const door, impl_->add_door(options, handler));
  return door->url();
}

void Server::every(Nanos period, std::function<void()> work) {
  impl_->repeated.push_back(std::make_unique<Repeated>(impl_->timers, period, std::move(work)));
}

Status Server::run() { return impl_->run(); }
void Server::stop() noexcept { impl_->call(kStop); }

void Server::drain(Nanos limit) {
  impl_->timers.arm(impl_->drain_timer, SteadyClock::now() + limit);
  impl_->doors.front()->drain([impl = impl_.get()] { impl->call(kStop); });
}

void Server::post(std::function<void()> work) {
  {
    const std::lock_guard lock(impl_->posted_mutex);
    impl_->posted.push_back(std::move(work));
  }
  impl_->call(kPosted);
}

void Server::on_notify(std::function<void(int)> work) { impl_->notified = std::move(work); }
void Server::notify(int number) noexcept { impl_->call(kNotified + 16U * static_cast<unsigned>(number)); }

}  // namespace stream::net
