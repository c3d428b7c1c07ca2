#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "stream/record/event.hpp"
#include "stream/replay/answer.hpp"
#include "stream/replay/cookie_jar.hpp"

/// A recorded request as it is sent again. Pure.
namespace stream::replay {

/// A header field that is sent whatever was recorded; without a value the recorded one is not sent.
struct HeaderChange {
  std::string name{};
  std::optional<std::string> value{};

  bool operator==(const HeaderChange&) const = default;
};
/// "Name: value", "Name:" (not sent), "Name;" (sent without a value). Errors: `usage`.
Result<HeaderChange> parse_header_change(std::string_view text);

struct ResendOptions {
  std::vector<HeaderChange> headers{};  ///< those of one name are sent in their order
  /// Without it If-None-Match, If-Modified-Since and If-Range (with its Range) are not sent: the answer comes as a whole.
  bool conditional = true;
  /// What the live server is called where a recorded address is "scheme://host[:port]": in Origin and Referer. No value: it
  /// stays.
  std::function<std::optional<std::string>(std::string_view origin)> origin{};
};

/// A request that is ready to be sent to wherever its URL leads.
struct Resend {
  std::string method{};
  std::string url{};                   ///< as recorded
  bool websocket = false;              ///< a WebSocket is opened
  std::vector<HeaderField> headers{};  ///< without Host, Content-Length, Cookie, and what a handshake is made of
  std::vector<CookiePair> cookies{};   ///< as recorded
  bool cookies_changed = false;        ///< ResendOptions::headers has a Cookie: it is in the headers, and the only one
  std::string body{};
  std::vector<std::string> subprotocols{};  ///< WebSocket: that were offered
  bool deflate = false;                     ///< WebSocket: permessage-deflate was offered
};

/// Whether the request of `exchange`, whose body is `body`, can be sent again. Errors: `unsupported`: it cannot, or there is no
/// answer to compare with; the message says why, in a few words.
Status check_resend(const Exchange& exchange, std::string_view body);
/// Whether it opens a WebSocket.
bool opens_websocket(const Exchange& exchange);

/// The request of `exchange`, whose body is `body`. Errors: those of check_resend().
///
/// Header fields are sent as recorded, in their order, but for those of a connection (see end_to_end_headers()), Expect, and
/// codings in Accept-Encoding that we do not know. A Content-Encoding that the recorded body is not in any more is not sent.
Result<Resend> make_resend(const Exchange& exchange, std::string body, const ResendOptions& options);

}  // namespace stream::replay
