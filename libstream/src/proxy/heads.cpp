#include "heads.hpp"

#include <fmt/format.h>

#include "http1_message.hpp"
#include "stream/replay/answer.hpp"

namespace stream::proxy {

using net::Http1RequestHead;

std::string to_string(const Origin& origin) {
  return origin.host.find(':') == std::string::npos ? fmt::format("{}:{}", origin.host, origin.port)
                                                    : fmt::format("[{}]:{}", origin.host, origin.port);
}

bool asks_for_websocket(const Http1RequestHead& head) {
  return head.method == "GET" && head.minor_version == 1 && net::lists_token(head.headers, "Connection", "upgrade") &&
         net::lists_token(head.headers, "Upgrade", "websocket");
}

namespace {

std::string authority_of(const Origin& origin) {
  const std::uint16_t usual = origin.tls ? 443 : 80;
  std::string text = to_string(origin);
  if (origin.port == usual) text.resize(text.rfind(':'));
  return text;
}

std::string url_of(const Origin& origin, std::string_view authority, bool websocket, std::string_view target) {
  const std::string_view scheme = websocket ? (origin.tls ? "wss" : "ws") : (origin.tls ? "https" : "http");
  return fmt::format("{}://{}{}", scheme, authority, target == "*" ? "/*" : target);
}

/// "host", "host:80", "[::1]:80". The port is 0 where there is none.
std::optional<Origin> parse_authority(std::string_view text) {
  Origin origin;
  if (const auto at = text.rfind('@'); at != std::string_view::npos) text.remove_prefix(at + 1);
  const auto bracket = text.rfind(']');
  const auto colon = text.rfind(':');
  const bool has_port = colon != std::string_view::npos && (bracket == std::string_view::npos || colon > bracket);
  if (has_port && colon + 1 < text.size()) {
    const auto found = net::parse_connect_target(text);
    if (!found) return std::nullopt;
    return Origin{found->host, found->port, false, {}};
  }
  if (has_port) text.remove_suffix(1);  // "host:" is "host"
  const auto found = net::parse_connect_target(std::string(text) + ":1");
  if (!found) return std::nullopt;
  return Origin{found->host, 0, false, {}};
}

}  // namespace

bool is_address(std::string_view host) {
  return host.find(':') != std::string_view::npos || host.find_first_not_of("0123456789.") == std::string_view::npos;
}

Result<Destination> find_destination(const Http1RequestHead& head, bool websocket, const Tunnel* tunnel,
                                     const std::optional<net::Url>& target, bool keep_host) {
  Destination to;
  const std::string_view host_field = replay::find_header(head.headers, "Host");
  if (head.target.find("://") != std::string::npos && !head.target.starts_with('/')) {
    const auto scheme_end = head.target.find("://");
    const std::string_view scheme = std::string_view(head.target).substr(0, scheme_end);
    const auto path = head.target.find_first_of("/?#", scheme_end + 3);
    const std::string_view authority =
        std::string_view(head.target).substr(scheme_end + 3, path == std::string::npos ? path : path - scheme_end - 3);
    const bool tls = replay::iequals(scheme, "https") || replay::iequals(scheme, "wss");
    if (!tls && !replay::iequals(scheme, "http") && !replay::iequals(scheme, "ws"))
      return fail({ErrorCode::usage, fmt::format("\"{}\" is not spoken here, HTTP is", scheme), {}, {}});
    const auto origin = parse_authority(authority);
    if (!origin) return fail({ErrorCode::usage, fmt::format("\"{}\" is no host", authority), {}, {}});
    to.origin = *origin;
    to.origin.tls = tls;
    to.target = path == std::string::npos ? "/" : head.target.substr(path);
    if (!to.target.starts_with('/')) to.target.insert(0, 1, '/');
    to.target.erase(std::min(to.target.find('#'), to.target.size()));
    to.authority = authority.substr(authority.rfind('@') + 1);
  } else {
    to.target = head.target.substr(0, head.target.find('#'));
  }

  if (target) {
    to.origin = {target->host, target->port, target->secure(), {}};
    if (!keep_host) to.authority = target->authority();
    // The target's path stands in front: "http://origin/base" and "/a" are "/base/a".
    std::string_view base = std::string_view(target->target).substr(0, target->target.find('?'));
    if (base.ends_with('/')) base.remove_suffix(1);
    if (to.target != "*") to.target.insert(0, base);
    to.url = url_of(to.origin, keep_host && !host_field.empty() ? host_field : std::string_view(target->authority()), websocket,
                    to.target);
    return to;
  }
  if (!to.origin.host.empty()) {
    if (to.origin.port == 0) to.origin.port = to.origin.tls ? 443 : 80;
    to.url = url_of(to.origin, authority_of(to.origin), websocket, to.target);
    return to;
  }
  if (tunnel == nullptr) {
    return fail({ErrorCode::usage, "this is a proxy: ask it for a whole address, \"GET http://host/path\"", {}, {}});
  }
  to.origin = {tunnel->host, tunnel->port, tunnel->tls, tunnel->name};
  // Who asked for an address says in Host whom it means.
  std::string authority = authority_of(to.origin);
  if (is_address(tunnel->host) && !host_field.empty()) authority = host_field;
  to.url = url_of(to.origin, authority, websocket, to.target);
  return to;
}

std::string forwarded_head(std::string_view raw, const Forwarding& forwarding) {
  std::string out;
  out.reserve(raw.size() + forwarding.proxy_authorization.size() + 32);
  // Empty lines in front of a request are let pass by the reader, and are no part of it.
  while (raw.starts_with("\r\n")) raw.remove_prefix(2);
  const auto line_end = raw.find("\r\n");
  const std::string_view line = raw.substr(0, line_end);
  out.append(line.substr(0, line.find(' ') + 1)).append(forwarding.target).append(line.substr(line.rfind(' '))).append("\r\n");
  raw.remove_prefix(line_end + 2);
  bool hosted = false;
  while (!raw.empty()) {
    const auto end = raw.find("\r\n");
    const std::string_view field = raw.substr(0, end);
    raw.remove_prefix(std::min(end + 2, raw.size()));
    if (field.empty()) break;
    const std::string_view name = field.substr(0, field.find(':'));
    if (replay::iequals(name, "Proxy-Connection") || replay::iequals(name, "Proxy-Authorization")) continue;
    if (!forwarding.extensions && replay::iequals(name, "Sec-WebSocket-Extensions")) continue;
    if (!forwarding.authority.empty() && replay::iequals(name, "Host")) {
      hosted = true;
      std::string_view value = field.substr(name.size() + 1);
      while (value.starts_with(' ') || value.starts_with('\t')) value.remove_prefix(1);
      while (value.ends_with(' ') || value.ends_with('\t')) value.remove_suffix(1);
      if (!replay::iequals(value, forwarding.authority)) {
        out.append(name).append(": ").append(forwarding.authority).append("\r\n");
        continue;
      }
    }
    out.append(field).append("\r\n");
  }
  if (!forwarding.authority.empty() && !hosted) out.append("Host: ").append(forwarding.authority).append("\r\n");
  if (!forwarding.proxy_authorization.empty())
    out.append("Proxy-Authorization: ").append(forwarding.proxy_authorization).append("\r\n");
  out.append("\r\n");
  return out;
}

}  // namespace stream::proxy
