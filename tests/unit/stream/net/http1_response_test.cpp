#include "http1_response.hpp"

#include <catch2/catch.hpp>

using stream::ErrorCode;
using stream::net::Http1Head;
using stream::net::Http1Item;
using stream::net::Http1ResponseReader;
using Kind = Http1Item::Kind;

namespace {

struct Reading {
  std::vector<Http1Item> items{};
  std::string error{};
  std::uint64_t consumed = 0;
  bool operator==(const Reading&) const = default;
  std::string body() const {
    std::string all;
    for (const Http1Item& item : items) all += item.data;
    return all;
  }
  const Http1Head& head() const {
    for (const Http1Item& item : items) {
      if (item.kind == Kind::head) return item.head;
    }
    static const Http1Head none;
    return none;
  }
};

/// Feeds `bytes` in pieces of `size`; neighbouring data is joined.
Reading read(std::string_view bytes, std::size_t size, bool head_request = false, bool finish = true) {
  Http1ResponseReader reader(head_request, 65536);
  Reading reading;
  stream::Status status;
  std::vector<Http1Item> items;
  for (std::size_t at = 0; at < bytes.size() && status && !reader.done(); at += size) {
    status = reader.feed(bytes.substr(at, size), items);
  }
  if (status && finish) status = reader.finish(items);
  for (Http1Item& item : items) {
    if (item.kind == Kind::data && !reading.items.empty() && reading.items.back().kind == Kind::data) {
      reading.items.back().data += item.data;
    } else {
      reading.items.push_back(std::move(item));
    }
  }
  if (!status) reading.error = status.error().message;
  reading.consumed = reader.consumed();
  return reading;
}

/// The same for every cut.
Reading read_all(std::string_view bytes, bool head_request = false) {
  Reading whole = read(bytes, bytes.size() + 1, head_request);
  for (std::size_t size = 1; size < bytes.size(); ++size) {
    INFO("in pieces of " << size);
    CHECK(read(bytes, size, head_request) == whole);
  }
  return whole;
}

}  // namespace

TEST_CASE("a head keeps the order and the case of its fields") {
  const auto reading = read_all("HTTP/1.1 200 Fine by me\r\nX-b:  2 \r\nx-A: 1\r\nX-b: 3\r\nContent-Length: 2\r\n\r\nhi");
  CHECK(reading.error.empty());
  CHECK(reading.head().status == 200);
  CHECK(reading.head().reason == "Fine by me");
  CHECK(reading.head().minor_version == 1);
  REQUIRE(reading.head().headers.size() == 4);
  CHECK(reading.head().headers[0] == stream::replay::HeaderField{"X-b", "2"});
  CHECK(reading.head().headers[1] == stream::replay::HeaderField{"x-A", "1"});
  CHECK(reading.body() == "hi");
  CHECK(reading.items.back().kind == Kind::end);
}

TEST_CASE("interim heads come before the head") {
  const auto reading =
      read_all("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n");
  REQUIRE(reading.items.size() == 4);
  CHECK(reading.items[0].kind == Kind::interim);
  CHECK(reading.items[1].head.headers[0].value == "x");
  CHECK(reading.items[2].head.status == 204);
  CHECK(reading.items[3].kind == Kind::end);
}

TEST_CASE("a chunked body is given without its framing, and its trailers at the end") {
  const auto reading = read_all(
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 7\r\n\r\n5;x=1\r\nhello\r\n6\r\n world\r\n0\r\nX-Sum: "
      "11\r\n\r\nrest");
  CHECK(reading.error.empty());
  CHECK(reading.body() == "hello world");
  REQUIRE(reading.items.back().trailers.size() == 1);
  CHECK(reading.items.back().trailers[0].value == "11");
}

TEST_CASE("no more is consumed than the response has") {
  const std::string first = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc";
  CHECK(read(first + "HTTP/1.1 200", 1000).consumed == first.size());
  const std::string upgrade = "HTTP/1.1 101 Switching Protocols\r\n\r\n";
  CHECK(read(upgrade + "\x81\x01x", 1000).consumed == upgrade.size());
}

TEST_CASE("a body without a length ends with the connection") {
  const auto reading = read_all("HTTP/1.0 200 OK\r\n\r\nall of it");
  CHECK(reading.body() == "all of it");
  CHECK(reading.items.back().kind == Kind::end);
  CHECK(reading.head().minor_version == 0);
}

TEST_CASE("HEAD, 204 and 304 have no body whatever their head says") {
  CHECK(read_all("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n", true).error.empty());
  CHECK(read_all("HTTP/1.1 304 Not Modified\r\nContent-Length: 10\r\n\r\n").error.empty());
  CHECK(read_all("HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n").error.empty());
  CHECK(read_all("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").items.back().kind == Kind::end);
}

TEST_CASE("what clients forgive is read") {
  const auto reading = read_all("\r\nHTTP/1.1 200\nA : 1\nFolded: a\n  b\n\tc\nContent-Length: 2, 2\n\nok");
  CHECK(reading.error.empty());
  CHECK(reading.head().reason.empty());
  CHECK(reading.head().headers[0].name == "A");
  CHECK(reading.head().headers[1].value == "a b c");
  CHECK(reading.body() == "ok");
}

TEST_CASE("a response that is cut says where") {
  CHECK(read_all("").error == "the connection was closed without an answer");
  CHECK(read_all("HTTP/1.1 200 OK\r\nA").error == "the connection was closed within the head of the response");
  const auto length = read_all("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc");
  CHECK(length.error == "the connection was closed after 3 of 10 bytes of the body");
  CHECK(length.body() == "abc");
  const auto chunked = read_all("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab");
  CHECK(chunked.error == "the connection was closed before the last chunk of the body");
  CHECK(chunked.body() == "ab");
}

TEST_CASE("what is no HTTP/1 response is refused with what was found") {
  CHECK(read_all("SSH-2.0-OpenSSH_9\r\n").error == "expected \"HTTP/1.1\", found \"SSH-2\": this is no HTTP/1 server");
  CHECK(read_all("HTTP/2 200 OK\r\n").error == "expected a status line like \"HTTP/1.1 200 OK\", found \"HTTP/2 200 OK\"");
  CHECK(read_all("HTTP/1.1 2000 OK\r\n").error == "expected a status line like \"HTTP/1.1 200 OK\", found \"HTTP/1.1 2000 OK\"");
  CHECK(read_all("HTTP/1.1 200 OK\r\nno colon\r\n\r\n").error ==
        "expected a header field like \"Name: value\", found \"no colon\"");
  CHECK(read_all("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n").error ==
        "the response has two lengths, 1 and 2");
  CHECK(read_all("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n").error == "expected a number as Content-Length, found \"-1\"");
}

TEST_CASE("a head that does not end is refused") {
  const std::string fields(70000, 'a');
  const auto reading = read("HTTP/1.1 200 OK\r\n" + fields, 1000);
  CHECK(reading.error == "the head of the response is larger than 65536 bytes");
}
