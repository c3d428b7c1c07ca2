#pragma once

#include <optional>
#include <string_view>

#include "stream/record/event.hpp"

namespace har {

/// Names of what we keep beside the timeline of an exchange that came from a HAR: the members of `har` in the request event.
namespace keep {
inline constexpr std::string_view kHar = "har";                  ///< the object
inline constexpr std::string_view kMembers = "members";          ///< names of the entry's members in their order
inline constexpr std::string_view kMessageTime = "messageTime";  ///< "ms": _webSocketMessages is in milliseconds
inline constexpr std::string_view kTextAt = "contentTextAt";     ///< index of `text` in content, where it is not the usual one
inline constexpr std::string_view kSynthesized = "synthesized";  ///< the body was made of _eventSourceMessages: there is no text
inline constexpr std::string_view kVerbatim = "verbatim";        ///< the whole entry, where all else fails
}  // namespace keep

/// The member of an entry that the timeline says, made from it; none if the exchange has nothing for it.
std::optional<stream::Json> regenerate(const stream::Exchange& exchange, std::string_view name);

/// Where `text` usually stands in `content`: before `encoding`, else last.
std::size_t usual_text_index(const stream::Json::Object& content);

/// The `har` member of the request event, or null.
const stream::Json& kept(const stream::Exchange& exchange);

/// Name of the member that holds events HAR has no place for.
inline constexpr std::string_view kRecordingEvents = "_recordingEvents";

}  // namespace har
