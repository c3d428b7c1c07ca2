// Spans: identifiers, times and attributes as OTLP has them in JSON, and no secrets.
#include <catch2/catch.hpp>

#include <algorithm>

#include "conversion.hpp"

using namespace har;
using namespace har::test;
using stream::Json;

namespace {

std::string har_of(const std::string& entries, const std::string& pages = "[]") {
  return R"({"log":{"version":"1.2","creator":{"name":"x","version":"1"},"pages":)" + pages + R"(,"entries":[)" + entries + "]}}";
}
std::string entry_of(const std::string& url, const std::string& headers = "", const std::string& more = "",
                     const std::string& method = "GET", int status = 200) {
  return R"({"startedDateTime":"2026-11-22T09:15:30.25Z","time":12.5,"request":{"method":")" + method + R"(","url":")" + url +
         R"(","httpVersion":"http/2.0","cookies":[],"headers":[)" + headers +
         R"(],"queryString":[],"headersSize":-1,"bodySize":0},"response":{"status":)" + std::to_string(status) +
         R"(,"statusText":"","httpVersion":"http/2.0","cookies":[],"headers":[{"name":"Set-Cookie","value":"s3cret=1"}],)"
         R"("content":{"size":3,"mimeType":"text/plain","text":"abc"},"redirectURL":"","headersSize":-1,"bodySize":3},"cache":{},)"
         R"("timings":{"blocked":-1,"send":1,"wait":9.5,"receive":2},"serverIPAddress":"192.0.2.1")" +
         more + "}";
}

struct Spans {
  Json::Array spans;
  Converted converted;
};
Spans spans_of(const std::string& har) {
  Spans out;
  out.converted = convert(har, "har", "otlp");
  CHECK(out.converted.errors.empty());
  const auto json = stream::parse_json(out.converted.text);
  REQUIRE(json);
  const Json& resource = (*json)["resourceSpans"].as_array().at(0);
  CHECK(resource["resource"]["attributes"].as_array().at(0)["key"].string_or("") == "service.name");
  out.spans = resource["scopeSpans"].as_array().at(0)["spans"].as_array();
  return out;
}
std::string attribute(const Json& span, std::string_view key) {
  for (const Json& one : span["attributes"].as_array()) {
    if (one["key"].string_or("") == key) return to_json(one["value"]);
  }
  return {};
}
bool found(const Converted& converted, std::string_view rule) {
  return std::any_of(converted.findings.begin(), converted.findings.end(), [&](const std::string& finding) {
    return finding.find("[" + std::string(rule) + "]") != std::string::npos;
  });
}

}  // namespace

TEST_CASE("an entry is a client's span, with the attributes that HTTP has") {
  const Spans out =
      spans_of(har_of(entry_of("https://a.test:8443/x?a=1", R"({"name":"Accept","value":"a"},{"name":"accept","value":"b"})")));
  REQUIRE(out.spans.size() == 1);
  const Json& span = out.spans[0];
  CHECK(span["traceId"].string_or("").size() == 32);
  CHECK(span["spanId"].string_or("").size() == 16);
  CHECK(span.find("parentSpanId") == nullptr);
  CHECK(span["name"].string_or("") == "GET");
  CHECK(span["kind"].int_or(0) == 3);
  CHECK(span["startTimeUnixNano"].string_or("") == "1795338930250000000");
  CHECK(span["endTimeUnixNano"].string_or("") == "1795338930262500000");
  CHECK(span.find("status") == nullptr);
  CHECK(attribute(span, "http.request.method") == R"({"stringValue":"GET"})");
  CHECK(attribute(span, "url.full") == R"({"stringValue":"https://a.test:8443/x?a=1"})");
  CHECK(attribute(span, "server.address") == R"({"stringValue":"a.test"})");
  CHECK(attribute(span, "server.port") == R"({"intValue":"8443"})");
  CHECK(attribute(span, "network.peer.address") == R"({"stringValue":"192.0.2.1"})");
  CHECK(attribute(span, "network.protocol.version") == R"({"stringValue":"2"})");
  CHECK(attribute(span, "http.response.status_code") == R"({"intValue":"200"})");
  CHECK(attribute(span, "http.response.body.size") == R"({"intValue":"3"})");
  CHECK(attribute(span, "http.request.header.accept") ==
        R"({"arrayValue":{"values":[{"stringValue":"a"},{"stringValue":"b"}]}})");
  CHECK(attribute(span, "har.timings.wait") == R"({"doubleValue":9.5})");
  CHECK(attribute(span, "har.timings.blocked").empty());
  CHECK(found(out.converted, "lost-response-content-text"));
  // The same again, to the letter.
  CHECK(convert(har_of(entry_of("https://a.test:8443/x?a=1")), "har", "otlp").text ==
        convert(har_of(entry_of("https://a.test:8443/x?a=1")), "har", "otlp").text);
}

TEST_CASE("what failed says so") {
  const Spans out = spans_of(har_of(entry_of("http://a.test/", "", "", "GET", 404) + "," +
                                    entry_of("http://a.test/", "", R"(,"_error":"net::ERR_FAILED")", "GET", 0) + "," +
                                    entry_of("http://a.test/", "", "", "PROPFIND", 0)));
  REQUIRE(out.spans.size() == 3);
  CHECK(to_json(out.spans[0]["status"]) == R"({"code":2})");
  CHECK(attribute(out.spans[0], "error.type") == R"({"stringValue":"404"})");
  CHECK(to_json(out.spans[1]["status"]) == R"({"message":"net::ERR_FAILED","code":2})");
  CHECK(attribute(out.spans[1], "http.response.status_code").empty());
  CHECK(attribute(out.spans[2], "error.type") == R"({"stringValue":"_OTHER"})");
  CHECK(attribute(out.spans[2], "http.request.method") == R"({"stringValue":"_OTHER"})");
  CHECK(attribute(out.spans[2], "http.request.method_original") == R"({"stringValue":"PROPFIND"})");
  CHECK(out.spans[2]["name"].string_or("") == "HTTP");
}

TEST_CASE("a request's own trace is kept, and only one that is valid") {
  const auto parent = [](const std::string& value) {
    return spans_of(har_of(entry_of("http://a.test/",
                                    R"({"name":"Traceparent","value":")" + value + R"("},{"name":"tracestate","value":"a=1"})")))
        .spans.at(0);
  };
  const Json span = parent("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
  CHECK(span["traceId"].string_or("") == "0af7651916cd43dd8448eb211c80319c");
  CHECK(span["parentSpanId"].string_or("") == "b7ad6b7169203331");
  CHECK(span["traceState"].string_or("") == "a=1");
  CHECK(span["flags"].int_or(0) == 1);
  for (const char* const bad :
       {"", "00", "00-00000000000000000000000000000000-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01", "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-x",
        "00_0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}) {
    CHECK(parent(bad).find("parentSpanId") == nullptr);
  }
}

TEST_CASE("a page is a span of which its entries' are children") {
  const Spans out = spans_of(
      har_of(entry_of("http://a.test/", "", R"(,"pageref":"p1")") + "," + entry_of("http://a.test/", "", R"(,"pageref":"p2")"),
             R"([{"id":"p1","startedDateTime":"2026-11-22T09:15:30Z","title":"Shop","pageTimings":{"onLoad":1500}}])"));
  REQUIRE(out.spans.size() == 3);
  const Json& page = out.spans[2];
  CHECK(page["name"].string_or("") == "Shop");
  CHECK(page["endTimeUnixNano"].string_or("") == "1795338931500000000");
  CHECK(out.spans[0]["parentSpanId"] == page["spanId"]);
  CHECK(out.spans[0]["traceId"] == page["traceId"]);
  CHECK(out.spans[0]["spanId"] != out.spans[1]["spanId"]);
  CHECK(out.spans[1].find("parentSpanId") == nullptr);  // a page that is not there
}

TEST_CASE("secrets do not get into spans, and that they are left out is said") {
  const Spans out = spans_of(har_of(entry_of(
      "https://me:s3cret@a.test/?access_token=s3cret&b=1&sig=s3cret#x",
      R"({"name":"Authorization","value":"Bearer s3cret"},{"name":"cookie","value":"a=s3cret"},{"name":"Referer","value":"http://b.test/?token=s3cret"})")));
  CHECK(out.converted.text.find("s3cret") == std::string::npos);
  CHECK(attribute(out.spans[0], "url.full") ==
        R"({"stringValue":"https://REDACTED:REDACTED@a.test/?access_token=REDACTED&b=1&sig=REDACTED#x"})");
  CHECK(found(out.converted, "lost-request-header-secret"));
  CHECK(found(out.converted, "lost-response-header-secret"));
  CHECK(found(out.converted, "lost-url-secret"));
}

TEST_CASE("messages are events of their span, as many as a span has") {
  std::string messages;
  for (int i = 0; i < 130; ++i)
    messages += std::string(i > 0 ? "," : "") + R"({"type":"send","time":1795338930.5,"opcode":1,"data":"s3cret"})";
  const Spans out = spans_of(har_of(entry_of("wss://a.test/", "", R"(,"_webSocketMessages":[)" + messages + "]")));
  const Json& span = out.spans.at(0);
  CHECK(span["events"].as_array().size() == 128);
  CHECK(span["droppedEventsCount"].int_or(0) == 2);
  CHECK(to_json(span["events"].as_array()[0]) ==
        R"({"timeUnixNano":"1795338930500000000","name":"websocket.message","attributes":[)"
        R"({"key":"har.message.direction","value":{"stringValue":"send"}},{"key":"har.message.opcode","value":{"intValue":"1"}},)"
        R"({"key":"har.message.size","value":{"intValue":"6"}}]})");
  CHECK(found(out.converted, "lost-messages"));
  CHECK(out.converted.text.find("s3cret") == std::string::npos);
}

TEST_CASE("no entries are no spans") { CHECK(spans_of(har_of("")).spans.empty()); }
