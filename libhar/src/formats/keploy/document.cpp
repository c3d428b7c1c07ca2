// A document of kind Http, a test case or a mock, as an exchange.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "body_text.hpp"
#include "check/url_parts.hpp"
#include "formats/http_message.hpp"
#include "formats/keploy/keploy.hpp"
#include "formats/keploy/write_document.hpp"
#include "stream/codec/http_grammar.hpp"
#include "stream/text/ascii.hpp"
#include "stream/text/base64.hpp"
#include "stream/text/json.hpp"
#include "stream/text/utf8.hpp"

namespace har::format::keploy {
namespace {

using stream::ErrorCode;
using stream::Event;
using stream::EventKind;
using stream::Exchange;
using stream::fail;
using stream::Json;
using stream::Result;
using stream::WallTime;
using stream::YamlNode;
using stream::ascii::equal_ignoring_case;
using stream::ascii::hex_digit;
using stream::http::is_token_char;

/// The text of a member; empty if it is not there or is no scalar.
std::string_view text_of(const YamlNode& node, std::string_view name) {
  const YamlNode* const found = node.find(name);
  return found != nullptr ? std::string_view(found->text) : std::string_view();
}

std::optional<WallTime> time_member(const YamlNode& node, std::string_view name) { return time_of(text_of(node, name)); }

/// Cookies that were joined by commas: a cookie begins behind a comma with a name and "=". (A date has a comma too.)
std::vector<std::string> split_cookies(std::string_view joined) {
  std::vector<std::string> out;
  std::size_t begin = 0;
  for (std::size_t comma = joined.find(','); comma != std::string_view::npos; comma = joined.find(',', comma + 1)) {
    std::size_t name = comma + 1;
    while (name < joined.size() && joined[name] == ' ') ++name;
    std::size_t end = name;
    while (end < joined.size() && is_token_char(joined[end])) ++end;
    if (end == name || end == joined.size() || joined[end] != '=') continue;
    out.emplace_back(joined.substr(begin, comma - begin));
    begin = name;
  }
  out.emplace_back(joined.substr(begin));
  return out;
}

std::string query_decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && hex_digit(text[i + 1]) >= 0 && hex_digit(text[i + 2]) >= 0) {
      out += static_cast<char>(hex_digit(text[i + 1]) * 16 + hex_digit(text[i + 2]));
      i += 2;
    } else {
      out += text[i] == '+' ? ' ' : text[i];
    }
  }
  return stream::is_utf8(out) ? out : std::string(text);
}

Json query_string(std::string_view url) {
  Json::Array out;
  for (std::string_view rest = check::query_of(url).value_or(""); !rest.empty();) {
    const std::string_view pair = rest.substr(0, rest.find('&'));
    rest.remove_prefix(std::min(pair.size() + 1, rest.size()));
    if (pair.empty()) continue;
    const std::size_t equals = std::min(pair.find('='), pair.size());
    out.push_back(Json::Object{{"name", query_decoded(pair.substr(0, equals))},
                               {"value", query_decoded(pair.substr(std::min(equals + 1, pair.size())))}});
  }
  return Json(std::move(out));
}

struct Headers {
  Json::Array list{};

  Headers(const YamlNode* node, const Context& context) {
    if (node == nullptr) return;
    for (const auto& [key, value] : node->members) {
      const std::string name = stream::replace_invalid_utf8(octets_of(key, context));
      std::vector<std::string> values;
      if (value.kind == YamlNode::Kind::sequence) {
        for (const YamlNode& item : value.items) values.push_back(octets_of(item, context));
      } else if (equal_ignoring_case(name, "set-cookie")) {
        values = split_cookies(octets_of(value, context));
      } else {
        values.push_back(octets_of(value, context));
      }
      for (const std::string& one : values)
        list.push_back(Json::Object{{"name", name}, {"value", stream::replace_invalid_utf8(one)}});
    }
  }
  /// As fields, for what is derived from them.
  format::Fields fields() const {
    format::Fields out;
    for (const Json& header : list)
      out.push_back({std::string(header["name"].string_or("")), std::string(header["value"].string_or(""))});
    return out;
  }
  std::string_view value(std::string_view name) const {
    std::string_view out;
    for (const Json& header : list) {
      if (equal_ignoring_case(header["name"].string_or(""), name)) out = header["value"].string_or("");
    }
    return out;
  }
};

std::string http_version(const YamlNode& node) {
  const std::string_view major = text_of(node, "proto_major");
  if (major.empty() || major == "0") return "";
  const std::string_view minor = text_of(node, "proto_minor");
  return fmt::format("HTTP/{}.{}", major, minor.empty() ? "0" : minor);
}

class Reader {
 public:
  Reader(const YamlNode& document, const Context& context) : document_(document), context_(context) {}

  Result<Exchange> read() {
    spec_ = document_.find("spec");
    if (spec_ == nullptr || spec_->kind != YamlNode::Kind::mapping) return refuse(document_, "spec");
    req_ = spec_->find("req");
    resp_ = spec_->find("resp");
    if (req_ == nullptr || req_->kind != YamlNode::Kind::mapping) return refuse(*spec_, "req");
    if (resp_ == nullptr || resp_->kind != YamlNode::Kind::mapping) return refuse(*spec_, "resp");
    times();
    request();
    STREAM_TRY(response());
    return std::move(exchange_);
  }

 private:
  tl::unexpected<stream::Error> refuse(const YamlNode& node, std::string_view name) const {
    return fail({ErrorCode::syntax, fmt::format("expected a member \"{}\", a mapping, in a document of kind Http", name),
                 context_.place(node)});
  }

  void times() {
    auto asked = time_member(*req_, "timestamp");
    if (!asked) asked = time_member(*spec_, "reqTimestampMock");
    auto answered = time_member(*resp_, "timestamp");
    if (!answered) answered = time_member(*spec_, "resTimestampMock");
    if (!asked) asked = answered;
    if (const auto created = stream::parse_decimal_seconds(text_of(*spec_, "created")); !asked && created) {
      constexpr stream::Nanos kLast = std::chrono::hours(24 * 365 * 200);
      if (*created > stream::Nanos{} && *created < kLast) asked = WallTime(*created);
    }
    exchange_.start = asked;  // none: not known
    start_ = asked.value_or(WallTime{});
    answered_ = std::max(answered.value_or(start_), start_);
  }

  std::string_view metadata(std::string_view name) const {
    const YamlNode* const found = spec_->find("metadata");
    return found != nullptr ? text_of(*found, name) : std::string_view();
  }

  std::string url(const Headers& headers) const {
    std::string url(text_of(*req_, "url"));
    // A mock's URL has no host.
    const std::string_view host = headers.value("host");
    const bool tls = metadata("scheme") == "https";  // harproxy says it
    return url.starts_with('/') && !host.empty() ? fmt::format("{}://{}{}", tls ? "https" : "http", host, url) : url;
  }

  void request() {
    Event event;
    event.kind = EventKind::request;
    Headers headers(req_->find("header"), context_);
    const std::string url = this->url(headers);
    version_ = http_version(*req_);
    Json object = Json::object();
    object.set("method", text_of(*req_, "method").empty() ? std::string_view("GET") : text_of(*req_, "method"));
    object.set("url", stream::replace_invalid_utf8(url));
    object.set("httpVersion", version_.empty() ? "unknown" : version_);
    object.set("cookies", request_cookies(headers.fields()));
    const std::string type(headers.value("content-type"));
    const bool coded = !headers.value("content-encoding").empty();
    object.set("headers", std::move(headers.list));
    object.set("queryString", query_string(url));
    std::size_t size = 0;
    Json post = post_data(type, size);
    if (!post.is_null()) object.set("postData", std::move(post));
    object.set("headersSize", -1);
    // Its size on the wire, where it has no coding.
    object.set("bodySize", coded ? Json(-1) : Json(static_cast<std::uint64_t>(size)));
    event.object = std::move(object);
    event.entry = Json::object();
    if (Json kept = what_is_left(); !kept.as_object().empty()) event.entry.set("_keploy", std::move(kept));
    exchange_.request = std::move(event);
  }

  Json post_data(const std::string& type, std::size_t& size) const {
    std::string body;
    if (const YamlNode* node = req_->find("body"); node != nullptr) {
      if (node->kind == YamlNode::Kind::sequence) {
        for (const TimedBytes& piece : structured_body(*node, type, context_).pieces) body += piece.bytes;
      } else {
        body = octets_of(*node, context_);
      }
    }
    if (const YamlNode* ref = req_->find("body_ref"); ref != nullptr && body.empty() && !text_of(*ref, "path").empty()) {
      auto read = context_.files->read(text_of(*ref, "path"));
      if (read) {
        body = std::move(*read);
      } else {
        context_.warn(context_.place(*ref), "keploy-file", read.error().message);
      }
    }
    size = body.size();
    Json::Array params;
    if (const YamlNode* form = req_->find("form"); form != nullptr) {
      for (const YamlNode& item : form->items) {
        for (const std::string_view list : {"values", "paths"}) {
          const YamlNode* const values = item.find(list);
          if (values == nullptr) continue;
          for (const YamlNode& value : values->items)
            params.push_back(Json::Object{{"name", text_of(item, "key")}, {list == "paths" ? "fileName" : "value", value.text}});
        }
      }
    }
    if (body.empty() && params.empty()) return {};
    // Of a form whose fields nobody has listed they stand in its text.
    if (params.empty() && type.find("x-www-form-urlencoded") != std::string::npos && stream::is_utf8(body)) {
      for (std::string_view rest = body; !rest.empty();) {
        const std::string_view pair = rest.substr(0, rest.find('&'));
        rest.remove_prefix(std::min(pair.size() + 1, rest.size()));
        if (pair.empty()) continue;
        const std::size_t equals = std::min(pair.find('='), pair.size());
        params.push_back(Json::Object{{"name", query_decoded(pair.substr(0, equals))},
                                      {"value", query_decoded(pair.substr(std::min(equals + 1, pair.size())))}});
      }
    }
    Json post = Json::Object{{"mimeType", type}, {"params", std::move(params)}};
    append_post_text(post.as_object(), std::move(body), {text_charset(type), -1});
    return post;
  }

  stream::Status response() {
    Headers headers(resp_->find("header"), context_);
    const std::string type(headers.value("content-type"));
    Event event;
    event.kind = EventKind::response;
    const std::string version = http_version(*resp_);
    Json object = Json::object();
    const auto status = stream::parse_json(text_of(*resp_, "status_code"));
    object.set("status", status && status->is_number() ? *status : Json(0));
    object.set("statusText", text_of(*resp_, "status_message"));
    object.set("httpVersion", !version.empty() ? version : version_.empty() ? "unknown" : version_);
    object.set("cookies", response_cookies(headers.fields()));
    const std::string location(headers.value("location"));
    const bool coded = !headers.value("content-encoding").empty();
    object.set("headers", std::move(headers.list));
    Json content = Json::object();
    if (!type.empty()) content.set("mimeType", type);
    const bool skipped = text_of(*resp_, "body_skipped") == "true";
    if (const auto size = stream::parse_json(text_of(*resp_, "body_size")); skipped && size && size->is_number())
      content = Json::Object{{"size", *size}, {"mimeType", type}};
    object.set("content", std::move(content));
    object.set("redirectURL", location);
    object.set("headersSize", -1);
    object.set("bodySize", -1);
    event.object = std::move(object);
    exchange_.response = std::move(event);
    if (skipped)
      context_.warn(context_.place(*resp_), "keploy-body-skipped", "the body was too large for the recording, and is not in it");
    STREAM_ASSIGN(Body body, this->body(type));
    if (metadata("incomplete") == "true") body.complete = false;
    if (!coded && !skipped && body.complete) {
      std::uint64_t size = 0;
      for (const TimedBytes& piece : body.pieces) size += piece.bytes.size();
      exchange_.response->object.set("bodySize", size);
    }
    set_body(exchange_, std::move(body), start_, answered_, context_);
    return {};
  }

  Result<Body> body(const std::string& type) {
    if (const YamlNode* ref = resp_->find("stream_ref"); ref != nullptr) return referred(*ref, type);
    const YamlNode* const metadata = spec_->find("metadata");
    if (metadata != nullptr && !text_of(*metadata, "streamFile").empty()) return prototype_file(*metadata, type);
    if (const YamlNode* events = resp_->find("stream_events"); events != nullptr) return prototype_events(*events, type);
    const YamlNode* const node = resp_->find("body");
    if (node != nullptr && node->kind == YamlNode::Kind::sequence) return structured_body(*node, type, context_);
    Body body;
    if (node != nullptr) body.pieces.push_back({answered_, octets_of(*node, context_)});
    return body;
  }

  /// A file beside the document; nothing (and a finding) if it may not or cannot be read.
  Result<std::optional<Body>> file(const YamlNode& place, std::string_view path,
                                   Result<Body> (*reader)(stream::ByteSource&, const Context&)) const {
    const auto found = context_.files->find(path);
    if (!found) {
      context_.warn(context_.place(place), "keploy-file", found.error().message);
      return std::optional<Body>();
    }
    Context context = context_;
    context.source = path;
    STREAM_ASSIGN(const auto source, stream::open_input(*found, {context.limits, std::nullopt}));
    STREAM_ASSIGN(Body body, reader(*source, context));
    return std::optional(std::move(body));
  }

  Result<Body> referred(const YamlNode& ref, const std::string& type) const {
    STREAM_ASSIGN(auto body, file(ref, text_of(ref, "path"), read_stream_file));
    if (!body) {
      Body none;
      none.complete = false;
      return none;
    }
    const auto count = stream::parse_decimal_seconds(text_of(ref, "chunk_count"));
    if (count && *count != std::chrono::seconds(body->records)) {
      context_.warn(context_.place(ref), "keploy-chunk-count",
                    fmt::format("chunk_count is {}, but the stream has {} records", text_of(ref, "chunk_count"), body->records));
    }
    return by_type(std::move(*body), type);
  }

  /// What the media type says wins over what the bytes look like.
  static Body by_type(Body body, const std::string& type) {
    if (const auto kind = stream::stream_kind_of_media_type(type); kind != stream::StreamKind::http) body.kind = kind;
    return body;
  }

  /// Times are delays, since the answer began.
  template <bool text>
  static Result<Body> read_prototype(stream::ByteSource& source, const Context& context) {
    constexpr WallTime kLast(std::chrono::hours(24 * 366));
    STREAM_ASSIGN(const std::string yaml, stream::read_all(source, context.limits.max_entry));
    STREAM_ASSIGN(const auto documents, stream::parse_yaml(yaml, context.source, {context.limits.max_entry}));
    Body body;
    WallTime at{};
    for (const YamlNode& document : documents) {
      auto frame = prototype_frame(document, text, context);
      if (!frame) continue;
      at = std::min(at + delay_of(document), kLast);
      body.pieces.push_back({at, std::move(*frame)});
    }
    body.kind = text ? stream::StreamKind::text : stream::StreamKind::sse;
    return body;
  }

  Result<Body> prototype_file(const YamlNode& metadata, const std::string& type) const {
    const bool text = text_of(metadata, "streamType") == "chunked-text";
    STREAM_ASSIGN(auto body,
                  file(metadata, text_of(metadata, "streamFile"), text ? read_prototype<true> : read_prototype<false>));
    if (!body) {
      Body none;
      none.complete = false;
      return none;
    }
    for (TimedBytes& piece : body->pieces) piece.at = answered_ + piece.at->time_since_epoch();
    return by_type(std::move(*body), type);
  }

  Result<Body> prototype_events(const YamlNode& events, const std::string& type) const {
    Body body;
    const bool sse = text_of(*resp_, "stream_type") == "SSE";
    for (const YamlNode& item : events.items) {
      const YamlNode* const data = item.find("data");
      if (data == nullptr) continue;
      TimedBytes piece{time_member(item, "timestamp"), octets_of(*data, context_)};
      if (sse && !piece.bytes.ends_with("\n\n")) piece.bytes += piece.bytes.ends_with('\n') ? "\n" : "\n\n";
      body.pieces.push_back(std::move(piece));
    }
    body.kind = sse ? stream::StreamKind::sse : stream::StreamKind::http;
    return by_type(std::move(body), type);
  }

  /// A time that is not written as Keploy does now: with a zone, or for none.
  static void keep_time(Json& out, const YamlNode& part, std::optional<WallTime> at, bool mock) {
    const std::string_view text = text_of(part, "timestamp");
    if (mock ? text == "0001-01-01T00:00:00Z" : at && go_time(*at) == text) return;
    if (stream::parse_iso8601(text)) out.set("timestamp", text);
  }

  Json layout() const {
    Json out = Json::object();
    const std::uint64_t column = spec_->members.empty() ? 0 : spec_->members.front().first.column;
    if (column == 5) out.set("indent", 4);
    const YamlNode* const body = resp_->find("body");
    // What Keploy takes apart now is in one piece.
    if (body != nullptr && body->kind == YamlNode::Kind::scalar && !body->text.empty() && may_be_structured())
      out.set("flat", true);
    return out;
  }

  bool may_be_structured() const {
    const YamlNode* const headers = resp_->find("header");
    const YamlNode* const type = headers != nullptr ? find_any_case(*headers, "content-type") : nullptr;
    if (type == nullptr) return false;
    const std::string lowered = stream::ascii::lower_case(type->text);
    return std::any_of(std::begin(kStructured), std::end(kStructured),
                       [&](std::string_view media) { return lowered.find(media) != std::string::npos; });
  }
  static constexpr std::string_view kStructured[] = {"text/event-stream", "ndjson", "text/plain", "application/octet-stream"};

  /// What an entry has no place for.
  Json what_is_left() const {
    Json out = Json::object();
    for (const auto& [key, value] : document_.members) {
      if (&value == spec_ || key.text == "version" || key.text == "kind") continue;
      out.set(key.text, json_of(value));
    }
    for (const auto& [key, value] : spec_->members) {
      if (&value == req_) {
        Json left = left_of(value, {"method", "url", "url_params", "header", "body", "proto_major", "proto_minor", "timestamp"});
        keep_time(left, value, exchange_.start, is_mock());
        keep(out, "req", std::move(left));
      } else if (&value == resp_) {
        Json left = left_of(value, {"status_code", "status_message", "header", "body", "stream_events", "proto_major",
                                    "proto_minor", "timestamp"});
        keep_time(left, value, answered_, is_mock());
        keep(out, "resp", std::move(left));
      } else {
        keep(out, key.text, json_of(value));
      }
    }
    keep(out, kLayout, layout());
    return out;
  }
  bool is_mock() const { return spec_->find("reqTimestampMock") != nullptr; }
  static Json left_of(const YamlNode& node, std::initializer_list<std::string_view> without) {
    Json out = Json::object();
    for (const auto& [key, value] : node.members) {
      if (std::find(without.begin(), without.end(), key.text) == without.end()) out.set(key.text, json_of(value));
    }
    return out;
  }
  static void keep(Json& out, std::string_view name, Json value) {
    const bool empty =
        value.is_null() || (value.is_object() && value.as_object().empty()) || (value.is_array() && value.as_array().empty());
    if (!empty) out.set(name, std::move(value));
  }

  const YamlNode& document_;
  const Context& context_;
  const YamlNode* spec_ = nullptr;
  const YamlNode* req_ = nullptr;
  const YamlNode* resp_ = nullptr;
  WallTime start_{};
  WallTime answered_{};
  std::string version_;
  Exchange exchange_;
};

}  // namespace

const YamlNode* find_any_case(const YamlNode& node, std::string_view name) {
  for (const auto& [key, value] : node.members) {
    if (equal_ignoring_case(key.text, name)) return &value;
  }
  return nullptr;
}

std::string octets_of(const YamlNode& node, const Context& context) {
  if (node.kind == YamlNode::Kind::null) return {};
  if (node.kind != YamlNode::Kind::scalar) return to_json(json_of(node));
  if (!node.binary) return node.text;
  if (auto bytes = stream::base64_decode(node.text)) return std::move(*bytes);
  context.warn(context.place(node), "keploy-base64", "this is not the base64 that !!binary says; it is kept as it is");
  return node.text;
}

std::optional<WallTime> time_of(std::string_view text) {
  const auto time = stream::parse_iso8601(text);
  constexpr WallTime kLast = std::chrono::sys_days(std::chrono::year(2200) / 1 / 1);
  if (!time || time->time < WallTime{} || time->time > kLast) return std::nullopt;
  return time->time;
}

Json json_of(const YamlNode& node) {
  switch (node.kind) {
    case YamlNode::Kind::null:
      return {};
    case YamlNode::Kind::sequence: {
      Json::Array out;
      for (const YamlNode& item : node.items) out.push_back(json_of(item));
      return Json(std::move(out));
    }
    case YamlNode::Kind::mapping: {
      Json::Object out;
      for (const auto& [key, value] : node.members) out.push_back({stream::replace_invalid_utf8(key.text), json_of(value)});
      return Json(std::move(out));
    }
    case YamlNode::Kind::scalar:
      break;
  }
  if (node.plain) {
    if (auto value = stream::parse_json(node.text); value && (value->is_number() || value->is_bool())) return std::move(*value);
  }
  return Json(stream::replace_invalid_utf8(node.text));
}

YamlNode node_of(const Json& json, std::uint64_t line) {
  YamlNode node;
  node.line = line;
  switch (json.kind()) {
    case Json::Kind::null:
      break;
    case Json::Kind::array:
      node.kind = YamlNode::Kind::sequence;
      for (const Json& item : json.as_array()) node.items.push_back(node_of(item, line));
      break;
    case Json::Kind::object:
      node.kind = YamlNode::Kind::mapping;
      for (const stream::JsonMember& member : json.as_object())
        node.members.emplace_back(node_of(Json(member.name), line), node_of(member.value, line));
      break;
    case Json::Kind::string:
      node.kind = YamlNode::Kind::scalar;
      node.text = json.as_string();
      break;
    default:
      node.kind = YamlNode::Kind::scalar;
      node.plain = true;
      node.text = to_json(json);
  }
  return node;
}

Json& kept_part(Exchange& exchange, std::string_view name) {
  Json& entry = exchange.request->entry;
  if (!entry.is_object()) entry = Json::object();
  Json* kept = entry.find("_keploy");
  if (kept == nullptr || !kept->is_object()) kept = &entry.set("_keploy", Json::object());
  Json* part = kept->find(name);
  if (part == nullptr || !part->is_object()) part = &kept->set(name, Json::object());
  return *part;
}

Result<Exchange> http_exchange(const YamlNode& document, const Context& context) { return Reader(document, context).read(); }

}  // namespace har::format::keploy
