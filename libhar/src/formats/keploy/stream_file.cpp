// A stream file: {"TS":…,"Data":[{"Key":"raw","Value":…}]} a line, a value being what one read of the socket gave, framing of
// the chunked transfer coding included. What the recorder is known to lose is understood: the beginning, the end, and bytes that
// are no UTF-8, which are U+FFFD in the file and longer than their chunk says.
#include <fmt/format.h>

#include <algorithm>

#include "formats/formats.hpp"
#include "formats/keploy/keploy.hpp"
#include "stream/codec/chunked.hpp"
#include "stream/record/line_reader.hpp"
#include "stream/text/ascii.hpp"
#include "stream/text/json.hpp"
#include "stream/text/utf8.hpp"

namespace har::format::keploy {
namespace {

using stream::Json;
using stream::JsonMember;
using stream::Result;
using stream::Status;
using stream::WallTime;
using stream::ascii::equal_ignoring_case;

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

/// Go takes names in any case.
const Json* find_any_case(const Json& object, std::string_view lower) {
  if (!object.is_object()) return nullptr;
  for (const JsonMember& member : object.as_object()) {
    if (equal_ignoring_case(member.name, lower)) return &member.value;
  }
  return nullptr;
}

bool is_hex(char c) { return stream::ascii::hex_digit(c) >= 0; }

/// Undoes the chunked framing of a text that is there as a whole.
class Unchunker {
 public:
  struct Range {
    std::size_t begin = 0;
    std::size_t end = 0;
  };

  Unchunker(std::string_view wire, const Context& context)
      : wire_(wire), context_(context), line_limit_(stream::chunked_line_limit(context.limits)) {}

  void run() {
    if (wire_.empty()) return;
    std::size_t at = 0;
    const auto first = size_line(0);
    // A chunk that goes on behind the end of the file is only there where no other is: "da" of "data:" is a number too.
    const bool cut = first && is_cut(*first);
    if (!first || !plausible(*first) || cut) {
      const auto boundary = find_boundary(0, cut);
      if (boundary) {
        say("keploy-stream-start", "the beginning of the stream is missing: the file begins within a chunk");
        add(0, *boundary);
        at = *boundary + 2;
      } else if (!cut) {
        say("keploy-stream-framing", "there is no chunked framing: all bytes are taken for the body");
        ranges.push_back({0, wire_.size()});
        return;
      }
    }
    chunked = true;
    complete = false;
    while (!complete && at < wire_.size()) at = chunk(at);
    if (!complete) say("keploy-stream-end", "the stream has no end: its last chunk is missing");
    if (complete && at < wire_.size())
      say("keploy-stream-behind", fmt::format("{} bytes behind the end of the stream are left out", wire_.size() - at));
  }

  std::vector<Range> ranges{};
  bool chunked = false;  ///< there is framing
  bool complete = true;
  Json trailers{};

 private:
  struct SizeLine {
    std::uint64_t size = 0;
    std::size_t data = 0;  ///< where the chunk's data begins
  };

  void say(std::string rule, std::string message) const { context_.warn({context_.source}, std::move(rule), std::move(message)); }
  void add(std::size_t begin, std::size_t end) {
    if (begin < end) ranges.push_back({begin, end});
  }

  std::optional<SizeLine> size_line(std::size_t at) const {
    SizeLine line;
    std::size_t digits = 0;
    for (; at < wire_.size() && is_hex(wire_[at]); ++at, ++digits) {
      const char c = wire_[at];
      line.size = line.size * 16 + static_cast<std::uint64_t>(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
    }
    if (digits == 0 || digits > 15) return std::nullopt;
    const std::size_t end = wire_.substr(0, std::min(wire_.size(), at + line_limit_)).find("\r\n", at);
    if (end == std::string_view::npos) return std::nullopt;
    std::string_view extensions = wire_.substr(at, end - at);
    extensions.remove_prefix(std::min(extensions.find_first_not_of(" \t"), extensions.size()));
    if (!extensions.empty() && (extensions[0] != ';' || extensions.find('\n') != std::string_view::npos)) return std::nullopt;
    line.data = end + 2;
    return line;
  }

  bool ends_chunk(std::size_t at) const {
    const std::string_view rest = wire_.substr(at, 2);
    return rest == "\r\n" || rest == "\r" || rest.empty();
  }

  bool is_cut(const SizeLine& line) const { return line.size > 0 && line.size >= wire_.size() - line.data; }

  /// Whether what follows a size line is a chunk of that size, or may have been.
  bool plausible(const SizeLine& line) const {
    if (line.size == 0 || is_cut(line)) return true;
    const auto size = static_cast<std::size_t>(line.size);
    return ends_chunk(line.data + size) || wire_.substr(line.data, size).find(kReplacement) != std::string_view::npos;
  }

  /// The next CRLF with a chunk behind it, which is `whole` or may be cut off.
  std::optional<std::size_t> find_boundary(std::size_t from, bool whole = false) const {
    for (std::size_t at = wire_.find("\r\n", from); at != std::string_view::npos; at = wire_.find("\r\n", at + 1)) {
      const auto line = size_line(at + 2);
      if (line && plausible(*line) && !(whole && is_cut(*line))) return at;
    }
    return std::nullopt;
  }

  /// Takes the chunk at `at`; where the next begins.
  std::size_t chunk(std::size_t at) {
    const auto line = size_line(at);
    if (!line) {
      // The beginning of a size line, cut off, or something else.
      const std::string_view rest = wire_.substr(at);
      const std::size_t digits = static_cast<std::size_t>(std::find_if_not(rest.begin(), rest.end(), is_hex) - rest.begin());
      if (digits == rest.size() || (digits > 0 && rest.substr(digits) == "\r")) return wire_.size();
      return resume(at, at);
    }
    if (line->size == 0) return last_chunk(line->data);
    if (is_cut(*line)) {
      add(line->data, wire_.size());
      return wire_.size();
    }
    const std::size_t end = line->data + static_cast<std::size_t>(line->size);
    if (!ends_chunk(end)) return resume(line->data, end);
    add(line->data, end);
    return std::min(end + 2, wire_.size());
  }

  /// Data from `begin` to the next boundary behind `from`.
  std::size_t resume(std::size_t begin, std::size_t from) {
    if (!std::exchange(said_, true))
      say("keploy-stream-framing", "a chunk is longer than it says: bytes that were no UTF-8 were replaced when it was recorded");
    const std::size_t boundary = find_boundary(from).value_or(wire_.size());
    add(begin, boundary);
    return std::min(boundary + 2, wire_.size());
  }

  std::size_t last_chunk(std::size_t at) {
    complete = true;
    Json::Array fields;
    while (at < wire_.size()) {
      const std::size_t end = std::min(wire_.find("\r\n", at), wire_.size());
      const std::string_view line = wire_.substr(at, end - at);
      at = std::min(end + 2, wire_.size());
      const std::size_t colon = line.find(':');
      if (colon == std::string_view::npos) {
        if (!line.empty()) at = end - line.size();  // no trailer: it stands behind the end
        break;
      }
      std::string_view value = line.substr(colon + 1);
      value.remove_prefix(std::min(value.find_first_not_of(" \t"), value.size()));
      fields.push_back(Json::Object{{"name", line.substr(0, colon)}, {"value", value}});
    }
    if (!fields.empty()) trailers = Json(std::move(fields));
    return at;
  }

  std::string_view wire_;
  const Context& context_;
  std::size_t line_limit_;
  bool said_ = false;
};

/// The lines of a stream file.
class Records {
 public:
  explicit Records(const Context& context) : context_(context) {}

  Status read(stream::ByteSource& source) {
    stream::LineReader lines(source, context_.limits);
    for (;;) {
      STREAM_ASSIGN(const auto line, lines.next());
      if (!line) return {};
      if (line->text.find_first_not_of(" \t\r") == std::string_view::npos) continue;
      const stream::Place place{context_.source, line->number, 1, line->offset, {}};
      const auto json = stream::parse_json(line->text, context_.limits);
      if (!json || !json->is_object()) {
        if (line->terminated) {
          context_.warn(place, "keploy-stream-line", "this line is no record; it is left out");
        } else {
          context_.warn(place, "keploy-stream-cut", "the last line is cut off; it is left out");
          cut = true;
        }
        continue;
      }
      add(*json, place);
      if (wire.size() + frames_size_ > context_.limits.max_entry) {
        return stream::fail({stream::ErrorCode::limit,
                             fmt::format("the stream is larger than {} bytes", context_.limits.max_entry), place,
                             "raise the limit with --max-entry"});
      }
    }
  }

  struct Record {
    std::optional<WallTime> at{};
    std::size_t begin = 0;  ///< its bytes in `wire`
  };
  std::string wire{};
  std::vector<Record> records{};
  std::vector<TimedBytes> frames{};  ///< of records that hold fields rather than bytes
  bool cut = false;

 private:
  void add(const Json& record, const stream::Place& place) {
    const Json* ts = find_any_case(record, "ts");
    const auto at = ts != nullptr ? time_of(ts->string_or("")) : std::nullopt;
    records.push_back({at, wire.size()});
    const Json* data = find_any_case(record, "data");
    if (data == nullptr || !data->is_array()) return;
    std::string frame;
    for (const Json& field : data->as_array()) {
      const Json* key = find_any_case(field, "key");
      const Json* value = find_any_case(field, "value");
      if (key == nullptr || value == nullptr || !key->is_string() || !value->is_string()) continue;
      if (key->as_string() == "raw") {
        wire += value->as_string();
        lossy(value->as_string(), place);
      } else {
        append_field(frame, key->as_string(), value->as_string());
      }
    }
    if (frame.empty()) return;
    frames_size_ += frame.size() + 1;
    frames.push_back({at, std::move(frame.append("\n"))});
  }

  void lossy(std::string_view bytes, const stream::Place& place) {
    if (bytes.find(kReplacement) == std::string_view::npos || std::exchange(said_, true)) return;
    context_.warn(place, "keploy-stream-lossy", "U+FFFD stands here for what the recorder could not write: these bytes are lost");
  }

  const Context& context_;
  std::size_t frames_size_ = 0;
  bool said_ = false;
};

stream::StreamKind kind_by_content(const Body& body) {
  std::string text;
  for (const TimedBytes& piece : body.pieces) text.append(piece.bytes, 0, kSniffSize - std::min(kSniffSize, text.size()));
  if (kSse.sniff(text) > 0) return stream::StreamKind::sse;
  if (kNdjson.sniff(text) > 0) return stream::StreamKind::ndjson;
  return stream::is_utf8(text.substr(0, text.size() - std::min<std::size_t>(text.size(), 4))) ? stream::StreamKind::text
                                                                                              : stream::StreamKind::binary;
}

}  // namespace

bool is_stream_record(std::string_view line) {
  const auto skip = [&] { line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size())); };
  const auto take = [&](char c) {
    skip();
    if (!line.starts_with(c)) return false;
    line.remove_prefix(1);
    return true;
  };
  skip();
  if (!take('{') || !take('"') || line.size() < 3 || !equal_ignoring_case(line.substr(0, 2), "ts") || line[2] != '"')
    return false;
  line.remove_prefix(3);
  // A time as text, and a list: numbers of seconds, and data that is something else, many a stream has.
  if (!take(':') || !take('"') || line.empty() || line[0] < '0' || line[0] > '9') return false;
  const std::size_t data = std::min(line.find("\"Data\""), line.find("\"data\""));
  if (data == std::string_view::npos) return false;
  line.remove_prefix(data + 6);
  return take(':') && (take('[') || line.starts_with("null"));
}

Result<Body> read_stream_file(stream::ByteSource& source, const Context& context) {
  Records records(context);
  STREAM_TRY(records.read(source));
  Body body;
  body.records = records.records.size();
  if (records.wire.empty()) {
    body.pieces = std::move(records.frames);
    body.complete = !records.cut;
    body.kind = body.pieces.empty() ? stream::StreamKind::http : stream::StreamKind::sse;
    return body;
  }
  if (!records.frames.empty())
    context.warn({context.source}, "keploy-stream-fields", "fields beside the raw bytes of the stream are left out");

  Unchunker unchunker(records.wire, context);
  unchunker.run();
  std::size_t record = 0;
  std::size_t last = SIZE_MAX;
  for (const Unchunker::Range& range : unchunker.ranges) {
    for (std::size_t at = range.begin; at < range.end;) {
      while (record + 1 < records.records.size() && records.records[record + 1].begin <= at) ++record;
      const std::size_t next = record + 1 < records.records.size() ? records.records[record + 1].begin : records.wire.size();
      const std::size_t end = std::min(next, range.end);
      if (record != last) body.pieces.push_back({records.records[record].at, {}});
      body.pieces.back().bytes.append(records.wire, at, end - at);
      last = record;
      at = end;
    }
  }
  body.end = records.records.back().at;
  body.complete = unchunker.complete && (unchunker.chunked || !records.cut);
  body.trailers = std::move(unchunker.trailers);
  body.kind = kind_by_content(body);
  return body;
}

}  // namespace har::format::keploy
