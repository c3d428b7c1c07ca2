// mitmproxy: what savehar writes (addons/savehar.py) and reads as flows (io/har.py), from version 10.1 on.
#include <algorithm>

#include "formats/dialect/dialect.hpp"
#include "stream/text/ascii.hpp"

namespace har::format::dialect {
namespace {

using stream::Json;
using stream::ascii::equal_ignoring_case;

constexpr std::string_view kMembers[] = {
    "_resourceType",          "_webSocketMessages", "request.cookies[].sameSite", "response.cookies[].sameSite",
    "response._transferSize", "response._error"};

/// It codes bodies again as their head says; a coding that it does not know costs the whole file.
void codings(Json& message, std::string_view side, const stream::Place& place, const stream::FindingSink& report) {
  const std::size_t dropped = std::erase_if(message.find("headers")->as_array(), [](const Json& header) {
    if (!equal_ignoring_case(header["name"].string_or(""), "content-encoding")) return false;
    const std::string_view value = header["value"].string_or("");
    return !(value.empty() || equal_ignoring_case(value, "identity") || equal_ignoring_case(value, "gzip") ||
             equal_ignoring_case(value, "deflate") || equal_ignoring_case(value, "br") || equal_ignoring_case(value, "zstd"));
  });
  if (dropped > 0)
    report_loss(std::string(side) + "-headers-content-encoding", "a Content-Encoding that mitmproxy does not know is left out",
                place, report);
}

bool adapt(Json& entry, const stream::Exchange*, const stream::Place& place, const stream::FindingSink& report) {
  Json& request = *entry.find("request");
  Json& response = *entry.find("response");
  request.set("url", ascii_url(with_scheme(request["url"].string_or(""), false)));
  codings(request, "request", place, report);
  codings(response, "response", place, report);
  if (const Json* error = entry.find("_error"); error != nullptr && error->is_string() && response.find("_error") == nullptr) {
    response.set("_error", *error);
    entry.erase("_error");
  }
  if (is_websocket(entry)) {
    entry.set("_resourceType", "websocket");
  } else {
    drop_resource_type(entry, "mitmproxy", place, report);
  }
  return true;
}

}  // namespace

const Shape kMitmproxy{"mitmproxy", kMembers, Shape::Messages::seconds, false, adapt};

}  // namespace har::format::dialect
