#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "stream/io/error.hpp"

namespace stream::proxy {

/// What a client of SOCKS is told in the end: the codes of RFC 1928 §6.
enum class SocksReply : std::uint8_t {
  succeeded = 0,
  failure = 1,
  not_allowed = 2,
  network_unreachable = 3,
  host_unreachable = 4,
  refused = 5,
  command_unsupported = 7,
  address_unsupported = 8,
};

/// What is to be told of an error of OriginConnector's.
SocksReply socks_reply(const Error& error);

struct SocksTarget {
  std::string host{};  ///< a name or an IP address, without brackets
  std::uint16_t port = 0;

  bool operator==(const SocksTarget&) const = default;
};

/// The server's side of SOCKS 5 (RFC 1928, RFC 1929), 4 and 4a, up to what is asked for; no I/O. CONNECT alone is served.
class SocksGreeting {
 public:
  enum class State : std::uint8_t {
    more,     ///< bytes are to be fed
    target,   ///< target() says where to; the client waits for reply()
    refused,  ///< the connection is to be closed, behind what is in take_output()
  };

  /// A connection that begins with this byte speaks SOCKS.
  static bool begins(char first) { return first == 4 || first == 5; }

  /// Asks for user and password (RFC 1929) where one of them is not empty; a client of SOCKS 4, which has none, is refused then.
  explicit SocksGreeting(std::string user = {}, std::string password = {})
      : user_(std::move(user)), password_(std::move(password)) {}

  /// How many bytes were taken: what comes behind the request is for the target.
  std::size_t feed(std::string_view bytes);
  /// What is to be sent to the client now; gone from here.
  std::string take_output() { return std::exchange(output_, {}); }

  State state() const { return state_; }
  const SocksTarget& target() const { return target_; }
  /// Why it is refused, in words.
  const std::string& refusal() const { return refusal_; }
  /// The bytes that answer the request, in the client's version. Behind anything but `succeeded` the connection is closed.
  std::string reply(SocksReply reply) const;

 private:
  enum class Step : std::uint8_t { version, methods, password, request, request4 };

  std::size_t wanted() const;
  void take_message();
  void take_methods();
  void take_password();
  void take_request();
  void take_request4();
  void found(std::string host, std::uint16_t port);
  void refuse(std::string why, std::string output);

  std::string user_;
  std::string password_;
  State state_ = State::more;
  Step step_ = Step::version;
  std::string message_{};  // as far as it has come
  std::string output_{};
  SocksTarget target_{};
  std::string refusal_{};
};

}  // namespace stream::proxy
