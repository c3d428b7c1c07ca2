#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "formats/formats.hpp"
#include "formats/http_message.hpp"
#include "formats/losses.hpp"

/// What is common to outputs that are run: they make the request again, and nothing else.
namespace har::format {

/// Takes "user:password" out of a URL.
std::string take_user(std::string& url);

/// What a client is like for which a request is written.
struct ScriptClient {
  std::string_view name{};     ///< for messages
  bool repeats_fields = true;  ///< several fields of the same name stay several
  bool body_with_any_method = true;
  std::string_view encodes{};  ///< characters of a URL that it replaces by %XX
  bool keeps_dots = false;     ///< "/../" in a URL stays
  bool web_sockets = false;
  bool versions = false;  ///< it says which version of HTTP a request is of
};

/// A request that a client can send: http or https (or ws and wss), without what clients make themselves (Host where it is that
/// of the URL, Content-Length, Transfer-Encoding, Connection and its like), with its body in its content coding. None: it can't
/// be sent, which was reported. What is left out is reported.
struct ScriptRequest : RequestMessage {
  bool length_of_nothing = false;  ///< it said Content-Length: 0
  bool web_socket = false;
};
std::optional<ScriptRequest> script_request(const stream::Exchange& exchange, const ScriptClient& client,
                                            const stream::Place& place, const stream::FindingSink& report);

/// What a script holds of an entry, with what the request's fields say again.
HeldMembers script_members();

}  // namespace har::format
