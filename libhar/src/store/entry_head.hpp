#pragma once

#include <optional>
#include <string_view>

#include "har/match/matcher.hpp"
#include "stream/io/limits.hpp"
#include "stream/record/event.hpp"

namespace har::store {

/// What the index wants to know of an entry.
struct EntryHead {
  match::Recorded recorded{};
  std::optional<stream::StreamKind> kind{};  ///< none: not known from what was read, and no WebSocket
};

/// What match::recorded_of() says of an entry's exchange, without making one: of the entry's text no more is read than it looks
/// at, and of an ordinary entry nothing behind the response's status. (`location` is only that of redirects.) Nothing if they
/// look at what happened over time, or if something is wrong with it: then the entry is to be read as a whole.
std::optional<EntryHead> read_head(std::string_view entry, const stream::Limits& limits);
/// The same into the memory of an earlier one. After false `out` may hold anything.
bool read_head(std::string_view entry, const stream::Limits& limits, EntryHead& out);

}  // namespace har::store
