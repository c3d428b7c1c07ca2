#include "http1_message.hpp"

#include <catch2/catch.hpp>

using namespace stream;
using namespace stream::net;
using stream::replay::Answer;

namespace {

Request request_of(std::string_view text) {
  Http1RequestReader reader{Http1RequestLimits{}};
  reader.feed(text);
  REQUIRE(reader.headed());
  return make_request(reader.head(), "peer");
}

Request get(int minor_version = 1, std::string method = "GET") {
  Request request;
  request.method = std::move(method);
  request.target = "/";
  request.minor_version = minor_version;
  return request;
}

Answer answer(int status, std::uint64_t size, std::optional<std::uint64_t> length, bool complete = true) {
  Answer out;
  out.status = status;
  out.headers = {{"X-A", "1"}};
  out.body_size = size;
  out.recorded_length = length;
  out.complete = complete;
  return out;
}

}  // namespace

TEST_CASE("every form of a target comes out as path and query") {
  const auto target_of = [](std::string target) { return request_of("GET " + target + " HTTP/1.1\r\nHost: h\r\n\r\n").target; };
  CHECK(target_of("/a/b?c=d") == "/a/b?c=d");
  CHECK(target_of("http://example.test/a?b") == "/a?b");
  CHECK(target_of("http://example.test") == "/");
  CHECK(target_of("https://example.test?q") == "/?q");
  CHECK(target_of("/go?to=http://example.test/x") == "/go?to=http://example.test/x");
  CHECK(target_of("/a#part") == "/a");
  CHECK(request_of("OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n").target == "*");
}

TEST_CASE("the authority of an absolute target comes before the Host field") {
  CHECK(request_of("GET http://a.test:81/ HTTP/1.1\r\nHost: b.test\r\n\r\n").authority == "a.test:81");
  CHECK(request_of("GET / HTTP/1.1\r\nHost: b.test\r\n\r\n").authority == "b.test");
}

TEST_CASE("path and query are parts of the target") {
  const Request request = request_of("GET /a/b?c=d?e HTTP/1.0\r\n\r\n");
  CHECK(request.path() == "/a/b");
  CHECK(request.query() == "c=d?e");
  CHECK(request.minor_version == 0);
}

TEST_CASE("only an upgrade to WebSocket counts as one") {
  const std::string head = "GET / HTTP/1.1\r\nHost: h\r\n";
  CHECK(request_of(head + "Connection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\n\r\n").websocket);
  CHECK(!request_of(head + "Connection: keep-alive\r\nUpgrade: websocket\r\n\r\n").websocket);
  CHECK(!request_of(head + "Connection: Upgrade\r\nUpgrade: h2c\r\n\r\n").websocket);
  CHECK(!request_of("POST / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n").websocket);
}

TEST_CASE("the framing follows from what was recorded and who asks") {
  CHECK(make_response_head(answer(200, 5, 5), get(), true).framing == Framing::length);
  CHECK(make_response_head(answer(200, 5, std::nullopt), get(), true).framing == Framing::chunked);
  CHECK(make_response_head(answer(200, 0, std::nullopt), get(), true).framing == Framing::length);
  CHECK(make_response_head(answer(200, 5, 5), get(0), true).framing == Framing::length);
  CHECK(make_response_head(answer(200, 5, std::nullopt), get(0), true).framing == Framing::until_close);
  CHECK(make_response_head(answer(204, 5, 5), get(), true).framing == Framing::none);
  CHECK(make_response_head(answer(304, 0, 5), get(), true).framing == Framing::none);
  CHECK(make_response_head(answer(200, 5, 5), get(1, "HEAD"), true).framing == Framing::none);
  Answer trailed = answer(200, 5, 5);
  trailed.trailers = {{"X-Sum", "1"}};
  CHECK(make_response_head(trailed, get(), true).framing == Framing::chunked);
}

TEST_CASE("Content-Length is the size of the bytes that are sent, not of those that were") {
  CHECK(make_response_head(answer(200, 5, 900), get(), true).bytes == "HTTP/1.1 200 OK\r\nX-A: 1\r\nContent-Length: 5\r\n\r\n");
  CHECK(make_response_head(answer(200, 5, 900), get(1, "HEAD"), true).bytes ==
        "HTTP/1.1 200 OK\r\nX-A: 1\r\nContent-Length: 5\r\n\r\n");
}

TEST_CASE("a body that was cut off promises what it was recorded to promise, and no close") {
  const ResponseHead head = make_response_head(answer(200, 5, 900, false), get(), true);
  CHECK(head.bytes == "HTTP/1.1 200 OK\r\nX-A: 1\r\nContent-Length: 900\r\n\r\n");
  CHECK(!head.keep_alive);
  CHECK(make_response_head(answer(200, 5, 900, false), get(), false).bytes.find("Connection: close\r\n") != std::string::npos);
  CHECK(make_response_head(answer(200, 5, 5, false), get(), true).framing == Framing::chunked);
  CHECK(make_response_head(answer(200, 5, std::nullopt, false), get(), true).framing == Framing::chunked);
}

TEST_CASE("an answer recorded for HEAD keeps its length, or has none") {
  Answer recorded = answer(200, 0, 900);
  recorded.head_only = true;
  CHECK(make_response_head(recorded, get(1, "HEAD"), true).bytes == "HTTP/1.1 200 OK\r\nX-A: 1\r\nContent-Length: 900\r\n\r\n");
  recorded.recorded_length.reset();
  CHECK(make_response_head(recorded, get(1, "HEAD"), true).bytes == "HTTP/1.1 200 OK\r\nX-A: 1\r\n\r\n");
}

TEST_CASE("the connection field says what will happen behind the answer") {
  CHECK(make_response_head(answer(200, 5, 5), get(), false).bytes.find("Connection: close\r\n") != std::string::npos);
  CHECK(make_response_head(answer(200, 5, 5), get(0), true).bytes.find("Connection: keep-alive\r\n") != std::string::npos);
  CHECK(make_response_head(answer(200, 5, std::nullopt), get(0), true).bytes.find("Connection: close\r\n") != std::string::npos);
}

TEST_CASE("the reason is the recorded one, else the standard one") {
  Answer custom = answer(200, 0, 0);
  custom.reason = "Fine";
  CHECK(make_response_head(custom, get(), true).bytes.starts_with("HTTP/1.1 200 Fine\r\n"));
  CHECK(make_response_head(answer(404, 0, 0), get(), true).bytes.starts_with("HTTP/1.1 404 Not Found\r\n"));
  CHECK(make_response_head(answer(799, 0, 0), get(), true).bytes.starts_with("HTTP/1.1 799 \r\n"));
}

TEST_CASE("what CONNECT asks for is a host and a port") {
  using Target = ConnectTarget;
  CHECK(parse_connect_target("api.example:443") == Target{"api.example", 443, false});
  CHECK(parse_connect_target("A-b_c.1:1") == Target{"A-b_c.1", 1, false});
  CHECK(parse_connect_target("127.0.0.1:65535") == Target{"127.0.0.1", 65535, true});
  CHECK(parse_connect_target("[2001:db8::1]:80") == Target{"2001:db8::1", 80, true});
  CHECK(parse_connect_target("[::ffff:127.0.0.1]:80") == Target{"::ffff:127.0.0.1", 80, true});
  for (const char* target : {"",
                             ":",
                             ":80",
                             "a",
                             "a:",
                             "a:0",
                             "a:00",
                             "a:65536",
                             "a:-1",
                             "a: 1",
                             "a:1 ",
                             "a:0x1",
                             "a b:1",
                             "a/:1",
                             "a@b:1",
                             "[]:1",
                             "[a]:1",
                             "[127.0.0.1]:1",
                             "[::1]",
                             "::1:80",
                             "[::1%lo]:80",
                             "b\xc3\xbc.example:1"}) {
    INFO(target);
    CHECK_FALSE(parse_connect_target(target));
  }
  CHECK(request_of("CONNECT a:1 HTTP/1.1\r\nHost: b\r\n\r\n").authority == "a:1");
}

TEST_CASE("the scheme is known where the client says it") {
  const auto scheme = [](const std::string& target) {
    return request_of("GET " + target + " HTTP/1.1\r\nHost: h\r\n\r\n").scheme;
  };
  CHECK(scheme("/").empty());
  CHECK(scheme("http://h/") == "http");
  CHECK(scheme("HTTPS://h/") == "https");
  CHECK(scheme("ws://h/") == "http");
  CHECK(scheme("wss://h/") == "https");
  CHECK(scheme("ftp://h/").empty());
}

TEST_CASE("a request through a tunnel is for whom CONNECT named, or whom Host names where that is an address") {
  const auto through = [](const std::string& authority, const std::string& target, bool secure) {
    Request request = request_of("GET " + target + " HTTP/1.1\r\nHost: host.example\r\n\r\n");
    request.secure = secure;
    set_tunnel(request, authority);
    CHECK(request.tunnel);
    return request.scheme + " " + request.authority + " " + request.target;
  };
  CHECK(through("api.example:443", "/a", true) == "https api.example:443 /a");
  CHECK(through("api.example:80", "/a", false) == "http api.example:80 /a");
  CHECK(through("192.0.2.1:443", "/a", true) == "https host.example /a");
  CHECK(through("[::1]:443", "/a", true) == "https host.example /a");
  CHECK(through("api.example:443", "http://other.example/a", true) == "http other.example /a");
}
