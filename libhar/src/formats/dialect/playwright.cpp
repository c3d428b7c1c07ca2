// Playwright: what recordHar writes (server/har/harTracer.ts) and routeFromHAR loads.
#include <algorithm>

#include "body_text.hpp"
#include "formats/dialect/dialect.hpp"
#include "stream/codec/http_grammar.hpp"
#include "stream/text/ascii.hpp"
#include "stream/text/base64.hpp"

namespace har::format::dialect {
namespace {

using stream::Json;
using stream::ascii::to_upper;
using stream::http::is_token;

constexpr std::string_view kMembers[] = {"_resourceType",
                                         "_frameref",
                                         "_monotonicTime",
                                         "_serverPort",
                                         "_securityDetails",
                                         "_wasAborted",
                                         "_wasFulfilled",
                                         "_wasContinued",
                                         "_serviceWorkerRef",
                                         "_apiRequestRef",
                                         "_apiRequest",
                                         "_webSocketMessages",
                                         "request.cookies[].sameSite",
                                         "response.cookies[].sameSite",
                                         "request.postData._file",
                                         "response.content._file",
                                         "response._transferSize",
                                         "response._failureText"};

/// A browser refuses an answer whose headers it cannot have: pseudo headers, and values of several lines but for cookies.
void headers(Json& response, const stream::Place& place, const stream::FindingSink& report) {
  Json::Array out;
  std::size_t dropped = 0;
  for (Json& header : response.find("headers")->as_array()) {
    const std::string name(header["name"].string_or(""));
    if (!is_token(name)) {
      if (!name.starts_with(':')) ++dropped;
      continue;
    }
    std::string value(header["value"].string_or(""));
    std::replace_if(
        value.begin(), value.end(), [](char c) { return c == '\r' || c == '\0'; }, ' ');
    const bool cookie = std::equal(name.begin(), name.end(), std::begin("SET-COOKIE"), std::end("SET-COOKIE") - 1,
                                   [](char a, char b) { return to_upper(a) == b; });
    for (std::string_view rest = value;;) {
      const std::string_view line = cookie ? rest : rest.substr(0, rest.find('\n'));
      Json one = header;
      one.set("value", line);
      out.push_back(std::move(one));
      if (line.size() == rest.size()) break;
      rest.remove_prefix(line.size() + 1);
    }
  }
  if (dropped > 0)
    report_loss("response-headers-name", std::to_string(dropped) + " headers with names that none can have are left out", place,
                report);
  response.set("headers", std::move(out));
}

/// routeFromHAR answers with a text as UTF-8, whatever charset its type names: octets are what the browser reads (harBackend.ts).
void octets(Json& response) {
  Json* const content = response.find("content");
  const Json* const text = content->find("text");
  if (text == nullptr || !text->is_string() || (*content)["encoding"].string_or("") == "base64") return;
  const auto octets = octets_of_text(text->as_string(), response_facts(response));
  if (!octets) return;
  content->set("text", stream::base64_encode(*octets));
  content->set("encoding", "base64");
}

bool adapt(Json& entry, const stream::Exchange*, const stream::Place& place, const stream::FindingSink& report) {
  Json& request = *entry.find("request");
  Json& response = *entry.find("response");
  std::string method(request["method"].string_or(""));
  std::transform(method.begin(), method.end(), method.begin(), to_upper);
  for (const std::string_view known : {"GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH"}) {
    if (method == known) request.set("method", method);
  }
  headers(response, place, report);
  octets(response);
  // No answer is -1 there, and why is said in another place.
  if (response["status"].int_or(0) == 0) response.set("status", -1);
  for (const bool own : {true, false}) {
    Json& answer = *entry.find("response");
    const Json error = own ? answer["_error"] : entry["_error"];
    if (!error.is_string() || answer.find("_failureText") != nullptr) continue;
    answer.set("_failureText", error);
    (own ? answer : entry).erase("_error");
  }
  if (!is_websocket(entry)) return true;
  Json& asked = *entry.find("request");
  asked.set("url", with_scheme(asked["url"].string_or(""), true));
  entry.set("_resourceType", "websocket");
  if (entry["_webSocketMessages"].is_array() && entry["_webSocketMessages"].as_array().empty()) entry.erase("_webSocketMessages");
  return true;
}

}  // namespace

const Shape kPlaywright{"playwright", kMembers, Shape::Messages::milliseconds, false, adapt};

}  // namespace har::format::dialect
