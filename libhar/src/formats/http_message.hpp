#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "stream/io/error.hpp"
#include "stream/io/finding.hpp"
#include "stream/io/limits.hpp"
#include "stream/record/event.hpp"

/// Messages of HTTP, as formats have them that hold whole messages: fields and octets instead of a timeline.
namespace har::format {

/// A header field, as octets.
struct Field {
  std::string name{};
  std::string value{};
  bool operator==(const Field&) const = default;
};
using Fields = std::vector<Field>;

/// ASCII only, as HTTP compares names.
bool same_name(std::string_view a, std::string_view b);
/// The value of the last field of that name; null without one.
const std::string* find_field(const Fields& fields, std::string_view name);
/// The values of all fields of that name, joined by ", " (RFC 9110 §5.2); empty without one.
std::string joined_field(const Fields& fields, std::string_view name);
void remove_field(Fields& fields, std::string_view name);
/// In the place of the first field of that name, else at the end; others of that name go.
void set_field(Fields& fields, std::string_view name, std::string value);

/// A message. The body is without transfer coding; whether it is still in its content coding, the reader of a format says by
/// what it puts here: both are understood, see stream::Decompressor and decoded_body().
struct Message {
  std::string version{};  ///< "HTTP/1.1", "HTTP/2"; empty: not known
  Fields fields{};
  std::string body{};
  Fields trailers{};
  bool complete = true;  ///< false: it was cut off
};

struct RequestMessage : Message {
  std::string method = "GET";
  std::string url{};  ///< absolute
};

struct ResponseMessage : Message {
  int status = 0;
  std::string reason{};
  /// Where a format has the body in pieces with their times: these, and `body` is empty.
  struct Piece {
    stream::Nanos t{};  ///< since the request began
    std::string bytes{};
  };
  std::vector<Piece> pieces{};
};

/// When things happened, as far as a format says.
struct MessageTimes {
  std::optional<stream::WallTime> start{};   ///< the request began; none: not known
  std::optional<stream::Nanos> responded{};  ///< since then: the response's head came
  std::optional<stream::Nanos> ended{};      ///< since then: its last byte
};

/// The request and the response of an exchange. Fields are as recorded, without pseudo fields (":path"); a value of several
/// lines, which is how browsers write Set-Cookie, becomes as many fields. Bodies are as recorded.
RequestMessage request_message(const stream::Exchange& exchange);
/// None: there was no answer.
std::optional<ResponseMessage> response_message(const stream::Exchange& exchange);
/// The times of an exchange; `start` is that of the request.
MessageTimes message_times(const stream::Exchange& exchange);

/// An exchange of these messages, with what HAR derives from them: cookies, query string, postData and its params, mimeType,
/// redirectURL, sizes. No `response`: there was no answer; `error` says why, if that is known ("" : cut off).
/// Octets that are no UTF-8 are taken for ISO 8859-1 in fields and as base64 in bodies, unless their charset makes them
/// text.
stream::Exchange make_exchange(RequestMessage request, std::optional<ResponseMessage> response, const MessageTimes& times,
                               std::string_view error = {});

/// What HAR derives from Cookie and Set-Cookie fields.
stream::Json request_cookies(const Fields& fields);
stream::Json response_cookies(const Fields& fields);

/// The part of a URL behind the authority, "/" at least: what a request line has (RFC 9112 §3.2.1).
std::string_view request_target(std::string_view url);
/// "host" or "host:port" of a URL, without a user.
std::string_view url_authority(std::string_view url);
/// "http" or "https" (of ws and wss too); empty for others.
std::string_view url_scheme(std::string_view url);

/// As application/x-www-form-urlencoded has it; what does not decode to UTF-8 stays as it is.
std::string form_decoded(std::string_view text);
std::string form_encoded(std::string_view text);

/// The body as its content coding says, where Content-Encoding names one we know and the body is in it; else as it is. Bounded:
/// none where it cannot be undone, or beyond `limits`.
std::optional<std::string> decoded_body(const Message& message, const stream::Limits& limits);
/// The body in the content coding that its fields name: as it is if it is in it (or in one that we do not know), else coded
/// again. So heads stay true in formats that hold the octets of the wire, and what HAR has decoded comes back decoded.
std::string coded_body(const Message& message);

// ---- HTTP/1.1 on the wire (RFC 9112)

struct Http1Options {
  std::string source{};              ///< for messages
  std::uint64_t origin = 0;          ///< the offset of the first octet there
  std::string_view scheme = "http";  ///< of a request in origin form
  stream::Limits limits{};
  stream::FindingSink report{};
  bool head_only = false;  ///< a response to HEAD, which has no body whatever its fields say (RFC 9110 §9.3.2)
};

/// A whole message, as it was on the wire or as tools keep it: with or without transfer coding although the head says chunked,
/// with less or more octets than Content-Length says, lines that end with LF. What deviates is reported (http1-length,
/// http1-chunked, http1-cut, http1-line); what is behind the message too (http1-behind). Transfer coding is undone, trailers are
/// read, content coding stays. 1xx heads before the response are passed over, but for a 101.
/// Errors: `syntax` where there is no head.
stream::Result<RequestMessage> parse_request(std::string_view octets, const Http1Options& options);
stream::Result<ResponseMessage> parse_response(std::string_view octets, const Http1Options& options);

enum class TargetForm : std::uint8_t { origin, absolute };
/// The message as it would be on the wire, with the framing its fields name: Transfer-Encoding chunked (a chunk for each piece),
/// else a Content-Length that is true. Host is added to a request that has none. HTTP/2 and 3 become HTTP/1.1. What no wire can
/// hold is reported at `place`: a field whose name is no token (RFC 9110 §5.1) is left out (lost-request-headers-name,
/// lost-response-_trailers-name, …), spaces stand for control characters in a value (lost-request-headers-value, …), and GET for
/// a method that is no token (lost-request-method).
std::string write_request(const RequestMessage& request, TargetForm form, const stream::Place& place,
                          const stream::FindingSink& report);
std::string write_response(const ResponseMessage& response, std::string_view method, const stream::Place& place,
                           const stream::FindingSink& report);

}  // namespace har::format
