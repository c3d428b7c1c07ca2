#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "stream/net/client.hpp"
#include "stream/record/event.hpp"

/// What happens to a client as lines of a recording. Id and time are the caller's to set.
namespace stream::net {

/// ClientEvent::Kind::request, and the body that is sent: in `postData` where it is text. Other bodies are events of their own
/// behind it: see sent_body().
Event request_event(const ClientEvent& event, std::string_view body);
/// The body that request_event() has no place for; no value: it had.
std::optional<Event> sent_body(std::string_view body);
/// ClientEvent::Kind::head. `kind` is what is in the body.
Event response_event(const ClientEvent& event, StreamKind kind);
/// Of a WebSocket, or of its media type.
StreamKind stream_kind_of(const ClientEvent& head);
/// interim, data, message, close.
Event timeline_event(const ClientEvent& event);
/// `why`: it was given up for this reason; empty: it was not.
Event end_event(const ClientEnd& end, const std::string& why = {});

}  // namespace stream::net
