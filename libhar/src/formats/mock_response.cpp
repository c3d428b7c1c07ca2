#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

#include "body_text.hpp"
#include "formats/losses.hpp"
#include "har/exchange.hpp"
#include "mock_parts.hpp"
#include "stream/codec/sse.hpp"
#include "stream/text/ascii.hpp"
#include "stream/text/base64.hpp"
#include "stream/text/utf8.hpp"

namespace har::format {
namespace {

using stream::Event;
using stream::EventKind;
using stream::Exchange;
using stream::Json;
using stream::Nanos;
using stream::StreamKind;
using stream::ascii::equal_ignoring_case;

std::string header(const Json& headers, std::string_view name) {
  if (!headers.is_array()) return {};
  for (const Json& field : headers.as_array()) {
    if (equal_ignoring_case(field["name"].string_or(""), name)) return std::string(field["value"].string_or(""));
  }
  return {};
}

/// Bytes that are still encoded as Content-Encoding says. Most recorders keep what was decoded.
bool still_encoded(std::string_view coding, std::string_view body) {
  if (equal_ignoring_case(coding, "gzip")) return body.starts_with("\x1f\x8b");
  if (equal_ignoring_case(coding, "zstd")) return body.starts_with("\x28\xb5\x2f\xfd");
  return equal_ignoring_case(coding, "br") && !stream::is_utf8(body);
}

/// What belongs to one connection, to one moment, or is made anew by every server.
bool is_volatile(std::string_view name) {
  constexpr std::array<std::string_view, 12> kNames{
      "connection",     "keep-alive", "te",  "trailer",          "transfer-encoding",  "upgrade",
      "content-length", "date",       "age", "proxy-connection", "proxy-authenticate", "alt-svc"};
  return name.starts_with(':') ||
         std::any_of(kNames.begin(), kNames.end(), [&](std::string_view each) { return equal_ignoring_case(name, each); });
}

Json::Array response_headers(const Json& response, std::string_view body) {
  Json::Array out;
  const Json& headers = response["headers"];
  bool typed = false;
  if (headers.is_array()) {
    for (const Json& field : headers.as_array()) {
      const std::string_view name = field["name"].string_or("");
      const std::string_view value = field["value"].string_or("");
      if (name.empty() || is_volatile(name)) continue;
      if (equal_ignoring_case(name, "content-encoding") && !still_encoded(value, body)) continue;
      typed = typed || equal_ignoring_case(name, "content-type");
      out.push_back(Json::Object{{"name", name}, {"value", value}});
    }
  }
  const std::string_view type = response["content"]["mimeType"].string_or("");
  if (!typed && !type.empty() && type != "x-unknown") out.push_back(Json::Object{{"name", "Content-Type"}, {"value", type}});
  return out;
}

/// Whether a string in it would be taken for a part of a request.
bool has_placeholder(const Json& value) {
  constexpr std::string_view kPlaceholder = "@request.body.";
  if (value.is_string())
    return equal_ignoring_case(std::string_view(value.as_string()).substr(0, kPlaceholder.size()), kPlaceholder);
  if (value.is_array()) return std::any_of(value.as_array().begin(), value.as_array().end(), has_placeholder);
  return value.is_object() && std::any_of(value.as_object().begin(), value.as_object().end(),
                                          [](const stream::JsonMember& member) { return has_placeholder(member.value); });
}

std::optional<Json> json_body(std::string_view text) {
  auto json = stream::parse_json(text);
  if (!json || !(json->is_object() || json->is_array()) || has_placeholder(*json)) return std::nullopt;
  return std::move(*json);
}

void set_whole_body(Json& response, const std::string& body, std::string_view type) {
  if (type.find("json") != std::string_view::npos) {
    if (auto json = json_body(body)) {
      response.set("body", std::move(*json));
      return;
    }
  }
  if (!stream::is_utf8(body) || has_placeholder(Json(body))) {
    response.set("bodyBase64", stream::base64_encode(body));
  } else {
    response.set("body", body.starts_with('@') ? "@" + body : body);
  }
}

/// Bytes of a stream and when they came.
struct Arrived {
  Nanos t{};
  std::size_t end = 0;  ///< of the bytes, in the body
  std::string_view bytes{};
};

std::vector<Arrived> arrivals(const Exchange& exchange) {
  std::vector<Arrived> out;
  std::size_t end = 0;
  for (const Event& event : exchange.timeline) {
    if (event.kind != EventKind::data || event.direction != stream::Direction::receive || event.data.empty()) continue;
    end += event.data.size();
    out.push_back({event.t, end, event.data});
  }
  return out;
}

/// Pauses between parts, from the times of the bytes that complete them.
class Pauses {
 public:
  Pauses(const std::vector<Arrived>& arrived, Nanos start) : arrived_(arrived), at_(start) {}
  void add(Json& part, std::size_t end) {
    while (next_ + 1 < arrived_.size() && arrived_[next_].end < end) ++next_;
    const Nanos t = std::max(at_, arrived_[next_].t);
    if (t > at_) part.set("delayMs", Json::Number{stream::format_decimal_millis(t - at_)});
    at_ = t;
  }

 private:
  const std::vector<Arrived>& arrived_;
  std::size_t next_ = 0;
  Nanos at_;
};

/// The body as events; nothing if they would not give the same bytes.
std::optional<Json::Array> sse_body(std::string_view body, Pauses pauses) {
  stream::SseDecoder decoder;
  std::vector<stream::SseItem> items;
  if (!decoder.feed(body, items) || !decoder.finish(items)) return std::nullopt;
  Json::Array out;
  std::string again;
  for (const stream::SseItem& item : items) {
    Json part = Json::object();
    switch (item.kind) {
      case stream::SseItem::Kind::retry:
        continue;  // its block has it too
      case stream::SseItem::Kind::tail:
        return std::nullopt;
      case stream::SseItem::Kind::comment:
        part.set("comment", item.text);
        stream::encode_sse_comment(again, item.text);
        again += '\n';
        break;
      case stream::SseItem::Kind::event:
      case stream::SseItem::Kind::no_data: {
        const bool event = item.kind == stream::SseItem::Kind::event;
        if (item.event.has_event) part.set("event", item.event.type);
        if (item.event.has_id) part.set("id", item.event.last_event_id);
        if (item.event.retry) part.set("retry", Json(*item.event.retry));
        if (event) {
          auto json = json_body(item.event.data);
          const bool same = json && to_json(*json) == item.event.data;
          part.set("data", same ? std::move(*json) : Json(item.event.data));
        } else if (part.as_object().empty()) {
          return std::nullopt;
        }
        std::string block;
        encode_sse(block, item.event);
        if (!event) block.erase(block.rfind("data"), block.size() - 1 - block.rfind("data"));
        again += block;
        break;
      }
    }
    pauses.add(part, item.end);
    out.push_back(std::move(part));
  }
  if (again != body) return std::nullopt;
  return out;
}

std::optional<Json::Array> ndjson_body(std::string_view body, Pauses pauses) {
  Json::Array out;
  std::size_t end = 0;
  for (std::string_view rest = body; !rest.empty();) {
    const auto line_end = rest.find('\n');
    if (line_end == std::string_view::npos) return std::nullopt;
    const std::string_view line = rest.substr(0, line_end);
    rest.remove_prefix(line_end + 1);
    end += line_end + 1;
    auto json = stream::parse_json(line);
    if (!json || to_json(*json) != line || has_placeholder(*json)) return std::nullopt;
    Json part = Json::Object{{"json", std::move(*json)}};
    pauses.add(part, end);
    out.push_back(std::move(part));
  }
  return out;
}

Json::Array chunks_body(const std::vector<Arrived>& arrived, Pauses pauses) {
  Json::Array out;
  for (const Arrived& chunk : arrived) {
    Json part = Json::object();
    if (stream::is_utf8(chunk.bytes)) {
      part.set("text", chunk.bytes);
    } else {
      part.set("base64", stream::base64_encode(chunk.bytes));
    }
    pauses.add(part, chunk.end);
    out.push_back(std::move(part));
  }
  return out;
}

bool is_stream(const Exchange& exchange, const std::vector<Arrived>& arrived) {
  switch (exchange.kind()) {
    case StreamKind::sse:
    case StreamKind::ndjson:
    case StreamKind::json_seq:
    case StreamKind::multipart:
      return true;
    case StreamKind::text:
    case StreamKind::binary:
      return arrived.size() > 1;
    default:
      return false;
  }
}

}  // namespace

std::optional<Json> mock_response(const Exchange& exchange, const stream::Place& place, const stream::FindingSink& report) {
  const auto warn = [&](std::string message) {
    if (report) report({stream::Level::warning, "mocks-response", std::move(message), place});
  };
  const int status = exchange.status();
  if (status < 200 || status > 599) {
    warn(status == 0 ? "this exchange has no response, and becomes no mock"
                     : "the status " + std::to_string(status) + " is none that a mock can answer with");
    return std::nullopt;
  }
  if (exchange.end && exchange.end->reason != "eof")
    warn("the answer did not come to its end (" + exchange.end->reason + "); the mock's will");
  const Json& response = exchange.response->object;
  const std::string body = body_of(exchange);
  const auto arrived = arrivals(exchange);
  Json out = Json::object();
  out.set("statusCode", Json(status));
  auto headers = response_headers(response, body);
  const std::string type = header(Json(headers), "content-type");
  if (!headers.empty()) out.set("headers", std::move(headers));
  if (status == 204 || status == 304) return out;
  if (body.empty()) {
    if (!type.empty()) out.set("body", "");  // else a mock has no type either
    return out;
  }
  if (!is_stream(exchange, arrived) || arrived.empty()) {
    set_whole_body(out, body, type);
    return out;
  }
  const Nanos head = exchange.response->t;
  if (const Nanos wait = head - exchange.begin(); wait > Nanos{})
    out.set("delayMs", Json::Number{stream::format_decimal_millis(wait)});
  const Pauses pauses(arrived, head);
  std::optional<Json::Array> parts;
  if (exchange.kind() == StreamKind::sse && (parts = sse_body(body, pauses))) {
    out.set("sse", std::move(*parts));
  } else if (exchange.kind() == StreamKind::ndjson && (parts = ndjson_body(body, pauses))) {
    out.set("ndjson", std::move(*parts));
  } else {
    out.set("chunks", chunks_body(arrived, pauses));
  }
  return out;
}

std::optional<Json> devproxy_response(const Exchange& exchange, const stream::Place& place, const stream::FindingSink& report) {
  auto out = mock_response(exchange, place, report);
  constexpr std::array<std::string_view, 3> kParts{"sse", "ndjson", "chunks"};
  const auto is_there = [&](std::string_view name) { return out->find(name) != nullptr; };
  if (!out || std::none_of(kParts.begin(), kParts.end(), is_there)) return out;
  for (const std::string_view name : {"delayMs", "sse", "ndjson", "chunks"}) out->erase(name);
  set_whole_body(*out, body_of(exchange), header((*out)["headers"], "content-type"));
  report_loss("mocks-times", "the pauses of a stream are left out: Dev Proxy sends a body in one piece", place, report);
  return out;
}

std::optional<std::string> mock_request_body(const Exchange& exchange, const stream::Place& place,
                                             const stream::FindingSink& report) {
  std::string body = body_of(exchange, stream::Direction::send);
  if (body.empty() && exchange.request) {
    body = post_octets(exchange.request->object).value_or("");
  }
  if (body.empty()) return std::nullopt;
  if (!stream::is_utf8(body)) {
    if (report) {
      report(
          {stream::Level::note, "mocks-request", "the body of this request is no text, and what a mock does not look at", place});
    }
    return std::nullopt;
  }
  return body;
}

std::string exact_expression(std::string_view text) {
  constexpr std::string_view kSpecial = "\\^$.|?*+()[]{}";
  std::string out = "^";
  for (const char c : text) {
    if (kSpecial.find(c) != std::string_view::npos) out += '\\';
    out += c;
  }
  return out + '$';
}

}  // namespace har::format
