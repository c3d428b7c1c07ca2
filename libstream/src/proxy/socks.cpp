#include "socks.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

namespace stream::proxy {
namespace {

constexpr unsigned char kVersion4 = 4;
constexpr unsigned char kVersion5 = 5;
constexpr unsigned char kConnect = 1;
constexpr unsigned char kNoPassword = 0;  // RFC 1928 §3: methods
constexpr unsigned char kUserPassword = 2;
constexpr unsigned char kNoMethod = 0xff;
constexpr unsigned char kIpv4 = 1;  // RFC 1928 §5: types of addresses
constexpr unsigned char kDomain = 3;
constexpr unsigned char kIpv6 = 4;
constexpr std::size_t kHead4 = 8;        // of a request of SOCKS 4, in front of the user
constexpr std::size_t kMostText4 = 255;  // of the user, and of the name

unsigned char byte_at(std::string_view bytes, std::size_t place) { return static_cast<unsigned char>(bytes[place]); }

std::uint16_t port_at(std::string_view bytes, std::size_t place) {
  return static_cast<std::uint16_t>(byte_at(bytes, place) << 8U | byte_at(bytes, place + 1));
}

std::string bytes_of(std::initializer_list<unsigned char> values) { return {values.begin(), values.end()}; }

std::string address_text(int family, std::string_view bytes) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  inet_ntop(family, bytes.data(), text.data(), text.size());
  return text.data();
}

/// A name goes on to resolvers, requests, logs and files.
bool is_plain_name(std::string_view name) {
  if (name.empty()) return false;
  std::array<unsigned char, sizeof(in6_addr)> address{};
  const std::string zero_ended(name);
  if (zero_ended.find('\0') == std::string::npos && inet_pton(AF_INET6, zero_ended.c_str(), address.data()) == 1) return true;
  return std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
  });
}

/// How long it takes does not tell how much of it is right.
bool same(std::string_view a, std::string_view b) {
  unsigned difference = a.size() == b.size() ? 0 : 1;
  for (std::size_t i = 0; i < a.size() && i < b.size(); ++i) difference |= static_cast<unsigned>(byte_at(a, i) ^ byte_at(b, i));
  return difference == 0;
}

std::string reply5(SocksReply code) {
  // The address that we are bound to is of no use to a client of CONNECT: 0.0.0.0:0, as others say it.
  return bytes_of({kVersion5, static_cast<unsigned char>(code), 0, kIpv4, 0, 0, 0, 0, 0, 0});
}

std::string reply4(bool granted) { return bytes_of({0, static_cast<unsigned char>(granted ? 90 : 91), 0, 0, 0, 0, 0, 0}); }

}  // namespace

SocksReply socks_reply(const Error& error) {
  if (error.code == ErrorCode::timeout) return SocksReply::host_unreachable;
  switch (error.system) {
    case ECONNREFUSED:
      return SocksReply::refused;
    case ENETUNREACH:
      return SocksReply::network_unreachable;
    case EHOSTUNREACH:
    case ETIMEDOUT:
      return SocksReply::host_unreachable;
    default:
      return SocksReply::failure;
  }
}

/// The size of the message in `message_`, as far as is known: equal to what is there, it is whole.
std::size_t SocksGreeting::wanted() const {
  const std::size_t size = message_.size();
  switch (step_) {
    case Step::version:
      return 1;
    case Step::methods:
      return size < 2 ? 2 : 2U + byte_at(message_, 1);
    case Step::password: {
      if (size < 2) return 2;
      const std::size_t user = byte_at(message_, 1);
      return size < 3 + user ? 3 + user : 3 + user + byte_at(message_, 2 + user);
    }
    case Step::request: {
      constexpr std::size_t kHead = 4;
      if (size < kHead) return kHead;
      switch (byte_at(message_, 3)) {
        case kIpv4:
          return kHead + 4 + 2;
        case kIpv6:
          return kHead + 16 + 2;
        case kDomain:
          return size < kHead + 1 ? kHead + 1 : kHead + 1 + byte_at(message_, kHead) + 2;
        default:
          return size;  // refused at once: its size is not known
      }
    }
    case Step::request4: {
      if (size < kHead4) return kHead4;
      const auto user_end = message_.find('\0', kHead4);
      if (user_end == std::string::npos) return size > kHead4 + kMostText4 ? size : size + 1;
      const bool named = message_.compare(4, 3, "\0\0\0", 3) == 0 && message_[7] != 0;
      if (!named || message_.find('\0', user_end + 1) != std::string::npos) return size;
      return size > user_end + 1 + kMostText4 ? size : size + 1;
    }
  }
  return size;
}

std::size_t SocksGreeting::feed(std::string_view bytes) {
  std::size_t used = 0;
  while (state_ == State::more && used < bytes.size()) {
    const std::size_t count = std::min(wanted() - message_.size(), bytes.size() - used);
    message_.append(bytes.substr(used, count));
    used += count;
    if (message_.size() == wanted()) take_message();
  }
  return used;
}

void SocksGreeting::take_message() {
  switch (step_) {
    case Step::version: {
      const unsigned char version = byte_at(message_, 0);
      if (version == kVersion5) {
        step_ = Step::methods;
      } else if (version == kVersion4) {
        step_ = Step::request4;
      } else {
        refuse(fmt::format("expected SOCKS 5 or 4, found the byte {}", version), {});
      }
      return;  // the byte stays: it belongs to the message
    }
    case Step::methods:
      take_methods();
      break;
    case Step::password:
      take_password();
      break;
    case Step::request:
      take_request();
      break;
    case Step::request4:
      take_request4();
      break;
  }
  message_.clear();
}

void SocksGreeting::take_methods() {
  const bool asked = !user_.empty() || !password_.empty();
  const unsigned char wanted = asked ? kUserPassword : kNoPassword;
  if (message_.find(static_cast<char>(wanted), 2) == std::string::npos) {
    return refuse(asked ? "the client has no user and password, which are asked for"
                        : "the client does not offer to go without authentication",
                  bytes_of({kVersion5, kNoMethod}));
  }
  output_ += bytes_of({kVersion5, wanted});
  step_ = asked ? Step::password : Step::request;
}

void SocksGreeting::take_password() {
  constexpr unsigned char kVersion = 1;  // RFC 1929 §2
  const std::size_t user_size = byte_at(message_, 1);
  const std::string_view message = message_;
  const bool user = same(message.substr(2, user_size), user_);
  const bool password = same(message.substr(3 + user_size), password_);
  if (byte_at(message, 0) != kVersion || !user || !password) {
    return refuse("the client's user or password is wrong", bytes_of({kVersion, 1}));
  }
  output_ += bytes_of({kVersion, 0});
  step_ = Step::request;
}

void SocksGreeting::take_request() {
  const unsigned char command = byte_at(message_, 1);
  if (byte_at(message_, 0) != kVersion5) return refuse("this is no request of SOCKS 5", reply5(SocksReply::failure));
  if (command != kConnect) {
    const std::string_view name = command == 2 ? " (BIND)" : command == 3 ? " (UDP)" : "";
    return refuse(fmt::format("the client asks for the command {}{}: only CONNECT is served", command, name),
                  reply5(SocksReply::command_unsupported));
  }
  const std::string_view message = message_;
  const unsigned char type = byte_at(message, 3);
  const std::uint16_t port = message.size() >= 2 ? port_at(message, message.size() - 2) : std::uint16_t{0};
  switch (type) {
    case kIpv4:
      return found(address_text(AF_INET, message.substr(4, 4)), port);
    case kIpv6:
      return found(address_text(AF_INET6, message.substr(4, 16)), port);
    case kDomain:
      return found(std::string(message.substr(5, byte_at(message, 4))), port);
    default:
      return refuse(fmt::format("the client asks for an address of the type {}, which is not known", type),
                    reply5(SocksReply::address_unsupported));
  }
}

void SocksGreeting::take_request4() {
  const unsigned char command = byte_at(message_, 1);
  if (!user_.empty() || !password_.empty()) {
    return refuse("the client speaks SOCKS 4, which has no password, and one is asked for", reply4(false));
  }
  if (command != kConnect) {
    return refuse(fmt::format("the client asks for the command {}: only CONNECT is served", command), reply4(false));
  }
  const std::string_view message = message_;
  const auto user_end = message.find('\0', kHead4);
  if (!message.ends_with('\0') || user_end == std::string_view::npos) {
    return refuse("the client's request has more than 255 bytes in a text", reply4(false));
  }
  const bool named = user_end + 1 < message.size();
  found(named ? std::string(message.substr(user_end + 1, message.size() - user_end - 2))
              : address_text(AF_INET, message.substr(4, 4)),
        port_at(message, 2));
}

void SocksGreeting::found(std::string host, std::uint16_t port) {
  if (!is_plain_name(host) || port == 0) {
    return refuse(port == 0 ? "the client asks for the port 0" : "the client asks for what is no name of a host",
                  reply(SocksReply::failure));
  }
  target_ = {std::move(host), port};
  state_ = State::target;
}

void SocksGreeting::refuse(std::string why, std::string output) {
  refusal_ = std::move(why);
  output_ += output;
  state_ = State::refused;
}

std::string SocksGreeting::reply(SocksReply reply) const {
  return step_ == Step::request4 ? reply4(reply == SocksReply::succeeded) : reply5(reply);
}

}  // namespace stream::proxy
