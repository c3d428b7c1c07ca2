// A HAR entry as an exchange: the dialects of writers become one timeline here.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "body_text.hpp"
#include "exchange_members.hpp"
#include "formats/dialect/devproxy_bodies.hpp"
#include "har/exchange.hpp"
#include "message_time.hpp"
#include "stream/codec/sse.hpp"
#include "stream/record/reader.hpp"
#include "stream/text/base64.hpp"
#include "stream/text/utf8.hpp"

namespace har {
namespace {

using stream::Direction;
using stream::Event;
using stream::EventKind;
using stream::Exchange;
using stream::Json;
using stream::JsonMember;
using stream::Level;
using stream::Nanos;

/// Milliseconds of a HAR phase; nothing for what does not apply (-1) or is not there.
Nanos phase(const Json& timings, std::string_view name) {
  const Json& value = timings[name];
  if (!value.is_number()) return Nanos{};
  return std::max(Nanos{}, stream::parse_decimal_millis(value.number_text()).value_or(Nanos{}));
}

class Builder {
 public:
  Builder(const Json& entry, const ToExchangeOptions& options) : entry_(entry), options_(options) {}

  Exchange build();

 private:
  void note(Level level, std::string rule, std::string message, std::string_view pointer = "") const {
    if (!options_.report) return;
    stream::Place place = options_.place;
    place.pointer += pointer;
    options_.report({level, std::move(rule), std::move(message), std::move(place)});
  }
  /// A moment of the wall clock on the recording's.
  Nanos on_clock(Nanos since_epoch) const { return since_epoch - options_.start.time_since_epoch(); }

  void times();
  void request();
  void response();
  void body();
  BodyFacts sized_by_creator(BodyFacts facts, std::string_view text) const;
  std::optional<std::string> devproxy_octets(const Json& text, const Json& size, const Json& type,
                                             std::string_view pointer) const;
  bool chunks(const std::string& body, Direction direction);
  bool chunks_by_events(const std::string& body);
  bool chunks_by_progress(const std::string& body);
  void synthesize();
  void messages();
  void messages_of(const Json::Array& list);
  bool message(const Json& message, Nanos t);
  void close();
  void other_events();
  void end();
  void keep_the_rest();
  Event event(EventKind kind, Nanos t) const {
    Event event;
    event.kind = kind;
    event.id = options_.id;
    event.t = t;
    return event;
  }

  const Json& entry_;
  const ToExchangeOptions& options_;
  Exchange exchange_;
  Json har_ = Json::object();
  Nanos begin_{};
  Nanos answer_{};  ///< the response head
  Nanos end_{};
};

void Builder::times() {
  const auto started = started_at(entry_);
  if (!started && entry_.find("startedDateTime") != nullptr) {
    note(Level::warning, "har-start", "startedDateTime is not a time; the recording's start is taken", "/startedDateTime");
  }
  begin_ = started ? on_clock(started->time_since_epoch()) : Nanos{};
  const Json& timings = entry_["timings"];
  answer_ = begin_;
  for (const std::string_view name : {"blocked", "dns", "connect", "send", "wait"}) answer_ += phase(timings, name);
  end_ = std::max(answer_ + phase(timings, "receive"), begin_ + phase(entry_, "time"));
}

void Builder::request() {
  Event event = this->event(EventKind::request, begin_);
  event.object = entry_["request"];
  event.entry = Json::object();
  exchange_.request = std::move(event);
}

void Builder::response() {
  const Json* head = entry_.find("response");
  if (head == nullptr) return;
  Event event = this->event(EventKind::response, answer_);
  event.object = *head;
  event.timings = entry_["timings"];
  exchange_.response = std::move(event);
  const Json* kind = entry_.find("_streamKind");
  const bool socket = entry_.find("_webSocketMessages") != nullptr || entry_["_resourceType"].string_or("") == "websocket";
  const stream::StreamKind derived = exchange_.kind();
  if (kind != nullptr && kind->is_string()) {
    exchange_.response->stream_kind = kind->as_string();
  } else if (socket || derived != stream::StreamKind::http) {
    exchange_.response->stream_kind = to_string(socket ? stream::StreamKind::websocket : derived);
  }
}

/// Playwright has its bodies from Chromium, which gives text in UTF-8: their size is that of the text.
BodyFacts Builder::sized_by_creator(BodyFacts facts, std::string_view text) const {
  const bool known = options_.creator.starts_with("Playwright") && text.find("\xEF\xBF\xBD") == std::string_view::npos;
  if (known && facts.size == static_cast<std::int64_t>(text.size())) facts.size = -1;
  return facts;
}

/// Bytes that Dev Proxy has written as text; nothing where it is text, or others wrote it.
std::optional<std::string> Builder::devproxy_octets(const Json& text, const Json& size, const Json& type,
                                                    std::string_view pointer) const {
  namespace dialect = format::dialect;
  if (!dialect::is_devproxy(options_.creator)) return std::nullopt;
  dialect::DevProxyBody body = dialect::devproxy_body(text.string_or(""), size.int_or(-1), type.string_or(""));
  if (body.kind == dialect::DevProxyBody::Kind::text) return std::nullopt;
  if (body.kind == dialect::DevProxyBody::Kind::unclear) {
    note(Level::warning, "devproxy-body",
         "Dev Proxy writes bytes as text, and the size does not tell which this is: it is taken as text", pointer);
    return std::nullopt;
  }
  note(Level::warning, "devproxy-body", "Dev Proxy wrote bytes that are no text as characters: they are taken as the bytes",
       pointer);
  return std::move(body.octets);
}

/// Moves content.text into the timeline.
void Builder::body() {
  if (!exchange_.response) return;
  Json* content = exchange_.response->object.find("content");
  std::optional<std::string> bytes;
  if (content != nullptr && content->is_object()) {
    auto& members = content->as_object();
    const auto text =
        std::find_if(members.begin(), members.end(), [](const JsonMember& member) { return member.name == "text"; });
    const bool base64 = (*content)["encoding"].string_or("") == "base64";
    if (text != members.end() && text->value.is_string() && !text->value.as_string().empty()) {
      const std::string& written = text->value.as_string();
      const BodyFacts facts = base64 ? BodyFacts{} : response_facts(exchange_.response->object);
      bytes = base64 ? stream::base64_decode(written) : octets_of_text(written, sized_by_creator(facts, written));
      if (!base64) {
        if (!bytes) bytes = stream::replace_invalid_utf8(written);
        if (auto octets = devproxy_octets(text->value, (*content)["size"], (*content)["mimeType"], "/response/content/text"))
          bytes = std::move(octets);
      }
      if (!bytes)
        note(Level::warning, "har-base64", "content.text is not the base64 that content.encoding says; it is kept as it is",
             "/response/content/text");
      // It leaves the head only if it can be made again from the bytes, to the letter.
      if (bytes && (facts.charset ? text_of_octets(*bytes, facts) == written
                                  : (base64 ? stream::base64_encode(*bytes) : *bytes) == written)) {
        const auto index = static_cast<std::size_t>(text - members.begin());
        members.erase(text);
        if (index != usual_text_index(members)) har_.set(keep::kTextAt, static_cast<std::uint64_t>(index));
      }
    } else if (const Json* file = content->find("_file");
               file != nullptr && file->is_string() && options_.files != nullptr && text == members.end()) {
      const bool is_messages = file->as_string().ends_with(".jsonl");
      if (!is_messages) {
        auto read = options_.files->read(file->as_string());
        if (read) {
          bytes = std::move(*read);
          content->erase("_file");
          har_.set("inlined", true);
          note(Level::note, "side-file",
               fmt::format("the body was read from {}", entry_["response"]["content"]["_file"].as_string()),
               "/response/content/_file");
        } else {
          note(Level::warning, "side-file", read.error().message, "/response/content/_file");
        }
      }
    }
  }
  if (bytes && !bytes->empty()) {
    if (!chunks(*bytes, Direction::receive) && !chunks_by_events(*bytes) && !chunks_by_progress(*bytes)) {
      Event data = event(EventKind::data, end_);
      data.data = std::move(*bytes);
      exchange_.timeline.push_back(std::move(data));
    }
  } else if (!bytes) {
    synthesize();
  }
  // A request body whose pieces were timed.
  const Json& post = entry_["request"]["postData"];
  if (const Json* text = post.find("text"); text != nullptr && text->is_string()) {
    const auto sent =
        post["_encoding"].string_or("") == "base64" ? stream::base64_decode(text->as_string()) : post_octets(entry_["request"]);
    if (sent && !sent->empty() && !chunks(*sent, Direction::send)) {
      if (auto octets = devproxy_octets(*text, entry_["request"]["bodySize"], post["mimeType"], "/request/postData/text")) {
        Event data = event(EventKind::data, begin_);
        data.direction = Direction::send;
        data.data = std::move(*octets);
        exchange_.timeline.push_back(std::move(data));
      }
    }
  }
}

/// By our own `_streamChunks`; false if there are none for this direction, or they do not fit the body.
bool Builder::chunks(const std::string& body, Direction direction) {
  const Json& list = entry_["_streamChunks"];
  if (!list.is_array()) return false;
  std::vector<Event> events;
  std::uint64_t offset = 0;
  for (const Json& chunk : list.as_array()) {
    if ((chunk["dir"].string_or("") == "send") != (direction == Direction::send)) continue;
    const auto time = chunk["time"].is_number() ? stream::parse_decimal_seconds(chunk["time"].number_text()) : std::nullopt;
    const std::int64_t size = chunk["size"].int_or(-1);
    if (!time || size < 0 || chunk["offset"].int_or(-1) != static_cast<std::int64_t>(offset) ||
        static_cast<std::uint64_t>(size) > body.size() - offset) {
      events.clear();
      break;
    }
    // Bytes keep their order, whatever the times say.
    Event data = event(EventKind::data, events.empty() ? on_clock(*time) : std::max(on_clock(*time), events.back().t));
    data.direction = direction;
    data.data = body.substr(offset, static_cast<std::size_t>(size));
    events.push_back(std::move(data));
    offset += static_cast<std::uint64_t>(size);
  }
  if (events.empty() || offset != body.size()) {
    if (!events.empty())
      note(Level::warning, "har-chunks", "_streamChunks does not cover the body; its times are not used", "/_streamChunks");
    return false;
  }
  std::move(events.begin(), events.end(), std::back_inserter(exchange_.timeline));
  return true;
}

/// By `_eventSourceMessages`, if they are the events of the body: each event's bytes arrived at its time.
bool Builder::chunks_by_events(const std::string& body) {
  const Json& list = entry_["_eventSourceMessages"];
  if (!list.is_array() || list.as_array().empty()) return false;
  stream::SseDecoder decoder;
  std::vector<stream::SseItem> items;
  if (!decoder.feed(body, items) || !decoder.finish(items)) return false;
  std::erase_if(items, [](const stream::SseItem& item) { return item.kind != stream::SseItem::Kind::event; });
  if (items.size() != list.as_array().size()) {
    note(Level::warning, "sse-events",
         fmt::format("_eventSourceMessages has {} events, the body has {}; its times are not used", list.as_array().size(),
                     items.size()),
         "/_eventSourceMessages");
    return false;
  }
  std::vector<Event> events;
  std::size_t from = 0;
  for (std::size_t i = 0; i < items.size(); ++i) {
    const Json& time = list.as_array()[i]["time"];
    const auto seconds = time.is_number() ? stream::parse_decimal_seconds(time.number_text()) : std::nullopt;
    if (!seconds) return false;
    const std::size_t to = i + 1 == items.size() ? body.size() : static_cast<std::size_t>(items[i].end);
    Event data = event(EventKind::data, events.empty() ? on_clock(*seconds) : std::max(on_clock(*seconds), events.back().t));
    data.data = body.substr(from, to - from);
    events.push_back(std::move(data));
    from = to;
  }
  std::move(events.begin(), events.end(), std::back_inserter(exchange_.timeline));
  return true;
}

/// By the `_chunks` of chrome-har and WebPageTest: milliseconds of a clock whose zero is about the page's, and bytes as they were
/// on the wire. Their pauses count, from the end of the answer back; of a body that is decoded, each has its part, or what it
/// says: waterfall-tools (cdp.js, netlog.js) writes `inflated` where that is another number.
bool Builder::chunks_by_progress(const std::string& body) {
  const Json& list = entry_["_chunks"];
  if (!list.is_array() || list.as_array().size() < 2) return false;  // one says nothing that the timings do not say
  struct Chunk {
    Nanos time{};
    std::uint64_t size = 0;
    std::uint64_t decoded = 0;
  };
  std::vector<Chunk> all;
  std::uint64_t sum = 0;
  std::uint64_t decoded = 0;
  bool inflates = false;
  for (const Json& chunk : list.as_array()) {
    const auto time = chunk["ts"].is_number() ? stream::parse_decimal_millis(chunk["ts"].number_text()) : std::nullopt;
    const std::int64_t size = chunk["bytes"].int_or(-1);
    constexpr std::int64_t kMost = std::int64_t{1} << 40;
    const std::int64_t inflated = chunk["inflated"].int_or(size);
    inflates = inflates || chunk.find("inflated") != nullptr;
    if (!time || size < 0 || size > kMost || inflated < 0 || inflated > kMost || (!all.empty() && *time < all.back().time))
      return false;
    if (size == 0 && inflated == 0) continue;
    all.push_back({*time, static_cast<std::uint64_t>(size), static_cast<std::uint64_t>(inflated)});
    sum += all.back().size;
    decoded += all.back().decoded;
  }
  if (all.size() < 2) return false;
  // What is missing is what the decoder still had: it came with the last.
  if (decoded == body.size() || (inflates && decoded < body.size())) {
    for (Chunk& chunk : all) chunk.size = chunk.decoded;
    all.back().size += body.size() - decoded;
    sum = body.size();
  }
  if (sum == 0) return false;
  std::uint64_t seen = 0;
  std::size_t from = 0;
  for (const Chunk& chunk : all) {
    seen += chunk.size;
    const auto part = static_cast<double>(seen) / static_cast<double>(sum);
    const std::size_t to =
        seen == sum ? body.size() : std::max(from, static_cast<std::size_t>(part * static_cast<double>(body.size())));
    if (to == from) continue;
    Event data = event(EventKind::data, std::max(answer_, end_ - (all.back().time - chunk.time)));
    data.data = body.substr(from, to - from);
    exchange_.timeline.push_back(std::move(data));
    from = to;
  }
  return true;
}

/// Chrome keeps no text of an EventSource, but its events: they become the body that says the same.
void Builder::synthesize() {
  const Json& list = entry_["_eventSourceMessages"];
  if (!list.is_array() || list.as_array().empty()) return;
  std::string id;
  bool removed = false;
  for (const Json& message : list.as_array()) {
    const auto seconds =
        message["time"].is_number() ? stream::parse_decimal_seconds(message["time"].number_text()) : std::nullopt;
    removed = removed || !message["data"].is_string();
    stream::SseEvent sse;
    sse.type = message["eventName"].string_or("message");
    sse.data = message["data"].string_or("");
    sse.last_event_id = message["eventId"].string_or("");
    sse.has_id = sse.last_event_id != id;
    id = sse.last_event_id;
    const Nanos t = seconds ? on_clock(*seconds) : end_;
    Event data = event(EventKind::data, exchange_.timeline.empty() ? t : std::max(t, exchange_.timeline.back().t));
    stream::encode_sse(data.data, sse);
    exchange_.timeline.push_back(std::move(data));
  }
  if (removed)
    note(Level::note, "sse-data-removed", "the events' data was removed when the file was exported", "/_eventSourceMessages");
  har_.set(keep::kSynthesized, true);
  if (exchange_.response->stream_kind.empty()) exchange_.response->stream_kind = to_string(stream::StreamKind::sse);
}

void Builder::messages() {
  const Json& list = entry_["_webSocketMessages"];
  if (list.is_array()) {
    messages_of(list.as_array());
    return;
  }
  const Json& file = entry_["response"]["content"]["_file"];
  if (options_.files == nullptr || !file.string_or("").ends_with(".jsonl")) return;
  auto read = options_.files->read(file.as_string());
  if (!read) {
    note(Level::warning, "side-file", read.error().message, "/response/content/_file");
    return;
  }
  Json::Array lines;
  for (std::string_view rest = *read; !rest.empty();) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    if (auto json = stream::parse_json(line)) {
      lines.push_back(std::move(*json));
    } else if (line.find_first_not_of(" \r\t") != std::string_view::npos) {
      note(Level::warning, "side-file", fmt::format("a line of {} is not JSON: {}", file.as_string(), json.error().message),
           "/response/content/_file");
    }
  }
  messages_of(lines);
  har_.set("inlined", true);
  if (Json* content = exchange_.response->object.find("content")) content->erase("_file");
  if (exchange_.response->stream_kind.empty()) exchange_.response->stream_kind = to_string(stream::StreamKind::websocket);
  note(Level::note, "side-file", fmt::format("{} messages were read from {}", lines.size(), file.as_string()),
       "/response/content/_file");
}

void Builder::messages_of(const Json::Array& list) {
  constexpr std::string_view kPointer = "/_webSocketMessages";
  std::vector<const Json*> times;
  for (const Json& message : list) times.push_back(&message["time"]);
  const auto started = started_at(entry_).value_or(options_.start);
  const MessageClock clock = detect_message_clock(times, started);
  Nanos shift = -options_.start.time_since_epoch();
  switch (clock) {
    case MessageClock::seconds:
      break;
    case MessageClock::untimed:
      if (!list.empty()) note(Level::note, "ws-untimed", "the messages have no times; all are put at the handshake", kPointer);
      break;
    case MessageClock::milliseconds:
      har_.set(keep::kMessageTime, "ms");
      note(Level::note, "ws-time-unit", "message times are milliseconds since the epoch", kPointer);
      break;
    case MessageClock::microseconds:
      note(Level::note, "ws-time-unit", "message times are microseconds since the epoch", kPointer);
      break;
    case MessageClock::monotonic:
      // The clock's zero is unknown: the first message is put at the handshake.
      for (const Json* time : times) {
        if (const auto first = read_message_time(*time, clock)) {
          shift = answer_ - *first;
          break;
        }
      }
      note(Level::warning, "ws-time-rebased", "message times are seconds of an unknown clock; the first is put at the handshake",
           kPointer);
      break;
  }
  // Playwright 1.61.0 added seconds to milliseconds: what lies between the messages is a thousand times too short.
  const bool repair = clock == MessageClock::milliseconds && options_.creator == "Playwright 1.61.0";
  if (repair)
    note(Level::warning, "ws-time-repaired",
         "Playwright 1.61.0 wrote the time between messages a thousand times too short; it is stretched", kPointer);

  std::optional<Nanos> first;
  Nanos last = answer_;
  std::size_t odd = 0;
  for (const Json& message : list) {
    Nanos t = last;
    if (auto time = read_message_time(message["time"], clock)) {
      if (!first) first = *time;
      if (repair) time = *first + (*time - *first) * 1000;
      t = *time + shift;
    }
    if (!this->message(message, t)) ++odd;
    last = t;
  }
  end_ = std::max(end_, last);
  if (odd != 0)
    note(Level::warning, "ws-data",
         fmt::format("{} of {} messages are not as Chrome writes them (type, opcode, data); they are kept beside the timeline",
                     odd, list.size()),
         kPointer);
}

/// False: the message is not what we know.
bool Builder::message(const Json& message, Nanos t) {
  if (!message.is_object()) return false;
  const std::string_view type = message["type"].string_or("");
  const std::string_view data = message["data"].string_or("");
  if (type == "error") {
    Event mark = event(EventKind::mark, t);
    mark.data = data;
    mark.other.push_back({"error", true});
    exchange_.timeline.push_back(std::move(mark));
    return true;
  }
  const bool send = type == "send" || type == "request";
  if (!send && type != "receive" && type != "response") return false;
  const std::int64_t opcode = message["opcode"].int_or(1);
  if (opcode < 1 || opcode > 15) return false;
  Event out = event(EventKind::message, t);
  out.direction = send ? Direction::send : Direction::receive;
  out.opcode = static_cast<int>(opcode);
  const bool base64 = message.find("encoding") != nullptr ? message["encoding"].string_or("") == "base64" : opcode != 1;
  auto bytes = base64 ? stream::base64_decode(data) : std::optional(std::string(data));
  const bool good = bytes.has_value();
  out.data = good ? std::move(*bytes) : std::string(data);
  out.mocked = message["_mocked"].bool_or(false);
  static constexpr std::string_view kKnown[] = {"type", "time", "opcode", "data", "encoding", "_mocked"};
  for (const JsonMember& member : message.as_object()) {
    if (std::find(std::begin(kKnown), std::end(kKnown), member.name) == std::end(kKnown)) out.other.push_back(member);
  }
  exchange_.timeline.push_back(std::move(out));
  return good;
}

void Builder::close() {
  const Json& close = entry_["_webSocketClose"];
  if (!close.is_object()) return;
  const auto time =
      close["timestamp"].is_number() ? stream::parse_decimal_seconds(close["timestamp"].number_text()) : std::nullopt;
  Event out = event(EventKind::close, time ? on_clock(*time) : end_);
  if (const std::int64_t code = close["code"].int_or(-1); code >= 0 && code <= 65535) out.code = static_cast<int>(code);
  out.reason = close["reason"].string_or("");
  if (close["dir"].string_or("") == "send") out.direction = Direction::send;
  for (const JsonMember& member : close.as_object()) {
    if (member.name != "code" && member.name != "reason" && member.name != "timestamp" && member.name != "dir")
      out.other.push_back(member);
  }
  end_ = std::max(end_, out.t);
  exchange_.timeline.push_back(std::move(out));
}

void Builder::other_events() {
  const Json& list = entry_[kRecordingEvents];
  if (!list.is_array()) return;
  for (const Json& json : list.as_array()) {
    auto event = stream::parse_event(to_json(json), options_.place);
    if (!event) continue;
    event->id = options_.id;
    event->t += begin_;
    exchange_.timeline.push_back(std::move(*event));
  }
}

void Builder::end() {
  for (const Event& event : exchange_.timeline) end_ = std::max(end_, event.t);
  if (entry_["_incomplete"].bool_or(false)) return;
  Event out = event(EventKind::end, end_);
  out.reason = "eof";
  if (const std::string_view error = entry_["_error"].string_or(""); !error.empty()) {
    const bool reason = error == "reset" || error == "timeout" || error == "abort";
    out.reason = reason ? error : "error";
    if (!reason) out.data = error;
  }
  out.trailers = entry_["response"]["_trailers"];
  exchange_.end = std::move(out);
}

/// What the timeline says to the letter is not written twice; everything else stays in the request event's `entry`.
void Builder::keep_the_rest() {
  // The file was read into the timeline: `_file` would point to nothing where the recording goes.
  const bool inlined = har_.erase("inlined") != 0;
  Json::Array names;
  std::set<std::string_view> seen;
  bool duplicates = false;
  bool messages_listed = false;
  for (const JsonMember& member : entry_.as_object()) {
    names.emplace_back(member.name);
    duplicates = !seen.insert(member.name).second || duplicates;
    messages_listed = messages_listed || member.name == "_webSocketMessages";
  }
  if (inlined && !messages_listed && exchange_.kind() == stream::StreamKind::websocket) names.emplace_back("_webSocketMessages");
  har_.set(keep::kMembers, std::move(names));
  exchange_.request->other.push_back({std::string(keep::kHar), std::move(har_)});
  if (duplicates) {
    exchange_.request->other.back().value.set(keep::kVerbatim, entry_);
    return;
  }
  for (const JsonMember& member : entry_.as_object()) {
    if (inlined && member.name == "response") continue;
    const auto made = regenerate(exchange_, member.name);
    if (!made || *made != member.value) exchange_.request->entry.as_object().push_back(member);
  }
}

Exchange Builder::build() {
  exchange_.id = options_.id;
  exchange_.start = options_.start;
  times();
  request();
  response();
  body();
  if (exchange_.response) messages();
  close();
  other_events();
  std::stable_sort(exchange_.timeline.begin(), exchange_.timeline.end(),
                   [](const Event& a, const Event& b) { return a.t < b.t; });
  end();
  keep_the_rest();
  return std::move(exchange_);
}

}  // namespace

std::optional<stream::WallTime> started_at(const Json& entry) {
  const auto time = stream::parse_iso8601(entry["startedDateTime"].string_or(""));
  return time ? std::optional(time->time) : std::nullopt;
}

stream::Result<Exchange> to_exchange(Json entry, const ToExchangeOptions& options) {
  if (!entry.is_object()) {
    return stream::fail({stream::ErrorCode::syntax,
                         fmt::format("expected an entry, an object, found {}", to_string(entry.kind())), options.place});
  }
  return Builder(entry, options).build();
}

}  // namespace har
