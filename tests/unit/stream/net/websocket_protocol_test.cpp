#include <catch2/catch.hpp>
#include <chrono>

#include "websocket_peer.hpp"

using namespace stream;
using namespace stream::net;
using namespace stream::test;
using replay::WsMode;

namespace {

const auto kQuiet = [] { return recorded(talk().message(ms(3'600'000), "much later")); };

std::string replaced(std::string text, const std::string& what, const std::string& with) {
  const auto at = text.find(what);
  REQUIRE(at != std::string::npos);
  return text.replace(at, what.size(), with);
}

}  // namespace

TEST_CASE("handshakes that are none are refused, each with its status") {
  struct Case {
    std::string request, status, has;
  };
  const std::string version = "Sec-WebSocket-Version: 13\r\n";
  const std::string key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
  const auto with_key = [&](const std::string& value) {
    return replaced(handshake(), key, "Sec-WebSocket-Key: " + value + "\r\n");
  };
  const std::vector<Case> cases = {
      {replaced(handshake(), version, ""), "426", "Sec-WebSocket-Version: 13\r\n"},
      {replaced(handshake(), "13", "8"), "426", "Sec-WebSocket-Version: 13\r\n"},
      {replaced(handshake(), version, version + version), "426", "Upgrade: websocket\r\n"},
      {replaced(handshake(), key, ""), "400", "Sec-WebSocket-Key"},
      {replaced(handshake(), key, key + key), "400", "Sec-WebSocket-Key"},
      {with_key(""), "400", "Sec-WebSocket-Key"},
      {with_key("dGhlIHNhbXBsZSBub25jZQ="), "400", "Sec-WebSocket-Key"},
      {with_key("dGhlIHNhbXBsZSBub25jZ!=="), "400", "Sec-WebSocket-Key"},
      {with_key("dGhlIHNhbXBsZSBub25j"), "400", "Sec-WebSocket-Key"},
      {with_key("dGhlIHNhbXBsZSBub25jZTE="), "400", "Sec-WebSocket-Key"},  // 17 bytes
      {replaced(handshake(), "Host: h\r\n", ""), "400", "Host"},
      {replaced(handshake(), "GET", "POST"), "426", "Upgrade: websocket\r\n"},
      {replaced(handshake(), "HTTP/1.1", "HTTP/1.0"), "426", "Upgrade: websocket\r\n"},
      {replaced(handshake(), "Connection: Upgrade\r\n", ""), "426", "Upgrade: websocket\r\n"},
      {replaced(handshake(), "Upgrade: websocket", "Upgrade: h2c"), "426", "Upgrade: websocket\r\n"},
  };
  TableHandler handler;
  handler.answers["/"] = kQuiet();
  const RunningServer server(handler);
  for (const Case& each : cases) {
    INFO(each.request);
    Client client(server.port());
    client.send(each.request);
    const std::string head = client.read_to("\r\n\r\n");
    CHECK(head.starts_with("HTTP/1.1 " + each.status + " "));
    const std::string whole = head + (head.find("Connection: close") != std::string::npos ? client.read_all() : "");
    INFO(whole);
    CHECK(whole.find(each.has) != std::string::npos);
  }
  CHECK(handler.result().served.outcome == Outcome::failed);
  CHECK(handler.result().served.status == 426);
  CHECK(handler.result().served.why == "the only version of the WebSocket protocol here is 13");
}

TEST_CASE("handshakes in any spelling that the protocol allows are accepted") {
  TableHandler handler;
  handler.answers["/"] = recorded(talk({{"Sec-WebSocket-Protocol", "b"}}).message(ms(3), "a"));
  const RunningServer server(handler);
  for (const std::string& request :
       {handshake(), replaced(handshake(), "Connection: Upgrade", "connection: keep-alive,  uPGRADE"),
        replaced(handshake(), "Upgrade: websocket", "UPGRADE: WebSocket"),
        replaced(handshake(), "Sec-WebSocket-Key:", "sec-websocket-key:   "),
        handshake("Sec-WebSocket-Protocol: a\r\nSec-WebSocket-Protocol: c ,b\r\n"),
        handshake("Sec-WebSocket-Extensions: permessage-deflate\r\nOrigin: http://elsewhere\r\n")}) {
    INFO(request);
    Client client(server.port());
    client.send(request);
    const std::string head = client.read_to("\r\n\r\n");
    CHECK(head.starts_with("HTTP/1.1 101 Switching Protocols\r\n"));
    CHECK(head.find("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n") != std::string::npos);
    CHECK((head.find("Sec-WebSocket-Protocol: b\r\n") != std::string::npos) == (request.find("c ,b") != std::string::npos));
    CHECK(head.find("Sec-WebSocket-Extensions") == std::string::npos);
    CHECK(client.read_exactly(3) == std::string("\x81\x01") + "a");
  }
}

TEST_CASE("what comes with the request, or right behind it, are the first frames") {
  const auto builder = talk().message(ms(3), "hi", Direction::send).message(ms(5), "hello").end(ms(5));
  ModeHandler handler(WsMode::lockstep);
  handler.answers["/"] = recorded(builder);
  const RunningServer server(handler);
  WsClient together(server.port(), "", frame(1, "hi"));
  CHECK(together.hear() == "text hello");
  CHECK(together.hear() == "close 1000");
  // The request and the frames, cut everywhere.
  const std::string all = handshake() + frame(1, "hi") + close_frame(1000);
  for (std::size_t cut = handshake().size() - 3; cut < all.size(); ++cut) {
    Client client(server.port());
    client.send(all.substr(0, cut));
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    client.send(all.substr(cut));
    client.read_to("\r\n\r\n");
    CHECK(client.read_exactly(11) == std::string("\x81\x05hello\x88\x02\x03\xe8"));
  }
  for (std::size_t i = 0; i < 5; ++i) CHECK(handler.result(i).served.deviations == 0);
}

TEST_CASE("what breaks the protocol is answered with the close that RFC 6455 gives for it") {
  struct Case {
    std::string name, frames;
    int code;
  };
  const auto bytes = [](std::initializer_list<int> values) {
    std::string out;
    for (const int value : values) out += static_cast<char>(value);
    return out;
  };
  const std::string euro = "\xe2\x82\xac";
  const std::vector<Case> cases = {
      {"not masked", bytes({0x81, 0x01, 'a'}), 1002},
      {"RSV1 without compression", frame(1, "a", true, kWsRsv1), 1002},
      {"RSV2", frame(1, "a", true, kWsRsv2), 1002},
      {"RSV3", frame(2, "a", true, kWsRsv3), 1002},
      {"opcode 3", frame(3, "a"), 1002},
      {"opcode 7", frame(7, "a"), 1002},
      {"opcode 11", frame(11, "a"), 1002},
      {"opcode 15", frame(15, "a"), 1002},
      {"a ping in fragments", frame(9, "a", false), 1002},
      {"a close in fragments", frame(8, "", false), 1002},
      {"a ping of 126 bytes", frame(9, std::string(126, 'a')), 1002},
      {"a continuation of nothing", frame(0, "a"), 1002},
      {"a message within a message", frame(1, "a", false) + frame(1, "b"), 1002},
      {"a length not in its shortest form", bytes({0x82, 0xfe, 0, 1, 0, 0, 0, 0, 'a'}), 1002},
      {"a length of more than 2^63", bytes({0x82, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 0}), 1002},
      {"half a code", frame(8, "\x03"), 1002},
      {"close 999", close_frame(999), 1002},
      {"close 1004", close_frame(1004), 1002},
      {"close 1005", close_frame(1005), 1002},
      {"close 1006", close_frame(1006), 1002},
      {"close 1015", close_frame(1015), 1002},
      {"close 2999", close_frame(2999), 1002},
      {"close 5000", close_frame(5000), 1002},
      {"no UTF-8", frame(1, "a\xff"), 1007},
      {"an overlong form", frame(1, "\xc0\xaf"), 1007},
      {"a surrogate", frame(1, "\xed\xa0\x80"), 1007},
      {"beyond Unicode", frame(1, "\xf4\x90\x80\x80"), 1007},
      {"text that ends within a character", frame(1, "\xe2\x82"), 1007},
      {"a fragment that ends a character wrongly", frame(1, "\xe2\x82", false) + frame(0, "a"), 1007},
      {"a reason that is no UTF-8", close_frame(1000, "\xff"), 1007},
      {"a reason that ends within a character", close_frame(1000, euro.substr(0, 2)), 1007},
  };
  TableHandler handler;
  handler.answers["/"] = kQuiet();
  const RunningServer server(handler);
  std::size_t number = 0;
  for (const Case& each : cases) {
    INFO(each.name);
    // In front of it something that is right, and behind it what is not to be heard any more.
    WsClient client(server.port());
    client.send(frame(9, "before") + each.frames + frame(9, "behind"));
    CHECK(client.hear() == "pong before");
    const auto message = client.read();
    REQUIRE(message);
    CHECK(message->opcode == WsOpcode::close);
    CHECK(message->code == each.code);
    CHECK_FALSE(message->data.empty());
    CHECK(client.hear() == "end");
    CHECK(client.socket().error() == 0);
    const auto result = handler.result(number++);
    CHECK(result.served.outcome == Outcome::failed);
    CHECK(result.served.why == message->data);
  }
}

TEST_CASE("text that is no UTF-8 is refused at its first bad byte, not at the end of its message") {
  TableHandler handler;
  handler.answers["/"] = kQuiet();
  const RunningServer server(handler);
  WsClient client(server.port());
  // The head promises 1000 bytes, and the third is wrong.
  client.send(frame(1, std::string("ab\xff") + std::string(997, 'c')).substr(0, 8 + 3));
  CHECK(client.close_code() == 1007);
  WsClient fragments(server.port());
  fragments.send(frame(1, "ab\xff", false));
  CHECK(fragments.close_code() == 1007);
}

TEST_CASE("messages above the limit are refused before they are held, compressed ones too") {
  TableHandler handler;
  handler.answers["/"] = recorded(talk({{"Sec-WebSocket-Extensions", "permessage-deflate"}}).message(ms(3'600'000), "later"));
  ServerOptions options;
  options.max_message = 1'000;
  const RunningServer server(handler, options);
  const std::string offer = "Sec-WebSocket-Extensions: permessage-deflate\r\n";
  {
    WsClient client(server.port());
    client.send(frame(2, std::string(1'000, 'x')));
    CHECK(handler.message(0) == std::pair<int, std::uint64_t>(2, 1'000));
    client.send(frame(2, std::string(1'001, 'x')).substr(0, 8));  // its head is enough
    CHECK(client.hear() == "close 1009 a message is larger than 1000 bytes");
    CHECK(client.hear() == "end");
  }
  {
    WsClient client(server.port());
    client.send(frame(1, std::string(600, 'x'), false) + frame(0, std::string(600, 'x')));
    CHECK(client.close_code() == 1009);
  }
  WsClient client(server.port(), offer);
  REQUIRE(client.deflate);
  WsDeflater deflater(*client.deflate, WsSender::client);
  std::string packed;
  deflater.deflate(std::string(1'000, 'x'), packed);
  client.send(frame(1, packed, true, kWsRsv1));
  CHECK(handler.message(1) == std::pair<int, std::uint64_t>(1, 1'000));
  packed.clear();
  deflater.deflate(std::string(std::size_t{50} << 20, '\0'), packed);
  CHECK(packed.size() < 100'000);
  client.send(frame(2, packed, true, kWsRsv1));
  CHECK(client.close_code() == 1009);
}

TEST_CASE("a message in fragments is one message, wherever it is cut and whatever control frames stand in between") {
  const std::string text = "gr\xc3\xbc\xc3\x9f Gott \xf0\x9f\x98\x80";
  TableHandler handler;
  handler.answers["/"] = kQuiet();
  const RunningServer server(handler);
  std::size_t number = 0;
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    WsClient client(server.port());
    client.send(frame(1, text.substr(0, cut), false) + frame(9, "between") + frame(0, "", false) + frame(10, "unasked") +
                frame(0, text.substr(cut)));
    CHECK(client.hear() == "pong between");
    client.send(close_frame(1000));
    CHECK(client.hear() == "close 1000");
    CHECK(client.hear() == "end");
    CHECK(handler.message(number) == std::pair<int, std::uint64_t>(9, 7));
    CHECK(handler.message(number + 1) == std::pair<int, std::uint64_t>(10, 7));
    CHECK(handler.message(number + 2) == std::pair<int, std::uint64_t>(1, text.size()));
    number += 3;
  }
}

TEST_CASE("frames come through in any cuts of the connection") {
  const auto builder = talk()
                           .message(ms(3), "first", Direction::send)
                           .message(ms(3), std::string(200, 'x'), Direction::send, 2)
                           .message(ms(5), "both")
                           .close(ms(9), 1000, "", Direction::send);
  ModeHandler handler(WsMode::lockstep);
  handler.answers["/"] = recorded(builder);
  const RunningServer server(handler);
  const std::string all =
      frame(1, "fir", false) + frame(9, "p") + frame(0, "st") + frame(2, std::string(200, 'x')) + close_frame(1000);
  for (std::size_t cut = 1; cut < all.size(); ++cut) {
    WsClient client(server.port());
    client.send(all.substr(0, cut));
    if (cut % 7 == 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    client.send(all.substr(cut));
    CHECK(client.hear() == "pong p");
    CHECK(client.hear() == "text both");
    CHECK(client.hear() == "close 1000");
    CHECK(client.hear() == "end");
  }
  handler.result(all.size() - 2);
  CHECK(handler.result(all.size() - 2).served.outcome == Outcome::complete);
}

TEST_CASE("permessage-deflate with every combination of its parameters, both ways") {
  std::string text;
  for (int i = 0; i < 400; ++i) text += "line " + std::to_string(i * 7919 % 1000) + "; ";
  auto builder = talk({{"Sec-WebSocket-Extensions", "permessage-deflate"}});
  for (int i = 0; i < 3; ++i) {
    builder.message(ms(3 + i), text + std::to_string(i), Direction::send).message(ms(3 + i), std::to_string(i) + text);
  }
  builder.message(ms(9), "tiny").message(ms(9), "", Direction::receive, 2).message(ms(9), std::string(300'000, 'y')).end(ms(9));
  ModeHandler handler(WsMode::lockstep);
  handler.answers["/"] = recorded(builder);
  const RunningServer server(handler);
  int combinations = 0;
  for (const std::string server_takeover : {"", "; server_no_context_takeover"}) {
    for (const std::string client_takeover : {"", "; client_no_context_takeover"}) {
      for (const std::string server_bits :
           {"", "; server_max_window_bits=8", "; server_max_window_bits=9", "; server_max_window_bits=15"}) {
        for (const std::string client_bits :
             {"", "; client_max_window_bits", "; client_max_window_bits=8", "; client_max_window_bits=12"}) {
          const std::string offer = "permessage-deflate" + server_takeover + client_takeover + server_bits + client_bits;
          INFO(offer);
          WsClient client(server.port(), "Sec-WebSocket-Extensions: " + offer + "\r\n");
          REQUIRE(client.deflate);
          CHECK(client.deflate->server_no_context_takeover == !server_takeover.empty());
          CHECK(client.deflate->client_no_context_takeover == !client_takeover.empty());
          CHECK(client.deflate->server_max_window_bits == (server_bits.empty() ? 15 : std::stoi(server_bits.substr(25))));
          WsDeflater deflater(*client.deflate, WsSender::client);
          for (int i = 0; i < 3; ++i) {
            std::string packed;
            deflater.deflate(text + std::to_string(i), packed);
            const std::size_t half = packed.size() / 2;
            client.send(frame(1, packed.substr(0, half), false, kWsRsv1) + frame(9, "") + frame(0, packed.substr(half)));
            CHECK(client.hear() == "pong");
            const auto answer = client.read();
            REQUIRE(answer);
            CHECK(answer->compressed);
            CHECK(answer->data == std::to_string(i) + text);
          }
          CHECK(client.hear() == "text tiny");
          CHECK(client.hear() == "binary");
          CHECK(client.hear() == "text " + std::string(300'000, 'y'));
          CHECK(client.hear() == "close 1000");
          CHECK(client.broken.empty());
          client.send(close_frame(1000));
          CHECK(handler.result(static_cast<std::size_t>(combinations)).served.deviations == 0);
          ++combinations;
        }
      }
    }
  }
  CHECK(combinations == 64);
  // Offers that cannot be met are passed over.
  WsClient second(server.port(),
                  "Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=7, x-other, permessage-deflate\r\n");
  CHECK(second.head.find("Sec-WebSocket-Extensions: permessage-deflate\r\n") != std::string::npos);
  WsClient none(server.port(), "Sec-WebSocket-Extensions: x-webkit-deflate-frame\r\n");
  CHECK(none.head.find("Sec-WebSocket-Extensions") == std::string::npos);
}

TEST_CASE("compressed text that is no UTF-8, or no DEFLATE, is refused with 1007") {
  TableHandler handler;
  handler.answers["/"] = recorded(talk({{"Sec-WebSocket-Extensions", "permessage-deflate"}}).message(ms(3'600'000), "later"));
  const RunningServer server(handler);
  const std::string offer = "Sec-WebSocket-Extensions: permessage-deflate\r\n";
  WsClient text(server.port(), offer);
  std::string packed;
  WsDeflater(15, true).deflate("ab\xff", packed);
  text.send(frame(1, packed, true, kWsRsv1));
  CHECK(text.close_code() == 1007);
  WsClient junk(server.port(), offer);
  junk.send(frame(2, "\xff\xff\xff\xff", true, kWsRsv1));
  CHECK(junk.close_code() == 1007);
  WsClient continued(server.port(), offer);
  continued.send(frame(1, packed, false, kWsRsv1) + frame(0, "", true, kWsRsv1));
  CHECK(continued.close_code() != 0);
}
