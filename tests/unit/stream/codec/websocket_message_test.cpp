#include <catch2/catch.hpp>

#include "every_cut.hpp"
#include "stream/codec/websocket.hpp"

using namespace std::string_literals;
using stream::kWsRsv1;
using stream::WsDeflateParams;
using stream::WsFrameHead;
using stream::WsMask;
using stream::WsMessage;
using stream::WsMessageDecoder;
using stream::WsMessageOptions;
using stream::WsOpcode;
using stream::WsSender;

namespace {

constexpr WsMask kKey = {0x12, 0x34, 0x56, 0x78};

WsMessageOptions plain() {
  WsMessageOptions options;
  options.sender = WsSender::server;
  return options;
}

WsMessageOptions compressed(const WsDeflateParams& params = {}) {
  WsMessageOptions options = plain();
  options.deflate = params;
  return options;
}

struct Outcome {
  std::vector<WsMessage> messages{};
  std::string error{};  // "offset: message", or empty
  int close_code = 0;
  std::uint64_t consumed = 0;
};

Outcome decode(std::string_view bytes, const WsMessageOptions& options = plain()) {
  std::optional<Outcome> outcome;
  const auto decoded = decode_every_cut<WsMessage>(
      bytes, [&] { return WsMessageDecoder(options); },
      [&](const WsMessageDecoder& decoder) {
        const int code = decoder.failure() ? decoder.failure()->close_code : 0;
        if (!outcome) outcome = Outcome{{}, {}, code, decoder.consumed()};
        CHECK(outcome->close_code == code);
        CHECK(outcome->consumed == decoder.consumed());
      });
  outcome->messages = decoded.items;
  if (decoded.error) outcome->error = std::to_string(decoded.error->place.offset.value_or(9999)) + ": " + decoded.error->message;
  return *outcome;
}

std::string frame(WsOpcode opcode, std::string_view payload, bool fin = true, std::uint8_t rsv = 0) {
  std::string wire;
  stream::append_frame(wire, {fin, rsv, opcode, {}}, payload);
  return wire;
}

std::string close_frame(int code, std::string_view reason) {
  return frame(WsOpcode::close, std::string{static_cast<char>(code >> 8), static_cast<char>(code & 0xFF)}.append(reason));
}

}  // namespace

TEST_CASE("messages are put together from frames, control frames between them come when they come") {
  const std::string wire = frame(WsOpcode::text, "Hel", false) + frame(WsOpcode::ping, "p") +
                           frame(WsOpcode::continuation, "", false) + frame(WsOpcode::pong, "") +
                           frame(WsOpcode::continuation, "lo") + frame(WsOpcode::binary, "\x00\xFF"s);
  const auto outcome = decode(wire);
  REQUIRE(outcome.error.empty());
  REQUIRE(outcome.messages.size() == 4);
  CHECK((outcome.messages[0] == WsMessage{WsOpcode::ping, "p", {}, false, 1, 5, 8}));
  CHECK((outcome.messages[1] == WsMessage{WsOpcode::pong, "", {}, false, 1, 10, 12}));
  CHECK((outcome.messages[2] == WsMessage{WsOpcode::text, "Hello", {}, false, 3, 0, 16}));
  CHECK((outcome.messages[3] == WsMessage{WsOpcode::binary, "\x00\xFF"s, {}, false, 1, 16, 20}));
  CHECK(outcome.consumed == wire.size());
}

TEST_CASE("a large message comes whole, in one frame or in many") {
  std::string data;
  for (int i = 0; i < 300000; ++i) data.push_back(static_cast<char>('a' + i % 26));
  std::string one;
  stream::append_frame(one, {true, 0, WsOpcode::text, kKey}, data);
  std::string many;
  for (std::size_t at = 0; at < data.size(); at += 1000) {
    stream::append_frame(many, {at + 1000 >= data.size(), 0, at == 0 ? WsOpcode::text : WsOpcode::continuation, kKey},
                         std::string_view(data).substr(at, 1000));
  }
  WsMessageOptions options;
  for (const auto& wire : {one, many}) {
    const auto outcome = decode(wire, options);
    REQUIRE(outcome.messages.size() == 1);
    CHECK((outcome.messages[0].data == data));
    CHECK(outcome.messages[0].end == wire.size());
  }
}

TEST_CASE("text may be cut within a code point, by frames and by reads") {
  const std::string text = "κόσμε \xF0\x9F\x98\x80 \xF4\x8F\xBF\xBF";
  std::string wire;
  for (std::size_t i = 0; i < text.size(); ++i) {
    wire += frame(i == 0 ? WsOpcode::text : WsOpcode::continuation, text.substr(i, 1), i + 1 == text.size());
  }
  const auto outcome = decode(wire);
  REQUIRE(outcome.messages.size() == 1);
  CHECK(outcome.messages[0].data == text);
  CHECK(outcome.messages[0].frames == text.size());
}

TEST_CASE("text that is not UTF-8 fails at its first bad byte with status 1007") {
  using Row = std::pair<std::string, int>;
  const auto& [payload, bad] = GENERATE(values<Row>({
      {"\xCE\xBA\xE1\xBD\xB9\xCF\x83\xCE\xBC\xCE\xB5\xED\xA0\x80\x65\x64\x69\x74\x65\x64", 12},
      {"\xCE\xBA\xE1\xBD\xB9\xCF\x83\xCE\xBC\xCE\xB5\xF4\x90\x80\x80\x65\x64\x69\x74\x65\x64", 12},
      {"\x80", 0},
      {"\xC0\xAF", 0},
      {"\xE0\x80\xAF", 1},
      {"\xF0\x80\x80\xAF", 1},
      {"\xF8\x88\x80\x80\x80", 0},
      {"ab\xFE", 2},
      {"\xED\xAF\xBF\xED\xBF\xBF", 1},
  }));
  const auto whole = decode(frame(WsOpcode::text, payload));
  CHECK(whole.error == std::to_string(2 + bad) + ": a text message is not UTF-8");
  CHECK(whole.close_code == 1007);
  CHECK(whole.messages.empty());
  // Fails before the message is complete, even before the frame is.
  const std::string promise = "\x01\x7E\x10\x00"s + payload;
  CHECK(decode(promise).error == std::to_string(4 + bad) + ": a text message is not UTF-8");
  CHECK(decode(frame(WsOpcode::binary, payload)).error.empty());
}

TEST_CASE("text that ends within a code point is refused with status 1007") {
  const auto outcome = decode(frame(WsOpcode::text, "a\xE2\x82"));
  CHECK(outcome.error == "5: a text message ends within a UTF-8 sequence");
  CHECK(outcome.close_code == 1007);
  const auto next = decode(frame(WsOpcode::text, "a\xE2\x82", false) + frame(WsOpcode::continuation, ""));
  CHECK(next.error == "7: a text message ends within a UTF-8 sequence");
  CHECK(decode(frame(WsOpcode::text, "\xE2", false) + frame(WsOpcode::continuation, "\x82\xAC")).error.empty());
}

TEST_CASE("a close frame has a code and a reason, or a code, or nothing") {
  const auto full = decode(close_frame(1000, "bye"));
  REQUIRE(full.messages.size() == 1);
  CHECK((full.messages[0] == WsMessage{WsOpcode::close, "bye", 1000, false, 1, 0, 7}));
  CHECK(decode(close_frame(3000, "")).messages.at(0).code == 3000);
  CHECK(decode(close_frame(1001, std::string(123, 'x'))).messages.at(0).data.size() == 123);
  const auto empty = decode(frame(WsOpcode::close, ""));
  REQUIRE(empty.messages.size() == 1);
  CHECK_FALSE(empty.messages[0].code.has_value());
}

TEST_CASE("nothing is taken after a close frame") {
  const std::string close = frame(WsOpcode::text, "a") + close_frame(1000, "");
  const auto outcome = decode(close + frame(WsOpcode::text, "late") + "\xFF\xFF");
  CHECK(outcome.error.empty());
  CHECK(outcome.messages.size() == 2);
  CHECK(outcome.consumed == close.size());
  // Also within a fragmented message, which never ends then.
  CHECK(decode(frame(WsOpcode::text, "a", false) + close_frame(1000, "")).error.empty());
}

TEST_CASE("codes that must not be sent are refused with status 1002") {
  const int bad = GENERATE(0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535);
  const auto outcome = decode(close_frame(bad, "x"));
  CHECK(outcome.error == "2: a close frame has the status code " + std::to_string(bad) + ", which must not be sent");
  CHECK(outcome.close_code == 1002);
}

TEST_CASE("codes that may be sent are taken") {
  const int good = GENERATE(1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999);
  CHECK(decode(close_frame(good, "x")).messages.at(0).code == good);
}

TEST_CASE("a close frame with half a code or a reason that is no UTF-8 is refused") {
  const auto half = decode(frame(WsOpcode::close, "\x03"));
  CHECK(half.error == "2: a close frame has half a status code");
  CHECK(half.close_code == 1002);
  const auto bad = decode(close_frame(1000, "ab\xFF"));
  CHECK(bad.error == "6: the reason in a close frame is not UTF-8");
  CHECK(bad.close_code == 1007);
  CHECK(decode(close_frame(1000, "ab\xE2\x82")).close_code == 1007);
}

TEST_CASE("a failure keeps the messages before it, and stays") {
  const auto outcome = decode(frame(WsOpcode::text, "a") + frame(WsOpcode::continuation, "b") + frame(WsOpcode::text, "c"));
  CHECK(outcome.messages.size() == 1);
  CHECK(outcome.error == "3: a continuation frame, but there is no message to continue");
  CHECK(outcome.close_code == 1002);
  CHECK(outcome.consumed == 3);
  WsMessageDecoder decoder(plain());
  std::vector<WsMessage> out;
  const auto first = decoder.feed(frame(WsOpcode::text, "\xFF"), out);
  CHECK(decoder.feed(frame(WsOpcode::text, "a"), out).error() == first.error());
  CHECK(decoder.finish(out).error() == first.error());
}

TEST_CASE("a message larger than an entry is refused with status 1009") {
  WsMessageOptions options = plain();
  options.limits.max_entry = 10;
  CHECK(decode(frame(WsOpcode::text, "0123456789"), options).error.empty());
  const auto one = decode(frame(WsOpcode::text, "0123456789a"), options);
  CHECK(one.error == "0: a text message is larger than 10 bytes (--max-entry)");
  CHECK(one.close_code == 1009);
  const auto two = decode(frame(WsOpcode::binary, "012345", false) + frame(WsOpcode::continuation, "6789a"), options);
  CHECK(two.error == "8: a binary message is larger than 10 bytes (--max-entry)");
  CHECK(decode(frame(WsOpcode::ping, "0123456789a"), options).error.empty());
}

TEST_CASE("an input that ends within a message is cut off, between messages it is not") {
  CHECK(decode("").error.empty());
  const auto outcome = decode(frame(WsOpcode::text, "a", false) + frame(WsOpcode::ping, ""));
  CHECK(outcome.error == "5: the input ends within a fragmented text message");
  CHECK(outcome.close_code == 1006);
  CHECK(decode(frame(WsOpcode::text, "abc").substr(0, 4)).error ==
        "4: the input ends 1 bytes before the end of a text frame of 3 bytes");
}

TEST_CASE("compressed messages are inflated, and may refer back to earlier ones") {
  stream::WsDeflater deflater(15, true);
  std::string wire;
  std::vector<std::size_t> sizes;
  for (int i = 0; i < 3; ++i) {
    std::string payload;
    deflater.deflate("the same text, κόσμε, again and again", payload);
    sizes.push_back(payload.size());
    wire += frame(WsOpcode::text, payload, true, kWsRsv1);
    wire += frame(WsOpcode::text, "plain");
  }
  CHECK(sizes[1] < sizes[0] / 2);
  const auto outcome = decode(wire, compressed());
  REQUIRE(outcome.error.empty());
  REQUIRE(outcome.messages.size() == 6);
  for (std::size_t i = 0; i < 6; ++i) {
    CHECK(outcome.messages[i].compressed == (i % 2 == 0));
    CHECK(outcome.messages[i].data == (i % 2 == 0 ? "the same text, κόσμε, again and again" : "plain"));
  }
  SECTION("without context takeover the second cannot be read") {
    WsDeflateParams params;
    params.server_no_context_takeover = true;
    const auto reset = decode(wire, compressed(params));
    CHECK(reset.messages.size() == 2);
    CHECK(reset.error == std::to_string(outcome.messages[2].begin) +
                             ": a compressed message is not valid DEFLATE data: invalid distance too far back");
    CHECK(reset.close_code == 1007);
  }
  SECTION("the other direction's parameters do not matter") {
    WsDeflateParams params;
    params.client_no_context_takeover = true;
    CHECK(decode(wire, compressed(params)).messages.size() == 6);
  }
}

TEST_CASE("a compressed message may be fragmented anywhere, and pinged between") {
  stream::WsDeflater deflater(15, false);
  std::string payload;
  std::string text;
  for (int i = 0; i < 200; ++i) text += std::to_string(i * i) + " ö ";
  deflater.deflate(text, payload);
  std::string wire;
  for (std::size_t i = 0; i < payload.size(); ++i) {
    wire += frame(i == 0 ? WsOpcode::text : WsOpcode::continuation, payload.substr(i, 1), i + 1 == payload.size(),
                  i == 0 ? kWsRsv1 : 0);
    if (i % 100 == 0) wire += frame(WsOpcode::ping, "");
  }
  const auto outcome = decode(wire, compressed());
  REQUIRE(outcome.error.empty());
  CHECK(outcome.messages.back().data == text);
}

TEST_CASE("a bomb is refused before it has gone off") {
  stream::WsDeflater deflater(15, false, 9);
  std::string payload;
  deflater.deflate(std::string(50'000'000, '\0'), payload);
  CHECK(payload.size() < 60'000);
  WsMessageOptions options = compressed();
  options.limits.max_entry = 1'000'000;
  WsMessageDecoder decoder(options);
  std::vector<WsMessage> out;
  const auto status = decoder.feed(frame(WsOpcode::binary, payload, true, kWsRsv1), out);
  REQUIRE_FALSE(status);
  CHECK(status.error().message == "a binary message is larger than 1000000 bytes (--max-entry)");
  CHECK(decoder.failure()->close_code == 1009);
  CHECK(out.empty());
}

TEST_CASE("a compressed message exactly as large as an entry is taken") {
  stream::WsDeflater deflater(15, false);
  std::string payload;
  deflater.deflate(std::string(1000, 'x'), payload);
  WsMessageOptions options = compressed();
  options.limits.max_entry = 1000;
  CHECK(decode(frame(WsOpcode::text, payload, true, kWsRsv1), options).error.empty());
  options.limits.max_entry = 999;
  CHECK(decode(frame(WsOpcode::text, payload, true, kWsRsv1), options).close_code == 1009);
}

TEST_CASE("a compressed message that is too large on the wire already is refused at its head") {
  WsMessageOptions options = compressed();
  options.limits.max_entry = 1000;
  options.source = "a.bin";
  WsMessageDecoder decoder(options);
  std::vector<WsMessage> out;
  const auto status = decoder.feed("\xC2\x7F\x00\x00\x00\x00\x00\x02\x00\x00"s, out);
  REQUIRE_FALSE(status);
  CHECK(to_string(status.error()) == "a.bin: byte 0: a binary message is larger than 1000 bytes (--max-entry)");
  CHECK(decoder.failure()->close_code == 1009);
}

TEST_CASE("compressed text that is not UTF-8, and data that is no DEFLATE, are refused with status 1007") {
  stream::WsDeflater deflater(15, false);
  std::string payload;
  deflater.deflate("good until \xFF", payload);
  const auto text = decode(frame(WsOpcode::ping, "") + frame(WsOpcode::text, payload, true, kWsRsv1), compressed());
  CHECK(text.error == "2: a compressed text message is not UTF-8");
  CHECK(text.close_code == 1007);
  CHECK(decode(frame(WsOpcode::binary, payload, true, kWsRsv1), compressed()).error.empty());
  const auto reserved = decode(frame(WsOpcode::text, "\x07", true, kWsRsv1), compressed());
  CHECK(reserved.error == "0: a compressed message is not valid DEFLATE data: invalid block type");
  CHECK(reserved.close_code == 1007);
  const auto cut = decode(frame(WsOpcode::binary, payload.substr(0, payload.size() / 2), true, kWsRsv1), compressed());
  CHECK(cut.error == "0: a compressed message ends within a DEFLATE block");
}

TEST_CASE("append_close writes what a peer may read, and nothing else") {
  std::string wire;
  REQUIRE(stream::append_close(wire, 1000, "bye", kKey));
  WsMessageDecoder decoder;
  const auto decoded = decode_parts<WsMessage>(decoder, {wire});
  REQUIRE(decoded.items.size() == 1);
  CHECK(decoded.items[0].data == "bye");
  wire.clear();
  REQUIRE(stream::append_close(wire, std::nullopt));
  CHECK(wire == "\x88\x00"s);
  wire.clear();
  CHECK(stream::append_close(wire, 1005).error().message == "a close frame must not have the status code 1005");
  CHECK(stream::append_close(wire, std::nullopt, "x").error().message == "a close frame with a reason needs a status code");
  CHECK(stream::append_close(wire, 1000, std::string(124, 'x')).error().message ==
        "the reason of a close frame has 124 bytes, at most 123 fit");
  CHECK(stream::append_close(wire, 1000, "\xE2\x82").error().message == "the reason of a close frame is not UTF-8");
  CHECK(wire.empty());
}

TEST_CASE("the answer to a key is that of RFC 6455 section 1.3") {
  CHECK(stream::websocket_accept("dGhlIHNhbXBsZSBub25jZQ==") == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
  // Around the ends of SHA-1's blocks; the key has 36 bytes behind it. By another implementation of SHA-1.
  CHECK(stream::websocket_accept("") == "Kfh9QIsMVZcl6xEPYxPHzW8SZ8w=");
  CHECK(stream::websocket_accept(std::string(19, 'x')) == "qQsxh2Nb/vsnD9od6HBiP6Igif0=");
  CHECK(stream::websocket_accept(std::string(20, 'x')) == "7jD6MP55bPPoLSNhT1mD/AE8sjc=");
  CHECK(stream::websocket_accept(std::string(27, 'x')) == "WWp/NRXr3+N4xy7O/17rN1JrRGc=");
  CHECK(stream::websocket_accept(std::string(28, 'x')) == "atUL8kQGe4qplhq19Y5TKRw/Uj4=");
  CHECK(stream::websocket_accept(std::string(100, 'x')) == "DJTE+uYDnPxiT+W6VvIG/iPUxv8=");
}
