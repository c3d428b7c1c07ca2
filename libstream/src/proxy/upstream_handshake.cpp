#include "upstream_handshake.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>
#include <vector>

#include "http1_response.hpp"

namespace stream::proxy {
namespace {

std::string authority(const std::string& host, std::uint16_t port) {
  const bool v6 = host.find(':') != std::string::npos;
  return fmt::format("{}{}{}:{}", v6 ? "[" : "", host, v6 ? "]" : "", port);
}

/// RFC 9110 §9.3.6
class ConnectHandshake final : public UpstreamHandshake {
 public:
  ConnectHandshake(const UpstreamProxy& proxy, const std::string& host, std::uint16_t port)
      : proxy_(proxy.text()), target_(authority(host, port)), authorized_(!proxy.authorization().empty()) {
    output_ = fmt::format("CONNECT {0} HTTP/1.1\r\nHost: {0}\r\n", target_);
    if (authorized_) output_ += "Proxy-Authorization: " + proxy.authorization() + "\r\n";
    output_ += "\r\n";
  }

  Result<std::size_t> feed(std::string_view bytes) override {
    const std::uint64_t before = reader_.consumed();
    std::vector<net::Http1Item> items;
    if (const Status read = reader_.feed(bytes, items); !read) {
      return fail({ErrorCode::syntax, fmt::format("the proxy {} does not speak HTTP: {}", proxy_, read.error().message), {}, {}});
    }
    for (const net::Http1Item& item : items) {
      if (item.kind != net::Http1Item::Kind::head) continue;
      if (item.head.status / 100 != 2) return fail(refusal(item.head));
      done_ = true;
    }
    return static_cast<std::size_t>(reader_.consumed() - before);
  }

 private:
  Error refusal(const net::Http1Head& head) const {
    constexpr int kAuthenticate = 407;
    std::string hint;
    if (head.status == kAuthenticate) {
      hint = authorized_ ? "user or password are not what the proxy expects"
                         : "the proxy's address may have both: USER:PASSWORD@HOST:PORT";
    }
    return {ErrorCode::io,
            fmt::format("the proxy {} refuses a tunnel to {}: {}{}{}", proxy_, target_, head.status,
                        head.reason.empty() ? "" : " ", head.reason),
            {},
            std::move(hint)};
  }

  static constexpr std::size_t kMostHead = 64 * 1024;
  std::string proxy_;
  std::string target_;
  bool authorized_;
  net::Http1ResponseReader reader_{true, kMostHead};  // as for HEAD: what is behind the head of a 2xx is the target's
};

/// RFC 1928, RFC 1929
class SocksHandshake final : public UpstreamHandshake {
 public:
  SocksHandshake(const UpstreamProxy& proxy, std::string host, std::uint16_t port)
      : proxy_(proxy), host_(std::move(host)), port_(port) {
    output_ = proxy.user.empty() ? std::string("\x05\x01\x00", 3) : std::string("\x05\x02\x00\x02", 4);
  }

  Result<std::size_t> feed(std::string_view bytes) override {
    std::size_t used = 0;
    while (!done_ && used < bytes.size()) {
      const std::size_t count = std::min(wanted() - message_.size(), bytes.size() - used);
      message_.append(bytes.substr(used, count));
      used += count;
      if (message_.size() == wanted()) {
        STREAM_TRY(take_message());
        if (step_ == Step::done) done_ = true;
      }
    }
    return used;
  }

 private:
  enum class Step : std::uint8_t { method, password, reply, done };

  unsigned char at(std::size_t place) const { return static_cast<unsigned char>(message_[place]); }

  std::size_t wanted() const {
    // Where the second byte is a refusal, the rest is of no use, and some proxies leave it out.
    if (step_ != Step::reply || message_.size() < 2 || at(1) != 0) return 2;
    if (message_.size() < 5) return 5;
    switch (at(3)) {
      case 1:
        return 4 + 4 + 2;
      case 4:
        return 4 + 16 + 2;
      case 3:
        return 4U + 1U + at(4) + 2U;
      default:
        return message_.size();
    }
  }

  Status take_message() {
    const auto no_socks = [this] {
      return fail({ErrorCode::syntax, fmt::format("the proxy {} does not speak SOCKS 5", proxy_.text()), {}, {}});
    };
    switch (step_) {
      case Step::method:
        if (at(0) != 5) return no_socks();
        if (at(1) == 2 && !proxy_.user.empty()) {
          output_ += std::string("\x01") + text(proxy_.user) + text(proxy_.password);
          step_ = Step::password;
        } else if (at(1) == 0) {
          ask();
        } else {
          return fail({ErrorCode::io,
                       fmt::format("the proxy {} refuses to talk without authentication", proxy_.text()),
                       {},
                       proxy_.user.empty() ? "the proxy's address may have both: USER:PASSWORD@HOST:PORT" : ""});
        }
        break;
      case Step::password:
        if (at(1) != 0) {
          return fail({ErrorCode::io, fmt::format("the proxy {} refuses the user or the password", proxy_.text()), {}, {}});
        }
        ask();
        break;
      case Step::reply:
        if (at(0) != 5) return no_socks();
        if (at(1) != 0) return fail(refusal(at(1)));
        if (at(3) != 1 && at(3) != 3 && at(3) != 4) return no_socks();
        step_ = Step::done;
        break;
      case Step::done:
        break;
    }
    message_.clear();
    return {};
  }

  static std::string text(const std::string& value) { return static_cast<char>(value.size()) + value; }

  void ask() {
    output_ += std::string("\x05\x01\x00", 3);
    std::array<char, sizeof(in6_addr)> address{};
    if (inet_pton(AF_INET, host_.c_str(), address.data()) == 1) {
      output_ += '\x01' + std::string(address.data(), sizeof(in_addr));
    } else if (inet_pton(AF_INET6, host_.c_str(), address.data()) == 1) {
      output_ += '\x04' + std::string(address.data(), address.size());
    } else {
      output_ += '\x03' + text(host_);
    }
    output_ += static_cast<char>(port_ >> 8U);
    output_ += static_cast<char>(port_ & 0xffU);
    step_ = Step::reply;
  }

  Error refusal(unsigned code) const {
    struct Known {
      std::string_view text;
      int number;
    };
    // RFC 1928 §6
    static constexpr std::array kKnown{
        Known{"it succeeded", 0},
        Known{"general failure", 0},
        Known{"not allowed by its rules", 0},
        Known{"network unreachable", ENETUNREACH},
        Known{"host unreachable", EHOSTUNREACH},
        Known{"connection refused", ECONNREFUSED},
        Known{"TTL expired", ETIMEDOUT},
        Known{"command not supported", 0},
        Known{"type of address not supported", 0},
    };
    const bool known = code < kKnown.size();
    return {ErrorCode::io,
            fmt::format("the proxy {} cannot connect to {}: {}", proxy_.text(), authority(host_, port_),
                        known ? std::string(kKnown[code].text) : fmt::format("code {}", code)),
            {},
            {},
            known ? kKnown[code].number : 0};
  }

  UpstreamProxy proxy_;
  std::string host_;
  std::uint16_t port_;
  Step step_ = Step::method;
  std::string message_{};
};

}  // namespace

std::unique_ptr<UpstreamHandshake> make_upstream_handshake(const UpstreamProxy& proxy, const std::string& host,
                                                           std::uint16_t port) {
  if (proxy.http()) return std::make_unique<ConnectHandshake>(proxy, host, port);
  return std::make_unique<SocksHandshake>(proxy, host, port);
}

}  // namespace stream::proxy
