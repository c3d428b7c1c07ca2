#include <fmt/format.h>

#include <algorithm>

#include "check/importers.hpp"
#include "formats/dialect/devproxy_bodies.hpp"
#include "formats/dialect/dialect.hpp"
#include "har/exchange.hpp"
#include "stream/text/base64.hpp"
#include "stream/text/utf8.hpp"

namespace har::format::dialect {
namespace {

using stream::Direction;
using stream::Event;
using stream::EventKind;
using stream::Exchange;
using stream::fail;
using stream::Json;
using stream::JsonMember;
using stream::Nanos;
using stream::Result;

constexpr std::string_view kStandard[] = {"pageref",
                                          "startedDateTime",
                                          "time",
                                          "serverIPAddress",
                                          "connection",
                                          "comment",
                                          "request.method",
                                          "request.url",
                                          "request.httpVersion",
                                          "request.cookies[].name",
                                          "request.cookies[].value",
                                          "request.cookies[].path",
                                          "request.cookies[].domain",
                                          "request.cookies[].expires",
                                          "request.cookies[].httpOnly",
                                          "request.cookies[].secure",
                                          "request.cookies[].comment",
                                          "request.headers[].name",
                                          "request.headers[].value",
                                          "request.headers[].comment",
                                          "request.queryString[].name",
                                          "request.queryString[].value",
                                          "request.queryString[].comment",
                                          "request.postData.mimeType",
                                          "request.postData.params[].name",
                                          "request.postData.params[].value",
                                          "request.postData.params[].fileName",
                                          "request.postData.params[].contentType",
                                          "request.postData.params[].comment",
                                          "request.postData.text",
                                          "request.postData.comment",
                                          "request.headersSize",
                                          "request.bodySize",
                                          "request.comment",
                                          "response.status",
                                          "response.statusText",
                                          "response.httpVersion",
                                          "response.cookies[].name",
                                          "response.cookies[].value",
                                          "response.cookies[].path",
                                          "response.cookies[].domain",
                                          "response.cookies[].expires",
                                          "response.cookies[].httpOnly",
                                          "response.cookies[].secure",
                                          "response.cookies[].comment",
                                          "response.headers[].name",
                                          "response.headers[].value",
                                          "response.headers[].comment",
                                          "response.content.size",
                                          "response.content.compression",
                                          "response.content.mimeType",
                                          "response.content.text",
                                          "response.content.encoding",
                                          "response.content.comment",
                                          "response.redirectURL",
                                          "response.headersSize",
                                          "response.bodySize",
                                          "response.comment",
                                          "cache.beforeRequest.expires",
                                          "cache.beforeRequest.lastAccess",
                                          "cache.beforeRequest.eTag",
                                          "cache.beforeRequest.hitCount",
                                          "cache.beforeRequest.comment",
                                          "cache.afterRequest.expires",
                                          "cache.afterRequest.lastAccess",
                                          "cache.afterRequest.eTag",
                                          "cache.afterRequest.hitCount",
                                          "cache.afterRequest.comment",
                                          "cache.comment",
                                          "timings.blocked",
                                          "timings.dns",
                                          "timings.connect",
                                          "timings.send",
                                          "timings.wait",
                                          "timings.receive",
                                          "timings.ssl",
                                          "timings.comment"};

/// Whether `below` is `path` or stands in it.
bool is_in(std::string_view path, std::string_view below) {
  return below.starts_with(path) && (below.size() == path.size() || below[path.size()] == '.' || below[path.size()] == '[');
}

class Retainer {
 public:
  explicit Retainer(HeldMembers members) : members_(members) {}

  void object(Json& value, const std::string& path) const {
    auto& list = value.as_object();
    std::erase_if(list, [&](JsonMember& member) {
      const std::string below = path.empty() ? member.name : path + "." + member.name;
      if (any([&](std::string_view held) { return is_in(held, below); })) return false;  // as a whole
      if (!any([&](std::string_view held) { return is_in(below, held); })) return true;
      if (member.value.is_object()) object(member.value, below);
      if (member.value.is_array()) {
        for (Json& element : member.value.as_array()) {
          if (element.is_object()) object(element, below + "[]");
        }
      }
      return false;
    });
  }

 private:
  template <class Test>
  bool any(const Test& test) const {
    return std::any_of(std::begin(kStandard), std::end(kStandard), test) || std::any_of(members_.begin(), members_.end(), test);
  }
  HeldMembers members_;
};

/// Whether an entry says more than the exchange's own form of it does: what stands in other files, or in a unit of its own.
bool needs_exchange(const Json& entry) {
  return entry["_webSocketMessages"].is_array() || entry["response"]["content"].find("_file") != nullptr;
}

/// What Dev Proxy has written, made true: its bodies, and the sizes that are none.
void mend_devproxy(Json& entry, const LogInfo& info, const stream::Place& place, const stream::FindingSink& report) {
  const auto creator =
      std::find_if(info.log.begin(), info.log.end(), [](const JsonMember& member) { return member.name == "creator"; });
  if (creator == info.log.end() || !is_devproxy(creator->value["name"].string_or(""))) return;
  const auto note = [&](std::string_view rule, std::string message) {
    if (report) report({stream::Level::note, std::string(rule), std::move(message), place});
  };
  for (const std::string_view side : {"request", "response"}) {
    Json* const message = entry.find(side);
    if (message == nullptr || !message->is_object()) continue;
    message->set("headersSize", -1);
    Json* const body = message->find(side == "request" ? "postData" : "content");
    if (body == nullptr || !body->is_object() || !(*body)["text"].is_string() || body->find("encoding") != nullptr) continue;
    const Json& size = side == "request" ? (*message)["bodySize"] : (*body)["size"];
    const DevProxyBody found = devproxy_body((*body)["text"].as_string(), size.int_or(-1), (*body)["mimeType"].string_or(""));
    if (found.kind == DevProxyBody::Kind::octets) {
      body->set("text", stream::base64_encode(found.octets));
      body->set(side == "request" ? "_encoding" : "encoding", "base64");
      note("devproxy-body", fmt::format("the body of the {} is bytes that Dev Proxy wrote as characters", side));
    } else if (found.kind == DevProxyBody::Kind::unclear) {
      note("devproxy-body", fmt::format("the body of the {} may be bytes that Dev Proxy wrote as characters", side));
    }
  }
  note("devproxy-sizes", "headersSize is no size, and the times are zero, as Dev Proxy writes them: the size is left out");
}

check::Profile profile_of(Dialect dialect) {
  switch (dialect) {
    case Dialect::chrome:
      return check::Profile::chrome;
    case Dialect::playwright:
      return check::Profile::playwright;
    case Dialect::mitmproxy:
      return check::Profile::mitmproxy;
    case Dialect::har_1_2:
      return check::Profile::har_schema;
    case Dialect::own:
    case Dialect::devproxy:
      break;
  }
  return check::Profile::regular;  // it loads none, or says nothing
}

}  // namespace

HeldMembers standard_members() { return kStandard; }

const Shape* shape_of(Dialect dialect) {
  switch (dialect) {
    case Dialect::chrome:
      return &kChrome;
    case Dialect::playwright:
      return &kPlaywright;
    case Dialect::mitmproxy:
      return &kMitmproxy;
    case Dialect::devproxy:
      return &kDevProxy;
    case Dialect::har_1_2:
      return &kHar12;
    case Dialect::own:
      break;
  }
  return nullptr;
}

void retain(Json& entry, HeldMembers members) { Retainer(members).object(entry, ""); }

void drop_resource_type(Json& entry, std::string_view dialect, const stream::Place& place, const stream::FindingSink& report) {
  if (entry.find("_resourceType") == nullptr) return;
  if (!entry["_resourceType"].string_or("").empty())
    report_loss("_resourceType", fmt::format("_resourceType is left out: the dialect {} has it for WebSockets", dialect), place,
                report);
  entry.erase("_resourceType");
}

bool is_websocket(const Json& entry) {
  const std::string_view url = entry["request"]["url"].string_or("");
  return entry["_webSocketMessages"].is_array() || entry["_resourceType"].string_or("") == "websocket" ||
         url.starts_with("ws:") || url.starts_with("wss:");
}

std::string with_scheme(std::string_view url, bool socket) {
  constexpr std::pair<std::string_view, std::string_view> kPairs[] = {{"https://", "wss://"}, {"http://", "ws://"}};
  for (const auto& [http, ws] : kPairs) {
    const std::string_view from = socket ? http : ws;
    const std::string_view to = socket ? ws : http;
    if (url.starts_with(from)) return std::string(to).append(url.substr(from.size()));
  }
  return std::string(url);
}

std::string ascii_url(std::string_view url) {
  std::string out;
  for (const char c : url) {
    const auto octet = static_cast<unsigned char>(c);
    if (octet <= 0x20 || octet >= 0x7F || std::string_view("\"<>\\^`{|}").find(c) != std::string_view::npos) {
      out += fmt::format("%{:02X}", octet);
    } else {
      out += c;
    }
  }
  return out;
}

Json messages_of(const Exchange& exchange, const Shape& shape, const stream::Place& place, const stream::FindingSink& report) {
  Json::Array out;
  std::size_t control = 0;
  std::size_t no_text = 0;
  const Nanos start = exchange.start.value_or(stream::WallTime{}).time_since_epoch();
  const auto add = [&](std::string_view type, Nanos t, int opcode, std::string data) {
    const Nanos at = start + t;
    out.push_back(
        Json::Object{{"type", type},
                     {"time", Json::Number{shape.messages == Shape::Messages::milliseconds ? stream::format_decimal_millis(at)
                                                                                           : stream::format_decimal_seconds(at)}},
                     {"opcode", opcode},
                     {"data", std::move(data)}});
  };
  for (const Event& event : exchange.timeline) {
    const bool error = event.kind == EventKind::mark && event.other.size() == 1 && event.other[0].name == "error";
    if (error) {
      add("error", event.t, -1, event.data);
    } else if (shape.closes && (event.kind == EventKind::close || (event.kind == EventKind::message && event.opcode == 8))) {
      if (event.code.value_or(1000) != 1000 || !event.reason.empty())
        report_loss("webSocketClose-code", "the code and the reason of a close are left out", place, report);
      add(to_string(event.direction), event.t, 8, "");
    } else if (event.kind == EventKind::message && event.opcode > 2) {
      ++control;
    } else if (event.kind == EventKind::message) {
      const bool text = event.opcode == 1;
      if (text && !stream::is_utf8(event.data)) ++no_text;
      add(to_string(event.direction), event.t, event.opcode,
          text ? stream::replace_invalid_utf8(event.data) : stream::base64_encode(event.data));
    }
  }
  if (control > 0)
    report_loss("websocket-control", fmt::format("{} pings and the like are left out: the dialect has messages only", control),
                place, report);
  if (no_text > 0)
    report_loss("websocket-bytes", fmt::format("{} text messages are no UTF-8: U+FFFD stands for what is none", no_text), place,
                report);
  return Json(std::move(out));
}

Result<std::optional<Json>> shaped_entry(const Item& item, const RenderContext& context, Dialect dialect,
                                         const WriteOptions& options) {
  const Shape& shape = *shape_of(dialect);
  const ReadOptions read{options.limits, context.report};
  const stream::Place place = item.where();
  std::optional<Exchange> exchange = item.exchange;
  STREAM_ASSIGN(Json entry, entry_of(item, read));
  if (!entry.is_object()) {
    return fail(
        {stream::ErrorCode::syntax, fmt::format("expected an entry, an object, found {}", to_string(entry.kind())), place, {}});
  }
  if (!exchange && needs_exchange(entry)) {
    const auto start = started_at(entry).value_or(stream::WallTime{});
    STREAM_ASSIGN(exchange, exchange_of_entry(entry, item, context.info, context.files, "", start, read));
    entry = to_entry(*exchange);
  }
  mend_devproxy(entry, context.info, place, context.report);
  std::vector<std::string_view> held(std::begin(kStandard), std::end(kStandard));
  held.insert(held.end(), shape.members.begin(), shape.members.end());
  complete(entry, place, context.report);
  const bool socket = is_websocket(entry);
  if (socket && shape.messages != Shape::Messages::none && exchange)
    entry.set("_webSocketMessages", messages_of(*exchange, shape, place, context.report));
  if (shape.adapt != nullptr && !shape.adapt(entry, exchange ? &*exchange : nullptr, place, context.report))
    return std::optional<Json>();
  report_losses(entry, held, fmt::format("the dialect {}", shape.name), place, context.report);
  retain(entry, shape.members);
  check::Marks marks;
  check::import_entry(profile_of(dialect), entry, marks);
  for (const check::Mark& mark : marks) {
    if (mark.regular) continue;  // it is loaded
    stream::Place at = place;
    at.pointer += mark.pointer;
    report_loss("entry", fmt::format("the entry is left out: {}", mark.message), at, context.report);
    return std::optional<Json>();
  }
  return std::optional(std::move(entry));
}

}  // namespace har::format::dialect
