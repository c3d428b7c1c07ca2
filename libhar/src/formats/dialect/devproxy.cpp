// Dev Proxy: what its HarGeneratorPlugin writes (DevProxy.Plugins/Models/Har.cs). Binary bodies are base64 all the same: it has
// the member, and writes them as Latin-1 that nobody can tell from text.
#include <fmt/format.h>

#include <algorithm>

#include "formats/dialect/dialect.hpp"
#include "stream/text/timestamp.hpp"

namespace har::format::dialect {
namespace {

using stream::Json;

constexpr std::string_view kMembers[] = {"_resourceType", "_webSocketMessages"};

/// Seven digits, as .NET's round-trip form has.
std::string round_trip(std::string_view text) {
  const auto time = stream::parse_iso8601(text);
  if (!time) return std::string(text);
  const auto since = time->time.time_since_epoch();
  const auto seconds = std::chrono::floor<std::chrono::seconds>(since);
  const std::string whole = stream::format_iso8601(stream::WallTime(seconds));
  return fmt::format("{}.{:07}Z", whole.substr(0, 19), (since - seconds).count() / 100);
}

bool adapt(Json& entry, const stream::Exchange*, const stream::Place& place, const stream::FindingSink& report) {
  Json& request = *entry.find("request");
  entry.set("startedDateTime", round_trip(entry["startedDateTime"].string_or("")));
  request.set("url", with_scheme(request["url"].string_or(""), false));
  if (Json* post = request.find("postData"); post != nullptr) post->erase("params");  // its text says it
  if (!is_websocket(entry)) {
    drop_resource_type(entry, "devproxy", place, report);
    return true;
  }
  Json& messages =
      entry["_webSocketMessages"].is_array() ? *entry.find("_webSocketMessages") : entry.set("_webSocketMessages", Json::array());
  if (std::erase_if(messages.as_array(), [](const Json& message) { return message["type"].string_or("") == "error"; }) > 0)
    report_loss("websocket-error", "errors are left out: Dev Proxy has messages and closes only", place, report);
  const bool none = messages.as_array().empty();
  entry.erase("_webSocketClose");  // it is among them
  if (none) {
    entry.erase("_webSocketMessages");
    entry.erase("_resourceType");
  } else {
    entry.set("_resourceType", "websocket");
  }
  return true;
}

}  // namespace

const Shape kDevProxy{"devproxy", kMembers, Shape::Messages::seconds, true, adapt};

}  // namespace har::format::dialect
