#include "resolver.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netdb.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <boost/system/system_error.hpp>
#include <cerrno>
#include <deque>
#include <exception>
#include <map>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

namespace stream::proxy {
namespace {

using Addresses = Result<std::vector<std::string>>;
using Descriptor = boost::asio::posix::basic_stream_descriptor<boost::asio::io_context::executor_type>;

constexpr std::size_t kMostThreads = 32;
constexpr std::size_t kMostAddresses = 32;  // of a host

int make_event() {
  const int descriptor = ::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  if (descriptor < 0) throw boost::system::system_error(errno, boost::system::system_category(), "eventfd");
  return descriptor;
}

}  // namespace

Addresses system_addresses(const std::string& host) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_ADDRCONFIG;
  addrinfo* found = nullptr;
  const int result = ::getaddrinfo(host.c_str(), nullptr, &hints, &found);
  if (result != 0) {
    const std::string why = result == EAI_SYSTEM ? std::system_category().message(errno) : ::gai_strerror(result);
    return fail({ErrorCode::io, fmt::format("cannot find the address of {}: {}", host, why), {}, {}});
  }
  std::vector<std::string> addresses;
  for (const addrinfo* one = found; one != nullptr && addresses.size() < kMostAddresses; one = one->ai_next) {
    std::array<char, NI_MAXHOST> text{};
    if (::getnameinfo(one->ai_addr, one->ai_addrlen, text.data(), text.size(), nullptr, 0, NI_NUMERICHOST) == 0) {
      addresses.emplace_back(text.data());
    }
  }
  ::freeaddrinfo(found);
  return addresses;
}

/// What the threads and the loop share; lives as long as the last of them.
struct Resolver::Shared {
  using Waiters = std::vector<std::weak_ptr<Answer>>;

  explicit Shared(Resolve function) : resolve(std::move(function)) {}

  const Resolve resolve;
  std::mutex mutex{};
  std::deque<std::string> queue{};           // hosts that no thread has taken
  std::map<std::string, Waiters> waiters{};  // of hosts that are in the queue, or at a thread
  std::vector<std::pair<Waiters, Addresses>> done{};
  std::size_t threads = 0;
  int event = -1;  // to wake the loop; -1: it has gone
};

/// The loop's end of it.
struct Resolver::Inbox {
  Inbox(boost::asio::io_context& context, std::shared_ptr<Shared> of) : descriptor(context, make_event()), shared(std::move(of)) {
    shared->event = descriptor.native_handle();
  }
  Descriptor descriptor;
  std::shared_ptr<Shared> shared;
};

Resolver::Resolver(boost::asio::io_context& context, Resolve resolve)
    : shared_(std::make_shared<Shared>(std::move(resolve))), inbox_(std::make_shared<Inbox>(context, shared_)) {
  listen(inbox_);
}

Resolver::~Resolver() {
  {
    const std::lock_guard lock(shared_->mutex);
    shared_->event = -1;
    shared_->queue.clear();
  }
  boost::system::error_code ignored;
  inbox_->descriptor.close(ignored);
}

void Resolver::listen(const std::shared_ptr<Inbox>& inbox) {
  inbox->descriptor.async_wait(Descriptor::wait_read, [inbox](const boost::system::error_code& error) {
    if (error) return;
    std::vector<std::pair<Shared::Waiters, Addresses>> done;
    {
      const std::lock_guard lock(inbox->shared->mutex);
      if (inbox->shared->event < 0) return;
      std::uint64_t count = 0;
      [[maybe_unused]] const ssize_t got = ::read(inbox->shared->event, &count, sizeof count);
      done = std::exchange(inbox->shared->done, {});
    }
    listen(inbox);
    for (const auto& [waiters, addresses] : done) {
      for (const auto& waiter : waiters) {
        if (const Ticket answer = waiter.lock()) (*answer)(addresses);
      }
    }
  });
}

Resolver::Ticket Resolver::look_up(const std::string& host, Answer answer) {
  auto ticket = std::make_shared<Answer>(std::move(answer));
  const std::lock_guard lock(shared_->mutex);
  const auto [place, first] = shared_->waiters.try_emplace(host);
  std::erase_if(place->second, [](const std::weak_ptr<Answer>& waiter) { return waiter.expired(); });
  place->second.push_back(ticket);
  if (!first) return ticket;
  shared_->queue.push_back(host);
  if (shared_->threads == kMostThreads) return ticket;
  try {
    std::thread([shared = shared_] { work(shared); }).detach();
    ++shared_->threads;
  } catch (const std::system_error&) {
    // Without any thread nobody would ever look: the deadline of who waits says it.
  }
  return ticket;
}

void Resolver::work(const std::shared_ptr<Shared>& shared) {
  std::unique_lock lock(shared->mutex);
  while (!shared->queue.empty()) {
    const std::string host = std::move(shared->queue.front());
    shared->queue.pop_front();
    const auto waiting = shared->waiters.find(host);
    if (waiting == shared->waiters.end()) continue;
    const bool anybody =
        std::any_of(waiting->second.begin(), waiting->second.end(), [](const auto& waiter) { return !waiter.expired(); });
    if (!anybody) {
      shared->waiters.erase(waiting);
      continue;
    }
    lock.unlock();
    Addresses addresses;
    try {
      addresses = shared->resolve(host);
    } catch (const std::exception& error) {
      addresses = fail({ErrorCode::io, fmt::format("cannot find the address of {}: {}", host, error.what()), {}, {}});
    }
    lock.lock();
    const auto found = shared->waiters.find(host);
    if (found == shared->waiters.end() || shared->event < 0) continue;
    shared->done.emplace_back(std::move(found->second), std::move(addresses));
    shared->waiters.erase(found);
    constexpr std::uint64_t kOne = 1;
    [[maybe_unused]] const ssize_t written = ::write(shared->event, &kOne, sizeof kOne);
  }
  --shared->threads;
}

}  // namespace stream::proxy
