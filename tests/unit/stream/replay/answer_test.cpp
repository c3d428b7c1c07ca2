#include "stream/replay/answer.hpp"

#include <catch2/catch.hpp>

#include "exchanges.hpp"

using namespace stream;
using namespace stream::replay;
using stream::test::ExchangeBuilder;
using stream::test::header_list;
using stream::test::ms;

namespace {

std::shared_ptr<const Answer> answer_of(const Exchange& exchange) {
  return make_answer(std::make_shared<const Exchange>(exchange), {});
}

}  // namespace

TEST_CASE("headers that belong to a connection are left out") {
  const auto fields = end_to_end_headers(header_list({{":status", "200"},
                                                      {"Content-Type", "text/plain"},
                                                      {"Connection", "close, X-Hop"},
                                                      {"x-hop", "1"},
                                                      {"Keep-Alive", "timeout=5"},
                                                      {"Proxy-Connection", "keep-alive"},
                                                      {"TE", "trailers"},
                                                      {"Trailer", "X-Sum"},
                                                      {"transfer-encoding", "chunked"},
                                                      {"Upgrade", "h2c"},
                                                      {"Content-Length", "12"},
                                                      {"bad name", "x"},
                                                      {"", "x"},
                                                      {"X-Kept", "a"}}));
  CHECK(fields == std::vector<HeaderField>{{"Content-Type", "text/plain"}, {"X-Kept", "a"}});
}

TEST_CASE("joined values are split into lines, and nothing ends a line on the wire") {
  const auto fields = end_to_end_headers(header_list({{"Set-Cookie", "a=1; Path=/\nb=2\r\nc=3\n"},
                                                      {"X-Evil", std::string("v\0w\rx\x7fy\tz", 10)},
                                                      {"X-Empty", ""},
                                                      {"X-Latin", "caf\xe9"}}));
  CHECK(fields == std::vector<HeaderField>{{"Set-Cookie", "a=1; Path=/"},
                                           {"Set-Cookie", "b=2"},
                                           {"Set-Cookie", "c=3"},
                                           {"X-Evil", "v w x y\tz"},
                                           {"X-Empty", ""},
                                           {"X-Latin", "caf\xe9"}});
}

TEST_CASE("Content-Encoding stays only where the bytes are in it") {
  const auto coding_of = [](std::string coding, std::string body, std::string type = "application/json") {
    const auto answer = answer_of(ExchangeBuilder()
                                      .response(ms(0), 200, {{"Content-Encoding", coding}, {"Content-Type", type}})
                                      .data(ms(1), body)
                                      .end(ms(1))
                                      .build());
    return std::string(find_header(answer->headers, "content-encoding"));
  };
  CHECK(coding_of("gzip", "\x1f\x8b\x08 and so on") == "gzip");
  CHECK(coding_of("gzip", "{\"decoded\":true}").empty());
  CHECK(coding_of("zstd", "\x28\xb5\x2f\xfd...") == "zstd");
  CHECK(coding_of("zstd", "{}").empty());
  CHECK(coding_of("deflate", "\x78\x9c...") == "deflate");
  CHECK(coding_of("deflate", "{}").empty());
  CHECK(coding_of("br", "\x0b\x02\x80{}\x03\xff") == "br");
  CHECK(coding_of("br", "{}").empty());
  CHECK(coding_of("br", "\x89PNG\xff", "image/png").empty());
  CHECK(coding_of("identity", "{}") == "identity");
  CHECK(coding_of("unheard-of", "{}").empty());
  CHECK(coding_of("br, gzip", "\x1f\x8b\x08").size() == 8);
}

TEST_CASE("a signature cut by a chunk boundary is still seen") {
  const auto answer = answer_of(ExchangeBuilder()
                                    .response(ms(0), 200, {{"Content-Encoding", "gzip"}})
                                    .data(ms(1), "\x1f")
                                    .data(ms(1), "\x8b\x08")
                                    .end(ms(1))
                                    .build());
  CHECK(find_header(answer->headers, "content-encoding") == "gzip");
}

TEST_CASE("an answer knows its body, its recorded length and whether it is whole") {
  const auto whole = answer_of(
      ExchangeBuilder().response(ms(0), 200, {{"Content-Length", "3"}}).data(ms(1), "ab").data(ms(2), "c").end(ms(3)).build());
  CHECK(whole->body_size == 3);
  CHECK(whole->recorded_length == 3);
  CHECK(whole->complete);
  CHECK(!whole->chunked);
  const auto cut =
      answer_of(ExchangeBuilder().response(ms(0), 200, {{"Transfer-Encoding", "gzip, chunked"}}).data(ms(1), "ab").build());
  CHECK(!cut->complete);
  CHECK(cut->chunked);
  CHECK(!cut->recorded_length);
  CHECK(!answer_of(ExchangeBuilder().response(ms(0), 200, {{"Content-Length", "+3"}}).end(ms(1)).build())->recorded_length);
}

TEST_CASE("a decoded body that was cut off does not keep the length of its encoded form") {
  const auto answer = answer_of(ExchangeBuilder()
                                    .response(ms(0), 200, {{"Content-Encoding", "gzip"}, {"Content-Length", "900"}})
                                    .data(ms(1), "decoded")
                                    .build());
  CHECK(!answer->recorded_length);
}

TEST_CASE("an answer to HEAD keeps what it says about a body that is not there") {
  const auto answer = answer_of(
      ExchangeBuilder("HEAD").response(ms(0), 200, {{"Content-Encoding", "gzip"}, {"Content-Length", "900"}}).end(ms(1)).build());
  CHECK(answer->head_only);
  CHECK(answer->recorded_length == 900);
  CHECK(find_header(answer->headers, "content-encoding") == "gzip");
}

TEST_CASE("a WebSocket answer keeps the subprotocol and leaves out the keys of its handshake") {
  const auto answer = answer_of(ExchangeBuilder()
                                    .response(ms(0), 101,
                                              {{"Upgrade", "websocket"},
                                               {"Sec-WebSocket-Accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="},
                                               {"Sec-WebSocket-Protocol", "prices.v1"},
                                               {"Sec-WebSocket-Extensions", "permessage-deflate; client_no_context_takeover"},
                                               {"X-Node", "7"}},
                                              "websocket")
                                    .message(ms(1), "a")
                                    .build());
  CHECK(answer->websocket);
  CHECK(answer->status == 101);
  CHECK(answer->subprotocol == "prices.v1");
  CHECK(answer->deflate);
  CHECK(answer->headers == std::vector<HeaderField>{{"X-Node", "7"}});
}

TEST_CASE("messages without a recorded response are answered as a WebSocket") {
  const auto answer = answer_of(ExchangeBuilder().message(ms(1), "a").build());
  CHECK(answer->websocket);
  CHECK(answer->status == 101);
}

TEST_CASE("a bare stream is answered with 200 and its media type") {
  Exchange exchange = ExchangeBuilder().response(ms(0), 0, {}, "sse").data(ms(0), "data: x\n\n").end(ms(0)).build();
  exchange.request.reset();
  const auto answer = answer_of(exchange);
  CHECK(answer->status == 200);
  CHECK(find_header(answer->headers, "Content-Type") == "text/event-stream");
}

TEST_CASE("a request that was never answered has no status") {
  const auto answer = answer_of(ExchangeBuilder().end(ms(1), "reset").build());
  CHECK(answer->status == 0);
  CHECK(answer->steps.size() == 1);
}
