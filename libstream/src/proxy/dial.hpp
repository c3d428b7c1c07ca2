#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/address.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "stream/text/timestamp.hpp"
#include "timer_queue.hpp"
#include "transport.hpp"

namespace stream::proxy {

using Address = boost::asio::ip::address;

/// The families alternate, beginning with the first address's; within a family the order stays (RFC 8305 §4).
std::vector<Address> alternate_families(const std::vector<Address>& addresses);

/// What an errno means, as the end of a sentence: "connection refused".
std::string errno_words(int number);

/// Connects to the first of several addresses that answers: one after the other, the next when one has failed or `delay` after it
/// began, and the first that is connected ends the others (RFC 8305 §5). Has no deadline of its own.
class Dial : public std::enable_shared_from_this<Dial> {
 public:
  /// No socket: all have failed.
  using Done = std::function<void(std::optional<net::Socket>)>;

  Dial(boost::asio::io_context& context, net::TimerQueue& timers, std::vector<Address> addresses, std::uint16_t port, Nanos delay,
       Done done);
  Dial(const Dial&) = delete;
  Dial& operator=(const Dial&) = delete;

  /// Calls `done` once, in run(), never from here.
  void start();
  void cancel();

  /// The addresses that were tried, and why those that failed did: "192.0.2.1: connection refused; ::1", or where it is one
  /// reason,
  /// "(192.0.2.1, ::1): connection refused".
  struct Failures {
    std::string addresses{};  ///< "192.0.2.1, ::1": all that were tried
    std::string reasons{};    ///< "connection refused", or with the addresses where they differ
    int number = 0;           ///< errno of the last
  };
  Failures failures() const;

 private:
  struct Try {
    Try(boost::asio::io_context& context, Address to) : address(std::move(to)), socket(context.get_executor()) {}
    Address address;
    net::Socket socket;
    int failure = 0;  // errno; 0: it goes on, or is connected
  };

  void next();
  void ended(Try& attempt, const boost::system::error_code& error);
  void finish(std::optional<net::Socket> socket);

  boost::asio::io_context& context_;
  net::TimerQueue& timers_;
  std::vector<Address> addresses_;
  std::uint16_t port_;
  Nanos delay_;
  Done done_;
  std::vector<std::unique_ptr<Try>> tries_{};
  std::size_t open_ = 0;  // tries that go on
  net::Timer timer_;
};

}  // namespace stream::proxy
