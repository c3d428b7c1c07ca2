#include "har/match/request.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "body_text.hpp"
#include "check/http_text.hpp"
#include "check/pairs.hpp"
#include "check/url_parts.hpp"
#include "har/exchange.hpp"
#include "stream/codec/multipart.hpp"
#include "stream/text/ascii.hpp"

namespace har::match {
namespace {

using check::equal_ignoring_case;
using stream::Json;
using stream::ascii::hex_digit;
using stream::ascii::lower_case;

bool is_unreserved(char c) { return stream::ascii::is_alnum(c) || c == '-' || c == '.' || c == '_' || c == '~'; }

void append_percent(std::string& out, char c) {
  fmt::format_to(std::back_inserter(out), "%{:02X}", static_cast<unsigned char>(c));
}

/// RFC 3986 §6.2.2: what may stand as it is does, everything else is encoded. A slash that was encoded is no separator and stays
/// so.
std::string normal_path(std::string_view path) {
  std::string out;
  out.reserve(path.size());
  for (std::size_t i = 0; i < path.size(); ++i) {
    char c = path[i];
    bool encoded = false;
    if (c == '%' && i + 2 < path.size() && hex_digit(path[i + 1]) >= 0 && hex_digit(path[i + 2]) >= 0) {
      c = static_cast<char>(hex_digit(path[i + 1]) * 16 + hex_digit(path[i + 2]));
      encoded = true;
      i += 2;
    }
    const bool plain = is_unreserved(c) || std::string_view("!$&'()*+,;=:@").find(c) != std::string_view::npos;
    if (plain || (c == '/' && !encoded)) {
      out += c;
    } else {
      append_percent(out, c);
    }
  }
  return out.empty() ? "/" : out;
}

void append_form(std::string& out, std::string_view text) {
  for (const char c : text) {
    if (is_unreserved(c)) {
      out += c;
    } else {
      append_percent(out, c);
    }
  }
}

std::vector<std::pair<std::string, std::string>> decoded_pairs(std::string_view text) {
  std::vector<std::pair<std::string, std::string>> pairs;
  check::each_piece(text, '&', [&](std::string_view name, std::string_view value) {
    auto& pair = pairs.emplace_back(name, value);
    check::percent_decode(pair.first);
    check::percent_decode(pair.second);
    return true;
  });
  return pairs;
}

std::uint16_t parse_port(std::string_view text) {
  std::uint16_t port = 0;
  std::from_chars(text.data(), text.data() + text.size(), port);
  return port;
}

/// "host:8443", "[::1]:80" as a host in lower case, without brackets, and a port; 0: none.
std::pair<std::string, std::uint16_t> split_authority(std::string_view authority) {
  if (const std::size_t at = authority.rfind('@'); at != std::string_view::npos) authority.remove_prefix(at + 1);
  std::size_t colon = authority.rfind(':');
  const bool v6 = authority.starts_with('[');
  if (v6 && (colon == std::string_view::npos || colon < authority.find(']'))) colon = std::string_view::npos;
  std::string_view host = authority.substr(0, colon);
  if (v6) {
    host.remove_prefix(1);
    host = host.substr(0, host.find(']'));
  }
  if (host.ends_with('.')) host.remove_suffix(1);
  return {lower_case(host), colon == std::string_view::npos ? std::uint16_t{0} : parse_port(authority.substr(colon + 1))};
}

/// What a form or multipart body was, from the fields that a writer took it apart into.
std::string body_of_params(const Json& params, std::string& media_type) {
  std::string out;
  if (!params.is_array() || params.as_array().empty()) return out;
  if (equal_ignoring_case(check::essence_of(media_type), "multipart/form-data")) {
    const std::string boundary = stream::boundary_of(media_type).value_or("hartape");
    media_type = "multipart/form-data; boundary=" + boundary;
    stream::MultipartEncoder encoder(boundary);
    for (const Json& param : params.as_array()) {
      std::string disposition = fmt::format("form-data; name=\"{}\"", param["name"].string_or(""));
      if (const Json& file = param["fileName"]; file.is_string())
        disposition += fmt::format("; filename=\"{}\"", file.as_string());
      std::vector<stream::MultipartHeader> headers{{"Content-Disposition", disposition}};
      if (const Json& type = param["contentType"]; type.is_string()) headers.push_back({"Content-Type", type.as_string()});
      encoder.part(out, headers, param["value"].string_or(""));
    }
    encoder.close(out);
    return out;
  }
  for (const Json& param : params.as_array()) {
    if (!out.empty()) out += '&';
    append_form(out, param["name"].string_or(""));
    out += '=';
    append_form(out, param["value"].string_or(""));
  }
  return out;
}

void read_body(Request& request, const stream::Exchange& exchange, const Json& post) {
  request.body = body_of(exchange, stream::Direction::send);
  request.media_type = post["mimeType"].string_or("");
  if (request.media_type.empty()) request.media_type = request.header("content-type");
  if (!request.body.empty()) return;
  request.body = post_octets(exchange.request->object).value_or("");
  if (request.body.empty()) request.body = body_of_params(post["params"], request.media_type);
}

}  // namespace

std::string_view Request::header(std::string_view name) const {
  std::string_view value;
  for (const Header& field : headers) {
    if (equal_ignoring_case(field.name, name)) value = field.value;
  }
  return value;
}

std::string Request::target() const {
  std::string out = path;
  char separator = '?';
  for (const auto& [name, value] : query) {
    out += separator;
    append_form(out, name);
    if (!value.empty()) out += '=';
    append_form(out, value);
    separator = '&';
  }
  return out;
}

std::string Request::authority() const {
  std::string out = host.find(':') == std::string::npos ? host : "[" + host + "]";
  if (port != 0) out += ":" + std::to_string(port);
  return out;
}

void set_url(Request& request, std::string_view url) {
  const check::UrlParts parts = check::split_url(url);
  if (parts.has_scheme) {
    request.scheme = lower_case(parts.scheme);
    if (request.scheme == "ws") request.scheme = "http";
    if (request.scheme == "wss") request.scheme = "https";
  }
  if (parts.has_authority) set_authority(request, parts.authority);
  request.path = normal_path(parts.path);
  request.query = decoded_pairs(parts.query);
}

void set_authority(Request& request, std::string_view authority) {
  std::tie(request.host, request.port) = split_authority(authority);
  const bool usual = (request.port == 80 && request.scheme != "https") || (request.port == 443 && request.scheme != "http");
  if (usual) request.port = 0;
}

Request make_request(std::string_view method, std::string_view url) {
  Request request;
  request.method = method.empty() ? "GET" : method;
  set_url(request, url);
  return request;
}

Request request_of(const stream::Exchange& exchange) {
  Request request = make_request(exchange.method(), exchange.url());
  if (exchange.request) {
    const Json& object = exchange.request->object;
    const Json& headers = object["headers"];
    if (headers.is_array()) {
      for (const Json& field : headers.as_array()) {
        request.headers.push_back({std::string(field["name"].string_or("")), std::string(field["value"].string_or(""))});
      }
    }
    // Some writers leave the query out of the URL.
    const Json& query = object["queryString"];
    if (request.query.empty() && query.is_array() && exchange.url().find('?') == std::string_view::npos) {
      for (const Json& pair : query.as_array())
        request.query.emplace_back(pair["name"].string_or(""), pair["value"].string_or(""));
    }
    read_body(request, exchange, object["postData"]);
  }
  request.websocket = (exchange.status() == 101 || exchange.status() == 0) && exchange.kind() == stream::StreamKind::websocket;
  return request;
}

stream::Status HostMap::add(std::string_view text) {
  const std::size_t equals = text.find('=');
  const auto bad = [&](std::string_view why) {
    return stream::fail(
        {stream::ErrorCode::usage, fmt::format("\"{}\": {}", text, why), {}, "for example localhost:3000=api.example.com"});
  };
  if (equals == std::string_view::npos) return bad("expected FROM=TO");
  Rule rule;
  const std::string_view from = text.substr(0, equals);
  const std::string_view to = text.substr(equals + 1);
  for (const std::string_view side : {from, to}) {
    if (side.empty() || side.find_first_of("/?# ") != std::string_view::npos)
      return bad("expected a host, with or without a port, on either side");
  }
  rule.any_port = split_authority(from).second == 0;
  set_authority(rule.from, from);
  rule.any = rule.from.host == "*";
  set_authority(rule.to, to);
  if (rule.to.host.empty() || rule.to.host == "*" || rule.from.host.empty()) return bad("expected a host on either side");
  rules_.push_back(std::move(rule));
  return {};
}

bool HostMap::apply(Request& request) const {
  for (const Rule& rule : rules_) {
    if (!rule.any && rule.from.host != request.host) continue;
    if (!rule.any_port && rule.from.port != request.port) continue;
    request.host = rule.to.host;
    request.port = rule.to.port;
    return true;
  }
  return false;
}

std::optional<std::string> HostMap::name_of(const Request& recorded, std::string_view used, bool domain) const {
  const auto leads_there = [&](const Request& to) {
    if (domain) return to.host == recorded.host || to.host.ends_with("." + recorded.host);
    return to.host == recorded.host && to.port == recorded.port;
  };
  Request asked;
  asked.scheme.clear();
  set_authority(asked, used);
  Request mapped = asked;
  if (apply(mapped) && leads_there(mapped)) return std::string(used);
  for (const Rule& rule : rules_) {
    if (!leads_there(rule.to)) continue;
    if (rule.any) return std::string(used);
    Request from = rule.from;
    if (rule.any_port) from.port = asked.port;
    return from.authority();
  }
  return std::nullopt;
}

}  // namespace har::match
