#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "formats/losses.hpp"
#include "har/format.hpp"

/// Entries in the words of other programs: each has its own members, units and schemes, and what it can't load is left out.
namespace har::format::dialect {

/// What one program's entries are like.
struct Shape {
  std::string_view name;
  /// Members of an entry that it has beside those of HAR 1.2, as losses.hpp writes paths.
  HeldMembers members;
  /// How it writes the times of WebSocket messages.
  enum class Messages : std::uint8_t { none, seconds, milliseconds };
  Messages messages = Messages::none;
  bool closes = false;  ///< closes are messages among them, of opcode 8
  /// What is its own, in an entry that has all that HAR 1.2 requires. Errors are none: false leaves the entry out, and says why.
  bool (*adapt)(stream::Json& entry, const stream::Exchange* exchange, const stream::Place& place,
                const stream::FindingSink& report) = nullptr;
};

extern const Shape kChrome;
extern const Shape kPlaywright;
extern const Shape kMitmproxy;
extern const Shape kDevProxy;
extern const Shape kHar12;

/// Null for the dialect `own`.
const Shape* shape_of(Dialect dialect);

/// The item as an entry of that dialect; nothing for one that is left out. What is lost is reported (rules "lost-…"). Safe on
/// several threads. Errors: `syntax` for an item that is none.
stream::Result<std::optional<stream::Json>> shaped_entry(const Item& item, const RenderContext& context, Dialect dialect,
                                                         const WriteOptions& options);
/// The same for what a log says beside its entries; `creator` is one instead of what is none.
LogInfo shaped_log(LogInfo info, Dialect dialect, const stream::Json& creator, const stream::FindingSink& report);

// ---- pieces

/// Members of objects that HAR 1.2 has, but for those of `members` besides, go.
void retain(stream::Json& entry, HeldMembers members);
/// What HAR 1.2 requires is there and of its type: what is not is replaced, and reported if it said something (text.cpp).
void complete(stream::Json& entry, const stream::Place& place, const stream::FindingSink& report);
/// The messages of a WebSocket as Chrome has them, in a unit; what is no message to others is left out and reported.
stream::Json messages_of(const stream::Exchange& exchange, const Shape& shape, const stream::Place& place,
                         const stream::FindingSink& report);

/// Takes `_resourceType` away, which the dialect has for WebSockets only.
void drop_resource_type(stream::Json& entry, std::string_view dialect, const stream::Place& place,
                        const stream::FindingSink& report);

/// A URL with another scheme: ws for http, wss for https (`socket`), or the other way round.
std::string with_scheme(std::string_view url, bool socket);
/// As a URL may stand in ASCII: other octets, spaces and the like percent-encoded.
std::string ascii_url(std::string_view url);
bool is_websocket(const stream::Json& entry);

/// HAR 1.2's own members of an entry.
HeldMembers standard_members();

}  // namespace har::format::dialect
