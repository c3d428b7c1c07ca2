// An exchange as a HAR entry: each member of the entry that the timeline says is made from it here, by one function.
#include <algorithm>
#include <array>
#include <utility>

#include "body_text.hpp"
#include "exchange_members.hpp"
#include "har/exchange.hpp"
#include "stream/codec/sse.hpp"
#include "stream/io/decompressor.hpp"
#include "stream/record/reader.hpp"
#include "stream/record/writer.hpp"
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
using stream::Nanos;

Json number(std::string text) { return Json(Json::Number{std::move(text)}); }

/// Epoch seconds, as Chrome has them, or milliseconds, as Playwright has; exact.
Json epoch_time(const Exchange& exchange, Nanos t, bool milliseconds = false) {
  const Nanos since_epoch = exchange.start.value_or(stream::WallTime{}).time_since_epoch() + t;
  return number(milliseconds ? stream::format_decimal_millis(since_epoch) : stream::format_decimal_seconds(since_epoch));
}

bool is_body(const Event& event, Direction direction) { return event.kind == EventKind::data && event.direction == direction; }

/// A mark that stands for an "error" message of `_webSocketMessages`.
bool is_error_mark(const Event& event) {
  return event.kind == EventKind::mark && event.other.size() == 1 && event.other[0].name == "error" &&
         event.other[0].value.bool_or(false);
}

std::optional<Json> messages(const Exchange& exchange) {
  const bool milliseconds = kept(exchange)[keep::kMessageTime].string_or("") == "ms";
  Json::Array list;
  for (const Event& event : exchange.timeline) {
    if (is_error_mark(event)) {
      list.push_back(Json::Object{
          {"type", "error"}, {"time", epoch_time(exchange, event.t, milliseconds)}, {"opcode", -1}, {"data", event.data}});
    }
    if (event.kind != EventKind::message) continue;
    const bool text = event.opcode == 1;
    const bool as_text = text && stream::is_utf8(event.data);
    Json::Object message{{"type", to_string(event.direction)},
                         {"time", epoch_time(exchange, event.t, milliseconds)},
                         {"opcode", event.opcode},
                         {"data", as_text ? event.data : stream::base64_encode(event.data)}};
    if (text && !as_text) message.push_back({"encoding", "base64"});  // RFC 6455 §5.6 does not allow it, but it was sent
    if (event.mocked) message.push_back({"_mocked", true});
    for (const JsonMember& member : event.other) message.push_back(member);
    list.emplace_back(std::move(message));
  }
  const bool empty = list.empty() && exchange.kind() != stream::StreamKind::websocket;
  return empty ? std::nullopt : std::optional(Json(std::move(list)));
}

std::optional<Json> close(const Exchange& exchange) {
  for (const Event& event : exchange.timeline) {
    if (event.kind != EventKind::close) continue;
    Json::Object out;
    if (event.code) out.push_back({"code", *event.code});
    out.push_back({"reason", event.reason});
    out.push_back({"timestamp", epoch_time(exchange, event.t)});
    if (event.direction == Direction::send) out.push_back({"dir", "send"});
    for (const JsonMember& member : event.other) out.push_back(member);
    return Json(std::move(out));
  }
  return std::nullopt;
}

std::optional<Json> server_sent_events(const Exchange& exchange) {
  if (exchange.kind() != stream::StreamKind::sse) return std::nullopt;
  Json::Array list;
  stream::SseDecoder decoder;
  std::vector<stream::SseItem> items;
  for (const Event& event : exchange.timeline) {
    if (!is_body(event, Direction::receive)) continue;
    items.clear();
    if (!decoder.feed(event.data, items)) return std::nullopt;
    // The time of an event is that of the chunk that completes it.
    for (const stream::SseItem& item : items) {
      if (item.kind != stream::SseItem::Kind::event) continue;
      list.push_back(Json::Object{{"time", epoch_time(exchange, event.t)},
                                  {"eventName", item.event.type},
                                  {"eventId", item.event.last_event_id},
                                  {"data", item.event.data}});
    }
  }
  return list.empty() ? std::nullopt : std::optional(Json(std::move(list)));
}

std::optional<Json> chunks(const Exchange& exchange) {
  Json::Array list;
  std::array<std::uint64_t, 2> offsets{};
  for (const Event& event : exchange.timeline) {
    if (event.kind != EventKind::data) continue;
    std::uint64_t& offset = offsets[static_cast<std::size_t>(event.direction)];
    Json::Object chunk{
        {"time", epoch_time(exchange, event.t)}, {"offset", offset}, {"size", static_cast<std::uint64_t>(event.data.size())}};
    if (event.direction == Direction::send) chunk.push_back({"dir", "send"});
    list.emplace_back(std::move(chunk));
    offset += event.data.size();
  }
  return list.empty() ? std::nullopt : std::optional(Json(std::move(list)));
}

/// Marks, events of kinds that we do not know, and the answer to a close (`_webSocketClose` has room for one).
std::optional<Json> other_events(const Exchange& exchange) {
  Json::Array list;
  bool closed = false;
  for (const Event& event : exchange.timeline) {
    const bool answer = event.kind == EventKind::close && std::exchange(closed, true);
    if (!answer && event.kind != EventKind::unknown && (event.kind != EventKind::mark || is_error_mark(event))) continue;
    Event relative = event;
    relative.id.clear();
    relative.t -= exchange.begin();
    std::string line;
    write_event(line, relative);
    if (auto json = stream::parse_json(line)) list.push_back(std::move(*json));
  }
  return list.empty() ? std::nullopt : std::optional(Json(std::move(list)));
}

std::optional<Json> error(const Exchange& exchange) {
  if (!exchange.end || exchange.end->reason.empty() || exchange.end->reason == "eof") return std::nullopt;
  return Json(exchange.end->data.empty() ? exchange.end->reason : exchange.end->data);
}

/// Puts the body into `content`, as text if it is that, else as base64.
void set_text(const Exchange& exchange, const BodyFacts& facts, Json::Object& content, std::string body) {
  const auto has = [&](std::string_view name) {
    return std::any_of(content.begin(), content.end(), [&](const JsonMember& member) { return member.name == name; });
  };
  if (has("text") || has("_file") || kept(exchange)[keep::kSynthesized].bool_or(false)) return;  // what stands there wins
  bool base64 = std::any_of(content.begin(), content.end(),
                            [](const JsonMember& member) { return member.name == "encoding" && member.value == Json("base64"); });
  if (!base64 && (facts.charset || !stream::is_utf8(body))) {
    if (auto text = text_of_octets(body, facts)) {
      body = std::move(*text);
    } else {
      content.push_back({"encoding", "base64"});
      base64 = true;
    }
  }
  const Json& at = kept(exchange)[keep::kTextAt];
  const std::size_t index = at.is_number() ? static_cast<std::size_t>(at.int_or(0)) : usual_text_index(content);
  content.insert(content.begin() + static_cast<std::ptrdiff_t>(std::min(index, content.size())),
                 JsonMember{"text", base64 ? Json(stream::base64_encode(body)) : Json(std::move(body))});
}

/// What an event says in a member of that name which its kind does not have by itself; null without.
const Json& said_by(const std::optional<Event>& event, std::string_view name) {
  static const Json kNone;
  if (!event) return kNone;
  const auto found =
      std::find_if(event->other.begin(), event->other.end(), [&](const JsonMember& member) { return member.name == name; });
  return found == event->other.end() ? kNone : found->value;
}

/// What the entry that is made will say of the body of `response`.
BodyFacts facts_of(const Exchange& exchange, const Json& response, std::size_t size) {
  BodyFacts facts = response_facts(response);
  if (kept(exchange)[keep::kMembers].is_array()) return facts;
  const Json& said = said_by(exchange.end, "response")["content"]["size"];
  if (said.is_number()) {
    facts.size = said.int_or(-1);
  } else if (!response["content"]["size"].is_number()) {
    facts.size = static_cast<std::int64_t>(size);
  }
  return facts;
}

std::optional<Json> response(const Exchange& exchange) {
  if (!exchange.response) return std::nullopt;
  Json out = exchange.response->object;
  std::string body = body_of(exchange);
  if (!body.empty() && out.is_object()) {
    Json* content = out.find("content");
    if (content == nullptr) content = &out.set("content", Json::object());
    const BodyFacts facts = facts_of(exchange, out, body.size());
    if (content->is_object()) set_text(exchange, facts, content->as_object(), std::move(body));
  }
  if (exchange.end && !exchange.end->trailers.is_null() && out.is_object() && out.find("_trailers") == nullptr) {
    out.set("_trailers", exchange.end->trailers);
  }
  return out;
}

// ---- an entry that did not come from a HAR

/// `object` with the members that HAR 1.2 requires, in its order, and the others behind them.
Json complete(const Json& object, Json::Object defaults) {
  if (!object.is_object()) return Json(std::move(defaults));
  for (const JsonMember& member : object.as_object()) {
    const auto known =
        std::find_if(defaults.begin(), defaults.end(), [&](const JsonMember& other) { return other.name == member.name; });
    if (known != defaults.end()) {
      known->value = member.value;
    } else {
      defaults.push_back(member);
    }
  }
  return Json(std::move(defaults));
}

/// The value of the last header of that name, which is in lower case; empty if there is none.
std::string_view header_value(const Json& headers, std::string_view wanted) {
  std::string_view value;
  if (!headers.is_array()) return value;
  for (const Json& header : headers.as_array()) {
    const std::string_view name = header["name"].string_or("");
    const bool same = std::equal(name.begin(), name.end(), wanted.begin(), wanted.end(),
                                 [](char a, char b) { return (a >= 'A' && a <= 'Z' ? static_cast<char>(a | 0x20) : a) == b; });
    if (same) value = header["value"].string_or("");
  }
  return value;
}

/// Members of `from` instead of those in `to`, or besides; objects within them in the same way.
void merge_into(Json& to, const Json& from) {
  if (!from.is_object() || !to.is_object()) return;
  for (const JsonMember& member : from.as_object()) {
    Json* const known = to.find(member.name);
    if (known != nullptr && known->is_object() && member.value.is_object()) {
      merge_into(*known, member.value);
    } else {
      to.set(member.name, member.value);
    }
  }
}

std::optional<stream::Compression> coding_of(const Event& response) {
  const std::string_view coding = header_value(response.object["headers"], "content-encoding");
  if (coding == "gzip" || coding == "x-gzip") return stream::Compression::gzip;
  if (coding == "deflate") return stream::Compression::zlib;
  if (coding == "br") return stream::Compression::brotli;
  if (coding == "zstd") return stream::Compression::zstd;
  return std::nullopt;
}

/// The exchange with its response's content coding undone, chunk by chunk: in a HAR a body is what the program saw. No value: it
/// has none, or one that cannot be undone.
std::optional<Exchange> decoded(const Exchange& exchange) {
  if (!exchange.response) return std::nullopt;
  const auto coding = coding_of(*exchange.response);
  const Json& content = exchange.response->object["content"];
  // `compression` is what undoing the coding has brought (HAR 1.2 §4.2.16): nobody knows it of a body that is still coded.
  if (!coding || content.find("text") != nullptr || content.find("compression") != nullptr) return std::nullopt;
  Exchange out = exchange;
  stream::Decompressor decoder(*coding);
  bool any = false;
  for (Event& event : out.timeline) {
    if (!is_body(event, Direction::receive)) continue;
    std::string bytes;
    if (!decoder.feed(event.data, bytes)) return std::nullopt;
    event.data = std::move(bytes);
    any = true;
  }
  return any ? std::optional(std::move(out)) : std::nullopt;
}

Json new_request(const Exchange& exchange) {
  Json out = complete(exchange.request ? exchange.request->object : Json(), {{"method", "GET"},
                                                                             {"url", ""},
                                                                             {"httpVersion", "unknown"},
                                                                             {"cookies", Json::array()},
                                                                             {"headers", Json::array()},
                                                                             {"queryString", Json::array()},
                                                                             {"headersSize", -1},
                                                                             {"bodySize", -1}});
  if (std::string body = body_of(exchange, Direction::send); !body.empty() && out.find("postData") == nullptr) {
    Json::Object post{{"mimeType", header_value(out["headers"], "content-type")}, {"params", Json::array()}};
    BodyFacts facts = request_facts(out);
    const Json& size = said_by(exchange.end, "request")["bodySize"];
    if (size.is_number() && header_value(out["headers"], "content-encoding").empty()) facts.size = size.int_or(-1);
    append_post_text(post, std::move(body), facts);
    out.set("postData", std::move(post));
  }
  merge_into(out, said_by(exchange.end, "request"));
  return out;
}

/// `coded`: how long the body was before its coding was undone.
Json new_response(const Exchange& exchange, std::optional<std::size_t> coded) {
  const auto made = response(exchange);
  Json out = complete(made.value_or(Json()), {{"status", 0},
                                              {"statusText", ""},
                                              {"httpVersion", "unknown"},
                                              {"cookies", Json::array()},
                                              {"headers", Json::array()},
                                              {"content", Json::object()},
                                              {"redirectURL", ""},
                                              {"headersSize", -1},
                                              {"bodySize", -1}});
  if (Json* content = out.find("content"); content->is_object()) {
    const std::size_t size = body_of(exchange).size();
    Json::Object defaults{{"size", static_cast<std::uint64_t>(size)}};
    if (coded) defaults.push_back({"compression", static_cast<std::int64_t>(size) - static_cast<std::int64_t>(*coded)});
    defaults.push_back({"mimeType", "x-unknown"});
    *content = complete(*content, std::move(defaults));
  }
  merge_into(out, said_by(exchange.end, "response"));
  return out;
}

/// The timings as they were measured; how long the body took is known when it has ended.
Json new_timings(const Exchange& exchange, Nanos begin, Nanos answer, Nanos end) {
  Json timings = exchange.response && exchange.response->timings.is_object()
                     ? exchange.response->timings
                     : Json(Json::Object{{"send", 0}, {"wait", number(stream::format_decimal_millis(answer - begin))}});
  if (timings.find("receive") == nullptr) timings.set("receive", number(stream::format_decimal_millis(end - answer)));
  return timings;
}

Nanos end_of(const Exchange& exchange) {
  Nanos last = exchange.begin();
  if (exchange.response) last = std::max(last, exchange.response->t);
  for (const Event& event : exchange.timeline) last = std::max(last, event.t);
  return exchange.end ? std::max(last, exchange.end->t) : last;
}

Json new_entry(const Exchange& recorded) {
  const auto undone = decoded(recorded);
  const Exchange& exchange = undone ? *undone : recorded;
  const Nanos begin = exchange.begin();
  const Nanos end = end_of(exchange);
  const Nanos answer = exchange.response ? exchange.response->t : end;
  Json others = exchange.request && exchange.request->entry.is_object() ? exchange.request->entry : Json::object();
  merge_into(others, said_by(exchange.response, "entry"));
  merge_into(others, said_by(exchange.end, "entry"));

  Json out = Json::object();
  const auto take = [&](std::string_view name) {
    if (const Json* value = others.find(name)) out.set(name, *value);
  };
  const auto make = [&](std::string_view name, std::optional<Json> value) {
    if (const Json* other = others.find(name)) {
      out.set(name, *other);
    } else if (value) {
      out.set(name, std::move(*value));
    }
  };
  take("pageref");
  make("startedDateTime", regenerate(exchange, "startedDateTime"));
  make("time", number(stream::format_decimal_millis(end - begin)));
  out.set("request", new_request(exchange));
  out.set("response", new_response(exchange, undone ? std::optional(body_of(recorded).size()) : std::nullopt));
  make("cache", Json::object());
  make("timings", new_timings(exchange, begin, answer, end));
  const stream::StreamKind kind = exchange.kind();
  if (kind == stream::StreamKind::websocket) make("_resourceType", Json("websocket"));
  if (kind == stream::StreamKind::sse) make("_resourceType", Json("eventsource"));
  for (const std::string_view name : {"_webSocketMessages", "_webSocketClose", "_eventSourceMessages", "_streamChunks", "_error",
                                      "_incomplete", "_streamKind"}) {
    make(name, regenerate(exchange, name));
  }
  make(kRecordingEvents, regenerate(exchange, kRecordingEvents));
  for (const JsonMember& member : others.as_object()) {
    if (out.find(member.name) == nullptr) out.set(member.name, member.value);
  }
  return out;
}

}  // namespace

const Json& kept(const Exchange& exchange) {
  static const Json kNone;
  if (!exchange.request) return kNone;
  for (const JsonMember& member : exchange.request->other) {
    if (member.name == keep::kHar) return member.value;
  }
  return kNone;
}

std::size_t usual_text_index(const Json::Object& content) {
  const auto encoding =
      std::find_if(content.begin(), content.end(), [](const JsonMember& member) { return member.name == "encoding"; });
  return static_cast<std::size_t>(encoding - content.begin());
}

std::string body_of(const Exchange& exchange, Direction direction) {
  std::string body;
  for (const Event& event : exchange.timeline) {
    if (is_body(event, direction)) body += event.data;
  }
  return body;
}

std::optional<Json> regenerate(const Exchange& exchange, std::string_view name) {
  if (name == "startedDateTime")
    return Json(stream::format_iso8601(exchange.start.value_or(stream::WallTime{}) + exchange.begin()));
  if (name == "request")
    return exchange.request && !exchange.request->object.is_null() ? std::optional(exchange.request->object) : std::nullopt;
  if (name == "response") return response(exchange);
  if (name == "timings")
    return exchange.response && !exchange.response->timings.is_null() ? std::optional(exchange.response->timings) : std::nullopt;
  if (name == "_webSocketMessages") return messages(exchange);
  if (name == "_webSocketClose") return close(exchange);
  if (name == "_eventSourceMessages") return server_sent_events(exchange);
  if (name == "_streamChunks") return chunks(exchange);
  if (name == "_error") return error(exchange);
  if (name == "_incomplete") return exchange.end ? std::nullopt : std::optional(Json(true));
  if (name == "_streamKind") {
    // Only where the content type does not say it.
    if (!exchange.response || exchange.response->stream_kind.empty()) return std::nullopt;
    Exchange derived;
    derived.response = exchange.response;
    derived.response->stream_kind.clear();
    const bool says =
        to_string(derived.kind()) == exchange.response->stream_kind || exchange.response->stream_kind == "websocket";
    return says ? std::nullopt : std::optional(Json(exchange.response->stream_kind));
  }
  if (name == kRecordingEvents) return other_events(exchange);
  return std::nullopt;
}

Json to_entry(const Exchange& exchange) {
  const Json& har = kept(exchange);
  if (const Json* verbatim = har.find(keep::kVerbatim)) return *verbatim;
  const Json& members = har[keep::kMembers];
  if (!members.is_array()) return new_entry(exchange);
  Json out = Json::object();
  for (const Json& name : members.as_array()) {
    if (const Json* value = exchange.request->entry.find(name.string_or(""))) {
      out.as_object().push_back({std::string(name.string_or("")), *value});
    } else if (auto made = regenerate(exchange, name.string_or(""))) {
      out.as_object().push_back({std::string(name.string_or("")), std::move(*made)});
    }
  }
  return out;
}

}  // namespace har
