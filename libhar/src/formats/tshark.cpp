// What `tshark -T ek` writes of a capture: pairs of lines, {"index":…} and {"timestamp":…,"layers":{…}}, a packet each. tshark
// has put TCP's segments together, decrypted TLS, undone HPACK; from that exchanges are made. With -x all octets are there;
// without it bodies of HTTP/1 are text (tshark 4.0). Exchanges are given as they end.
#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <map>
#include <utility>

#include "formats/event_log_reader.hpp"
#include "formats/formats.hpp"
#include "formats/tshark_message.hpp"
#include "stream/codec/websocket.hpp"
#include "stream/record/line_reader.hpp"
#include "stream/text/utf8.hpp"

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

constexpr std::string_view kHint = "it is what tshark -T ek writes; docs/formats/logs.md has the command";

struct Open {
  LoggedExchange logged{};
  Place place{};
  std::string client{};  ///< the address and port that the request came from
  std::int64_t frame = 0;
  bool damaged = false;
  bool lost_binary = false;
  std::size_t order = 0;
  // HTTP/2
  bool request_over = false;
  bool response_over = false;
  std::uint64_t received = 0;
  // WebSocket
  struct Side {
    std::optional<stream::WsInflater> inflater{};
    std::string message{};
    int opcode = 0;
    bool compressed = false;
    bool closed = false;
  };
  Side sides[2];
  std::optional<stream::WsDeflateParams> deflate{};
  bool broken = false;
};

/// One TCP connection.
struct Connection {
  std::deque<Open> requests{};  ///< of HTTP/1 that were not answered yet
  std::optional<Open> socket{};
  std::map<std::int64_t, Open> streams{};  ///< of HTTP/2
  std::map<std::string, TsharkArrivals> arrivals{};
};

class Reader final : public EventLogReader {
 public:
  Reader(stream::ByteSource& source, const ReadOptions& options)
      : EventLogReader(source.name(), options), lines_(source, options.limits) {}

 private:
  Status read() override {
    auto line = lines_.next();
    if (!line || !*line) finish();
    if (!line) return fail(std::move(line).error());
    return *line ? take(**line) : Status();
  }

  bool go_on_after(const stream::Error& error) override {
    if (error.code == ErrorCode::limit || !known_) finish();
    return true;
  }

  Status take(const stream::Line& line) {
    const std::string_view text = line.text;
    if (text.find_first_not_of(" \t\r") == std::string_view::npos || text.starts_with("{\"index\"")) {
      known_ = known_ || text.starts_with('{');
      return {};
    }
    place_ = {name(), line.number, 0, line.offset, {}};
    auto json = stream::parse_json(text, options().limits);
    if (!json && !line.terminated) {
      note(Level::warning, "tshark-cut", "the last packet is cut off; it is left out", place_);
      return {};
    }
    if (!json)
      return fail(
          {ErrorCode::syntax, fmt::format("a packet that is no JSON: {}", json.error().message), place_, std::string(kHint)});
    const TsharkFrame frame(*json);
    if (!frame.valid()) {
      if (json->find("index") != nullptr) return {};
      return fail({ErrorCode::syntax, "expected a packet, an object with \"layers\"", place_, std::string(kHint)});
    }
    known_ = true;
    take(frame);
    return bound();
  }

  void take(const TsharkFrame& frame) {
    const TsharkLayer tcp = frame.layer("tcp");
    const auto time = frame.time();
    if (!time) {
      if (!std::exchange(untimed_, true))
        note(Level::warning, "tshark-no-time", "packets have no time (frame.time_epoch); that of the packet before is taken",
             place_);
    } else {
      time_ = *time;
    }
    if (frame.has("http3") && !std::exchange(http3_, true))
      note(Level::warning, "tshark-http3", "HTTP/3 is in this capture; it is not read", place_);
    const auto number = tcp.number("stream");
    if (!number) return;
    const std::int64_t stream = *number;
    const std::string ip = frame.layers("ip").empty() ? "ipv6" : "ip";
    source_ = fmt::format("{}:{}", frame.layer(ip).text("src"), tcp.text("srcport"));
    target_ = frame.layer(ip).text("dst");
    frame_ = frame.layer("frame").number("number").value_or(0);
    // Octets of TLS that became a part of a larger message; without TLS those of the packet.
    const auto tls = frame.layers("tls");
    std::uint64_t size = 0;
    for (const TsharkLayer& layer : tls) {
      for (const std::string& octets : layer.octets("segment_data")) size += octets.size();
    }
    if (tls.empty()) size = static_cast<std::uint64_t>(std::max<std::int64_t>(tcp.number("len").value_or(0), 0));
    const auto http = frame.layers("http");
    const auto http2 = frame.layers("http2");
    const auto websocket = frame.layers("websocket");
    const auto known = connections_.find(stream);
    if (known == connections_.end() && http.empty() && http2.empty() && websocket.empty() && size == 0) return;
    Connection& connection = known != connections_.end() ? known->second : connections_[stream];
    connection_ = stream;
    if (http2.empty() && !connection.socket) connection.arrivals[source_].add(time_, size);
    for (std::size_t i = 0; i < http.size(); ++i) take_http(connection, http[i], frame.layer_octets("http", i), !tls.empty());
    for (const TsharkLayer& layer : websocket) take_websocket(connection, layer);
    for (const TsharkLayer& layer : http2) take_http2(connection, layer);
    if (!websocket.empty()) connection.arrivals.clear();
  }

  Open opened() {
    Open open;
    open.place = place_;
    open.client = source_;
    open.frame = frame_;
    open.order = order_++;
    open.logged.begin = time_;
    if (!target_.empty()) open.logged.entry.set("serverIPAddress", target_);
    open.logged.entry.set("connection", std::to_string(connection_));
    return open;
  }

  // ---- HTTP/1

  void take_http(Connection& connection, const TsharkLayer& http, const std::optional<std::string>& octets, bool tls) {
    TsharkMessage message = tshark_message(http, octets, tls);
    TsharkArrivals& arrivals = connection.arrivals[source_];
    if (message.is_request) {
      Open open = opened();
      open.damaged = message.damaged;
      open.logged.begin = arrivals.time_of(0, message.size, time_);
      if (*open.logged.begin > time_) open.logged.begin = time_;
      for (const std::string& piece : message.pieces) message.request.body += piece;
      open.logged.request = std::move(message.request);
      open.logged.size = open.logged.request.body.size() + 4096;
      open.logged.timings = Json::Object{{"send", millis(between(*open.logged.begin, time_))}};
      arrivals.clear();
      connection.requests.push_back(std::move(open));
    } else if (message.is_response) {
      take_response(connection, std::move(message), arrivals);
      arrivals.clear();
    }
  }

  void take_response(Connection& connection, TsharkMessage message, const TsharkArrivals& arrivals) {
    const int status = message.response.status;
    if (status >= 100 && status < 200 && status != 101) return;  // RFC 9110 §15.2: the answer is to come
    auto at = connection.requests.begin();
    if (message.request_in) {
      at = std::find_if(connection.requests.begin(), connection.requests.end(),
                        [&](const Open& open) { return open.frame == *message.request_in; });
      if (at == connection.requests.end()) at = connection.requests.begin();
    }
    if (at == connection.requests.end()) {
      ++unasked_;
      return;
    }
    Open open = std::move(*at);
    connection.requests.erase(at);
    LoggedExchange& logged = open.logged;
    open.damaged = open.damaged || message.damaged;
    logged.responded = arrivals.time_of(message.head_size == 0 ? 0 : message.head_size - 1, message.size, time_);
    logged.ended = time_;
    for (std::size_t i = 0; i < message.pieces.size(); ++i) {
      // What came at once is one piece, unless it was chunks.
      split(logged, std::move(message.pieces[i]), i == 0 ? message.head_size : message.ends[i - 1], message.ends[i], message.size,
            arrivals, message.pieces.size() == 1 && !message.decoded);
    }
    logged.decoded = message.decoded;
    logged.coded_size = message.coded_size;
    logged.response = std::move(message.response);
    const Nanos send = logged.begin ? millis_of(logged.timings["send"]).value_or(Nanos{}) : Nanos{};
    const Nanos wait = between(*logged.begin, *logged.responded) - send;
    if (wait >= Nanos{}) {
      logged.timings.set("wait", millis(wait));
    } else {
      logged.timings = Json::object();
    }
    if (status == 101) {
      logged.websocket = joined_field(logged.response->fields, "sec-websocket-accept") != "" ||
                         same_name(joined_field(logged.response->fields, "upgrade"), "websocket");
      if (logged.websocket) {
        if (logged.request.url.starts_with("http")) logged.request.url.replace(0, 4, "ws");
        if (const auto agreed = stream::agreed_ws_deflate(joined_field(logged.response->fields, "sec-websocket-extensions")))
          open.deflate = *agreed;
        logged.entry.set("_resourceType", "websocket");
        connection.socket = std::move(open);
        return;
      }
    }
    logged.over = true;
    release(std::move(open));
  }

  /// A piece of a body at the times at which its octets came.
  static void split(LoggedExchange& logged, std::string piece, std::uint64_t from, std::uint64_t to, std::uint64_t whole,
                    const TsharkArrivals& arrivals, bool divide) {
    const WallTime end = *logged.ended;
    if (!divide || to - from != piece.size() || whole > arrivals.size || whole == 0) {
      logged.pieces.push_back({arrivals.time_of(to == 0 ? 0 : to - 1, whole, end), std::move(piece)});
      return;
    }
    // Of a body without chunks: as its packets came.
    std::uint64_t at = arrivals.size - whole;  // in the arrivals
    std::uint64_t seen = 0;
    std::size_t taken = 0;
    for (const TsharkArrivals::Part& part : arrivals.parts) {
      seen += part.size;
      const std::uint64_t last = seen > at ? std::min(seen - at, to) : 0;  // in the message
      if (last <= from + taken) continue;
      const auto count = static_cast<std::size_t>(last - from - taken);
      logged.pieces.push_back({part.time, piece.substr(taken, count)});
      taken += count;
    }
    if (taken < piece.size()) logged.pieces.push_back({end, piece.substr(taken)});
  }

  // ---- WebSocket

  void take_websocket(Connection& connection, const TsharkLayer& layer) {
    if (!connection.socket) {
      ++unasked_;
      return;
    }
    Open& open = *connection.socket;
    const Direction direction = source_ == open.client ? Direction::send : Direction::receive;
    Open::Side& side = open.sides[static_cast<std::size_t>(direction)];
    const auto opcode = static_cast<int>(layer.number("opcode").value_or(0));
    open.logged.ended = time_;
    if (opcode == 8) {
      std::optional<int> code;
      if (const auto status = layer.number("payload_close_status_code"))
        code = static_cast<int>(std::clamp<std::int64_t>(*status, 0, 65535));
      auto reason = layer.raw("payload_close_reason");
      open.logged.messages.push_back(
          websocket_close(time_, direction, code, reason ? std::move(*reason) : layer.text("payload_close_reason")));
      side.closed = true;
      if (open.sides[0].closed && open.sides[1].closed) {
        open.logged.over = true;
        release(std::move(open));
        connection.socket.reset();
      }
      return;
    }
    std::optional<std::string> payload = layer.raw("payload");
    const bool exact = payload.has_value();
    // Without -x: what tshark shows of it, which is decompressed already.
    if (!payload && (opcode & 8) == 0 && layer.has("payload_text")) payload = layer.text("payload_text");
    if (!payload && layer.number("payload_length").value_or(0) > 0) open.lost_binary = true;
    if ((opcode & 8) != 0) {
      add_message(open, direction, opcode, payload.value_or(""));
      return;
    }
    if (opcode != 0) {
      side.opcode = opcode;
      side.message.clear();
      side.compressed = exact && layer.flag("pmc");
    }
    if (payload) {
      side.message += *payload;
      open.logged.size += payload->size();
    }
    if (!layer.flag("fin")) return;
    std::string message = std::exchange(side.message, {});
    if (side.compressed && !open.broken) {
      const auto sender = direction == Direction::send ? stream::WsSender::client : stream::WsSender::server;
      if (!side.inflater) side.inflater.emplace(open.deflate.value_or(stream::WsDeflateParams{}).context_takeover(sender));
      std::string out;
      open.broken = !side.inflater->inflate(message, out, options().limits.max_entry) ||
                    !side.inflater->end_message(out, options().limits.max_entry);
      if (open.broken) {
        note(Level::warning, "tshark-inflate",
             fmt::format("messages cannot be decompressed from here on, and are left as they are: {}", open.logged.request.url),
             place_);
      } else {
        message = std::move(out);
      }
    }
    add_message(open, direction, std::max(side.opcode, 1), std::move(message));
  }

  void add_message(Open& open, Direction direction, int opcode, std::string data) {
    open.logged.size += data.size() + sizeof(LoggedExchange::Message);
    open.logged.messages.push_back(websocket_message(time_, direction, opcode & 15, std::move(data)));
  }

  // ---- HTTP/2 (RFC 9113)

  void take_http2(Connection& connection, const TsharkLayer& layer) {
    const auto type = layer.number("type");
    const auto id = layer.number("streamid");
    if (!type || !id || *id <= 0) return;
    const std::int64_t flags = layer.number("flags").value_or(0);
    auto at = connection.streams.find(*id);
    // A header block has its fields where it is complete: in HEADERS, or the last CONTINUATION.
    const auto names = layer.texts("header_name");
    if ((*type == 1 || *type == 9 || *type == 5) && !names.empty()) {
      if (at == connection.streams.end()) at = connection.streams.emplace(*id, opened()).first;
      take_fields(at->second, names, layer.texts("header_value"));
    }
    if (at == connection.streams.end()) return;
    Open& open = at->second;
    const bool ours = source_ == open.client;
    open.logged.ended = time_;
    if (*type == 0) take_data(open, layer, ours, flags);
    if (*type == 3) {
      const auto error = layer.number("rst_stream_error").value_or(0);
      // NO_ERROR behind a whole answer says only that the request's rest is not wanted (RFC 9113 §8.1).
      if (!open.response_over) open.logged.error = error == 8 ? "abort" : fmt::format("HTTP/2 stream error {}", error);
      open.request_over = open.response_over = true;
    }
    if ((*type == 0 || *type == 1) && (flags & 1) != 0) (ours ? open.request_over : open.response_over) = true;
    if (!open.response_over) return;
    open.logged.over = true;
    release(std::move(open));
    connection.streams.erase(at);
  }

  void take_fields(Open& open, const std::vector<std::string>& names, const std::vector<std::string>& values) {
    LoggedExchange& logged = open.logged;
    Fields fields;
    std::map<std::string, std::string> pseudo;
    for (std::size_t i = 0; i < std::min(names.size(), values.size()); ++i) {
      if (names[i].starts_with(':')) {
        pseudo[names[i]] = values[i];
      } else {
        fields.push_back({names[i], values[i]});
      }
    }
    if (pseudo.contains(":method")) {
      logged.request.method = pseudo[":method"];
      const std::string scheme = pseudo[":scheme"].empty() ? "https" : pseudo[":scheme"];
      logged.request.url = fmt::format("{}://{}{}", scheme, pseudo[":authority"], pseudo[":path"]);
      logged.request.version = "HTTP/2";
      logged.request.fields = std::move(fields);
    } else if (pseudo.contains(":status")) {
      ResponseMessage response;
      const std::string& status = pseudo[":status"];
      for (const char c : status.substr(0, 3)) {
        if (c >= '0' && c <= '9') response.status = response.status * 10 + (c - '0');
      }
      if (response.status < 200 && response.status >= 100) return;
      response.version = "HTTP/2";
      response.fields = std::move(fields);
      logged.response = std::move(response);
      logged.responded = time_;
    } else if (source_ != open.client && logged.response) {
      logged.response->trailers = std::move(fields);
    }
    logged.size += 4096;
  }

  void take_data(Open& open, const TsharkLayer& layer, bool ours, std::int64_t flags) {
    std::optional<std::string> data;
    bool whole = false;
    if (auto frame = layer.raw("stream"); frame && frame->size() >= 9) {
      // The frame as it was, behind its head and without its padding.
      data = frame->substr(9);
      if ((flags & 8) != 0 && !data->empty()) {
        const auto padding = static_cast<std::size_t>(static_cast<unsigned char>((*data)[0]));
        data = data->size() > padding ? data->substr(1, data->size() - 1 - padding) : std::string();
      }
    } else if (auto shown = layer.first_octets("data_data")) {
      data = std::move(shown);
      std::uint64_t length = static_cast<std::uint64_t>(std::max<std::int64_t>(layer.number("length").value_or(0), 0));
      if ((flags & 8) != 0)
        length -= std::min<std::uint64_t>(
            length, 1 + static_cast<std::uint64_t>(std::clamp<std::int64_t>(layer.number("pad_length").value_or(0), 0, 255)));
      // With the last frame tshark shows the whole body, decompressed.
      whole = data->size() != length;
      if (auto all = layer.first_octets("body_reassembled_data"); whole && all && all->size() >= open.received) {
        data = all->substr(static_cast<std::size_t>(open.received));
        whole = false;
      }
    }
    if (!data || data->empty()) return;
    LoggedExchange& logged = open.logged;
    logged.size += data->size();
    if (ours) {
      if (whole) logged.request.body.clear();
      logged.request.body += *data;
      return;
    }
    if (whole) {
      logged.pieces.clear();
      logged.decoded = true;
    }
    open.received += data->size();
    logged.pieces.push_back({time_, std::move(*data)});
  }

  // ----

  void release(Open open) {
    Item item;
    item.place = open.place;
    if (open.logged.response && !open.logged.ended) open.logged.ended = open.logged.responded;
    if (open.damaged) {
      note(Level::warning, "tshark-body-text",
           fmt::format("tshark wrote a body as text, and it is none: what is left of it is taken (-x keeps its octets): {}",
                       open.logged.request.url),
           item.place);
    }
    if (open.lost_binary) {
      note(Level::warning, "tshark-no-payload",
           fmt::format("tshark did not write the payload of binary messages (-x does): {}", open.logged.request.url), item.place);
    }
    item.exchange = to_exchange(std::move(open.logged));
    give(std::move(item));
  }

  void give_rest() override {
    std::vector<Open*> left;
    for (auto& [id, connection] : connections_) {
      for (Open& open : connection.requests) left.push_back(&open);
      if (connection.socket) left.push_back(&*connection.socket);
      for (auto& [number, open] : connection.streams) left.push_back(&open);
    }
    std::sort(left.begin(), left.end(), [](const Open* a, const Open* b) { return a->order < b->order; });
    for (Open* const open : left) {
      if (!open->logged.request.url.empty()) release(std::move(*open));
    }
    connections_.clear();
    if (unasked_ > 0) {
      note(Level::warning, "tshark-no-request",
           fmt::format("{} message{} of exchanges whose request is not in the capture; left out", unasked_,
                       unasked_ == 1 ? " is" : "s are"),
           {name()});
    }
  }

  Status bound() {
    if (++frames_ % 64 != 0) return {};
    std::size_t size = 0;
    for (const auto& [id, connection] : connections_) {
      size += 512;
      for (const Open& open : connection.requests) size += open.logged.size;
      if (connection.socket) size += connection.socket->logged.size;
      for (const auto& [number, open] : connection.streams) size += open.logged.size;
      for (const auto& [source, arrivals] : connection.arrivals) size += arrivals.parts.size() * sizeof(TsharkArrivals::Part);
    }
    if (size <= options().limits.max_entry) return {};
    return too_much_open("exchanges", place_);
  }

  stream::LineReader lines_;
  std::map<std::int64_t, Connection> connections_;
  Place place_;
  WallTime time_{};
  std::string source_;
  std::string target_;
  std::int64_t frame_ = 0;
  std::int64_t connection_ = 0;
  std::uint64_t frames_ = 0;
  std::uint64_t unasked_ = 0;
  std::size_t order_ = 0;
  bool known_ = false;  ///< there was a packet
  bool untimed_ = false;
  bool http3_ = false;
};

int sniff(std::string_view prefix) {
  if (prefix.starts_with("\xEF\xBB\xBF")) prefix.remove_prefix(3);
  const std::string_view line = prefix.substr(0, prefix.find('\n'));
  const auto first = stream::parse_json(line);
  if (first && first->is_object() && (*first)["layers"].is_object() && first->find("timestamp") != nullptr) return 95;
  if (first && (*first)["index"].is_object() && (*first)["index"]["_index"].string_or("").starts_with("packets-")) return 95;
  // A packet that is longer than what we see.
  return !first && line.size() == prefix.size() && line.starts_with("{\"timestamp\":\"") &&
                 line.substr(0, 64).find("\"layers\":{") != std::string_view::npos
             ? 90
             : 0;
}

std::unique_ptr<ItemReader> read(stream::ByteSource& source, const ReadOptions& options) {
  return std::make_unique<Reader>(source, options);
}

}  // namespace

const Format kTshark{"tshark", "packets of a capture, as tshark -T ek writes them", ".ek.ndjson", sniff, read};

}  // namespace har::format
