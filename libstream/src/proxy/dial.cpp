#include "dial.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <cerrno>
#include <system_error>
#include <utility>

namespace stream::proxy {

using boost::system::error_code;

std::vector<Address> alternate_families(const std::vector<Address>& addresses) {
  std::vector<Address> first;
  std::vector<Address> second;
  for (const Address& address : addresses) (address.is_v6() == addresses.front().is_v6() ? first : second).push_back(address);
  std::vector<Address> ordered;
  for (std::size_t i = 0; i < std::max(first.size(), second.size()); ++i) {
    if (i < first.size()) ordered.push_back(first[i]);
    if (i < second.size()) ordered.push_back(second[i]);
  }
  return ordered;
}

std::string errno_words(int number) {
  std::string text = std::system_category().message(number);
  if (text.size() > 1 && text[0] >= 'A' && text[0] <= 'Z' && text[1] >= 'a') text[0] = static_cast<char>(text[0] - 'A' + 'a');
  return text;
}

Dial::Dial(boost::asio::io_context& context, net::TimerQueue& timers, std::vector<Address> addresses, std::uint16_t port,
           Nanos delay, Done done)
    : context_(context),
      timers_(timers),
      addresses_(alternate_families(addresses)),
      port_(port),
      delay_(delay),
      done_(std::move(done)),
      timer_([this] {
        const auto self = shared_from_this();
        next();
      }) {}

void Dial::start() {
  boost::asio::post(context_, [self = shared_from_this()] {
    if (self->done_) self->next();
  });
}

void Dial::cancel() {
  done_ = nullptr;
  timers_.disarm(timer_);
  for (const auto& attempt : tries_) {
    error_code ignored;
    attempt->socket.close(ignored);
  }
}

void Dial::next() {
  if (tries_.size() == addresses_.size()) {
    if (open_ == 0) finish(std::nullopt);
    return;
  }
  Try& attempt = *tries_.emplace_back(std::make_unique<Try>(context_, addresses_[tries_.size()]));
  ++open_;
  if (tries_.size() < addresses_.size()) timers_.arm(timer_, net::SteadyClock::now() + delay_);
  attempt.socket.async_connect({attempt.address, port_}, [self = shared_from_this(), &attempt](const error_code& error) {
    if (self->done_) self->ended(attempt, error);
  });
}

void Dial::ended(Try& attempt, const error_code& error) {
  if (!error) return finish(std::move(attempt.socket));
  --open_;
  attempt.failure = error.value() != 0 ? error.value() : EIO;
  error_code ignored;
  attempt.socket.close(ignored);
  timers_.disarm(timer_);
  next();
}

void Dial::finish(std::optional<net::Socket> socket) {
  const auto self = shared_from_this();
  const Done done = std::exchange(done_, nullptr);
  cancel();
  done(std::move(socket));
}

Dial::Failures Dial::failures() const {
  Failures failures;
  bool same = true;
  for (const auto& attempt : tries_) {
    const std::string address = attempt->address.to_string();
    failures.addresses += (failures.addresses.empty() ? "" : ", ") + address;
    same = same && attempt->failure == tries_.front()->failure;
    if (attempt->failure == 0) continue;
    failures.number = attempt->failure;
    failures.reasons += (failures.reasons.empty() ? "" : "; ") + address + ": " + errno_words(attempt->failure);
  }
  if (same && failures.number != 0) failures.reasons = errno_words(failures.number);
  return failures;
}

}  // namespace stream::proxy
