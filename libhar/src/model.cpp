// Reading and writing of the model. Each struct has one list of its members' names (fields()); everything else is generic.
#include "har/model.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <concepts>

namespace har {

using stream::Json;
using stream::JsonMember;

Number::Number(double value) {
  const Json json(value);
  if (json.is_number()) text_ = json.number_text();
}

const Json* Extras::find(std::string_view name) const {
  for (const Slot& slot : slots_) {
    if (slot.value && slot.name == name) return &*slot.value;
  }
  return nullptr;
}

void Extras::set(std::string_view name, Json value) {
  for (Slot& slot : slots_) {
    if (slot.value && slot.name == name) {
      slot.value = std::move(value);
      return;
    }
  }
  slots_.push_back({std::string(name), std::move(value)});
}

class ModelAccess {
 public:
  static auto& slots(Extras& extras) { return extras.slots_; }
  static const auto& slots(const Extras& extras) { return extras.slots_; }
  static void mark_read(Extras& extras) { extras.read_ = true; }
  static bool was_read(const Extras& extras) { return extras.read_; }
};

namespace {

// ---- the members of each object, in the order of the specification

#define HAR_FIELDS(Type) \
  template <class Self, class Visit> \
    requires std::same_as<std::remove_const_t<Self>, Type> \
  void fields(Self& self, Visit visit)

HAR_FIELDS(NameValue) {
  visit("name", self.name);
  visit("value", self.value);
  visit("comment", self.comment);
}
HAR_FIELDS(Cookie) {
  visit("name", self.name);
  visit("value", self.value);
  visit("path", self.path);
  visit("domain", self.domain);
  visit("expires", self.expires);
  visit("httpOnly", self.http_only);
  visit("secure", self.secure);
  visit("sameSite", self.same_site);
  visit("comment", self.comment);
}
HAR_FIELDS(PostParam) {
  visit("name", self.name);
  visit("value", self.value);
  visit("fileName", self.file_name);
  visit("contentType", self.content_type);
  visit("comment", self.comment);
}
HAR_FIELDS(PostData) {
  visit("mimeType", self.mime_type);
  visit("params", self.params);
  visit("text", self.text);
  visit("_encoding", self.encoding);
  visit("comment", self.comment);
}
HAR_FIELDS(Request) {
  visit("method", self.method);
  visit("url", self.url);
  visit("httpVersion", self.http_version);
  visit("cookies", self.cookies);
  visit("headers", self.headers);
  visit("queryString", self.query_string);
  visit("postData", self.post_data);
  visit("headersSize", self.headers_size);
  visit("bodySize", self.body_size);
  visit("comment", self.comment);
}
HAR_FIELDS(Content) {
  visit("size", self.size);
  visit("compression", self.compression);
  visit("mimeType", self.mime_type);
  visit("text", self.text);
  visit("encoding", self.encoding);
  visit("_file", self.file);
  visit("comment", self.comment);
}
HAR_FIELDS(Response) {
  visit("status", self.status);
  visit("statusText", self.status_text);
  visit("httpVersion", self.http_version);
  visit("cookies", self.cookies);
  visit("headers", self.headers);
  visit("content", self.content);
  visit("redirectURL", self.redirect_url);
  visit("headersSize", self.headers_size);
  visit("bodySize", self.body_size);
  visit("comment", self.comment);
  visit("_transferSize", self.transfer_size);
  visit("_error", self.error);
}
HAR_FIELDS(CacheState) {
  visit("expires", self.expires);
  visit("lastAccess", self.last_access);
  visit("eTag", self.e_tag);
  visit("hitCount", self.hit_count);
  visit("comment", self.comment);
}
HAR_FIELDS(Cache) {
  visit("beforeRequest", self.before_request);
  visit("afterRequest", self.after_request);
  visit("comment", self.comment);
}
HAR_FIELDS(Timings) {
  visit("blocked", self.blocked);
  visit("dns", self.dns);
  visit("connect", self.connect);
  visit("send", self.send);
  visit("wait", self.wait);
  visit("receive", self.receive);
  visit("ssl", self.ssl);
  visit("comment", self.comment);
}
HAR_FIELDS(WebSocketMessage) {
  visit("type", self.type);
  visit("time", self.time);
  visit("opcode", self.opcode);
  visit("data", self.data);
}
HAR_FIELDS(WebSocketClose) {
  visit("code", self.code);
  visit("reason", self.reason);
  visit("timestamp", self.timestamp);
}
HAR_FIELDS(EventSourceMessage) {
  visit("time", self.time);
  visit("eventName", self.event_name);
  visit("eventId", self.event_id);
  visit("data", self.data);
}
HAR_FIELDS(StreamChunk) {
  visit("time", self.time);
  visit("offset", self.offset);
  visit("size", self.size);
  visit("dir", self.dir);
}
HAR_FIELDS(Entry) {
  visit("pageref", self.pageref);
  visit("startedDateTime", self.started_date_time);
  visit("time", self.time);
  visit("request", self.request);
  visit("response", self.response);
  visit("cache", self.cache);
  visit("timings", self.timings);
  visit("serverIPAddress", self.server_ip_address);
  visit("connection", self.connection);
  visit("comment", self.comment);
  visit("_resourceType", self.resource_type);
  visit("_webSocketMessages", self.web_socket_messages);
  visit("_webSocketClose", self.web_socket_close);
  visit("_eventSourceMessages", self.event_source_messages);
  visit("_streamChunks", self.stream_chunks);
  visit("_error", self.error);
  visit("_incomplete", self.incomplete);
  visit("_mocked", self.mocked);
}
HAR_FIELDS(Creator) {
  visit("name", self.name);
  visit("version", self.version);
  visit("comment", self.comment);
}
HAR_FIELDS(PageTimings) {
  visit("onContentLoad", self.on_content_load);
  visit("onLoad", self.on_load);
  visit("comment", self.comment);
}
HAR_FIELDS(Page) {
  visit("startedDateTime", self.started_date_time);
  visit("id", self.id);
  visit("title", self.title);
  visit("pageTimings", self.page_timings);
  visit("comment", self.comment);
}
HAR_FIELDS(Log) {
  visit("version", self.version);
  visit("creator", self.creator);
  visit("browser", self.browser);
  visit("pages", self.pages);
  visit("comment", self.comment);
}

#undef HAR_FIELDS

template <class T>
concept Object = requires(T object) { object.extras; };

// ---- reading: true if the value is of the member's type

bool read(const Json& json, std::string& out) {
  if (!json.is_string()) return false;
  out = json.as_string();
  return true;
}
bool read(const Json& json, bool& out) {
  if (!json.is_bool()) return false;
  out = json.as_bool();
  return true;
}
bool read(const Json& json, Number& out) {
  if (!json.is_number()) return false;
  out = Number(Json::Number{json.number_text()});
  return true;
}
template <Object T>
bool read(const Json& json, T& out);
template <class T>
bool read(const Json& json, std::vector<T>& out) {
  if (!json.is_array()) return false;
  for (const Json& item : json.as_array()) {
    if (read(item, out.emplace_back())) continue;
    out.clear();
    return false;
  }
  return true;
}
template <class T>
bool read(const Json& json, std::optional<T>& out) {
  if (read(json, out.emplace())) return true;
  out.reset();
  return false;
}

template <Object T>
bool read(const Json& json, T& out) {
  if (!json.is_object()) return false;
  auto& slots = ModelAccess::slots(out.extras);
  ModelAccess::mark_read(out.extras);
  for (const JsonMember& member : json.as_object()) {
    const bool seen = std::any_of(slots.begin(), slots.end(), [&](const auto& slot) { return slot.name == member.name; });
    bool taken = false;
    if (!seen) {  // of members with the same name the first is the struct's
      fields(out, [&](std::string_view name, auto& field) { taken = taken || (name == member.name && read(member.value, field)); });
    }
    slots.push_back({member.name, taken ? std::nullopt : std::optional(member.value)});
  }
  return true;
}

// ---- writing

Json write(const std::string& value) { return Json(value); }
Json write(bool value) { return Json(value); }
Json write(const Number& value) { return Json(Json::Number{value.text()}); }
template <Object T>
Json write(const T& value);
template <class T>
Json write(const std::vector<T>& value) {
  Json::Array items;
  for (const T& item : value) items.push_back(write(item));
  return Json(std::move(items));
}

/// A member's value, if it is to be written; `required` ones always are.
template <class T>
std::optional<Json> value_of(const std::optional<T>& field, bool) {
  return field ? std::optional(write(*field)) : std::nullopt;
}
template <class T>
std::optional<Json> value_of(const T& field, bool required) {
  return required ? std::optional(write(field)) : std::nullopt;
}

template <Object T>
Json write(const T& value) {
  const auto& slots = ModelAccess::slots(value.extras);
  const bool was_read = ModelAccess::was_read(value.extras);
  const T fresh{};
  Json::Object members;
  const auto field_value = [&](std::string_view wanted, bool in_place) {
    std::optional<Json> found;
    fields(value, [&](std::string_view name, const auto& field) {
      if (name == wanted) found = value_of(field, in_place);
    });
    return found;
  };
  const auto changed = [&](std::string_view wanted) {
    // A member that could not be read keeps what stood there, until the struct's own member is given a value.
    std::optional<Json> now;
    std::optional<Json> before;
    fields(value, [&](std::string_view name, const auto& field) {
      if (name == wanted) now = value_of(field, true);
    });
    fields(fresh, [&](std::string_view name, const auto& field) {
      if (name == wanted) before = value_of(field, true);
    });
    return now != before;
  };
  const auto own = [&](std::string_view wanted) {
    return std::any_of(slots.begin(), slots.end(), [&](const auto& slot) { return slot.name == wanted && !slot.value; });
  };
  for (const auto& slot : slots) {
    const bool replaced = slot.value && !own(slot.name) && changed(slot.name);
    if (slot.value && !replaced) {
      members.push_back({slot.name, *slot.value});
    } else if (auto json = field_value(slot.name, true)) {
      members.push_back({slot.name, std::move(*json)});
    }
  }
  fields(value, [&](std::string_view name, const auto& field) {
    if (std::any_of(slots.begin(), slots.end(), [&](const auto& slot) { return slot.name == name; })) return;
    const bool wanted = !was_read || changed(name);
    if (auto json = value_of(field, wanted)) members.push_back({std::string(name), std::move(*json)});
  });
  return Json(std::move(members));
}

template <class T>
stream::Result<T> read_object(const Json& json, std::string_view what) {
  T out;
  if (read(json, out)) return out;
  return stream::fail({stream::ErrorCode::syntax, fmt::format("expected {}, an object, found {}", what, to_string(json.kind()))});
}

}  // namespace

stream::Result<Entry> read_entry(const Json& json) { return read_object<Entry>(json, "an entry"); }
stream::Result<Log> read_log(const Json& json) { return read_object<Log>(json, "a log"); }
Json to_json(const Entry& entry) { return write(entry); }
Json to_json(const Log& log) { return write(log); }

}  // namespace har
