#pragma once

#include <initializer_list>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "../replay/exchanges.hpp"
#include "peer.hpp"
#include "stream/codec/websocket.hpp"

/// Recorded conversations, and a client that writes frames as it likes.
namespace stream::test {

inline std::shared_ptr<const replay::Answer> recorded(const ExchangeBuilder& builder) {
  return replay::make_answer(std::make_shared<const Exchange>(builder.build()), {});
}

inline ExchangeBuilder talk(std::initializer_list<std::pair<std::string, std::string>> headers = {}) {
  return ExchangeBuilder("GET", "ws://example.test/").response(ms(2), 101, headers, "websocket");
}

inline std::string handshake(const std::string& more = "") {
  return "GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
         "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" +
         more + "\r\n";
}

/// A client's frame.
inline std::string frame(int opcode, std::string_view payload, bool fin = true, std::uint8_t rsv = 0) {
  std::string out;
  append_frame(out, {fin, rsv, static_cast<WsOpcode>(opcode), WsMask{1, 2, 3, 4}}, payload);
  return out;
}
inline std::string close_frame(int code, std::string_view reason = {}) {
  return frame(8, std::string{static_cast<char>(code >> 8), static_cast<char>(code & 0xff)} + std::string(reason));
}

/// A client whose handshake was accepted; it reads the server's messages.
class WsClient {
 public:
  explicit WsClient(std::uint16_t port, const std::string& more = "", const std::string& early = "", int receive_buffer = 0)
      : client_(port, receive_buffer) {
    client_.send(handshake(more) + early);
    head = client_.read_to("\r\n\r\n");
    WsMessageOptions options;
    options.sender = WsSender::server;
    options.limits.max_entry = std::size_t{1} << 30;
    const auto mark = head.find("Sec-WebSocket-Extensions: ");
    if (mark != std::string::npos) {
      const auto begin = head.find(": ", mark) + 2;
      const auto agreed = agreed_ws_deflate(head.substr(begin, head.find("\r\n", begin) - begin));
      options.deflate = deflate = agreed ? *agreed : std::nullopt;
    }
    decoder_ = std::make_unique<WsMessageDecoder>(std::move(options));
  }
  void send(std::string_view bytes) { client_.send(bytes); }
  void close() { client_.close(); }
  Client& socket() { return client_; }

  /// The next message of the server's; none at the end.
  std::optional<WsMessage> read() {
    while (next_ == messages_.size()) {
      messages_.clear();
      next_ = 0;
      std::string bytes = client_.rest();
      if (bytes.empty()) bytes = client_.read_some();
      if (bytes.empty()) return std::nullopt;
      const auto status = decoder_->feed(bytes, messages_);
      if (!status) broken = to_string(status.error());
      if (!status && messages_.empty()) return std::nullopt;
    }
    return messages_[next_++];
  }
  /// In words: "text hello", "close 1000 bye", "end".
  std::string hear() {
    const auto message = read();
    if (!message) return "end";
    std::string out(to_string(message->opcode));
    if (message->opcode == WsOpcode::close) out += message->code ? " " + std::to_string(*message->code) : "";
    return out + (message->data.empty() ? "" : " " + message->data);
  }
  /// The code of the server's close, whatever comes before it; 0: none came.
  int close_code() {
    while (const auto message = read()) {
      if (message->opcode == WsOpcode::close) return message->code.value_or(1005);
    }
    return 0;
  }

  std::string head;
  std::string broken;
  std::optional<WsDeflateParams> deflate{};

 private:
  Client client_;
  std::unique_ptr<WsMessageDecoder> decoder_;
  std::vector<WsMessage> messages_;
  std::size_t next_ = 0;
};

/// Plays every answer in one mode, and remembers the deviations.
class ModeHandler : public TableHandler {
 public:
  explicit ModeHandler(replay::WsMode mode) : mode_(mode) {}
  std::unique_ptr<replay::Conversation> converse(const net::Request&, std::shared_ptr<const replay::Answer> answer) override {
    return replay::make_conversation(std::move(answer), mode_);
  }

 private:
  replay::WsMode mode_;
};

}  // namespace stream::test
