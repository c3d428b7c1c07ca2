#include "har/resource_type.hpp"

#include <catch2/catch.hpp>

#include "har/http_protocol.hpp"

using har::http_protocol;
using har::resource_type;

TEST_CASE("a resource type that was said counts, in one spelling") {
  CHECK(resource_type("XHR", "text/html", "https://a/b.png") == "xhr");
  CHECK(resource_type("CSPViolationReport", "", "") == "csp-violation-report");
  CHECK(resource_type("xmlhttprequest", "", "") == "xhr");
  CHECK(resource_type("other", "text/css", "") == "other");
  CHECK(resource_type("holograph", "text/css", "") == "holograph");
}

TEST_CASE("a resource type that was not said is made of the answer's media type") {
  CHECK(resource_type("", "text/html; charset=utf-8", "https://a/x.png") == "document");
  CHECK(resource_type("", " Text/CSS ", "") == "stylesheet");
  CHECK(resource_type("", "application/x-javascript", "") == "script");
  CHECK(resource_type("", "text/event-stream;charset=utf-8", "") == "eventsource");
  CHECK(resource_type("", "image/svg+xml", "") == "image");
  CHECK(resource_type("", "application/problem+json", "") == "xhr");
  CHECK(resource_type("", "application/manifest+json", "") == "manifest");
  CHECK(resource_type("", "application/font-woff", "") == "font");
  CHECK(resource_type("", "video/mp4", "") == "media");
  CHECK(resource_type("", "application/zip", "https://a/x.png") == "other");
}

TEST_CASE("a media type that says nothing leaves the resource type to the URL") {
  CHECK(resource_type("", "", "wss://a/socket") == "websocket");
  CHECK(resource_type("", "application/json", "ws://a/socket") == "websocket");
  CHECK(resource_type("", "application/octet-stream", "https://a/b/f.WOFF2?v=1#x") == "font");
  CHECK(resource_type("", "x-unknown", "https://a/app.js") == "script");
  CHECK(resource_type("", "text/plain", "https://a/notes") == "other");
  CHECK(resource_type("", "", "https://a.png") == "other");
  CHECK(resource_type("", "", "https://a/b.dir/c") == "other");
  CHECK(resource_type("", "", "") == "other");
}

TEST_CASE("all spellings of a version of HTTP are one protocol") {
  for (const auto* text : {"h2", "HTTP/2.0", "http/2.0", "HTTP/2", "2.0", "h2c"}) CHECK(http_protocol(text) == "h2");
  for (const auto* text : {"h3", "HTTP/3", "h3-29", "h3-Q050"}) CHECK(http_protocol(text) == "h3");
  for (const auto* text : {"HTTP/1.1", "1.1", "http/1.1"}) CHECK(http_protocol(text) == "http/1.1");
  CHECK(http_protocol("http/2.0+quic/46") == "quic");
  CHECK(http_protocol("spdy/3.1") == "spdy");
  for (const auto* text : {"", "unknown", "ori", "HTTP", "@@@replace@@@"}) CHECK(http_protocol(text) == "unknown");
}
