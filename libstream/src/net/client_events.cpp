#include "stream/net/client_events.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "stream/text/units.hpp"
#include "stream/text/utf8.hpp"

namespace stream::net {
namespace {

using replay::find_header;

Json har_headers(const std::vector<replay::HeaderField>& headers) {
  Json list = Json::array();
  for (const auto& field : headers) {
    list.as_array().push_back(Json::Object{{"name", field.name}, {"value", field.value}});
  }
  return list;
}

/// The pairs of a query as they are written.
Json har_query(std::string_view url) {
  Json list = Json::array();
  const auto mark = url.find('?');
  if (mark == std::string_view::npos) return list;
  for (std::string_view rest = url.substr(mark + 1); !rest.empty();) {
    const auto end = std::min(rest.find('&'), rest.size());
    const std::string_view pair = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (pair.empty()) continue;
    const auto equals = std::min(pair.find('='), pair.size());
    list.as_array().push_back(
        Json::Object{{"name", pair.substr(0, equals)}, {"value", pair.substr(std::min(equals + 1, pair.size()))}});
  }
  return list;
}

Json millis(std::optional<Nanos> time) { return time ? Json(Json::Number{format_decimal_millis(*time)}) : Json(-1); }

std::string end_reason(ClientEnd::Kind kind) {
  switch (kind) {
    case ClientEnd::Kind::complete:
      return "eof";
    case ClientEnd::Kind::reset:
      return "reset";
    case ClientEnd::Kind::timeout:
      return "timeout";
    case ClientEnd::Kind::stopped:
      return "abort";
    case ClientEnd::Kind::truncated:
    case ClientEnd::Kind::broken:
      break;
  }
  return "error";
}

}  // namespace

Event request_event(const ClientEvent& event, std::string_view body) {
  Event line;
  line.kind = EventKind::request;
  Json request = Json::Object{{"method", event.method},
                              {"url", event.url},
                              {"httpVersion", "HTTP/1.1"},
                              {"cookies", Json::array()},
                              {"headers", har_headers(event.headers)},
                              {"queryString", har_query(event.url)}};
  if (!body.empty() && is_utf8(body)) {
    request.set("postData", Json::Object{{"mimeType", find_header(event.headers, "Content-Type")}, {"text", body}});
  }
  request.set("headersSize", -1);
  request.set("bodySize", static_cast<std::uint64_t>(body.size()));
  line.object = std::move(request);
  Json timings = Json::Object{
      {"dns", millis(event.timings.dns)}, {"connect", millis(event.timings.connect)}, {"ssl", millis(event.timings.tls)}};
  line.entry = Json::Object{{"serverIPAddress", event.address},
                            {"connection", std::to_string(event.local_port)},
                            {"_connectTimings", std::move(timings)}};
  if (!event.tls.empty()) line.entry.set("_tls", event.tls);
  return line;
}

std::optional<Event> sent_body(std::string_view body) {
  if (body.empty() || is_utf8(body)) return std::nullopt;
  Event bytes;
  bytes.kind = EventKind::data;
  bytes.direction = Direction::send;
  bytes.data = body;
  return bytes;
}

StreamKind stream_kind_of(const ClientEvent& head) {
  return head.websocket ? StreamKind::websocket : stream_kind_of_media_type(find_header(head.headers, "Content-Type"));
}

Event response_event(const ClientEvent& event, StreamKind kind) {
  Event line;
  line.kind = EventKind::response;
  line.stream_kind = to_string(kind);
  line.object = Json::Object{{"status", event.status},
                             {"statusText", event.reason},
                             {"httpVersion", fmt::format("HTTP/1.{}", event.minor_version)},
                             {"cookies", Json::array()},
                             {"headers", har_headers(event.headers)},
                             {"content", Json::Object{{"size", -1}, {"mimeType", find_header(event.headers, "Content-Type")}}},
                             {"redirectURL", find_header(event.headers, "Location")},
                             {"headersSize", event.head_size},
                             {"bodySize", -1}};
  return line;
}

Event timeline_event(const ClientEvent& event) {
  Event line;
  switch (event.kind) {
    case ClientEvent::Kind::interim:
      line.kind = EventKind::mark;
      line.data = fmt::format("interim response {} {}", event.status, event.reason);
      break;
    case ClientEvent::Kind::message:
      line.kind = EventKind::message;
      line.direction = event.direction;
      line.opcode = event.opcode;
      line.data = event.bytes;
      break;
    case ClientEvent::Kind::close:
      line.kind = EventKind::close;
      line.direction = event.direction;
      line.code = event.code;
      line.reason = event.reason;
      break;
    case ClientEvent::Kind::data:
    case ClientEvent::Kind::request:
    case ClientEvent::Kind::sent:
    case ClientEvent::Kind::head:
      line.kind = EventKind::data;
      line.data = event.bytes;
      break;
  }
  return line;
}

Event end_event(const ClientEnd& end, const std::string& why) {
  Event line;
  line.kind = EventKind::end;
  line.reason = why.empty() ? end_reason(end.kind) : "abort";
  line.data = why.empty() ? end.error : why;
  if (!end.trailers.empty()) line.trailers = har_headers(end.trailers);
  return line;
}

}  // namespace stream::net
