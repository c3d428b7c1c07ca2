#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "stream/codec/utf8_validator.hpp"
#include "stream/codec/websocket_deflate.hpp"
#include "stream/io/error.hpp"
#include "stream/io/limits.hpp"

/// The WebSocket protocol (RFC 6455) behind its handshake, without I/O: frames, and messages made of them.
namespace stream {

enum class WsOpcode : std::uint8_t { continuation = 0, text = 1, binary = 2, close = 8, ping = 9, pong = 10 };

constexpr bool is_control(WsOpcode opcode) { return (static_cast<unsigned>(opcode) & 8U) != 0; }
std::string_view to_string(WsOpcode opcode);  ///< "continuation", "text" and so on

using WsMask = std::array<std::uint8_t, 4>;

// The reserved bits, as in WsFrameHead::rsv.
inline constexpr std::uint8_t kWsRsv1 = 4;  ///< permessage-deflate: the message is compressed (RFC 7692 §6)
inline constexpr std::uint8_t kWsRsv2 = 2;
inline constexpr std::uint8_t kWsRsv3 = 1;

// Status codes of close frames and failures (RFC 6455 §7.4.1).
inline constexpr std::uint16_t kWsProtocolError = 1002;
inline constexpr std::uint16_t kWsNoStatus = 1005;  ///< never sent: the close frame has no code
inline constexpr std::uint16_t kWsAbnormal = 1006;  ///< never sent: the connection ended without a close frame
inline constexpr std::uint16_t kWsBadData = 1007;
inline constexpr std::uint16_t kWsTooBig = 1009;

/// Whether a close frame may carry the code: 1000 to 1014 without 1004 (reserved), 1005 and 1006 (never sent), and 3000
/// to 4999 (RFC 6455 §7.4; 1012 to 1014 are in IANA's registry).
bool is_valid_close_code(int code);

/// XORs `data`, which starts `offset` bytes into the payload, with the key: masks and unmasks (RFC 6455 §5.3).
void apply_ws_mask(std::span<char> data, const WsMask& key, std::uint64_t offset = 0);

struct WsFrameHead {
  bool fin = true;
  std::uint8_t rsv = 0;
  WsOpcode opcode = WsOpcode::text;
  std::optional<WsMask> mask{};  ///< none: the payload is not masked

  bool operator==(const WsFrameHead&) const = default;
};

struct WsFrame {
  WsFrameHead head{};
  std::string payload{};             ///< unmasked; compressed, if the message is
  std::uint64_t begin = 0;           ///< offset of the frame's first byte
  std::uint64_t end = 0;             ///< offset behind its last
  std::uint64_t payload_size = 0;    ///< of the whole frame
  std::uint64_t payload_offset = 0;  ///< in pieces: how much of the payload came before

  std::uint64_t payload_begin() const { return end - payload.size(); }
  /// In pieces: this is the last one.
  bool complete() const { return payload_offset + payload.size() == payload_size; }

  bool operator==(const WsFrame&) const = default;
};

/// Why a decoder has failed, and what to close the connection with.
struct WsFailure {
  std::uint16_t close_code = kWsProtocolError;  ///< kWsAbnormal: the input was cut off, nothing can be sent
  Error error{};
};

struct WsFrameOptions {
  WsSender sender = WsSender::client;  ///< whose frames these are: a client masks its frames, a server must not
  bool any_masking = false;            ///< for recordings: takes frames whether masked or not
  bool allow_rsv1 = false;             ///< permessage-deflate was agreed on: the first frame of a message may have RSV1
  /// A frame is given out as it arrives: once its head is complete, with the payload so far, and then whatever comes. Its
  /// head is repeated, begin and end are those of the piece, and no frame is too large.
  bool pieces = false;
  Limits limits{};           ///< max_entry: the payload of a frame
  std::string source{};      ///< for places in messages
  std::uint64_t origin = 0;  ///< the offset of the first byte that is fed: offsets count from there
};

/// Takes frames in any cuts and gives the same for all of them (with `pieces`, the same after joining the pieces of a
/// frame). Refuses what RFC 6455 §5 does: reserved bits and opcodes, wrong masking, control frames that are fragmented or
/// above 125 bytes, fragments out of order, lengths not in their shortest form. Once failed, every call returns the error.
class WsFrameDecoder {
 public:
  explicit WsFrameDecoder(WsFrameOptions options = {});

  /// Appends to `out`. Errors: `syntax`, `limit`.
  Status feed(std::string_view bytes, std::vector<WsFrame>& out);
  /// The input has ended. Errors: `truncated` within a frame.
  Status finish(std::vector<WsFrame>& out);

  const std::optional<WsFailure>& failure() const { return failure_; }
  /// What was fed ends where a frame does, and no fragmented message is open: another one may begin.
  bool between_messages() const { return !in_payload_ && head_size_ == 0 && !in_message_; }

 private:
  Status take_head(std::string_view& bytes, std::vector<WsFrame>& out);
  Status check_first_byte();
  Status check_second_byte();
  Status check_length();
  void begin_frame();
  void take_payload(std::string_view& bytes, std::vector<WsFrame>& out);
  void end_frame();
  Status give_up(std::uint16_t close_code, Error error);

  WsFrameOptions options_;
  std::array<std::uint8_t, 14> head_{};
  std::size_t head_size_ = 0;
  std::size_t head_need_ = 2;  // bytes that the head has, as far as is known
  bool in_payload_ = false;
  bool in_message_ = false;  // a data frame without FIN has come
  std::uint64_t offset_;
  WsFrame frame_{};
  std::uint64_t received_ = 0;  // bytes of the payload
  std::optional<WsFailure> failure_{};
};

struct WsMessage {
  WsOpcode opcode = WsOpcode::text;     ///< any but continuation
  std::string data{};                   ///< inflated; of a close frame: the reason
  std::optional<std::uint16_t> code{};  ///< close: the status code, if there is one
  bool compressed = false;              ///< it came compressed
  std::uint64_t frames = 1;             ///< how many frames it came in
  std::uint64_t begin = 0;              ///< offset of the first byte of its first frame
  std::uint64_t end = 0;                ///< offset behind its last frame

  bool operator==(const WsMessage&) const = default;
};

struct WsMessageOptions {
  WsSender sender = WsSender::client;        ///< whose messages these are
  bool any_masking = false;                  ///< for recordings: takes frames whether masked or not
  std::optional<WsDeflateParams> deflate{};  ///< what was agreed on; none: no compression
  Limits limits{};                           ///< max_entry: a message, inflated
  std::string source{};                      ///< for places in messages
  std::uint64_t origin = 0;                  ///< the offset of the first byte that is fed: offsets count from there
};

/// Makes messages of frames, in the order in which they are completed: control frames may come between the fragments of a
/// message. Text that is no UTF-8 is refused at its first bad byte (of compressed text: in the piece that holds it). The same
/// messages, and the same failure, for every cut of the input. Once failed, every call returns the error.
class WsMessageDecoder {
 public:
  explicit WsMessageDecoder(WsMessageOptions options = {});

  /// Appends to `out`. After a close frame nothing is taken any more (RFC 6455 §5.5.1). Errors: `syntax`, `limit`.
  Status feed(std::string_view bytes, std::vector<WsMessage>& out);
  /// The input has ended. Errors: `truncated` within a frame or a fragmented message. No close frame is no error.
  Status finish(std::vector<WsMessage>& out);

  /// What was fed ends where a message does, and no other has begun.
  bool between_messages() const { return !failure_ && frames_.between_messages(); }
  /// A close frame has come.
  bool closed() const { return closed_; }
  /// How many of the bytes fed were taken: after a close frame, those up to its end. Without `origin`.
  std::uint64_t consumed() const { return consumed_; }
  const std::optional<WsFailure>& failure() const { return failure_; }

 private:
  Status feed_slices(std::string_view bytes, std::vector<WsMessage>& out);
  Status take(WsFrame& piece, std::vector<WsMessage>& out);
  Status take_control(WsFrame& piece, bool first, std::vector<WsMessage>& out);
  Status take_close(std::vector<WsMessage>& out);
  Status take_data(WsFrame& piece, bool first, std::vector<WsMessage>& out);
  Status begin_data_frame(const WsFrame& piece);
  Status add_plain(WsFrame& piece);
  Status add_compressed(const WsFrame& piece);
  Status fail_with(std::uint16_t close_code, ErrorCode code, std::string message, std::uint64_t offset);
  std::uint64_t wire_limit() const;
  Status too_big();

  WsMessageOptions options_;
  WsFrameDecoder frames_;
  std::optional<WsInflater> inflater_{};  // made for the first compressed message
  Utf8Validator utf8_{};
  std::vector<WsFrame> pieces_{};  // kept between calls for its memory
  WsMessage message_{};            // the data message that is being put together
  WsMessage control_{};            // the control frame that is being put together
  std::uint64_t frame_begin_ = 0;  // offset of the data frame that is being taken
  std::uint64_t wire_size_ = 0;    // payload of the data message by the heads of its frames so far
  bool in_message_ = false;
  bool in_frame_ = false;
  bool closed_ = false;
  std::uint64_t consumed_ = 0;
  std::optional<WsFailure> failure_{};
};

/// Appends a frame; `payload` is masked if the head has a key. Writes what it is told, right or wrong: a control frame has
/// at most 125 bytes, a client's frames are masked.
void append_frame(std::string& out, const WsFrameHead& head, std::string_view payload);

/// The same without the payload, for one that is sent from where it is; it must be masked already.
void append_frame_head(std::string& out, const WsFrameHead& head, std::uint64_t payload_size);

/// Appends a close frame. Errors: `usage`: a code that must not be sent, a reason without a code, of more than 123 bytes,
/// or no UTF-8.
Status append_close(std::string& out, std::optional<int> code, std::string_view reason = {}, std::optional<WsMask> mask = {});

/// Sec-WebSocket-Accept for a Sec-WebSocket-Key (RFC 6455 §4.2.2).
std::string websocket_accept(std::string_view key);

}  // namespace stream
