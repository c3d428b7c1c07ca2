#include <fmt/format.h>

#include <limits>
#include <utility>

#include "stream/codec/websocket.hpp"

namespace stream {
namespace {

// Payload is decoded through pieces of this size, so that it stays in the cache between unmasking and validation.
constexpr std::size_t kSlice = std::size_t{64} << 10;
constexpr std::size_t kMaxReason = 123;
constexpr std::size_t kKeptPieces = 16;

WsFrameOptions frame_options(const WsMessageOptions& options) {
  WsFrameOptions frames;
  frames.sender = options.sender;
  frames.any_masking = options.any_masking;
  frames.allow_rsv1 = options.deflate.has_value();
  frames.pieces = true;
  frames.source = options.source;
  frames.origin = options.origin;
  return frames;
}

}  // namespace

bool is_valid_close_code(int code) {
  if (code >= 1000 && code <= 1014) return code != 1004 && code != kWsNoStatus && code != kWsAbnormal;
  return code >= 3000 && code <= 4999;
}

WsMessageDecoder::WsMessageDecoder(WsMessageOptions options) : options_(std::move(options)), frames_(frame_options(options_)) {}

Status WsMessageDecoder::feed(std::string_view bytes, std::vector<WsMessage>& out) {
  auto status = feed_slices(bytes, out);
  // A burst of small frames is no reason to keep its memory, for as long as a connection may be idle.
  if (pieces_.capacity() > kKeptPieces) std::vector<WsFrame>().swap(pieces_);
  return status;
}

Status WsMessageDecoder::feed_slices(std::string_view bytes, std::vector<WsMessage>& out) {
  if (failure_) return fail(failure_->error);
  while (!bytes.empty() && !closed_) {
    const std::string_view slice = bytes.substr(0, kSlice);
    bytes.remove_prefix(slice.size());
    pieces_.clear();
    const auto status = frames_.feed(slice, pieces_);
    for (WsFrame& piece : pieces_) {
      STREAM_TRY(take(piece, out));
      if (closed_) return {};
    }
    if (!status) {
      failure_ = frames_.failure();
      consumed_ = failure_->error.place.offset.value_or(options_.origin) - options_.origin;
      return status;
    }
    consumed_ += slice.size();
  }
  return {};
}

Status WsMessageDecoder::take(WsFrame& piece, std::vector<WsMessage>& out) {
  const bool first = !in_frame_;
  in_frame_ = !piece.complete();
  return is_control(piece.head.opcode) ? take_control(piece, first, out) : take_data(piece, first, out);
}

Status WsMessageDecoder::take_control(WsFrame& piece, bool first, std::vector<WsMessage>& out) {
  if (first) {
    control_ = {};
    control_.opcode = piece.head.opcode;
    control_.begin = piece.begin;
  }
  control_.data += piece.payload;
  if (in_frame_) return {};
  control_.end = piece.end;
  if (control_.opcode == WsOpcode::close) return take_close(out);
  out.push_back(std::move(control_));
  return {};
}

Status WsMessageDecoder::take_close(std::vector<WsMessage>& out) {
  std::string& payload = control_.data;
  const std::uint64_t at = control_.end - payload.size();
  if (payload.size() == 1) return fail_with(kWsProtocolError, ErrorCode::syntax, "a close frame has half a status code", at);
  if (payload.size() >= 2) {
    const int code = static_cast<unsigned char>(payload[0]) << 8 | static_cast<unsigned char>(payload[1]);
    if (!is_valid_close_code(code)) {
      return fail_with(kWsProtocolError, ErrorCode::syntax,
                       fmt::format("a close frame has the status code {}, which must not be sent", code), at);
    }
    control_.code = static_cast<std::uint16_t>(code);
    payload.erase(0, 2);
    Utf8Validator validator;
    std::size_t bad = validator.feed(payload);
    if (bad == std::string::npos && !validator.complete()) bad = payload.size();
    if (bad != std::string::npos) {
      return fail_with(kWsBadData, ErrorCode::syntax, "the reason in a close frame is not UTF-8", at + 2 + bad);
    }
  }
  closed_ = true;
  consumed_ = control_.end - options_.origin;
  out.push_back(std::move(control_));
  return {};
}

Status WsMessageDecoder::take_data(WsFrame& piece, bool first, std::vector<WsMessage>& out) {
  if (first) STREAM_TRY(begin_data_frame(piece));
  STREAM_TRY(message_.compressed ? add_compressed(piece) : add_plain(piece));
  if (in_frame_ || !piece.head.fin) return {};
  if (message_.opcode == WsOpcode::text && !utf8_.complete()) {
    return fail_with(kWsBadData, ErrorCode::syntax, "a text message ends within a UTF-8 sequence", piece.end);
  }
  message_.end = piece.end;
  out.push_back(std::move(message_));
  in_message_ = false;
  return {};
}

Status WsMessageDecoder::begin_data_frame(const WsFrame& piece) {
  frame_begin_ = piece.begin;
  if (piece.head.opcode == WsOpcode::continuation) {
    ++message_.frames;
  } else {
    message_ = {};
    message_.opcode = piece.head.opcode;
    message_.compressed = (piece.head.rsv & kWsRsv1) != 0;
    message_.begin = piece.begin;
    utf8_.reset();
    in_message_ = true;
    wire_size_ = 0;
  }
  // Cannot overflow: the frames before this one have really come.
  wire_size_ += piece.payload_size;
  return wire_size_ > wire_limit() ? too_big() : Status{};
}

/// How large the payload may be. Compression makes what it cannot compress a little larger; the size of what is inflated is
/// checked as it comes.
std::uint64_t WsMessageDecoder::wire_limit() const {
  const std::uint64_t limit = options_.limits.max_entry;
  if (!message_.compressed) return limit;
  constexpr std::uint64_t kBlocks = std::uint64_t{64} << 10U;
  constexpr auto kMax = std::numeric_limits<std::uint64_t>::max() / 2;
  return limit < kMax / 2 ? 2 * limit + kBlocks : kMax;
}

Status WsMessageDecoder::add_plain(WsFrame& piece) {
  if (message_.opcode == WsOpcode::text) {
    if (const std::size_t bad = utf8_.feed(piece.payload); bad != std::string::npos) {
      return fail_with(kWsBadData, ErrorCode::syntax, "a text message is not UTF-8", piece.payload_begin() + bad);
    }
  }
  if (message_.data.empty()) {
    message_.data = std::move(piece.payload);
    piece.payload.clear();
  } else {
    message_.data += piece.payload;
  }
  return {};
}

Status WsMessageDecoder::add_compressed(const WsFrame& piece) {
  if (!inflater_) inflater_.emplace(options_.deflate->context_takeover(options_.sender));
  const std::size_t had = message_.data.size();
  const std::size_t limit = options_.limits.max_entry;
  auto status = inflater_->inflate(piece.payload, message_.data, limit);
  if (status && !in_frame_ && piece.head.fin) status = inflater_->end_message(message_.data, limit);
  // What cannot refer back needs no memory between messages.
  if (status && !in_frame_ && piece.head.fin && !options_.deflate->context_takeover(options_.sender)) inflater_.reset();
  // What was inflated before the failure comes first, so that a message fails the same however it is cut.
  if (message_.opcode == WsOpcode::text && utf8_.feed(std::string_view(message_.data).substr(had)) != std::string::npos) {
    return fail_with(kWsBadData, ErrorCode::syntax, "a compressed text message is not UTF-8", frame_begin_);
  }
  if (status) return {};
  if (status.error().code == ErrorCode::limit) return too_big();
  return fail_with(kWsBadData, status.error().code, std::move(status.error().message), frame_begin_);
}

Status WsMessageDecoder::too_big() {
  return fail_with(
      kWsTooBig, ErrorCode::limit,
      fmt::format("a {} message is larger than {} bytes (--max-entry)", to_string(message_.opcode), options_.limits.max_entry),
      frame_begin_);
}

Status WsMessageDecoder::finish(std::vector<WsMessage>&) {
  if (failure_) return fail(failure_->error);
  if (closed_) return {};
  pieces_.clear();
  if (auto status = frames_.finish(pieces_); !status) {
    failure_ = frames_.failure();
    return status;
  }
  if (!in_message_) return {};
  return fail_with(kWsAbnormal, ErrorCode::truncated,
                   fmt::format("the input ends within a fragmented {} message", to_string(message_.opcode)),
                   options_.origin + consumed_);
}

Status WsMessageDecoder::fail_with(std::uint16_t close_code, ErrorCode code, std::string message, std::uint64_t offset) {
  Place place;
  place.source = options_.source;
  place.offset = offset;
  failure_ = {close_code, {code, std::move(message), std::move(place), {}}};
  consumed_ = offset - options_.origin;
  return fail(failure_->error);
}

Status append_close(std::string& out, std::optional<int> code, std::string_view reason, std::optional<WsMask> mask) {
  const auto refuse = [](std::string message) { return fail({ErrorCode::usage, std::move(message), {}, {}}); };
  if (code && !is_valid_close_code(*code)) return refuse(fmt::format("a close frame must not have the status code {}", *code));
  if (!code && !reason.empty()) return refuse("a close frame with a reason needs a status code");
  if (reason.size() > kMaxReason)
    return refuse(fmt::format("the reason of a close frame has {} bytes, at most 123 fit", reason.size()));
  Utf8Validator validator;
  if (validator.feed(reason) != std::string_view::npos || !validator.complete())
    return refuse("the reason of a close frame is not UTF-8");
  std::string payload;
  if (code) {
    payload.push_back(static_cast<char>(*code >> 8));
    payload.push_back(static_cast<char>(*code & 0xFF));
    payload += reason;
  }
  WsFrameHead head;
  head.opcode = WsOpcode::close;
  head.mask = mask;
  append_frame(out, head, payload);
  return {};
}

}  // namespace stream
