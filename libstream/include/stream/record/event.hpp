#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "stream/text/json.hpp"
#include "stream/text/timestamp.hpp"

/// The model: a recording is exchanges, each with a timeline of events. Its NDJSON form is described in
/// schemas/recording-1.schema.json and docs/recording.md.
namespace stream {

enum class Direction { send, receive };  ///< as the client sees it
std::string_view to_string(Direction direction);

/// What the body of a response is, for decoding, comparing and replaying it. `http`: an ordinary body.
enum class StreamKind { http, sse, ndjson, json_seq, multipart, text, binary, websocket };
std::string_view to_string(StreamKind kind);  ///< as in the `kind` member: "http", "sse", "json-seq" …
std::optional<StreamKind> stream_kind_from_name(std::string_view name);
/// What a Content-Type says: text/event-stream is sse, application/x-ndjson and /jsonl ndjson, multipart/x-mixed-replace
/// and /mixed multipart, application/json-seq (and +json-seq) json_seq; everything else http.
StreamKind stream_kind_of_media_type(std::string_view media_type);

enum class EventKind { header, request, response, data, message, close, end, mark, unknown };

/// One line of a recording. Which members mean something depends on `kind`.
struct Event {
  EventKind kind = EventKind::unknown;
  std::string ev{};  ///< unknown: the `ev` as written
  std::string id{};  ///< the exchange; empty in a file of one exchange
  Nanos t{};         ///< since the recording's start

  Direction direction = Direction::receive;  ///< data, message, close
  std::string data{};                        ///< data, message: the octets; mark, end: the text
  int opcode = 1;                            ///< message: 1 text, 2 binary, 9 ping, 10 pong (RFC 6455 §11.8)
  bool mocked = false;                       ///< message: not from the origin
  std::optional<int> code{};                 ///< close
  std::string reason{};                      ///< close: its reason; end: eof reset timeout abort error

  Json object{};                    ///< request, response: the HAR object; header: `log`
  Json entry{};                     ///< request: the entry's other members; header: `creator`
  std::string stream_kind{};        ///< response: `kind` as written; empty if absent
  Json timings{};                   ///< response: HAR timings; null if absent
  Json trailers{};                  ///< end; null if absent
  std::optional<WallTime> start{};  ///< header
  /// Members that this table does not name, in their order: they survive.
  Json::Object other{};

  bool operator==(const Event&) const = default;
};

/// One request and its answer, with everything that happened in between.
struct Exchange {
  std::string id{};
  std::optional<WallTime> start{};  ///< the wall clock at t = 0 of its recording; none in a recording without a header
  std::optional<Event> request{};
  std::optional<Event> response{};
  std::vector<Event> timeline{};  ///< data, message, close, mark and unknown, in the order of the file
  std::optional<Event> end{};     ///< none: cut off, incomplete

  /// The response's kind: as recorded, else by its content.mimeType or Content-Type header, else http (websocket if there
  /// are messages).
  StreamKind kind() const;
  /// t of the request, else of the first thing that happened.
  Nanos begin() const;
  /// "GET", "/chat?x=1" and so on; empty without a request.
  std::string_view method() const;
  std::string_view url() const;
  /// The HTTP status; 0 if there was no answer.
  int status() const;

  bool operator==(const Exchange&) const = default;
};

}  // namespace stream
