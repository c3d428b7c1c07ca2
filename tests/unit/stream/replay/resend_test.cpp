#include "stream/replay/resend.hpp"

#include <catch2/catch.hpp>

#include "exchanges.hpp"

using namespace stream;
using namespace stream::replay;
using stream::test::ExchangeBuilder;
using stream::test::header_list;
using stream::test::ms;

namespace {

Exchange recorded(std::string method, std::string url, std::initializer_list<std::pair<std::string, std::string>> headers,
                  int status = 200) {
  Exchange exchange = ExchangeBuilder(std::move(method), std::move(url)).response(ms(10), status).end(ms(20)).build();
  exchange.request->object.set("headers", header_list(headers));
  return exchange;
}

std::string lines(const std::vector<HeaderField>& headers) {
  std::string out;
  for (const HeaderField& field : headers) out += field.name + ": " + field.value + "\n";
  return out;
}

std::string refusal(const Exchange& exchange, std::string body = {}) {
  const auto made = make_resend(exchange, std::move(body), {});
  REQUIRE_FALSE(made);
  CHECK(made.error().code == ErrorCode::unsupported);
  return made.error().message;
}

}  // namespace

TEST_CASE("a request is sent with its fields in their order, without those of its connection") {
  const auto exchange = recorded("POST", "https://app.test/a?b=c#top",
                                 {{":authority", "app.test"},
                                  {":method", "POST"},
                                  {"Host", "app.test"},
                                  {"Connection", "keep-alive, X-Hop"},
                                  {"X-Hop", "1"},
                                  {"Keep-Alive", "300"},
                                  {"Transfer-Encoding", "chunked"},
                                  {"Content-Length", "99"},
                                  {"Expect", "100-continue"},
                                  {"TE", "trailers"},
                                  {"Proxy-Authorization", "x"},
                                  {"accept", "*/*"},
                                  {"X-B", "2"},
                                  {"X-A", "1"},
                                  {"X-B", "3"},
                                  {"Cookie", "a=1; b=2"}});
  const auto made = make_resend(exchange, "body\0\xff", {});
  REQUIRE(made);
  CHECK(made->method == "POST");
  CHECK(made->url == "https://app.test/a?b=c");
  CHECK(lines(made->headers) == "accept: */*\nX-B: 2\nX-A: 1\nX-B: 3\n");
  CHECK(to_cookie_header(made->cookies) == "a=1; b=2");
  CHECK_FALSE(made->websocket);
}

TEST_CASE("a changed field takes the place of all of its name, and an emptied one is not sent") {
  ResendOptions options;
  for (const std::string_view text : {"authorization: Bearer t", "x-old:", "X-New: 1", "X-New: 2", "X-Empty;"}) {
    const auto change = parse_header_change(text);
    REQUIRE(change);
    options.headers.push_back(*change);
  }
  const auto exchange =
      recorded("GET", "http://h.test/", {{"Authorization", "Bearer old"}, {"X-Old", "1"}, {"Accept", "*/*"}, {"Cookie", "a=1"}});
  const auto made = make_resend(exchange, {}, options);
  REQUIRE(made);
  CHECK(lines(made->headers) == "Accept: */*\nauthorization: Bearer t\nX-New: 1\nX-New: 2\nX-Empty: \n");
  CHECK_FALSE(made->cookies_changed);
  options.headers = {{"Cookie", "mine=1"}};
  const auto other = make_resend(exchange, {}, options);
  REQUIRE(other);
  CHECK(other->cookies_changed);
  CHECK(other->cookies.empty());
  CHECK(lines(other->headers).find("Cookie: mine=1\n") != std::string::npos);
  for (const std::string_view text : {"", "no colon", ": value", "a b: 1", "x: a\r\nb: c"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_header_change(text));
  }
}

TEST_CASE("conditions are sent as recorded, or left out") {
  const auto exchange = recorded("GET", "http://h.test/",
                                 {{"If-None-Match", "\"e\""},
                                  {"If-Modified-Since", "x"},
                                  {"If-Range", "\"e\""},
                                  {"Range", "bytes=0-1"},
                                  {"If-Match", "\"e\""}});
  CHECK(make_resend(exchange, {}, {})->headers.size() == 5);
  ResendOptions options;
  options.conditional = false;
  CHECK(lines(make_resend(exchange, {}, options)->headers) == "If-Match: \"e\"\n");
  const auto ranged = recorded("GET", "http://h.test/", {{"Range", "bytes=0-1"}});
  CHECK(lines(make_resend(ranged, {}, options)->headers) == "Range: bytes=0-1\n");
}

TEST_CASE("only codings that can be undone are asked for, and only a body that is in one is said to be") {
  const auto accept = [](std::string list) {
    return make_resend(recorded("GET", "http://h.test/", {{"Accept-Encoding", std::move(list)}}), {}, {})->headers[0].value;
  };
  CHECK(accept("gzip, deflate, br, zstd") == "gzip, deflate, br, zstd");
  CHECK(accept("gzip;q=0.5, dcb, dcz, br;q=1") == "gzip;q=0.5, br;q=1");
  CHECK(accept("sdch") == "identity");
  const auto exchange = recorded("POST", "http://h.test/", {{"Content-Encoding", "gzip"}, {"Content-Type", "text/plain"}});
  CHECK(lines(make_resend(exchange, "plain", {})->headers) == "Content-Type: text/plain\n");
  CHECK(make_resend(exchange, "\x1f\x8b\x08", {})->headers.size() == 2);
}

TEST_CASE("addresses that a server checks are those of the live server") {
  ResendOptions options;
  options.origin = [](std::string_view origin) -> std::optional<std::string> {
    if (origin == "https://app.test") return "http://localhost:3000";
    return std::nullopt;
  };
  const auto exchange = recorded(
      "GET", "https://app.test/",
      {{"Origin", "https://app.test"}, {"Referer", "https://app.test/x?u=https://app.test"}, {"X-Else", "https://app.test"}});
  CHECK(lines(make_resend(exchange, {}, options)->headers) ==
        "Origin: http://localhost:3000\nReferer: http://localhost:3000/x?u=https://app.test\nX-Else: https://app.test\n");
  const auto other = recorded("GET", "https://app.test/", {{"Origin", "null"}, {"Referer", "https://app.test.evil/"}});
  CHECK(lines(make_resend(other, {}, options)->headers) == "Origin: null\nReferer: https://app.test.evil/\n");
}

TEST_CASE("what no server was asked for is not sent") {
  CHECK(refusal(recorded("GET", "data:text/plain,x", {})) == "data: is no address of a server");
  CHECK(refusal(recorded("GET", "blob:https://h.test/1", {})) == "blob: is no address of a server");
  CHECK(refusal(recorded("GET", "chrome-extension://abc/x.js", {})) == "chrome-extension: is no address of a server");
  CHECK(refusal(recorded("GET", "", {})) == "its address is none of a server");
  CHECK(refusal(recorded("CONNECT", "http://h.test:443/", {})) == "CONNECT is for proxies");
  CHECK(refusal(recorded("GET", "http://h.test/", {}, 0)) == "no answer was recorded");
  auto cached = recorded("GET", "http://h.test/", {});
  cached.request->entry.set("_fromCache", "disk");
  CHECK(refusal(cached) == "it came from the cache");
  cached.request->entry = Json(Json::Object{{"_fetchType", "Memory Cache"}});
  CHECK(refusal(cached) == "it came from the cache");
  auto bodyless = recorded("POST", "http://h.test/", {{"Content-Length", "5"}});
  CHECK(refusal(bodyless) == "its body was not recorded");
  CHECK(make_resend(bodyless, "12345", {}));
  bodyless.request->object.set("headers", Json::array());
  bodyless.request->object.set("bodySize", 7);
  CHECK(refusal(bodyless) == "its body was not recorded");
  CHECK(refusal(Exchange{}) == "there is no request");
}

TEST_CASE("a WebSocket is opened with what was offered") {
  Exchange exchange = ExchangeBuilder("", "wss://h.test/ws").response(ms(10), 101, {}, "websocket").build();
  exchange.request->object.set("headers",
                               header_list({{"Upgrade", "websocket"},
                                            {"Connection", "Upgrade"},
                                            {"Sec-WebSocket-Key", "x"},
                                            {"Sec-WebSocket-Version", "13"},
                                            {"Sec-WebSocket-Protocol", "a, b"},
                                            {"Origin", "https://h.test"},
                                            {"Sec-WebSocket-Extensions", "permessage-deflate; client_max_window_bits"}}));
  const auto made = make_resend(exchange, "ignored", {});
  REQUIRE(made);
  CHECK(made->websocket);
  CHECK(made->method == "GET");
  CHECK(made->body.empty());
  CHECK(made->subprotocols == std::vector<std::string>{"a", "b"});
  CHECK(made->deflate);
  CHECK(lines(made->headers) == "Origin: https://h.test\n");
  CHECK(make_resend(recorded("GET", "wss://h.test/ws", {}, 403), {}, {})->websocket);
}

TEST_CASE("cookies and a type that stand only beside the headers are sent") {
  auto exchange = recorded("POST", "http://h.test/", {});
  exchange.request->object.set("cookies", Json(Json::Array{Json(Json::Object{{"name", "a"}, {"value", "1"}})}));
  exchange.request->object.set("postData", Json(Json::Object{{"mimeType", "application/json"}, {"text", "{}"}}));
  const auto made = make_resend(exchange, "{}", {});
  REQUIRE(made);
  CHECK(to_cookie_header(made->cookies) == "a=1");
  CHECK(lines(made->headers) == "Content-Type: application/json\n");
}
