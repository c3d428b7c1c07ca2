#include <array>
#include <string>

#include "check/importers/javascript.hpp"
#include "check/importers/report.hpp"
#include "check/words.hpp"

/// Chrome (and Edge, Opera, Brave, Electron): the Network panel of DevTools, as of Chromium 156. It turns the JSON into objects
/// of its own, and refuses the whole file for one value that it cannot turn; then it makes requests of them.
namespace har::check::importers {
namespace {

using stream::Json;

class Importer {
 public:
  explicit Importer(Report& report) : report_(report) {}

  void creator(const At& at, const Json* value) {
    if (!object(at, value)) return;
    for (const std::string_view name : {"name", "version", "comment"}) text(at, name, *value);
  }

  void page(const At& at, const Json* value) {
    if (!object(at, value)) return;
    date(at, "startedDateTime", *value);
    for (const std::string_view name : {"id", "title", "comment"}) text(at, name, *value);
    const At timings(at, "pageTimings");
    const Json* const times = value->find("pageTimings");
    if (!object(timings, times)) return;
    for (const std::string_view name : {"onContentLoad", "onLoad"}) optional_number(timings, name, *times);
    text(timings, "comment", *times);
  }

  void log(const At& at, const Json::Object& members) {
    for (const std::string_view name : {"version", "comment"}) text(At(at, name), find(members, name));
    creator(At(at, "creator"), find(members, "creator"));
    const Json* const browser = find(members, "browser");
    if (javascript::truthy(browser)) creator(At(at, "browser"), browser);
    const At pages(at, "pages");
    const Json* const list = find(members, "pages");
    if (list != nullptr && list->is_array()) {
      for (std::size_t i = 0; i < list->as_array().size(); ++i) page(At(pages, i), &list->as_array()[i]);
    } else if (list != nullptr && !list->is_null()) {
      report_.misread(pages, "expected an array, found " + found(list) + ": Chrome passes over it");
    }
  }

  void entry(const Json& value) {
    const At at;
    for (const std::string_view name :
         {"pageref", "serverIPAddress", "connection", "comment", "_connectionId", "_fromCache", "_priority", "_resourceType"}) {
      text(at, name, value);
    }
    date(at, "startedDateTime", value);
    number(at, "time", value);
    request(At(at, "request"), value.find("request"));
    response(At(at, "response"), value.find("response"));
    timings(At(at, "timings"), value.find("timings"));
    initiator(At(at, "_initiator"), value.find("_initiator"));
    messages(At(at, "_webSocketMessages"), value.find("_webSocketMessages"), {"time", "opcode", "data", "type"}, 2);
    messages(At(at, "_eventSourceMessages"), value.find("_eventSourceMessages"), {"time", "eventName", "eventId", "data"}, 1);
  }

 private:
  using Part = void (Importer::*)(const At& at, const Json* value);

  bool object(const At& at, const Json* value) {
    // typeof is "object" for arrays too: they are objects without the members that are asked for.
    if (value != nullptr && (value->is_object() || value->is_array())) return true;
    report_.refuse(at, "expected an object, found " + found(value) + ": Chrome refuses the whole file");
    return false;
  }

  /// String(value) is all that Chrome does.
  void text(const At& at, const Json* value) {
    if (!javascript::throws_as_string(value)) return;
    report_.refuse(at, "expected a string, found an object with a member \"toString\": Chrome refuses the whole file");
  }
  void text(const At& at, std::string_view name, const Json& object) { text(At(at, name), object.find(name)); }

  /// What is shown to the user, who gets "undefined" to see if it is not there.
  void shown(const At& at, std::string_view name, const Json& object) {
    const Json* const value = object.find(name);
    text(at, name, object);
    if (value != nullptr && !value->is_null() && !value->is_object() && !value->is_array()) return;
    report_.misread(At(at, name), "expected a string, found " + found(value) + ": Chrome takes " +
                                      quoted(javascript::to_string(value).value_or("")) + " for it");
  }

  void number(const At& at, std::string_view name, const Json& object) {
    const Json* const value = object.find(name);
    if (javascript::is_number(value)) return;
    report_.refuse(At(at, name), "expected a number, found " + found(value) +
                                     ": Chrome refuses the whole file (Casting to number results in NaN)");
  }

  void optional_number(const At& at, std::string_view name, const Json& object) {
    if (object.find(name) != nullptr) number(at, name, object);
  }

  void date(const At& at, std::string_view name, const Json& object) {
    const Json* const value = object.find(name);
    if (javascript::is_date(value)) return;
    report_.refuse(At(at, name),
                   "expected a date, found " + found(value) + ": Chrome refuses the whole file (Invalid date format)");
  }

  /// Arrays are taken element by element; anything else is taken for an empty one.
  void list(const At& at, std::string_view name, const Json& object, Part part) {
    const Json* const value = object.find(name);
    const At here(at, name);
    if (value == nullptr) return;
    if (!value->is_array()) {
      if (!value->is_null()) report_.misread(here, "expected an array, found " + found(value) + ": Chrome passes over it");
      return;
    }
    for (std::size_t i = 0; i < value->as_array().size(); ++i) (this->*part)(At(here, i), &value->as_array()[i]);
  }

  void header(const At& at, const Json* value) {
    if (!object(at, value)) return;
    shown(at, "name", *value);
    shown(at, "value", *value);
    text(at, "comment", *value);
  }

  void query(const At& at, const Json* value) {
    if (!object(at, value)) return;
    for (const std::string_view name : {"name", "value", "comment"}) text(at, name, *value);
  }

  void param(const At& at, const Json* value) {
    if (!object(at, value)) return;
    for (const std::string_view name : {"name", "value", "fileName", "contentType", "comment"}) text(at, name, *value);
  }

  void cookie(const At& at, const Json* value) {
    if (!object(at, value)) return;
    shown(at, "name", *value);
    shown(at, "value", *value);
    for (const std::string_view name : {"path", "domain", "comment"}) text(at, name, *value);
    if (javascript::truthy(value->find("expires"))) date(at, "expires", *value);
  }

  void request(const At& at, const Json* value) {
    if (!object(at, value)) return;
    shown(at, "method", *value);
    shown(at, "url", *value);
    for (const std::string_view name : {"httpVersion", "comment"}) text(at, name, *value);
    list(at, "cookies", *value, &Importer::cookie);
    list(at, "headers", *value, &Importer::header);
    list(at, "queryString", *value, &Importer::query);
    const Json* const post = value->find("postData");
    const At body(at, "postData");
    if (javascript::truthy(post) && object(body, post)) {
      for (const std::string_view name : {"mimeType", "comment"}) text(body, name, *post);
      list(body, "params", *post, &Importer::param);
      shown(body, "text", *post);
    }
    number(at, "headersSize", *value);
    number(at, "bodySize", *value);
  }

  void response(const At& at, const Json* value) {
    if (!object(at, value)) return;
    number(at, "status", *value);
    shown(at, "statusText", *value);
    shown(at, "httpVersion", *value);
    for (const std::string_view name :
         {"redirectURL", "comment", "_error", "_responseCacheStorageCacheName", "_serviceWorkerResponseSource",
          "_serviceWorkerRouterMatchedSourceType", "_serviceWorkerRouterActualSourceType"}) {
      text(at, name, *value);
    }
    list(at, "cookies", *value, &Importer::cookie);
    list(at, "headers", *value, &Importer::header);
    const At content(at, "content");
    const Json* const body = value->find("content");
    if (object(content, body)) {
      number(content, "size", *body);
      optional_number(content, "compression", *body);
      shown(content, "mimeType", *body);
      for (const std::string_view name : {"text", "encoding", "comment"}) text(content, name, *body);
    }
    number(at, "headersSize", *value);
    number(at, "bodySize", *value);
    optional_number(at, "_transferSize", *value);
    optional_number(at, "_serviceWorkerRouterRuleIdMatched", *value);
  }

  void timings(const At& at, const Json* value) {
    if (!object(at, value)) return;
    for (const std::string_view name : {"send", "wait", "receive"}) number(at, name, *value);
    for (const std::string_view name :
         {"blocked", "dns", "connect", "ssl", "_blocked_queueing", "_blocked_proxy", "_workerStart", "_workerReady",
          "_workerFetchStart", "_workerRespondWithSettled", "_workerRouterEvaluationStart", "_workerCacheLookupStart"}) {
      optional_number(at, name, *value);
    }
    text(at, "comment", *value);
  }

  void initiator(const At& at, const Json* value) {
    // typeof null is "object" as well: null, which other programs write, is refused; a string, which some write, is not.
    if (value == nullptr || !(value->is_null() || value->is_object() || value->is_array()) || !object(at, value)) return;
    for (const std::string_view name : {"type", "url", "requestId"}) text(at, name, *value);
    optional_number(at, "lineNumber", *value);
    if (javascript::truthy(value->find("stack"))) stack(At(at, "stack"), value->find("stack"));
  }

  void stack(const At& at, const Json* value) {
    if (!object(at, value)) return;
    const Json* const frames = value->find("callFrames");
    const At list(at, "callFrames");
    for (std::size_t i = 0; frames != nullptr && frames->is_array() && i < frames->as_array().size(); ++i) {
      const Json& frame = frames->as_array()[i];
      const At here(list, i);
      if (!javascript::truthy(&frame) || !object(here, &frame)) continue;
      for (const std::string_view name : {"functionName", "scriptId", "url"}) text(here, name, frame);
      for (const std::string_view name : {"lineNumber", "columnNumber"}) optional_number(here, name, frame);
    }
    if (javascript::truthy(value->find("parent"))) stack(At(at, "parent"), value->find("parent"));
    text(at, "description", *value);
    if (const Json* const id = value->find("parentId"); javascript::truthy(id)) {
      const At parent(at, "parentId");
      for (const std::string_view name : {"id", "debuggerId"}) text(parent, name, *id);
    }
  }

  /// WebSocket messages and server-sent events. The first `numbers` of their members are numbers.
  void messages(const At& at, const Json* value, const std::array<std::string_view, 4>& names, std::size_t numbers) {
    if (value == nullptr) return;
    if (!value->is_array()) {
      if (!value->is_null()) report_.misread(at, "expected an array, found " + found(value) + ": Chrome passes over it");
      return;
    }
    const bool events = numbers == 1;
    std::size_t dropped = 0;
    std::size_t first = 0;
    for (std::size_t i = 0; i < value->as_array().size(); ++i) {
      const Json& message = value->as_array()[i];
      const At here(at, i);
      if (!message.is_null() && !message.is_object() && !message.is_array()) {
        report_.misread(here, "expected an object, found " + found(&message) + ": Chrome shows none of the messages");
        return;
      }
      if (!object(here, &message)) continue;
      for (std::size_t name = 0; name < names.size(); ++name) {
        if (name < numbers) {
          optional_number(here, names[name], message);
        } else {
          text(here, names[name], message);
        }
      }
      if (is_shown(message, events)) continue;
      if (dropped++ == 0) first = i;
    }
    if (dropped == 0) return;
    report_.misread(
        At(at, first),
        (events ? "expected time, eventName and eventId" : "expected time, opcode, data, and a type of send, receive or error") +
            std::string(", not all found: Chrome shows ") +
            (dropped == value->as_array().size() ? "none" : std::to_string(dropped) + " fewer") + " of the messages");
  }

  static bool is_shown(const Json& message, bool events) {
    if (message.find("time") == nullptr) return false;
    if (events) return message.find("eventName") != nullptr && message.find("eventId") != nullptr;
    const std::string type = javascript::to_string(message.find("type")).value_or("");
    return message.find("opcode") != nullptr && message.find("data") != nullptr &&
           (type == "send" || type == "receive" || type == "error");
  }

  Report& report_;
};

}  // namespace

void chrome_document(const LogInfo& info, Report& report) {
  const At root;
  Importer(report).log(At(root, "log"), info.log);
}

void chrome_entry(const Json& entry, Report& report) { Importer(report).entry(entry); }

}  // namespace har::check::importers
