// Frames pass as they are, whatever they are; the messages are told.
#include <catch2/catch.hpp>
#include <random>

#include "relaying.hpp"
#include "stream/codec/websocket.hpp"
#include "stream/codec/websocket_deflate.hpp"

using namespace relaying;
using stream::WsFrameHead;
using stream::WsMask;
using stream::WsOpcode;

namespace {

const std::string kUpgrade =
    "GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n";
std::string accepted(std::string_view more = "") {
  return "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
         "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n" +
         std::string(more) + "\r\n";
}

std::string frame(WsOpcode opcode, std::string_view payload, bool fin = true, std::optional<WsMask> mask = {},
                  std::uint8_t rsv = 0) {
  std::string out;
  stream::append_frame(out, WsFrameHead{fin, rsv, opcode, mask}, payload);
  return out;
}
const WsMask kMask{1, 2, 3, 4};

/// What a client sends (masked) and a server sends, of every opcode, length and fragmentation.
std::string valid_frames(std::optional<WsMask> mask) {
  std::string all;
  for (const std::size_t size : {0U, 1U, 125U, 126U, 127U, 65535U, 65536U, 100000U}) {
    all += frame(WsOpcode::text, std::string(size, 'a'), true, mask);
    all += frame(WsOpcode::binary, std::string(size, '\xFF'), true, mask);
  }
  all += frame(WsOpcode::text, "frag", false, mask) + frame(WsOpcode::ping, "in between", true, mask) +
         frame(WsOpcode::continuation, "", false, mask) + frame(WsOpcode::continuation, "mented", true, mask);
  all += frame(WsOpcode::ping, std::string(125, 'p'), true, mask) + frame(WsOpcode::pong, "", true, mask);
  std::string close;
  REQUIRE(stream::append_close(close, 1000, "bye", mask));
  return all + close;
}

/// A client and an origin that talk through a proxy: what each has received.
struct Talk {
  std::string client_got{};
  std::string origin_got{};
  std::vector<std::string> told{};
};

Talk talk(const std::string& from_client, const std::string& from_origin, std::string_view extensions = "", std::size_t cut = 0) {
  Talk talk;
  Origin origin([&](Wire& wire) {
    wire.receive_until("\r\n\r\n");
    wire.send(accepted(extensions) + from_origin.substr(0, 1));  // frames begin in the same segment
    std::thread writer([&] {
      const std::string rest = from_origin.substr(std::min<std::size_t>(1, from_origin.size()));
      for (std::size_t at = 0; at < rest.size();) {
        const std::size_t size = cut == 0 ? rest.size() : cut;
        wire.send(std::string_view(rest).substr(at, size));
        at += size;
      }
    });
    talk.origin_got = wire.receive(from_client.size());
    writer.join();
    wire.shut();
    talk.origin_got += wire.receive_all();
  });
  Running running(reverse(origin.port));
  Wire wire = Wire::to(running.proxy->port());
  wire.send(kUpgrade);
  const std::string head = wire.receive_until("\r\n\r\n");
  talk.client_got = head.substr(head.find("\r\n\r\n") + 4);
  std::thread writer([&] {
    for (std::size_t at = 0; at < from_client.size();) {
      const std::size_t size = cut == 0 ? from_client.size() : cut;
      wire.send(std::string_view(from_client).substr(at, size));
      at += size;
    }
    wire.shut();
  });
  talk.client_got += wire.receive_all();
  writer.join();
  CHECK(running.heard.wait_for(talk.client_got.empty() ? "" : " end eof"));
  talk.told = running.heard.lines();
  return talk;
}

}  // namespace

TEST_CASE("frames of every opcode, length and fragmentation pass byte for byte, however they are cut") {
  const std::string from_client = valid_frames(kMask);
  const std::string from_origin = valid_frames(std::nullopt);
  for (const std::size_t cut : {std::size_t{0}, std::size_t{1000}, std::size_t{65537}}) {
    const Talk heard = talk(from_client, from_origin, "", cut);
    CHECK(heard.client_got == from_origin);
    CHECK(heard.origin_got == from_client);
    std::size_t sent = 0;
    std::size_t received = 0;
    for (const std::string& line : heard.told) {
      sent += line.find(" message send") != std::string::npos ? 1U : 0U;
      received += line.find(" message receive") != std::string::npos ? 1U : 0U;
    }
    CHECK(sent == 20);
    CHECK(received == 20);
    CHECK(std::find(heard.told.begin(), heard.told.end(), "1 message send 1 fragmented 10") != heard.told.end());
    CHECK(std::find(heard.told.begin(), heard.told.end(), "1 close send 1000 bye") != heard.told.end());
    CHECK(std::find(heard.told.begin(), heard.told.end(), "1 close receive 1000 bye") != heard.told.end());
  }
}

TEST_CASE("frames that break the protocol pass as they are, too") {
  const std::vector<std::string> rows = {
      frame(WsOpcode::text, "unmasked"),                                             // from a client
      frame(static_cast<WsOpcode>(3), "reserved", true, kMask),                      //
      frame(WsOpcode::text, "rsv2", true, kMask, 2),                                 //
      frame(WsOpcode::ping, std::string(126, 'x'), true, kMask),                     // too long
      frame(WsOpcode::ping, "fragmented", false, kMask),                             //
      frame(WsOpcode::continuation, "of nothing", true, kMask),                      //
      frame(WsOpcode::text, "\xC3\x28", true, kMask),                                // no UTF-8
      frame(WsOpcode::close, "x", true, kMask),                                      // half a code
      std::string("\x81\xFF\x00\x00\x00\x00\x00\x00\x00\x01\x01\x02\x03\x04z", 15),  // a length that is not the shortest
      std::string("\x81\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01\x02\x03\x04z", 15),  // one of all bits
  };
  std::string answer;
  REQUIRE(stream::append_close(answer, 1002, "no"));
  for (const std::string& row : rows) {
    const std::string behind = frame(WsOpcode::text, "goes on", true, kMask);
    const Talk heard = talk(row + behind, answer);
    CHECK(heard.origin_got == row + behind);
    CHECK(heard.client_got == answer);
  }
}

TEST_CASE("compressed messages pass as they are, and are told inflated") {
  stream::WsDeflateParams params;
  stream::WsDeflater deflater(params, stream::WsSender::client);
  std::string from_client;
  for (const std::string message : {"hello hello hello", "hello again, hello"}) {
    std::string payload;
    deflater.deflate(message, payload);
    from_client += frame(WsOpcode::text, payload, true, kMask, stream::kWsRsv1);
  }
  std::string close;
  REQUIRE(stream::append_close(close, 1000, "", kMask));
  std::string answer;
  REQUIRE(stream::append_close(answer, 1000, ""));
  const Talk heard = talk(from_client + close, answer, "Sec-WebSocket-Extensions: permessage-deflate\r\n");
  CHECK(heard.origin_got == from_client + close);
  CHECK(std::find(heard.told.begin(), heard.told.end(), "1 message send 1 hello hello hello 17") != heard.told.end());
  CHECK(std::find(heard.told.begin(), heard.told.end(), "1 message send 1 hello again, hello 18") != heard.told.end());
}

TEST_CASE("an upgrade that is declined is an ordinary answer, whole") {
  const std::string body(200000, 'e');
  Origin origin([&](Wire& wire) {
    wire.receive_until("\r\n\r\n");
    wire.send("HTTP/1.1 403 Forbidden\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
    wire.receive_all();
  });
  Running running(reverse(origin.port));
  Wire wire = Wire::to(running.proxy->port());
  wire.send(kUpgrade);
  std::string all = wire.receive_until("\r\n\r\n");
  while (all.size() < body.size()) {
    const std::string more = wire.receive();
    if (more.empty()) break;
    all += more;
  }
  CHECK(all.ends_with(body));
  REQUIRE(running.heard.wait_for("1 end eof"));
  CHECK(running.heard.lines()[1] == "1 response 403");
}

TEST_CASE("a message is told before what it triggers") {
  Origin origin([](Wire& wire) {
    wire.receive_until("\r\n\r\n");
    wire.send(accepted());
    for (int i = 0; i < 50; ++i) {
      if (wire.receive(frame(WsOpcode::text, "ping", true, kMask).size()).empty()) return;
      wire.send(frame(WsOpcode::text, "pong"));
    }
    wire.receive_all();
  });
  Running running(reverse(origin.port));
  Wire wire = Wire::to(running.proxy->port());
  wire.send(kUpgrade);
  wire.receive_until("\r\n\r\n");
  for (int i = 0; i < 50; ++i) {
    wire.send(frame(WsOpcode::text, "ping", true, kMask));
    wire.receive(6);
  }
  const auto lines = running.heard.lines();
  std::vector<std::string> messages;
  for (const std::string& line : lines) {
    if (line.find(" message ") != std::string::npos) messages.push_back(line);
  }
  REQUIRE(messages.size() == 100);
  for (std::size_t i = 0; i < messages.size(); ++i) {
    CHECK(messages[i] == (i % 2 == 0 ? "1 message send 1 ping 4" : "1 message receive 1 pong 4"));
  }
}
