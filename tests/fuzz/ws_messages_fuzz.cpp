// WebSocket messages with permessage-deflate. First the input as a wire: the same messages and failure for every cut. Then
// the input as content: what is cut into messages, deflated, fragmented and masked decodes to the same. The first two bytes
// choose options.
#include "stream/codec/websocket.hpp"
#include "wire_cuts.hpp"

using stream::WsDeflateParams;
using stream::WsFrameHead;
using stream::WsMessage;
using stream::WsMessageDecoder;
using stream::WsMessageOptions;
using stream::WsOpcode;
using stream::WsSender;

namespace {

struct Decoding {
  Outcome<WsMessage> outcome{};
  int close_code = 0;
  std::uint64_t consumed = 0;
  bool closed = false;
  bool operator==(const Decoding&) const = default;
};

Decoding decode(const WsMessageOptions& options, const std::vector<std::string>& parts) {
  Decoding decoding;
  WsMessageDecoder decoder(options);
  decoding.outcome = run<WsMessage>(decoder, parts);
  require(decoder.failure().has_value() == decoding.outcome.error.has_value(), "a failure has a close code");
  if (decoder.failure()) decoding.close_code = decoder.failure()->close_code;
  decoding.consumed = decoder.consumed();
  decoding.closed = decoder.closed();
  return decoding;
}

void check_wire(const WsMessageOptions& options, std::string_view bytes) {
  const Decoding whole = decode(options, {std::string(bytes)});
  Cuts cuts(bytes);
  require(decode(options, cuts.parts(bytes, 1)) == whole, "byte by byte");
  require(decode(options, cuts.parts(bytes, 40)) == whole, "random cuts");
  require(whole.consumed <= bytes.size(), "more consumed than fed");
  for (const auto& message : whole.outcome.items) {
    require(message.data.size() <= options.limits.max_entry || is_control(message.opcode), "no message above the limit");
    require(message.begin < message.end, "a message has a place");
  }
}

void append_message(std::string& wire, const WsMessage& message, bool masked, Cuts& cuts, stream::WsDeflater* deflater) {
  std::string payload = message.data;
  WsFrameHead head;
  head.opcode = message.opcode;
  if (deflater) {
    payload.clear();
    deflater->deflate(message.data, payload);
    head.rsv = stream::kWsRsv1;
  }
  const auto key = [&]() -> std::optional<stream::WsMask> {
    if (!masked) return std::nullopt;
    stream::WsMask mask{};
    for (auto& byte : mask) byte = static_cast<std::uint8_t>(cuts.below(256));
    return mask;
  };
  std::vector<std::string> parts = cuts.parts(payload, 1 + cuts.below(300));
  if (parts.empty() || is_control(message.opcode)) parts = {payload};
  for (std::size_t i = 0; i < parts.size(); ++i) {
    head.fin = i + 1 == parts.size();
    head.mask = key();
    stream::append_frame(wire, head, parts[i]);
    head.rsv = 0;
    head.opcode = WsOpcode::continuation;
  }
}

void check_content(const WsMessageOptions& options, std::string_view content) {
  Cuts cuts(content);
  const WsDeflateParams params = options.deflate.value_or(WsDeflateParams{});
  stream::WsDeflater deflater(params, options.sender, static_cast<int>(cuts.below(10)));
  std::vector<WsMessage> sent;
  std::string wire;
  for (const auto& part : cuts.parts(content, 1 + cuts.below(500))) {
    WsMessage message;
    const std::size_t kind = cuts.below(10);
    message.opcode = kind == 0 ? WsOpcode::ping : kind == 1 ? WsOpcode::pong : kind < 6 ? WsOpcode::text : WsOpcode::binary;
    message.data = is_control(message.opcode) ? part.substr(0, 125) : cuts.below(20) == 0 ? "" : part;
    if (message.opcode == WsOpcode::text) {
      for (char& c : message.data) c = static_cast<char>(static_cast<unsigned char>(c) & 0x7FU);
    }
    message.compressed = options.deflate && !is_control(message.opcode) && cuts.below(4) != 0;
    append_message(wire, message, options.sender == WsSender::client, cuts, message.compressed ? &deflater : nullptr);
    sent.push_back(std::move(message));
  }
  const Decoding decoding = decode(options, cuts.parts(wire, 2000));
  require(!decoding.outcome.error && decoding.outcome.items.size() == sent.size(), "what was sent arrives");
  for (std::size_t i = 0; i < sent.size(); ++i) {
    const auto& got = decoding.outcome.items[i];
    require(got.opcode == sent[i].opcode && got.data == sent[i].data && got.compressed == sent[i].compressed, "the same message");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 2, size - 2);
  WsMessageOptions options;
  options.sender = (data[0] & 1U) != 0 ? WsSender::server : WsSender::client;
  if ((data[0] & 4U) != 0) {
    const bool no_takeover = (data[0] & 8U) != 0;
    const int bits = 8 + (data[1] & 7);
    options.deflate = WsDeflateParams{no_takeover, no_takeover, bits, bits};
  }
  check_content(options, bytes);
  options.any_masking = (data[0] & 2U) != 0;
  options.limits.max_entry = (data[0] & 16U) != 0 ? 100 : 100'000;
  check_wire(options, bytes);
  return 0;
}
