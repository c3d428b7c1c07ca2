#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "stream/codec/websocket.hpp"
#include "stream/record/event.hpp"

namespace stream::proxy {

/// A part of an answer as it goes by: an event, or what stands between two.
struct LiveUnit {
  std::string bytes{};  ///< as they came
  bool event = false;
  // Of a WebSocket message:
  WsOpcode opcode = WsOpcode::text;
  std::string payload{};

  bool operator==(const LiveUnit&) const = default;
};

/// What is held of one event, at most; a larger one is passed on without being one.
inline constexpr std::size_t kMostOfEvent = std::size_t{16} << 20;

/// Cuts a body into its events while it comes: server-sent events, lines of NDJSON and text, JSON texts of a sequence, and of
/// anything else the pieces that come. The same units for all cuts, but for those pieces.
class LiveEvents {
 public:
  explicit LiveEvents(StreamKind kind) : kind_(kind) {}

  void feed(std::string_view bytes, std::vector<LiveUnit>& out);
  /// The body is over, or nobody asks for events any more: gives out what is held.
  void finish(std::vector<LiveUnit>& out);

 private:
  void feed_sse(std::vector<LiveUnit>& out, bool over);
  void feed_lines(std::vector<LiveUnit>& out);
  void feed_sequence(std::vector<LiveUnit>& out);
  void take_line(std::string_view line);

  StreamKind kind_;
  std::string held_{};
  std::size_t scanned_ = 0;  // of what is held
  std::size_t line_ = 0;     // where the line begins that is looked at
  bool has_data_ = false;    // the block has a data field
  bool first_line_ = true;
  bool too_large_ = false;  // until the end of this one
};

/// Cuts what a server sends on a WebSocket into its messages, and the control frames between them. Whatever breaks the protocol
/// is passed on from there.
class LiveMessages {
 public:
  LiveMessages();

  void feed(std::string_view bytes, std::vector<LiveUnit>& out);
  void finish(std::vector<LiveUnit>& out);

 private:
  WsFrameDecoder frames_;
  std::vector<WsFrame> found_{};
  std::string held_{};  // from begin_ on
  std::uint64_t begin_ = 0;
  LiveUnit message_{};  // that is put together
  bool in_message_ = false;
  bool as_it_is_ = false;
};

}  // namespace stream::proxy
