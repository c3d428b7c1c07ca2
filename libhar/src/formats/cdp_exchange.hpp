#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "formats/logged_exchange.hpp"

namespace har::format {

/// One request of the Chrome DevTools Protocol's Network domain (chromedevtools.github.io/devtools-protocol/tot/Network), of
/// which a requestId has several where it was redirected.
class CdpExchange {
 public:
  /// Monotonic seconds of the events on the wall clock.
  struct Clock {
    std::optional<stream::Nanos> offset{};
    stream::WallTime at(const stream::Json& timestamp) const;
  };

  explicit CdpExchange(const Clock& clock) : clock_(clock) {}

  // Each takes the `params` of the event of that name.
  void request(const stream::Json& params);
  void request_extra(const stream::Json& params);
  void response(const stream::Json& params);
  /// What a redirect answered; of the `requestWillBeSent` that follows it.
  void redirected(const stream::Json& params);
  void response_extra(const stream::Json& params);
  void data(const stream::Json& params);
  void event_source_message(const stream::Json& params);
  void finished(const stream::Json& params);
  void failed(const stream::Json& params);
  void from_cache() { served_from_cache_ = true; }
  void websocket_created(const stream::Json& params);
  void websocket_request(const stream::Json& params);
  void websocket_response(const stream::Json& params);
  void websocket_frame(const stream::Json& params, stream::Direction direction);
  void websocket_failed(const stream::Json& params);
  void websocket_closed(const stream::Json& params);

  // Answers of commands: their `result`.
  void body(const stream::Json& result);
  void post_data(const stream::Json& result);

  bool over() const { return logged_.over; }
  /// Nothing is to come that would say more of it.
  bool settled() const;
  bool wants_request_extra() const { return !request_extra_; }
  bool wants_response_extra() const { return !response_extra_; }
  bool is_redirect() const { return redirect_; }
  /// Bytes held, about.
  std::size_t size() const { return size_; }

  enum class Note : std::uint8_t { no_clock, events_body, body_size, bad_base64, no_post_data, no_body };
  /// The exchange; afterwards this is of no use. `notes`: what is to be said about it.
  stream::Exchange take(std::vector<Note>& notes);

 private:
  void take_answer(const stream::Json& response, const stream::Json& at, bool has_extra);
  void take_response_fields();
  void take_request_fields();
  void take_timing();
  void take_pieces(std::vector<Note>& notes);
  void end(const stream::Json& params);

  Clock clock_;
  LoggedExchange logged_{};
  stream::Json request_headers_{};
  stream::Json request_extra_headers_{};
  stream::Json response_{};
  stream::Json response_extra_json_{};
  bool request_extra_ = false;
  bool response_extra_ = false;
  bool extra_expected_ = false;
  bool redirect_ = false;
  bool failed_ = false;
  bool served_from_cache_ = false;
  bool has_post_data_ = false;
  bool bad_base64_ = false;
  std::uint64_t encoded_ = 0;
  struct Chunk {
    stream::WallTime time{};
    std::uint64_t size = 0;
    std::optional<std::string> data{};
  };
  std::vector<Chunk> chunks_{};
  std::optional<std::string> body_{};
  bool text_body_ = false;
  std::vector<LoggedExchange::Piece> events_{};
  std::string last_event_id_{};
  std::size_t size_ = 512;
};

}  // namespace har::format
