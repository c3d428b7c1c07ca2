// WebSocket frames: the same frames and error for every cut; pieces join to the frames; frames encode to the very bytes they
// came from. The first byte chooses options.
#include "stream/codec/websocket.hpp"
#include "wire_cuts.hpp"

using stream::WsFrame;
using stream::WsFrameDecoder;
using stream::WsFrameOptions;

namespace {

struct Decoding {
  Outcome<WsFrame> outcome{};
  int close_code = 0;
  bool operator==(const Decoding&) const = default;
};

Decoding decode(const WsFrameOptions& options, const std::vector<std::string>& parts) {
  Decoding decoding;
  WsFrameDecoder decoder(options);
  decoding.outcome = run<WsFrame>(decoder, parts);
  require(decoder.failure().has_value() == decoding.outcome.error.has_value(), "a failure has a close code");
  if (decoder.failure()) decoding.close_code = decoder.failure()->close_code;
  return decoding;
}

/// Only whole frames are left.
std::vector<WsFrame> join(const std::vector<WsFrame>& pieces) {
  std::vector<WsFrame> frames;
  bool within = false;
  for (const auto& piece : pieces) {
    if (within) {
      frames.back().payload += piece.payload;
      frames.back().end = piece.end;
    } else {
      frames.push_back(piece);
    }
    within = !piece.complete();
  }
  if (within) frames.pop_back();
  return frames;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  WsFrameOptions options;
  options.sender = (data[0] & 1U) != 0 ? stream::WsSender::server : stream::WsSender::client;
  options.any_masking = (data[0] & 2U) != 0;
  options.allow_rsv1 = (data[0] & 4U) != 0;
  if ((data[0] & 8U) != 0) options.limits.max_entry = 150;

  const Decoding whole = decode(options, {std::string(bytes)});
  Cuts cuts(bytes);
  require(decode(options, cuts.parts(bytes, 1)) == whole, "byte by byte");
  require(decode(options, cuts.parts(bytes, 40)) == whole, "random cuts");

  std::string wire;
  for (const auto& frame : whole.outcome.items) stream::append_frame(wire, frame.head, frame.payload);
  require(bytes.starts_with(wire), "frames encode to what they came from");
  if (!whole.outcome.error) require(wire.size() == bytes.size(), "every byte is in a frame");

  WsFrameOptions in_pieces = options;
  in_pieces.pieces = true;
  const Decoding pieces = decode(in_pieces, cuts.parts(bytes, 40));
  const auto joined = join(pieces.outcome.items);
  if (whole.close_code == stream::kWsTooBig) {
    require(joined.size() >= whole.outcome.items.size(), "pieces have no limit");
  } else {
    require(joined.size() == whole.outcome.items.size() && pieces.outcome.error == whole.outcome.error,
            "pieces end where frames end");
  }
  for (std::size_t i = 0; i < whole.outcome.items.size(); ++i)
    require(joined[i] == whole.outcome.items[i], "pieces join to the frame");
  return 0;
}
