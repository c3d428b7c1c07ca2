#include "websocket_tap.hpp"

#include <algorithm>
#include <cstring>
#include <span>
#include <utility>

#include "stream/codec/websocket_deflate.hpp"
#include "stream/text/utf8.hpp"

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

constexpr unsigned kFin = 0x80;
constexpr unsigned kMasked = 0x80;
constexpr std::size_t kKeySize = 4;
constexpr std::size_t kMaxControl = 125;

unsigned byte_at(std::string_view bytes, std::size_t at) { return static_cast<unsigned char>(bytes[at]); }

/// Whether there is nothing but ASCII.
bool is_ascii(std::string_view bytes) {
  std::uint64_t all = 0;
  std::size_t i = 0;
  for (; i + 8 <= bytes.size(); i += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes.data() + i, 8);
    all |= word;
  }
  for (; i < bytes.size(); ++i) all |= byte_at(bytes, i);
  return (all & 0x8080808080808080U) == 0;
}

}  // namespace

WebSocketTap::WebSocketTap(Tap* tap, Tap::Id id, std::string_view extensions, std::size_t max_message)
    : tap_(tap),
      id_(id),
      max_message_(max_message),
      sides_{Side{WsMessageDecoder(options_of(WsSender::client, agreed(extensions), max_message))},
             Side{WsMessageDecoder(options_of(WsSender::server, agreed(extensions), max_message))}} {}

std::size_t WebSocketTap::feed(WsSender from, std::string_view bytes, TapTime at) {
  Side& side = sides_[static_cast<std::size_t>(from)];
  std::size_t messages = 0;
  while (!bytes.empty() && !side.over()) {
    if (side.of_decoder != 0) {
      const std::string_view part =
          bytes.substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(side.of_decoder, bytes.size())));
      bytes.remove_prefix(part.size());
      side.of_decoder -= part.size();
      messages += decode(side, from, part, at);
      continue;
    }
    if (!side.cut.empty()) {
      messages += complete_cut(side, from, bytes, at);
      continue;
    }
    const Frame frame = look(side, from, bytes);
    switch (frame.kind) {
      case Frame::Kind::plain:
        messages += take_plain(side, from, bytes.substr(0, static_cast<std::size_t>(frame.size)), frame.head, at);
        bytes.remove_prefix(static_cast<std::size_t>(frame.size));
        break;
      case Frame::Kind::cut:
        side.cut.assign(bytes);
        return messages;
      case Frame::Kind::other:
        side.of_decoder = frame.size;
        break;
    }
  }
  return messages;
}

/// What a frame is. Whether it is right the decoder says of those that are not plain.
WebSocketTap::Frame WebSocketTap::look(const Side& side, WsSender from, std::string_view bytes) const {
  Frame frame;
  if (bytes.size() < 2) return frame;
  const unsigned first = byte_at(bytes, 0);
  const bool masked = (byte_at(bytes, 1) & kMasked) != 0;
  std::uint64_t length = byte_at(bytes, 1) & 0x7FU;
  const std::size_t more = length == 126 ? 2 : length == 127 ? 8 : 0;
  if (bytes.size() < 2 + more) return frame;
  if (more != 0) length = 0;
  for (std::size_t i = 0; i < more; ++i) length = length << 8U | byte_at(bytes, 2 + i);
  frame.head = 2 + more + (masked ? kKeySize : 0);
  frame.size = length > UINT64_MAX - frame.head ? UINT64_MAX : length + frame.head;

  const unsigned opcode = first ^ kFin;  // with reserved bits, or none that is final, it is no known one
  const bool data = opcode == static_cast<unsigned>(WsOpcode::text) || opcode == static_cast<unsigned>(WsOpcode::binary);
  const bool control = opcode == static_cast<unsigned>(WsOpcode::ping) || opcode == static_cast<unsigned>(WsOpcode::pong);
  const bool shortest = more == 0 || (more == 2 && length > kMaxControl);
  const bool plain = ((data && length <= std::min(kPlain, max_message_)) || (control && length <= kMaxControl)) && shortest &&
                     masked == (from == WsSender::client) && side.decoder.between_messages();
  if (!plain) {
    frame.kind = Frame::Kind::other;
  } else if (frame.size <= bytes.size()) {
    frame.kind = Frame::Kind::plain;
  }
  return frame;
}

/// Takes from `bytes` what the frame lacks that has been cut.
std::size_t WebSocketTap::complete_cut(Side& side, WsSender from, std::string_view& bytes, TapTime at) {
  Frame frame = look(side, from, side.cut);
  const std::size_t lacks = frame.size == 0 ? 1 : static_cast<std::size_t>(frame.size - side.cut.size());
  const std::string_view part = bytes.substr(0, lacks);
  side.cut.append(part);
  bytes.remove_prefix(part.size());
  frame = look(side, from, side.cut);
  if (frame.kind == Frame::Kind::cut) return 0;
  const std::string all = std::exchange(side.cut, {});
  if (frame.kind == Frame::Kind::plain) return take_plain(side, from, all, frame.head, at);
  side.of_decoder = frame.size - all.size();
  return decode(side, from, all, at);
}

std::size_t WebSocketTap::take_plain(Side& side, WsSender from, std::string_view frame, std::size_t head, TapTime at) {
  static thread_local std::array<char, kPlain> unmasked;
  std::string_view payload = frame.substr(head);
  if (from == WsSender::client) {
    WsMask key{};
    std::memcpy(key.data(), payload.data() - kKeySize, kKeySize);
    payload.copy(unmasked.data(), payload.size());
    apply_ws_mask(std::span(unmasked).first(payload.size()), key);
    payload = {unmasked.data(), payload.size()};
  }
  TapMessage told;
  told.opcode = static_cast<int>(byte_at(frame, 0) & 15U);
  // The decoder says what is wrong with it.
  if (told.opcode == 1 && !is_ascii(payload) && !is_utf8(payload)) return decode(side, from, frame, at);
  if (tap_ == nullptr) return 1;
  told.direction = from == WsSender::client ? Direction::send : Direction::receive;
  told.data = payload;
  told.size = payload.size();
  tap_->message(id_, at, told);
  return 1;
}

std::size_t WebSocketTap::decode(Side& side, WsSender from, std::string_view bytes, TapTime at) {
  messages_.clear();
  const Status status = side.decoder.feed(bytes, messages_);
  for (const WsMessage& message : messages_) tell(from, message, at);
  if (!status) {
    side.failed = true;
    failure_ = (from == WsSender::client ? "the client: " : "the server: ") + status.error().message;
  }
  side.closed = side.decoder.closed();
  const std::size_t messages = messages_.size();
  messages_.clear();  // what a message needs is not kept between them
  return messages;
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
