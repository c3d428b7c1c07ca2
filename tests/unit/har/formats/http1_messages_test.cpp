// Messages as octets, one behind the other.
#include <catch2/catch.hpp>

#include <algorithm>

#include "conversion.hpp"
#include "har/exchange.hpp"

using namespace har;
using namespace std::string_literals;
using Strings = std::vector<std::string>;

namespace {

test::Converted read(std::string_view text) { return test::convert(text, "http1", "har"); }

std::string text_of(const stream::Json& entry) { return std::string(entry["response"]["content"]["text"].string_or("")); }

const std::string kSession =
    "POST /a?b=c HTTP/1.1\r\nHost: h.example\r\nContent-Length: 3\r\nX: 1\r\nX: 2\r\n\r\nabc"
    "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\nSet-Cookie: a=b\r\nSet-Cookie: "
    "c=d\r\n\r\n3\r\nxyz\r\n0\r\n\r\n"
    "HEAD https://h.example/b HTTP/1.1\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n"
    "GET /c HTTP/1.1\r\nHost: h.example\r\n\r\nHTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno"
    "\r\n\r\nGET /d HTTP/1.1\r\nHost: h.example\r\n\r\n"s;

}  // namespace

TEST_CASE("requests and responses one behind the other are paired") {
  const auto out = read(kSession);
  CHECK(out.errors.empty());
  CHECK(out.findings.empty());
  const auto entries = test::entries_of(out.text);
  REQUIRE(entries.size() == 4);
  CHECK(entries[0]["request"]["url"].string_or("") == "http://h.example/a?b=c");
  CHECK(entries[0]["request"]["postData"]["text"].string_or("") == "abc");
  CHECK(text_of(entries[0]) == "xyz");
  CHECK(entries[0]["response"]["cookies"].as_array().size() == 2);
  CHECK(entries[1]["request"]["method"].string_or("") == "HEAD");
  CHECK(entries[1]["request"]["url"].string_or("") == "https://h.example/b");
  CHECK(entries[1]["response"]["status"].int_or(0) == 200);
  CHECK(entries[2]["response"]["status"].int_or(0) == 404);
  CHECK(text_of(entries[2]) == "no");
  CHECK(entries[3]["response"]["status"].int_or(-1) == 0);
}

TEST_CASE("text that people keep is read too: other line ends, decoded bodies, lengths that are wrong") {
  const auto burp = read(
      "POST / HTTP/2\nHost: h.example\nContent-Length: 1\n\nabcdef\n\nHTTP/2 200 OK\nTransfer-Encoding: chunked\n\nplain text");
  CHECK(burp.errors.empty());
  const auto entries = test::entries_of(burp.text);
  REQUIRE(entries.size() == 1);
  CHECK(entries[0]["request"]["url"].string_or("") == "https://h.example/");
  CHECK(entries[0]["request"]["postData"]["text"].string_or("").starts_with("abcdef"));
  CHECK(text_of(entries[0]) == "plain text");
  CHECK(burp.findings.size() == 2);
  const auto curl = read("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\nline\nGET me\n");
  CHECK(curl.errors.empty());
  CHECK(text_of(test::entries_of(curl.text).at(0)) == "line\nGET me\n");
}

TEST_CASE("every cut of messages is read without harm") {
  for (std::size_t size = 0; size <= kSession.size(); ++size)
    CHECK(read(std::string_view(kSession).substr(0, size)).errors.size() <= 1);
}

TEST_CASE("what is no message is refused with its place") {
  CHECK(read("hello\r\n").errors ==
        Strings{"x.http1: byte 0: expected a request line or a status line of HTTP: GET /path HTTP/1.1"});
  CHECK(read("").errors.size() == 1);
}

TEST_CASE("a message beyond the limit is refused") {
  const std::string text = "GET / HTTP/1.1\r\nContent-Length: 999999999999\r\n\r\n" + std::string(300000, 'x');
  const auto source = stream::memory_source(text, "x");
  const auto reader = find_format("http1")->open_reader(*source, {{.max_entry = 1000}, {}});
  const auto item = reader->next();
  REQUIRE(!item);
  CHECK(item.error().code == stream::ErrorCode::limit);
}

TEST_CASE("what HTTP/1.1 holds comes back") {
  const std::string har =
      R"({"log":{"entries":[{"request":{"method":"POST","url":"https://h.example/a?b=c","httpVersion":"HTTP/1.1","cookies":[],"headers":[{"name":"host","value":"h.example"},{"name":"X","value":"1"},{"name":"X","value":"2"},{"name":"content-length","value":"4"}],"queryString":[{"name":"b","value":"c"}],"headersSize":-1,"bodySize":4,"postData":{"mimeType":"","params":[],"text":"AAH/gA==","_encoding":"base64"}},"response":{"status":200,"statusText":"Fine","httpVersion":"HTTP/1.1","cookies":[],"headers":[{"name":"Content-Type","value":"text/plain"},{"name":"Content-Length","value":"3"}],"content":{"size":3,"mimeType":"text/plain","text":"é\n"},"redirectURL":"","headersSize":-1,"bodySize":3}}]}})";
  const auto once = test::convert(har, "har", "http1");
  CHECK(once.errors.empty());
  const auto again = read(once.text);
  CHECK(again.errors.empty());
  const auto before = test::entries_of(har);
  const auto after = test::entries_of(again.text);
  REQUIRE(after.size() == 1);
  CHECK(stream::to_json(after[0]["request"]) == stream::to_json(before[0]["request"]));
  CHECK(stream::to_json(after[0]["response"]) == stream::to_json(before[0]["response"]));
  CHECK(test::convert(again.text, "har", "http1").text == once.text);
}

TEST_CASE("every output of messages says which fields and methods no wire can hold") {
  const std::string har =
      R"({"log":{"entries":[{"startedDateTime":"2026-11-22T09:15:30Z","time":1,"request":{"method":"GET IT","url":"http://h.example/","httpVersion":"HTTP/1.1","headers":[{"name":"a b","value":"1"},{"name":"X","value":"2\u0001"}]},"response":{"status":200,"statusText":"OK","httpVersion":"HTTP/1.1","headers":[{"name":"é","value":"3"},{"name":"Transfer-Encoding","value":"chunked"}],"content":{"size":1,"mimeType":"","text":"x"},"_trailers":[{"name":"t:","value":"4"},{"name":"T","value":"5\u007f"}]},"timings":{"send":0,"wait":1,"receive":0}}]}})";
  for (const std::string_view format : {"http1", "gor", "warc", "saz"}) {
    INFO(format);
    const auto out = test::convert(har, "har", format);
    CHECK(out.errors.empty());
    Strings wire;
    for (const std::string& finding : out.findings) {
      if (finding.find("cannot be sent") == std::string::npos) continue;
      CHECK(finding.starts_with("x.har:1:"));
      wire.push_back(finding.substr(finding.find("warning: ")));
    }
    Strings expected = {
        "warning: the method GET IT cannot be sent: GET stands for it [lost-request-method]",
        "warning: a header is left out: its name, a b, cannot be sent [lost-request-headers-name]",
        "warning: control characters in the header X cannot be sent: spaces stand for them [lost-request-headers-value]",
        "warning: a header is left out: its name, é, cannot be sent [lost-response-headers-name]",
        "warning: a trailer is left out: its name, t:, cannot be sent [lost-response-_trailers-name]",
        "warning: control characters in the trailer T cannot be sent: spaces stand for them [lost-response-_trailers-value]"};
    std::sort(wire.begin(), wire.end());
    std::sort(expected.begin(), expected.end());
    CHECK(wire == expected);
  }
  CHECK(test::convert(har, "har", "http1").text ==
        "GET / HTTP/1.1\r\nHost: h.example\r\nX: 2 \r\n\r\n"
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nT: 5 \r\n\r\n");
}

TEST_CASE("messages are found by their first line") {
  const auto score = [](std::string_view text) { return find_format("http1")->sniff(text); };
  CHECK(score("GET /x HTTP/1.1\r\nHost: h\r\n") >= 90);
  CHECK(score("HTTP/1.1 200 OK\r\n") >= 90);
  CHECK(score("HTTP/2 200 \r\n") >= 90);
  CHECK(score("GET http://h/x\n") == 0);
  CHECK(score("HTTP/1.1 is a protocol\n") == 0);
  CHECK(score("<request>") == 0);
}
