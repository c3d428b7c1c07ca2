// WebSocket messages, server-sent events and the chunks of bodies.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstring>

#include "body_text.hpp"
#include "check/base64_shape.hpp"
#include "check/entry_rules.hpp"
#include "check/words.hpp"
#include "message_time.hpp"
#include "stream/codec/sse.hpp"
#include "stream/text/ascii.hpp"
#include "stream/text/base64.hpp"
#include "stream/text/json.hpp"
#include "stream/text/json_find.hpp"
#include "stream/text/json_tokens.hpp"

namespace har::check {
namespace {

using stream::Json;
using stream::Nanos;
using stream::WallTime;
using stream::ascii::is_digit;

// Doubles that hold seconds since 1970 are good to 0.24 µs; writers compute with them.
constexpr Nanos kRounding{1000};

/// A whole number of bytes, however it is spelled.
std::optional<std::uint64_t> whole(const Field& field) {
  std::uint64_t value = 0;
  const std::string_view raw = field.raw;
  const auto [end, error] = std::from_chars(raw.data(), raw.data() + raw.size(), value);
  if (error == std::errc() && end == raw.data() + raw.size()) return value;
  const double number = number_of(field, -1);
  if (!(number >= 0 && number < 9e15) || number != static_cast<double>(static_cast<std::uint64_t>(number))) return std::nullopt;
  return static_cast<std::uint64_t>(number);
}

/// Whether "\ud" stands somewhere: where there is none, no half of a surrogate pair can be.
bool may_have_surrogates(std::string_view inner) {
  const char* at = inner.data();
  const char* const end = at + inner.size();
  constexpr std::ptrdiff_t kBlock = 64;
  for (; end - at >= kBlock + 2; at += kBlock) {
    unsigned char found = 0;  // a loop that compilers turn into vector instructions
    for (std::ptrdiff_t i = 0; i < kBlock; ++i) {
      found |= static_cast<unsigned char>(at[i] == '\\') & static_cast<unsigned char>(at[i + 1] == 'u') &
               static_cast<unsigned char>((at[i + 2] | 0x20) == 'd');
    }
    if (found != 0) return true;
  }
  for (; end - at >= 3; ++at) {
    if (at[0] == '\\' && at[1] == 'u' && (at[2] | 0x20) == 'd') return true;
  }
  return false;
}

/// The value of a surrogate escape at the start of `text`, else 0.
unsigned surrogate(std::string_view text) {
  if (text.size() < 6 || text[0] != '\\' || text[1] != 'u') return 0;
  unsigned value = 0;
  std::from_chars(text.data() + 2, text.data() + 6, value, 16);
  return value >= 0xD800 && value <= 0xDFFF ? value : 0;
}

/// The first escape of half a surrogate pair in what stands between a string's quotes.
std::string_view lone_surrogate(std::string_view inner) {
  if (!may_have_surrogates(inner)) return {};
  for (std::size_t at = inner.find('\\'); at < inner.size(); at = inner.find('\\', at)) {
    const unsigned first = surrogate(inner.substr(at));
    if (first == 0) {
      at += 2;
      continue;
    }
    const unsigned second = surrogate(inner.substr(std::min(at + 6, inner.size())));
    if (first >= 0xDC00 || second < 0xDC00) return inner.substr(at, 6);
    at += 12;
  }
  return {};
}

/// How many bytes a body has; no value if it is no text, or not the base64 that it should be.
std::optional<std::uint64_t> body_size(const Field& text, const Field& encoding) {
  if (!text.is_string() || text.inner().empty()) return std::nullopt;
  if (!encoding.is_string() || encoding.inner() != "base64") return stream::decoded_length(text.inner());
  if (is_clean_base64(text.inner())) return base64_bytes(text.inner());
  const Base64Shape shape = base64_shape(text);
  return shape.wrong.empty() ? std::optional<std::uint64_t>(shape.bytes) : std::nullopt;
}

/// Whether a string decodes: slow only where it has white space, escapes, or is wrong.
bool is_base64(const Field& field) { return is_clean_base64(field.inner()) || base64_shape(field).wrong.empty(); }

/// ", and 3 more", of `count` in all.
std::string more(std::size_t count) { return count < 2 ? std::string() : fmt::format(", and {} more", count - 1); }

std::uint64_t mix(std::uint64_t state, std::string_view text) {
  state ^= std::hash<std::string_view>()(text);
  state *= 0x9e3779b97f4a7c15ULL;
  return state ^ (state >> 32U);
}

struct Names {
  std::string_view member;
  std::string_view time;
  std::string_view what;
  Slot slot;
  RuleId order;
  RuleId window;
  RuleId unit;
};
constexpr Names kNames[] = {
    {"/_webSocketMessages", "time", "messages", Slot::messages, RuleId::ws_time_order, RuleId::ws_time_window,
     RuleId::ws_time_unit},
    {"/_eventSourceMessages", "time", "events", Slot::event_messages, RuleId::sse_time_order, RuleId::sse_time_window,
     RuleId::sse_time_unit},
    {"/_streamChunks", "time", "chunks", Slot::stream_chunks, RuleId::chunks_order, RuleId::count_, RuleId::count_},
    {"/_streamChunks", "time", "chunks", Slot::stream_chunks, RuleId::chunks_order, RuleId::count_, RuleId::count_},
    {"/_chunks", "ts", "chunks", Slot::chunks, RuleId::chunks_order, RuleId::count_, RuleId::count_},
};

}  // namespace

void MessageChecks::First::add(std::size_t record, std::string_view what, std::string_view previous, std::uint64_t wanted) {
  if (count++ == 0) {
    index = record;
    found = what;
    before = previous;
    expected = wanted;
  }
}

void MessageChecks::Track::sample(double value) {
  if ((timed - 1) % stride != 0) return;
  if (sampled == kSamples) {  // every other one is kept, and every other one is taken from here on
    for (std::size_t i = 0; i < kSamples / 2; ++i) samples[i] = samples[2 * i];
    sampled = kSamples / 2;
    stride *= 2;
    if ((timed - 1) % stride != 0) return;
  }
  samples[sampled++] = value;
}

void MessageChecks::Digest::add(std::string_view name, std::string_view id, std::string_view own_id, std::string_view text) {
  ++count;
  names = mix(names, name);
  ids = mix(ids, id);
  own_ids = mix(own_ids, own_id);
  data = mix(data, text);
}

void MessageChecks::clear() {
  if (!any_) return;
  any_ = false;
  for (Track& track : tracks_) track = Track();
  errors_ = 0;
  opcode_ = {};
  data_ = {};
  events_ = {};
  events_with_data_ = {};
  no_data_ = false;
  no_id_ = false;
}

/// Most times are digits, a point, and at most nine digits.
MessageChecks::Time MessageChecks::read_time(const Field& field) {
  if (!field.is_number()) return {};
  const std::string_view raw = field.raw;
  // 64 bits of nanoseconds end in 2262; what lies between the units' ranges is no time that anybody wrote.
  constexpr std::uint64_t kSecondsEnd = 9'000'000'000;
  constexpr std::uint64_t kMillis = 100'000'000'000;
  constexpr std::uint64_t kMicros = kMillis * 1000;
  std::uint64_t integer = 0;
  std::size_t at = 0;
  while (at < raw.size() && at < 18 && is_digit(raw[at])) integer = integer * 10 + static_cast<std::uint64_t>(raw[at++] - '0');
  std::uint64_t fraction = 0;  // in units of 1e-9
  if (at != 0 && at < raw.size() && raw[at] == '.') {
    std::uint64_t unit = 100'000'000;
    for (++at; at < raw.size() && unit != 0 && is_digit(raw[at]); ++at, unit /= 10) {
      fraction += unit * static_cast<std::uint64_t>(raw[at] - '0');
    }
  }
  if (at == raw.size()) {
    const double value = static_cast<double>(integer) + static_cast<double>(fraction) * 1e-9;
    const auto nanos = [](std::uint64_t count) { return Nanos(static_cast<std::int64_t>(count)); };
    if (integer < kSecondsEnd) return {Unit::seconds, nanos(integer * 1'000'000'000 + fraction), value};
    if (integer < kMillis) return {};
    if (integer < kSecondsEnd * 1'000) return {Unit::milliseconds, nanos(integer * 1'000'000 + fraction / 1'000), value};
    if (integer < kMicros) return {};
    if (integer < kSecondsEnd * 1'000'000) return {Unit::microseconds, nanos(integer * 1'000 + fraction / 1'000'000), value};
    return {};
  }
  const double value = number_of(field, -1);
  if (!(value >= 0)) return {};
  const Unit unit = value < static_cast<double>(kMillis)   ? Unit::seconds
                    : value < static_cast<double>(kMicros) ? Unit::milliseconds
                                                           : Unit::microseconds;
  const auto since = unit == Unit::seconds        ? stream::parse_decimal_seconds(raw)
                     : unit == Unit::milliseconds ? stream::parse_decimal_millis(raw)
                                                  : stream::parse_decimal_millis(std::string(raw) + "e-3");
  return since ? Time{unit, *since, value} : Time{};
}

void MessageChecks::time(Track& track, const Record& record) {
  const Time time = read_time(record.time);
  if (time.unit == Unit::none) return;
  ++track.timed;
  track.sample(time.value);
  if (track.unit == Unit::none) {
    track.unit = time.unit;
    track.least = time.since;
    track.least_raw = record.time.raw;
    track.least_index = record.index;
  } else if (time.unit != track.unit) {
    return;  // another clock: neither earlier nor later
  } else if (time.since + kRounding < track.last) {
    track.back.add(record.index, record.time.raw, track.last_raw);
  }
  if (time.since < track.least) {
    track.least = time.since;
    track.least_raw = record.time.raw;
    track.least_index = record.index;
  }
  track.last = time.since;
  track.last_raw = record.time.raw;
}

void MessageChecks::record(List list, const Record& record, std::string_view /*entry*/, Marks& /*marks*/) {
  any_ = true;
  switch (list) {
    case List::messages:
      ++tracks_[kMessages].count;
      time(tracks_[kMessages], record);
      message(record);
      break;
    case List::events:
      ++tracks_[kEvents].count;
      time(tracks_[kEvents], record);
      event(record);
      break;
    case List::stream_chunks: {
      const bool sent = record.dir.is_string() && record.dir.inner() == "send";
      chunk(tracks_[sent ? kSent : kReceived], record);
      break;
    }
    case List::chunks:
      chunk(tracks_[kChunks], record);
      break;
    default:
      break;
  }
}

void MessageChecks::message(const Record& record) {
  const bool error = record.name.is_string() && record.name.inner() == "error";
  if (error) {
    ++errors_;
    return;
  }
  if (!record.number.is_number()) return;
  std::int64_t opcode = -2;
  const std::string_view raw = record.number.raw;
  if (raw == "1") {
    opcode = 1;
  } else if (const double number = number_of(record.number, -2); number >= -1 && number <= 15) {
    opcode = static_cast<std::int64_t>(number);
    if (static_cast<double>(opcode) != number) return;
  } else {
    return;  // beyond the bounds that the shape has
  }
  if (opcode != 1 && opcode != 2 && opcode != 8 && opcode != 9 && opcode != 10) {
    opcode_.add(record.index, raw);
    return;
  }
  if (!record.value.is_string()) return;
  // Programs that list control frames have their text in `data`.
  if (opcode == 1 ? !lone_surrogate(record.value.inner()).empty() : opcode == 2 && !is_base64(record.value)) {
    // Our own form of a text message that was no text, and of a binary one that is.
    const auto encoding = stream::find_raw_value(record.object, {"encoding"});
    if (encoding && (*encoding == "\"base64\"" ? is_base64(record.value) : opcode == 2)) return;
    if (data_.count == 0) data_is_text_ = opcode == 1;
    data_.add(record.index, record.value.raw);
  }
}

void MessageChecks::event(const Record& record) {
  const std::string_view name = record.name.is_string() ? text_of(record.name, name_) : "";
  const std::string_view id = record.id.is_string() ? text_of(record.id, id_) : "";
  const std::string_view data = record.value.is_string() ? text_of(record.value, scratch_) : "";
  no_id_ = no_id_ || !record.id.is_string();
  no_data_ = no_data_ || !record.value.is_string();
  const std::string_view type = name.empty() ? "message" : name;
  events_.add(type, id, id, data);
  if (!data.empty() || !record.value.is_string()) events_with_data_.add(type, id, id, data);
}

void MessageChecks::chunk(Track& track, const Record& record) {
  ++track.count;
  time(track, record);
  const auto size = whole(record.value);
  if (!size || *size > (std::uint64_t{1} << 53U)) {
    track.sized = false;
    return;
  }
  if (const auto offset = whole(record.number)) {
    if (*offset != track.end) track.gap.add(record.index, record.number.raw, {}, track.end);
    track.end = *offset + *size;
  }
  track.total += *size;
}

/// ws-time-*, sse-time-*, and the times of chunks.
void MessageChecks::times(std::size_t which, const Facts& facts, Marks& marks) {
  Track& track = tracks_[which];
  const Names& names = kNames[which];
  if (track.back.count != 0) {
    marks.push_back({names.order, facts.offset(track.back.found),
                     fmt::format("{}/{}/{}", names.member, track.back.index, names.time),
                     fmt::format("expected a time not before {}, the one before, found {}{}", track.back.before, track.back.found,
                                 more(track.back.count))});
  }
  if (names.unit == RuleId::count_ || track.count == 0 || !facts[names.slot]) return;

  const auto parsed =
      facts[Slot::started].is_string() ? stream::parse_iso8601(text_of(facts[Slot::started], scratch_)) : std::nullopt;
  const WallTime started = parsed ? parsed->time : WallTime();
  const MessageClock clock = detect_message_clock(std::span(track.samples.data(), track.sampled), started);
  const std::size_t at = facts.offset(facts[names.slot]);
  const auto unit = [&](std::string_view found) {
    marks.push_back(
        {names.unit, at, std::string(names.member), fmt::format("expected times in seconds since 1970, found {}", found)});
  };
  switch (clock) {
    case MessageClock::untimed:
      unit(fmt::format("{} without times", names.what));
      return;
    case MessageClock::microseconds:
      unit("microseconds");
      break;
    case MessageClock::milliseconds:
      unit("milliseconds");
      break;
    case MessageClock::monotonic:
      if (parsed) unit(fmt::format("seconds of another clock, such as {}", track.least_raw));
      return;
    case MessageClock::seconds:
      break;
  }
  if (!parsed || !parsed->zone || track.unit == Unit::none) return;
  if (const Nanos early = started.time_since_epoch() - track.least; early > std::chrono::seconds(1)) {
    marks.push_back({names.window, facts.offset(track.least_raw),
                     fmt::format("{}/{}/{}", names.member, track.least_index, names.time),
                     fmt::format("expected a time not before startedDateTime, {}, found {}, {} s earlier",
                                 stream::format_decimal_seconds(started.time_since_epoch()), track.least_raw,
                                 stream::format_decimal_seconds(early))});
  }
}

void MessageChecks::finish_messages(const Facts& facts, Marks& marks) const {
  constexpr std::string_view kMember = "/_webSocketMessages";
  if (opcode_.count != 0) {
    marks.push_back({RuleId::ws_opcode, facts.offset(opcode_.found), fmt::format("{}/{}/opcode", kMember, opcode_.index),
                     fmt::format("expected the opcode of a message, 1 or 2, found {}{}", opcode_.found, more(opcode_.count))});
  }
  if (data_.count != 0) {
    const Field data{data_.found};
    const std::string_view half = data_is_text_ ? lone_surrogate(data.inner()) : std::string_view();
    marks.push_back(
        {RuleId::ws_data, facts.offset(half.empty() ? data_.found : half), fmt::format("{}/{}/data", kMember, data_.index),
         half.empty()
             ? fmt::format("expected the base64 of a binary message, found {}{}", quoted(text_of(data)), more(data_.count))
             : fmt::format("expected text, found half of a surrogate pair, {}{}", half, more(data_.count))});
  }
  if (tracks_[kMessages].count > errors_ && facts[Slot::status].is_number()) {
    const double status = number_of(facts[Slot::status], 101);
    const std::string version = text_of(facts[Slot::response_version]);
    const bool first_version = version.starts_with("HTTP/1") || version.starts_with("http/1");
    if (status != 101 && !(status == 200 && !first_version)) {
      marks.push_back({RuleId::ws_status, facts.offset(facts[Slot::status]), "/response/status",
                       fmt::format("expected 101 for an entry with WebSocket messages{}, found {}",
                                   status == 200 ? " over HTTP/1.1" : ", or 200 in HTTP/2", facts[Slot::status].raw)});
    }
  }
}

void MessageChecks::finish_events(const Facts& facts, Marks& marks) {
  const Field& text = facts[Slot::text];
  if (events_.count == 0 || !text.is_string() || text.inner().empty()) return;
  const Field& encoding = facts[Slot::encoding];
  std::string decoded;
  std::string_view body = text_of(text, scratch_);
  if (encoding.is_string() && encoding.inner() == "base64") {
    auto bytes = stream::base64_decode(body);
    if (!bytes) return;  // base64-invalid
    decoded = std::move(*bytes);
    body = decoded;
  }
  Digest all;
  Digest with_data;
  const auto each_event = [&](const auto& visit) {
    stream::SseDecoder decoder;
    std::vector<stream::SseItem> items;
    constexpr std::size_t kPiece = std::size_t{64} << 10;
    for (std::string_view rest = body; !rest.empty(); rest.remove_prefix(std::min(kPiece, rest.size()))) {
      items.clear();
      if (!decoder.feed(rest.substr(0, kPiece), items)) return false;
      for (const stream::SseItem& item : items) {
        if (item.kind == stream::SseItem::Kind::event && !visit(item.event)) return true;
      }
    }
    items.clear();
    if (!decoder.finish(items)) return false;
    for (const stream::SseItem& item : items) {
      if (item.kind == stream::SseItem::Kind::event && !visit(item.event)) return true;
    }
    return true;
  };
  const bool read = each_event([&](const stream::SseEvent& event) {
    const std::string_view own_id = event.has_id ? std::string_view(event.last_event_id) : std::string_view();
    all.add(event.type, event.last_event_id, own_id, event.data);
    if (!event.data.empty()) with_data.add(event.type, event.last_event_id, own_id, event.data);
    return true;
  });
  if (!read) return;
  // Writers keep an event's id for those behind it, as the standard has it, or don't; some leave out events with empty data,
  // or all data.
  const auto same = [&](const Digest& listed, const Digest& sent) {
    return listed.count == sent.count && listed.names == sent.names &&
           (no_id_ || listed.ids == sent.ids || listed.ids == sent.own_ids) && (no_data_ || listed.data == sent.data);
  };
  if (same(events_, all) || same(events_, with_data) || same(events_with_data_, with_data)) return;

  constexpr std::string_view kMember = "/_eventSourceMessages";
  const Field& member = facts[Slot::event_messages];
  const std::size_t at = facts.offset(member);
  // Which one differs: only now anything is built.
  constexpr std::size_t kBuilt = std::size_t{4} << 20;
  std::optional<Mark> mark;
  if (const auto list = member.raw.size() < kBuilt ? stream::parse_json(member.raw) : stream::Result<Json>(Json());
      list && list->is_array()) {
    std::size_t index = 0;
    each_event([&](const stream::SseEvent& event) {
      if (index >= list->as_array().size()) return false;
      const Json& listed = list->as_array()[index];
      const auto differs = [&](std::string_view name, std::string_view expected) {
        const Json& value = listed[name];
        if (!value.is_string() || value.as_string() == expected) return false;
        mark = Mark{
            RuleId::sse_text, at, fmt::format("{}/{}/{}", kMember, index, name),
            fmt::format("expected {}, as the event in the body has it, found {}", quoted(expected), quoted(value.as_string()))};
        return true;
      };
      const bool name = listed["eventName"].string_or("").empty() ? false : differs("eventName", event.type);
      const bool own = event.has_id || !listed["eventId"].string_or("").empty();
      if (name || differs("data", event.data) || (own && differs("eventId", event.last_event_id))) return false;
      ++index;
      return true;
    });
  }
  if (!mark || events_.count != all.count) {
    mark = Mark{RuleId::sse_text, at, mark ? mark->pointer : std::string(kMember),
                events_.count == all.count
                    ? "expected the events of the body, found others"
                    : fmt::format("expected {}, as in the body, found {}{}", counted(all.count, "event", "events"), events_.count,
                                  mark ? "; the first to differ: " + mark->message : "")};
  }
  marks.push_back(std::move(*mark));
}

void MessageChecks::finish_chunks(std::size_t which, const Facts& facts, Marks& marks) const {
  const Track& track = tracks_[which];
  const Names& names = kNames[which];
  if (track.count == 0) return;
  if (track.gap.count != 0) {
    marks.push_back({RuleId::chunks_order, facts.offset(track.gap.found),
                     fmt::format("{}/{}/offset", names.member, track.gap.index),
                     fmt::format("expected the offset {}, where the chunk before ended, found {}{}", track.gap.expected,
                                 track.gap.found, more(track.gap.count))});
  }
  if (!track.sized || !facts[names.slot]) return;
  // Any of the sizes that the entry gives will do: whether they agree is another rule's business.
  std::array<std::optional<std::uint64_t>, 4> sizes{};
  const bool sent = which == kSent;
  sizes[0] =
      sent ? body_size(facts[Slot::post_text], facts[Slot::post_encoding]) : body_size(facts[Slot::text], facts[Slot::encoding]);
  if (const auto charset = text_charset(text_of(facts[sent ? Slot::post_mime : Slot::mime]));
      charset && sizes[0] && !facts[sent ? Slot::post_encoding : Slot::encoding].is_string()) {
    if (const auto octets = stream::encode_charset(*charset, text_of(facts[sent ? Slot::post_text : Slot::text])))
      sizes[0] = octets->size();
  }
  sizes[1] = whole(facts[sent ? Slot::request_body_size : Slot::size]);
  if (which == kChunks) {
    sizes[2] = whole(facts[Slot::response_body_size]);
    sizes[3] = whole(facts[Slot::transfer_size]);
  }
  const auto* const known = std::find_if(sizes.begin(), sizes.end(), [](const auto& size) { return size.has_value(); });
  if (known == sizes.end() || std::find(sizes.begin(), sizes.end(), std::optional(track.total)) != sizes.end()) return;
  marks.push_back({RuleId::chunks_size, facts.offset(facts[names.slot]), std::string(names.member),
                   fmt::format("expected chunks of {} in all, as the {} has, found {}", counted(**known, "byte", "bytes"),
                               sent ? "request's body" : "body", track.total)});
}

void MessageChecks::finish(const Facts& facts, Marks& marks) {
  if (!any_) return;
  for (std::size_t track = 0; track < kTracks; ++track) times(track, facts, marks);
  finish_messages(facts, marks);
  finish_events(facts, marks);
  for (const std::size_t track : {kReceived, kSent, kChunks}) finish_chunks(track, facts, marks);
}

}  // namespace har::check
