#include "stream/proxy/upstream_proxy.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "stream/text/ascii.hpp"
#include "stream/text/base64.hpp"

namespace stream::proxy {
namespace {

using ascii::hex_digit;
using ascii::lower_case;
using ascii::to_lower;

constexpr std::size_t kMostHost = 253;    // RFC 1035 §2.3.4
constexpr std::size_t kMostSecret = 255;  // RFC 1929 §2

struct Scheme {
  std::string_view name;
  UpstreamProxy::Kind kind;
  std::uint16_t port;
};
constexpr std::array kSchemes{
    Scheme{"http", UpstreamProxy::Kind::http, 80},
    Scheme{"https", UpstreamProxy::Kind::https, 443},
    Scheme{"socks5", UpstreamProxy::Kind::socks5, 1080},
    Scheme{"socks5h", UpstreamProxy::Kind::socks5h, 1080},
};

std::string percent_decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size()) {
      const auto high = hex_digit(text[i + 1]);
      const auto low = hex_digit(text[i + 2]);
      if (high >= 0 && low >= 0) {
        out += static_cast<char>(high * 16 + low);
        i += 2;
        continue;
      }
    }
    out += text[i];
  }
  return out;
}

std::optional<std::uint16_t> parse_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc{} || end != text.data() + text.size() || port == 0) return std::nullopt;
  return port;
}

/// 4 or 16 bytes.
std::optional<std::string> address_bytes(std::string_view text) {
  const std::string zero_ended(text);
  if (zero_ended.find('\0') != std::string::npos) return std::nullopt;
  std::array<char, sizeof(in6_addr)> bytes{};
  if (inet_pton(AF_INET, zero_ended.c_str(), bytes.data()) == 1) return std::string(bytes.data(), sizeof(in_addr));
  if (inet_pton(AF_INET6, zero_ended.c_str(), bytes.data()) == 1) return std::string(bytes.data(), bytes.size());
  return std::nullopt;
}

struct HostAndPort {
  std::string_view host{};
  std::string_view port{};
  bool has_port = false;
  bool valid = true;
};

/// "a:1", "[::1]:1", "::1" and the like.
HostAndPort split(std::string_view text) {
  if (text.starts_with('[')) {
    const auto end = text.find(']');
    if (end == std::string_view::npos) return {text, {}, false, false};
    const std::string_view rest = text.substr(end + 1);
    const bool address = address_bytes(text.substr(1, end - 1)).value_or("").size() == sizeof(in6_addr);
    return {text.substr(1, end - 1), rest.empty() ? rest : rest.substr(1), !rest.empty(),
            address && (rest.empty() || rest[0] == ':')};
  }
  const auto colon = text.find(':');
  if (colon == std::string_view::npos) return {text, {}, false, true};
  if (text.find(':', colon + 1) != std::string_view::npos) return {text, {}, false, address_bytes(text).has_value()};
  return {text.substr(0, colon), text.substr(colon + 1), true, true};
}

bool is_host(std::string_view host) {
  if (host.empty() || host.size() > kMostHost) return false;
  if (address_bytes(host)) return true;
  return std::all_of(host.begin(), host.end(), [](char c) {
    c = to_lower(c);
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
  });
}

/// The address of a proxy as a message may show it: without user and password.
std::string shown(std::string_view text) {
  const auto at = text.rfind('@');
  const auto scheme = text.find("://");
  if (at == std::string_view::npos) return std::string(text);
  const std::string_view front = scheme != std::string_view::npos && scheme < at ? text.substr(0, scheme + 3) : "";
  return std::string(front) + "…@" + std::string(text.substr(at + 1));
}

}  // namespace

std::string UpstreamProxy::authorization() const {
  return user.empty() && password.empty() ? "" : "Basic " + base64_encode(user + ":" + password);
}

std::string UpstreamProxy::text() const {
  const auto* const scheme = std::find_if(kSchemes.begin(), kSchemes.end(), [this](const Scheme& s) { return s.kind == kind; });
  const bool v6 = host.find(':') != std::string::npos;
  return fmt::format("{}://{}{}{}:{}", scheme->name, v6 ? "[" : "", host, v6 ? "]" : "", port);
}

Result<UpstreamProxy> parse_upstream_proxy(std::string_view text) {
  const auto bad = [text](std::string_view why, std::string_view hint = {}) {
    return fail({ErrorCode::usage, fmt::format("\"{}\" is no address of a proxy: {}", shown(text), why), {}, std::string(hint)});
  };
  UpstreamProxy proxy;
  proxy.port = kSchemes[0].port;
  std::string_view rest = text;
  if (const auto mark = text.find("://"); mark != std::string_view::npos) {
    const std::string name = lower_case(text.substr(0, mark));
    const auto* const scheme = std::find_if(kSchemes.begin(), kSchemes.end(), [&](const Scheme& s) { return s.name == name; });
    if (scheme == kSchemes.end()) {
      return bad("http, https, socks5 and socks5h are known", name == "socks" ? "socks5h is what most mean by it" : "");
    }
    proxy.kind = scheme->kind;
    proxy.port = scheme->port;
    rest = text.substr(mark + 3);
  }
  if (const auto at = rest.rfind('@'); at != std::string_view::npos) {
    const std::string_view secret = rest.substr(0, at);
    const auto colon = std::min(secret.find(':'), secret.size());
    proxy.user = percent_decoded(secret.substr(0, colon));
    if (colon < secret.size()) proxy.password = percent_decoded(secret.substr(colon + 1));
    if (proxy.user.empty()) return bad("there is an \"@\", but no user in front of it");
    if (proxy.http() && proxy.user.find(':') != std::string::npos) return bad("a user's name has no colon (RFC 7617)");
    if (!proxy.http() && (proxy.user.size() > kMostSecret || proxy.password.size() > kMostSecret)) {
      return bad("user and password have 255 bytes at most (RFC 1929)");
    }
    rest.remove_prefix(at + 1);
  }
  if (rest.ends_with('/')) rest.remove_suffix(1);
  if (rest.find_first_of("/?#") != std::string_view::npos) return bad("a proxy has a host and a port, no path");
  const HostAndPort parts = split(rest);
  if (!parts.valid || !is_host(parts.host)) return bad("expected a host's name or IP address");
  if (parts.has_port) {
    const auto port = parse_port(parts.port);
    if (!port) return bad("expected a port between 1 and 65535");
    proxy.port = *port;
  }
  proxy.host = std::string(parts.host);
  return proxy;
}

std::optional<NoProxy::Rule> NoProxy::parse_rule(std::string_view text) {
  Rule rule;
  if (text == "*") {
    rule.all = true;
    return rule;
  }
  if (const auto slash = text.find('/'); slash != std::string_view::npos) {
    const std::string_view bits = text.substr(slash + 1);
    rule.address = address_bytes(text.substr(0, slash));
    const auto [end, error] = std::from_chars(bits.data(), bits.data() + bits.size(), rule.bits);
    const bool number = error == std::errc{} && end == bits.data() + bits.size();
    if (!rule.address || !number || rule.bits > rule.address->size() * 8) return std::nullopt;
    return rule;
  }
  const HostAndPort parts = split(text);
  if (!parts.valid) return std::nullopt;
  if (parts.has_port) {
    const auto port = parse_port(parts.port);
    if (!port) return std::nullopt;
    rule.port = *port;
  }
  rule.address = address_bytes(parts.host);
  if (rule.address) {
    rule.bits = static_cast<unsigned>(rule.address->size() * 8);
    return rule;
  }
  std::string_view name = parts.host;
  if (name.starts_with("*.")) name.remove_prefix(1);
  while (name.starts_with('.')) name.remove_prefix(1);
  while (name.ends_with('.')) name.remove_suffix(1);
  if (!is_host(name)) return std::nullopt;
  rule.name = lower_case(name);
  return rule;
}

Result<NoProxy> NoProxy::parse(std::string_view list) {
  constexpr std::string_view kSeparators = ", \t\r\n";
  NoProxy parsed;
  for (auto begin = list.find_first_not_of(kSeparators); begin != std::string_view::npos;) {
    const auto end = std::min(list.find_first_of(kSeparators, begin), list.size());
    const std::string_view text = list.substr(begin, end - begin);
    auto rule = parse_rule(text);
    if (!rule) {
      return fail({ErrorCode::usage,
                   fmt::format("\"{}\" is no host to be reached without a proxy", text),
                   {},
                   "expected a name, an IP address or a range of them: a.example, 10.0.0.0/8"});
    }
    parsed.rules_.push_back(std::move(*rule));
    begin = list.find_first_not_of(kSeparators, end);
  }
  return parsed;
}

bool NoProxy::matches(std::string_view host, std::uint16_t port) const {
  if (host.ends_with('.')) host.remove_suffix(1);
  const std::string name = lower_case(host);
  const auto address = address_bytes(host);
  return std::any_of(rules_.begin(), rules_.end(), [&](const Rule& rule) {
    if (rule.all) return true;
    if (rule.port != 0 && rule.port != port) return false;
    if (rule.address) {
      if (!address || address->size() != rule.address->size()) return false;
      const std::size_t whole = rule.bits / 8;
      if (address->compare(0, whole, *rule.address, 0, whole) != 0) return false;
      const unsigned rest = rule.bits % 8;
      if (rest == 0) return true;
      const auto masked = [&](const std::string& bytes) { return static_cast<unsigned char>(bytes[whole]) >> (8U - rest); };
      return masked(*address) == masked(*rule.address);
    }
    if (address || !name.ends_with(rule.name)) return false;
    return name.size() == rule.name.size() || name[name.size() - rule.name.size() - 1] == '.';
  });
}

}  // namespace stream::proxy
