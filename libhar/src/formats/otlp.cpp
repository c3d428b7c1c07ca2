// OpenTelemetry's spans as one OTLP message in JSON (opentelemetry-proto, docs/specification.md "JSON Protobuf Encoding"):
// identifiers in hexadecimal, 64-bit numbers as strings, enums as numbers. Attributes are those of the semantic conventions for
// HTTP clients, 1.23 and later.
#include <fmt/format.h>
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <set>

#include "formats/formats.hpp"
#include "formats/http_message.hpp"
#include "formats/losses.hpp"
#include "har/capture/redaction.hpp"
#include "har/exchange.hpp"
#include "query/fields.hpp"
#include "stream/text/utf8.hpp"

namespace har::format {
namespace {

using query::Kind;
using query::Value;
using stream::fail;
using stream::Json;
using stream::JsonMember;
using stream::Status;

constexpr int kInternal = 1;  // Span.SpanKind
constexpr int kClient = 3;
constexpr int kError = 2;             // Status.StatusCode
constexpr std::size_t kEvents = 128;  // of a span, as the SDKs have it: EventCountLimit
constexpr std::size_t kTraceId = 32;  // hexadecimal digits
constexpr std::size_t kSpanId = 16;

/// The same for the same input, which nobody else has.
std::string made_id(std::string_view of, std::size_t digits) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> hash{};
  unsigned size = 0;
  EVP_Digest(of.data(), of.size(), hash.data(), &size, EVP_sha256(), nullptr);
  std::string out;
  for (const unsigned char byte : hash) {
    if (out.size() == digits) break;
    out += fmt::format("{:02x}", byte);
  }
  return out;
}

struct TraceParent {
  std::string trace{};
  std::string span{};
  unsigned flags = 0;
};

/// W3C Trace Context §3.2: "00-" trace "-" parent "-" flags.
std::optional<TraceParent> trace_parent(std::string_view header) {
  constexpr std::size_t kSize = 55;
  const auto hex = [](std::string_view text) { return text.find_first_not_of("0123456789abcdef") == std::string_view::npos; };
  if (header.size() < kSize || header[2] != '-' || header[35] != '-' || header[52] != '-') return std::nullopt;
  if (header.size() > kSize && (header.starts_with("00") || header[kSize] != '-')) return std::nullopt;
  const std::string_view version = header.substr(0, 2);
  const std::string_view trace = header.substr(3, kTraceId);
  const std::string_view span = header.substr(36, kSpanId);
  const std::string_view flags = header.substr(53, 2);
  if (!hex(version) || version == "ff" || !hex(trace) || !hex(span) || !hex(flags)) return std::nullopt;
  if (trace.find_first_not_of('0') == std::string_view::npos || span.find_first_not_of('0') == std::string_view::npos)
    return std::nullopt;
  TraceParent out{std::string(trace), std::string(span), 0};
  (void)std::from_chars(flags.data(), flags.data() + flags.size(), out.flags, 16);
  return out;
}

class Attributes {
 public:
  void text(std::string_view key, std::string_view value) {
    add(key, Json::Object{{"stringValue", stream::replace_invalid_utf8(value)}});
  }
  void integer(std::string_view key, std::int64_t value) { add(key, Json::Object{{"intValue", std::to_string(value)}}); }
  void number(std::string_view key, double value) { add(key, Json::Object{{"doubleValue", value}}); }
  void texts(std::string_view key, Json::Array values) {
    add(key, Json::Object{{"arrayValue", Json::Object{{"values", std::move(values)}}}});
  }
  Json take() { return Json(std::move(list_)); }

 private:
  void add(std::string_view key, Json value) { list_.push_back(Json::Object{{"key", key}, {"value", std::move(value)}}); }
  Json::Array list_;
};

/// Semantic conventions, `http.request.method`: others than these are "_OTHER".
bool is_known_method(std::string_view method) {
  constexpr std::string_view kKnown[] = {"GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH", "QUERY"};
  return std::find(std::begin(kKnown), std::end(kKnown), method) != std::end(kKnown);
}

/// `url.full`: without a password, and without values that give access.
std::string safe_url(std::string_view url, bool& changed) {
  std::string out(url);
  if (const std::size_t scheme = out.find("://"); scheme != std::string::npos) {
    const std::size_t end = std::min(out.find_first_of("/?#", scheme + 3), out.size());
    const std::size_t at = out.rfind('@', end == 0 ? 0 : end - 1);
    if (at != std::string::npos && at >= scheme + 3) {
      out.replace(scheme + 3, at - scheme - 3, "REDACTED:REDACTED");
      changed = true;
    }
  }
  const auto& names = capture::default_secret_names();
  constexpr std::string_view kOthers[] = {"awsaccesskeyid", "x-goog-signature"};
  std::size_t from = out.find('?');
  while (from != std::string::npos && from < out.size() && out[from] != '#') {
    const std::size_t end = std::min(out.find_first_of("&#", from + 1), out.size());
    const std::size_t equals = out.find('=', from + 1);
    std::size_t next = end;
    if (equals < end) {
      std::string name = out.substr(from + 1, equals - from - 1);
      for (char& c : name) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
      const bool secret = std::find(names.begin(), names.end(), name) != names.end() ||
                          std::find(std::begin(kOthers), std::end(kOthers), name) != std::end(kOthers);
      if (secret) {
        out.replace(equals + 1, end - equals - 1, "REDACTED");
        next = equals + 1 + std::string_view("REDACTED").size();
        changed = true;
      }
    }
    from = next;
  }
  return out;
}

std::string nanos(stream::WallTime time) {
  return std::to_string(std::max<stream::Nanos::rep>(0, time.time_since_epoch().count()));
}

/// An entry as a span.
class SpanMaker {
 public:
  SpanMaker(const Json& entry, std::string_view text, const Item& item, const RenderContext& context)
      : entry_(entry),
        item_(item),
        context_(context),
        view_(text),
        subject_{view_, item.index, {}, &context.info, context.files, item.exchange ? &*item.exchange : nullptr},
        asked_{&subject_, &work_, nullptr} {
    work_.begin();
  }

  Json span();

 private:
  Value field(std::string_view name) { return query::find_field(name)->value(asked_); }
  std::string text(std::string_view name) { return std::string(field(name).text); }
  void attribute(std::string_view key, std::string_view name) {
    const Value value = field(name);
    if (value.kind == Kind::string && !value.text.empty()) attributes_.text(key, value.text);
    if (value.kind == Kind::number) attributes_.integer(key, static_cast<std::int64_t>(value.number));
  }
  void loss(std::string_view what, std::string message) { report_loss(what, std::move(message), item_.where(), context_.report); }

  void identify(Json& span, stream::WallTime start);
  void describe();
  void headers(std::string_view side);
  void events(Json& span);

  const Json& entry_;
  const Item& item_;
  const RenderContext& context_;
  EntryView view_;
  query::Work work_;
  query::Subject subject_;
  query::Context asked_;
  Attributes attributes_;
};

/// The page's span, of which those of its entries are children.
std::string page_trace(std::string_view page) { return made_id(fmt::format("hartape page {}", page), kTraceId); }
std::string page_span(std::string_view page) { return made_id(fmt::format("hartape page span {}", page), kSpanId); }

bool has_page(const LogInfo& info, std::string_view id) {
  for (const JsonMember& member : info.log) {
    if (member.name != "pages" || !member.value.is_array()) continue;
    for (const Json& page : member.value.as_array()) {
      if (page["id"].string_or("") == id && stream::parse_iso8601(page["startedDateTime"].string_or(""))) return true;
    }
  }
  return false;
}

void SpanMaker::identify(Json& span, stream::WallTime start) {
  const std::string page = text("page");
  std::optional<TraceParent> parent;
  std::string state;
  for (const Json& header : entry_["request"]["headers"].is_array() ? entry_["request"]["headers"].as_array() : Json::Array{}) {
    const std::string_view name = header["name"].string_or("");
    if (same_name(name, "traceparent") && !parent) parent = trace_parent(header["value"].string_or(""));
    if (same_name(name, "tracestate")) state = header["value"].string_or("");
  }
  const std::string own =
      fmt::format("hartape entry {} {} {} {}", item_.index, nanos(start), field("method").text, field("url").text);
  std::string trace = parent ? parent->trace : !page.empty() ? page_trace(page) : made_id(own + " trace", kTraceId);
  span.set("traceId", std::move(trace));
  span.set("spanId", made_id(own, kSpanId));
  if (parent) {
    if (!state.empty()) span.set("traceState", state);
    span.set("parentSpanId", parent->span);
    span.set("flags", static_cast<std::int64_t>(parent->flags));
  } else if (!page.empty() && has_page(context_.info, page)) {
    span.set("parentSpanId", page_span(page));
  }
}

void SpanMaker::describe() {
  const std::string method = text("method");
  if (!method.empty()) attributes_.text("http.request.method", is_known_method(method) ? method : "_OTHER");
  if (!method.empty() && !is_known_method(method)) attributes_.text("http.request.method_original", method);
  bool changed = false;
  attributes_.text("url.full", safe_url(field("url").text, changed));
  attribute("server.address", "host");
  attribute("server.port", "port");
  attribute("network.peer.address", "ip");
  std::string version = text("http");
  std::string_view number = version;
  if (const std::size_t slash = number.rfind('/'); slash != std::string_view::npos) number.remove_prefix(slash + 1);
  if (same_name(version, "h2") || number == "2.0") number = "2";
  if (same_name(version, "h3") || number == "3.0") number = "3";
  if (!number.empty() && number.front() >= '0' && number.front() <= '9') attributes_.text("network.protocol.version", number);
  if (const Value status = field("status"); status.kind == Kind::number && status.number > 0)
    attributes_.integer("http.response.status_code", static_cast<std::int64_t>(status.number));
  attribute("http.request.body.size", "req.size");
  attribute("http.response.body.size", "resp.size");
  if (const auto agent = view_.header(EntryPart::request, "user-agent")) attributes_.text("user_agent.original", *agent);
  headers("request");
  headers("response");
  attribute("har.resource_type", "type");
  attribute("har.page", "page");
  if (const std::string redirect = text("redirect"); !redirect.empty())
    attributes_.text("har.redirect", safe_url(redirect, changed));
  attribute("har.connection", "connection");
  if (changed) loss("url-secret", "a secret in the URL is left out");
  for (const char* const name : {"blocked", "dns", "connect", "ssl", "send", "wait", "receive"}) {
    if (const Value value = field(fmt::format("timings.{}", name)); value.kind == Kind::number)
      attributes_.number(fmt::format("har.timings.{}", name), value.number);
  }
}

void SpanMaker::headers(std::string_view side) {
  const Json& list = entry_[side]["headers"];
  if (!list.is_array()) return;
  const auto& secrets = capture::default_secret_names();
  bool left_out = false;
  std::vector<std::pair<std::string, Json::Array>> out;
  for (const Json& header : list.as_array()) {
    std::string name(header["name"].string_or(""));
    for (char& c : name) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
    if (name.empty() || name.front() == ':' || !header["value"].is_string()) continue;
    if (std::find(secrets.begin(), secrets.end(), name) != secrets.end()) {
      left_out = true;
      continue;
    }
    auto found = std::find_if(out.begin(), out.end(), [&](const auto& one) { return one.first == name; });
    if (found == out.end()) found = out.insert(out.end(), {name, {}});
    // Addresses may hold secrets too.
    const bool address = name == "referer" || name == "location" || name == "content-location";
    const std::string& value = header["value"].as_string();
    found->second.push_back(
        Json::Object{{"stringValue", stream::replace_invalid_utf8(address ? safe_url(value, left_out) : value)}});
  }
  for (auto& [name, values] : out) attributes_.texts(fmt::format("http.{}.header.{}", side, name), std::move(values));
  if (left_out) loss(fmt::format("{}-header-secret", side), fmt::format("headers of the {} that are secrets are left out", side));
}

void SpanMaker::events(Json& span) {
  Json::Array list;
  std::size_t dropped = 0;
  bool any = false;
  for (const query::Work::Which which : {query::Work::Which::websocket, query::Work::Which::events}) {
    for (const query::FoundMessage& found : work_.messages(subject_, which)) {
      any = true;
      if (list.size() == kEvents) {
        ++dropped;
        continue;
      }
      const query::Message& message = found.message;
      const std::size_t mark = work_.mark();
      const auto size = static_cast<std::int64_t>(query::data_of(found, work_).size());
      work_.release(mark);
      Attributes attributes;
      if (message.event) {
        attributes.text("har.event.type", message.name);
        if (!message.id.empty()) attributes.text("har.event.id", message.id);
      } else {
        attributes.text("har.message.direction", stream::to_string(message.direction));
        attributes.integer("har.message.opcode", message.opcode);
      }
      attributes.integer("har.message.size", size);
      list.push_back(Json::Object{{"timeUnixNano", nanos(message.time)},
                                  {"name", message.event ? "sse.event" : "websocket.message"},
                                  {"attributes", attributes.take()}});
    }
  }
  if (any) loss("message-data", "what messages say is left out: spans have their times and sizes");
  if (dropped > 0) loss("messages", fmt::format("{} messages are left out: a span has {} events", dropped, kEvents));
  if (!list.empty()) span.set("events", std::move(list));
  if (dropped > 0) span.set("droppedEventsCount", static_cast<std::int64_t>(dropped));
}

Json SpanMaker::span() {
  const Value began = field("start");
  const stream::WallTime start = began.kind == Kind::time ? began.time : stream::WallTime{};
  if (began.kind != Kind::time && context_.report) {
    context_.report(
        {stream::Level::warning, "otlp-no-time", "the entry does not say when it began: its span is in 1970", item_.where()});
  }
  const Value ended = field("end");
  Json span = Json::object();
  identify(span, start);
  const std::string method = text("method");
  span.set("name", method.empty() || !is_known_method(method) ? "HTTP" : method);
  span.set("kind", kClient);
  span.set("startTimeUnixNano", nanos(start));
  span.set("endTimeUnixNano", nanos(ended.kind == Kind::time ? std::max(ended.time, start) : start));
  describe();
  // A client's span has failed with 4xx too. Without an answer there is a reason, or the exchange was cut off.
  const Value status = field("status");
  const bool answered = status.kind == Kind::number && status.number > 0;
  const std::string said = text("error");
  std::string error;
  if (answered && status.number >= 400) error = fmt::format("{}", static_cast<std::int64_t>(status.number));
  if (!answered || (error.empty() && !said.empty())) error = said.empty() ? "_OTHER" : said;
  if (!error.empty()) attributes_.text("error.type", error);
  span.set("attributes", attributes_.take());
  events(span);
  if (!error.empty()) {
    Json state = Json::object();
    if (!said.empty()) state.set("message", said);
    state.set("code", kError);
    span.set("status", std::move(state));
  }
  return span;
}

/// What is in a span, or follows from it.
constexpr std::string_view kHeld[] = {"startedDateTime",
                                      "time",
                                      "timings",
                                      "pageref",
                                      "connection",
                                      "serverIPAddress",
                                      "request.method",
                                      "request.url",
                                      "request.httpVersion",
                                      "request.queryString",
                                      "request.headers[].name",
                                      "request.headers[].value",
                                      "request.bodySize",
                                      "response.status",
                                      "response.httpVersion",
                                      "response.headers[].name",
                                      "response.headers[].value",
                                      "response.redirectURL",
                                      "response.bodySize",
                                      "response.content.mimeType",
                                      "response.content.size",
                                      "response._transferSize",
                                      "_resourceType",
                                      "_error",
                                      "response._error",
                                      "_webSocketMessages",
                                      "_eventSourceMessages"};

class Writer final : public ItemWriter {
 public:
  Writer(stream::ByteSink& sink, const WriteOptions& options) : sink_(sink), options_(options), log_(options.report) {}

  Status begin(const Item&, const LogInfo&) override { return head(); }

  Status render(const Item& item, const RenderContext& context, std::string& out) const override {
    STREAM_ASSIGN(const Json entry, entry_of(item, {options_.limits, context.report}));
    report_losses(entry, kHeld, "a span", item.where(), context.report);
    const std::string made = item.exchange ? to_json(entry) : std::string();
    SpanMaker maker(entry, item.exchange ? std::string_view(made) : item.text, item, context);
    const Json span = maker.span();
    out += ",\n";
    write_json(out, span);
    return {};
  }

  Status write(std::string_view rendered) override {
    if (rendered.empty()) return {};
    if (!std::exchange(any_, true)) rendered.remove_prefix(1);  // the first comma
    return sink_.write(rendered);
  }

  Status end_input(const LogInfo& info) override {
    log_.add(info);
    return {};
  }

  Status finish() override {
    STREAM_TRY(head());
    for (const JsonMember& member : log_.merged().log) {
      if (member.name != "pages" || !member.value.is_array()) continue;
      for (const Json& page : member.value.as_array()) STREAM_TRY(this->page(page));
    }
    return sink_.write("\n]}]}]}\n");
  }

 private:
  Status head() {
    if (std::exchange(begun_, true)) return {};
    const std::string version(options_.creator["version"].string_or(""));
    Json scope = Json::Object{{"name", "hartape"}};
    if (!version.empty()) scope.set("version", version);
    Attributes resource;
    resource.text("service.name", "har");
    return sink_.write(
        fmt::format("{{\"resourceSpans\":[{{\"resource\":{{\"attributes\":{}}},\"scopeSpans\":[{{\"scope\":{},\"spans\":[",
                    to_json(resource.take()), to_json(scope)));
  }

  Status page(const Json& page) {
    const std::string_view id = page["id"].string_or("");
    const auto start = stream::parse_iso8601(page["startedDateTime"].string_or(""));
    if (id.empty() || !start) return {};
    stream::WallTime end = start->time;
    Attributes attributes;
    attributes.text("har.page", id);
    for (const char* const name : {"onContentLoad", "onLoad"}) {
      const Json& time = page["pageTimings"][name];
      const auto after = time.is_number() ? stream::parse_decimal_millis(time.number_text()) : std::nullopt;
      constexpr stream::Nanos kMost = std::chrono::hours(24 * 365);
      if (!after || after->count() < 0 || *after > kMost) continue;
      attributes.number(fmt::format("har.page_timings.{}", name), time.number_or(0));
      end = std::max(end, start->time + *after);
    }
    const std::string_view title = page["title"].string_or("");
    const Json span = Json::Object{{"traceId", page_trace(id)},
                                   {"spanId", page_span(id)},
                                   {"name", title.empty() ? id : title},
                                   {"kind", kInternal},
                                   {"startTimeUnixNano", nanos(start->time)},
                                   {"endTimeUnixNano", nanos(end)},
                                   {"attributes", attributes.take()}};
    return sink_.write((std::exchange(any_, true) ? ",\n" : "\n") + to_json(span));
  }

  stream::ByteSink& sink_;
  WriteOptions options_;
  LogMerge log_;
  bool begun_ = false;
  bool any_ = false;
};

}  // namespace

const Format kOtlp{"otlp",
                   "OpenTelemetry spans, as OTLP has them in JSON",
                   ".otlp.json",
                   nullptr,
                   nullptr,
                   [](stream::ByteSink& sink, const WriteOptions& options) -> std::unique_ptr<ItemWriter> {
                     return std::make_unique<Writer>(sink, options);
                   }};

}  // namespace har::format
