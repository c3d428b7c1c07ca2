// Frames between a client, a mock and an origin: whatever they are, nothing is lost, added or moved but what the mock answers;
// and however they are cut it is the same.
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

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
  const Passed whole = pass(client, origin, SIZE_MAX);
  check(pass(client, origin, 1) == whole);
  // What reaches the origin are the client's bytes, in their order, with some left out.
  std::size_t at = 0;
  for (const char c : whole.to_origin) {
    at = client.find(c, at);
    check(at != std::string_view::npos);
    ++at;
  }
  // Nothing of the origin's is lost, unless the mock has closed.
  if (!whole.closed) {
    at = 0;
    for (const char c : origin) {
      at = whole.to_client.find(c, at);
      check(at != std::string::npos);
      ++at;
    }
  }
  stream::proxy::WebSocketTap tap(nullptr, 1, "permessage-deflate", 1 << 16);
  (void)tap.feed(stream::WsSender::client, client, Nanos{1});
  (void)tap.feed(stream::WsSender::server, origin, Nanos{1});
  return 0;
}
