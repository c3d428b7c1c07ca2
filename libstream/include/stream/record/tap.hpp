#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "stream/record/event.hpp"
#include "stream/text/timestamp.hpp"

/// What a relay tells of the traffic that passes through it, while it passes. Who listens records it, and never makes it wait.
namespace stream {

/// A header field as it stood on the wire; the views are valid during the call.
struct TapField {
  std::string_view name{};
  std::string_view value{};
};

/// Nanoseconds of the monotonic clock (CLOCK_MONOTONIC).
using TapTime = Nanos;

/// The connections that an exchange goes over.
struct TapConnection {
  std::uint64_t client = 0;           ///< the number of the client's connection, from 1
  std::string_view client_address{};  ///< "127.0.0.1:51234"
  std::uint64_t origin = 0;           ///< the number of the connection to the origin, from 1; 0: there is none
  std::string_view origin_address{};  ///< an IP address, without brackets; of a chained proxy its own
  std::uint16_t origin_port = 0;
  bool origin_reused = false;  ///< an earlier exchange has gone over it
};

struct TapRequest {
  std::string_view method{};
  std::string_view url{};      ///< absolute; http or https, of a WebSocket ws or wss
  std::string_view version{};  ///< "HTTP/1.1"
  std::span<const TapField> fields{};
  std::size_t head_size = 0;  ///< bytes of the head as the client sent it
  bool websocket = false;     ///< it asks for an upgrade to WebSocket
  TapConnection connection{};
};

/// How long each phase took, in the terms of HAR 1.2 §4.2.18; nothing where a phase does not apply (a connection that was there).
struct TapTimings {
  std::optional<Nanos> blocked{};
  std::optional<Nanos> dns{};
  std::optional<Nanos> connect{};  ///< with `ssl`
  std::optional<Nanos> ssl{};
  Nanos send{};
  Nanos wait{};
};

struct TapResponse {
  int status = 0;
  std::string_view reason{};
  std::string_view version{};
  std::span<const TapField> fields{};
  std::size_t head_size = 0;  ///< bytes of the head as it came
  TapTimings timings{};
  TapConnection connection{};  ///< as it was in the end
  bool mocked = false;         ///< not from the origin
};

struct TapMessage {
  Direction direction = Direction::receive;
  int opcode = 1;           ///< 1 text, 2 binary, 9 ping, 10 pong
  std::string_view data{};  ///< unmasked, inflated
  bool mocked = false;      ///< not from the origin, or not forwarded to it
  bool truncated = false;   ///< there was more than is kept; `size` says how much
  std::uint64_t size = 0;
};

struct TapClose {
  Direction direction = Direction::receive;
  std::optional<int> code{};
  std::string_view reason{};
  bool mocked = false;
};

/// How an exchange ended.
struct TapEnd {
  std::string_view reason = "eof";  ///< eof reset timeout abort error, as a recording's `end` has it
  std::string_view error{};         ///< in words, where it is no eof: "could not connect to …"
  std::string_view fault{};         ///< what the relay itself did to the answer, since it was asked to; empty: nothing
  std::span<const TapField> trailers{};
  std::uint64_t request_body_wire = 0;   ///< bytes with transfer coding
  std::uint64_t response_body_wire = 0;  ///< the same
};

enum class TapInterest : std::uint8_t { all, none };

/// All calls come from the relay's thread, and none may block. Of one exchange they come in this order: request; request_data and
/// interim, response, data, message and close as they happen; end, once. A request's body may go on behind the response's head.
class Tap {
 public:
  using Id = std::uint64_t;  ///< of an exchange, from 1 in the order of their requests

  Tap() = default;
  Tap(const Tap&) = delete;
  Tap& operator=(const Tap&) = delete;
  virtual ~Tap() = default;

  /// `none`: nothing else is told of this exchange.
  virtual TapInterest request(Id id, TapTime at, const TapRequest& request) = 0;
  virtual void request_data(Id id, TapTime at, std::string_view bytes) = 0;  ///< without transfer coding
  /// The request's trailers, if there are any.
  virtual void request_trailers(Id id, TapTime at, std::span<const TapField> trailers) = 0;
  virtual void interim(Id id, TapTime at, int status, std::span<const TapField> fields) = 0;  ///< 1xx, but 101
  /// `none`: nothing else is told of this exchange, not even its end.
  virtual TapInterest response(Id id, TapTime at, const TapResponse& response) = 0;
  virtual void data(Id id, TapTime at, std::string_view bytes) = 0;  ///< of the response's body, without transfer coding
  virtual void message(Id id, TapTime at, const TapMessage& message) = 0;
  virtual void close(Id id, TapTime at, const TapClose& close) = 0;
  virtual void end(Id id, TapTime at, const TapEnd& end) = 0;
  /// A few milliseconds have passed since something was told: it may be handed on.
  virtual void idle() {}
};

}  // namespace stream
