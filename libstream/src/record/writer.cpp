#include "stream/record/writer.hpp"

#include <fmt/format.h>

#include "stream/text/base64.hpp"
#include "stream/text/utf8.hpp"

namespace stream {
namespace {

/// Appends `,"name":` and then the value.
class LineWriter {
 public:
  explicit LineWriter(std::string& out) : out_(out) { out_ += '{'; }

  void key(std::string_view name) {
    if (!first_) out_ += ',';
    first_ = false;
    write_json_string(out_, name);
    out_ += ':';
  }
  void text(std::string_view name, std::string_view value) {
    key(name);
    write_json_string(out_, value);
  }
  void raw(std::string_view name, std::string_view value) {
    key(name);
    out_ += value;
  }
  void json(std::string_view name, const Json& value) {
    key(name);
    write_json(out_, value);
  }
  void octets(std::string_view bytes) {
    if (is_utf8(bytes)) {
      text("data", bytes);
    } else {
      key("data64");
      out_ += '"';
      base64_append(out_, bytes);
      out_ += '"';
    }
  }
  void end() { out_ += "}\n"; }

 private:
  std::string& out_;
  bool first_ = true;
};

std::string_view name_of(const Event& event) {
  switch (event.kind) {
    case EventKind::request:
      return "request";
    case EventKind::response:
      return "response";
    case EventKind::data:
      return "data";
    case EventKind::message:
      return "message";
    case EventKind::close:
      return "close";
    case EventKind::end:
      return "end";
    case EventKind::mark:
      return "mark";
    case EventKind::header:
    case EventKind::unknown:
      break;
  }
  return event.ev;
}

}  // namespace

void write_event(std::string& out, const Event& event) {
  LineWriter line(out);
  if (event.kind == EventKind::header) {
    line.raw("recording", "1");
    if (event.start) line.text("start", format_iso8601(*event.start));
    if (!event.entry.is_null()) line.json("creator", event.entry);
    if (!event.object.is_null()) line.json("log", event.object);
  } else {
    line.text("ev", name_of(event));
    if (!event.id.empty()) line.text("id", event.id);
    line.raw("t", format_decimal_seconds(event.t));
  }
  switch (event.kind) {
    case EventKind::request:
      line.json("request", event.object);
      if (!event.entry.is_null()) line.json("entry", event.entry);
      break;
    case EventKind::response:
      if (!event.stream_kind.empty()) line.text("kind", event.stream_kind);
      line.json("response", event.object);
      if (!event.timings.is_null()) line.json("timings", event.timings);
      break;
    case EventKind::data:
      if (event.direction == Direction::send) line.text("dir", "send");
      line.octets(event.data);
      break;
    case EventKind::message:
      line.text("dir", to_string(event.direction));
      line.raw("opcode", std::to_string(event.opcode));
      line.octets(event.data);
      if (event.mocked) line.raw("mocked", "true");
      break;
    case EventKind::close:
      line.text("dir", to_string(event.direction));
      if (event.code) line.raw("code", std::to_string(*event.code));
      if (!event.reason.empty()) line.text("reason", event.reason);
      break;
    case EventKind::end:
      if (!event.reason.empty()) line.text("reason", event.reason);
      if (!event.data.empty()) line.text("error", event.data);
      if (!event.trailers.is_null()) line.json("trailers", event.trailers);
      break;
    case EventKind::mark:
      line.text("text", event.data);
      break;
    case EventKind::header:
    case EventKind::unknown:
      break;
  }
  for (const JsonMember& member : event.other) line.json(member.name, member.value);
  line.end();
}

Event make_header(WallTime start, Json creator, Json log) {
  Event header;
  header.kind = EventKind::header;
  header.start = start;
  header.entry = std::move(creator);
  header.object = std::move(log);
  return header;
}

void write_exchange(std::string& out, const Exchange& exchange) {
  if (exchange.request) write_event(out, *exchange.request);
  bool response = !exchange.response;
  for (const Event& event : exchange.timeline) {
    if (!response && event.t >= exchange.response->t) {
      write_event(out, *exchange.response);
      response = true;
    }
    write_event(out, event);
  }
  if (!response) write_event(out, *exchange.response);
  if (exchange.end) write_event(out, *exchange.end);
}

}  // namespace stream
