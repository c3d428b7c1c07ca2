#include "websocket_handshake.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "http1_message.hpp"
#include "stream/codec/websocket.hpp"
#include "stream/text/base64.hpp"

namespace stream::net {
namespace {

constexpr std::size_t kKeySize = 16;  // RFC 6455 §4.1
constexpr std::size_t kKeyText = 24;  // the same in base64
constexpr std::string_view kVersion = "13";

WebSocketHandshake refusal(int status, std::string why, std::string_view fields = {}) {
  WebSocketHandshake out;
  out.status = status;
  out.bytes = make_refusal(status, why, fields);
  out.why = std::move(why);
  return out;
}

/// The elements of all fields of that name, in their order.
std::string joined(const Request& request, std::string_view name) {
  std::string out;
  for (const replay::HeaderField& field : request.headers) {
    if (replay::iequals(field.name, name)) out.append(out.empty() ? "" : ", ").append(field.value);
  }
  return out;
}

std::ptrdiff_t count(const Request& request, std::string_view name) {
  return std::count_if(request.headers.begin(), request.headers.end(),
                       [&](const replay::HeaderField& field) { return replay::iequals(field.name, name); });
}

bool offers(std::string_view list, std::string_view protocol) {
  while (!list.empty()) {
    std::string_view element = list.substr(0, list.find(','));
    list.remove_prefix(std::min(element.size() + 1, list.size()));
    const auto first = element.find_first_not_of(" \t");
    if (first == std::string_view::npos) continue;
    if (element.substr(first, element.find_last_not_of(" \t") - first + 1) == protocol) return true;
  }
  return false;
}

bool is_key(std::string_view key) {
  if (key.size() != kKeyText || !key.ends_with("==")) return false;
  const auto octets = base64_decode(key);
  return octets && octets->size() == kKeySize;
}

}  // namespace

WebSocketHandshake answer_handshake(const Request& request, const replay::Answer& answer) {
  if (joined(request, "sec-websocket-version") != kVersion) {
    return refusal(426, "the only version of the WebSocket protocol here is 13",
                   "Sec-WebSocket-Version: 13\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n");
  }
  const std::string_view key = replay::find_header(request.headers, "sec-websocket-key");
  if (count(request, "sec-websocket-key") != 1 || !is_key(key)) {
    return refusal(400, "a WebSocket handshake needs one Sec-WebSocket-Key of 16 bytes in base64");
  }
  if (request.authority.empty()) return refusal(400, "a WebSocket handshake needs a Host");

  WebSocketHandshake out;
  if (answer.deflate) {
    auto agreed = answer_ws_deflate(joined(request, "sec-websocket-extensions"));
    if (!agreed) return refusal(400, "Sec-WebSocket-Extensions cannot be read: " + agreed.error().message);
    if (*agreed) {
      out.deflate = (*agreed)->params;
      out.bytes = fmt::format("Sec-WebSocket-Extensions: {}\r\n", (*agreed)->header);
    }
  }
  std::string head =
      fmt::format("HTTP/1.1 101 {}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {}\r\n",
                  answer.reason.empty() ? standard_reason(101) : std::string_view(answer.reason), websocket_accept(key));
  if (!answer.subprotocol.empty() && offers(joined(request, "sec-websocket-protocol"), answer.subprotocol)) {
    fmt::format_to(std::back_inserter(head), "Sec-WebSocket-Protocol: {}\r\n", answer.subprotocol);
  }
  head += out.bytes;
  for (const replay::HeaderField& field : answer.headers) {
    fmt::format_to(std::back_inserter(head), "{}: {}\r\n", field.name, field.value);
  }
  head += "\r\n";
  out.bytes = std::move(head);
  return out;
}

}  // namespace stream::net
