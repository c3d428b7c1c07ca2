#include "http1_message.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/beast/http/status.hpp>
#include <charconv>
#include <system_error>

namespace stream::net {
namespace {

namespace http = boost::beast::http;

std::string_view view(boost::beast::string_view text) { return {text.data(), text.size()}; }

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
}

bool asks_for_websocket(const Http1RequestHead& head) {
  return head.method == "GET" && head.minor_version == 1 && lists_token(head.headers, "Connection", "upgrade") &&
         lists_token(head.headers, "Upgrade", "websocket");
}

/// Takes "scheme://authority" off an absolute form, and a fragment, which does not belong into a request.
void normalise_target(Request& request) {
  std::string& target = request.target;
  if (const auto scheme = target.find("://"); scheme != std::string::npos && scheme < target.find_first_of("/?#")) {
    const auto path = target.find_first_of("/?#", scheme + 3);
    request.absolute = true;
    const std::string_view named = std::string_view(target).substr(0, scheme);
    request.scheme = replay::iequals(named, "https") || replay::iequals(named, "wss") ? "https"
                     : replay::iequals(named, "http") || replay::iequals(named, "ws") ? "http"
                                                                                      : "";
    request.authority = target.substr(scheme + 3, path == std::string::npos ? path : path - scheme - 3);
    target.erase(0, std::min(path, target.size()));
  }
  target.erase(std::min(target.find('#'), target.size()));
  if (target.empty() || target.front() == '?') target.insert(target.begin(), '/');
}

void append_field(std::string& out, std::string_view name, std::string_view value) {
  out.append(name).append(": ").append(value).append("\r\n");
}

bool has_no_body(int status) { return status / 100 == 1 || status == 204 || status == 304; }

Framing choose_framing(const replay::Answer& answer, const Request& request) {
  if (has_no_body(answer.status)) return Framing::none;
  if (answer.head_only && request.method == "HEAD" && !answer.recorded_length && !answer.chunked) return Framing::none;
  bool length = false;
  if (answer.complete) {
    length = !answer.chunked && answer.trailers.empty() && (answer.recorded_length || answer.body_size == 0);
  } else {
    length = !answer.chunked && answer.recorded_length && *answer.recorded_length > answer.body_size;
  }
  if (length) return Framing::length;
  return request.minor_version == 0 ? Framing::until_close : Framing::chunked;
}

}  // namespace

Request make_request(Http1RequestHead head, std::string peer) {
  Request request;
  request.websocket = asks_for_websocket(head);
  request.authority = replay::find_header(head.headers, "host");
  request.method = std::move(head.method);
  request.target = std::move(head.target);
  request.minor_version = head.minor_version;
  request.headers = std::move(head.headers);
  request.peer = std::move(peer);
  if (request.method == "CONNECT") {
    request.authority = request.target;
  } else {
    normalise_target(request);
  }
  return request;
}

std::optional<ConnectTarget> parse_connect_target(std::string_view target) {
  ConnectTarget found;
  const auto colon = target.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const std::string_view port = target.substr(colon + 1);
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), found.port);
  if (error != std::errc{} || end != port.data() + port.size() || found.port == 0) return std::nullopt;
  std::string_view host = target.substr(0, colon);
  const bool brackets = host.starts_with('[') && host.ends_with(']');
  if (brackets) host = host.substr(1, host.size() - 2);
  found.host = std::string(host);
  std::array<unsigned char, sizeof(in6_addr)> bytes{};
  found.address = inet_pton(brackets ? AF_INET6 : AF_INET, found.host.c_str(), bytes.data()) == 1;
  const bool name = !host.empty() && host.size() <= 255 && std::all_of(host.begin(), host.end(), is_name_character);
  if (brackets ? !found.address : !name) return std::nullopt;
  return found;
}

void set_tunnel(Request& request, std::string_view authority) {
  request.tunnel = true;
  if (request.absolute) return;  // it says itself what it wants
  request.scheme = request.secure ? "https" : "http";
  const auto target = parse_connect_target(authority);
  // A client that has looked the name up itself tells it in Host alone.
  if (target && target->address && !request.authority.empty()) return;
  request.authority = std::string(authority);
}

std::string_view standard_reason(int status) {
  if (status == 413) return "Content Too Large";
  const auto known = http::int_to_status(static_cast<unsigned>(status));
  return known == http::status::unknown ? std::string_view{} : view(http::obsolete_reason(known));
}

ResponseHead make_response_head(const replay::Answer& answer, const Request& request, bool keep_alive) {
  ResponseHead head;
  head.framing = choose_framing(answer, request);
  const bool no_body = head.framing == Framing::none || request.method == "HEAD";
  // An answer that breaks off does not say so beforehand: behind "Connection: close" some clients (Node's fetch) take what has
  // come for all of it.
  const bool persists = keep_alive && (no_body || head.framing != Framing::until_close);
  head.keep_alive = persists && (no_body || answer.complete);
  head.bytes.reserve(512);
  fmt::format_to(std::back_inserter(head.bytes), "HTTP/1.1 {:03} {}\r\n", answer.status,
                 answer.reason.empty() ? standard_reason(answer.status) : std::string_view(answer.reason));
  for (const replay::HeaderField& field : answer.headers) append_field(head.bytes, field.name, field.value);
  if (head.framing == Framing::length) {
    const bool recorded = !answer.complete || answer.head_only;
    append_field(head.bytes, "Content-Length", std::to_string(recorded ? answer.recorded_length.value_or(0) : answer.body_size));
  } else if (head.framing == Framing::chunked) {
    append_field(head.bytes, "Transfer-Encoding", "chunked");
    std::string names;
    for (const replay::HeaderField& field : answer.trailers) names.append(names.empty() ? "" : ", ").append(field.name);
    if (!names.empty()) append_field(head.bytes, "Trailer", names);
  }
  if (!persists) {
    append_field(head.bytes, "Connection", "close");
  } else if (request.minor_version == 0) {
    append_field(head.bytes, "Connection", "keep-alive");
  }
  head.bytes += "\r\n";
  if (no_body) head.framing = Framing::none;
  return head;
}

void append_chunk_size(std::string& out, std::size_t size) { fmt::format_to(std::back_inserter(out), "{:x}\r\n", size); }

void append_last_chunk(std::string& out, const replay::Answer& answer) {
  out += "0\r\n";
  for (const replay::HeaderField& field : answer.trailers) append_field(out, field.name, field.value);
  out += "\r\n";
}

std::string make_refusal(int status, std::string_view why, std::string_view fields) {
  Json body = Json::object();
  body.set("error", why);
  const std::string text = to_json(body) + "\n";
  return fmt::format("HTTP/1.1 {} {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n{}Connection: close\r\n\r\n{}",
                     status, standard_reason(status), text.size(), fields, text);
}

}  // namespace stream::net
