#include "websocket_tap.hpp"

#include <utility>

#include "stream/codec/websocket_deflate.hpp"

namespace stream::proxy {
namespace {

WsMessageOptions options_of(WsSender sender, const std::optional<WsDeflateParams>& deflate, std::size_t max_message) {
  WsMessageOptions options;
  options.sender = sender;
  options.deflate = deflate;
  options.limits.max_entry = max_message;
  return options;
}

std::optional<WsDeflateParams> agreed(std::string_view extensions) {
  if (extensions.empty()) return std::nullopt;
  auto params = agreed_ws_deflate(extensions);
  return params ? *params : std::nullopt;
}

}  // namespace

WebSocketTap::WebSocketTap(Tap* tap, Tap::Id id, std::string_view extensions, std::size_t max_message)
    : tap_(tap),
      id_(id),
      decoders_{WsMessageDecoder(options_of(WsSender::client, agreed(extensions), max_message)),
                WsMessageDecoder(options_of(WsSender::server, agreed(extensions), max_message))} {}

std::size_t WebSocketTap::feed(WsSender from, std::string_view bytes, TapTime at) {
  const auto index = static_cast<std::size_t>(from);
  if (failed_[index] || closed_[index]) return 0;
  messages_.clear();
  const Status status = decoders_[index].feed(bytes, messages_);
  for (const WsMessage& message : messages_) tell(from, message, at);
  if (!status) {
    failed_[index] = true;
    failure_ = (from == WsSender::client ? "the client: " : "the server: ") + status.error().message;
  }
  closed_[index] = decoders_[index].closed();
  return messages_.size();
}

void WebSocketTap::tell(WsSender from, const WsMessage& message, TapTime at) {
  if (tap_ == nullptr) return;
  const Direction direction = from == WsSender::client ? Direction::send : Direction::receive;
  if (message.opcode == WsOpcode::close) {
    TapClose close;
    close.direction = direction;
    if (message.code) close.code = *message.code;
    close.reason = message.data;
    tap_->close(id_, at, close);
    return;
  }
  TapMessage told;
  told.direction = direction;
  told.opcode = static_cast<int>(message.opcode);
  told.data = message.data;
  told.size = message.data.size();
  tap_->message(id_, at, told);
}

}  // namespace stream::proxy
