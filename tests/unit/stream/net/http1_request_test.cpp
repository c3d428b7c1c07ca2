#include "http1_request.hpp"

#include <catch2/catch.hpp>
#include <functional>

using namespace stream;
using namespace stream::net;
using stream::replay::HeaderField;

namespace {

struct Reading {
  bool headed = false;
  bool done = false;
  std::optional<Http1Refusal> refusal{};
  Http1RequestHead head{};
  std::string body{};
  std::uint64_t body_size = 0;
  std::size_t consumed = 0;  // of a request that is done

  bool operator==(const Reading&) const = default;
};

Reading read(std::string_view text, std::size_t piece, const Http1RequestLimits& limits = {}) {
  Http1RequestReader reader(limits);
  Reading reading;
  for (std::size_t begin = 0; begin < text.size(); begin += piece) {
    std::string_view part = text.substr(begin, piece);
    while (!part.empty() && !reader.done() && reader.refusal() == nullptr) {
      const std::size_t used = reader.feed(part);
      reading.consumed += used;
      part.remove_prefix(used);
    }
  }
  reading.headed = reader.headed();
  reading.done = reader.done();
  if (reader.refusal() != nullptr) reading.refusal = *reader.refusal();
  if (!reading.done) reading.consumed = 0;
  reading.head = reader.head();
  reading.body = reader.body();
  reading.body_size = reader.body_size();
  return reading;
}

/// The outcome, which every cut of the input has.
Reading read_cut(std::string_view text, const Http1RequestLimits& limits = {}) {
  const Reading whole = read(text, text.size(), limits);
  for (std::size_t piece = 1; piece < std::min<std::size_t>(text.size(), 40); ++piece) {
    INFO("cut into pieces of " << piece);
    Reading cut = read(text, piece, limits);
    if (whole.refusal) cut.body = whole.body, cut.body_size = whole.body_size;  // how far it came does not matter
    CHECK(cut == whole);
  }
  return whole;
}

int status_of(std::string_view text, const Http1RequestLimits& limits = {}) {
  const Reading reading = read_cut(text, limits);
  if (reading.refusal) {
    CHECK(!reading.refusal->why.empty());
    return reading.refusal->status;
  }
  return reading.done ? 200 : -1;
}

const std::string kGet = "GET / HTTP/1.1\r\nHost: h\r\n";
const std::string kPost = "POST / HTTP/1.1\r\nHost: h\r\n";

}  // namespace

TEST_CASE("a request comes out as it stood on the wire") {
  const Reading reading =
      read_cut("POST /a?b HTTP/1.1\r\nhOsT: h:81\r\nX-A:  one \t\r\nX-A:\r\nX-L: caf\xe9\r\nContent-Length: 3\r\n\r\nabcGET");
  REQUIRE(reading.done);
  CHECK(reading.head.method == "POST");
  CHECK(reading.head.target == "/a?b");
  CHECK(reading.head.headers ==
        std::vector<HeaderField>{{"hOsT", "h:81"}, {"X-A", "one"}, {"X-A", ""}, {"X-L", "caf\xe9"}, {"Content-Length", "3"}});
  CHECK(reading.body == "abc");
  CHECK(
      reading.consumed ==
      std::string_view("POST /a?b HTTP/1.1\r\nhOsT: h:81\r\nX-A:  one \t\r\nX-A:\r\nX-L: caf\xe9\r\nContent-Length: 3\r\n\r\nabc")
          .size());
}

TEST_CASE("the reader stops behind the head, so that somebody can ask for the body") {
  Http1RequestReader reader{Http1RequestLimits{}};
  const std::string head = kPost + "Content-Length: 3\r\n\r\n";
  CHECK(reader.feed(head + "abc") == head.size());
  CHECK(reader.headed());
  CHECK(!reader.done());
  CHECK(reader.feed("abcd") == 3);
  CHECK(reader.done());
  CHECK(reader.feed("d") == 0);
}

TEST_CASE("a connection goes on as the versions have it") {
  const auto keeps = [](const std::string& text) { return read_cut(text).head.keep_alive; };
  CHECK(keeps(kGet + "\r\n"));
  CHECK(!keeps(kGet + "Connection: Close\r\n\r\n"));
  CHECK(!keeps(kGet + "Connection: x, close\r\n\r\n"));
  CHECK(!keeps("GET / HTTP/1.0\r\n\r\n"));
  CHECK(keeps("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n"));
  CHECK(!keeps("GET / HTTP/1.0\r\nConnection: keep-alive, close\r\n\r\n"));
}

TEST_CASE("chunks are put together, their extensions and trailers read and left out") {
  const Reading reading =
      read_cut(kPost + "Transfer-Encoding: Chunked\r\n\r\n3;a=b\r\nabc\r\n002\r\nde\r\n0\r\nX-Sum: 1\r\n\r\nrest");
  REQUIRE(reading.done);
  CHECK(reading.body == "abcde");
  CHECK(reading.body_size == 5);
  CHECK(reading.head.headers.size() == 2);
}

TEST_CASE("of a large body only the beginning is kept") {
  Http1RequestLimits limits;
  limits.kept_body = 4;
  const Reading counted = read_cut(kPost + "Content-Length: 10\r\n\r\n0123456789", limits);
  CHECK(counted.body == "0123");
  CHECK(counted.body_size == 10);
  const Reading chunked = read_cut(kPost + "Transfer-Encoding: chunked\r\n\r\n3\r\n012\r\n7\r\n3456789\r\n0\r\n\r\n", limits);
  CHECK(chunked.body == "0123");
  CHECK(chunked.body_size == 10);
}

TEST_CASE("what is read in two ways is refused") {
  const std::string chunk = "\r\n\r\n1\r\na\r\n0\r\n\r\n";
  CHECK(status_of(kPost + "Content-Length: 3\r\nTransfer-Encoding: chunked" + chunk) == 400);
  CHECK(status_of(kPost + "Transfer-Encoding: chunked\r\nContent-Length: 3" + chunk) == 400);
  for (const char* length :
       {"Content-Length: 3\r\nContent-Length: 3", "Content-Length: 3\r\nContent-Length: 4", "Content-Length: 3, 3",
        "Content-Length: +3", "Content-Length: -3", "Content-Length: 3 3", "Content-Length: 0x3", "Content-Length: 3;",
        "Content-Length:", "Content-Length : 3", "Content-Length\t: 3", " Content-Length: 3", "Content-Length: 3\v",
        "Content-Length: three", "Content-Length: 3.0"}) {
    INFO(length);
    CHECK(status_of(kPost + length + "\r\n\r\nabc") == 400);
  }
  for (const char* coding :
       {"Transfer-Encoding : chunked", "Transfer-Encoding: chunked, chunked",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", "Transfer-Encoding: chunked, identity",
        "Transfer-Encoding: identity", "Transfer-Encoding: gzip", "Transfer-Encoding: xchunked", "Transfer-Encoding: chunked;q=1",
        "Transfer-Encoding:\vchunked", "Transfer-Encoding: \"chunked\"", "Transfer-Encoding:", "Transfer-Encoding: chunked,",
        "X: y\r\n Transfer-Encoding: chunked", "Transfer-Encoding:\r\n chunked", "Transfer-Encoding: chunk\r\n ed",
        "Transfer-Encoding: chun\rked"}) {
    INFO(coding);
    CHECK(status_of(kPost + coding + chunk) == 400);
  }
  CHECK(status_of(kPost + "Transfer-Encoding: gzip, chunked" + chunk) == 501);
  CHECK(status_of(kPost + "Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked" + chunk) == 501);
  CHECK(status_of("POST / HTTP/1.0\r\nHost: h\r\nTransfer-Encoding: chunked" + chunk) == 400);
}

TEST_CASE("lines that are not lines of HTTP are refused") {
  using namespace std::string_literals;
  for (const std::string& text : {"GET / HTTP/1.1\nHost: h\n\n"s,
                                  "GET / HTTP/1.1\r\nHost: h\n\r\n"s,
                                  "GET / HTTP/1.1\r\nHost: h\r\nX: a\rb\r\n\r\n"s,
                                  "GET / HTTP/1.1\r\r\nHost: h\r\n\r\n"s,
                                  "GET / HTTP/1.1\r\nHost: h\r\nX: a\r\n b\r\n\r\n"s,
                                  "GET / HTTP/1.1\r\n Host: h\r\n\r\n"s,
                                  "GET / HTTP/1.1\r\nHost: h\r\nX: a\0b\r\n\r\n"s,
                                  "GET / HTTP/1.1\r\nHost: h\r\nX: a\x1f\r\n\r\n"s,
                                  "GET / HTTP/1.1\r\nHost: h\r\nX: a\x7f\r\n\r\n"s,
                                  "GET / HTTP/1.1\r\nHost: h\r\nX\0Y: a\r\n\r\n"s,
                                  "GET / HTTP/1.1\r\nHost: h\r\nX Y: a\r\n\r\n"s,
                                  "GET / HTTP/1.1\r\nHost: h\r\nno colon\r\n\r\n"s,
                                  "GET / HTTP/1.1\r\nHost: h\r\n: a\r\n\r\n"s,
                                  "GET / HTTP/1.1\r\nHost: h\r\nX(: a\r\n\r\n"s,
                                  "GET  / HTTP/1.1\r\nHost: h\r\n\r\n"s,
                                  "GET / HTTP/1.1 \r\nHost: h\r\n\r\n"s,
                                  "GET /a b HTTP/1.1\r\nHost: h\r\n\r\n"s,
                                  "GET\t/ HTTP/1.1\r\nHost: h\r\n\r\n"s,
                                  " GET / HTTP/1.1\r\nHost: h\r\n\r\n"s,
                                  "GET /\r\n\r\n"s,
                                  "GET\r\n\r\n"s,
                                  "\r\n\r\n"s,
                                  "G\xc3\x89T / HTTP/1.1\r\nHost: h\r\n\r\n"s,
                                  "GET / http/1.1\r\nHost: h\r\n\r\n"s,
                                  "GET / HTTP/1.10\r\nHost: h\r\n\r\n"s,
                                  "GET / HTTP/1,1\r\nHost: h\r\n\r\n"s,
                                  "GET / HTTP/1.1x\r\nHost: h\r\n\r\n"s,
                                  "GET x HTTP/1.1\r\nHost: h\r\n\r\n"s,
                                  "GET * HTTP/1.1\r\nHost: h\r\n\r\n"s,
                                  "GET http:// HTTP/1.1\r\nHost: h\r\n\r\n"s,
                                  "GET http://u@h/ HTTP/1.1\r\nHost: h\r\n\r\n"s,
                                  "GET /a\x01 HTTP/1.1\r\nHost: h\r\n\r\n"s,
                                  "CONNECT / HTTP/1.1\r\nHost: h\r\n\r\n"s,
                                  "CONNECT h HTTP/1.1\r\nHost: h\r\n\r\n"s,
                                  "GET / HTTP/1.1\r\n\r\n"s,
                                  "GET / HTTP/1.1\r\nHost: h\r\nHost: h\r\n\r\n"s,
                                  "GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n"s,
                                  "GET / HTTP/1.1\r\nHost: a b\r\n\r\n"s,
                                  "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n"s,
                                  "GET / HTTP/1.1\r\nHost: a, b\r\n\r\n"s,
                                  "GET / HTTP/1.1\r\nHost: u@h\r\n\r\n"s}) {
    INFO(text);
    CHECK(status_of(text) == 400);
  }
}

TEST_CASE("other versions and other protocols are told from broken requests") {
  CHECK(status_of("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n") == 505);
  CHECK(status_of("GET / HTTP/2.0\r\nHost: h\r\n\r\n") == 505);
  CHECK(status_of("GET / HTTP/0.9\r\nHost: h\r\n\r\n") == 505);
  CHECK(status_of("GET / HTTP/1.7\r\nHost: h\r\n\r\n") == 200);
  CHECK(status_of(std::string_view("\x16\x03\x01\x02\x00\x01", 6)) == 0);
  CHECK(status_of("\x04\x01\x50") == 400);
}

TEST_CASE("every form of a target is taken where it has a meaning") {
  for (const char* line :
       {"GET http://h.test:81/a?b HTTP/1.1", "GET https://h.test HTTP/1.1", "OPTIONS * HTTP/1.1", "CONNECT h.test:443 HTTP/1.1",
        "CONNECT [::1]:443 HTTP/1.1", "GET /a|b{c}\xc3\xa9 HTTP/1.1", "M-SEARCH //x HTTP/1.1"}) {
    INFO(line);
    CHECK(status_of(std::string(line) + "\r\nHost: h\r\n\r\n") == 200);
  }
  CHECK(status_of("GET / HTTP/1.1\r\nHost:\r\n\r\n") == 200);
  CHECK(status_of("GET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n") == 200);
  CHECK(status_of("GET / HTTP/1.0\r\n\r\n") == 200);
  CHECK(status_of("CONNECT h.test:443 HTTP/1.1\r\n\r\n") == 200);
}

TEST_CASE("chunks that deviate from the grammar are refused") {
  const auto chunked = [](const std::string& body) { return status_of(kPost + "Transfer-Encoding: chunked\r\n\r\n" + body); };
  CHECK(chunked("1\r\na\r\n0\r\n\r\n") == 200);
  for (const char* body : {"-1\r\na\r\n0\r\n\r\n",
                           "+1\r\na\r\n0\r\n\r\n",
                           "0x1\r\na\r\n0\r\n\r\n",
                           " 1\r\na\r\n0\r\n\r\n",
                           "1 \r\na\r\n0\r\n\r\n",
                           "g\r\n",
                           "\r\na",
                           "1\na\r\n0\r\n\r\n",
                           "1\r\na\n0\r\n\r\n",
                           "1\r\na0\r\n\r\n",
                           "1\r\nab\r\n0\r\n\r\n",
                           "2\r\na\r\n0\r\n\r\n",
                           "1\r\r\na\r\n0\r\n\r\n",
                           "1;\r\na\r\n0\r\n\r\n",
                           "1;a=\x01\r\na\r\n0\r\n\r\n",
                           "1;a=b\nc\r\na\r\n0\r\n\r\n",
                           "10000000000000000\r\n",
                           "fffffffffffffffff\r\n",
                           "0\r\nX : y\r\n\r\n",
                           "0\r\n X: y\r\n\r\n",
                           "0\r\nX: y\r\n z\r\n\r\n",
                           "0\r\nX: y\n\r\n",
                           "0\r\nno colon\r\n\r\n",
                           "0\r\nX: \x01\r\n\r\n",
                           "0\n\n"}) {
    INFO(body);
    CHECK(chunked(body) == 400);
  }
  CHECK(chunked("7fffffffffffffff\r\n") == 413);
  CHECK(chunked("1;a=" + std::string(20'000, 'x') + "\r\na\r\n0\r\n\r\n") == 431);
  CHECK(chunked("0\r\nX: " + std::string(20'000, 'x') + "\r\n\r\n") == 431);
  std::string extended;
  for (int i = 0; i < 100; ++i) extended += "1;a=" + std::string(1000, 'x') + "\r\na\r\n";
  CHECK(chunked(extended + "0\r\n\r\n") == 431);
  std::string trailers = "0\r\n";
  for (int i = 0; i < 3000; ++i) trailers += "X: y\r\n";
  CHECK(chunked(trailers) == -1);  // 12 kB of them; one more counts
  for (int i = 0; i < 3000; ++i) trailers += "X: y\r\n";
  CHECK(chunked(trailers) == 431);
  std::string many = "0\r\n";
  for (int i = 0; i < 257; ++i) many += "X: y\r\n";
  CHECK(chunked(many + "\r\n") == 431);
}

TEST_CASE("floods are refused with what is too large") {
  Http1RequestLimits limits;
  limits.max_head = 1000;
  limits.max_fields = 20;
  limits.max_body = 100;
  CHECK(status_of("GET /" + std::string(2000, 'x'), limits) == 414);
  CHECK(status_of(std::string(2000, 'x'), limits) == 414);
  CHECK(status_of(kGet + "X: " + std::string(2000, 'x'), limits) == 431);
  std::string fields = kGet;
  for (int i = 0; i < 20; ++i) fields += "X: y\r\n";
  CHECK(status_of(fields + "\r\n", limits) == 431);
  CHECK(status_of(kPost + "Content-Length: 101\r\n\r\n", limits) == 413);
  CHECK(status_of(kPost + "Content-Length: 99999999999999999999999999\r\n\r\n", limits) == 413);
  CHECK(status_of(kPost + "Transfer-Encoding: chunked\r\n\r\n65\r\n", limits) == 413);
  CHECK(status_of(kPost + "Transfer-Encoding: chunked\r\n\r\n40\r\n" + std::string(0x40, 'x') + "\r\n25\r\n", limits) == 413);
  CHECK(status_of(kPost + "Content-Length: 100\r\n\r\n" + std::string(100, 'x'), limits) == 200);
}

TEST_CASE("a refusal tells what was expected") {
  const auto why = [](std::string_view text) { return read_cut(text).refusal.value_or(Http1Refusal{}).why; };
  CHECK(why("hello there\r\n\r\n") == "expected a request line like \"GET / HTTP/1.1\", found \"hello there\"");
  CHECK(why("GET / HTTP/1.1\r\n\r\n") == "the request has no Host field");
  CHECK(why(kPost + "Content-Length: +3\r\n\r\n") == "expected a number as Content-Length, found \"+3\"");
  CHECK(why(kPost + "Transfer-Encoding: chunked\r\n\r\nzz") == "expected a chunk size in hexadecimal, found 'z'");
  CHECK(why("\x16") == "a TLS handshake, where plain HTTP is spoken");
}
