// Bodies alone: an event stream, NDJSON, a JSON sequence, text, bytes. Read, such a file is one exchange without a request;
// written, it is the body of an exchange, or its payload: the data of its events or messages.
#include <fmt/format.h>

#include "formats/formats.hpp"
#include "har/exchange.hpp"
#include "stream/codec/sse.hpp"
#include "stream/text/json_scan.hpp"
#include "stream/text/utf8.hpp"
#include "streams.hpp"

namespace har::format {
namespace {

using stream::Direction;
using stream::Event;
using stream::EventKind;
using stream::Exchange;
using stream::fail;
using stream::Json;
using stream::Result;
using stream::Status;
using stream::StreamKind;

class Reader final : public ItemReader {
 public:
  Reader(stream::ByteSource& source, const ReadOptions& options, StreamKind kind)
      : source_(source), options_(options), kind_(kind) {}

  Result<std::optional<Item>> next() override {
    if (done_) return std::optional<Item>();
    done_ = true;
    STREAM_ASSIGN(std::string body, stream::read_all(source_, options_.limits.max_entry));
    Exchange exchange;
    Event response;
    response.kind = EventKind::response;
    response.stream_kind = to_string(kind_);
    response.object = Json::object();
    exchange.response = std::move(response);
    if (!body.empty()) {
      Event data;
      data.kind = EventKind::data;
      data.data = std::move(body);
      exchange.timeline.push_back(std::move(data));
    }
    Event end;
    end.kind = EventKind::end;
    end.reason = "eof";
    exchange.end = std::move(end);
    Item item;
    item.exchange = std::move(exchange);
    item.place.source = source_.name();
    return std::optional(std::move(item));
  }
  const LogInfo& info() const override { return info_; }

 private:
  stream::ByteSource& source_;
  ReadOptions options_;
  StreamKind kind_;
  LogInfo info_;
  bool done_ = false;
};

/// What an application sees of a stream: the data of its events, its values, its received messages; else the body.
Result<std::vector<std::string>> payload(const Exchange& exchange, const stream::Limits& limits) {
  std::vector<std::string> out;
  const StreamKind kind = exchange.kind();
  if (kind == StreamKind::websocket) {
    for (const Event& event : exchange.timeline) {
      if (event.kind == EventKind::message && event.direction == Direction::receive && event.opcode <= 2)
        out.push_back(event.data);
    }
    return out;
  }
  std::string body = body_of(exchange);
  if (kind == StreamKind::sse) {
    stream::SseDecoder decoder({limits, {}, {}});
    std::vector<stream::SseItem> items;
    STREAM_TRY(decoder.feed(body, items));
    STREAM_TRY(decoder.finish(items));
    for (stream::SseItem& item : items) {
      if (item.kind == stream::SseItem::Kind::event) out.push_back(std::move(item.event.data));
    }
  } else if (kind == StreamKind::json_seq) {
    for (std::string_view rest = body; !rest.empty();) {
      const std::string_view element = rest.substr(0, rest.find('\x1e'));
      rest.remove_prefix(std::min(element.size() + 1, rest.size()));
      if (element.find_first_not_of(" \t\r\n") != std::string_view::npos) out.emplace_back(element);
    }
  } else if (kind == StreamKind::ndjson) {
    for (std::string_view rest = body; !rest.empty();) {
      const std::string_view line = rest.substr(0, rest.find('\n'));
      rest.remove_prefix(std::min(line.size() + 1, rest.size()));
      if (line.find_first_not_of(" \t\r") != std::string_view::npos) out.emplace_back(line);
    }
  } else {
    out.push_back(std::move(body));
  }
  return out;
}

/// A payload as JSON: itself if it is that, else as a string.
std::string as_json(const std::string& text, const stream::Limits& limits) {
  const auto json = stream::parse_json(text, limits);
  return to_json(json ? *json : Json(text));
}

class Writer final : public ItemWriter {
 public:
  enum class Form { raw, sse, ndjson, json_seq, text };
  Writer(stream::ByteSink& sink, const WriteOptions& options, Form form) : sink_(sink), options_(options), form_(form) {}

  Status begin(const Item&, const LogInfo&) override { return {}; }

  Status render(const Item& item, const RenderContext& context, std::string& out) const override {
    auto converted = exchange_of(item, context.info, context.files, "", stream::WallTime{}, {options_.limits, context.report});
    if (!converted) return fail(std::move(converted).error());
    const Exchange& exchange = *converted;
    const StreamKind kind = exchange.kind();
    if (form_ == Form::sse && kind != StreamKind::sse) {
      return fail({stream::ErrorCode::unsupported, fmt::format("this is no event stream, but {}", to_string(kind)), item.where(),
                   "choose one with --entry, or another form with --to"});
    }
    const bool structured = kind == StreamKind::sse || kind == StreamKind::websocket;
    if (form_ == Form::raw || form_ == Form::sse || (form_ == Form::text && !structured)) {
      append_octets(exchange, out);
      return {};
    }
    STREAM_ASSIGN(const auto values, payload(exchange, options_.limits));
    for (const std::string& value : values) {
      if (form_ == Form::json_seq) out += '\x1e';
      out += form_ == Form::text ? value : as_json(value, options_.limits);
      out += '\n';
    }
    return {};
  }

  Status write(std::string_view rendered) override { return sink_.write(rendered); }
  Status end_input(const LogInfo&) override { return {}; }
  Status finish() override { return {}; }

 private:
  /// The body as it came; of a WebSocket the data of the messages.
  static void append_octets(const Exchange& exchange, std::string& out) {
    for (const Event& event : exchange.timeline) {
      const bool data = event.kind == EventKind::data || (event.kind == EventKind::message && event.opcode <= 2);
      if (data && event.direction == Direction::receive) out += event.data;
    }
  }

  stream::ByteSink& sink_;
  WriteOptions options_;
  Form form_;
};

template <StreamKind kind>
std::unique_ptr<ItemReader> read(stream::ByteSource& source, const ReadOptions& options) {
  return std::make_unique<Reader>(source, options, kind);
}
template <Writer::Form form>
std::unique_ptr<ItemWriter> write(stream::ByteSink& sink, const WriteOptions& options) {
  return std::make_unique<Writer>(sink, options, form);
}

template <StreamKind kind>
std::unique_ptr<StreamReader> streams(stream::ByteSource& source, const StreamInput& options) {
  return body_streams(source, kind, options);
}

int sniff_sse(std::string_view prefix) {
  if (prefix.starts_with("\xEF\xBB\xBF")) prefix.remove_prefix(3);
  prefix.remove_prefix(std::min(prefix.find_first_not_of("\r\n"), prefix.size()));
  for (const std::string_view field : {"data:", "event:", "id:", "retry:"}) {
    if (prefix.starts_with(field)) return 70;
  }
  return prefix.starts_with(':') ? 40 : 0;
}

int sniff_ndjson(std::string_view prefix) {
  // Two whole lines that are JSON; a document over many lines, or in one, is something else.
  std::size_t lines = 0;
  for (std::string_view rest = prefix; lines < 2;) {
    const std::size_t end = rest.find('\n');
    if (end == std::string_view::npos) {
      if (lines == 1 && prefix.size() < kSniffSize && rest.find_first_not_of(" \t\r") != std::string_view::npos &&
          stream::parse_json(rest))
        return 60;
      return 0;
    }
    const auto json = stream::parse_json(rest.substr(0, end));
    if (!json || !(json->is_object() || json->is_array())) return 0;
    rest.remove_prefix(end + 1);
    ++lines;
  }
  return 60;
}

int sniff_json_seq(std::string_view prefix) { return prefix.starts_with('\x1e') ? 95 : 0; }

}  // namespace

const Format kSse{"sse",
                  "text/event-stream: the body of an exchange",
                  ".sse",
                  sniff_sse,
                  read<StreamKind::sse>,
                  write<Writer::Form::sse>,
                  streams<StreamKind::sse>};
const Format kNdjson{"ndjson",
                     "JSON lines: a body, or the payload of a stream",
                     ".ndjson .jsonl",
                     sniff_ndjson,
                     read<StreamKind::ndjson>,
                     write<Writer::Form::ndjson>,
                     streams<StreamKind::ndjson>};
const Format kJsonSeq{"json-seq",
                      "JSON text sequence (RFC 7464): a body, or the payload of a stream",
                      ".json-seq .jsonseq",
                      sniff_json_seq,
                      read<StreamKind::json_seq>,
                      write<Writer::Form::json_seq>,
                      streams<StreamKind::json_seq>};
const Format kText{"text",
                   "text: a body, or the payload of a stream, a line each",
                   ".txt .log",
                   nullptr,
                   read<StreamKind::text>,
                   write<Writer::Form::text>,
                   streams<StreamKind::text>};
const Format kRaw{"raw",
                  "bytes: a body as it is",
                  ".bin",
                  nullptr,
                  read<StreamKind::binary>,
                  write<Writer::Form::raw>,
                  streams<StreamKind::binary>};

}  // namespace har::format
