#include "stat/timeline.hpp"

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#include "har/exchange.hpp"
#include "stream/codec/json_seq.hpp"
#include "stream/codec/lines.hpp"
#include "stream/codec/multipart.hpp"
#include "stream/codec/ndjson.hpp"
#include "stream/codec/sse.hpp"
#include "stream/text/json_tokens.hpp"

namespace har::stat {
namespace {

using stream::Event;
using stream::EventKind;
using stream::Json;
using stream::Nanos;
using stream::StreamKind;

/// How many items a decoder gives for pieces; `piece(count)` hears how many each one completed.
template <class Decoder, class Item, class Counts>
class Counter {
 public:
  Counter(Decoder decoder, Counts counts) : decoder_(std::move(decoder)), counts_(std::move(counts)) {}

  std::uint64_t feed(std::string_view bytes) {
    items_.clear();
    if (!decoder_.feed(bytes, items_)) return 0;  // larger than the limit, which the entry's own would have stopped
    return counted();
  }
  std::uint64_t finish() {
    items_.clear();
    if (!decoder_.finish(items_)) return 0;
    return counted();
  }

 private:
  std::uint64_t counted() const { return static_cast<std::uint64_t>(std::count_if(items_.begin(), items_.end(), counts_)); }

  Decoder decoder_;
  Counts counts_;
  std::vector<Item> items_{};
};

/// Feeds pieces to the decoder of a kind; `done(piece, events)` for each, and once more for the end.
template <class Pieces, class Done>
void decode(StreamKind kind, std::string_view media_type, const Pieces& pieces, const Done& done) {
  const auto run = [&](auto counter) {
    std::size_t number = 0;
    for (const std::string_view piece : pieces) done(number++, counter.feed(piece));
    done(number == 0 ? 0 : number - 1, counter.finish());
  };
  switch (kind) {
    case StreamKind::sse: {
      const auto counts = [](const stream::SseItem& item) { return item.kind == stream::SseItem::Kind::event; };
      run(Counter<stream::SseDecoder, stream::SseItem, decltype(counts)>(stream::SseDecoder(), counts));
      return;
    }
    case StreamKind::ndjson: {
      const auto counts = [](const stream::NdjsonItem&) { return true; };
      run(Counter<stream::NdjsonDecoder, stream::NdjsonItem, decltype(counts)>(stream::NdjsonDecoder(), counts));
      return;
    }
    case StreamKind::json_seq: {
      const auto counts = [](const stream::JsonSeqItem& item) { return item.kind != stream::JsonSeqItem::Kind::stray; };
      run(Counter<stream::JsonSeqDecoder, stream::JsonSeqItem, decltype(counts)>(stream::JsonSeqDecoder(), counts));
      return;
    }
    case StreamKind::multipart: {
      const auto counts = [](const stream::MultipartItem&) { return true; };
      stream::MultipartOptions options;
      options.boundary = stream::boundary_of(media_type).value_or("");
      run(Counter<stream::MultipartDecoder, stream::MultipartItem, decltype(counts)>(stream::MultipartDecoder(std::move(options)),
                                                                                     counts));
      return;
    }
    case StreamKind::text: {
      const auto counts = [](const stream::TextLine&) { return true; };
      run(Counter<stream::LinesDecoder, stream::TextLine, decltype(counts)>(stream::LinesDecoder(), counts));
      return;
    }
    case StreamKind::http:
    case StreamKind::binary:
    case StreamKind::websocket:
      for (std::size_t number = 0; number < pieces.size(); ++number) done(number, 1);
      return;
  }
}

std::uint64_t positive(Nanos time) { return static_cast<std::uint64_t>(std::max<std::int64_t>(0, time.count())); }
std::int64_t since(Nanos begin, Nanos time) { return std::max<std::int64_t>(0, (time - begin).count()); }

Nanos end_of(const stream::Exchange& exchange) {
  if (exchange.end) return exchange.end->t;
  Nanos end = exchange.response ? exchange.response->t : exchange.begin();
  for (const Event& event : exchange.timeline) end = std::max(end, event.t);
  return end;
}

std::string media_type_of(const Json& response) {
  std::string type(response["content"]["mimeType"].string_or(""));
  if (!type.empty() || !response["headers"].is_array()) return type;
  for (const Json& header : response["headers"].as_array()) {
    std::string name(header["name"].string_or(""));
    std::transform(name.begin(), name.end(), name.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 32) : c; });
    if (name == "content-type") type = header["value"].string_or("");
  }
  return type;
}

struct Heard {
  bool untimed = false;
  bool rebased = false;
  bool chunks_unused = false;
};

SocketFacts socket_of(const stream::Exchange& exchange, const Heard& heard, bool started) {
  SocketFacts facts;
  const Nanos begin = exchange.begin();
  std::optional<Nanos> before;
  std::optional<Nanos> first;
  for (const Event& event : exchange.timeline) {
    if (event.kind == EventKind::close) {
      if (event.code && !facts.close_code) facts.close_code = event.code;
    } else if (event.kind == EventKind::mark) {
      const bool error = std::any_of(event.other.begin(), event.other.end(), [](const stream::JsonMember& member) {
        return member.name == "error" && member.value.bool_or(false);
      });
      if (error) ++facts.errors;
    } else if (event.kind == EventKind::message && event.opcode >= 8) {
      ++facts.control;
    } else if (event.kind == EventKind::message) {
      const bool received = event.direction == stream::Direction::receive;
      ++facts.messages[received ? 1 : 0];
      facts.bytes[received ? 1 : 0] += event.data.size();
      facts.timed = !heard.untimed;
      if (facts.timed && before) facts.gaps.push_back(positive(event.t - *before));
      before = event.t;
      if (received && !first) first = event.t;
    }
  }
  if (!started) return facts;
  facts.duration = since(begin, end_of(exchange));
  if (first && facts.timed && !heard.rebased) facts.first = since(begin, *first);
  return facts;
}

/// `entry`: what it was made of.
std::optional<StreamFacts> stream_of(const stream::Exchange& exchange, const Json& entry, const Heard& heard, bool started) {
  std::vector<std::string_view> pieces;
  std::vector<Nanos> times;
  for (const Event& event : exchange.timeline) {
    if (event.kind != EventKind::data || event.direction != stream::Direction::receive) continue;
    pieces.emplace_back(event.data);
    times.push_back(event.t);
  }
  const auto listed = [&](std::string_view name) { return entry[name].is_array() && !entry[name].as_array().empty(); };
  const bool timed = pieces.size() > 1 ||
                     (pieces.size() == 1 && !heard.chunks_unused && (listed("_streamChunks") || listed("_eventSourceMessages")));
  StreamFacts facts;
  facts.kind = exchange.kind();
  if (facts.kind == StreamKind::http && !timed) return std::nullopt;
  std::optional<Nanos> before;
  decode(facts.kind, exchange.response ? media_type_of(exchange.response->object) : std::string(), pieces,
         [&](std::size_t piece, std::uint64_t events) {
           facts.events += events;
           if (!timed || events == 0) return;
           if (before) facts.gaps.push_back(positive(times[piece] - *before));
           if (!before && started) facts.first = since(exchange.begin(), times[piece]);
           before = times[piece];
           facts.gaps.insert(facts.gaps.end(), static_cast<std::size_t>(events - 1), 0);  // they came together
         });
  if (timed) {
    facts.chunks = pieces.size();
    for (std::size_t i = 1; i < times.size(); ++i) facts.chunk_gaps.push_back(positive(times[i] - times[i - 1]));
  }
  if (started) facts.duration = since(exchange.begin(), end_of(exchange));
  return facts;
}

}  // namespace

TimelineFacts read_timeline(std::string_view entry, const FactsReader::Context& context) {
  TimelineFacts facts;
  auto json = stream::parse_json(entry);
  if (!json || !json->is_object()) return facts;
  Heard heard;
  ToExchangeOptions options;
  options.files = context.files;
  std::string creator;
  if (context.info != nullptr) {
    for (const stream::JsonMember& member : context.info->log) {
      if (member.name != "creator") continue;
      creator = std::string(member.value["name"].string_or("")) + " " + std::string(member.value["version"].string_or(""));
    }
  }
  options.creator = creator;
  options.report = [&](const stream::Finding& finding) {
    heard.untimed = heard.untimed || finding.rule == "ws-untimed";
    heard.rebased = heard.rebased || finding.rule == "ws-time-rebased";
    heard.chunks_unused = heard.chunks_unused || finding.rule == "har-chunks" || finding.rule == "sse-events";
  };
  const bool started = started_at(*json).has_value();
  const auto exchange = to_exchange(*json, options);
  if (!exchange) return facts;
  if (exchange->kind() == StreamKind::websocket) {
    facts.socket = socket_of(*exchange, heard, started);
  } else {
    facts.stream = stream_of(*exchange, *json, heard, started);
  }
  return facts;
}

std::uint64_t count_events(StreamKind kind, std::string_view body, std::string_view media_type) {
  if (body.empty()) return 0;
  std::uint64_t sum = 0;
  const std::vector<std::string_view> pieces{body};
  decode(kind, media_type, pieces, [&](std::size_t, std::uint64_t events) { sum += events; });
  return sum;
}

std::uint64_t count_sse_events(std::string_view body) {
  std::uint64_t events = 0;
  bool data = false;
  const auto line = [&](std::string_view text) {
    if (text.empty()) {
      events += data ? 1 : 0;
      data = false;
    } else if (text.starts_with("data")) {
      data = data || text.size() == 4 || text[4] == ':';
    }
  };
  if (body.starts_with("\xEF\xBB\xBF")) body.remove_prefix(3);
  while (!body.empty()) {
    const std::size_t feed = body.find('\n');
    if (feed == std::string_view::npos && body.find('\r') == std::string_view::npos) break;  // a line without its end
    std::string_view lines = body.substr(0, feed);
    body.remove_prefix(feed == std::string_view::npos ? body.size() : feed + 1);
    bool whole = feed != std::string_view::npos;
    // Lines that end with a carriage return alone; one in front of the line feed is part of its end.
    for (std::size_t end = 0; (end = lines.find('\r')) != std::string_view::npos;) {
      line(lines.substr(0, end));
      lines.remove_prefix(end + 1);
      if (lines.empty()) whole = false;
    }
    if (whole) line(lines);
  }
  return events;
}

std::optional<std::uint64_t> base64_length(std::string_view text) {
  std::size_t padding = 0;
  while (padding < 2 && padding < text.size() && text[text.size() - 1 - padding] == '=') ++padding;
  const std::string_view digits = text.substr(0, text.size() - padding);
  if (digits.size() % 4 == 1 || (padding != 0 && text.size() % 4 != 0)) return std::nullopt;
  if (!stream::is_base64_alphabet(digits) || digits.find('=') != std::string_view::npos) return std::nullopt;
  return digits.size() / 4 * 3 + (digits.size() % 4 == 0 ? 0 : digits.size() % 4 - 1);
}

}  // namespace har::stat
