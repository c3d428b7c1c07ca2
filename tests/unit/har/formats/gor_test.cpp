#include "archive_support.hpp"
#include "formats/http_message.hpp"

using namespace har;
using namespace har::test;
using stream::Json;
using stream::Nanos;

namespace {

using Lines = std::vector<std::string>;
const std::string kSeparator = "\n\xF0\x9F\x90\xB5\xF0\x9F\x99\x88\xF0\x9F\x99\x89\n";

std::string record(std::string_view meta, std::string_view octets) {
  return std::string(meta).append("\n").append(octets) + kSeparator;
}

const std::string kGet = "GET /x HTTP/1.1\r\nHost: a.example\r\n\r\n";
const std::string kOk = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc";

stream::Exchange exchange() {
  format::RequestMessage post;
  post.version = "HTTP/1.1";
  post.method = "POST";
  post.url = "http://a.example/p?q=1";
  post.fields = {{"Host", "a.example"}, {"X-A", "1"}, {"x-a", "2"}, {"Content-Length", "4"}};
  post.body = std::string("\n\0\xF0\n", 4);
  format::ResponseMessage answer;
  answer.version = "HTTP/1.1";
  answer.status = 200;
  answer.reason = "OK";
  answer.fields = {{"Set-Cookie", "a=b"}, {"Set-Cookie", "c=d"}, {"Content-Length", "5"}};
  answer.body = "body\n";
  format::MessageTimes times;
  times.start = stream::parse_iso8601("2026-11-22T09:15:30.123456789Z")->time;
  times.responded = Nanos(1'000'001);
  times.ended = Nanos(2'000'002);
  return format::make_exchange(std::move(post), std::move(answer), times);
}

}  // namespace

TEST_CASE("records of GoReplay with the same id are an exchange, with times in nanoseconds") {
  const Archive read = read_archive(record("1 aa 1000000000 7", kGet) + record("1 bb 1000000005 0", kGet) +
                                        record("2 bb 1000000500 9", kOk) + record("2 aa 1000000250 100", kOk),
                                    "gor", 3);
  CHECK(read.errors.empty());
  CHECK(read.findings.empty());
  REQUIRE(read.exchanges.size() == 2);
  const stream::Exchange& first = read.exchanges[0];
  CHECK(first.url() == "http://a.example/x");
  CHECK(first.start->time_since_epoch() == Nanos(1'000'000'000));
  CHECK(first.response->t == Nanos(250));
  CHECK(first.end->t == Nanos(350));
  CHECK(body_of(first) == "abc");
}

TEST_CASE("the response of a replay stands for the original's where there is none") {
  const Archive alone = read_archive(record("1 aa 1000", kGet) + record("3 aa 2000 5", kOk), "gor");
  REQUIRE(alone.exchanges.size() == 1);
  CHECK(alone.exchanges[0].status() == 200);
  const Archive both = read_archive(record("1 aa 1000", kGet) + record("2 aa 1500 5", kOk) + record("3 aa 2000 5", kOk), "gor");
  CHECK(both.exchanges.size() == 1);
  REQUIRE(both.findings.size() == 1);
  CHECK(both.findings[0].ends_with("the response of a replay is left out: the original's is there [gor-replayed]"));
}

TEST_CASE("a file of GoReplay may be cut, or have records that are none") {
  const std::string text = record("1 aa 1000 0", kGet) + record("2 aa 1500 5", kOk);
  const Archive bad =
      read_archive(record("4 aa 1 1", kGet) + record("1 aa", kGet) + record("1 aa 99999999999999999999 1", kGet) + text, "gor");
  CHECK(bad.exchanges.size() == 1);
  CHECK(bad.errors.size() == 3);
  CHECK(bad.errors[0] == "x: byte 0: expected a line \"type id time duration\", type being 1, 2 or 3");
  const Archive cut = read_archive(std::string_view(text).substr(0, text.size() - kSeparator.size() - 1), "gor");
  REQUIRE(cut.exchanges.size() == 1);
  CHECK(body_of(cut.exchanges[0]) == "ab");
  CHECK_FALSE(cut.exchanges[0].end);
  REQUIRE_FALSE(cut.findings.empty());
  CHECK(cut.findings[0].ends_with("the last record is cut off [gor-cut]"));
  const Archive back = read_archive(record("1 aa 1000 0", kGet) + record("2 aa 900 -1", kOk), "gor");
  REQUIRE(back.exchanges.size() == 1);
  CHECK(back.exchanges[0].response->t == Nanos{});
  REQUIRE(back.findings.size() == 1);
  CHECK(back.findings[0].ends_with("[gor-time]"));
  stream::Limits limits;
  limits.max_entry = 200'000;
  const Archive large = read_archive(record("1 aa 1 0", std::string(900'000, 'x')) + text, "gor", SIZE_MAX, limits);
  CHECK(large.exchanges.size() == 1);
  CHECK(large.errors == Lines{"x: byte 0: the record is larger than 200000 bytes"});
  read_every_cut(text, "gor");
  CHECK(read_archive("nothing", "gor").errors == Lines{bad.errors[0]});
  CHECK(read_archive("", "gor").errors.empty());
}

TEST_CASE("what a file of GoReplay can hold comes back from it") {
  auto second = exchange();
  second.response.reset();
  second.timeline.clear();
  second.end.reset();
  const WrittenArchive written = write_archive({exchange(), second}, "gor");
  CHECK(written.errors.empty());
  CHECK(written.findings.empty());
  CHECK(
      written.text.starts_with("1 686172000000000000000001 1795338930123456789 0\nPOST /p?q=1 HTTP/1.1\r\nHost: a.example\r\n"));
  CHECK(written.text.find("2 686172000000000000000001 1795338930124456790 1000001\nHTTP/1.1 200 OK\r\n") != std::string::npos);
  const Archive read = read_archive(written.text, "gor", 7);
  CHECK(read.errors.empty());
  CHECK(text_of(entries(read.exchanges)) == text_of(entries({exchange(), second})));
  CHECK(write_archive(read.exchanges, "gor").text == written.text);
}

TEST_CASE("a file of GoReplay says what it has no place for") {
  auto untyped = exchange();
  untyped.request->object.set("postData", Json(Json::Object{{"mimeType", "a/b"}, {"text", "x"}}));
  untyped.response->object.set("headers", Json::array());
  CHECK(write_archive({untyped}, "gor").findings == Lines{"lost-request-postData-mimeType", "lost-response-cookies"});
  auto secure = exchange();
  secure.request->object.set("url", "https://a.example/p?q=1");
  secure.request->object.set("httpVersion", "HTTP/2");
  secure.request->entry.set("serverIPAddress", "1.2.3.4");
  CHECK(write_archive({secure}, "gor").findings == Lines{"lost-serverIPAddress", "lost-request-url", "lost-request-httpVersion"});
  auto separator = exchange();
  separator.timeline.at(0).data = "a" + kSeparator + "b";
  const WrittenArchive refused = write_archive({separator}, "gor");
  REQUIRE(refused.errors.size() == 1);
  CHECK(refused.errors[0] == "the message holds the line that ends a record in files of GoReplay");
  CHECK(refused.text.empty());
}
