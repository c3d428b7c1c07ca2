#include <algorithm>
#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>

#include "websocket_peer.hpp"

using namespace stream;
using namespace stream::net;
using namespace stream::test;
using replay::StepKind;
using replay::WsMode;

namespace {

ExchangeBuilder session() {
  return talk()
      .message(ms(20), "hello")
      .message(ms(50), "login", Direction::send)
      .message(ms(60), "welcome")
      .message(ms(100), "bye", Direction::send)
      .close(ms(130), 1000, "done")
      .end(ms(130));
}

class CountingHandler : public TableHandler {
 public:
  void received(const Request&, int, std::uint64_t size) override {
    ++count;
    bytes += size;
  }
  std::atomic<std::uint64_t> count = 0;
  std::atomic<std::uint64_t> bytes = 0;
};

}  // namespace

TEST_CASE("in lockstep a message comes when the client has said its part, and not before") {
  // Recorded pauses of hours: nothing here waits for one.
  const auto builder = talk()
                           .message(ms(3'600'000), "hello")
                           .message(ms(7'200'000), "login", Direction::send)
                           .message(ms(7'300'000), "welcome")
                           .message(ms(7'400'000), "bye", Direction::send)
                           .close(ms(9'000'000), 1000, "done");
  ModeHandler handler(WsMode::lockstep);
  handler.answers["/"] = recorded(builder);
  const RunningServer server(handler);
  WsClient client(server.port());
  CHECK(client.hear() == "text hello");
  client.send(frame(9, "still silent"));
  CHECK(client.hear() == "pong still silent");  // and no "welcome" before it
  client.send(frame(1, "login"));
  CHECK(client.hear() == "text welcome");
  client.send(frame(1, "bye"));
  CHECK(client.hear() == "close 1000 done");
  client.send(close_frame(1000));
  CHECK(client.hear() == "end");
  const auto result = handler.result();
  CHECK(result.served.outcome == Outcome::complete);
  CHECK(result.served.deviations == 0);
  CHECK(result.served.messages == 2);
  CHECK(result.served.last == StepKind::close);
}

TEST_CASE("with both, pauses behind what the client says are kept, however late that is") {
  ModeHandler handler(WsMode::both);
  handler.answers["/"] = recorded(session());
  const RunningServer server(handler);
  const auto begin = std::chrono::steady_clock::now();
  WsClient client(server.port());
  CHECK(client.hear() == "text hello");
  CHECK(std::chrono::steady_clock::now() - begin >= ms(20));
  std::this_thread::sleep_for(ms(80));
  const auto said = std::chrono::steady_clock::now();
  client.send(frame(1, "login"));
  CHECK(client.hear() == "text welcome");
  CHECK(std::chrono::steady_clock::now() - said >= ms(10));
  client.send(frame(1, "bye"));
  CHECK(client.hear() == "close 1000 done");
  // 80 ms behind "login", and 30 behind "bye".
  CHECK(std::chrono::steady_clock::now() - said >= ms(80));
  client.send(close_frame(1000));
  CHECK(handler.result().served.outcome == Outcome::complete);
}

TEST_CASE("deviations are told as they happen, and counted") {
  ModeHandler handler(WsMode::lockstep);
  handler.answers["/"] = recorded(session());
  const RunningServer server(handler);
  {
    WsClient client(server.port());
    client.send(frame(1, "logon"));
    CHECK(client.hear() == "text hello");
    CHECK(client.hear() == "text welcome");
    CHECK(handler.deviation(0) == R"(message 1: expected "login", got "logon")");
    client.send(close_frame(1001, "enough"));
    CHECK(handler.deviation(1) == R"(the client left before 1 expected message: message 2 is "bye")");
    CHECK(client.hear() == "close 1001 enough");
    CHECK(handler.result(0).served.deviations == 2);
    CHECK(handler.result(0).served.outcome == Outcome::complete);  // the server had nothing more to say
  }
  {
    WsClient client(server.port());
    client.hear();
  }  // gone without a word
  CHECK(handler.deviation(2) == R"(the client left before 2 expected messages: message 1 is "login")");
  CHECK(handler.result(1).served.outcome == Outcome::client_left);
  {
    WsClient client(server.port());
    client.hear();
    client.send(frame(3, ""));
    CHECK(client.close_code() == 1002);
  }
  CHECK(handler.deviation(3) == R"(the client left before 2 expected messages: message 1 is "login")");
  CHECK(handler.result(2).served.outcome == Outcome::failed);
}

TEST_CASE("a client's close is answered: with its own code, or as the recorded server did") {
  const auto builder = talk().message(ms(5), "a").close(ms(50), 1000, "", Direction::send).close(ms(60), 4002, "as you like");
  ModeHandler lockstep(WsMode::lockstep);
  lockstep.answers["/"] = recorded(builder);
  const RunningServer first(lockstep);
  WsClient client(first.port());
  CHECK(client.hear() == "text a");
  client.send(close_frame(1000));
  CHECK(client.hear() == "close 4002 as you like");
  CHECK(client.hear() == "end");
  CHECK(lockstep.result().served.outcome == Outcome::complete);
  TableHandler timed;
  timed.answers["/"] = recorded(talk().message(ms(5), "a").message(ms(3'600'000), "b"));
  const RunningServer second(timed);
  for (const auto& [sent, heard] : std::vector<std::pair<std::string, std::string>>{
           {close_frame(1000, "bye"), "close 1000 bye"}, {close_frame(4999), "close 4999"}, {frame(8, ""), "close"}}) {
    WsClient other(second.port());
    CHECK(other.hear() == "text a");
    other.send(sent + frame(9, "too late"));
    CHECK(other.hear() == heard);
    CHECK(other.hear() == "end");
  }
  CHECK(timed.result().served.outcome == Outcome::client_left);
}

TEST_CASE("after our close nothing more is sent, and what the client still says is let pass") {
  TableHandler handler;
  handler.answers["/"] = recorded(talk().message(ms(3), "a").close(ms(3), 1000, "over"));
  const RunningServer server(handler);
  WsClient client(server.port());
  CHECK(client.hear() == "text a");
  CHECK(client.hear() == "close 1000 over");
  client.send(frame(9, "?") + frame(1, "oh") + close_frame(1000));
  CHECK(client.hear() == "end");
  CHECK(client.socket().error() == 0);
  CHECK(handler.result().served.outcome == Outcome::complete);
  // A client that breaks the protocol behind our close has heard everything too.
  WsClient rude(server.port());
  CHECK(rude.close_code() == 1000);
  rude.send(frame(3, ""));
  CHECK(rude.hear() == "end");
  CHECK(handler.result(1).served.outcome == Outcome::complete);
}

TEST_CASE("large messages come whole, with pings of the client answered behind them") {
  std::string large(std::size_t{8} << 20, '\0');
  for (std::size_t i = 0; i < large.size(); ++i) large[i] = static_cast<char>(i * 31 >> 7U);
  TableHandler handler;
  handler.answers["/"] = recorded(talk().message(ms(3), large, Direction::receive, 2).message(ms(3), "then").end(ms(4)));
  const RunningServer server(handler);
  WsClient client(server.port(), "", "", 8 * 1024);
  client.send(frame(9, "1") + frame(9, "2"));
  // Where the pongs stand among the messages is for the network to say.
  std::vector<std::string> heard;
  while (const auto message = client.read()) {
    const bool is_large = message->data == large;
    heard.push_back(std::string(to_string(message->opcode)) + " " + (is_large ? "large" : message->data.substr(0, 10)));
    if (message->opcode == WsOpcode::close) client.send(close_frame(1000));
  }
  CHECK(heard.back() == "close ");
  std::sort(heard.begin(), heard.end());
  CHECK(heard == std::vector<std::string>{"binary large", "close ", "pong 1", "pong 2", "text then"});
}

TEST_CASE("a client that sends pings and reads nothing is not listened to for ever") {
  CountingHandler handler;
  handler.answers["/"] = recorded(talk().message(ms(3'600'000), "later"));
  ServerOptions options;
  options.idle_timeout = ms(300);
  const RunningServer server(handler, options);
  WsClient client(server.port(), "", "", 4 * 1024);
  std::string pings;
  for (int i = 0; i < 8'000; ++i) pings += frame(9, std::string(125, 'p'));
  for (int i = 0; i < 100; ++i) client.send(pings);  // 100 MB; ends early when the connection does
  CHECK(handler.result().served.outcome == Outcome::timed_out);
  // What the kernel's buffers take is answered, and no more is held here.
  CHECK(handler.bytes < std::uint64_t{40} << 20);
}

TEST_CASE("a client that does not read, and one that is not there, time out; one that answers pings does not") {
  TableHandler handler;
  handler.answers["/large"] = recorded(talk().message(ms(3), std::string(std::size_t{32} << 20, 'x')).end(ms(4)));
  handler.answers["/"] = recorded(talk().message(ms(3), "a").message(ms(3'600'000), "later"));
  ServerOptions options;
  options.idle_timeout = ms(150);
  const RunningServer server(handler, options);
  {
    Client slow(server.port(), 4 * 1024);
    std::string request = handshake();
    slow.send(request.replace(4, 1, "/large"));
    const auto result = handler.result(0);
    CHECK(result.request.target == "/large");
    CHECK(result.served.outcome == Outcome::timed_out);
  }
  WsClient alive(server.port());
  CHECK(alive.hear() == "text a");
  WsClient dead(server.port());
  for (int i = 0; i < 4; ++i) {
    CHECK(alive.hear() == "ping");
    alive.send(frame(10, ""));
  }
  CHECK(dead.hear() == "text a");
  CHECK(dead.hear() == "ping");
  CHECK(dead.hear() == "end");
  CHECK(handler.result(1).served.outcome == Outcome::timed_out);
  alive.send(close_frame(1000));
  CHECK(handler.result(2).served.outcome == Outcome::client_left);
}

TEST_CASE("faults end conversations as they end answers") {
  const auto ending = [](StepKind kind) {
    auto answer = std::make_shared<replay::Answer>(*recorded(talk().message(ms(3), "a").message(ms(6), "b").end(ms(7))));
    answer->steps.resize(2);
    answer->steps.push_back({ms(3), kind, 0, {}});
    return answer;
  };
  TableHandler handler;
  handler.answers["/cut"] = ending(StepKind::cut);
  handler.answers["/reset"] = ending(StepKind::reset);
  handler.answers["/stall"] = ending(StepKind::stall);
  ServerOptions options;
  options.idle_timeout = ms(200);
  const RunningServer server(handler, options);
  std::size_t number = 0;
  for (const std::string target : {"/cut", "/reset", "/stall"}) {
    INFO(target);
    Client client(server.port());
    std::string request = handshake();
    client.send(request.replace(4, 1, target));
    client.read_to("\r\n\r\n");
    CHECK(client.read_exactly(3) == std::string("\x81\x01") + "a");
    if (target == "/stall") client.send(frame(9, "?"));
    CHECK(client.read_all().empty());
    CHECK(client.error() == (target == "/reset" ? ECONNRESET : 0));
    CHECK(handler.result(number++).served.outcome == Outcome::complete);
  }
}

TEST_CASE("a mocked conversation of a handler's own is driven like a recorded one") {
  class Echo final : public replay::Conversation {
   public:
    void open(Nanos) override {}
    void message(int opcode, std::string_view bytes, Nanos now) override {
      text_ = bytes;
      opcode_ = opcode;
      due_ = now;
    }
    void closed(Nanos) override {}
    bool done() const override { return false; }
    std::optional<Nanos> due() const override { return due_; }
    bool over() const override { return true; }
    replay::Step take() override {
      due_.reset();
      if (!std::exchange(headed_, true)) return {Nanos{}, StepKind::head, 0, {}};
      return {Nanos{}, StepKind::message, opcode_, text_};
    }

   private:
    std::string text_;
    int opcode_ = 1;
    std::optional<Nanos> due_{Nanos{}};
    bool headed_ = false;
  };
  class EchoHandler : public TableHandler {
   public:
    std::unique_ptr<replay::Conversation> converse(const Request&, std::shared_ptr<const replay::Answer>) override {
      return std::make_unique<Echo>();
    }
  };
  EchoHandler handler;
  handler.answers["/"] = recorded(talk().message(ms(3), "not this"));
  const RunningServer server(handler);
  WsClient client(server.port());
  client.send(frame(1, "one") + frame(2, "two"));
  CHECK(client.hear() == "text one");
  CHECK(client.hear() == "binary two");
  client.send(close_frame(1000));
  CHECK(client.hear() == "close 1000");
  CHECK(handler.result().served.outcome == Outcome::complete);
}

TEST_CASE("hundreds of conversations at once") {
  ModeHandler handler(WsMode::lockstep);
  handler.answers["/"] = recorded(session());
  const RunningServer server(handler);
  constexpr std::size_t kCount = 480;  // and as many descriptors on the other side
  std::vector<std::unique_ptr<WsClient>> clients;
  for (std::size_t i = 0; i < kCount; ++i) clients.push_back(std::make_unique<WsClient>(server.port()));
  for (const auto& client : clients) client->send(frame(1, "login"));
  for (const auto& client : clients) {
    REQUIRE(client->hear() == "text hello");
    REQUIRE(client->hear() == "text welcome");
    client->send(frame(1, "bye") + close_frame(1000));
  }
  for (const auto& client : clients) CHECK(client->hear() == "close 1000 done");
  handler.result(kCount - 1);
  for (std::size_t i = 0; i < kCount; ++i) {
    CHECK(handler.result(i).served.outcome == Outcome::complete);
    CHECK(handler.result(i).served.deviations == 0);
  }
}
