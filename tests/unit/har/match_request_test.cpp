#include <catch2/catch.hpp>

#include "har/exchange.hpp"
#include "har/match/request.hpp"
#include "stream/text/json.hpp"

using namespace har::match;

namespace {

Request request_of_entry(std::string_view text) {
  auto json = stream::parse_json(text);
  REQUIRE(json);
  const auto exchange = har::to_exchange(std::move(*json), {});
  REQUIRE(exchange);
  return request_of(*exchange);
}

}  // namespace

TEST_CASE("an address is taken apart into one spelling") {
  struct Case {
    const char* url;
    const char* told;
  };
  const Case cases[] = {
      {"https://Example.test/a/b?c=d&e#f", "https example.test /a/b?c=d&e"},
      {"wss://example.test:8443/a", "https example.test:8443 /a"},
      {"ws://example.test:80", "http example.test /"},
      {"http://example.test:443/", "http example.test:443 /"},
      {"http://user:pw@[::1]:81?q=/x", "http [::1]:81 /?q=%2Fx"},
      {"http://[::1]/", "http [::1] /"},
      {"/a?to=http://b/c", "  /a?to=http%3A%2F%2Fb%2Fc"},
      {"/%7euser/%41%2fb%25/\xc3\xa9 x", "  /~user/A%2Fb%25/%C3%A9%20x"},
      {"/?a+b=%2B&&=x", "  /?a%20b=%2B&=x"},
      {"", "  /"},
  };
  for (const Case& each : cases) {
    const Request request = make_request("GET", each.url);
    CHECK(request.scheme + " " + request.authority() + " " + request.target() == each.told);
  }
}

TEST_CASE("a request's body is found wherever its writer put it") {
  const auto entry = [](std::string_view post, std::string_view more = "") {
    return std::string(
               R"({"startedDateTime":"2026-01-01T00:00:00Z","time":0,"request":{"method":"POST","url":"http://h/x","headers":[{"name":"Content-Type","value":"text/x"}],"queryString":[],"postData":)") +
           std::string(post) + R"(},"response":{"status":200,"headers":[],"content":{}},"timings":{})" + std::string(more) + "}";
  };
  CHECK(request_of_entry(entry(R"({"mimeType":"text/plain","text":"abc"})")).body == "abc");
  CHECK(request_of_entry(entry(R"({"mimeType":"text/plain","text":"/wA=","_encoding":"base64"})")).body ==
        std::string("\xff\0", 2));
  CHECK(request_of_entry(entry(R"({"mimeType":"","text":"abc"})")).media_type == "text/x");
  CHECK(request_of_entry(
            entry(R"({"mimeType":"application/x-www-form-urlencoded","params":[{"name":"a b","value":"&"},{"name":"c"}]})"))
            .body == "a%20b=%26&c=");
  const Request parts = request_of_entry(entry(
      R"({"mimeType":"multipart/form-data","params":[{"name":"a","value":"1"},{"name":"f","fileName":"x.txt","contentType":"text/plain","value":"v"}]})"));
  CHECK(parts.media_type == "multipart/form-data; boundary=hartape");
  CHECK(parts.body.find("filename=\"x.txt\"") != std::string::npos);
  CHECK(request_of_entry(entry("null")).body.empty());
  CHECK(
      request_of_entry(
          entry(R"({"mimeType":"text/plain","text":"abcd"})",
                R"(,"_streamChunks":[{"time":1,"offset":0,"size":1,"dir":"send"},{"time":2,"offset":1,"size":3,"dir":"send"}])"))
          .body == "abcd");
}

TEST_CASE("a query that is only in the list of parameters counts") {
  const Request request = request_of_entry(
      R"({"request":{"method":"GET","url":"http://h/x","queryString":[{"name":"a","value":"b c"}]},"response":{"status":200}})");
  CHECK(request.target() == "/x?a=b%20c");
}

TEST_CASE("only a connection that became a WebSocket is an upgrade") {
  const auto entry = [](int status) {
    return R"({"request":{"method":"GET","url":"wss://h/x"},"_resourceType":"websocket","_webSocketMessages":[],"response":{"status":)" +
           std::to_string(status) + "}}";
  };
  CHECK(request_of_entry(entry(101)).websocket);
  CHECK(request_of_entry(entry(0)).websocket);
  CHECK(!request_of_entry(entry(403)).websocket);
}

TEST_CASE("hosts are mapped by the first rule that fits") {
  HostMap map;
  REQUIRE(map.add("localhost:3000=api.test"));
  REQUIRE(map.add("localhost=web.test:8080"));
  REQUIRE(map.add("*:99=odd.test"));
  const auto mapped = [&](std::string_view authority) {
    Request request;
    set_authority(request, authority);
    return map.apply(request) ? request.authority() : "no";
  };
  CHECK(mapped("localhost:3000") == "api.test");
  CHECK(mapped("LOCALHOST:3001") == "web.test:8080");
  CHECK(mapped("any.test:99") == "odd.test");
  CHECK(mapped("any.test") == "no");
  for (const char* bad : {"a", "=b", "a=", "a=*", "http://a=b", "a=b/c"}) {
    INFO(bad);
    const auto refused = map.add(bad);
    REQUIRE(!refused);
    CHECK(refused.error().code == stream::ErrorCode::usage);
  }
}

TEST_CASE("a recorded host is called as the client calls it") {
  HostMap map;
  REQUIRE(map.add("localhost:3000=api.example.com"));
  REQUIRE(map.add("127.0.0.1=api.example.com"));
  REQUIRE(map.add("cdn.local=cdn.example.com:8443"));
  const auto name = [&](std::string_view authority, std::string_view used, bool domain = false) {
    Request recorded;
    recorded.scheme = "https";
    set_authority(recorded, authority);
    return map.name_of(recorded, used, domain).value_or("none");
  };
  CHECK(name("api.example.com", "localhost:3000") == "localhost:3000");
  CHECK(name("API.example.com:443", "localhost:3000") == "localhost:3000");
  CHECK(name("api.example.com", "127.0.0.1:9") == "127.0.0.1:9");
  CHECK(name("api.example.com", "cdn.local:9") == "localhost:3000");
  CHECK(name("cdn.example.com:8443", "localhost:3000") == "cdn.local:3000");
  CHECK(name("cdn.example.com", "localhost:3000") == "none");
  CHECK(name("example.com", "localhost:3000") == "none");
  CHECK(name("example.com", "localhost:3000", true) == "localhost:3000");
  CHECK(name("ample.com", "localhost:3000", true) == "none");
  HostMap any;
  REQUIRE(any.add("*=api.example.com"));
  Request recorded;
  set_authority(recorded, "api.example.com");
  CHECK(any.name_of(recorded, "[::1]:80") == "[::1]:80");
}
