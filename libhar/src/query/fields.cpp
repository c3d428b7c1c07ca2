// What an expression can ask of an entry: one table.
#include "query/fields.hpp"

#include <algorithm>

#include "check/http_text.hpp"
#include "query/lexer.hpp"
#include "stream/text/ascii.hpp"

namespace har::query {

using stream::RawJson;

namespace {

using stream::ascii::hex_digit;

constexpr Unit kMs = Unit::milliseconds;
constexpr Unit kBytes = Unit::bytes;

Value string_at(Context& c, EntryPart part, std::string_view name) {
  const RawJson json = c.entry().find(part, name);
  return json.is_string() ? Value::of(text_of(json, *c.work)) : Value();
}
/// A text that is nothing where it is empty.
Value some(std::string_view text) { return text.empty() ? Value() : Value::of(text); }
Value some_at(Context& c, EntryPart part, std::string_view name) {
  const Value value = string_at(c, part, name);
  return value.text.empty() ? Value() : value;
}
Value number_at(Context& c, EntryPart part, std::string_view name) {
  const auto number = c.entry().find(part, name).number();
  return number ? Value::of(*number) : Value();
}
/// HAR has -1 where a size or a time is not known.
Value size_at(Context& c, EntryPart part, std::string_view name) {
  const Value value = number_at(c, part, name);
  return value.number < 0 ? Value() : value;
}
Value phase(Context& c, std::string_view name) {
  const auto time = c.entry().phase(name);
  return time ? Value::of(*time) : Value();
}
Value flag(Context& c, std::string_view name) {
  const RawJson json = c.entry().find(EntryPart::entry, name);
  return Value::of(static_cast<bool>(json) && !json.is_null() && !json.is_false());
}
Value inside(Context& c, std::string_view object, std::string_view name) {
  stream::JsonObjectView view(c.entry().find(EntryPart::entry, object));
  const RawJson json = view.find(name);
  return json.is_string() ? some(text_of(json, *c.work)) : Value();
}

/// Without parameters, in lower case.
std::string_view essence(std::string_view type, Work& work) {
  type = type.substr(0, type.find(';'));
  while (!type.empty() && (type.back() == ' ' || type.back() == '\t')) type.remove_suffix(1);
  while (!type.empty() && (type.front() == ' ' || type.front() == '\t')) type.remove_prefix(1);
  const auto upper = [](char c) { return c >= 'A' && c <= 'Z'; };
  if (std::none_of(type.begin(), type.end(), upper)) return type;
  std::string& out = work.fresh();
  out = type;
  for (char& c : out) {
    if (upper(c)) c = static_cast<char>(c | 0x20);
  }
  return out;
}

/// Chrome's resource types, by the media type where nobody says which.
std::string_view resource_type(Context& c) {
  const RawJson said = c.entry().find(EntryPart::entry, "_resourceType");
  if (said.is_string() && said.text.size() > 2) return essence(text_of(said, *c.work), *c.work);
  if (c.entry().find(EntryPart::entry, "_webSocketMessages") || c.entry().status() == 101) return "websocket";
  const std::string_view type = essence(c.entry().media_type(), *c.work);
  const auto has = [&](std::string_view part) { return type.find(part) != std::string_view::npos; };
  if (type == "text/event-stream") return "eventsource";
  if (type == "text/html" || type == "application/xhtml+xml") return "document";
  if (type == "text/css") return "stylesheet";
  if (has("javascript") || has("ecmascript")) return "script";
  if (type.starts_with("image/")) return "image";
  if (type.starts_with("font/") || has("/font") || has("/x-font") || has("/vnd.ms-fontobject")) return "font";
  if (type.starts_with("audio/") || type.starts_with("video/")) return "media";
  if (type.ends_with("json") || type.ends_with("xml")) return "xhr";
  return "other";
}

/// Values of a list of objects with `name` and `value`.
bool each_pair(Context& c, RawJson list, std::string_view name, bool any_case, Visit visit) {
  stream::JsonArrayView pairs(list);
  stream::JsonObjectView pair;
  std::string scratch;
  while (const RawJson element = pairs.next()) {
    pair.reset(element);
    const std::string_view is = pair.find("name").string(scratch);
    if (any_case ? !check::equal_ignoring_case(is, name) : is != name) continue;
    const RawJson value = pair.find("value");
    if (value.is_string() && visit(Value::of(text_of(value, *c.work)))) return true;
  }
  return false;
}

/// "a=1; b=2": of a Cookie header, or the first pair of a line of Set-Cookie.
bool each_cookie(std::string_view text, std::string_view name, bool first_only, Visit visit) {
  while (!text.empty()) {
    std::string_view pair = text.substr(0, text.find(';'));
    text.remove_prefix(std::min(pair.size() + 1, text.size()));
    while (!pair.empty() && (pair.front() == ' ' || pair.front() == '\t')) pair.remove_prefix(1);
    const std::size_t equals = pair.find('=');
    if (equals != std::string_view::npos && pair.substr(0, equals) == name && visit(Value::of(pair.substr(equals + 1))))
      return true;
    if (first_only) return false;
  }
  return false;
}

/// As `cookies` lists them, or else the headers.
bool each_cookie_of(Context& c, EntryPart part, std::string_view name, Visit visit) {
  const RawJson listed = c.entry().find(part, "cookies");
  if (listed.is_array()) {
    stream::JsonArrayView list(listed);
    if (list.next()) return each_pair(c, listed, name, false, visit);
  }
  const bool set = part == EntryPart::response;
  return each_pair(c, c.entry().find(part, "headers"), set ? "set-cookie" : "cookie", true, [&](const Value& header) {
    // Some writers join several Set-Cookie headers by line feeds.
    for (std::string_view rest = header.text; !rest.empty();) {
      const std::string_view line = rest.substr(0, rest.find('\n'));
      rest.remove_prefix(std::min(line.size() + 1, rest.size()));
      if (each_cookie(line, name, set, visit)) return true;
    }
    return false;
  });
}

std::string_view form_decoded(std::string_view text, Work& work) {
  if (text.find_first_of("%+") == std::string_view::npos) return text;
  std::string& out = work.fresh();
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && hex_digit(text[i + 1]) >= 0 && hex_digit(text[i + 2]) >= 0) {
      out += static_cast<char>(hex_digit(text[i + 1]) * 16 + hex_digit(text[i + 2]));
      i += 2;
    } else {
      out += text[i] == '+' ? ' ' : text[i];
    }
  }
  return out;
}

bool each_parameter(Context& c, std::string_view name, Visit visit) {
  for (std::string_view rest = c.work->url(*c.subject).query; !rest.empty();) {
    const std::string_view pair = rest.substr(0, rest.find('&'));
    rest.remove_prefix(std::min(pair.size() + 1, rest.size()));
    const std::size_t equals = std::min(pair.find('='), pair.size());
    if (pair.empty() || form_decoded(pair.substr(0, equals), *c.work) != name) continue;
    if (visit(Value::of(form_decoded(pair.substr(std::min(equals + 1, pair.size())), *c.work)))) return true;
  }
  return false;
}

Value page_title(Context& c) {
  const Value page = string_at(c, EntryPart::entry, "pageref");
  if (page.kind == Kind::null || c.subject->info == nullptr) return {};
  for (const stream::JsonMember& member : c.subject->info->log) {
    if (member.name != "pages" || !member.value.is_array()) continue;
    for (const stream::Json& one : member.value.as_array()) {
      if (one["id"].string_or("") == page.text && one["title"].is_string())
        return Value::of(std::string_view(one["title"].as_string()));
    }
  }
  return {};
}

Value time_to_first_byte(Context& c) {
  const auto wait = c.entry().phase("wait");
  if (!wait) return {};
  double sum = *wait;
  for (const char* const name : {"blocked", "dns", "connect", "send"}) sum += c.entry().phase(name).value_or(0);
  return Value::of(sum);
}

Value end_of(Context& c) {
  const auto start = c.entry().started();
  const Value time = size_at(c, EntryPart::entry, "time");
  constexpr double kMost = 1e12;  // ms
  if (!start || time.kind == Kind::null || time.number > kMost) return {};
  return Value::of(*start + std::chrono::duration_cast<stream::Nanos>(std::chrono::duration<double, std::milli>(time.number)));
}

Value octets(const BodyBytes& body) { return body.known ? Value::of(body.bytes) : Value(); }

Value body_size(Context& c) {
  const Value said = size_at(c, EntryPart::content, "size");
  if (said.kind != Kind::null) return said;
  const BodyBytes& body = c.work->response_body(*c.subject);
  return body.known ? Value::of(static_cast<double>(body.bytes.size())) : Value();
}

Value request_size(Context& c) {
  const Value said = size_at(c, EntryPart::request, "bodySize");
  if (said.kind != Kind::null) return said;
  const BodyBytes& body = c.work->request_body(*c.subject);
  return body.known ? Value::of(static_cast<double>(body.bytes.size())) : Value();
}

Value transferred(Context& c) {
  const Value said = size_at(c, EntryPart::response, "_transferSize");
  if (said.kind != Kind::null) return said;
  const Value head = size_at(c, EntryPart::response, "headersSize");
  const Value body = size_at(c, EntryPart::response, "bodySize");
  return head.kind == Kind::null || body.kind == Kind::null ? Value() : Value::of(head.number + body.number);
}

Value error_of(Context& c) {
  const Value said = some_at(c, EntryPart::entry, "_error");
  return said.kind == Kind::null ? some_at(c, EntryPart::response, "_error") : said;
}

Value messages_where(Context& c, Work::Which which, FunctionRef<bool(const FoundMessage&)> is) {
  double count = 0;
  for (const FoundMessage& message : c.work->messages(*c.subject, which)) count += is(message) ? 1 : 0;
  return Value::of(count);
}

/// The code that closed a WebSocket.
Value close_code(Context& c) {
  if (c.subject->exchange != nullptr) {
    for (const stream::Event& event : c.subject->exchange->timeline) {
      if (event.kind == stream::EventKind::close && event.code) return Value::of(static_cast<double>(*event.code));
    }
    return {};
  }
  stream::JsonObjectView close(c.entry().find(EntryPart::entry, "_webSocketClose"));
  const auto code = close.find("code").integer();
  return code ? Value::of(static_cast<double>(*code)) : Value();
}

using P = EntryPart;
using Which = Work::Which;

constexpr Field kFields[] = {
    {"index", Type::number, Unit::none, kFree, "the number of the entry in its input, from 0",
     [](Context& c) { return Value::of(static_cast<double>(c.subject->index)); }},
    {"source", Type::string, Unit::none, kFree, "the input, as it is named on the command line",
     [](Context& c) { return Value::of(c.subject->source); }},
    {"entry", Type::json, Unit::none, kFree, "the whole entry, for JSON Pointers: `entry:/request/comment`",
     [](Context& c) {
       Value out;
       out.kind = Kind::json;
       out.text = c.entry().text();
       return out;
     }},
    {"start", Type::time, Unit::none, kHead, "when the request began (startedDateTime)",
     [](Context& c) {
       const auto time = c.entry().started();
       return time ? Value::of(*time) : Value();
     }},
    {"end", Type::time, Unit::none, kHead, "when it was over: `start` and `time` together", end_of},
    {"time", Type::number, kMs, kHead, "how long it took, in milliseconds", [](Context& c) { return size_at(c, P::entry, "time"); }},
    {"method", Type::string, Unit::none, kHead, "the method of the request: `\"GET\"`",
     [](Context& c) { return string_at(c, P::request, "method"); }},
    {"url", Type::string, Unit::none, kHead, "the whole URL", [](Context& c) { return string_at(c, P::request, "url"); }},
    {"scheme", Type::string, Unit::none, kUrl, "`\"https\"`, `\"wss\"` …",
     [](Context& c) { return some(c.work->url(*c.subject).scheme); }},
    {"host", Type::string, Unit::none, kUrl, "the URL's host, in lower case, without its port",
     [](Context& c) { return some(c.work->url(*c.subject).host); }},
    {"port", Type::number, Unit::none, kUrl, "the URL's port, or else its scheme's own",
     [](Context& c) {
       const auto port = c.work->url(*c.subject).port;
       return port ? Value::of(static_cast<double>(*port)) : Value();
     }},
    {"path", Type::string, Unit::none, kUrl, "the URL's path, as it is written",
     [](Context& c) { return some(c.work->url(*c.subject).path); }},
    {"query", Type::string, Unit::none, kUrl, "all behind the URL's `?`, as it is written",
     [](Context& c) {
       const UrlParts& url = c.work->url(*c.subject);
       return url.has_query ? Value::of(url.query) : Value();
     }},
    {"query.NAME", Type::string, Unit::none, kUrl, "values of that parameter of the URL, decoded", nullptr, each_parameter},
    {"fragment", Type::string, Unit::none, kUrl, "all behind the URL's `#`",
     [](Context& c) {
       const UrlParts& url = c.work->url(*c.subject);
       return url.has_fragment ? Value::of(url.fragment) : Value();
     }},
    {"http", Type::string, Unit::none, kHead, "the version of HTTP, as it is written, of the response, or else the request",
     [](Context& c) {
       const Value said = some_at(c, P::response, "httpVersion");
       return said.kind == Kind::null ? some_at(c, P::request, "httpVersion") : said;
     }},
    {"status", Type::number, Unit::none, kHead, "the status of the response; as writers have it 0 or -1 without one",
     [](Context& c) { return number_at(c, P::response, "status"); }},
    {"statusText", Type::string, Unit::none, kHead, "the text beside it", [](Context& c) { return string_at(c, P::response, "statusText"); }},
    {"redirect", Type::string, Unit::none, kHead, "where the response redirects to (redirectURL)",
     [](Context& c) { return some_at(c, P::response, "redirectURL"); }},
    {"mime", Type::string, Unit::none, kHead, "the media type of the response, in lower case, without parameters: `\"text/html\"`",
     [](Context& c) { return some(essence(c.entry().media_type(), *c.work)); }},
    {"req.mime", Type::string, Unit::none, kHead, "the media type of the request's body, likewise",
     [](Context& c) {
       const Value said = some_at(c, P::post_data, "mimeType");
       return some(essence(said.text, *c.work));
     }},
    {"type", Type::string, Unit::none, kHead,
     "what it is for a browser: `document` `stylesheet` `script` `image` `font` `media` `xhr` `fetch` `eventsource` `websocket` …; "
     "`_resourceType`, or else by the media type",
     [](Context& c) { return Value::of(resource_type(c)); }},
    {"req.header.NAME", Type::string, Unit::none, kHeaders, "values of that header of the request, the name in any case", nullptr,
     [](Context& c, std::string_view name, Visit visit) {
       return each_pair(c, c.entry().find(P::request, "headers"), name, true, visit);
     }},
    {"resp.header.NAME", Type::string, Unit::none, kHeaders, "of the response", nullptr,
     [](Context& c, std::string_view name, Visit visit) {
       return each_pair(c, c.entry().find(P::response, "headers"), name, true, visit);
     }},
    {"req.cookie.NAME", Type::string, Unit::none, kHeaders, "values of that cookie that was sent: of `cookies`, or else the Cookie headers",
     nullptr, [](Context& c, std::string_view name, Visit visit) { return each_cookie_of(c, P::request, name, visit); }},
    {"resp.cookie.NAME", Type::string, Unit::none, kHeaders, "of that cookie that was set", nullptr,
     [](Context& c, std::string_view name, Visit visit) { return each_cookie_of(c, P::response, name, visit); }},
    {"req.size", Type::number, kBytes, kHead, "octets of the request's body, as they were sent (bodySize), or else as they are here",
     request_size},
    {"resp.size", Type::number, kBytes, kHead, "octets of the response's body as they were transferred (bodySize)",
     [](Context& c) { return size_at(c, P::response, "bodySize"); }},
    {"body.size", Type::number, kBytes, kHead, "octets of the response's body, unpacked (content.size), or else as they are here", body_size},
    {"transferred", Type::number, kBytes, kHead, "octets of the whole response on the wire (_transferSize, or head and body together)",
     transferred},
    {"body", Type::string, Unit::none, kBody, "the response's body, unpacked; for JSON Pointers too: `body:/items/0/id`",
     [](Context& c) { return octets(c.work->response_body(*c.subject)); }},
    {"req.body", Type::string, Unit::none, kBody, "the request's body, likewise",
     [](Context& c) { return octets(c.work->request_body(*c.subject)); }},
    {"timings.blocked", Type::number, kMs, kHead, "milliseconds until a connection was there; null for -1, as of all timings",
     [](Context& c) { return phase(c, "blocked"); }},
    {"timings.dns", Type::number, kMs, kHead, "to look the host up", [](Context& c) { return phase(c, "dns"); }},
    {"timings.connect", Type::number, kMs, kHead, "to connect, TLS included", [](Context& c) { return phase(c, "connect"); }},
    {"timings.ssl", Type::number, kMs, kHead, "to make TLS of it", [](Context& c) { return phase(c, "ssl"); }},
    {"timings.send", Type::number, kMs, kHead, "to send the request", [](Context& c) { return phase(c, "send"); }},
    {"timings.wait", Type::number, kMs, kHead, "to wait for the response", [](Context& c) { return phase(c, "wait"); }},
    {"timings.receive", Type::number, kMs, kHead, "to read the response", [](Context& c) { return phase(c, "receive"); }},
    {"ttfb", Type::number, kMs, kHead, "milliseconds from the start to the response's first octet: all of these up to `wait`",
     time_to_first_byte},
    {"ip", Type::string, Unit::none, kHead, "the server's address (serverIPAddress)", [](Context& c) { return some_at(c, P::entry, "serverIPAddress"); }},
    {"connection", Type::string, Unit::none, kHead, "the connection's name", [](Context& c) { return some_at(c, P::entry, "connection"); }},
    {"page", Type::string, Unit::none, kHead, "the id of the page that it belongs to (pageref)", [](Context& c) { return some_at(c, P::entry, "pageref"); }},
    {"page.title", Type::string, Unit::none, kHead, "that page's title, if the log lists its pages before the entries", page_title},
    {"initiator", Type::string, Unit::none, kHead, "what began it (_initiator.type): `parser`, `script` …",
     [](Context& c) { return inside(c, "_initiator", "type"); }},
    {"initiator.url", Type::string, Unit::none, kHead, "the file that began it", [](Context& c) { return inside(c, "_initiator", "url"); }},
    {"comment", Type::string, Unit::none, kHead, "the entry's comment", [](Context& c) { return some_at(c, P::entry, "comment"); }},
    {"cached", Type::boolean, Unit::none, kHead, "whether it came out of the browser's cache (_fromCache)", [](Context& c) { return flag(c, "_fromCache"); }},
    {"error", Type::string, Unit::none, kHead, "why there is no whole response (_error)", error_of},
    {"incomplete", Type::boolean, Unit::none, kHead, "whether it was still open when recording stopped (_incomplete)",
     [](Context& c) { return flag(c, "_incomplete"); }},
    {"mocked", Type::boolean, Unit::none, kHead, "whether a mock answered it (_mocked)", [](Context& c) { return flag(c, "_mocked"); }},
    {"ws", Type::messages, Unit::none, kMessages, "its WebSocket messages: for `has`, `any`, `all`, `count`"},
    {"ws.count", Type::number, Unit::none, kMessages, "how many there are",
     [](Context& c) { return messages_where(c, Which::websocket, [](const FoundMessage&) { return true; }); }},
    {"ws.sent", Type::number, Unit::none, kMessages, "how many were sent",
     [](Context& c) {
       return messages_where(c, Which::websocket, [](const FoundMessage& m) { return m.message.direction == stream::Direction::send; });
     }},
    {"ws.received", Type::number, Unit::none, kMessages, "how many were received",
     [](Context& c) {
       return messages_where(c, Which::websocket,
                             [](const FoundMessage& m) { return m.message.direction == stream::Direction::receive; });
     }},
    {"ws.bytes", Type::number, kBytes, kMessages, "octets of them all",
     [](Context& c) {
       double sum = 0;
       for (const FoundMessage& message : c.work->messages(*c.subject, Which::websocket)) {
         const std::size_t mark = c.work->mark();
         sum += static_cast<double>(data_of(message, *c.work).size());
         c.work->release(mark);
       }
       return Value::of(sum);
     }},
    {"ws.close", Type::number, Unit::none, kHead, "the code that closed the WebSocket", close_code},
    {"sse", Type::messages, Unit::none, kMessages, "its server-sent events: for `has`, `any`, `all`, `count`"},
    {"sse.count", Type::number, Unit::none, kMessages, "how many there are",
     [](Context& c) { return messages_where(c, Which::events, [](const FoundMessage&) { return true; }); }},
    {"m.index", Type::number, Unit::none, kFree, "the number of the message in its entry, from 0, in the order of time",
     [](Context& c) { return Value::of(static_cast<double>(c.message->message.index)); }, nullptr, true},
    {"m.dir", Type::string, Unit::none, kFree, "`\"send\"` or `\"receive\"`; events are received",
     [](Context& c) { return Value::of(stream::to_string(c.message->message.direction)); }, nullptr, true},
    {"m.opcode", Type::number, Unit::none, kFree, "1 for text, 2 for binary, 9 and 10 for ping and pong; null for events",
     [](Context& c) { return c.message->message.event ? Value() : Value::of(static_cast<double>(c.message->message.opcode)); },
     nullptr, true},
    {"m.time", Type::time, Unit::none, kFree, "when it came or went", [](Context& c) { return Value::of(c.message->message.time); },
     nullptr, true},
    {"m.after", Type::number, kMs, kHead, "milliseconds since its request began",
     [](Context& c) {
       const auto start = c.entry().started();
       if (!start) return Value();
       return Value::of(std::chrono::duration<double, std::milli>(c.message->message.time - *start).count());
     },
     nullptr, true},
    {"m.data", Type::string, Unit::none, kHeaders, "its data; for JSON Pointers too: `m.data:/type`",
     [](Context& c) { return Value::of(data_of(*c.message, *c.work)); }, nullptr, true},
    {"m.size", Type::number, kBytes, kHeaders, "octets of its data",
     [](Context& c) { return Value::of(static_cast<double>(data_of(*c.message, *c.work).size())); }, nullptr, true},
    {"m.event", Type::string, Unit::none, kFree, "the type of an event, `\"message\"` if it has none; null for WebSockets",
     [](Context& c) { return c.message->message.event ? Value::of(c.message->message.name) : Value(); }, nullptr, true},
    {"m.id", Type::string, Unit::none, kFree, "the last event id", [](Context& c) { return some(c.message->message.id); }, nullptr, true},
    {"m.mocked", Type::boolean, Unit::none, kFree, "whether a mock sent it", [](Context& c) { return Value::of(c.message->message.mocked); },
     nullptr, true},
};

class FieldNode final : public Node {
 public:
  explicit FieldNode(const Field& field) : value_(field.value) {
    type = field.type;
    unit = field.unit;
    cost = field.cost;
  }
  Value value(Context& context) const override { return value_ == nullptr ? Value() : value_(context); }

 private:
  Value (*value_)(Context&);
};

class MapNode final : public Node {
 public:
  MapNode(const Field& field, std::string name) : each_(field.each), name_(std::move(name)) {
    type = field.type;
    cost = field.cost;
    list = true;
  }
  Value value(Context& context) const override {
    Value out;
    (void)each_(context, name_, [&](const Value& value) {
      out = value;
      return true;
    });
    return out;
  }
  bool each(Context& context, Visit visit) const override { return each_(context, name_, visit); }

 private:
  bool (*each_)(Context&, std::string_view, Visit);
  std::string name_;
};

constexpr std::string_view kAnyName = ".NAME";

}  // namespace

std::span<const Field> all_fields() { return kFields; }

const Field* find_field(std::string_view name) {
  for (const Field& field : kFields) {
    if (field.name == name) return &field;
  }
  return nullptr;
}

bool is_map(std::string_view name) {
  return std::any_of(std::begin(kFields), std::end(kFields), [&](const Field& field) {
    return field.each != nullptr && field.name.substr(0, field.name.size() - kAnyName.size()) == name;
  });
}

NodePtr make_field(const Field& field) { return std::make_unique<FieldNode>(field); }
NodePtr make_map_field(const Field& field, std::string name) { return std::make_unique<MapNode>(field, std::move(name)); }

std::string_view type_name(Type type) {
  switch (type) {
    case Type::null:
      return "null";
    case Type::boolean:
      return "a boolean";
    case Type::number:
      return "a number";
    case Type::string:
      return "a string";
    case Type::time:
      return "a time";
    case Type::json:
      return "JSON";
    case Type::messages:
      return "messages";
    case Type::any:
      break;
  }
  return "a value";
}

const std::vector<FieldInfo>& fields() {
  static const std::vector<FieldInfo> kTable = [] {
    std::vector<FieldInfo> out;
    for (const Field& field : kFields) {
      const bool list = field.each != nullptr;
      const std::string_view type = field.type == Type::number    ? "number"
                                    : field.type == Type::boolean ? "boolean"
                                    : field.type == Type::time    ? "time"
                                    : field.type == Type::json    ? "JSON"
                                    : list                        ? "strings"
                                    : field.type == Type::string  ? "string"
                                                                  : "messages";
      out.push_back({field.name, type, field.what});
    }
    return out;
  }();
  return kTable;
}

}  // namespace har::query
