#include "client_request.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "stream/codec/http_grammar.hpp"
#include "stream/codec/websocket.hpp"
#include "stream/text/base64.hpp"

namespace stream::net {
namespace {

using http::is_token;
using replay::HeaderField;
using replay::iequals;

bool has(const std::vector<HeaderField>& headers, std::string_view name) {
  return std::any_of(headers.begin(), headers.end(), [&](const HeaderField& field) { return iequals(field.name, name); });
}

/// All fields of a name as one list.
std::string joined(const std::vector<HeaderField>& headers, std::string_view name) {
  std::string out;
  for (const HeaderField& field : headers) {
    if (iequals(field.name, name)) out.append(out.empty() ? "" : ", ").append(field.value);
  }
  return out;
}

bool has_element(std::string_view list, std::string_view wanted) {
  bool found = false;
  http::each_element(list, [&](std::string_view element) { found = found || iequals(element, wanted); });
  return found;
}

tl::unexpected<Error> bad(std::string message) { return fail({ErrorCode::usage, std::move(message), {}, {}}); }

}  // namespace

Result<PreparedRequest> prepare_request(const ClientRequest& request, const Url& url, std::string_view websocket_key) {
  PreparedRequest out;
  out.method = request.method;
  if (!is_token(request.method)) return bad(fmt::format("\"{}\" is no method", request.method));
  if (url.websocket() && (request.method != "GET" || !request.body.empty())) {
    return bad("a WebSocket is opened with GET and without a body");
  }
  for (const HeaderField& field : request.headers) {
    if (!is_token(field.name)) return bad(fmt::format("\"{}\" is no name of a header field", field.name));
    if (field.value.find_first_of(std::string_view("\r\n\0", 3)) != std::string::npos) {
      return bad(fmt::format("the value of {} has a line end or a NUL", field.name));
    }
  }
  if (!has(request.headers, "Host")) out.headers.push_back({"Host", url.authority()});
  if (!url.user.empty() && !has(request.headers, "Authorization")) {
    const bool password = url.user.find(':') != std::string::npos;
    out.headers.push_back({"Authorization", "Basic " + base64_encode(password ? url.user : url.user + ":")});
  }
  out.headers.insert(out.headers.end(), request.headers.begin(), request.headers.end());
  if (url.websocket()) {
    out.headers.push_back({"Upgrade", "websocket"});
    out.headers.push_back({"Connection", "Upgrade"});
    out.headers.push_back({"Sec-WebSocket-Key", std::string(websocket_key)});
    out.headers.push_back({"Sec-WebSocket-Version", "13"});
    if (!request.subprotocols.empty()) {
      std::string list;
      for (const std::string& name : request.subprotocols) {
        if (!is_token(name)) return bad(fmt::format("\"{}\" is no name of a subprotocol", name));
        list.append(list.empty() ? "" : ", ").append(name);
      }
      out.headers.push_back({"Sec-WebSocket-Protocol", list});
    }
    if (request.deflate) out.headers.push_back({"Sec-WebSocket-Extensions", to_string(WsDeflateOffer{})});
  }
  // RFC 9110 §8.6: a method that has a meaning for content gets a length even if there is none.
  const bool expected = !request.body.empty() || request.method == "POST" || request.method == "PUT" || request.method == "PATCH";
  if (has(request.headers, "Transfer-Encoding")) return bad("the request has a Transfer-Encoding: its body is sent as it is");
  if (expected && !has(request.headers, "Content-Length")) {
    out.headers.push_back({"Content-Length", std::to_string(request.body.size())});
  }
  out.head = fmt::format("{} {} HTTP/1.1\r\n", out.method, url.target);
  for (const HeaderField& field : out.headers) out.head.append(field.name).append(": ").append(field.value).append("\r\n");
  out.head += "\r\n";
  return out;
}

Result<std::optional<WsDeflateParams>> check_handshake(const std::vector<HeaderField>& headers, const ClientRequest& request,
                                                       std::string_view websocket_key) {
  const auto refuse = [](std::string message) {
    return fail({ErrorCode::syntax, "the WebSocket handshake is wrong: " + std::move(message), {}, {}});
  };
  if (!has_element(joined(headers, "Upgrade"), "websocket")) return refuse("there is no \"Upgrade: websocket\"");
  if (!has_element(joined(headers, "Connection"), "upgrade")) return refuse("there is no \"Connection: Upgrade\"");
  if (joined(headers, "Sec-WebSocket-Accept") != websocket_accept(websocket_key)) {
    return refuse("Sec-WebSocket-Accept does not answer our key");
  }
  const std::string protocol = joined(headers, "Sec-WebSocket-Protocol");
  if (!protocol.empty() &&
      std::find(request.subprotocols.begin(), request.subprotocols.end(), protocol) == request.subprotocols.end()) {
    return refuse(fmt::format("the subprotocol \"{}\" was not offered", protocol));
  }
  const std::string extensions = joined(headers, "Sec-WebSocket-Extensions");
  if (extensions.empty()) return std::optional<WsDeflateParams>();
  if (!request.deflate) return refuse(fmt::format("the extension \"{}\" was not offered", extensions));
  const WsDeflateOffer offer;
  auto agreed = agreed_ws_deflate(extensions, &offer);
  if (!agreed) return refuse(agreed.error().message);
  return agreed;
}

}  // namespace stream::net
