#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "stream/record/event.hpp"
#include "stream/replay/live.hpp"
#include "stream/replay/schedule.hpp"

namespace stream::replay {

struct HeaderField {
  std::string name{};
  std::string value{};

  bool operator==(const HeaderField&) const = default;
};

/// Everything a server needs to answer like the one in a recorded exchange, whatever version of HTTP it speaks.
struct Answer {
  std::string id{};      ///< the exchange's, for logs; empty: made up
  int status = 0;        ///< 0: the exchange has no response
  std::string reason{};  ///< as recorded; may be empty
  /// End-to-end header fields in their recorded order, each safe to write as one line (see end_to_end_headers).
  std::vector<HeaderField> headers{};
  std::vector<HeaderField> trailers{};
  std::vector<Step> steps{};
  std::vector<ClientMessage> client{};             ///< websocket: what the recorded client said in between
  std::uint64_t body_size = 0;                     ///< of all `data` steps
  std::optional<std::uint64_t> recorded_length{};  ///< what the recorded Content-Length said about these very bytes
  bool chunked = false;                            ///< recorded with Transfer-Encoding: chunked
  bool complete = false;                           ///< the steps end with `end`
  bool head_only = false;                          ///< recorded for HEAD: recorded_length speaks of a body that is not here
  bool websocket = false;                          ///< 101 and messages
  std::string subprotocol{};                       ///< websocket: the one that the recorded server chose
  bool deflate = false;                            ///< websocket: it accepted permessage-deflate
  StreamKind kind = StreamKind::http;              ///< what the body is
  std::string last_event_id{};                     ///< that the recorded request had sent
  std::uint64_t rounds = 1;                        ///< how often the steps from `loop_first` are played; 0: for ever
  std::size_t loop_first = 0;                      ///< the first step of a round; the last is the last but one of `steps`
  Nanos loop_period{};                             ///< from one round to the next
  std::optional<Nanos> keepalive{};                ///< an SSE comment, between two events, when nothing was sent for so long
  std::uint64_t rate = 0;                          ///< bytes a second that the body may take; 0: any
  std::string recorded_coding{};                   ///< a Content-Encoding that the body was sent in and is not recorded in
  std::optional<WallTime> recorded_at{};           ///< when it was asked for; none: the recording does not say
  /// What is played instead of `steps`, as far as it has come. All else about the answer is to be right when its head is there.
  std::shared_ptr<LiveSteps> live{};
  std::optional<std::size_t> index{};      ///< which exchange's it is, for those who number them
  std::shared_ptr<const Answer> origin{};  ///< what it was made of, where it was changed for one request
  std::string note{};                      ///< how it was changed, for logs
  std::shared_ptr<const void> owner{};     ///< what the steps' bytes belong to
};

/// The answer of a recorded exchange. Streams (every kind but http) are repeated as often as the pace says, and server-sent
/// events have its keep-alive comments.
std::shared_ptr<const Answer> make_answer(std::shared_ptr<const Exchange> exchange, const Pace& pace);

/// An answer of one's own, at once.
std::shared_ptr<const Answer> make_answer(int status, std::string_view media_type, std::string body);

/// Makes the body, or the messages, be played `rounds` times (0: for ever) before the answer ends as it does. False where that is
/// not possible: there is nothing to play, or all of it is due at one moment and would be for ever.
bool repeat(Answer& answer, std::uint64_t rounds);

/// The answer for a client that has read the server-sent events up to the one with this id: what follows it, with the pauses
/// that were recorded behind it. Where several events have the id it is the last. Null: there is no such event, the body is
/// not in plain server-sent events, or the recorded request had asked for this very id.
std::shared_ptr<const Answer> resume_after(const std::shared_ptr<const Answer>& answer, std::string_view last_event_id);

/// The fields of a HAR `headers` array that go end to end, ready to be written.
///
/// Left out: those that belong to one connection or that a server must make itself (Connection and the fields it names,
/// Keep-Alive, Proxy-*, TE, Trailer, Transfer-Encoding, Upgrade, Content-Length; RFC 9110 §7.6.1), pseudo fields
/// (":status"), and names that are no token. A value with line feeds is several lines joined by its writer (Set-Cookie
/// in most browsers' HAR files): it becomes as many fields. Other control characters become spaces.
std::vector<HeaderField> end_to_end_headers(const Json& headers);

/// Whether `body` can be what a Content-Encoding of `coding` gives. Recorders differ in whether they keep a body as it was
/// sent or decoded, and few say which: the bytes decide. gzip, zstd and deflate (zlib) are known by their signature;
/// brotli has none: it is taken to be there if the bytes of a textual `media_type` are not UTF-8.
bool looks_encoded(std::string_view body, std::string_view coding, std::string_view media_type);

/// ASCII only, as HTTP compares names.
bool iequals(std::string_view a, std::string_view b);
/// The last field of that name, or an empty string.
std::string_view find_header(const std::vector<HeaderField>& headers, std::string_view name);

}  // namespace stream::replay
