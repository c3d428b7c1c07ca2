#include "stream/replay/resend.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "stream/codec/http_grammar.hpp"
#include "stream/text/ascii.hpp"

namespace stream::replay {
namespace {

using ascii::lower_case;
using ascii::trimmed;
using http::each_element;

using namespace std::string_view_literals;

constexpr std::array kCodings{"gzip"sv, "x-gzip"sv, "deflate"sv, "br"sv, "zstd"sv, "identity"sv, "*"sv};
constexpr std::array kConditions{"if-none-match"sv, "if-modified-since"sv, "if-range"sv};
// The handshake's, and what the client makes itself.
constexpr std::array kOurs{"host"sv,
                           "expect"sv,
                           "sec-websocket-key"sv,
                           "sec-websocket-version"sv,
                           "sec-websocket-extensions"sv,
                           "sec-websocket-protocol"sv,
                           "sec-websocket-accept"sv};

template <class List>
bool is_one_of(std::string_view name, const List& names) {
  return std::any_of(names.begin(), names.end(), [&](std::string_view known) { return iequals(name, known); });
}

/// The codings that can be undone.
std::string known_codings(std::string_view list) {
  std::string out;
  each_element(list, [&](std::string_view element) {
    if (is_one_of(trimmed(element.substr(0, element.find(';'))), kCodings)) out.append(out.empty() ? "" : ", ").append(element);
  });
  return out.empty() ? "identity" : out;
}

/// "https://host:8443" in front of a path; empty: the text is no such address.
std::string_view origin_of(std::string_view text) {
  const auto scheme = text.find("://");
  if (scheme == std::string_view::npos) return {};
  return text.substr(0, std::min(text.find_first_of("/?#", scheme + 3), text.size()));
}

std::string renamed(std::string_view text, const ResendOptions& options) {
  const std::string_view origin = origin_of(text);
  if (origin.empty() || !options.origin) return std::string(text);
  const auto name = options.origin(origin);
  return name ? *name + std::string(text.substr(origin.size())) : std::string(text);
}

std::string_view header_of(const Json& request, std::string_view name) {
  std::string_view value;
  const Json& headers = request["headers"];
  if (!headers.is_array()) return value;
  for (const Json& field : headers.as_array()) {
    if (iequals(field["name"].string_or(""), name)) value = field["value"].string_or("");
  }
  return value;
}

/// Whether the request had a body that the recording does not have.
bool lacks_body(const Json& request, std::string_view body, bool websocket) {
  if (!body.empty() || websocket) return false;
  const auto positive = [](std::string_view text) {
    std::int64_t number = 0;
    std::from_chars(text.data(), text.data() + text.size(), number);
    return number > 0;
  };
  const Json& size = request["bodySize"];
  return positive(header_of(request, "content-length")) || (size.is_number() && positive(size.number_text()));
}

/// Why the request cannot be sent; empty: it can.
std::string why_not(const Exchange& exchange, std::string_view body, bool websocket) {
  if (!exchange.request) return "there is no request";
  const std::string scheme = lower_case(exchange.url().substr(0, exchange.url().find(':')));
  if (exchange.url().find("://") == std::string_view::npos ||
      !is_one_of(scheme, std::array{"http"sv, "https"sv, "ws"sv, "wss"sv})) {
    return scheme.empty() || scheme.size() > 32 ? "its address is none of a server"
                                                : fmt::format("{}: is no address of a server", scheme);
  }
  const Json& entry = exchange.request->entry;
  if (const Json& cached = entry["_fromCache"]; cached.is_string() || cached == Json(true)) return "it came from the cache";
  if (entry["_fetchType"].string_or("").find("Cache") != std::string_view::npos) return "it came from the cache";
  if (iequals(exchange.method(), "CONNECT")) return "CONNECT is for proxies";
  if (exchange.status() == 0 && !websocket) return "no answer was recorded";
  if (lacks_body(exchange.request->object, body, websocket)) return "its body was not recorded";
  return {};
}

void take_websocket(Resend& out, const Json& request) {
  each_element(header_of(request, "sec-websocket-protocol"), [&](std::string_view name) { out.subprotocols.emplace_back(name); });
  each_element(header_of(request, "sec-websocket-extensions"), [&](std::string_view offer) {
    out.deflate = out.deflate || iequals(trimmed(offer.substr(0, offer.find(';'))), "permessage-deflate");
  });
}

}  // namespace

Result<HeaderChange> parse_header_change(std::string_view text) {
  HeaderChange change;
  const auto colon = text.find(':');
  if (colon == std::string_view::npos && text.ends_with(';')) {
    change.name = trimmed(text.substr(0, text.size() - 1));
    change.value = "";
  } else if (colon != std::string_view::npos) {
    change.name = trimmed(text.substr(0, colon));
    if (const auto value = trimmed(text.substr(colon + 1)); !value.empty()) change.value = value;
  }
  const bool broken = change.value && change.value->find_first_of(std::string_view("\r\n\0", 3)) != std::string::npos;
  // It is the same as what end_to_end_headers() lets through.
  const bool named = !change.name.empty() && change.name.find_first_of(" \t\r\n\"(),/:;<=>?@[\\]{}") == std::string::npos;
  if (!named || broken) {
    return fail({ErrorCode::usage, fmt::format("expected \"Name: value\", found '{}'", text), {}, "\"Name:\" takes one away"});
  }
  return change;
}

bool opens_websocket(const Exchange& exchange) {
  const std::string_view url = exchange.url();
  return is_websocket(exchange) || iequals(url.substr(0, 3), "ws:") || iequals(url.substr(0, 4), "wss:");
}

Status check_resend(const Exchange& exchange, std::string_view body) {
  std::string why = why_not(exchange, body, opens_websocket(exchange));
  return why.empty() ? Status() : fail({ErrorCode::unsupported, std::move(why), {}, {}});
}

Result<Resend> make_resend(const Exchange& exchange, std::string body, const ResendOptions& options) {
  STREAM_TRY(check_resend(exchange, body));
  Resend out;
  out.websocket = opens_websocket(exchange);
  const std::string_view url = exchange.url();
  const Json& request = exchange.request->object;
  out.method = exchange.method().empty() || out.websocket ? "GET" : std::string(exchange.method());
  out.url = url.substr(0, url.find('#'));
  out.body = out.websocket ? std::string() : std::move(body);
  const bool ranged = !options.conditional && !header_of(request, "if-range").empty();
  const auto is_changed = [&](std::string_view name) {
    return std::any_of(options.headers.begin(), options.headers.end(),
                       [&](const HeaderChange& change) { return iequals(change.name, name); });
  };
  for (HeaderField& field : end_to_end_headers(request["headers"])) {
    const std::string_view name = field.name;
    if (is_one_of(name, kOurs) || is_changed(name)) continue;
    if (!options.conditional && (is_one_of(name, kConditions) || (ranged && iequals(name, "range")))) continue;
    if (iequals(name, "cookie")) {
      for (CookiePair& pair : parse_cookies(field.value)) out.cookies.push_back(std::move(pair));
      continue;
    }
    if (iequals(name, "accept-encoding")) field.value = known_codings(field.value);
    if (iequals(name, "content-encoding") && !looks_encoded(out.body, field.value, header_of(request, "content-type"))) continue;
    if (iequals(name, "origin") || iequals(name, "referer")) field.value = renamed(field.value, options);
    out.headers.push_back(std::move(field));
  }
  if (out.websocket) take_websocket(out, request);
  // Some writers have them in the list alone.
  const Json& list = request["cookies"];
  if (out.cookies.empty() && header_of(request, "cookie").empty() && list.is_array()) {
    for (const Json& cookie : list.as_array()) {
      out.cookies.emplace_back(cookie["name"].string_or(""), cookie["value"].string_or(""));
    }
  }
  for (const HeaderChange& change : options.headers) {
    if (change.value) out.headers.push_back({change.name, *change.value});
  }
  if (is_changed("cookie")) {
    out.cookies_changed = true;
    out.cookies.clear();
  }
  // A form that was recorded as a list of its fields may have no type of its own.
  const std::string_view type = request["postData"]["mimeType"].string_or("");
  const bool typed = !find_header(out.headers, "content-type").empty() || is_changed("content-type");
  if (!out.body.empty() && !type.empty() && !typed) out.headers.push_back({"Content-Type", std::string(type)});
  return out;
}

}  // namespace stream::replay
