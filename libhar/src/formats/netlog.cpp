// Chromium's NetLog (chromium.googlesource.com/chromium/src/+/main/net/log; --log-net-log=FILE): {"constants":{…},"events":[…]},
// an event a line. Numbers of events differ from version to version; `constants` has their names. Bodies are there with
// --net-log-capture-mode=Everything. Exchanges are given as they end.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <unordered_map>
#include <utility>

#include "formats/event_log_reader.hpp"
#include "formats/formats.hpp"
#include "formats/json_values.hpp"
#include "formats/netlog_request.hpp"
#include "stream/text/base64.hpp"

namespace har::format {
namespace {

using stream::Direction;
using stream::ErrorCode;
using stream::fail;
using stream::Json;
using stream::Level;
using stream::Nanos;
using stream::Place;
using stream::Status;
using stream::WallTime;

enum class Type : std::uint8_t {
  other,
  alive,
  start_job,
  send_request,
  send_headers,
  send_headers_http2,
  send_headers_quic,
  send_body,
  upload,
  response_headers,
  redirected,
  filters_set,
  bytes,
  filtered_bytes,
  failed,
  cancelled,
  bound_to_job,
  bound_to_socket,
  socket_alive,
  tcp_connect,
  ssl_connect,
  socket_sent,
  socket_received,
  ssl_sent,
  ssl_received,
  frame_sent,
  frame_received,
};

constexpr std::pair<std::string_view, Type> kTypes[] = {
    {"REQUEST_ALIVE", Type::alive},
    {"URL_REQUEST_START_JOB", Type::start_job},
    {"HTTP_TRANSACTION_SEND_REQUEST", Type::send_request},
    {"HTTP_TRANSACTION_SEND_REQUEST_HEADERS", Type::send_headers},
    {"HTTP_TRANSACTION_HTTP2_SEND_REQUEST_HEADERS", Type::send_headers_http2},
    {"HTTP_TRANSACTION_SPDY_SEND_REQUEST_HEADERS", Type::send_headers_http2},
    {"HTTP_TRANSACTION_QUIC_SEND_REQUEST_HEADERS", Type::send_headers_quic},
    {"HTTP_TRANSACTION_SEND_REQUEST_BODY", Type::send_body},
    {"UPLOAD_DATA_STREAM_INIT", Type::upload},
    {"HTTP_TRANSACTION_READ_RESPONSE_HEADERS", Type::response_headers},
    {"URL_REQUEST_FAKE_RESPONSE_HEADERS_CREATED", Type::response_headers},
    {"URL_REQUEST_REDIRECTED", Type::redirected},
    {"URL_REQUEST_FILTERS_SET", Type::filters_set},
    {"URL_REQUEST_JOB_BYTES_READ", Type::bytes},
    {"URL_REQUEST_JOB_FILTERED_BYTES_READ", Type::filtered_bytes},
    {"FAILED", Type::failed},
    {"CANCELLED", Type::cancelled},
    {"HTTP_STREAM_REQUEST_BOUND_TO_JOB", Type::bound_to_job},
    {"SOCKET_POOL_BOUND_TO_SOCKET", Type::bound_to_socket},
    {"SOCKET_ALIVE", Type::socket_alive},
    {"TCP_CONNECT", Type::tcp_connect},
    {"SSL_CONNECT", Type::ssl_connect},
    {"SOCKET_BYTES_SENT", Type::socket_sent},
    {"SOCKET_BYTES_RECEIVED", Type::socket_received},
    {"SSL_SOCKET_BYTES_SENT", Type::ssl_sent},
    {"SSL_SOCKET_BYTES_RECEIVED", Type::ssl_received},
    {"WEBSOCKET_SENT_FRAME_HEADER", Type::frame_sent},
    {"WEBSOCKET_RECV_FRAME_HEADER", Type::frame_received},
};

/// Jobs whose socket is remembered.
constexpr std::size_t kJobs = 4096;

class Reader final : public EventLogReader {
 public:
  Reader(stream::ByteSource& source, const ReadOptions& options)
      : EventLogReader(source.name(), options), values_(source, options.limits) {}

 private:
  enum class State : std::uint8_t { start, members, events };

  Status read() override { return state_ == State::events ? read_event() : read_member(); }

  bool go_on_after(const stream::Error& error) override {
    if (error.code != ErrorCode::syntax || state_ != State::events) finish();
    return known_;
  }

  /// The log's end, or that of what there is of it.
  Status cut() {
    if (!known_) {
      return fail({ErrorCode::syntax, "expected a NetLog, found the end of the input", values_.place(),
                   "its first member is \"constants\", the names of its numbers"});
    }
    note(Level::warning, "netlog-cut", "the log is not closed: it was cut off when the browser ended", values_.place());
    finish();
    return {};
  }

  Status read_member() {
    STREAM_ASSIGN(const auto first, values_.peek());
    if (!first) return cut();
    if (state_ == State::start) {
      if (*first != '{') return fail({ErrorCode::syntax, "expected a NetLog, an object", values_.place()});
      values_.skip();
      state_ = State::members;
      return {};
    }
    if (*first == ',') {
      values_.skip();
      return {};
    }
    if (*first == '}') {
      values_.skip();
      if (!known_) return fail({ErrorCode::syntax, "the NetLog has no \"constants\"", values_.place()});
      finish();
      return {};
    }
    if (*first != '"') return fail({ErrorCode::syntax, "expected the name of a member", values_.place()});
    auto name_value = values_.value();
    if (!name_value) return name_value.error().code == ErrorCode::truncated ? cut() : fail(std::move(name_value).error());
    const std::string name(name_value->text);
    STREAM_ASSIGN(const auto colon, values_.peek());
    if (!colon) return cut();
    if (*colon != ':') return fail({ErrorCode::syntax, "expected a colon", values_.place()});
    values_.skip();
    STREAM_ASSIGN(const auto begin, values_.peek());
    if (!begin) return cut();
    if (name == "\"events\"" && *begin == '[') {
      if (!known_) {
        return fail({ErrorCode::syntax, "the events of the NetLog come before its \"constants\"", values_.place(),
                     "what their numbers mean stands there"});
      }
      values_.skip();
      state_ = State::events;
      return {};
    }
    auto value = values_.value();
    if (!value) return value.error().code == ErrorCode::truncated ? cut() : fail(std::move(value).error());
    return name == "\"constants\"" ? constants(*value) : Status();
  }

  Status constants(const JsonValues::Value& value) {
    auto json = stream::parse_json(value.text, options().limits);
    if (!json) return fail(locate(std::move(json).error(), value.place));
    const Json& types = (*json)["logEventTypes"];
    const Json& phases = (*json)["logEventPhase"];
    if (!types.is_object() || !phases.is_object()) {
      return fail({ErrorCode::syntax, "\"constants\" has no logEventTypes or logEventPhase: what the events are is not known",
                   value.place});
    }
    for (const auto& [name, type] : kTypes) {
      if (const Json* number = types.find(name)) types_[number->int_or(-1)] = type;
    }
    begin_ = phases["PHASE_BEGIN"].int_or(1);
    end_ = phases["PHASE_END"].int_or(2);
    if (const Json& errors = (*json)["netError"]; errors.is_object()) {
      for (const auto& member : errors.as_object()) errors_[member.value.int_or(0)] = member.name;
    }
    if (const auto offset = millis_of((*json)["timeTickOffset"])) {
      offset_ = *offset;
    } else {
      note(Level::warning, "netlog-no-clock", "the log does not say what time it was; its times count from 1970", value.place);
    }
    if (const Json& client = (*json)["clientInfo"]; client.is_object()) {
      log_info().log.push_back({"creator", Json(Json::Object{{"name", client["name"].string_or("Chromium")},
                                                             {"version", client["version"].string_or("")}})});
    }
    known_ = true;
    return {};
  }

  Status read_event() {
    STREAM_ASSIGN(const auto first, values_.peek());
    if (!first) return cut();
    if (*first == ',') {
      values_.skip();
      return {};
    }
    if (*first == ']') {
      values_.skip();
      state_ = State::members;
      return {};
    }
    if (*first != '{') {
      const Place place = values_.place();
      STREAM_TRY(values_.skip_line());
      return fail({ErrorCode::syntax, "expected an event, an object", place});
    }
    auto value = values_.value();
    if (!value) return value.error().code == ErrorCode::truncated ? cut() : fail(std::move(value).error());
    place_ = value->place;
    auto json = stream::parse_json(value->text, options().limits);
    if (!json) return fail({ErrorCode::syntax, fmt::format("an event that is no JSON: {}", json.error().message), place_});
    take(*json);
    return bound();
  }

  WallTime time_of(const Json& event) const { return moved(WallTime(millis_of(event["time"]).value_or(Nanos{})), offset_); }

  void take(const Json& event) {
    const auto found = types_.find(event["type"].int_or(-1));
    if (found == types_.end()) return;
    const std::uint64_t source = static_cast<std::uint64_t>(event["source"]["id"].int_or(0));
    const std::int64_t phase = event["phase"].int_or(0);
    const Json& params = event["params"];
    const Type type = found->second;
    switch (type) {
      case Type::bound_to_socket:
        jobs_[source] = static_cast<std::uint64_t>(params["source_dependency"]["id"].int_or(0));
        if (jobs_.size() > kJobs) jobs_.erase(jobs_.begin());
        return;
      case Type::socket_alive:
      case Type::tcp_connect:
      case Type::ssl_connect:
      case Type::socket_sent:
      case Type::socket_received:
      case Type::ssl_sent:
      case Type::ssl_received:
        return take_socket(source, type, phase, time_of(event), params);
      default:
        return take_request(source, type, phase, time_of(event), params);
    }
  }

  struct Socket {
    bool tls = false;
    std::string address{};
    std::uint64_t user = 0;  ///< the request that it is for now; 0: none
  };

  void take_socket(std::uint64_t id, Type type, std::int64_t phase, WallTime time, const Json& params) {
    if (type == Type::socket_alive && phase == end_) {
      const auto socket = sockets_.find(id);
      if (socket == sockets_.end()) return;
      if (const auto user = requests_.find(socket->second.user); user != requests_.end() && user->second.websocket()) {
        user->second.disconnect(time);
        if (finished_.erase(user->first) != 0) release(user);
      }
      sockets_.erase(socket);
      return;
    }
    Socket& socket = sockets_[id];
    if (type == Type::ssl_connect) socket.tls = true;
    if (const Json& address = params["remote_address"]; type == Type::tcp_connect && address.is_string())
      socket.address = address.as_string();
    const bool plain = type == Type::socket_sent || type == Type::socket_received;
    const bool octets = plain || type == Type::ssl_sent || type == Type::ssl_received;
    if (!octets || plain == socket.tls || socket.user == 0) return;
    const auto user = requests_.find(socket.user);
    const Json& text = params["bytes"];
    if (user == requests_.end() || !text.is_string()) return;
    const auto bytes = stream::base64_decode(text.as_string());
    if (!bytes) return;
    const bool sent = type == Type::socket_sent || type == Type::ssl_sent;
    user->second.socket_bytes(time, sent ? Direction::send : Direction::receive, *bytes);
    if (finished_.count(user->first) != 0 && user->second.end(time)) {
      finished_.erase(user->first);
      release(user);
    }
  }

  using Requests = std::map<std::uint64_t, NetlogRequest>;

  void take_request(std::uint64_t id, Type type, std::int64_t phase, WallTime time, const Json& params) {
    auto at = requests_.find(id);
    if (at == requests_.end()) {
      if ((type != Type::alive && type != Type::start_job) || phase == end_) return;
      at = requests_.emplace(id, NetlogRequest(options().limits)).first;
      at->second.line = place_.line;
      at->second.offset = place_.offset.value_or(0);
    }
    NetlogRequest& request = at->second;
    std::optional<LoggedExchange> before;
    switch (type) {
      case Type::alive:
        if (phase == begin_) {
          request.begin(time, params);
        } else if (phase == end_) {
          if (const std::int64_t error = params["net_error"].int_or(0); error != 0) request.failed(error_name(error));
          if (request.end(time)) {
            release(at);
          } else {
            finished_[id] = true;
          }
        }
        return;
      case Type::start_job:
        if (phase == begin_) {
          before = request.start_job(time, params);
        } else if (const std::int64_t error = params["net_error"].int_or(0); error != 0) {
          request.failed(error_name(error));
        }
        break;
      case Type::send_request:
        request.sent(time, phase == begin_);
        return;
      case Type::send_headers:
      case Type::send_headers_http2:
      case Type::send_headers_quic:
        before = request.send_headers(time, params,
                                      type == Type::send_headers         ? "HTTP/1.1"
                                      : type == Type::send_headers_http2 ? "HTTP/2"
                                                                         : "HTTP/3");
        if (type == Type::send_headers && request.socket) sockets_[*request.socket].user = id;
        break;
      case Type::send_body:
      case Type::upload:
        request.post_data(params);
        return;
      case Type::response_headers:
        request.response_headers(time, params);
        return;
      case Type::redirected:
        request.redirected(time);
        return;
      case Type::filters_set:
        request.filters_set();
        return;
      case Type::bytes:
        request.raw_bytes(params);
        return;
      case Type::filtered_bytes:
        request.bytes(time, params);
        return;
      case Type::failed:
      case Type::cancelled:
        // ERR_ABORTED, which is what a page that has turned away leaves behind.
        request.failed(error_name(params["net_error"].int_or(-3)));
        return;
      case Type::bound_to_job: {
        const auto job = jobs_.find(static_cast<std::uint64_t>(params["source_dependency"]["id"].int_or(0)));
        if (job == jobs_.end()) return;
        request.socket = job->second;
        if (const auto socket = sockets_.find(job->second); socket != sockets_.end()) request.server(socket->second.address);
        return;
      }
      case Type::frame_sent:
      case Type::frame_received:
        request.frame_header();
        return;
      default:
        return;
    }
    if (before) give_logged(std::move(*before), request);
  }

  std::string error_name(std::int64_t error) const {
    const auto found = errors_.find(error);
    return found != errors_.end() ? "net::" + found->second : fmt::format("net error {}", error);
  }

  void release(Requests::iterator at) {
    if (at->second.known()) {
      LoggedExchange logged = at->second.take();
      give_logged(std::move(logged), at->second);
    }
    requests_.erase(at);
  }

  void give_logged(LoggedExchange logged, NetlogRequest& request) {
    Item item;
    item.place = {name(), request.line, 1, request.offset, {}};
    for (const NetlogRequest::Note each : request.take_notes()) say(each, logged.request.url, item.place);
    item.exchange = to_exchange(std::move(logged));
    give(std::move(item));
  }

  void say(NetlogRequest::Note what, std::string_view url, const Place& place) const {
    switch (what) {
      case NetlogRequest::Note::no_post_data:
        return note(Level::warning, "netlog-no-post-data",
                    fmt::format("the request had a body, which the log does not have: {}", url), place);
      case NetlogRequest::Note::no_body:
        return note(Level::warning, "netlog-no-body",
                    fmt::format("the log does not have the body (--net-log-capture-mode=Everything keeps it): {}", url), place);
      case NetlogRequest::Note::no_messages:
        return note(Level::warning, "netlog-no-messages",
                    fmt::format("the log does not have the messages (--net-log-capture-mode=Everything keeps them): {}", url),
                    place);
    }
  }

  Status bound() {
    if (++events_ % 64 != 0) return {};
    std::size_t size = sockets_.size() * 256;
    for (const auto& [id, request] : requests_) size += request.size();
    if (size <= options().limits.max_entry) return {};
    return too_much_open(fmt::format("{} requests", requests_.size()), place_);
  }

  void give_rest() override {
    while (!requests_.empty()) release(requests_.begin());
  }

  JsonValues values_;
  State state_ = State::start;
  bool known_ = false;
  std::unordered_map<std::int64_t, Type> types_;
  std::unordered_map<std::int64_t, std::string> errors_;
  std::int64_t begin_ = 1;
  std::int64_t end_ = 2;
  Nanos offset_{};
  Requests requests_;
  std::map<std::uint64_t, bool> finished_;  ///< requests of WebSockets, which go on behind their end
  std::map<std::uint64_t, std::uint64_t> jobs_;
  std::unordered_map<std::uint64_t, Socket> sockets_;
  Place place_;
  std::uint64_t events_ = 0;
};

int sniff(std::string_view prefix) {
  if (prefix.starts_with("\xEF\xBB\xBF")) prefix.remove_prefix(3);
  const auto trim = [&] { prefix.remove_prefix(std::min(prefix.find_first_not_of(" \t\r\n"), prefix.size())); };
  trim();
  if (!prefix.starts_with('{')) return 0;
  prefix.remove_prefix(1);
  trim();
  if (!prefix.starts_with("\"constants\"")) return 0;
  for (const std::string_view name :
       {"\"logEventTypes\"", "\"logEventPhase\"", "\"certStatusFlag\"", "\"netError\"", "\"clientInfo\""}) {
    if (prefix.find(name) != std::string_view::npos) return 95;
  }
  return 30;
}

std::unique_ptr<ItemReader> read(stream::ByteSource& source, const ReadOptions& options) {
  return std::make_unique<Reader>(source, options);
}

}  // namespace

const Format kNetlog{"netlog", "Chromium's NetLog (--log-net-log, chrome://net-export)", ".netlog.json", sniff, read};

}  // namespace har::format
