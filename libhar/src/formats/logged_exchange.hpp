#pragma once

#include <optional>
#include <string>
#include <vector>

#include "formats/http_message.hpp"
#include "stream/record/event.hpp"
#include "stream/text/json.hpp"

namespace har::format {

/// An exchange as a log tells of it, bit by bit. Moments are of the wall clock.
struct LoggedExchange {
  RequestMessage request{};
  std::optional<stream::WallTime> begin{};
  std::optional<ResponseMessage> response{};  ///< without its body: that is pieces
  std::optional<stream::WallTime> responded{};
  std::optional<stream::WallTime> ended{};
  struct Piece {
    stream::WallTime time{};
    std::string bytes{};
  };
  std::vector<Piece> pieces{};  ///< of the body, as they came
  struct Message {
    stream::WallTime time{};
    stream::Event event{};  ///< message, close or mark
  };
  std::vector<Message> messages{};
  bool websocket = false;
  bool over = false;    ///< it has ended, if only with an error
  std::string error{};  ///< why there is no (whole) answer
  /// The body had a content coding that is undone already: how long it was in that.
  bool decoded = false;
  std::optional<std::uint64_t> coded_size{};
  stream::Json entry = stream::Json::object();    ///< other members of the entry
  stream::Json timings = stream::Json::object();  ///< phases in milliseconds, without `receive`; empty: not known
  std::size_t size = 0;                           ///< bytes held, about
};

/// The exchange, whose recording starts with it.
stream::Exchange to_exchange(LoggedExchange logged);
/// Gives it and its events that id.
void set_id(stream::Exchange& exchange, const std::string& id);

/// A message of a WebSocket.
LoggedExchange::Message websocket_message(stream::WallTime time, stream::Direction direction, int opcode, std::string data);
/// Its end: what a close frame holds.
LoggedExchange::Message websocket_close(stream::WallTime time, stream::Direction direction, std::optional<int> code,
                                        std::string reason);
/// What went wrong with it.
LoggedExchange::Message websocket_error(stream::WallTime time, std::string message);

/// A moment as seconds (milliseconds) of a number, or nothing if it is none; also of a string that is one.
std::optional<stream::Nanos> seconds_of(const stream::Json& value);
std::optional<stream::Nanos> millis_of(const stream::Json& value);
/// Milliseconds as a number of JSON.
stream::Json millis(stream::Nanos time);

/// `time + shift`, at the ends of time where that is out of range.
stream::WallTime moved(stream::WallTime time, stream::Nanos shift);

/// `a - b`, at the ends of what can be said where that is out of range.
stream::Nanos difference(stream::Nanos a, stream::Nanos b);
/// From one moment to another, and not negative nor more than years.
stream::Nanos between(stream::WallTime from, stream::WallTime to);

/// "localhost:80" and "[::1]:443" without the port and brackets.
std::string address_without_port(std::string_view address);

}  // namespace har::format
