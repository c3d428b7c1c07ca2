#include "stream/compare/item.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "stream/codec/json_seq.hpp"
#include "stream/codec/lines.hpp"
#include "stream/codec/multipart.hpp"
#include "stream/codec/ndjson.hpp"
#include "stream/codec/sse.hpp"
#include "stream/text/ascii.hpp"
#include "stream/text/utf8.hpp"

namespace stream {
namespace {

using ascii::lower_case;

std::string essence(std::string_view media_type) {
  std::string out = lower_case(media_type.substr(0, media_type.find(';')));
  while (!out.empty() && (out.back() == ' ' || out.back() == '\t')) out.pop_back();
  out.erase(0, std::min(out.find_first_not_of(" \t"), out.size()));
  return out;
}

bool is_text_type(std::string_view type) {
  return type.starts_with("text/") || type == "application/xml" || type.ends_with("+xml") || type == "application/javascript" ||
         type == "application/x-www-form-urlencoded" || type == "application/graphql" || type == "application/yaml";
}

DataForm form_of_part(std::string_view media_type) {
  const std::string type = essence(media_type);
  if (is_json_type(type)) return DataForm::value;
  if (stream_kind_of_media_type(type) == StreamKind::ndjson) return DataForm::ndjson;
  return is_text_type(type) ? DataForm::text : DataForm::bytes;
}

// The bytes of a body, turned into items of one kind.
class BodyDecoder {
 public:
  BodyDecoder() = default;
  BodyDecoder(const BodyDecoder&) = delete;
  BodyDecoder& operator=(const BodyDecoder&) = delete;
  virtual ~BodyDecoder() = default;
  virtual Status feed(std::string_view bytes, std::vector<Item>& out) = 0;
  virtual Status finish(std::vector<Item>& out) = 0;
  // Where each line is an item.
  virtual std::optional<ItemKind> kind_of_lines() const { return std::nullopt; }
  virtual bool between_lines() const { return false; }
  virtual void skip(std::uint64_t /*bytes*/, std::uint64_t /*lines*/) {}
};

template <class Codec, class CodecItem>
class CodecDecoder : public BodyDecoder {
 public:
  template <class Options>
  explicit CodecDecoder(Options options) : codec_(std::move(options)) {}
  Status feed(std::string_view bytes, std::vector<Item>& out) override {
    const Status status = codec_.feed(bytes, found_);
    drain(out);
    return status;
  }
  Status finish(std::vector<Item>& out) override {
    const Status status = codec_.finish(found_);
    drain(out);
    return status;
  }

 protected:
  virtual void convert(CodecItem& found, std::vector<Item>& out) = 0;
  Codec& codec() { return codec_; }
  const Codec& codec() const { return codec_; }

 private:
  void drain(std::vector<Item>& out) {
    for (CodecItem& found : found_) convert(found, out);
    found_.clear();
  }
  Codec codec_;
  std::vector<CodecItem> found_;
};

class SseBody final : public CodecDecoder<SseDecoder, SseItem> {
 public:
  using CodecDecoder::CodecDecoder;

 private:
  void convert(SseItem& found, std::vector<Item>& out) override {
    Item item;
    item.offset = found.begin;
    item.line = found.line;
    switch (found.kind) {
      case SseItem::Kind::retry:
        return;  // its event or block has it
      case SseItem::Kind::comment:
        item.kind = ItemKind::comment;
        item.form = DataForm::text;
        item.data = std::move(found.text);
        break;
      case SseItem::Kind::tail:
        item.kind = ItemKind::unfinished;
        item.form = DataForm::text;
        item.data = std::move(found.text);
        break;
      case SseItem::Kind::event:
        item.fields.push_back({"type", std::move(found.event.type)});
        item.form = DataForm::value;
        item.data = std::move(found.event.data);
        break;
      case SseItem::Kind::no_data:
        if (!found.event.has_id && !found.event.retry) return;  // without any effect
        item.kind = ItemKind::id_block;
        break;
    }
    if (item.kind == ItemKind::event || item.kind == ItemKind::id_block) {
      if (found.event.has_id) item.fields.push_back({"id", std::move(found.event.last_event_id)});
      if (found.event.retry) item.fields.push_back({"retry", std::to_string(*found.event.retry)});
    }
    out.push_back(std::move(item));
  }
};

class NdjsonBody final : public CodecDecoder<NdjsonDecoder, NdjsonItem> {
 public:
  using CodecDecoder::CodecDecoder;
  std::optional<ItemKind> kind_of_lines() const override { return ItemKind::record; }
  bool between_lines() const override { return codec().between_lines(); }
  void skip(std::uint64_t bytes, std::uint64_t lines) override { codec().skip(bytes, lines); }

 private:
  void convert(NdjsonItem& found, std::vector<Item>& out) override {
    Item item;
    item.kind = ItemKind::record;
    item.offset = found.begin;
    item.line = found.line;
    item.form = DataForm::value;
    item.data = std::move(found.text);
    out.push_back(std::move(item));
  }
};

class JsonSeqBody final : public CodecDecoder<JsonSeqDecoder, JsonSeqItem> {
 public:
  using CodecDecoder::CodecDecoder;

 private:
  void convert(JsonSeqItem& found, std::vector<Item>& out) override {
    Item item;
    item.kind = ItemKind::record;
    item.offset = found.begin;
    item.line = found.line;
    if (found.kind == JsonSeqItem::Kind::truncated) item.fields.push_back({"state", "truncated"});
    if (found.kind == JsonSeqItem::Kind::stray) item.fields.push_back({"state", "stray"});
    item.form = DataForm::value;
    item.data = std::move(found.text);
    out.push_back(std::move(item));
  }
};

class LinesBody final : public CodecDecoder<LinesDecoder, TextLine> {
 public:
  using CodecDecoder::CodecDecoder;
  std::optional<ItemKind> kind_of_lines() const override { return ItemKind::line; }
  bool between_lines() const override { return codec().between_lines(); }
  void skip(std::uint64_t bytes, std::uint64_t lines) override { codec().skip(bytes, lines); }

 private:
  void convert(TextLine& found, std::vector<Item>& out) override {
    Item item;
    item.kind = ItemKind::line;
    item.offset = found.begin;
    item.line = found.line;
    constexpr std::array<const char*, 3> kEndings{"none", "lf", "crlf"};
    item.fields.push_back({"newline", kEndings[static_cast<std::size_t>(found.ending)]});
    item.form = DataForm::text;
    item.data = std::move(found.text);
    out.push_back(std::move(item));
  }
};

class MultipartBody final : public CodecDecoder<MultipartDecoder, MultipartItem> {
 public:
  using CodecDecoder::CodecDecoder;

 private:
  void convert(MultipartItem& found, std::vector<Item>& out) override {
    Item item;
    item.kind = ItemKind::part;
    item.offset = found.begin;
    if (!found.complete) item.fields.push_back({"state", "truncated"});
    item.form = form_of_part(found.content_type());
    for (MultipartHeader& header : found.headers) {
      std::string name = lower_case(header.name);
      // It says how the body is written, which may differ between equal JSON values.
      if (name != "content-length") item.fields.push_back({"header/" + name, std::move(header.value)});
    }
    const auto is_header = [](const ItemField& field) { return field.name.starts_with("header/"); };
    const auto first = std::find_if(item.fields.begin(), item.fields.end(), is_header);
    std::stable_sort(first, item.fields.end(), [](const ItemField& a, const ItemField& b) { return a.name < b.name; });
    item.data = std::move(found.body);
    out.push_back(std::move(item));
  }
};

class WholeBody final : public BodyDecoder {
 public:
  WholeBody(DataForm form, const Limits& limits, std::string source) : form_(form), limits_(limits), source_(std::move(source)) {}
  Status feed(std::string_view bytes, std::vector<Item>& /*out*/) override {
    if (bytes.size() > limits_.max_entry - std::min(body_.size(), limits_.max_entry)) {
      return fail(
          {ErrorCode::limit, "the body is larger than --max-entry (" + std::to_string(limits_.max_entry) + " bytes)", {source_}});
    }
    body_.append(bytes);
    return {};
  }
  Status finish(std::vector<Item>& out) override {
    if (body_.empty()) return {};
    Item item;
    item.kind = ItemKind::body;
    item.form = form_;
    item.data = std::move(body_);
    out.push_back(std::move(item));
    return {};
  }

 private:
  DataForm form_;
  Limits limits_;
  std::string source_;
  std::string body_;
};

// Keeps what has come until the first item is found, so that a body without any is not taken for an empty one.
class WithFallback final : public BodyDecoder {
 public:
  WithFallback(std::unique_ptr<BodyDecoder> decoder, const Limits& limits, std::string source)
      : decoder_(std::move(decoder)), rest_(std::make_unique<WholeBody>(DataForm::value, limits, std::move(source))) {}
  Status feed(std::string_view bytes, std::vector<Item>& out) override {
    const std::size_t before = out.size();
    STREAM_TRY(decoder_->feed(bytes, out));
    if (out.size() != before) rest_.reset();
    if (!rest_) return {};
    blank_ = blank_ && bytes.find_first_not_of("\r\n\t \xef\xbb\xbf") == std::string_view::npos;
    return rest_->feed(bytes, out);
  }
  Status finish(std::vector<Item>& out) override {
    const std::size_t before = out.size();
    STREAM_TRY(decoder_->finish(out));
    return out.size() != before || !rest_ || blank_ ? Status{} : rest_->finish(out);
  }

 private:
  std::unique_ptr<BodyDecoder> decoder_;
  std::unique_ptr<WholeBody> rest_;  // until something is found
  bool blank_ = true;
};

std::unique_ptr<BodyDecoder> make_body_decoder(StreamKind kind, const DecodeOptions& options) {
  const auto whole = [&](DataForm form) { return std::make_unique<WholeBody>(form, options.limits, options.source); };
  const auto lines = [&] { return std::make_unique<LinesBody>(LinesOptions{options.limits, options.source}); };
  const auto guarded = [&](std::unique_ptr<BodyDecoder> decoder) {
    return std::make_unique<WithFallback>(std::move(decoder), options.limits, options.source);
  };
  switch (kind) {
    case StreamKind::sse:
      return guarded(std::make_unique<SseBody>(SseOptions{options.limits, options.source, options.findings}));
    case StreamKind::ndjson: {
      NdjsonOptions ndjson;
      ndjson.limits = options.limits;
      ndjson.source = options.source;
      ndjson.findings = options.findings;
      return std::make_unique<NdjsonBody>(std::move(ndjson));
    }
    case StreamKind::json_seq:
      return std::make_unique<JsonSeqBody>(JsonSeqOptions{options.limits, options.source, options.findings});
    case StreamKind::multipart:
      return guarded(
          std::make_unique<MultipartBody>(MultipartOptions{options.limits, options.source, options.boundary, options.findings}));
    case StreamKind::text:
      return lines();
    case StreamKind::binary:
      return whole(DataForm::bytes);
    case StreamKind::http:
    case StreamKind::websocket:
      break;
  }
  switch (options.body) {
    case BodyForm::value:
      return whole(DataForm::value);
    case BodyForm::text:
      return lines();
    case BodyForm::bytes:
      break;
  }
  return whole(DataForm::bytes);
}

class ExchangeDecoder final : public ItemDecoder {
 public:
  ExchangeDecoder(StreamKind kind, DecodeOptions options)
      : options_(std::move(options)), body_(make_body_decoder(kind, options_)) {}

  Status add(const Event& event, std::vector<Item>& out) override {
    const std::size_t begin = out.size();
    switch (event.kind) {
      case EventKind::data:
        if (event.direction != Direction::receive) return {};  // the body of the request
        return add_data(event.data, event.t, out);
      case EventKind::message:
        out.push_back(message(event));
        break;
      case EventKind::close:
        out.push_back(close(event));
        break;
      default:
        return {};
    }
    label(begin, event.t, out);
    return {};
  }

  Status add_data(std::string_view bytes, Nanos t, std::vector<Item>& out) override {
    const std::size_t begin = out.size();
    Status status;
    last_ = t;
    if (options_.chunks) {
      if (!bytes.empty()) out.push_back(chunk(bytes));
    } else {
      status = body_->feed(bytes, out);
    }
    label(begin, t, out);
    return status;
  }

  std::optional<ItemKind> kind_of_lines() const override { return options_.chunks ? std::nullopt : body_->kind_of_lines(); }
  bool between_lines() const override { return body_->between_lines(); }
  std::optional<Nanos> skip(std::uint64_t bytes, std::uint64_t lines, Nanos t) override {
    body_->skip(bytes, lines);
    numbers_[static_cast<std::size_t>(*kind_of_lines())] += lines;
    position_ += lines;
    last_ = t;
    return options_.origin ? std::optional(t - *options_.origin) : std::nullopt;
  }

  Status finish(std::vector<Item>& out) override {
    const std::size_t begin = out.size();
    const Status status = body_->finish(out);
    label(begin, last_, out);
    return status;
  }

 private:
  static Item message(const Event& event) {
    Item item;
    item.direction = event.direction;
    item.kind = event.opcode == 9 || event.opcode == 10 ? ItemKind::control : ItemKind::message;
    item.fields.push_back({"opcode", std::to_string(event.opcode)});
    item.form = event.opcode == 1 ? DataForm::value : DataForm::bytes;
    item.data = event.data;
    return item;
  }

  Item chunk(std::string_view bytes) {
    Item item;
    item.kind = ItemKind::chunk;
    item.form = is_utf8(bytes) ? DataForm::text : DataForm::bytes;
    item.data = bytes;
    item.offset = offset_;
    offset_ += bytes.size();
    return item;
  }

  static Item close(const Event& event) {
    Item item;
    item.direction = event.direction;
    item.kind = ItemKind::close;
    if (event.code) item.fields.push_back({"code", std::to_string(*event.code)});
    if (!event.reason.empty()) item.fields.push_back({"reason", event.reason});
    return item;
  }

  // Numbers the items from `begin` on and gives them their time; takes noise out.
  void label(std::size_t begin, Nanos t, std::vector<Item>& out) {
    std::size_t kept = begin;
    for (std::size_t i = begin; i < out.size(); ++i) {
      Item& item = out[i];
      const bool noise = item.kind == ItemKind::comment || item.kind == ItemKind::control;
      if (noise && options_.noise == Noise::leave_out) continue;
      if (noise && options_.noise == Noise::position) {
        item.form = DataForm::none;
        item.data.clear();
      }
      const ItemKind counted = item.kind == ItemKind::unfinished ? ItemKind::event : item.kind;
      item.number = ++numbers_[static_cast<std::size_t>(counted)];
      item.position = position_++;
      if (options_.origin) item.t = t - *options_.origin;
      if (kept != i) out[kept] = std::move(item);
      ++kept;
    }
    out.resize(kept);
  }

  DecodeOptions options_;
  std::unique_ptr<BodyDecoder> body_;
  std::array<std::size_t, kItemKinds> numbers_{};
  std::size_t position_ = 0;
  std::uint64_t offset_ = 0;  // of the next chunk
  Nanos last_{};
};

std::string received_body(const Exchange& exchange) {
  std::string body;
  for (const Event& event : exchange.timeline) {
    if (event.kind == EventKind::data && event.direction == Direction::receive) body += event.data;
  }
  return body;
}

}  // namespace

std::string_view to_string(ItemKind kind) {
  constexpr std::array<std::string_view, kItemKinds> kNames{"event",
                                                            "block without data",
                                                            "unfinished event",
                                                            "comment",
                                                            "record",
                                                            "line",
                                                            "part",
                                                            "message",
                                                            "control frame",
                                                            "close",
                                                            "body",
                                                            "chunk"};
  return kNames[static_cast<std::size_t>(kind)];
}

std::unique_ptr<ItemDecoder> make_item_decoder(StreamKind kind, DecodeOptions options) {
  return std::make_unique<ExchangeDecoder>(kind, std::move(options));
}

bool is_bare_body(const Exchange& exchange) {
  const auto timed = [](const Event& event) { return event.t != Nanos{}; };
  return !exchange.request && exchange.status() == 0 && std::none_of(exchange.timeline.begin(), exchange.timeline.end(), timed);
}

bool is_json_type(std::string_view media_type) {
  const std::string type = essence(media_type);
  return type == "application/json" || type == "text/json" || type.ends_with("+json");
}

std::string_view content_type_header(const Exchange& exchange) {
  if (!exchange.response) return {};
  const Json& object = exchange.response->object;
  std::string_view type = object["content"]["mimeType"].string_or("");
  if (object["headers"].is_array()) {
    for (const Json& header : object["headers"].as_array()) {
      if (lower_case(header["name"].string_or("")) == "content-type") type = header["value"].string_or("");
    }
  }
  return type;
}

std::string content_type(const Exchange& exchange) { return essence(content_type_header(exchange)); }

std::vector<BodyForm> body_forms(const Exchange& exchange, const Limits& limits) {
  const StreamKind kind = is_bare_body(exchange) ? StreamKind::http : exchange.kind();  // of a bare body a guess
  if (kind == StreamKind::binary) return {BodyForm::bytes};
  const std::string body = received_body(exchange);
  if (body.empty()) return {BodyForm::value, BodyForm::text, BodyForm::bytes};  // whatever the other side is
  const std::string type = content_type(exchange);
  const bool unknown = type.empty() || type == "application/octet-stream" || type == "x-unknown";
  std::vector<BodyForm> forms;
  if (kind != StreamKind::text && (is_json_type(type) || unknown) && parse_json(body, limits)) forms.push_back(BodyForm::value);
  const bool plain =
      (is_json_type(type) || is_text_type(type) || unknown) && is_utf8(body) && body.find('\0') == std::string::npos;
  if (kind == StreamKind::text || plain) forms.push_back(BodyForm::text);
  forms.push_back(BodyForm::bytes);
  return forms;
}

Result<std::vector<Item>> decode_items(const Exchange& exchange, StreamKind kind, DecodeOptions options) {
  if (!options.origin && !is_bare_body(exchange)) options.origin = exchange.begin();
  if (options.boundary.empty()) options.boundary = boundary_of(content_type_header(exchange)).value_or("");
  const auto decoder = make_item_decoder(kind, std::move(options));
  std::vector<Item> items;
  for (const Event& event : exchange.timeline) STREAM_TRY(decoder->add(event, items));
  STREAM_TRY(decoder->finish(items));
  return items;
}

}  // namespace stream
