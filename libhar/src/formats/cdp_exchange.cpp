#include "formats/cdp_exchange.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "stream/codec/sse.hpp"
#include "stream/text/ascii.hpp"
#include "stream/text/base64.hpp"
#include "stream/text/charset.hpp"

namespace har::format {

using stream::Direction;
using stream::Json;
using stream::JsonMember;
using stream::Nanos;
using stream::WallTime;

namespace {

using stream::ascii::lower_case;

/// Headers of an object, in which several of one name are joined by line feeds (Set-Cookie).
Fields fields_of(const Json& headers) {
  Fields out;
  if (!headers.is_object()) return out;
  for (const JsonMember& member : headers.as_object()) {
    std::string_view value = member.value.string_or("");
    for (;;) {
      const std::size_t end = std::min(value.find('\n'), value.size());
      std::string_view line = value.substr(0, end);
      while (!line.empty() && (line.back() == '\r' || line.back() == ' ')) line.remove_suffix(1);
      if (!member.name.starts_with(':')) out.push_back({member.name, std::string(line)});
      if (end == value.size()) break;
      value.remove_prefix(end + 1);
    }
  }
  return out;
}

/// Of a head as it was on the wire.
Fields fields_of_text(std::string_view text) {
  Fields out;
  bool first = true;
  while (!text.empty()) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    if (line.empty() && !first) break;
    const std::size_t colon = line.find(':', 1);
    if (std::exchange(first, false) && (line.starts_with("HTTP/") || colon == std::string_view::npos || line.find(' ') < colon))
      continue;
    if (colon == std::string_view::npos || line.front() == ':') continue;
    std::string_view value = line.substr(colon + 1);
    while (!value.empty() && (value.front() == ' ' || value.front() == '\t')) value.remove_prefix(1);
    while (!value.empty() && (value.back() == ' ' || value.back() == '\t')) value.remove_suffix(1);
    out.push_back({std::string(line.substr(0, colon)), std::string(value)});
  }
  return out;
}

std::string version_of(std::string_view protocol) {
  if (protocol == "h2") return "HTTP/2";
  if (protocol.starts_with("h3") || protocol.starts_with("http/2+quic")) return "HTTP/3";
  if (protocol.starts_with("http/")) return "HTTP" + std::string(protocol.substr(4));
  return std::string(protocol);
}

/// A span of a ResourceTiming, in milliseconds; -1: there was none.
Nanos span(const Json& timing, std::string_view from, std::string_view to) {
  const auto begin = millis_of(timing[from]);
  const auto end = millis_of(timing[to]);
  if (!begin || !end || *begin < Nanos{} || *end < *begin) return Nanos(-1);
  return std::min(*end - *begin, Nanos(std::chrono::hours(24 * 365)));
}

/// Text as the octets that it was, in the charset of the answer; DevTools reads what names none as windows-1252.
std::optional<std::string> octets_of(std::string_view text, const Fields& fields) {
  const std::string* const type = find_field(fields, "content-type");
  const auto named = stream::charset_by_label(stream::charset_parameter(type != nullptr ? *type : ""));
  return stream::encode_charset(named.value_or(stream::Charset::windows_1252), text);
}

}  // namespace

WallTime CdpExchange::Clock::at(const Json& timestamp) const {
  const Nanos time = seconds_of(timestamp).value_or(Nanos{});
  return moved(WallTime(time), offset.value_or(Nanos{}));
}

void CdpExchange::request(const Json& params) {
  const Json& request = params["request"];
  if (const auto wall = seconds_of(params["wallTime"]); wall && params["timestamp"].is_number()) {
    clock_.offset = difference(*wall, seconds_of(params["timestamp"]).value_or(Nanos{}));
  }
  logged_.begin = clock_.at(params["timestamp"]);
  logged_.request.method = request["method"].string_or("GET");
  logged_.request.url = std::string(request["url"].string_or("")) + std::string(request["urlFragment"].string_or(""));
  request_headers_ = request["headers"];
  has_post_data_ = request["hasPostData"].bool_or(false);
  bool whole = false;
  if (const Json& entries = request["postDataEntries"]; entries.is_array() && !entries.as_array().empty()) {
    whole = true;
    std::string body;
    for (const Json& entry : entries.as_array()) {
      const auto bytes = entry["bytes"].is_string() ? stream::base64_decode(entry["bytes"].as_string()) : std::nullopt;
      whole = whole && bytes;
      if (bytes) body += *bytes;
    }
    if (whole) logged_.request.body = std::move(body);
  }
  if (!whole) logged_.request.body = request["postData"].string_or("");
  if (const Json& initiator = params["initiator"]; initiator.is_object()) logged_.entry.set("_initiator", initiator);
  if (const Json& priority = request["initialPriority"]; priority.is_string()) logged_.entry.set("_priority", priority);
  if (const Json& type = params["type"]; type.is_string()) logged_.entry.set("_resourceType", lower_case(type.as_string()));
  size_ += logged_.request.body.size() + logged_.request.url.size() + 2048;
}

void CdpExchange::request_extra(const Json& params) {
  request_extra_ = true;
  request_extra_headers_ = params["headers"];
}

void CdpExchange::take_answer(const Json& response, const Json& at, bool has_extra) {
  response_ = response;
  extra_expected_ = has_extra;
  ResponseMessage message;
  message.status = static_cast<int>(response["status"].int_or(0));
  message.reason = response["statusText"].string_or("");
  message.version = version_of(response["protocol"].string_or(""));
  logged_.request.version = message.version;
  logged_.response = std::move(message);
  logged_.responded = clock_.at(at);
  size_ += 4096;
}

void CdpExchange::response(const Json& params) {
  if (const Json& type = params["type"]; type.is_string()) logged_.entry.set("_resourceType", lower_case(type.as_string()));
  take_answer(params["response"], params["timestamp"], params["hasExtraInfo"].bool_or(false));
  // Not of the protocol: where programs put a body that they have asked for (chrome-har, index.js).
  if (const Json& text = params["response"]["body"]; text.is_string()) {
    body(Json(Json::Object{{"body", text}, {"base64Encoded", params["response"]["encoding"].string_or("") == "base64"}}));
  }
}

void CdpExchange::redirected(const Json& params) {
  take_answer(params["redirectResponse"], params["timestamp"], params["redirectHasExtraInfo"].bool_or(false));
  redirect_ = true;
  logged_.over = true;
  logged_.ended = clock_.at(params["timestamp"]);
}

void CdpExchange::response_extra(const Json& params) {
  response_extra_ = true;
  response_extra_json_ = Json::object();
  for (const std::string_view name : {"headers", "headersText", "statusCode"}) {
    if (const Json* value = params.find(name)) response_extra_json_.set(name, *value);
  }
  size_ += 2048;
}

void CdpExchange::data(const Json& params) {
  Chunk chunk;
  chunk.time = clock_.at(params["timestamp"]);
  chunk.size = static_cast<std::uint64_t>(std::max<std::int64_t>(params["dataLength"].int_or(0), 0));
  encoded_ +=
      static_cast<std::uint64_t>(std::clamp<std::int64_t>(params["encodedDataLength"].int_or(0), 0, std::int64_t{1} << 40));
  if (const Json& data = params["data"]; data.is_string()) {
    chunk.data = stream::base64_decode(data.as_string());
    bad_base64_ = bad_base64_ || !chunk.data;
    if (chunk.data) size_ += chunk.data->size();
  }
  logged_.ended = std::max(chunk.time, logged_.ended.value_or(chunk.time));
  if (chunk.size == 0 && !chunk.data) return;
  size_ += sizeof(Chunk);
  chunks_.push_back(std::move(chunk));
}

void CdpExchange::event_source_message(const Json& params) {
  stream::SseEvent event;
  event.type = params["eventName"].string_or("message");
  event.data = params["data"].string_or("");
  event.last_event_id = params["eventId"].string_or("");
  event.has_id = event.last_event_id != last_event_id_;
  last_event_id_ = event.last_event_id;
  LoggedExchange::Piece piece;
  piece.time = clock_.at(params["timestamp"]);
  stream::encode_sse(piece.bytes, event);
  logged_.ended = std::max(piece.time, logged_.ended.value_or(piece.time));
  size_ += piece.bytes.size() + sizeof(piece);
  events_.push_back(std::move(piece));
}

void CdpExchange::end(const Json& params) {
  logged_.over = true;
  const WallTime time = clock_.at(params["timestamp"]);
  logged_.ended = std::max(time, logged_.ended.value_or(time));
}

void CdpExchange::finished(const Json& params) {
  end(params);
  if (const std::int64_t size = params["encodedDataLength"].int_or(-1); size >= 0 && response_.is_object())
    logged_.entry.set("_transferSize", size);
}

void CdpExchange::failed(const Json& params) {
  end(params);
  failed_ = true;
  logged_.error = params["errorText"].string_or("");
  if (logged_.error.empty()) logged_.error = params["canceled"].bool_or(false) ? "net::ERR_ABORTED" : "net::ERR_FAILED";
  if (const Json& reason = params["blockedReason"]; reason.is_string()) logged_.entry.set("_blockedReason", reason);
}

void CdpExchange::websocket_created(const Json& params) {
  logged_.websocket = true;
  logged_.request.url = params["url"].string_or("");
  if (const Json& initiator = params["initiator"]; initiator.is_object()) logged_.entry.set("_initiator", initiator);
  logged_.entry.set("_resourceType", "websocket");
}

void CdpExchange::websocket_request(const Json& params) {
  logged_.websocket = true;
  if (const auto wall = seconds_of(params["wallTime"]); wall && params["timestamp"].is_number())
    clock_.offset = difference(*wall, seconds_of(params["timestamp"]).value_or(Nanos{}));
  logged_.begin = clock_.at(params["timestamp"]);
  request_headers_ = params["request"]["headers"];
  logged_.request.version = "HTTP/1.1";
}

void CdpExchange::websocket_response(const Json& params) {
  logged_.websocket = true;
  if (!logged_.begin) logged_.begin = clock_.at(params["timestamp"]);
  take_answer(params["response"], params["timestamp"], false);
  if (logged_.response->version.empty()) logged_.response->version = "HTTP/1.1";
  logged_.request.version = logged_.response->version;
}

void CdpExchange::websocket_frame(const Json& params, Direction direction) {
  logged_.websocket = true;
  const Json& frame = params["response"];
  const WallTime time = clock_.at(params["timestamp"]);
  if (!logged_.begin) logged_.begin = time;
  const auto opcode = static_cast<int>(std::clamp<std::int64_t>(frame["opcode"].int_or(1), 0, 15));
  const std::string_view data = frame["payloadData"].string_or("");
  std::string bytes(data);
  if (opcode != 1) {
    auto decoded = stream::base64_decode(data);
    bad_base64_ = bad_base64_ || !decoded;
    if (decoded) bytes = std::move(*decoded);
  }
  logged_.ended = std::max(time, logged_.ended.value_or(time));
  size_ += bytes.size() + sizeof(LoggedExchange::Message);
  if (opcode == 8) {
    std::optional<int> code;
    if (bytes.size() >= 2) code = static_cast<unsigned char>(bytes[0]) * 256 + static_cast<unsigned char>(bytes[1]);
    logged_.messages.push_back(websocket_close(time, direction, code, bytes.size() > 2 ? bytes.substr(2) : std::string()));
  } else {
    logged_.messages.push_back(websocket_message(time, direction, std::max(opcode, 1), std::move(bytes)));
  }
}

void CdpExchange::websocket_failed(const Json& params) {
  const WallTime time = clock_.at(params["timestamp"]);
  if (!logged_.begin) logged_.begin = time;
  logged_.messages.push_back(websocket_error(time, std::string(params["errorMessage"].string_or("error"))));
  size_ += sizeof(LoggedExchange::Message);
  if (!logged_.response) logged_.error = params["errorMessage"].string_or("error");
}

void CdpExchange::websocket_closed(const Json& params) {
  if (!logged_.begin) logged_.begin = clock_.at(params["timestamp"]);
  end(params);
  failed_ = !logged_.response;
}

void CdpExchange::body(const Json& result) {
  const Json& text = result["body"];
  if (!text.is_string()) return;
  text_body_ = !result["base64Encoded"].bool_or(false);
  if (text_body_) {
    body_ = text.as_string();
  } else if (auto bytes = stream::base64_decode(text.as_string())) {
    body_ = std::move(*bytes);
  } else {
    bad_base64_ = true;
    return;
  }
  size_ += body_->size();
}

void CdpExchange::post_data(const Json& result) {
  const Json& text = result["postData"];
  if (!text.is_string() || !logged_.request.body.empty()) return;
  if (!result["base64Encoded"].bool_or(false)) {
    logged_.request.body = text.as_string();
  } else if (auto bytes = stream::base64_decode(text.as_string())) {
    logged_.request.body = std::move(*bytes);
  }
  size_ += logged_.request.body.size();
}

bool CdpExchange::settled() const {
  if (!logged_.over) return false;
  if (extra_expected_ && !(response_extra_ && request_extra_)) return false;
  return redirect_ || failed_ || logged_.websocket || body_.has_value();
}

void CdpExchange::take_request_fields() {
  if (const Json& text = response_["requestHeadersText"]; text.is_string() && !text.as_string().empty()) {
    logged_.request.fields = fields_of_text(text.as_string());
  } else if (request_extra_headers_.is_object() && !request_extra_headers_.as_object().empty()) {
    logged_.request.fields = fields_of(request_extra_headers_);
  } else if (const Json& sent = response_["requestHeaders"]; sent.is_object() && !sent.as_object().empty()) {
    logged_.request.fields = fields_of(sent);
  } else {
    logged_.request.fields = fields_of(request_headers_);
  }
}

void CdpExchange::take_response_fields() {
  ResponseMessage& response = *logged_.response;
  const Json& headers = response_extra_json_["headers"];
  if (const Json& text = response_extra_json_["headersText"]; text.is_string() && !text.as_string().empty()) {
    response.fields = fields_of_text(text.as_string());
  } else if (headers.is_object() && !headers.as_object().empty()) {
    response.fields = fields_of(headers);
  } else if (const Json& own = response_["headersText"]; own.is_string() && !own.as_string().empty()) {
    response.fields = fields_of_text(own.as_string());
  } else {
    response.fields = fields_of(response_["headers"]);
  }
  // 304 on the wire is 200 for the page, which has the body of its cache.
  if (const std::int64_t status = response_extra_json_["statusCode"].int_or(0);
      status >= 100 && status <= 999 && status != response.status) {
    response.status = static_cast<int>(status);
    response.reason = status == 304 ? "Not Modified" : "";
  }
  if (find_field(response.fields, "content-type") == nullptr && response_["mimeType"].is_string() &&
      !response_["mimeType"].as_string().empty() && response_["fromDiskCache"].bool_or(false))
    response.fields.push_back({"content-type", response_["mimeType"].as_string()});
  if (const Json& address = response_["remoteIPAddress"]; address.is_string() && !address.as_string().empty())
    logged_.entry.set("serverIPAddress", address_without_port(address.as_string()));
  if (const Json& connection = response_["connectionId"]; connection.is_number() && connection.number_text() != "0")
    logged_.entry.set("connection", connection.number_text());
  if (response_["fromServiceWorker"].bool_or(false)) logged_.entry.set("_fetchedViaServiceWorker", true);
  if (served_from_cache_ || response_["fromDiskCache"].bool_or(false))
    logged_.entry.set("_fromCache", served_from_cache_ ? "memory" : "disk");
}

/// The phases, as Chrome's own export has them (devtools-frontend, HARLog.ts): ssl is a part of connect.
void CdpExchange::take_timing() {
  const Json& timing = response_["timing"];
  const auto requested = seconds_of(timing["requestTime"]);
  const auto headers_end = millis_of(timing["receiveHeadersEnd"]);
  if (!timing.is_object() || !requested || !headers_end || *headers_end < Nanos{} || !logged_.begin) return;
  const WallTime zero = clock_.at(timing["requestTime"]);
  logged_.responded = std::max(moved(zero, *headers_end), *logged_.begin);
  const Nanos all = between(*logged_.begin, *logged_.responded);
  const Nanos none(-1);
  const Nanos dns = span(timing, "dnsStart", "dnsEnd");
  const Nanos connect = span(timing, "connectStart", "connectEnd");
  const Nanos ssl = span(timing, "sslStart", "sslEnd");
  const Nanos send = std::max(span(timing, "sendStart", "sendEnd"), Nanos{});
  const Nanos wait = std::max(span(timing, "sendEnd", "receiveHeadersEnd"), Nanos{});
  const Nanos rest = all - send - wait - std::max(dns, Nanos{}) - std::max(connect, Nanos{});
  const auto phase = [&](Nanos time) { return time == none ? Json(-1) : millis(time); };
  if (rest < Nanos{}) return;  // clocks that do not fit
  logged_.timings = Json::Object{{"blocked", millis(rest)}, {"dns", phase(dns)},    {"connect", phase(connect)},
                                 {"send", millis(send)},    {"wait", millis(wait)}, {"ssl", phase(ssl)}};
}

void CdpExchange::take_pieces(std::vector<Note>& notes) {
  const WallTime end = logged_.ended.value_or(logged_.responded.value_or(*logged_.begin));
  std::uint64_t sum = 0;
  bool streamed = !chunks_.empty();
  for (const Chunk& chunk : chunks_) {
    sum += chunk.size;
    streamed = streamed && chunk.data;
  }
  const auto add = [&](WallTime time, std::string bytes) {
    if (!bytes.empty()) logged_.pieces.push_back({time, std::move(bytes)});
  };
  if (body_ && !body_->empty()) {
    if (sum != 0 && sum != body_->size() && text_body_) {
      if (auto octets = octets_of(*body_, logged_.response->fields); octets && octets->size() == sum) body_ = std::move(octets);
    }
    if (sum != body_->size()) {
      if (sum != 0) notes.push_back(Note::body_size);
      add(end, std::move(*body_));
      return;
    }
    std::size_t from = 0;
    for (const Chunk& chunk : chunks_) {
      add(chunk.time, body_->substr(from, static_cast<std::size_t>(chunk.size)));
      from += static_cast<std::size_t>(chunk.size);
    }
  } else if (streamed) {
    for (Chunk& chunk : chunks_) add(chunk.time, std::move(*chunk.data));
  } else if (!events_.empty()) {
    notes.push_back(Note::events_body);
    logged_.pieces = std::move(events_);
  } else if (sum > 0) {
    notes.push_back(Note::no_body);
  }
}

stream::Exchange CdpExchange::take(std::vector<Note>& notes) {
  if (!logged_.begin) logged_.begin = logged_.responded.value_or(logged_.ended.value_or(WallTime{}));
  if (!clock_.offset) notes.push_back(Note::no_clock);
  take_request_fields();
  if (has_post_data_ && logged_.request.body.empty()) notes.push_back(Note::no_post_data);
  if (logged_.response) {
    take_response_fields();
    take_timing();
    take_pieces(notes);
    if (!logged_.pieces.empty() && find_field(logged_.response->fields, "content-encoding") != nullptr) {
      logged_.decoded = true;
      if (encoded_ > 0) logged_.coded_size = encoded_;
    }
  }
  if (bad_base64_) notes.push_back(Note::bad_base64);
  return to_exchange(std::move(logged_));
}

}  // namespace har::format
