// What is told of frames is what the decoder says of them, however they are cut.
#include <catch2/catch.hpp>
#include <random>
#include <string>
#include <tuple>
#include <vector>

#include "stream/codec/websocket_deflate.hpp"
#include "websocket_tap.hpp"

using namespace stream;

namespace {

using Told = std::vector<std::tuple<int, int, std::string>>;

class Ear final : public Tap {
 public:
  TapInterest request(Id, TapTime, const TapRequest&) override { return TapInterest::all; }
  void request_data(Id, TapTime, std::string_view) override {}
  void request_trailers(Id, TapTime, std::span<const TapField>) override {}
  void interim(Id, TapTime, int, std::span<const TapField>) override {}
  TapInterest response(Id, TapTime, const TapResponse&) override { return TapInterest::all; }
  void data(Id, TapTime, std::string_view) override {}
  void message(Id, TapTime, const TapMessage& message) override {
    told.emplace_back(message.direction == Direction::send ? 1 : 0, message.opcode, std::string(message.data));
    CHECK(message.size == message.data.size());
  }
  void close(Id, TapTime, const TapClose& close) override {
    told.emplace_back(close.direction == Direction::send ? 1 : 0, 8,
                      std::to_string(close.code.value_or(0)) + std::string(close.reason));
  }
  void end(Id, TapTime, const TapEnd&) override {}

  Told told;
};

constexpr std::size_t kMost = 100'000;

Told decoded(WsSender from, std::string_view bytes, bool deflate) {
  WsMessageOptions options;
  options.sender = from;
  if (deflate) options.deflate.emplace();
  options.limits.max_entry = kMost;
  WsMessageDecoder decoder(options);
  std::vector<WsMessage> messages;
  (void)decoder.feed(bytes, messages);
  Told told;
  for (const WsMessage& message : messages) {
    const int direction = from == WsSender::client ? 1 : 0;
    const std::string code = message.opcode == WsOpcode::close ? std::to_string(message.code.value_or(0)) : std::string();
    told.emplace_back(direction, static_cast<int>(message.opcode), code + message.data);
  }
  return told;
}

/// Cut at random places, or at all of them.
Told heard(WsSender from, std::string_view bytes, bool deflate, std::mt19937& random, std::size_t largest) {
  Ear ear;
  proxy::WebSocketTap tap(&ear, 1, deflate ? "permessage-deflate" : "", kMost);
  std::size_t count = 0;
  while (!bytes.empty()) {
    const std::size_t size = std::min<std::size_t>(bytes.size(), largest == 1 ? 1 : 1 + random() % largest);
    count += tap.feed(from, bytes.substr(0, size), Nanos{1});
    bytes.remove_prefix(size);
  }
  CHECK(count == ear.told.size());
  return ear.told;
}

/// Frames, some of them wrong.
std::string random_frames(WsSender from, bool deflate, std::mt19937& random) {
  std::string out;
  WsDeflater deflater(15, true);
  bool within = false;
  for (std::size_t i = 0; i < 40; ++i) {
    WsFrameHead head;
    const auto chance = [&](unsigned percent) { return random() % 100 < percent; };
    if (from == WsSender::client)
      head.mask = WsMask{static_cast<std::uint8_t>(random()), 7, 0, static_cast<std::uint8_t>(random())};
    constexpr std::size_t kSizes[] = {0, 1, 5, 64, 125, 126, 127, 1000, 16384, 65535, 65536, 65537, 99'999, 100'001};
    std::string payload(kSizes[random() % (chance(3) ? std::size(kSizes) : std::size(kSizes) - 1)], 'x');
    for (std::size_t at = random() % 50; at < payload.size(); at += 1 + random() % 200)
      payload[at] = static_cast<char>('a' + random() % 26);
    if (chance(30) && payload.size() > 2) payload.replace(random() % (payload.size() - 1), 2, "\xC3\xA4");
    if (chance(2) && !payload.empty()) payload[random() % payload.size()] = '\xFF';
    const bool control = chance(20);
    head.opcode = within ? WsOpcode::continuation : chance(50) ? WsOpcode::text : WsOpcode::binary;
    if (control) {
      head.opcode = chance(50) ? WsOpcode::ping : WsOpcode::pong;
      payload.resize(std::min<std::size_t>(payload.size(), chance(3) ? 126 : 125));
    } else {
      head.fin = !chance(15);
      if (deflate && head.opcode != WsOpcode::continuation && head.fin && chance(40)) {
        std::string compressed;
        deflater.deflate(payload, compressed);
        payload = compressed;
        head.rsv = kWsRsv1;
      }
      within = !head.fin;
    }
    if (chance(1)) head.rsv = kWsRsv2;
    if (chance(1)) head.mask = head.mask ? std::nullopt : std::optional(WsMask{1, 2, 3, 4});
    if (chance(1)) head.opcode = WsOpcode::text;
    if (chance(1)) {
      REQUIRE(append_close(out, 1000, "bye", head.mask));
    } else if (chance(1)) {
      out.append("\x81\x7E\x00\x05", 4);  // a length that is not in its shortest form
    } else {
      append_frame(out, head, payload);
    }
  }
  return out;
}

}  // namespace

TEST_CASE("what is told of frames is what the decoder says, however they are cut") {
  std::mt19937 random(7);
  for (int round = 0; round < 60; ++round) {
    for (const WsSender from : {WsSender::client, WsSender::server}) {
      for (const bool deflate : {false, true}) {
        const std::string bytes = random_frames(from, deflate, random);
        const Told wanted = decoded(from, bytes, deflate);
        INFO("round " << round << ", " << wanted.size() << " messages");
        for (const std::size_t largest : {std::size_t{1} << 30, std::size_t{200'000}, std::size_t{3000}, std::size_t{20}}) {
          CHECK((heard(from, bytes, deflate, random, largest) == wanted));
        }
        if (round % 10 == 0) CHECK((heard(from, bytes, deflate, random, 1) == wanted));
      }
    }
  }
}
