#pragma once

#include <optional>

#include "stream/compare/item.hpp"

namespace stream {

/// An ordinary body: text or binary all the same.
bool is_plain(StreamKind kind);

/// What is known of a side before its items are: its head, and the first event that brought something.
struct SideHead {
  Exchange exchange{};  ///< request, response, and as much of the timeline as there is
  bool bare = false;
  bool whole = false;  ///< the timeline is complete
};

/// The kind that both are decoded as; nothing if they are of different kinds.
std::optional<StreamKind> common_kind(const SideHead& expected, const SideHead& actual);

/// How two ordinary bodies, which are there as a whole, are cut into items.
BodyForm common_form(const Exchange& expected, const Exchange& actual, const Limits& limits);

}  // namespace stream
