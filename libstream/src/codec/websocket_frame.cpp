#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "stream/codec/websocket.hpp"

namespace stream {
namespace {

// An untrusted length must not make us allocate more than arrives.
constexpr std::uint64_t kMaxReserve = std::uint64_t{1} << 20;
constexpr std::uint8_t kFin = 0x80;
constexpr std::uint8_t kMasked = 0x80;
constexpr std::uint8_t kLength16 = 126;
constexpr std::uint8_t kLength64 = 127;
constexpr std::uint64_t kMaxControlPayload = 125;

tl::unexpected<Error> fail_at(ErrorCode code, std::string message, std::uint64_t offset) {
  Place place;
  place.offset = offset;
  return fail({code, std::move(message), std::move(place), {}});
}

bool is_known(WsOpcode opcode) {
  const auto value = static_cast<unsigned>(opcode);
  return value <= 2 || (value >= 8 && value <= 10);
}

}  // namespace

std::string_view to_string(WsOpcode opcode) {
  switch (opcode) {
    case WsOpcode::continuation:
      return "continuation";
    case WsOpcode::text:
      return "text";
    case WsOpcode::binary:
      return "binary";
    case WsOpcode::close:
      return "close";
    case WsOpcode::ping:
      return "ping";
    case WsOpcode::pong:
      return "pong";
  }
  return "reserved";
}

void apply_ws_mask(std::span<char> data, const WsMask& key, std::uint64_t offset) {
  // The key as it meets the first byte, twice: a word's worth.
  std::array<std::uint8_t, 8> rotated{};
  for (std::size_t i = 0; i < rotated.size(); ++i) rotated[i] = key[(offset + i) % key.size()];
  std::uint64_t word_key = 0;
  std::memcpy(&word_key, rotated.data(), sizeof word_key);
  std::size_t i = 0;
  constexpr std::size_t kStride = 4 * sizeof word_key;
  for (; i + kStride <= data.size(); i += kStride) {
    std::array<std::uint64_t, 4> words{};
    std::memcpy(words.data(), &data[i], kStride);
    for (auto& word : words) word ^= word_key;
    std::memcpy(&data[i], words.data(), kStride);
  }
  for (; i < data.size(); ++i) data[i] = static_cast<char>(static_cast<std::uint8_t>(data[i]) ^ rotated[i % 4]);
}

WsFrameDecoder::WsFrameDecoder(WsFrameOptions options) : options_(std::move(options)), offset_(options_.origin) {}

Status WsFrameDecoder::feed(std::string_view bytes, std::vector<WsFrame>& out) {
  if (failure_) return fail(failure_->error);
  while (!bytes.empty()) {
    if (in_payload_) {
      take_payload(bytes, out);
    } else if (auto status = take_head(bytes, out); !status) {
      return give_up(status.error().code == ErrorCode::limit ? kWsTooBig : kWsProtocolError, std::move(status).error());
    }
  }
  return {};
}

Status WsFrameDecoder::take_head(std::string_view& bytes, std::vector<WsFrame>& out) {
  while (head_size_ < head_need_) {
    if (bytes.empty()) return {};
    head_[head_size_++] = static_cast<std::uint8_t>(bytes.front());
    bytes.remove_prefix(1);
    ++offset_;
    if (head_size_ == 1) STREAM_TRY(check_first_byte());
    if (head_size_ == 2) STREAM_TRY(check_second_byte());
    const std::size_t key_size = frame_.head.mask ? frame_.head.mask->size() : 0;
    if (head_size_ >= 2 && head_size_ + key_size == head_need_) STREAM_TRY(check_length());
  }
  begin_frame();
  if (frame_.payload_size == 0) {
    frame_.end = offset_;
    out.push_back(std::move(frame_));
    end_frame();
  } else if (options_.pieces && bytes.empty()) {
    frame_.end = offset_;
    out.push_back(frame_);
    frame_.begin = offset_;
  }
  return {};
}

Status WsFrameDecoder::check_first_byte() {
  const std::uint8_t byte = head_[0];
  const std::uint64_t at = offset_ - 1;
  frame_.begin = at;
  WsFrameHead& head = frame_.head;
  head.fin = (byte & kFin) != 0;
  head.rsv = static_cast<std::uint8_t>((byte >> 4) & 7U);
  head.opcode = static_cast<WsOpcode>(byte & 0x0FU);
  if (!is_known(head.opcode)) {
    return fail_at(ErrorCode::syntax, fmt::format("a WebSocket frame with the reserved opcode {}", byte & 0x0FU), at);
  }
  const bool first_of_message = head.opcode == WsOpcode::text || head.opcode == WsOpcode::binary;
  const std::uint8_t allowed = options_.allow_rsv1 && first_of_message ? kWsRsv1 : 0;
  if ((head.rsv & ~allowed) != 0) {
    const int bit = (head.rsv & ~allowed & kWsRsv1) != 0 ? 1 : (head.rsv & kWsRsv2) != 0 ? 2 : 3;
    return fail_at(
        ErrorCode::syntax,
        bit == 1 && !options_.allow_rsv1
            ? fmt::format("a {} frame has the reserved bit RSV1, but no compression was agreed on", to_string(head.opcode))
            : fmt::format("a {} frame has the reserved bit RSV{}", to_string(head.opcode), bit),
        at);
  }
  if (is_control(head.opcode) && !head.fin) {
    return fail_at(ErrorCode::syntax,
                   fmt::format("a {} frame is fragmented, which control frames must not be", to_string(head.opcode)), at);
  }
  if (head.opcode == WsOpcode::continuation && !in_message_) {
    return fail_at(ErrorCode::syntax, "a continuation frame, but there is no message to continue", at);
  }
  if (first_of_message && in_message_) {
    return fail_at(
        ErrorCode::syntax,
        fmt::format("expected a continuation frame, found a {} frame within a fragmented message", to_string(head.opcode)), at);
  }
  return {};
}

Status WsFrameDecoder::check_second_byte() {
  const std::uint8_t byte = head_[1];
  const std::uint64_t at = offset_ - 1;
  const bool masked = (byte & kMasked) != 0;
  if (masked) frame_.head.mask.emplace();
  if (!options_.any_masking && masked != (options_.sender == WsSender::client)) {
    return fail_at(ErrorCode::syntax, masked ? "a frame from a server is masked" : "a frame from a client is not masked", at);
  }
  const std::uint8_t length = byte & 0x7FU;
  if (is_control(frame_.head.opcode) && length > kMaxControlPayload) {
    return fail_at(ErrorCode::syntax, fmt::format("a {} frame has more than 125 bytes", to_string(frame_.head.opcode)), at);
  }
  head_need_ = 2U + (length == kLength16 ? 2U : length == kLength64 ? 8U : 0U) + (masked ? 4U : 0U);
  return {};
}

/// The length is there, and the key still to come.
Status WsFrameDecoder::check_length() {
  const std::uint64_t at = frame_.begin + 2;
  std::uint64_t length = head_[1] & 0x7FU;
  if (length >= kLength16) {
    const std::uint64_t shortest = length == kLength16 ? kLength16 : 65536;
    length = 0;
    for (std::size_t i = 2; i < head_size_; ++i) length = length << 8U | head_[i];
    if ((length >> 63U) != 0) return fail_at(ErrorCode::syntax, "a frame's 64-bit length has its top bit set", at);
    if (length < shortest) {
      return fail_at(ErrorCode::syntax, fmt::format("a frame's length {} is not written in its shortest form", length), at);
    }
  }
  if (!options_.pieces && length > options_.limits.max_entry) {
    return fail_at(ErrorCode::limit,
                   fmt::format("a frame of {} bytes is larger than {} (--max-entry)", length, options_.limits.max_entry),
                   frame_.begin);
  }
  frame_.payload_size = length;
  return {};
}

void WsFrameDecoder::begin_frame() {
  WsFrameHead& head = frame_.head;
  if (head.mask) std::copy_n(&head_[head_size_ - 4], 4, head.mask->begin());
  if (!is_control(head.opcode)) in_message_ = !head.fin;
  in_payload_ = true;
  if (!options_.pieces) frame_.payload.reserve(std::min(frame_.payload_size, kMaxReserve));
}

void WsFrameDecoder::take_payload(std::string_view& bytes, std::vector<WsFrame>& out) {
  const std::uint64_t had = frame_.payload_offset + frame_.payload.size();
  const std::string_view part = bytes.substr(0, frame_.payload_size - had);
  const std::size_t old_size = frame_.payload.size();
  frame_.payload.append(part);
  if (frame_.head.mask) apply_ws_mask(std::span(frame_.payload).subspan(old_size), *frame_.head.mask, had);
  bytes.remove_prefix(part.size());
  offset_ += part.size();
  const bool complete = had + part.size() == frame_.payload_size;
  if (!complete && !options_.pieces) return;
  frame_.end = offset_;
  if (complete) {
    out.push_back(std::move(frame_));
    end_frame();
    return;
  }
  WsFrame rest = frame_;
  rest.payload.clear();
  rest.begin = offset_;
  rest.payload_offset = had + part.size();
  out.push_back(std::exchange(frame_, std::move(rest)));
}

void WsFrameDecoder::end_frame() {
  frame_ = {};
  head_size_ = 0;
  head_need_ = 2;
  in_payload_ = false;
}

Status WsFrameDecoder::finish(std::vector<WsFrame>&) {
  if (failure_) return fail(failure_->error);
  if (head_size_ == 0) return {};
  const std::uint64_t had = frame_.payload_offset + frame_.payload.size();
  auto error = fail_at(ErrorCode::truncated,
                       in_payload_ ? fmt::format("the input ends {} bytes before the end of a {} frame of {} bytes",
                                                 frame_.payload_size - had, to_string(frame_.head.opcode), frame_.payload_size)
                                   : "the input ends within the head of a WebSocket frame",
                       offset_);
  return give_up(kWsAbnormal, std::move(error).value());
}

Status WsFrameDecoder::give_up(std::uint16_t close_code, Error error) {
  error.place.source = options_.source;
  failure_ = {close_code, std::move(error)};
  return fail(failure_->error);
}

void append_frame_head(std::string& out, const WsFrameHead& head, std::uint64_t size) {
  const auto put = [&out](std::uint64_t byte) { out.push_back(static_cast<char>(byte & 0xFFU)); };
  put((head.fin ? kFin : 0U) | static_cast<unsigned>(head.rsv & 7U) << 4U | (static_cast<unsigned>(head.opcode) & 0x0FU));
  const std::uint8_t masked = head.mask ? kMasked : 0;
  if (size < kLength16) {
    put(masked | size);
  } else {
    const unsigned bytes = size < 65536 ? 2 : 8;
    put(static_cast<unsigned>(masked) | (bytes == 2 ? kLength16 : kLength64));
    for (unsigned i = bytes; i-- > 0;) put(size >> (8 * i));
  }
  if (head.mask) {
    for (const std::uint8_t byte : *head.mask) put(byte);
  }
}

void append_frame(std::string& out, const WsFrameHead& head, std::string_view payload) {
  append_frame_head(out, head, payload.size());
  const std::size_t begin = out.size();
  out.append(payload);
  if (head.mask) apply_ws_mask(std::span(out).subspan(begin), *head.mask);
}

}  // namespace stream
