#include <catch2/catch.hpp>
#include <limits>

#include "every_cut.hpp"
#include "stream/codec/websocket.hpp"

using namespace std::string_literals;
using stream::ErrorCode;
using stream::WsFrame;
using stream::WsFrameDecoder;
using stream::WsFrameHead;
using stream::WsFrameOptions;
using stream::WsMask;
using stream::WsOpcode;
using stream::WsSender;

namespace {

constexpr WsMask kKey = {0x37, 0xfa, 0x21, 0x3d};

WsFrameOptions from(WsSender sender) {
  WsFrameOptions options;
  options.sender = sender;
  return options;
}

WsFrameOptions recording() {
  WsFrameOptions options;
  options.any_masking = true;
  return options;
}

struct Outcome {
  std::vector<WsFrame> frames{};
  std::string error{};  // "offset: message", or empty
  int close_code = 0;
};

Outcome decode(std::string_view bytes, const WsFrameOptions& options) {
  Outcome outcome;
  const auto decoded = decode_every_cut<WsFrame>(
      bytes, [&] { return WsFrameDecoder(options); },
      [&](const WsFrameDecoder& decoder) {
        const int code = decoder.failure() ? decoder.failure()->close_code : 0;
        CHECK((outcome.close_code == 0 || outcome.close_code == code));
        outcome.close_code = code;
      });
  outcome.frames = decoded.items;
  if (decoded.error) outcome.error = std::to_string(decoded.error->place.offset.value_or(9999)) + ": " + decoded.error->message;
  return outcome;
}

std::string frame(const WsFrameHead& head, std::string_view payload) {
  std::string wire;
  stream::append_frame(wire, head, payload);
  return wire;
}

WsFrameHead head(WsOpcode opcode, bool fin = true, std::optional<WsMask> mask = {}) { return {fin, 0, opcode, mask}; }

}  // namespace

TEST_CASE("the frames of RFC 6455 section 5.7 decode to what it says") {
  SECTION("an unmasked text message") {
    const auto outcome = decode("\x81\x05\x48\x65\x6c\x6c\x6f", from(WsSender::server));
    REQUIRE(outcome.error.empty());
    REQUIRE(outcome.frames.size() == 1);
    CHECK((outcome.frames[0] == WsFrame{head(WsOpcode::text), "Hello", 0, 7, 5, 0}));
    CHECK(outcome.frames[0].payload_begin() == 2);
  }
  SECTION("a masked text message") {
    const auto outcome = decode("\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58", from(WsSender::client));
    REQUIRE(outcome.error.empty());
    REQUIRE(outcome.frames.size() == 1);
    CHECK((outcome.frames[0] == WsFrame{head(WsOpcode::text, true, kKey), "Hello", 0, 11, 5, 0}));
  }
  SECTION("a fragmented message") {
    const auto outcome = decode("\x01\x03\x48\x65\x6c\x80\x02\x6c\x6f", from(WsSender::server));
    REQUIRE(outcome.frames.size() == 2);
    CHECK((outcome.frames[0] == WsFrame{head(WsOpcode::text, false), "Hel", 0, 5, 3, 0}));
    CHECK((outcome.frames[1] == WsFrame{head(WsOpcode::continuation), "lo", 5, 9, 2, 0}));
  }
  SECTION("ping and its masked answer") {
    CHECK(decode("\x89\x05\x48\x65\x6c\x6c\x6f", from(WsSender::server)).frames.at(0).head.opcode == WsOpcode::ping);
    CHECK(decode("\x8a\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58", from(WsSender::client)).frames.at(0).payload == "Hello");
  }
  SECTION("256 bytes and 64 KiB") {
    const auto small = decode("\x82\x7E\x01\x00"s + std::string(256, 'b'), from(WsSender::server));
    REQUIRE(small.frames.size() == 1);
    CHECK(small.frames[0].payload.size() == 256);
    const auto large = decode("\x82\x7F\x00\x00\x00\x00\x00\x01\x00\x00"s + std::string(65536, 'b'), from(WsSender::server));
    REQUIRE(large.frames.size() == 1);
    CHECK(large.frames[0].payload == std::string(65536, 'b'));
  }
}

TEST_CASE("every opcode and every length comes back as it was encoded") {
  const auto opcode = GENERATE(WsOpcode::text, WsOpcode::binary, WsOpcode::close, WsOpcode::ping, WsOpcode::pong);
  const bool masked = GENERATE(false, true);
  std::vector<std::size_t> sizes = {0, 1, 2, 3, 4, 5, 7, 8, 9, 31, 32, 33, 124, 125};
  if (!stream::is_control(opcode)) sizes.insert(sizes.end(), {126, 127, 128, 65535, 65536, 65537, 200003});
  for (const std::size_t size : sizes) {
    INFO(to_string(opcode) << " of " << size);
    std::string payload;
    for (std::size_t i = 0; i < size; ++i) payload.push_back(static_cast<char>(i * 7 + i / 251));
    const WsFrameHead wanted = head(opcode, true, masked ? std::optional(kKey) : std::nullopt);
    const std::string wire = frame(wanted, payload) + frame(wanted, "next");
    const std::size_t length_size = size < 126 ? 0 : size < 65536 ? 2 : 8;
    const std::size_t frame_size = 2 + length_size + (masked ? 4 : 0) + size;
    CHECK(wire.size() == frame_size + (masked ? 10 : 6));
    std::vector<std::string_view> parts = {wire};
    for (int way = 0; way < 2; ++way) {
      WsFrameDecoder decoder(recording());
      const auto decoded = decode_parts<WsFrame>(decoder, parts);
      CHECK_FALSE(decoded.error.has_value());
      REQUIRE(decoded.items.size() == 2);
      CHECK((decoded.items[0] == WsFrame{wanted, payload, 0, frame_size, size, 0}));
      CHECK((decoded.items[1] == WsFrame{wanted, "next", frame_size, wire.size(), 4, 0}));
      parts.clear();
      for (std::size_t i = 0; i < wire.size(); ++i) parts.push_back(std::string_view(wire).substr(i, 1));
    }
  }
}

TEST_CASE("what RFC 6455 forbids of a frame is refused with status 1002") {
  struct Row {
    std::string bytes;
    WsSender sender;
    std::string error;
  };
  constexpr auto kClient = WsSender::client;
  constexpr auto kServer = WsSender::server;
  const auto row = GENERATE_COPY(values<Row>({
      {"\xC1\x00"s, kServer, "0: a text frame has the reserved bit RSV1, but no compression was agreed on"},
      {"\xA1\x00"s, kServer, "0: a text frame has the reserved bit RSV2"},
      {"\x92\x00"s, kServer, "0: a binary frame has the reserved bit RSV3"},
      {"\xB2\x00"s, kServer, "0: a binary frame has the reserved bit RSV2"},
      {"\x83\x00"s, kServer, "0: a WebSocket frame with the reserved opcode 3"},
      {"\x87\x00"s, kServer, "0: a WebSocket frame with the reserved opcode 7"},
      {"\x8B\x00"s, kServer, "0: a WebSocket frame with the reserved opcode 11"},
      {"\x8F\x00"s, kServer, "0: a WebSocket frame with the reserved opcode 15"},
      {"\x09\x00"s, kServer, "0: a ping frame is fragmented, which control frames must not be"},
      {"\x0A\x00"s, kServer, "0: a pong frame is fragmented, which control frames must not be"},
      {"\x08\x00"s, kServer, "0: a close frame is fragmented, which control frames must not be"},
      {"\x89\x7E\x00\x7E"s, kServer, "1: a ping frame has more than 125 bytes"},
      {"\x88\x7F"s, kServer, "1: a close frame has more than 125 bytes"},
      {"\x80\x00"s, kServer, "0: a continuation frame, but there is no message to continue"},
      {"\x00\x00"s, kServer, "0: a continuation frame, but there is no message to continue"},
      {"\x81\x00\x80\x00"s, kServer, "2: a continuation frame, but there is no message to continue"},
      {"\x01\x00\x81\x00"s, kServer, "2: expected a continuation frame, found a text frame within a fragmented message"},
      {"\x01\x00\x89\x00\x02\x00"s, kServer,
       "4: expected a continuation frame, found a binary frame within a fragmented message"},
      {"\x82\x7E\x00\x7D"s, kServer, "2: a frame's length 125 is not written in its shortest form"},
      {"\x82\x7E\x00\x00"s, kServer, "2: a frame's length 0 is not written in its shortest form"},
      {"\x82\x7F\x00\x00\x00\x00\x00\x00\xFF\xFF"s, kServer, "2: a frame's length 65535 is not written in its shortest form"},
      {"\x82\x7F\x80\x00\x00\x00\x00\x00\x00\x00"s, kServer, "2: a frame's 64-bit length has its top bit set"},
      {"\x82\xFF\x80\x00\x00\x00\x00\x00\x00\x00"s, kClient, "2: a frame's 64-bit length has its top bit set"},
      {"\x81\x00"s, kClient, "1: a frame from a client is not masked"},
      {"\x81\x80\x01\x02\x03\x04"s, kServer, "1: a frame from a server is masked"},
  }));
  const auto outcome = decode(row.bytes, from(row.sender));
  CHECK(outcome.error == row.error);
  CHECK(outcome.close_code == 1002);
}

TEST_CASE("a recording's frames may be masked or not") {
  const auto outcome = decode("\x81\x01\x61\x81\x81\x01\x02\x03\x04\x60"s, recording());
  REQUIRE(outcome.error.empty());
  REQUIRE(outcome.frames.size() == 2);
  CHECK(outcome.frames[0].payload == "a");
  CHECK(outcome.frames[1].payload == "a");
}

TEST_CASE("with permessage-deflate only the first frame of a message may have RSV1") {
  WsFrameOptions options = from(WsSender::server);
  options.allow_rsv1 = true;
  CHECK(decode("\xC1\x01\x00"s, options).error.empty());
  CHECK(decode("\x41\x00\x80\x01\x00"s, options).error.empty());
  CHECK(decode("\x41\x00\xC0\x01\x00"s, options).error == "2: a continuation frame has the reserved bit RSV1");
  CHECK(decode("\xC9\x00"s, options).error == "0: a ping frame has the reserved bit RSV1");
  CHECK(decode("\xF1\x00"s, options).error == "0: a text frame has the reserved bit RSV2");
}

TEST_CASE("a frame that is too large is refused at its head with status 1009") {
  WsFrameOptions options = from(WsSender::server);
  options.limits.max_entry = 1000;
  const auto outcome = decode("\x82\x7E\x03\xE9"s, options);
  CHECK(outcome.error == "0: a frame of 1001 bytes is larger than 1000 (--max-entry)");
  CHECK(outcome.close_code == 1009);
  CHECK(decode("\x82\x7E\x03\xE8"s + std::string(1000, 'x'), options).error.empty());
  CHECK(decode("\x82\x7F\x7F\xFF\xFF\xFF\xFF\xFF\xFF\xFF"s, options).close_code == 1009);
}

TEST_CASE("an input that ends within a frame is cut off") {
  CHECK(decode("\x81"s, recording()).error == "1: the input ends within the head of a WebSocket frame");
  CHECK(decode("\x81\x85\x01\x02"s, recording()).error == "4: the input ends within the head of a WebSocket frame");
  const auto outcome = decode("\x81\x05He"s, recording());
  CHECK(outcome.error == "4: the input ends 3 bytes before the end of a text frame of 5 bytes");
  CHECK(outcome.close_code == 1006);
  CHECK(decode("\x01\x01H"s, recording()).error.empty());
}

TEST_CASE("in pieces a frame is given out as it arrives") {
  WsFrameOptions options = from(WsSender::client);
  options.pieces = true;
  options.limits.max_entry = 2;  // a frame may be larger
  WsFrameDecoder decoder(options);
  const std::string wire = frame(head(WsOpcode::text, true, kKey), "Hello");
  std::vector<WsFrame> out;
  REQUIRE(decoder.feed(wire.substr(0, 6), out));
  REQUIRE(out.size() == 1);
  CHECK((out[0] == WsFrame{head(WsOpcode::text, true, kKey), "", 0, 6, 5, 0}));
  CHECK_FALSE(out[0].complete());
  REQUIRE(decoder.feed(wire.substr(6, 3), out));
  REQUIRE(decoder.feed(wire.substr(9), out));
  REQUIRE(out.size() == 3);
  CHECK((out[1] == WsFrame{head(WsOpcode::text, true, kKey), "Hel", 6, 9, 5, 0}));
  CHECK((out[2] == WsFrame{head(WsOpcode::text, true, kKey), "lo", 9, 11, 5, 3}));
  CHECK(out[2].complete());
}

TEST_CASE("pieces are the same for every cut once they are joined") {
  WsFrameOptions options = from(WsSender::client);
  options.pieces = true;
  const std::string wire = frame(head(WsOpcode::text, false, kKey), "Hello") + frame(head(WsOpcode::ping, true, kKey), "") +
                           frame(head(WsOpcode::continuation, true, kKey), ", world");
  for (std::size_t cut = 0; cut <= wire.size(); ++cut) {
    WsFrameDecoder decoder(options);
    const auto decoded =
        decode_parts<WsFrame>(decoder, {std::string_view(wire).substr(0, cut), std::string_view(wire).substr(cut)});
    CHECK_FALSE(decoded.error.has_value());
    std::string joined;
    std::uint64_t at = 0;
    for (const auto& piece : decoded.items) {
      CHECK(piece.begin == at);
      at = piece.end;
      joined += piece.payload;
      if (piece.complete()) joined += '|';
    }
    CHECK(at == wire.size());
    CHECK(joined == "Hello||, world|");
  }
}

TEST_CASE("masking is its own inverse, at every offset and alignment") {
  std::string text;
  for (int i = 0; i < 200; ++i) text.push_back(static_cast<char>(i * 31));
  for (std::size_t begin = 0; begin < 40; ++begin) {
    for (const std::size_t size :
         {std::size_t{0}, std::size_t{1}, std::size_t{5}, std::size_t{33}, std::size_t{100}, text.size() - 40}) {
      for (const std::uint64_t offset :
           {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{2}, std::uint64_t{7}, std::uint64_t{1} << 40U}) {
        std::string masked = text;
        stream::apply_ws_mask(std::span(masked).subspan(begin, size), kKey, offset);
        bool right = true;
        for (std::size_t i = 0; i < text.size(); ++i) {
          const auto plain = static_cast<std::uint8_t>(text[i]);
          const bool inside = i >= begin && i < begin + size;
          const auto wanted = inside ? static_cast<std::uint8_t>(plain ^ kKey[(offset + i - begin) % 4]) : plain;
          right = right && static_cast<std::uint8_t>(masked[i]) == wanted;
        }
        if (!right) FAIL("begin " << begin << " size " << size << " offset " << offset);
      }
    }
  }
}

TEST_CASE("a frame decoder that has failed returns the same error again") {
  WsFrameDecoder decoder(from(WsSender::server));
  std::vector<WsFrame> out;
  const auto first = decoder.feed("\x81\x01\x61\x83\x00\x81\x01\x62"s, out);
  REQUIRE_FALSE(first);
  CHECK(out.size() == 1);
  CHECK(decoder.feed("\x81\x01\x61"s, out).error() == first.error());
  CHECK(decoder.finish(out).error() == first.error());
  CHECK(out.size() == 1);
}
