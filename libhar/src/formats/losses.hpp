#pragma once

#include <span>
#include <string>
#include <string_view>

#include "har/format.hpp"

/// What an output can't hold is said, entry by entry: never is anything left out in silence.
namespace har::format {

/// The members of an entry that a format holds, or that can be derived from what it holds: paths such as "request.headers" or
/// "response.content.text", which cover all that is below them. A member of array elements stands behind "[]":
/// "request.headers[].comment". What is not listed, and says something (is not null, empty, -1, or what it is by default), is
/// lost.
using HeldMembers = std::span<const std::string_view>;

/// Whether a value says something: what is null, empty, or -1 does not.
bool says_something(const stream::Json& value);

/// Reports each member of the entry that is not held: a warning of rule "lost-" and the path in dashes ("lost-request-comment"),
/// once an entry. `format` is the format's name as the message says it.
void report_losses(const stream::Json& entry, HeldMembers held, std::string_view format, const stream::Place& place,
                   const stream::FindingSink& report);

/// The same for something that a format's writer finds itself: `what` becomes a part of the rule.
void report_loss(std::string_view what, std::string message, const stream::Place& place, const stream::FindingSink& report);

}  // namespace har::format
