#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "stream/io/error.hpp"

/// Capturing traffic on its way: how origins are reached, and how clients reach us.
namespace stream::proxy {

/// A proxy that stands between us and the origins.
struct UpstreamProxy {
  enum class Kind : std::uint8_t {
    http,
    https,    ///< what is said to the proxy goes over TLS
    socks5,   ///< RFC 1928; we look names up, the proxy gets addresses
    socks5h,  ///< the proxy looks names up
  };
  Kind kind = Kind::http;
  std::string host{};  ///< without the brackets of an IPv6 address
  std::uint16_t port = 0;
  std::string user{};
  std::string password{};

  bool http() const { return kind == Kind::http || kind == Kind::https; }
  /// The value of Proxy-Authorization, "Basic …" (RFC 7617); empty: there is no user.
  std::string authorization() const;
  /// "socks5h://p.example:1080", without user and password.
  std::string text() const;

  bool operator==(const UpstreamProxy&) const = default;
};

/// "http://user:password@host:port", https, socks5, socks5h; without a scheme it is http. User and password may have percent
/// escapes. The port may be left out: 80, 443 and 1080. Errors: `usage`; the message shows no password.
Result<UpstreamProxy> parse_upstream_proxy(std::string_view text);

/// Which hosts are reached without the proxy: a list as in NO_PROXY.
class NoProxy {
 public:
  /// Separated by commas or white space: "*" (all), a name (it and all below it, with or without a dot in front), an IP
  /// address, a range of them ("10.0.0.0/8", "fd00::/8"); a name or an address may have a port ("a.example:8443", "[::1]:80").
  /// Errors: `usage`.
  static Result<NoProxy> parse(std::string_view list);

  bool matches(std::string_view host, std::uint16_t port) const;
  bool empty() const { return rules_.empty(); }

 private:
  struct Rule {
    std::string name{};                    ///< in lower case; empty: `address` it is
    std::optional<std::string> address{};  ///< 4 or 16 bytes
    unsigned bits = 0;                     ///< of the address that count
    std::uint16_t port = 0;                ///< 0: any
    bool all = false;
  };
  static std::optional<Rule> parse_rule(std::string_view text);

  std::vector<Rule> rules_{};
};

}  // namespace stream::proxy
