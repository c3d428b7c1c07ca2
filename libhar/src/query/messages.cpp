// The messages of an entry: as Chrome writes them read where they stand, anything else by way of the exchange.
#include <algorithm>

#include "har/exchange.hpp"
#include "message_time.hpp"
#include "query/work.hpp"
#include "stream/codec/sse.hpp"

namespace har::query {

using stream::Direction;
using stream::Event;
using stream::EventKind;
using stream::Exchange;
using stream::RawJson;

namespace {

std::string creator_of(const LogInfo* info) {
  if (info == nullptr) return {};
  for (const auto& member : info->log) {
    if (member.name == "creator")
      return std::string(member.value["name"].string_or("")) + " " + std::string(member.value["version"].string_or(""));
  }
  return {};
}

bool may_have_events(EntryView& entry) {
  return entry.find(EntryPart::entry, "_eventSourceMessages") || entry.find(EntryPart::entry, "_streamKind") ||
         stream::stream_kind_of_media_type(entry.media_type()) == stream::StreamKind::sse;
}

stream::WallTime at(const Exchange& exchange, stream::Nanos t) { return exchange.start.value_or(stream::WallTime{}) + t; }

}  // namespace

/// The exchange that the entry was made of, or that is made of it; null if it can't be read.
const Exchange* Work::exchange(const Subject& subject) {
  if (subject.exchange != nullptr) return subject.exchange;
  if (exchange_) return &*exchange_;
  auto json = stream::parse_json(subject.entry.text());
  if (!json) return nullptr;
  const auto start = subject.entry.started().value_or(stream::WallTime{});
  const std::string creator = creator_of(subject.info);
  auto made = to_exchange(std::move(*json), {"1", start, {}, {}, subject.files, creator});
  if (!made) return nullptr;
  exchange_ = std::move(*made);
  return &*exchange_;
}

const std::vector<FoundMessage>& Work::messages(const Subject& subject, Which which) {
  EntryView& entry = subject.entry;
  if (which == Which::websocket) {
    if (std::exchange(websocket_known_, true)) return websocket_;
    if (subject.exchange == nullptr) {
      const bool listed = entry.find(EntryPart::entry, "_webSocketMessages").is_array();
      const bool elsewhere = entry.find(EntryPart::entry, "_recordingEvents") ||
                             (!listed && entry.find(EntryPart::content, "_file").string().ends_with(".jsonl"));
      if (!listed && !elsewhere) return websocket_;
      if (!elsewhere && simple_messages(subject)) return websocket_;
      websocket_.clear();
    }
    if (const Exchange* const made = exchange(subject)) recorded_messages(*made);
    return websocket_;
  }
  if (std::exchange(events_known_, true)) return events_;
  if (subject.exchange == nullptr && !may_have_events(entry)) return events_;
  const Exchange* const made = exchange(subject);
  if (made != nullptr && made->kind() == stream::StreamKind::sse) recorded_events(*made);
  return events_;
}

/// Messages with the times that Chrome writes, seconds since the epoch. False: they are others, or the entry is not so simple.
bool Work::simple_messages(const Subject& subject) {
  EntryView& entry = subject.entry;
  if (!entry.find(EntryPart::entry, "response")) return false;
  std::size_t lists = 0;
  for (const auto& member : entry.part(EntryPart::entry).members()) {
    if (member.escaped) return false;
    if (member.name == "_webSocketMessages") ++lists;
  }
  if (lists != 1) return false;
  std::vector<double> times;
  stream::JsonArrayView list(entry.find(EntryPart::entry, "_webSocketMessages"));
  stream::JsonObjectView message;
  std::string scratch;
  while (const RawJson element = list.next()) {
    message.reset(element);
    const RawJson time = message.find("time");
    const auto number = time.number();
    const auto nanos = number ? stream::parse_decimal_seconds(time.text) : std::nullopt;
    if (!nanos || nanos->count() < 0) return false;
    times.push_back(*number);
    const std::string_view type = message.find("type").string(scratch);
    const bool send = type == "send" || type == "request";
    if (!send && type != "receive" && type != "response") continue;
    const RawJson opcode = message.find("opcode");
    const std::int64_t code = opcode.integer().value_or(1);
    if (code < 1 || code > 15) continue;
    FoundMessage found;
    found.message.direction = send ? Direction::send : Direction::receive;
    found.message.opcode = static_cast<int>(code);
    found.message.time = stream::WallTime(*nanos);
    found.raw = message.find("data");
    if (!found.raw.is_string()) found.raw = {};
    const RawJson encoding = message.find("encoding");
    found.base64 = encoding ? encoding.string(scratch) == "base64" : code != 1;
    found.message.mocked = message.find("_mocked").is_true();
    websocket_.push_back(found);
  }
  if (list.broken()) return false;
  if (!times.empty() && detect_message_clock(times, entry.started().value_or(stream::WallTime{})) != MessageClock::seconds)
    return false;
  std::stable_sort(websocket_.begin(), websocket_.end(),
                   [](const FoundMessage& a, const FoundMessage& b) { return a.message.time < b.message.time; });
  for (std::size_t i = 0; i < websocket_.size(); ++i) websocket_[i].message.index = i;
  return true;
}

void Work::recorded_messages(const Exchange& exchange) {
  for (const Event& event : exchange.timeline) {
    if (event.kind != EventKind::message) continue;
    FoundMessage found;
    found.message.index = websocket_.size();
    found.message.direction = event.direction;
    found.message.opcode = event.opcode;
    found.message.time = at(exchange, event.t);
    found.message.data = event.data;
    found.message.mocked = event.mocked;
    websocket_.push_back(found);
  }
}

void Work::recorded_events(const Exchange& exchange) {
  stream::SseDecoder decoder;
  std::vector<stream::SseItem> items;
  const auto keep = [&](std::string text) -> std::string_view { return event_texts_.emplace_back(std::move(text)); };
  const auto take = [&](stream::Nanos t) {
    for (stream::SseItem& item : items) {
      if (item.kind != stream::SseItem::Kind::event) continue;
      FoundMessage found;
      found.message.index = events_.size();
      found.message.event = true;
      found.message.time = at(exchange, t);
      found.message.data = keep(std::move(item.event.data));
      found.message.name = keep(std::move(item.event.type));
      found.message.id = keep(std::move(item.event.last_event_id));
      events_.push_back(found);
    }
    items.clear();
  };
  stream::Nanos last{};
  for (const Event& event : exchange.timeline) {
    if (event.kind != EventKind::data || event.direction != Direction::receive) continue;
    const bool good = decoder.feed(event.data, items).has_value();
    last = event.t;
    take(event.t);
    if (!good) return;
  }
  if (decoder.finish(items)) take(last);
}

}  // namespace har::query
