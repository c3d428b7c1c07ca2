#pragma once

#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "body_text.hpp"
#include "capture/text.hpp"
#include "formats/mitmproxy/flow.hpp"
#include "stream/io/finding.hpp"
#include "stream/io/limits.hpp"

namespace har::format::mitm {

/// The entry's member that holds what HAR has no place for: docs/formats/mitmproxy.md.
inline constexpr std::string_view kMember = "_mitmproxy";

/// Writes flows as HAR entries: as text, since most of a flow is text that stays as it is.
class EntryText {
 public:
  EntryText(stream::Limits limits, stream::FindingSink report) : limits_(limits), report_(std::move(report)) {}

  /// The entry, in one line; valid until the next call.
  std::string_view write(const Flow& flow, const stream::Place& place);

 private:
  using Text = capture::Text;

  /// When what happened, as HAR has it: in order. `flow` is checked against what a writer makes of it.
  struct Times {
    stream::Nanos start{};
    stream::Nanos requested{};  ///< the request was whole
    stream::Nanos answer{};
    stream::Nanos end{};
    stream::TapTimings timings{};
    stream::Nanos derived_requested{};  ///< what the timings say of it
  };
  static Times times_of(const Flow& flow);

  void note(std::string rule, std::string message) const;
  void make_url(const Flow& flow);
  void make_legible(const Message& message, std::initializer_list<std::string_view*> strings, Fields& fields, bool& latin);
  std::string_view body_of(const Message& message, std::string_view which, bool& decoded);
  void put_text(std::string_view bytes, const BodyFacts& facts, std::string_view encoding_member);
  void put_trailers(const Message& message);
  void put_request(const Flow& flow);
  void put_response(const Flow& flow);
  void put_websocket(const WebSocket& websocket, const Times& times);
  void put_rest(const Flow& flow, const Times& times);

  // Of `_mitmproxy`: members are separated, and an object that says nothing is not there.
  void member(std::string_view name);
  void string_member(std::string_view name, std::string_view value);
  void null_member(std::string_view name);
  void value_member(std::string_view name, const Value& value);
  template <class Call>
  void object_member(std::string_view name, Call&& call);
  void request_rest(const Flow& flow, const Times& times);
  void connection_rest(const Connection& connection);
  bool put_value(const Value& value, bool plain, std::size_t depth);
  void put_plain(std::string_view octets);

  stream::Limits limits_;
  stream::FindingSink report_;
  stream::Place place_;
  Text out_;
  bool first_ = true;
  std::string url_;
  std::string decoded_;
  Fields fields_;                 ///< of the request, as HAR has them
  Fields response_fields_;        ///< of the response
  std::deque<std::string> made_;  ///< strings that were ISO 8859-1
  bool latin_request_ = false;
  bool latin_response_ = false;
};

// What a flow is.
inline bool is_connect(const Request& request) { return request.method == "CONNECT"; }
inline bool is_tls(const Flow& flow) {
  return flow.request.scheme.empty() ? flow.request.port == 443 || is_connect(flow.request) : flow.request.scheme == "https";
}
inline bool is_websocket(const Flow& flow) { return flow.websocket.has_value() && flow.response.has_value(); }

/// Its answer is one of mitmproxy's server replay.
inline bool is_mocked(const Flow& flow) { return flow.is_replay == "response"; }

std::string latin_as_utf8(std::string_view octets);

/// Host and port of a URL's authority; the port of the scheme where it names none.
struct HostPort {
  std::string_view host{};
  std::int64_t port = 0;
};
HostPort host_port(std::string_view authority, bool tls);
/// Whether this is written like an IP address.
bool is_ip(std::string_view host);
/// What `authority` is for a request that says nothing else: HTTP/2 has it in the place of Host, CONNECT has nothing else.
bool has_authority(std::string_view method, std::string_view version, bool has_host);

}  // namespace har::format::mitm
