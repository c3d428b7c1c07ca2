#include "formats/netlog_request.hpp"

#include <algorithm>
#include <utility>

#include "stream/text/base64.hpp"

namespace har::format {

using stream::Direction;
using stream::Json;
using stream::Nanos;
using stream::WallTime;

namespace {

Field field_of(std::string_view line) {
  const std::size_t colon = line.find(':', 1);
  if (colon == std::string_view::npos) return {};
  std::string_view value = line.substr(colon + 1);
  while (!value.empty() && value.front() == ' ') value.remove_prefix(1);
  return {std::string(line.substr(0, colon)), std::string(value)};
}

}  // namespace

// ---- a WebSocket's bytes

void NetlogSocket::take(WallTime time, Direction direction, std::string_view bytes) {
  Side& side = sides_[static_cast<std::size_t>(direction)];
  if (!side.begun) {
    side.head += bytes;
    size_ += bytes.size();
    const std::size_t end = side.head.find("\r\n\r\n");
    if (end == std::string::npos) return;
    side.begun = true;
    const std::string rest = std::exchange(side.head, {}).substr(end + 4);
    if (!rest.empty()) take(time, direction, rest);
    return;
  }
  if (agreed_) {
    feed(side, direction, time, bytes);
  } else {
    side.early.push_back({time, std::string(bytes)});
    size_ += bytes.size();
  }
}

void NetlogSocket::agree(std::string_view extensions) {
  agreed_ = true;
  const auto deflate = stream::agreed_ws_deflate(extensions);
  for (const Direction direction : {Direction::send, Direction::receive}) {
    Side& side = sides_[static_cast<std::size_t>(direction)];
    stream::WsMessageOptions options;
    options.sender = direction == Direction::send ? stream::WsSender::client : stream::WsSender::server;
    options.any_masking = true;
    if (deflate) options.deflate = *deflate;
    options.limits = limits_;
    side.decoder.emplace(std::move(options));
    for (const LoggedExchange::Piece& piece : std::exchange(side.early, {})) feed(side, direction, piece.time, piece.bytes);
  }
}

void NetlogSocket::feed(Side& side, Direction direction, WallTime time, std::string_view bytes) {
  if (side.closed || failed_) return;
  std::vector<stream::WsMessage> out;
  failed_ = !side.decoder->feed(bytes, out);
  for (stream::WsMessage& message : out) {
    size_ += message.data.size() + sizeof(LoggedExchange::Message);
    if (message.opcode == stream::WsOpcode::close) {
      std::optional<int> code;
      if (message.code) code = *message.code;
      messages_.push_back(websocket_close(time, direction, code, std::move(message.data)));
      side.closed = true;
    } else {
      messages_.push_back(websocket_message(time, direction, static_cast<int>(message.opcode), std::move(message.data)));
    }
  }
}

// ---- a request

void NetlogRequest::begin(WallTime time, const Json& params) {
  logged_.begin = time;
  logged_.request.url = params["url"].string_or("");
  if (const Json& method = params["method"]; method.is_string()) logged_.request.method = method.as_string();
  logged_.websocket = logged_.request.url.starts_with("ws://") || logged_.request.url.starts_with("wss://");
  if (logged_.websocket) socket_.emplace(limits_);
}

std::optional<LoggedExchange> NetlogRequest::next_hop(WallTime time) {
  std::optional<LoggedExchange> out;
  const std::string url = logged_.request.url;
  const std::string method = logged_.request.method;
  logged_.over = true;
  logged_.ended = time;
  if (known()) out = take();
  *this = [&] {
    NetlogRequest fresh(limits_);
    fresh.job = job;
    fresh.socket = socket;
    fresh.line = line;
    fresh.offset = offset;
    fresh.order = order;
    fresh.notes_ = std::move(notes_);
    return fresh;
  }();
  begin(time, Json(Json::Object{{"url", url}, {"method", method}}));
  return out;
}

std::optional<LoggedExchange> NetlogRequest::start_job(WallTime time, const Json& params) {
  std::optional<LoggedExchange> out;
  if (logged_.begin && (redirected_ || logged_.response)) out = next_hop(time);
  const WallTime begun = logged_.begin.value_or(time);
  begin(begun, params);
  return out;
}

std::optional<LoggedExchange> NetlogRequest::send_headers(WallTime time, const Json& params, std::string_view version) {
  std::optional<LoggedExchange> out;
  if (logged_.response) out = next_hop(time);
  RequestMessage& request = logged_.request;
  request.fields.clear();
  request.version = version;
  // A request that a connection has lost is sent again.
  sent_octets_ = std::string();
  if (const Json& start = params["line"]; start.is_string()) {
    const std::string& text = start.as_string();
    const std::size_t space = text.find(' ');
    if (space != std::string::npos && space > 0) request.method = text.substr(0, space);
  }
  const auto add = [&](Field field) {
    if (field.name == ":method") request.method = field.value;
    if (!field.name.empty() && field.name.front() != ':') request.fields.push_back(std::move(field));
  };
  const Json& headers = params["headers"];
  if (headers.is_array()) {
    for (const Json& each : headers.as_array()) add(field_of(each.string_or("")));
  } else if (headers.is_object()) {
    for (const auto& member : headers.as_object()) add({member.name, std::string(member.value.string_or(""))});
  }
  size_ += 2048;
  return out;
}

void NetlogRequest::sent(WallTime time, bool begins) { (begins ? send_begin_ : send_end_) = time; }

void NetlogRequest::post_data(const Json& params) {
  std::int64_t size = std::max(params["length"].int_or(0), params["total_size"].int_or(0));
  if (params["is_chunked"].bool_or(false)) size = std::max<std::int64_t>(size, 1);
  post_size_ = std::max(post_size_, static_cast<std::uint64_t>(std::max<std::int64_t>(size, 0)));
}

void NetlogRequest::response_headers(WallTime time, const Json& params) {
  const Json& headers = params["headers"];
  if (!headers.is_array() || headers.as_array().empty()) return;
  ResponseMessage response;
  const std::string_view status = headers.as_array()[0].string_or("");
  const std::size_t space = std::min(status.find(' '), status.size());
  response.version = logged_.request.version.starts_with("HTTP/1") || logged_.request.version.empty()
                         ? std::string(status.substr(0, space))
                         : logged_.request.version;
  for (std::size_t i = space + 1; i < std::min(space + 4, status.size()) && status[i] >= '0' && status[i] <= '9'; ++i)
    response.status = response.status * 10 + (status[i] - '0');
  if (space + 5 < status.size()) response.reason = status.substr(space + 5);
  for (std::size_t i = 1; i < headers.as_array().size(); ++i) {
    Field field = field_of(headers.as_array()[i].string_or(""));
    if (!field.name.empty() && field.name.front() != ':') response.fields.push_back(std::move(field));
  }
  size_ += 2048;
  logged_.responded = time;
  if (socket_ && response.status == 101) {
    socket_->agree(joined_field(response.fields, "sec-websocket-extensions"));
    take_messages();
  }
  logged_.response = std::move(response);
}

void NetlogRequest::redirected(WallTime time) {
  redirected_ = true;
  logged_.ended = time;
}

void NetlogRequest::raw_bytes(const Json& params) {
  filtered_ = true;
  raw_size_ += static_cast<std::uint64_t>(std::max<std::int64_t>(params["byte_count"].int_or(0), 0));
}

void NetlogRequest::bytes(WallTime time, const Json& params) {
  body_size_ += static_cast<std::uint64_t>(std::max<std::int64_t>(params["byte_count"].int_or(0), 0));
  logged_.ended = time;
  const Json& text = params["bytes"];
  auto octets = text.is_string() ? stream::base64_decode(text.as_string()) : std::nullopt;
  if (!octets || octets->empty()) return;
  body_had_ += octets->size();
  size_ += octets->size() + sizeof(LoggedExchange::Piece);
  logged_.pieces.push_back({time, std::move(*octets)});
}

void NetlogRequest::failed(std::string error) {
  if (logged_.error.empty()) logged_.error = std::move(error);
}

void NetlogRequest::socket_bytes(WallTime time, Direction direction, std::string_view bytes) {
  if (socket_) {
    socket_->take(time, direction, bytes);
    take_messages();
  } else if (direction == Direction::send && sent_octets_ && !logged_.response) {
    *sent_octets_ += bytes;
    size_ += bytes.size();
  }
}

void NetlogRequest::take_messages() {
  for (LoggedExchange::Message& message : socket_->messages()) {
    logged_.ended = std::max(message.time, logged_.ended.value_or(message.time));
    logged_.messages.push_back(std::move(message));
  }
}

bool NetlogRequest::end(WallTime time) {
  const bool open = logged_.websocket && logged_.response && logged_.response->status == 101;
  if (open) {
    // How Chromium says that a handshake was a success.
    logged_.error.clear();
    if (!socket_->closed()) return false;
  }
  logged_.over = true;
  logged_.ended = std::max(time, logged_.ended.value_or(time));
  return true;
}

void NetlogRequest::disconnect(WallTime time) {
  logged_.over = true;
  logged_.ended = std::max(time, logged_.ended.value_or(time));
}

LoggedExchange NetlogRequest::take() {
  if (!address_.empty()) logged_.entry.set("serverIPAddress", address_without_port(address_));
  if (socket) logged_.entry.set("connection", std::to_string(*socket));
  if (logged_.websocket) logged_.entry.set("_resourceType", "websocket");
  if (sent_octets_ && !sent_octets_->empty() && post_size_ > 0) {
    if (auto request = parse_request(*sent_octets_, {}); request && request->method == logged_.request.method)
      logged_.request.body = std::move(request->body);
  }
  if (post_size_ > 0 && logged_.request.body.empty()) notes_.push_back(Note::no_post_data);
  if (body_had_ < body_size_) notes_.push_back(Note::no_body);
  if (frames_ > 0 && (logged_.messages.empty() || socket_->failed())) notes_.push_back(Note::no_messages);
  if (!logged_.response && body_size_ > 0) {
    // Out of the cache, of which the log has no head.
    logged_.response = ResponseMessage{};
    logged_.responded = logged_.pieces.empty() ? logged_.ended : std::optional(logged_.pieces.front().time);
    logged_.entry.set("_fromCache", "disk");
  }
  if (logged_.response && logged_.begin) {
    logged_.decoded = filtered_ && body_size_ > 0 && find_field(logged_.response->fields, "content-encoding") != nullptr;
    if (raw_size_ > 0) logged_.coded_size = raw_size_;
    if (send_begin_ && send_end_ && *send_begin_ >= *logged_.begin && *send_end_ >= *send_begin_ && logged_.responded &&
        *logged_.responded >= *send_end_) {
      logged_.timings = Json::Object{{"blocked", millis(between(*logged_.begin, *send_begin_))},
                                     {"send", millis(between(*send_begin_, *send_end_))},
                                     {"wait", millis(between(*send_end_, *logged_.responded))}};
    }
  }
  return std::exchange(logged_, {});
}

}  // namespace har::format
