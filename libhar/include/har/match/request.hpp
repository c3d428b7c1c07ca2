#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "stream/io/error.hpp"
#include "stream/record/event.hpp"

/// Which recorded exchange answers a request.
namespace har::match {

struct Header {
  std::string name{};
  std::string value{};
  bool operator==(const Header&) const = default;
};

/// A request as it is compared, whether it was recorded or has just arrived. What set_url() and set_authority() fill in has one
/// spelling for the same meaning.
struct Request {
  std::string method = "GET";
  std::string scheme{};    ///< "http" or "https" (ws and wss count as these); empty: not known, which goes with any
  std::string host{};      ///< in lower case; empty: not known, which goes with any
  std::uint16_t port = 0;  ///< 0: the scheme's own
  std::string path = "/";  ///< percent-encoded where it must be, and nowhere else
  std::vector<std::pair<std::string, std::string>> query{};  ///< names and values, decoded, in their order
  std::vector<Header> headers{};
  std::string media_type{};  ///< of the body, with its parameters; empty: the Content-Type header's
  std::string body{};        ///< without transfer coding; empty: none
  bool websocket = false;    ///< an upgrade: was made, or is asked for

  /// The last header of that name, in any case; empty without one.
  std::string_view header(std::string_view name) const;
  /// Path and query as they would be written.
  std::string target() const;
  /// The host with its port where that is not the scheme's own.
  std::string authority() const;

  bool operator==(const Request&) const = default;
};

/// Takes "https://host:8443/a?b=c" or "/a?b=c" apart; what the address does not name stays as it is.
void set_url(Request& request, std::string_view url);
/// Takes "host:8443", "[::1]" apart. 80 is http's own port and 443 is https'; where the scheme is not known both are.
void set_authority(Request& request, std::string_view authority);

Request make_request(std::string_view method, std::string_view url);

/// What an exchange was asked. Its body is what was sent in pieces, else postData's text, else what postData's params say.
Request request_of(const stream::Exchange& exchange);

/// Other names for hosts: what a client asks for, and what was recorded.
class HostMap {
 public:
  /// "FROM=TO", both with or without a port; FROM without one stands for any, and "*" for any host. Errors: `usage`.
  stream::Status add(std::string_view rule);
  bool empty() const { return rules_.empty(); }
  /// Whether a rule applied; the first that fits does.
  bool apply(Request& request) const;
  /// The way back: what a client that has asked for `used` ("localhost:3000") calls a recorded host, by the rule that has just
  /// applied to it, else by the first that leads there. `domain`: any host in the domain counts. No value: no rule does.
  std::optional<std::string> name_of(const Request& recorded, std::string_view used, bool domain = false) const;

 private:
  struct Rule {
    bool any = false;  // of hosts
    bool any_port = false;
    Request from{};
    Request to{};
  };
  std::vector<Rule> rules_{};
};

}  // namespace har::match
