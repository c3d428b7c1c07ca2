#include "formats/scripts/script_request.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "formats/losses.hpp"
#include "stream/codec/http_grammar.hpp"

namespace har::format {
namespace {

/// What clients make themselves, and what is about one connection (RFC 9110 §7.6.1).
bool is_made_by_client(std::string_view name, bool web_socket) {
  constexpr std::string_view kNames[] = {"Connection",       "Content-Length",    "Expect", "HTTP2-Settings", "Keep-Alive",
                                         "Proxy-Connection", "Transfer-Encoding", "Upgrade"};
  constexpr std::string_view kWebSocket[] = {"Sec-WebSocket-Extensions", "Sec-WebSocket-Key", "Sec-WebSocket-Version"};
  const auto same = [&](std::string_view other) { return same_name(name, other); };
  return std::any_of(std::begin(kNames), std::end(kNames), same) ||
         (web_socket && std::any_of(std::begin(kWebSocket), std::end(kWebSocket), same));
}

bool is_authority(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || static_cast<unsigned char>(c) >= 0x80 ||
           std::string_view("-._~:[]%").find(c) != std::string_view::npos;
  });
}

bool has_dots(std::string_view target) {
  const std::string_view path = target.substr(0, target.find_first_of("?#"));
  return path.find("/./") != std::string_view::npos || path.find("/../") != std::string_view::npos || path.ends_with("/.") ||
         path.ends_with("/..");
}

}  // namespace

std::string take_user(std::string& url) {
  const std::size_t scheme = url.find("://");
  if (scheme == std::string::npos) return {};
  const std::size_t begin = scheme + 3;
  const std::size_t end = std::min(url.find_first_of("/?#", begin), url.size());
  const std::size_t at = std::string_view(url).substr(0, end).rfind('@');
  if (at == std::string::npos || at < begin) return {};
  std::string user = url.substr(begin, at - begin);
  url.erase(begin, at + 1 - begin);
  return user;
}

std::optional<ScriptRequest> script_request(const stream::Exchange& exchange, const ScriptClient& client,
                                            const stream::Place& place, const stream::FindingSink& report) {
  const auto lost = [&](std::string_view what, std::string message) { report_loss(what, std::move(message), place, report); };
  if (!exchange.request) {
    lost("exchange", "it has no request: there is nothing to send");
    return std::nullopt;
  }
  ScriptRequest out;
  static_cast<RequestMessage&>(out) = request_message(exchange);
  const std::string_view scheme = std::string_view(out.url).substr(0, std::min(out.url.find("://"), out.url.size()));
  const bool messages = std::any_of(exchange.timeline.begin(), exchange.timeline.end(),
                                    [](const stream::Event& event) { return event.kind == stream::EventKind::message; });
  out.web_socket = same_name(scheme, "ws") || same_name(scheme, "wss") || exchange.status() == 101 || messages;
  if (out.web_socket && !client.web_sockets) {
    lost("websocket", fmt::format("a WebSocket is left out: {} has no place for it", client.name));
    return std::nullopt;
  }
  if (url_scheme(out.url).empty() || out.url.find("://") == std::string::npos) {
    lost("exchange", fmt::format("it is left out: its URL is not one of {}",
                                 client.web_sockets ? "http, https, ws or wss" : "http or https"));
    return std::nullopt;
  }
  if (out.web_socket) out.url.replace(0, scheme.size(), url_scheme(out.url) == "https" ? "wss" : "ws");
  if (!stream::http::is_token(out.method) || out.method == "CONNECT") {
    lost("exchange",
         out.method == "CONNECT" ? "it is left out: a tunnel is opened by the client" : "it is left out: its method is no name");
    return std::nullopt;
  }
  if (!take_user(out.url).empty() && find_field(out.fields, "authorization") == nullptr)
    lost("request-url-user", "the user in the URL is left out");
  if (!is_authority(url_authority(out.url))) {
    lost("exchange", "it is left out: its URL has no host");
    return std::nullopt;
  }

  const std::size_t authority = out.url.find("://") + 3 + url_authority(out.url).size();
  std::string target;
  for (const char c : std::string_view(out.url).substr(authority)) {
    const auto octet = static_cast<unsigned char>(c);
    if (octet <= 0x20 || octet >= 0x7F) {
      target += fmt::format("%{:02X}", octet);
    } else {
      target += c;
    }
  }
  if ((!client.encodes.empty() && target.find_first_of(client.encodes) != std::string::npos) ||
      (!client.keeps_dots && has_dots(target)))
    lost("request-url-spelling", fmt::format("{} writes the URL in another way, which means the same", client.name));
  if (!target.starts_with('/')) target.insert(0, "/");
  out.url.replace(authority, std::string::npos, target);
  if (out.url.find('?') == std::string::npos && exchange.request->object["queryString"].is_array() &&
      !exchange.request->object["queryString"].as_array().empty())
    lost("request-queryString", "the URL has no query, so that of the entry is left out");

  if (const std::string* length = find_field(out.fields, "content-length")) out.length_of_nothing = *length == "0";
  Fields fields;
  for (Field& field : out.fields) {
    if (is_made_by_client(field.name, out.web_socket)) continue;
    if (same_name(field.name, "host") && field.value == url_authority(out.url)) continue;
    if (!stream::http::is_token(field.name)) {
      lost("request-headers-name", fmt::format("a header is left out: its name, {}, cannot be sent", field.name));
      continue;
    }
    const auto control = [](char c) { return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7F; };
    if (std::any_of(field.value.begin(), field.value.end(), control)) {
      lost("request-headers-value",
           fmt::format("control characters in the header {} cannot be sent: spaces stand for them", field.name));
      std::replace_if(field.value.begin(), field.value.end(), control, ' ');
    }
    const std::size_t begin = std::min(field.value.find_first_not_of(" \t"), field.value.size());
    field.value = field.value.substr(begin, field.value.find_last_not_of(" \t") + 1 - begin);
    if (!client.repeats_fields && find_field(fields, field.name) != nullptr) {
      const bool cookie = same_name(field.name, "cookie");
      if (!cookie) {
        lost("request-headers-repeated",
             fmt::format("{} has a header once: the values of {} are joined", client.name, field.name));
      }
      for (Field& before : fields) {
        if (same_name(before.name, field.name)) before.value.append(cookie ? "; " : ", ").append(field.value);
      }
      continue;
    }
    fields.push_back(std::move(field));
  }
  out.fields = std::move(fields);
  const stream::Json& object = exchange.request->object;
  if (object["cookies"].is_array() && !object["cookies"].as_array().empty() && find_field(out.fields, "cookie") == nullptr)
    lost("request-cookies", "cookies are left out, for no header has them");

  out.body = coded_body(out);
  if (out.body.empty() && object["postData"]["params"].is_array() && !object["postData"]["params"].as_array().empty())
    lost("request-postData", "the form is left out: the recording has its fields, but not the body itself");
  if (!out.body.empty() && !client.body_with_any_method && (out.method == "GET" || out.method == "HEAD")) {
    lost("request-postData", fmt::format("the body is left out: {} has none with {}", client.name, out.method));
    out.body.clear();
  }
  if (!out.trailers.empty())
    lost("request-trailers", fmt::format("trailers are left out: {} has no place for them", client.name));
  return out;
}

HeldMembers script_members() {
  static constexpr std::string_view kHeld[] = {"request.method",
                                               "request.httpVersion",
                                               "request.url",
                                               "request.headers[].name",
                                               "request.headers[].value",
                                               "request.headersSize",
                                               "request.bodySize",
                                               "request.cookies",
                                               "request.queryString",
                                               "request.postData.text",
                                               "request.postData.mimeType",
                                               "request.postData.params",
                                               "request.postData._encoding",
                                               "request.postData.encoding"};
  return kHeld;
}

}  // namespace har::format
