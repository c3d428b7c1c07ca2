#include <catch2/catch.hpp>

#include "exchanges.hpp"
#include "stream/io/byte_sink.hpp"
#include "stream/io/decompressor.hpp"
#include "stream/replay/negotiate.hpp"

using namespace stream;
using namespace stream::replay;
using stream::test::ExchangeBuilder;
using stream::test::ms;

namespace {

using Fields = std::vector<HeaderField>;

struct Coding {
  const char* name;
  Compression compression;
};
const std::vector<Coding> kCodings{
    {"gzip", Compression::gzip}, {"deflate", Compression::zlib}, {"zstd", Compression::zstd}, {"br", Compression::brotli}};

std::string packed(std::string_view text, Compression compression) {
  std::string out;
  auto sink = compress(string_sink(out), compression);
  REQUIRE(sink);
  REQUIRE((*sink)->write(text));
  REQUIRE((*sink)->finish());
  return out;
}

/// The pieces, decoded one by one.
std::vector<std::string> unpacked(const Answer& answer, Compression compression) {
  Decompressor decompressor(compression);
  std::vector<std::string> pieces;
  for (const Step& step : answer.steps) {
    if (step.kind == StepKind::data) REQUIRE(decompressor.feed(step.bytes, pieces.emplace_back()));
  }
  return pieces;
}

std::vector<std::string> pieces_of(const Answer& answer) {
  std::vector<std::string> pieces;
  for (const Step& step : answer.steps) {
    if (step.kind == StepKind::data) pieces.emplace_back(step.bytes);
  }
  return pieces;
}

std::shared_ptr<const Answer> answer_of(const ExchangeBuilder& builder, const Pace& pace = {}) {
  return make_answer(std::make_shared<const Exchange>(builder.build()), pace);
}

const std::string kText = "{\"a\":\"a text that is long enough to be worth it, a text that is long enough\"}";

/// Recorded decoded, of a server that sent it in `coding`.
ExchangeBuilder decoded(const std::string& coding) {
  ExchangeBuilder builder;
  builder
      .response(
          ms(5), 200,
          {{"Content-Type", "application/json"}, {"Content-Encoding", coding}, {"ETag", "\"v1\""}, {"Content-Length", "40"}})
      .data(ms(10), kText.substr(0, 20))
      .data(ms(30), kText.substr(20));
  return builder;
}

/// Recorded as it was sent.
std::shared_ptr<const Answer> encoded(const Coding& coding, bool whole = true) {
  const std::string bytes = packed(kText, coding.compression);
  ExchangeBuilder builder;
  builder.response(ms(5), 200, {{"Content-Type", "application/json"}, {"Content-Encoding", coding.name}, {"ETag", "\"v1\""}})
      .data(ms(10), bytes.substr(0, bytes.size() / 2))
      .data(ms(30), bytes.substr(bytes.size() / 2));
  return answer_of(whole ? builder.end(ms(40)) : builder);
}

std::shared_ptr<const Answer> decode(const std::shared_ptr<const Answer>& answer, const Fields& headers,
                                     Encode how = Encode::recorded) {
  return decode_for({"GET", &headers}, answer, how);
}

std::string text_of(const Answer& answer) {
  std::string text;
  for (const std::string& piece : pieces_of(answer)) text += piece;
  return text;
}

std::string field(const Answer& answer, std::string_view name) { return std::string(find_header(answer.headers, name)); }

}  // namespace

TEST_CASE("what was recorded encoded is decoded for who does not take it") {
  for (const Coding& coding : kCodings) {
    INFO(coding.name);
    const auto answer = encoded(coding);
    REQUIRE(field(*answer, "content-encoding") == coding.name);
    const auto plain = decode(answer, {{"Accept-Encoding", "identity"}});
    CHECK(text_of(*plain) == kText);
    CHECK(plain->body_size == kText.size());
    CHECK(field(*plain, "content-encoding").empty());
    CHECK(field(*plain, "etag") == "W/\"v1\"");
    CHECK(field(*plain, "vary") == "Accept-Encoding");
    CHECK(plain->steps.back().at == ms(40));
    CHECK(decode(answer, {}) == answer);
    CHECK(decode(answer, {{"Accept-Encoding", std::string("x, ") + coding.name}}) == answer);
    CHECK(decode(answer, {{"Accept-Encoding", "*"}}) == answer);
    CHECK(decode(answer, {{"Accept-Encoding", "*;q=0"}}) == answer);  // nothing is right, so it stays
    CHECK(text_of(*decode(answer, {}, Encode::identity)) == kText);
  }
}

TEST_CASE("weights say what a client takes") {
  const auto answer = encoded(kCodings[0]);
  const auto takes = [&](std::string value) { return decode(answer, {{"Accept-Encoding", std::move(value)}}) == answer; };
  CHECK(takes("gzip;q=0.001"));
  CHECK(takes("GZIP ; q=1"));
  CHECK(takes("x-gzip"));
  CHECK(takes("br, *;q=0.5"));
  CHECK(!takes("gzip;q=0"));
  CHECK(!takes("gzip; Q=0.000"));
  CHECK(!takes("*, gzip;q=0"));
  CHECK(!takes(""));
  CHECK(!takes("br"));
  CHECK(takes("gzip;q=0, identity;q=0"));
}

TEST_CASE("a body that is cut off is decoded as far as it goes") {
  const std::string bytes = packed(kText + kText + kText, Compression::gzip);
  const auto answer = answer_of(ExchangeBuilder()
                                    .response(ms(0), 200, {{"Content-Encoding", "gzip"}, {"Content-Length", "999"}})
                                    .data(ms(1), bytes.substr(0, bytes.size() - 10)));
  const auto plain = decode(answer, {}, Encode::identity);
  CHECK(!text_of(*plain).empty());
  CHECK((kText + kText + kText).starts_with(text_of(*plain)));
  CHECK(!plain->recorded_length);
  CHECK(!plain->complete);
}

TEST_CASE("what cannot be decoded stays as it is") {
  const auto broken = answer_of(
      ExchangeBuilder().response(ms(0), 200, {{"Content-Encoding", "gzip"}}).data(ms(0), "\x1f\x8b\x08 nothing").end(ms(0)));
  CHECK(decode(broken, {}, Encode::identity) == broken);
  const auto several = answer_of(ExchangeBuilder()
                                     .response(ms(0), 200, {{"Content-Encoding", "br, gzip"}})
                                     .data(ms(0), packed("x", Compression::gzip))
                                     .end(ms(0)));
  CHECK(decode(several, {}, Encode::identity) == several);
  const auto part = answer_of(ExchangeBuilder()
                                  .response(ms(0), 206, {{"Content-Encoding", "gzip"}, {"Content-Range", "bytes 0-9/20"}})
                                  .data(ms(0), packed("x", Compression::gzip))
                                  .end(ms(0)));
  CHECK(decode(part, {}, Encode::identity) == part);
}

TEST_CASE("what was recorded decoded is encoded again for who lists its coding, each piece at its time") {
  for (const Coding& coding : kCodings) {
    INFO(coding.name);
    const auto answer = answer_of(decoded(coding.name).end(ms(40)));
    REQUIRE(field(*answer, "content-encoding").empty());
    CHECK(answer->recorded_coding == coding.name);
    const Fields takes{{"Accept-Encoding", std::string("zz;q=1, ") + coding.name + ";q=0.5"}};
    const auto packed_answer = encode_for({"GET", &takes}, answer);
    CHECK(field(*packed_answer, "content-encoding") == coding.name);
    CHECK(field(*packed_answer, "etag") == "W/\"v1\"");
    CHECK(field(*packed_answer, "vary") == "Accept-Encoding");
    CHECK(packed_answer->recorded_length);
    CHECK(packed_answer->complete);
    REQUIRE(packed_answer->steps.size() == 4);
    CHECK(packed_answer->steps[1].at == ms(10));
    CHECK(packed_answer->steps[2].at == ms(30));
    CHECK(unpacked(*packed_answer, coding.compression) == std::vector<std::string>{kText.substr(0, 20), kText.substr(20)});
    for (const Fields& others :
         {Fields{}, Fields{{"Accept-Encoding", "identity"}}, Fields{{"Accept-Encoding", std::string(coding.name) + ";q=0"}}}) {
      CHECK(encode_for({"GET", &others}, answer) == answer);
    }
  }
}

TEST_CASE("a stream that is cut off is encoded without an end") {
  const Fields takes{{"Accept-Encoding", "gzip"}};
  const auto answer = encode_for({"GET", &takes}, answer_of(decoded("gzip")));
  CHECK(field(*answer, "content-encoding") == "gzip");
  CHECK(unpacked(*answer, Compression::gzip) == std::vector<std::string>{kText.substr(0, 20), kText.substr(20)});
  CHECK(!answer->complete);
}

TEST_CASE("what was never encoded, parts and repeated streams are not encoded") {
  const Fields takes{{"Accept-Encoding", "gzip"}};
  const auto same = [&](const std::shared_ptr<const Answer>& answer) { return encode_for({"GET", &takes}, answer) == answer; };
  CHECK(same(answer_of(ExchangeBuilder().response(ms(0), 200).data(ms(0), "x").end(ms(0)))));
  CHECK(same(answer_of(ExchangeBuilder().response(ms(0), 206, {{"Content-Encoding", "gzip"}}).data(ms(0), "x").end(ms(0)))));
  Pace pace;
  pace.rounds = 0;
  CHECK(same(answer_of(
      ExchangeBuilder().response(ms(0), 200, {{"Content-Encoding", "gzip"}}, "sse").data(ms(1), "data: x\n\n").end(ms(2)),
      pace)));
  pace = {};
  pace.keepalive = ms(10);
  CHECK(same(answer_of(
      ExchangeBuilder().response(ms(0), 200, {{"Content-Encoding", "gzip"}}, "sse").data(ms(1), "data: x\n\n").end(ms(2)),
      pace)));
}
