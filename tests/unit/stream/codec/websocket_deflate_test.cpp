#include "stream/codec/websocket_deflate.hpp"

#include <zlib.h>

#include <catch2/catch.hpp>
#include <random>

using namespace std::string_literals;
using stream::WsDeflateOffer;
using stream::WsDeflateParams;
using stream::WsDeflater;
using stream::WsInflater;
using stream::WsSender;

namespace {

constexpr std::size_t kLimit = std::size_t{1} << 26;

std::string inflate(WsInflater& inflater, std::string_view payload) {
  std::string out;
  REQUIRE(inflater.inflate(payload, out, kLimit));
  REQUIRE(inflater.end_message(out, kLimit));
  return out;
}

std::string deflate(WsDeflater& deflater, std::string_view message) {
  std::string out;
  deflater.deflate(message, out);
  return out;
}

/// Words that come back at all distances, from near to beyond 32 KiB.
std::string some_text(std::size_t size, unsigned seed) {
  std::mt19937 random(seed);
  std::string text;
  while (text.size() < size) {
    if (text.size() > 300 && random() % 4 != 0) {
      const std::size_t distance = 1 + random() % std::min<std::size_t>(text.size(), std::size_t{1} << (3 + random() % 14));
      const std::size_t length = std::min<std::size_t>(distance, 3 + random() % 40);
      text += text.substr(text.size() - distance, length);
    } else {
      text.push_back(static_cast<char>(random()));
    }
  }
  return text;
}

}  // namespace

TEST_CASE("the examples of RFC 7692 section 7.2.3 inflate to what it says") {
  WsInflater inflater(true);
  SECTION("a compressed message, whole and in two parts") {
    CHECK(inflate(inflater, "\xf2\x48\xcd\xc9\xc9\x07\x00"s) == "Hello");
    WsInflater parts(true);
    std::string out;
    REQUIRE(parts.inflate("\xf2\x48\xcd", out, kLimit));
    REQUIRE(parts.inflate("\xc9\xc9\x07\x00"s, out, kLimit));
    REQUIRE(parts.end_message(out, kLimit));
    CHECK(out == "Hello");
  }
  SECTION("sharing the window") {
    CHECK(inflate(inflater, "\xf2\x48\xcd\xc9\xc9\x07\x00"s) == "Hello");
    CHECK(inflate(inflater, "\xf2\x00\x11\x00\x00"s) == "Hello");
  }
  SECTION("a block without compression") { CHECK(inflate(inflater, "\x00\x05\x00\xfa\xff\x48\x65\x6c\x6c\x6f\x00"s) == "Hello"); }
  SECTION("a final block") {
    CHECK(inflate(inflater, "\xf3\x48\xcd\xc9\xc9\x07\x00\x00"s) == "Hello");
    // The window survives it.
    CHECK(inflate(inflater, "\xf2\x00\x11\x00\x00"s) == "Hello");
  }
  SECTION("two blocks in one message") {
    CHECK(inflate(inflater, "\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00"s) == "Hello");
  }
  SECTION("an empty message") {
    CHECK(inflate(inflater, "\x00"s).empty());
    CHECK(inflate(inflater, "\xf2\x48\xcd\xc9\xc9\x07\x00"s) == "Hello");
  }
}

TEST_CASE("a final block needs no empty one behind it, and an empty payload is an empty message") {
  WsInflater inflater(true);
  CHECK(inflate(inflater, "\xf3\x48\xcd\xc9\xc9\x07\x00"s) == "Hello");
  CHECK(inflate(inflater, "").empty());
  CHECK(inflate(inflater, "\xf2\x00\x11\x00\x00"s) == "Hello");
}

TEST_CASE("many final blocks cost no more than their bytes") {
  WsInflater inflater(true);
  std::string payload;
  for (int i = 0; i < 200000; ++i) payload += "\x03\x00"s;  // a final block of nothing
  CHECK(inflate(inflater, payload).empty());
}

TEST_CASE("deflating gives the examples of RFC 7692") {
  WsDeflater deflater(15, true);
  CHECK(deflate(deflater, "Hello") == "\xf2\x48\xcd\xc9\xc9\x07\x00"s);
  CHECK(deflate(deflater, "Hello") == "\xf2\x00\x11\x00\x00"s);
  CHECK(deflate(deflater, "") == "\x00"s);
  CHECK(deflate(deflater, "") == "\x00"s);
  WsDeflater forgetful(15, false);
  CHECK(deflate(forgetful, "Hello") == "\xf2\x48\xcd\xc9\xc9\x07\x00"s);
  CHECK(deflate(forgetful, "Hello") == "\xf2\x48\xcd\xc9\xc9\x07\x00"s);
}

TEST_CASE("what is deflated inflates to the same, for every window and level") {
  const int bits = GENERATE(range(8, 16));
  const bool takeover = GENERATE(false, true);
  for (const int level : {0, 1, 6, 9}) {
    WsDeflater deflater(bits, takeover, level);
    WsInflater inflater(takeover);
    for (const std::size_t size : {0U, 1U, 100U, 40000U, 0U, 0U, 5U, 200000U}) {
      const std::string text = some_text(size, static_cast<unsigned>(size) + 1);
      CHECK((inflate(inflater, deflate(deflater, text)) == text));
    }
  }
}

TEST_CASE("no window is larger than agreed on: an inflater with just that window reads it") {
  // In little pieces of output, so that the inflater must look into its window rather than into the output.
  const int bits = GENERATE(range(8, 16));
  const std::string text = some_text(400000, 7);
  for (const int level : {1, 3, 4, 6, 9}) {
    WsDeflater deflater(bits, true, level);
    const std::string payload = deflate(deflater, text) + "\x00\x00\xff\xff"s;
    z_stream z{};
    REQUIRE(inflateInit2(&z, -bits) == Z_OK);
    std::string input = payload;
    z.next_in = reinterpret_cast<Bytef*>(input.data());
    z.avail_in = static_cast<uInt>(input.size());
    std::string out;
    int result = Z_OK;
    while (result == Z_OK && out.size() < text.size()) {
      std::string buffer(50, '\0');
      z.next_out = reinterpret_cast<Bytef*>(buffer.data());
      z.avail_out = static_cast<uInt>(buffer.size());
      result = ::inflate(&z, Z_SYNC_FLUSH);
      out.append(buffer, 0, buffer.size() - z.avail_out);
    }
    INFO("bits " << bits << " level " << level << " " << (z.msg ? z.msg : ""));
    CHECK((out == text));
    inflateEnd(&z);
  }
}

TEST_CASE("a limit fills the output up to it, and names the option") {
  WsDeflater deflater(15, false);
  WsInflater inflater(false);
  std::string out;
  const auto status = inflater.inflate(deflate(deflater, std::string(100000, 'x')), out, 1000);
  REQUIRE_FALSE(status);
  CHECK(status.error().code == stream::ErrorCode::limit);
  CHECK(status.error().message == "a compressed message inflates to more than 1000 bytes (--max-entry)");
  CHECK(out.size() == 1000);
}

TEST_CASE("extension headers are read as RFC 6455 section 9.1 has them") {
  const auto extensions =
      stream::parse_ws_extensions(" foo, bar; baz=2 ;q=\"a\\b\",, permessage-deflate;client_max_window_bits ,");
  REQUIRE(extensions);
  REQUIRE(extensions->size() == 3);
  CHECK(to_string((*extensions)[0]) == "foo");
  CHECK(to_string((*extensions)[1]) == "bar; baz=2; q=ab");
  CHECK(to_string((*extensions)[2]) == "permessage-deflate; client_max_window_bits");
  CHECK(stream::parse_ws_extensions("")->empty());
}

TEST_CASE("a header that is no list of extensions is refused with its place") {
  using Row = std::pair<std::string, std::string>;
  const auto& [header, error] = GENERATE(values<Row>({
      {"foo bar", "expected ',' or ';' in Sec-WebSocket-Extensions, found \"bar\""},
      {"foo;", "expected the name of a parameter in Sec-WebSocket-Extensions, found its end"},
      {"foo;=2", "expected the name of a parameter in Sec-WebSocket-Extensions, found \"=2\""},
      {"foo;a=", "expected a value in Sec-WebSocket-Extensions, found its end"},
      {"foo;a=\"b", "expected the end of a quoted value in Sec-WebSocket-Extensions, found \"\"b\""},
      {"foo;a=\"b c\"", "expected a quoted value that is a token (RFC 6455 §9.1) in Sec-WebSocket-Extensions, found \"\"b c\"\""},
      {"\"foo\"", "expected the name of an extension in Sec-WebSocket-Extensions, found \"\"foo\"\""},
  }));
  const auto extensions = stream::parse_ws_extensions(header);
  REQUIRE_FALSE(extensions);
  CHECK(extensions.error().message == error);
}

TEST_CASE("an offer is written as it is read") {
  WsDeflateOffer offer;
  CHECK(to_string(offer) == "permessage-deflate; client_max_window_bits");
  offer = {true, true, 10, true, 9};
  const std::string header = to_string(offer);
  CHECK(header ==
        "permessage-deflate; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=10; "
        "client_max_window_bits=9");
  CHECK(stream::read_ws_deflate_offer(stream::parse_ws_extensions(header)->at(0)) == offer);
}

TEST_CASE("a server answers the first offer that is valid") {
  const auto answer = [](std::string_view offers, const WsDeflateParams& wanted = {}) {
    const auto result = stream::answer_ws_deflate(offers, wanted);
    REQUIRE(result);
    return *result ? (*result)->header : "none"s;
  };
  CHECK(answer("") == "none");
  CHECK(answer("x-webkit-deflate-frame") == "none");
  CHECK(answer("permessage-deflate") == "permessage-deflate");
  CHECK(answer("foo, permessage-deflate; client_max_window_bits") == "permessage-deflate");
  CHECK(answer("permessage-deflate; server_max_window_bits=10, permessage-deflate") ==
        "permessage-deflate; server_max_window_bits=10");
  CHECK(answer("permessage-deflate; server_max_window_bits=\"15\"") == "permessage-deflate; server_max_window_bits=15");
  CHECK(answer("permessage-deflate; client_max_window_bits=9") == "permessage-deflate; client_max_window_bits=9");
  CHECK(answer("permessage-deflate; server_no_context_takeover; client_no_context_takeover") ==
        "permessage-deflate; server_no_context_takeover; client_no_context_takeover");
  // What is unknown, repeated or out of range makes an offer invalid, not the request.
  CHECK(answer("permessage-deflate; foo, permessage-deflate") == "permessage-deflate");
  CHECK(answer("permessage-deflate; server_max_window_bits") == "none");
  CHECK(answer("permessage-deflate; server_max_window_bits=7") == "none");
  CHECK(answer("permessage-deflate; server_max_window_bits=16") == "none");
  CHECK(answer("permessage-deflate; server_max_window_bits=08") == "none");
  CHECK(answer("permessage-deflate; client_max_window_bits=abc") == "none");
  CHECK(answer("permessage-deflate; server_no_context_takeover=1") == "none");
  CHECK(answer("permessage-deflate; server_no_context_takeover; server_no_context_takeover") == "none");
  CHECK(answer("permessage-deflate; client_max_window_bits; client_max_window_bits=10") == "none");

  const WsDeflateParams small = {true, true, 9, 10};
  CHECK(answer("permessage-deflate; client_max_window_bits", small) ==
        "permessage-deflate; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=9; "
        "client_max_window_bits=10");
  // A client that does not say that it can must not be asked.
  CHECK(answer("permessage-deflate", small) ==
        "permessage-deflate; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=9");
  CHECK(stream::answer_ws_deflate("permessage-deflate", small).value()->params == WsDeflateParams{true, true, 9, 15});
  CHECK_FALSE(stream::answer_ws_deflate("permessage-deflate;;"));
}

TEST_CASE("a client takes an answer to its offer, and refuses what it has not offered") {
  const auto agreed = [](std::string_view response, const WsDeflateOffer* offer = nullptr) {
    const auto result = stream::agreed_ws_deflate(response, offer);
    if (!result) return result.error().message;
    if (!*result) return "none"s;
    const WsDeflateParams& params = **result;
    return std::to_string(params.server_no_context_takeover) + std::to_string(params.client_no_context_takeover) + ' ' +
           std::to_string(params.server_max_window_bits) + ' ' + std::to_string(params.client_max_window_bits);
  };
  CHECK(agreed("") == "none");
  CHECK(agreed("permessage-deflate") == "00 15 15");
  CHECK(agreed("permessage-deflate; server_no_context_takeover; server_max_window_bits=10; client_max_window_bits=8") ==
        "10 10 8");
  CHECK(agreed("permessage-deflate; client_no_context_takeover") == "01 15 15");
  CHECK(agreed("bbf-usp-protocol") == "the server uses the WebSocket extension bbf-usp-protocol");
  CHECK(agreed("permessage-deflate, permessage-deflate") == "the server agrees to permessage-deflate twice");
  CHECK(agreed("permessage-deflate; client_max_window_bits") ==
        "the server agrees to permessage-deflate with invalid parameters: \"permessage-deflate; client_max_window_bits\"");
  CHECK(agreed("permessage-deflate; foo") ==
        "the server agrees to permessage-deflate with invalid parameters: \"permessage-deflate; foo\"");
  const WsDeflateOffer strict = {true, false, 10, false, {}};
  CHECK(agreed("permessage-deflate; server_max_window_bits=10", &strict) ==
        "the server does not agree to server_no_context_takeover");
  CHECK(agreed("permessage-deflate; server_no_context_takeover", &strict) ==
        "the server does not agree to server_max_window_bits=10");
  CHECK(agreed("permessage-deflate; server_no_context_takeover; server_max_window_bits=11", &strict) ==
        "the server does not agree to server_max_window_bits=10");
  CHECK(agreed("permessage-deflate; server_no_context_takeover; server_max_window_bits=9; client_max_window_bits=12", &strict) ==
        "the server asks for client_max_window_bits, which was not offered");
  CHECK(agreed("permessage-deflate; server_no_context_takeover; server_max_window_bits=9", &strict) == "10 9 15");
  const WsDeflateOffer window = {false, false, {}, true, 11};
  CHECK(agreed("permessage-deflate; client_max_window_bits=12", &window) ==
        "the server asks for client_max_window_bits=12, more than was offered");
  CHECK(agreed("permessage-deflate; client_max_window_bits=11", &window) == "00 15 11");
  // What a server of ours answers is what a client of ours agrees to.
  for (const char* header : {"permessage-deflate", "permessage-deflate; client_max_window_bits=9; server_max_window_bits=8"}) {
    const auto offer = stream::read_ws_deflate_offer(stream::parse_ws_extensions(header)->at(0));
    const auto answer = stream::answer_ws_deflate(header, {false, true, 12, 12}).value().value();
    CHECK(stream::agreed_ws_deflate(answer.header, &*offer).value() == answer.params);
  }
}

TEST_CASE("each direction has its own parameters") {
  const WsDeflateParams params = {true, false, 9, 12};
  CHECK_FALSE(params.context_takeover(WsSender::server));
  CHECK(params.context_takeover(WsSender::client));
  CHECK(params.window_bits(WsSender::server) == 9);
  CHECK(params.window_bits(WsSender::client) == 12);
}
