#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "stream/codec/websocket.hpp"
#include "stream/record/tap.hpp"

namespace stream::proxy {

/// Reads along with the frames of a WebSocket, and tells the messages. What breaks the protocol ends the telling of its
/// direction, not the relaying.
///
/// Nearly all messages are one small frame that is not compressed: those are told from where they are. All others go through a
/// decoder, which gets whole frames; what is told is the same.
class WebSocketTap {
 public:
  /// Frames with a larger payload go through the decoder.
  static constexpr std::size_t kPlain = std::size_t{64} << 10;

  /// `extensions`: what the server has agreed on. `tap` may be null: then messages are only counted.
  WebSocketTap(Tap* tap, Tap::Id id, std::string_view extensions, std::size_t max_message);

  /// Bytes that `from` has sent; how many messages they completed.
  std::size_t feed(WsSender from, std::string_view bytes, TapTime at);

  bool closed() const { return sides_[0].closed || sides_[1].closed; }
  /// Why a direction was not understood; empty: everything was.
  const std::string& failure() const { return failure_; }

 private:
  struct Side {
    WsMessageDecoder decoder;
    std::string cut{};             ///< of a frame whose rest has not come
    std::uint64_t of_decoder = 0;  ///< bytes that still belong to a frame of the decoder's
    bool closed = false;
    bool failed = false;

    bool over() const { return closed || failed; }
  };
  /// What stands at the beginning of some bytes.
  struct Frame {
    enum class Kind : std::uint8_t {
      plain,  ///< all of it is here
      cut,    ///< the rest is to come
      other,  ///< the decoder's
    };
    Kind kind = Kind::cut;
    std::uint64_t size = 0;  ///< with its head; 0: too little of that is here
    std::size_t head = 0;
  };

  std::size_t complete_cut(Side& side, WsSender from, std::string_view& bytes, TapTime at);
  Frame look(const Side& side, WsSender from, std::string_view bytes) const;
  std::size_t take_plain(Side& side, WsSender from, std::string_view frame, std::size_t head, TapTime at);
  std::size_t decode(Side& side, WsSender from, std::string_view bytes, TapTime at);
  void tell(WsSender from, const WsMessage& message, TapTime at);

  Tap* tap_;
  Tap::Id id_;
  std::size_t max_message_;
  std::array<Side, 2> sides_;  // by WsSender
  std::string failure_{};
  std::vector<WsMessage> messages_{};
};

}  // namespace stream::proxy
