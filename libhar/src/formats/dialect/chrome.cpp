// Chrome and its kin (Edge, Opera, Brave): the Network panel's export, which it loads again (front_end/models/har).
#include "formats/dialect/dialect.hpp"

namespace har::format::dialect {
namespace {

using stream::Json;

constexpr std::string_view kMembers[] = {"_initiator",
                                         "_priority",
                                         "_resourceType",
                                         "_fromCache",
                                         "_connectionId",
                                         "_webSocketMessages",
                                         "_eventSourceMessages",
                                         "request.cookies[].sameSite",
                                         "request.cookies[].partitionKey",
                                         "response.cookies[].sameSite",
                                         "response.cookies[].partitionKey",
                                         "response._transferSize",
                                         "response._error",
                                         "response._fetchedViaServiceWorker",
                                         "response._responseCacheStorageCacheName",
                                         "response._serviceWorkerResponseSource",
                                         "response._serviceWorkerRouterRuleIdMatched",
                                         "response._serviceWorkerRouterMatchedSourceType",
                                         "response._serviceWorkerRouterActualSourceType",
                                         "timings._blocked_queueing",
                                         "timings._blocked_proxy",
                                         "timings._workerStart",
                                         "timings._workerReady",
                                         "timings._workerFetchStart",
                                         "timings._workerRespondWithSettled",
                                         "timings._workerRouterEvaluationStart",
                                         "timings._workerCacheLookupStart"};

/// Events that it shows: those that have all their members.
void events(Json& entry, const stream::Place& place, const stream::FindingSink& report) {
  Json* const list = entry.find("_eventSourceMessages");
  if (list == nullptr) return;
  if (!list->is_array()) {
    entry.erase("_eventSourceMessages");
    return;
  }
  const std::size_t dropped = std::erase_if(list->as_array(), [](const Json& event) {
    return !event.is_object() || !event["time"].is_number() || !event["eventName"].is_string() || !event["eventId"].is_string();
  });
  if (dropped > 0)
    report_loss("eventSourceMessages", std::to_string(dropped) + " events without a time, a name and an id are left out", place,
                report);
}

bool adapt(Json& entry, const stream::Exchange* exchange, const stream::Place& place, const stream::FindingSink& report) {
  // null, which other programs write, is refused; some write a text.
  if (const Json* initiator = entry.find("_initiator"); initiator != nullptr && !initiator->is_object()) {
    if (!initiator->is_null()) report_loss("initiator", "_initiator is no object, and left out", place, report);
    entry.erase("_initiator");
  }
  for (const std::string_view name : {"_priority", "_resourceType", "_fromCache", "_connectionId"}) {
    if (const Json* value = entry.find(name); value != nullptr && !value->is_string()) {
      if (value->is_number() || value->is_bool()) {
        entry.set(name, to_json(*value));
      } else {
        if (!value->is_null()) report_loss(name.substr(1), std::string(name) + " is no text, and left out", place, report);
        entry.erase(name);
      }
    }
  }
  Json& response = *entry.find("response");
  for (const std::string_view name : {"_transferSize", "_serviceWorkerRouterRuleIdMatched"}) {
    if (const Json* value = response.find(name); value != nullptr && !value->is_number()) response.erase(name);
  }
  // Ours for the same.
  if (const Json* error = entry.find("_error"); error != nullptr && error->is_string() && response.find("_error") == nullptr) {
    response.set("_error", *error);
    entry.erase("_error");  // from here on `response` is another's
  }
  events(entry, place, report);
  if (!is_websocket(entry)) return true;
  Json& request = *entry.find("request");
  request.set("url", with_scheme(request["url"].string_or(""), true));
  entry.set("_resourceType", "websocket");
  if (exchange == nullptr && entry["_webSocketMessages"].is_null()) entry.set("_webSocketMessages", Json::array());
  return true;
}

}  // namespace

const Shape kChrome{"chrome", kMembers, Shape::Messages::seconds, false, adapt};

}  // namespace har::format::dialect
