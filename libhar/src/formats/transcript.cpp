// A transcript: what was said over WebSockets and streams, a message a line, for people with `less`. Nothing of the recording
// reaches a terminal as more than text.
#include <fmt/format.h>

#include <algorithm>

#include "formats/exchange_writer.hpp"
#include "formats/formats.hpp"
#include "formats/http_message.hpp"
#include "har/exchange.hpp"
#include "stream/codec/sse.hpp"
#include "stream/compare/excerpt.hpp"
#include "stream/text/utf8.hpp"

namespace har::format {
namespace {

using stream::Direction;
using stream::Event;
using stream::EventKind;
using stream::Exchange;
using stream::Nanos;
using stream::Status;
using stream::StreamKind;

constexpr std::size_t kTimeWidth = 12;  // seconds with six decimals
constexpr std::size_t kWhatWidth = 14;  // "event delta"
/// Where text begins: behind the time, an arrow, and what it is.
constexpr std::size_t kTextColumn = kTimeWidth + 3 + kWhatWidth + 1;
constexpr std::size_t kMostOctets = 32;  // of a binary message, in hexadecimal

/// Without what a terminal obeys, and without what changes the direction of writing (Unicode UAX #9): U+200E/F, U+202A to U+202E,
/// U+2066 to U+2069.
std::string plain(std::string_view text) {
  const std::string safe = stream::escape_controls(text);
  std::string out;
  for (std::size_t i = 0; i < safe.size(); ++i) {
    if (safe[i] == '\xE2' && i + 2 < safe.size()) {
      const auto second = static_cast<unsigned char>(safe[i + 1]);
      const auto third = static_cast<unsigned char>(safe[i + 2]);
      const bool mark = second == 0x80 && (third == 0x8E || third == 0x8F || (third >= 0xAA && third <= 0xAE));
      if (mark || (second == 0x81 && third >= 0xA6 && third <= 0xA9)) {
        out += fmt::format("\\u{:04x}", 0x2000U | (second & 0x3FU) << 6U | (third & 0x3FU));
        i += 2;
        continue;
      }
    }
    out += safe[i];
  }
  return out;
}

class Transcript {
 public:
  Transcript(const Exchange& exchange, std::size_t index, std::string& out) : exchange_(exchange), out_(out) { head(index); }

  void write() {
    const StreamKind kind = exchange_.kind();
    request_body();
    stream::SseDecoder decoder;
    bool decodes = kind == StreamKind::sse;
    std::size_t received = 0;
    std::vector<stream::SseItem> items;
    for (const Event& event : exchange_.timeline) {
      switch (event.kind) {
        case EventKind::message:
          message(event);
          break;
        case EventKind::close:
          line(event.t, arrow(event.direction), event.code ? fmt::format("close {}", *event.code) : "close", event.reason);
          break;
        case EventKind::mark:
          line(event.t, "*", "mark", event.data);
          break;
        case EventKind::data:
          last_ = event.t;
          if (event.direction == Direction::send) break;
          received += event.data.size();
          if (decodes) {
            items.clear();
            decodes = decoder.feed(event.data, items).has_value();
            events(event.t, items);
          } else if (kind == StreamKind::http) {
            hidden_ = hidden_ || !event.data.empty();
          } else {
            text(event.t, Direction::receive, "data", event.data);
          }
          break;
        default:
          unknown_ = true;
          break;
      }
    }
    if (decodes) {
      items.clear();
      if (decoder.finish(items)) events(last_, items);
    }
    if (kind == StreamKind::http && received > 0) line(last_, arrow(Direction::receive), fmt::format("body {}", received), "");
    end();
  }
  /// There were octets that it does not show.
  bool hidden() const { return hidden_; }
  bool cut() const { return cut_; }
  bool unknown() const { return unknown_; }

 private:
  static std::string_view arrow(Direction direction) { return direction == Direction::send ? "→" : "←"; }

  void head(std::size_t index) {
    out_ += fmt::format("== {} {} {}\n", index, plain(exchange_.method()), plain(exchange_.url()));
    const auto start = exchange_.start.value_or(stream::WallTime{}) + exchange_.begin();
    const std::string_view said = exchange_.response ? exchange_.response->object["statusText"].string_or("") : "";
    out_ += fmt::format("   {}  {}{}{}  {}\n", stream::format_iso8601(start),
                        exchange_.status() == 0 ? "no answer" : std::to_string(exchange_.status()), said.empty() ? "" : " ",
                        plain(said), to_string(exchange_.kind()));
  }

  void request_body() {
    const std::string body = request_message(exchange_).body;
    if (!body.empty()) text(exchange_.begin(), Direction::send, "body", body);
  }

  void message(const Event& event) {
    std::string_view what = "data";
    if (event.opcode == 1) what = "text";
    if (event.opcode == 2) what = "binary";
    if (event.opcode == 9) what = "ping";
    if (event.opcode == 10) what = "pong";
    text(event.t, event.direction, what, event.data, event.opcode == 2);
    if (event.mocked) out_.insert(out_.size() - 1, "  (mocked)");
  }

  /// Text as it is, anything else in hexadecimal.
  void text(Nanos t, Direction direction, std::string_view what, std::string_view octets, bool binary = false) {
    const std::string label = fmt::format("{} {}", what, octets.size());
    if (!binary && stream::is_utf8(octets)) return line(t, arrow(direction), label, octets);
    std::string hex;
    for (const char c : octets.substr(0, kMostOctets)) hex += fmt::format("{:02x} ", static_cast<unsigned char>(c));
    if (!hex.empty()) hex.pop_back();
    if (octets.size() > kMostOctets) {
      hex += " …";
      cut_ = true;
    }
    line(t, arrow(direction), label, hex);
  }

  void events(Nanos t, const std::vector<stream::SseItem>& items) {
    for (const stream::SseItem& item : items) {
      using Kind = stream::SseItem::Kind;
      switch (item.kind) {
        case Kind::event:
          line(t, arrow(Direction::receive),
               item.event.has_id ? fmt::format("{} #{}", item.event.type, item.event.last_event_id) : item.event.type,
               item.event.data);
          break;
        case Kind::comment:
          line(t, arrow(Direction::receive), ":", item.text);
          break;
        case Kind::retry:
          line(t, arrow(Direction::receive), "retry", fmt::format("{} ms", item.retry));
          break;
        case Kind::no_data:
          break;
        case Kind::tail:
          line(t, arrow(Direction::receive), "cut off", item.text);
          break;
      }
    }
  }

  void end() {
    if (!exchange_.end) {
      out_.append(kTimeWidth + 1, ' ').append("· the recording ends here\n");
    } else if (exchange_.end->reason != "eof") {
      line(exchange_.end->t, "·", exchange_.end->reason, exchange_.end->data);
    }
  }

  void line(Nanos t, std::string_view sign, std::string_view what, std::string_view text) {
    const double seconds = std::chrono::duration<double>(t - exchange_.begin()).count();
    std::string label = plain(what);
    if (label.size() < kWhatWidth) label.resize(kWhatWidth, ' ');
    std::string made = fmt::format("{:>{}.6f} {} {}", seconds, kTimeWidth, sign, label);
    std::string_view rest = text;
    for (bool first = true; first || !rest.empty(); first = false) {
      const std::size_t feed = std::min(rest.find('\n'), rest.size());
      std::string_view one = rest.substr(0, feed);
      rest.remove_prefix(std::min(feed + 1, rest.size()));
      if (one.ends_with('\r')) one.remove_suffix(1);
      if (!first) made.assign(kTextColumn - 1, ' ');
      if (!one.empty()) (made += ' ') += plain(one);
      while (made.ends_with(' ')) made.pop_back();
      (out_ += made) += '\n';
    }
  }

  const Exchange& exchange_;
  std::string& out_;
  Nanos last_{};
  bool hidden_ = false;
  bool cut_ = false;
  bool unknown_ = false;  ///< there were events of kinds that we do not know
};

/// What is shown, or follows from it.
constexpr std::string_view kHeld[] = {
    "startedDateTime",
    "time",
    "request.method",
    "request.url",
    "request.queryString",
    "request.postData.text",
    "request.postData.mimeType",
    "request.bodySize",
    "response.status",
    "response.statusText",
    "response.bodySize",
    "response.content",
    "_webSocketMessages",
    "_webSocketClose",
    "_eventSourceMessages",
    "_streamChunks",
    "_streamKind",
    "_resourceType",
    "_error",
    "_incomplete",
    "_mocked",
    "_recordingEvents",
};

class Writer final : public ExchangeWriter {
 public:
  using ExchangeWriter::ExchangeWriter;

 protected:
  Status render_exchange(const Exchange& exchange, const Item& item, const RenderContext& context,
                         std::string& out) const override {
    Transcript transcript(exchange, item.index, out);
    transcript.write();
    out += '\n';
    if (transcript.hidden())
      report_loss("response-content-text", "the body is left out: a transcript shows streams", item.where(), context.report);
    if (transcript.unknown())
      report_loss("recordingEvents", "events of kinds that nobody knows are left out", item.where(), context.report);
    if (transcript.cut())
      report_loss("message-octets", "of binary messages a transcript shows the beginning", item.where(), context.report);
    return {};
  }
  HeldMembers held() const override { return kHeld; }
  std::string_view format_name() const override { return "a transcript"; }
};

}  // namespace

const Format kTranscript{"transcript",
                         "WebSocket messages and events as people read them",
                         "",
                         nullptr,
                         nullptr,
                         [](stream::ByteSink& sink, const WriteOptions& options) -> std::unique_ptr<ItemWriter> {
                           return std::make_unique<Writer>(sink, options);
                         }};

}  // namespace har::format
