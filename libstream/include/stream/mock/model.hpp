#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "stream/replay/answer.hpp"
#include "stream/text/json.hpp"
#include "stream/text/timestamp.hpp"

/// Mocks: answers that are written by hand, or made from a recording, instead of a server's. Their files are those of Dev Proxy
/// and a superset (docs/mocks.md). Pure: no socket, no clock.
namespace stream::mock {

class TextPattern;  ///< a compiled regular expression or fragment
class UrlPattern;   ///< a compiled URL

/// `delayMs` and `jitterMs`: a pause, and at most how much longer it may be.
struct Delay {
  Nanos fixed{};
  Nanos jitter{};

  bool operator==(const Delay&) const = default;
};

/// `nth` and `every`. A counter counts what everything else about the mock (or rule) fits, whoever answered.
struct Counting {
  std::uint64_t nth = 0;    ///< only the nth time; 0: not asked for
  std::uint64_t every = 0;  ///< only each so manieth time; 0: not asked for

  bool counts() const { return nth != 0 || every != 0; }
  bool takes(std::uint64_t count) const { return (nth == 0 || count == nth) && (every == 0 || count % every == 0); }
  bool operator==(const Counting&) const = default;
};

/// What is sent: a body, or a message.
struct Content {
  enum class Kind : std::uint8_t {
    none,
    json,   ///< `json`, written in one line
    text,   ///< `text`
    file,   ///< the bytes of the file `text`, which lies in the folder of the mocks
    bytes,  ///< the octets `text`
  };
  Kind kind = Kind::none;
  Json json{};
  std::string text{};
  Place place{};
};

/// What a request's body, or a message, must be. Of several criteria only the first of this order counts, as in Dev Proxy.
struct BodyMatch {
  enum class Kind : std::uint8_t { any, json, regex, fragment };
  Kind kind = Kind::any;
  Json json{};                                   ///< json: equal by meaning
  std::string text{};                            ///< regex, fragment: as written
  std::shared_ptr<const TextPattern> pattern{};  ///< regex, fragment; null: nothing matches
};

struct HeaderMatch {
  std::string name{};
  std::optional<std::string> value{};  ///< `*` stands for any run of characters; none: any value
  std::shared_ptr<const UrlPattern> pattern{};
};

struct HttpRequestMatch {
  std::string url{};
  std::string method = "GET";
  std::vector<HeaderMatch> headers{};
  BodyMatch body{};
  Counting counting{};
  std::shared_ptr<const UrlPattern> pattern{};
};

/// A part of a body that is sent by itself.
struct Piece {
  enum class Kind : std::uint8_t { event, comment, line, chunk };
  Kind kind = Kind::chunk;
  Delay delay{};  ///< since the piece before, or the head
  Content content{};
  std::optional<std::string> event{};  ///< event: its type
  std::optional<std::string> id{};
  std::optional<std::uint64_t> retry{};
};

struct HttpResponse {
  int status = 200;
  std::vector<replay::HeaderField> headers{};
  Content body{};
  enum class Form : std::uint8_t { whole, sse, ndjson, chunks };
  Form form = Form::whole;
  std::vector<Piece> pieces{};  ///< unless it is whole
  Delay delay{};                ///< before the head
  bool filled = false;          ///< `{{…}}` stands for parts of the request
};

struct HttpMock {
  HttpRequestMatch request{};
  HttpResponse response{};
  Place place{};
};

struct WebSocketMessage {
  Content content{};
  bool binary = false;
  Delay delay{};  ///< since the one before, or what it answers
};

/// A close of the server's.
struct Close {
  bool close = false;
  int code = 1000;
  std::string reason{};
  Delay delay{};
};

struct WebSocketRule {
  BodyMatch match{};
  Counting counting{};  ///< of messages, for each connection
  std::vector<WebSocketMessage> responses{};
  Close close{};
  bool filled = false;
  Place place{};
};

struct WebSocketMock {
  std::string url{};
  std::shared_ptr<const UrlPattern> pattern{};
  Counting counting{};  ///< of connections
  std::optional<std::string> subprotocol{};
  std::vector<WebSocketMessage> on_connect{};
  std::vector<WebSocketRule> rules{};
  bool close_on_unmatched = false;
  Close close{};  ///< behind on_connect, if close.close; its code and reason also for close_on_unmatched
  bool filled = false;
  Place place{};
};

/// A request, or the handshake of a WebSocket. Views of the caller's.
struct Request {
  std::string_view method{};
  std::string_view url{};  ///< with scheme and host
  const std::vector<replay::HeaderField>* headers = nullptr;
  std::string_view body{};
  /// The scheme and host of the mocks' URLs do not count: the client has been told of a server that stands in for another.
  bool any_origin = false;
};

}  // namespace stream::mock
