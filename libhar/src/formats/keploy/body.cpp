// Structured bodies: [{ts, data: {field: value, …}}, …], as the bytes that they were.
#include <fmt/format.h>

#include <algorithm>

#include "formats/keploy/keploy.hpp"
#include "stream/text/json.hpp"

namespace har::format::keploy {
namespace {

using stream::Event;
using stream::EventKind;
using stream::Json;
using stream::Nanos;
using stream::StreamKind;
using stream::WallTime;
using stream::YamlNode;

constexpr std::string_view kRaw = "raw";

bool starts_with_type(std::string_view type, std::string_view lower) {
  return type.size() >= lower.size() && std::equal(lower.begin(), lower.end(), type.begin(), [](char x, char y) {
           return (y >= 'A' && y <= 'Z' ? static_cast<char>(y | 0x20) : y) == x;
         });
}

/// One chunk's fields, in their order on the wire.
class Chunk {
 public:
  Chunk(const YamlNode& data, const Context& context) {
    if (data.kind != YamlNode::Kind::mapping) {
      raw_ = octets_of(data, context);
      is_raw_ = data.kind != YamlNode::Kind::null;
      return;
    }
    for (const auto& [key, value] : data.members) {
      const std::string name = octets_of(key, context);
      if (name == kRaw) {
        raw_ += octets_of(value, context);
        is_raw_ = true;
        continue;
      }
      if (name.find_first_of(":\r\n") != std::string::npos) {
        context.warn(context.place(key), "keploy-field", "no field of an event stream can have this name; it is left out");
        continue;
      }
      append_field(frame_, name, octets_of(value, context));
    }
  }

  bool is_raw() const { return is_raw_ && frame_.empty(); }
  bool empty() const { return frame_.empty() && !is_raw_; }
  const std::string& raw() const { return raw_; }
  /// As a frame of an event stream, with its empty line.
  std::string frame() const {
    std::string out = frame_;
    if (!raw_.empty()) out.append(raw_).append(raw_.ends_with('\n') ? "" : "\n");
    return out + "\n";
  }

 private:
  std::string frame_;
  std::string raw_;
  bool is_raw_ = false;
};

}  // namespace

void append_field(std::string& out, std::string_view name, std::string_view value) {
  for (bool more = true; more;) {
    const std::size_t end = std::min(value.find_first_of("\r\n"), value.size());
    if (name == "comment") {
      out.append(":").append(value.substr(0, end));  // its leading space is part of it
    } else {
      out.append(name).append(end == 0 ? ":" : ": ").append(value.substr(0, end));
    }
    out += '\n';
    more = end < value.size();
    value.remove_prefix(std::min(value.size(), end + (value.substr(end, 2) == "\r\n" ? 2 : 1)));
  }
}

Body structured_body(const YamlNode& list, std::string_view type, const Context& context) {
  Body body;
  const StreamKind named = stream::stream_kind_of_media_type(type);
  const bool whole = starts_with_type(type, "application/octet-stream");
  body.kind = named;
  bool frames = named == StreamKind::sse;
  for (const YamlNode& item : list.items) {
    if (item.kind != YamlNode::Kind::mapping) {
      context.warn(context.place(item), "keploy-chunk", "expected a chunk, {ts, data}; it is left out");
      continue;
    }
    const YamlNode* const data = find_any_case(item, "data");
    if (data == nullptr) continue;
    const YamlNode* const ts = find_any_case(item, "ts");
    TimedBytes piece;
    if (ts != nullptr) piece.at = time_of(ts->text);
    const Chunk chunk(*data, context);
    if (chunk.empty()) continue;
    if (frames || !chunk.is_raw()) {
      frames = true;
      piece.bytes = chunk.frame();
    } else {
      piece.bytes = chunk.raw();
      if (!whole) piece.bytes += '\n';
    }
    body.pieces.push_back(std::move(piece));
  }
  if (named == StreamKind::http && !body.pieces.empty()) {
    body.kind = frames ? StreamKind::sse : whole ? StreamKind::binary : StreamKind::text;
    if (body.kind == StreamKind::text && context.report) {
      context.report(
          {stream::Level::note, "keploy-line-ends",
           "the recording has lost how the lines of this text ended: LF is taken (streamdiff --ignore @newline lets others pass)",
           context.place(list)});
    }
  }
  return body;
}

std::optional<std::string> prototype_frame(const YamlNode& document, bool text, const Context& context) {
  const YamlNode* const data = document.find("data");
  if (data == nullptr || document.find("delay_ms") == nullptr) return std::nullopt;
  if (text) return octets_of(*data, context);
  std::string frame;
  for (const std::string_view name : {"id", "event", "retry", "data"}) {
    const YamlNode* const value = document.find(name);
    if (value == nullptr) continue;
    const std::string octets = octets_of(*value, context);
    // What is empty, or 0, was not there.
    if (name == "data" || (!octets.empty() && (name != "retry" || octets != "0"))) append_field(frame, name, octets);
  }
  return std::move(frame.append("\n"));
}

Nanos delay_of(const YamlNode& document) {
  const YamlNode* const delay = document.find("delay_ms");
  const auto time = delay != nullptr ? stream::parse_decimal_millis(delay->text) : std::nullopt;
  return std::clamp(time.value_or(Nanos{}), Nanos{}, Nanos(std::chrono::hours(24)));
}

void set_body(stream::Exchange& exchange, Body body, WallTime start, WallTime answered, const Context& context) {
  Nanos t = std::max(answered - start, Nanos{});
  const auto first =
      std::find_if(body.pieces.begin(), body.pieces.end(), [](const TimedBytes& piece) { return piece.at.has_value(); });
  // The head came before the body, whatever the time is that was noted for the answer.
  if (first != body.pieces.end()) t = std::clamp(*first->at - start, Nanos{}, t);
  exchange.response->t = t;
  bool backwards = false;
  WallTime latest = start + t;
  for (TimedBytes& piece : body.pieces) {
    if (piece.at) {
      backwards = backwards || *piece.at < latest;
      latest = std::max(latest, *piece.at);
    }
    if (piece.bytes.empty()) continue;
    Event data;
    data.kind = EventKind::data;
    data.t = latest - start;
    data.data = std::move(piece.bytes);
    exchange.timeline.push_back(std::move(data));
  }
  if (backwards)
    context.warn({context.source}, "keploy-time-backwards", "times go back within the stream: the latest one so far is taken");
  if (body.kind != StreamKind::http) exchange.response->stream_kind = to_string(body.kind);
  if (!body.complete) return;
  Event end;
  end.kind = EventKind::end;
  end.t = std::max({latest - start, answered - start, body.end ? *body.end - start : Nanos{}});
  end.reason = "eof";
  end.trailers = std::move(body.trailers);
  exchange.end = std::move(end);
}

}  // namespace har::format::keploy
