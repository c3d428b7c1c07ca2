#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "formats/logged_exchange.hpp"
#include "stream/codec/websocket.hpp"

namespace har::format {

/// The messages of a WebSocket, of the bytes that went both ways from the handshake on.
class NetlogSocket {
 public:
  explicit NetlogSocket(stream::Limits limits) : limits_(limits) {}
  void take(stream::WallTime time, stream::Direction direction, std::string_view bytes);
  /// The server has agreed, with that Sec-WebSocket-Extensions.
  void agree(std::string_view extensions);
  /// What has come since the last call.
  std::vector<LoggedExchange::Message> messages() { return std::exchange(messages_, {}); }
  /// Both sides have said that it is over.
  bool closed() const { return sides_[0].closed && sides_[1].closed; }
  bool failed() const { return failed_; }
  std::size_t size() const { return size_; }

 private:
  struct Side {
    std::string head{};  ///< of the handshake, until it has ended
    bool begun = false;
    std::vector<LoggedExchange::Piece> early{};  ///< what came before it was agreed on
    std::optional<stream::WsMessageDecoder> decoder{};
    bool closed = false;
  };
  void feed(Side& side, stream::Direction direction, stream::WallTime time, std::string_view bytes);

  stream::Limits limits_;
  Side sides_[2];
  std::vector<LoggedExchange::Message> messages_{};
  std::size_t size_ = 0;
  bool agreed_ = false;
  bool failed_ = false;
};

/// One URL_REQUEST of a NetLog (Chromium, net/log/net_log_event_type_list.h): one exchange, and another for each redirect.
class NetlogRequest {
 public:
  explicit NetlogRequest(stream::Limits limits) : limits_(limits) {}

  void begin(stream::WallTime time, const stream::Json& params);
  /// A job starts: with what the last one has said it is an exchange, which is returned.
  std::optional<LoggedExchange> start_job(stream::WallTime time, const stream::Json& params);
  /// The same, for a transaction that begins again: with credentials.
  std::optional<LoggedExchange> send_headers(stream::WallTime time, const stream::Json& params, std::string_view version);
  void sent(stream::WallTime time, bool begins);
  void post_data(const stream::Json& params);
  void response_headers(stream::WallTime time, const stream::Json& params);
  void redirected(stream::WallTime time);
  void filters_set() { filtered_ = true; }
  void raw_bytes(const stream::Json& params);
  void bytes(stream::WallTime time, const stream::Json& params);
  void failed(std::string error);
  void frame_header() { ++frames_; }
  void socket_bytes(stream::WallTime time, stream::Direction direction, std::string_view bytes);
  void server(std::string address) { address_ = std::move(address); }
  /// The log says no more of it. True if it is over: a WebSocket is only when it was closed.
  bool end(stream::WallTime time);
  /// A WebSocket's connection has gone.
  void disconnect(stream::WallTime time);

  bool known() const { return !logged_.request.url.empty(); }
  bool websocket() const { return logged_.websocket; }
  std::size_t size() const { return size_ + logged_.size + (socket_ ? socket_->size() : 0); }

  enum class Note : std::uint8_t { no_post_data, no_body, no_messages };
  /// What is to be said about what was taken.
  std::vector<Note> take_notes() { return std::exchange(notes_, {}); }
  /// The exchange as far as it is known.
  LoggedExchange take();

  std::optional<std::uint64_t> job{};
  std::optional<std::uint64_t> socket{};
  std::uint64_t line = 0;    ///< of its beginning
  std::uint64_t offset = 0;  ///< too
  std::size_t order = 0;

 private:
  std::optional<LoggedExchange> next_hop(stream::WallTime time);
  void take_messages();

  stream::Limits limits_;
  LoggedExchange logged_{};
  std::string address_{};
  std::optional<stream::WallTime> send_begin_{};
  std::optional<stream::WallTime> send_end_{};
  std::optional<std::string> sent_octets_{};
  std::uint64_t post_size_ = 0;
  std::uint64_t raw_size_ = 0;
  std::uint64_t body_size_ = 0;
  std::uint64_t body_had_ = 0;
  std::uint64_t frames_ = 0;
  std::uint64_t control_frames_ = 0;
  bool filtered_ = false;
  bool redirected_ = false;
  bool ended_ = false;
  std::optional<NetlogSocket> socket_{};
  std::size_t size_ = 1024;
  std::vector<Note> notes_{};
};

}  // namespace har::format
