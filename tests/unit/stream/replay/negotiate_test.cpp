#include "stream/replay/negotiate.hpp"

#include <catch2/catch.hpp>

#include "exchanges.hpp"

using namespace stream;
using namespace stream::replay;
using stream::test::ExchangeBuilder;
using stream::test::ms;

namespace {

using Fields = std::vector<HeaderField>;

const std::string kTag = "\"v1\"";
const std::string kModified = "Sun, 06 Nov 1994 08:49:37 GMT";
const HttpTime kNow = *parse_http_date("Sun, 22 Nov 2026 09:15:30 GMT");

std::shared_ptr<const Answer> answer_of(const ExchangeBuilder& builder) {
  return make_answer(std::make_shared<const Exchange>(builder.build()), {});
}

/// "0123456789" in three pieces at 10, 20 and 40 ms; the head at 5, the end at 50.
std::shared_ptr<const Answer> digits(
    std::initializer_list<std::pair<std::string, std::string>> headers = {
        {"Content-Type", "text/plain"}, {"ETag", kTag}, {"Last-Modified", kModified}, {"Content-Length", "10"}}) {
  return answer_of(
      ExchangeBuilder().response(ms(5), 200, headers).data(ms(10), "0123").data(ms(20), "456").data(ms(40), "789").end(ms(50)));
}

std::shared_ptr<const Answer> ask(Fields headers, std::shared_ptr<const Answer> answer = digits(),
                                  std::string_view method = "GET") {
  return negotiate({method, &headers}, std::move(answer), kNow);
}

std::string body_of(const Answer& answer) {
  std::string body;
  for (const Step& step : answer.steps) {
    if (step.kind == StepKind::data) body += step.bytes;
  }
  CHECK(body.size() == answer.body_size);
  return body;
}

std::string field(const Answer& answer, std::string_view name) { return std::string(find_header(answer.headers, name)); }

/// Status, and what is in the body.
std::string range(std::string value, Fields more = {}) {
  more.push_back({"Range", std::move(value)});
  const auto answer = ask(more);
  return std::to_string(answer->status) + " " + field(*answer, "content-range") + " " + body_of(*answer);
}

}  // namespace

TEST_CASE("a request without conditions gets the recorded answer itself") {
  const auto answer = digits();
  CHECK(ask({}, answer) == answer);
  CHECK(ask({{"If-None-Match", "\"other\""}}, answer) == answer);
  CHECK(ask({{"Range", "bytes=0-3"}}, answer, "HEAD") == answer);
  CHECK(ask({{"Range", "bytes=0-3"}}, answer, "POST") == answer);
}

TEST_CASE("one range is answered with its bytes and where they stand") {
  CHECK(range("bytes=0-3") == "206 bytes 0-3/10 0123");
  CHECK(range("bytes=2-5") == "206 bytes 2-5/10 2345");
  CHECK(range("bytes=9-9") == "206 bytes 9-9/10 9");
  CHECK(range("bytes=5-") == "206 bytes 5-9/10 56789");
  CHECK(range("bytes=-3") == "206 bytes 7-9/10 789");
  CHECK(range("bytes=-99") == "206 bytes 0-9/10 0123456789");
  CHECK(range("bytes=8-99") == "206 bytes 8-9/10 89");
  CHECK(range("BYTES = 8-99999999999999999999999999") == "206 bytes 8-9/10 89");
  CHECK(range("bytes=0-0,20-30") == "206 bytes 0-0/10 0");
  const auto part = ask({{"Range", "bytes=2-5"}});
  CHECK(part->recorded_length);
  CHECK(!part->chunked);
  CHECK(field(*part, "etag") == kTag);
  CHECK(field(*part, "accept-ranges") == "bytes");
  CHECK(part->origin);
}

TEST_CASE("a range that the body does not have is refused with the body's size") {
  for (const char* value : {"bytes=10-", "bytes=10-20", "bytes=99999999999999999999999999-", "bytes=-0", "bytes=10-11, 12-"}) {
    INFO(value);
    CHECK(range(value) == "416 bytes */10 ");
  }
  const auto refused = ask({{"Range", "bytes=10-"}});
  CHECK(field(*refused, "content-type").empty());
  CHECK(refused->steps.size() == 2);
  CHECK(refused->steps.back().kind == StepKind::end);
}

TEST_CASE("what is no range of bytes is as if it were not there") {
  for (const char* value : {"", "bytes", "bytes=", "bytes=,", "bytes=-", "bytes=3-2", "bytes=a-b", "bytes=1", "bytes=+1-2",
                            "bytes=1-2-3", "lines=0-3", "bytes=0-1,x", "bytes=0-3,2-5", "bytes=0-1,0-1",
                            "bytes=0-0,1-1,2-2,3-3,4-4,5-5,6-6,7-7,8-8,9-9,0-,0-,0-,0-,0-,0-,0-"}) {
    INFO(value);
    CHECK(range(value) == "200  0123456789");
  }
}

TEST_CASE("several ranges come as parts, each with its place") {
  const auto parts = ask({{"Range", "bytes=0-1, 8-, 4-4"}});
  CHECK(parts->status == 206);
  CHECK(field(*parts, "content-range").empty());
  CHECK(field(*parts, "content-type") == "multipart/byteranges; boundary=part-of-10-bytes-1");
  const std::string line = "Content-Type: text/plain\r\nContent-Range: bytes ";
  CHECK(body_of(*parts) == "--part-of-10-bytes-1\r\n" + line + "0-1/10\r\n\r\n01\r\n--part-of-10-bytes-1\r\n" + line +
                               "8-9/10\r\n\r\n89\r\n--part-of-10-bytes-1\r\n" + line +
                               "4-4/10\r\n\r\n4\r\n--part-of-10-bytes-1--\r\n");
}

TEST_CASE("the boundary of parts is not in the body, however that is cut") {
  const std::string body = "--part-of-24-bytes-1-end";
  REQUIRE(body.size() == 24);
  for (std::size_t piece = 1; piece <= body.size(); ++piece) {
    ExchangeBuilder builder;
    builder.response(ms(0), 200);
    for (std::size_t at = 0; at < body.size(); at += piece) builder.data(ms(0), body.substr(at, piece));
    INFO("pieces of " << piece);
    CHECK(field(*ask({{"Range", "bytes=0-0,2-2"}}, answer_of(builder.end(ms(0)))), "content-type") ==
          "multipart/byteranges; boundary=part-of-24-bytes-2");
  }
}

TEST_CASE("a range begins when the body began, and keeps the pauses of its bytes") {
  const auto times = [](const Answer& answer) {
    std::vector<std::int64_t> out;
    for (const Step& step : answer.steps) out.push_back(std::chrono::duration_cast<std::chrono::milliseconds>(step.at).count());
    return out;
  };
  CHECK(times(*ask({{"Range", "bytes=5-8"}})) == std::vector<std::int64_t>{5, 10, 30, 30});  // "56", "78", the end
  CHECK(times(*ask({{"Range", "bytes=5-"}})) == std::vector<std::int64_t>{5, 10, 30, 40});
  CHECK(times(*ask({{"Range", "bytes=0-3"}})) == std::vector<std::int64_t>{5, 10, 10});
  // Line, "0123" "4", line, "789", line, end.
  CHECK(times(*ask({{"Range", "bytes=0-4,7-"}})) == std::vector<std::int64_t>{5, 10, 10, 20, 20, 20, 20, 20});
}

TEST_CASE("only whole answers that are no streams have ranges") {
  const Fields range{{"Range", "bytes=0-0"}};
  const auto status = [&](const ExchangeBuilder& builder) { return ask(range, answer_of(builder))->status; };
  const auto start = [](int code, std::string kind = "", std::string name = "X", std::string value = "1") {
    ExchangeBuilder builder;
    builder.response(ms(0), code, {{std::move(name), std::move(value)}}, std::move(kind)).data(ms(0), "abc");
    return builder;
  };
  CHECK(status(start(200).end(ms(1))) == 206);
  CHECK(status(start(200)) == 200);  // cut off
  CHECK(status(start(200, "sse").end(ms(1))) == 200);
  CHECK(status(start(200, "ndjson").end(ms(1))) == 200);
  CHECK(status(start(404).end(ms(1))) == 404);
  CHECK(status(start(201).end(ms(1))) == 201);
  CHECK(status(start(200, "", "Accept-Ranges", "none").end(ms(1))) == 200);
  const auto recorded = ask(range, answer_of(start(206, "", "Content-Range", "bytes 5-7/10").end(ms(1))));
  CHECK(recorded->status == 206);
  CHECK(body_of(*recorded) == "abc");
}

TEST_CASE("If-Range lets a range through only for the very same bytes") {
  CHECK(range("bytes=0-0", {{"If-Range", kTag}}).starts_with("206"));
  CHECK(range("bytes=0-0", {{"If-Range", "\"v2\""}}).starts_with("200"));
  CHECK(range("bytes=0-0", {{"If-Range", "W/" + kTag}}).starts_with("200"));
  CHECK(range("bytes=0-0", {{"If-Range", kModified}}).starts_with("206"));
  CHECK(range("bytes=0-0", {{"If-Range", "Sun, 06 Nov 1994 08:49:38 GMT"}}).starts_with("200"));
  const auto in_its_second = digits({{"Last-Modified", kModified}, {"Date", kModified}});
  CHECK(ask({{"Range", "bytes=0-0"}, {"If-Range", kModified}}, in_its_second)->status == 200);
  CHECK(ask({{"Range", "bytes=0-0"}, {"If-Range", kTag}}, digits({}))->status == 200);
}

TEST_CASE("a client that has it already is told so") {
  for (const std::string& list : {kTag, "W/" + kTag, "\"a,b\", " + kTag, std::string("*")}) {
    INFO(list);
    const auto answer = ask({{"If-None-Match", list}});
    CHECK(answer->status == 304);
    CHECK(answer->steps.size() == 2);
    CHECK(answer->steps.front().at == ms(5));
    CHECK(answer->steps.back().at == ms(5));
  }
  CHECK(ask({{"if-none-match", "\"a\""}, {"If-None-Match", kTag}})->status == 304);
  CHECK(ask({{"If-None-Match", "\"v\", v1"}})->status == 200);
  CHECK(ask({{"If-None-Match", kTag}}, digits(), "HEAD")->status == 304);
  CHECK(ask({{"If-None-Match", kTag}}, digits({}))->status == 200);
  CHECK(ask({{"If-None-Match", "*"}}, digits({}))->status == 304);
}

TEST_CASE("If-Modified-Since counts where there is no If-None-Match") {
  CHECK(ask({{"If-Modified-Since", kModified}})->status == 304);
  CHECK(ask({{"If-Modified-Since", "Sunday, 06-Nov-94 08:49:37 GMT"}})->status == 304);
  CHECK(ask({{"If-Modified-Since", "Sun Nov  6 08:49:38 1994"}})->status == 304);
  CHECK(ask({{"If-Modified-Since", "Sun, 06 Nov 1994 08:49:36 GMT"}})->status == 200);
  CHECK(ask({{"If-Modified-Since", "yesterday"}})->status == 200);
  CHECK(ask({{"If-Modified-Since", kModified}, {"If-None-Match", "\"v2\""}})->status == 200);
  CHECK(ask({{"If-Modified-Since", kModified}}, digits({}))->status == 200);
}

TEST_CASE("a 304 has the fields that a cache updates, and no description of a body") {
  const auto answer = ask({{"If-None-Match", kTag}}, digits({{"Date", "Sun, 22 Nov 2026 09:15:30 GMT"},
                                                             {"Content-Type", "text/plain"},
                                                             {"Content-Encoding", "identity"},
                                                             {"Content-Location", "/v1"},
                                                             {"Cache-Control", "max-age=60"},
                                                             {"Expires", "0"},
                                                             {"Vary", "Accept"},
                                                             {"ETag", kTag},
                                                             {"Last-Modified", kModified},
                                                             {"Set-Cookie", "a=1"}}));
  CHECK(answer->headers == Fields{{"Date", "Sun, 22 Nov 2026 09:15:30 GMT"},
                                  {"Content-Location", "/v1"},
                                  {"Cache-Control", "max-age=60"},
                                  {"Expires", "0"},
                                  {"Vary", "Accept"},
                                  {"ETag", kTag},
                                  {"Set-Cookie", "a=1"}});
  CHECK(field(*ask({{"If-Modified-Since", kModified}}, digits({{"Last-Modified", kModified}})), "last-modified") == kModified);
}

TEST_CASE("a condition that does not hold is 412") {
  CHECK(ask({{"If-Match", kTag}})->status == 200);
  CHECK(ask({{"If-Match", "*"}})->status == 200);
  CHECK(ask({{"If-Match", "W/" + kTag}})->status == 412);
  CHECK(ask({{"If-Match", "\"v2\""}})->status == 412);
  CHECK(ask({{"If-Unmodified-Since", kModified}})->status == 200);
  CHECK(ask({{"If-Unmodified-Since", "Sun, 06 Nov 1994 08:49:36 GMT"}})->status == 412);
  CHECK(ask({{"If-Match", kTag}, {"If-Unmodified-Since", "Sun, 06 Nov 1994 08:49:36 GMT"}})->status == 200);
  CHECK(ask({{"If-Match", "\"v2\""}, {"If-None-Match", kTag}})->status == 412);
  CHECK(ask({{"If-None-Match", kTag}, {"Range", "bytes=0-0"}})->status == 304);
}

TEST_CASE("conditions of requests that change something were met in the recording") {
  CHECK(ask({{"If-Match", "\"v0\""}}, digits(), "PUT")->status == 200);
  CHECK(ask({{"If-None-Match", "*"}}, digits(), "POST")->status == 200);
}

TEST_CASE("errors, redirects and answers without a head have no conditions") {
  const Fields any{{"If-None-Match", "*"}, {"If-Match", "\"v2\""}};
  CHECK(ask(any, answer_of(ExchangeBuilder().response(ms(0), 404, {{"ETag", kTag}}).end(ms(0))))->status == 404);
  CHECK(ask(any, answer_of(ExchangeBuilder().response(ms(0), 301, {{"ETag", kTag}}).end(ms(0))))->status == 301);
  const auto reset = answer_of(ExchangeBuilder().end(ms(1), "reset"));
  CHECK(ask(any, reset) == reset);
}

TEST_CASE("a recorded 304 is a 200 for who has nothing, where its body was recorded") {
  const auto with_body = answer_of(ExchangeBuilder().response(ms(0), 304, {{"ETag", kTag}}).data(ms(1), "abc").end(ms(1)));
  const auto fresh = ask({}, with_body);
  CHECK(fresh->status == 200);
  CHECK(fresh->recorded_length == 3);
  CHECK(body_of(*fresh) == "abc");
  CHECK(ask({{"If-None-Match", kTag}}, with_body)->status == 304);
  CHECK(ask({{"Range", "bytes=1-1"}}, with_body)->status == 206);
  const auto bare = answer_of(ExchangeBuilder().response(ms(0), 304, {{"ETag", kTag}}).end(ms(1)));
  CHECK(ask({}, bare) == bare);
}

TEST_CASE("dates are read in all forms of HTTP, and written in one") {
  const HttpTime time = *parse_http_date(kModified);
  CHECK(time.time_since_epoch().count() == 784111777);
  CHECK(parse_http_date("Sunday, 06-Nov-94 08:49:37 GMT") == time);
  CHECK(parse_http_date("Sun Nov  6 08:49:37 1994") == time);
  CHECK(parse_http_date("Sun, 06-Nov-1994 08:49:37 GMT") == time);
  CHECK(parse_http_date("sun, 6 nov 1994 08:49:37 gmt") == time);
  CHECK(format_http_date(time) == kModified);
  for (const char* text : {"", "0", "-1", "Sun, 06 Nov 1994", "Sun, 31 Feb 1994 08:49:37 GMT", "Sun, 06 Nov 1994 24:49:37 GMT",
                           "Sun, 06 Nov 1994 08:49 GMT", "Sun, 06 Nov 1994 08:49:37 PST", "Sun, 06 Nov 199 08:49:37 GMT",
                           "Sun, 06 Nxv 1994 08:49:37 GMT", "2026-11-22T09:15:30Z"}) {
    INFO(text);
    CHECK(!parse_http_date(text));
  }
  for (const std::int64_t at : {-62135596800LL, -1LL, 0LL, 951782399LL, 4102444800LL, 253402300799LL}) {
    const HttpTime each{std::chrono::seconds(at)};
    CHECK(parse_http_date(format_http_date(each)) == each);
  }
  CHECK(format_http_date(HttpTime{std::chrono::seconds(253402300800LL)}) == "Fri, 31 Dec 9999 23:59:59 GMT");
  CHECK(parse_http_date("Fri, 01-Jan-70 00:00:00 GMT")->time_since_epoch().count() == 0);
  CHECK(format_http_date(*parse_http_date("Fri, 01-Jan-69 00:00:00 GMT")).find("2069") != std::string::npos);
}
