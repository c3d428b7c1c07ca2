// Frames between a client, a mock and an origin: whatever they are, nothing is lost, added or moved but what the mock answers;
// and however they are cut it is the same.
#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "stream/codec/websocket.hpp"
#include "websocket_mocker.hpp"
#include "websocket_tap.hpp"

namespace {

using stream::Nanos;

/// Answers what begins with "?", later and later; closes on "!".
class Conversation final : public stream::mock::WebSocketConversation {
 public:
  const std::string& subprotocol() const override { return none_; }
  std::size_t mock() const override { return 0; }
  const stream::Place& place() const override { return place_; }
  stream::Result<std::vector<stream::mock::Action>> open(Nanos now) override {
    return std::vector<stream::mock::Action>{{now, stream::mock::Action::Kind::send, 1, "welcome"}};
  }
  stream::Result<stream::mock::Reply> message(int opcode, std::string_view bytes, Nanos now) override {
    stream::mock::Reply reply;
    reply.at = now;
    if (opcode > 2 || bytes.empty()) return reply;
    reply.handled = bytes.front() == '?' || bytes.front() == '!';
    if (bytes.front() == '?') reply.actions.push_back({now + Nanos(3), stream::mock::Action::Kind::send, 1, "answer"});
    closed = closed || bytes.front() == '!';
    if (bytes.front() == '!') reply.actions.push_back({now, stream::mock::Action::Kind::close, 1000, "bye"});
    return reply;
  }
  std::optional<Nanos> closes_at() const override { return std::nullopt; }
  bool closed = false;

 private:
  std::string none_{};
  stream::Place place_{};
};

struct Passed {
  std::string to_client{};
  std::string to_origin{};
  bool closed = false;  // by the mock
  bool operator==(const Passed&) const = default;
};

/// The client's bytes first, then the origin's, in pieces; the clock goes on when all is in.
Passed pass(std::string_view client, std::string_view origin, std::size_t piece) {
  auto made = std::make_unique<Conversation>();
  const Conversation& conversation = *made;
  stream::proxy::WebSocketMocker mocker(std::move(made), nullptr, 1, 1 << 16);
  stream::proxy::WebSocketMocker::Out out;
  const Nanos now{1};
  const auto feed = [&](std::string_view bytes, auto each) {
    for (std::size_t at = 0; at < bytes.size(); at += piece) each(bytes.substr(at, piece));
  };
  mocker.open(now, out);
  feed(client, [&](std::string_view bytes) { mocker.client(bytes, now, out); });
  feed(origin, [&](std::string_view bytes) { mocker.origin(bytes, now, out); });
  mocker.advance(Nanos{1000}, out);
  return {out.to_client, out.to_origin, conversation.closed};
}

constexpr std::size_t kMost = std::size_t{1} << 16;

void put(std::string& told, bool sent, int opcode, std::string_view bytes) {
  told += (sent ? '>' : '<') + std::to_string(opcode) + ' ' + std::to_string(bytes.size()) + ' ';
  told += bytes;
}

class Ear final : public stream::Tap {
 public:
  stream::TapInterest request(Id, stream::TapTime, const stream::TapRequest&) override { return stream::TapInterest::all; }
  void request_data(Id, stream::TapTime, std::string_view) override {}
  void request_trailers(Id, stream::TapTime, std::span<const stream::TapField>) override {}
  void interim(Id, stream::TapTime, int, std::span<const stream::TapField>) override {}
  stream::TapInterest response(Id, stream::TapTime, const stream::TapResponse&) override { return stream::TapInterest::all; }
  void data(Id, stream::TapTime, std::string_view) override {}
  void message(Id, stream::TapTime, const stream::TapMessage& message) override {
    put(told, message.direction == stream::Direction::send, message.opcode, message.data);
  }
  void close(Id, stream::TapTime, const stream::TapClose& close) override {
    put(told, close.direction == stream::Direction::send, 8, std::to_string(close.code.value_or(0)) + std::string(close.reason));
  }
  void end(Id, stream::TapTime, const stream::TapEnd&) override {}

  std::string told;
};

void hear(Ear& ear, stream::WsSender from, std::string_view bytes, bool deflate, std::size_t piece) {
  stream::proxy::WebSocketTap tap(&ear, 1, deflate ? "permessage-deflate" : "", kMost);
  for (std::size_t at = 0; at < bytes.size(); at += std::min(piece, bytes.size()))
    (void)tap.feed(from, bytes.substr(at, piece), Nanos{1});
}

void decode(std::string& told, stream::WsSender from, std::string_view bytes, bool deflate) {
  stream::WsMessageOptions options;
  options.sender = from;
  if (deflate) options.deflate.emplace();
  options.limits.max_entry = kMost;
  stream::WsMessageDecoder decoder(options);
  std::vector<stream::WsMessage> messages;
  (void)decoder.feed(bytes, messages);
  for (const stream::WsMessage& message : messages) {
    const bool closes = message.opcode == stream::WsOpcode::close;
    put(told, from == stream::WsSender::client, static_cast<int>(message.opcode),
        (closes ? std::to_string(message.code.value_or(0)) : std::string()) + message.data);
  }
}

void check(bool good) {
  if (!good) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::string_view all(reinterpret_cast<const char*>(data), size);  // NOLINT
  const std::size_t cut = std::min<std::size_t>(data[0] * (size - 1) / 255, size - 1);
  const std::string_view client = all.substr(1, cut);
  const std::string_view origin = all.substr(1 + cut);
  // What is told of frames is what the decoder says, however they are cut.
  for (const bool deflate : {false, true}) {
    const auto both = [&](std::size_t piece) {
      Ear ear;
      hear(ear, stream::WsSender::client, client, deflate, piece);
      hear(ear, stream::WsSender::server, origin, deflate, piece);
      return ear.told;
    };
    std::string wanted;
    decode(wanted, stream::WsSender::client, client, deflate);
    decode(wanted, stream::WsSender::server, origin, deflate);
    check(both(SIZE_MAX) == wanted);
    check(both(1) == wanted);
    check(both(1 + data[0] % 31) == wanted);
  }
  const Passed whole = pass(client, origin, SIZE_MAX);
  check(pass(client, origin, 1) == whole);
  // What reaches the origin is the client's: some of it is left out, and a control frame within a fragmented message goes on
  // before it.
  std::array<std::size_t, 256> counts{};
  for (const char c : client) ++counts[static_cast<unsigned char>(c)];
  for (const char c : whole.to_origin) {
    std::size_t& count = counts[static_cast<unsigned char>(c)];
    check(count != 0);
    --count;
  }
  std::size_t at = 0;
  // Nothing of the origin's is lost, unless the mock has closed.
  if (!whole.closed) {
    for (const char c : origin) {
      at = whole.to_client.find(c, at);
      check(at != std::string::npos);
      ++at;
    }
  }
  return 0;
}
