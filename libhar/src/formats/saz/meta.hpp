#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "har/format.hpp"
#include "stream/text/json.hpp"
#include "stream/text/timestamp.hpp"

/// What stands in a session's _m.xml: its timers and flags.
namespace har::format::saz {

/// Attributes in their order.
using Attributes = std::vector<std::pair<std::string, std::string>>;
/// Names in any case, as Fiddler takes those of flags.
const std::string* find(const Attributes& attributes, std::string_view name);

/// Bits of BitFlags, which is hexadecimal (FiddlerCore's SessionFlags).
enum class SessionBit : std::uint32_t { https = 0x1, blind_tunnel = 0x1000, websocket = 0x40000 };

struct Meta {
  std::string sid{}, bit_flags{};
  Attributes timers{};  ///< ClientBeginRequest="…"
  Attributes pipe{}, tunnel{};
  Attributes flags{};  ///< <SessionFlag N="…" V="…"/>
  bool has(SessionBit bit) const;
};

/// Takes what it finds: of a document that is broken, what stands before.
Meta parse_meta(std::string_view xml);
/// `sid`: the number of a session that has none.
std::string write_meta(const Meta& meta, std::uint64_t sid);

/// How a connection was made, in milliseconds; nothing: not known, or it was there already.
struct Connecting {
  std::optional<std::int64_t> dns{}, tcp{}, tls{};
  bool any() const { return dns || tcp || tls; }
};
Connecting connecting_of(const Attributes& timers);

/// The times of a session as HAR has them.
struct Times {
  std::optional<stream::WallTime> start{};
  std::optional<stream::WallTime> responded{}, ended{};
  stream::Json timings{};  ///< an object; null if nothing is known
  bool operator==(const Times&) const = default;
};
/// `connecting`: of the connection that it was the first to use, where its own timers do not say it.
Times times_of(const Attributes& timers, const Connecting& connecting);
/// The other way round: `start`, and HAR's timings of an entry that took `time`.
Attributes timers_of(stream::WallTime start, const stream::Json& timings, stream::Nanos time);

/// .NET's "o": seven digits of a second; always UTC.
std::string format_time(stream::WallTime time);
/// None: not set (the year 1), or no time.
std::optional<stream::WallTime> parse_time(std::string_view text);

/// As the entry member `_fiddler`, and back.
stream::Json to_json(const Meta& meta);
Meta from_json(const stream::Json& json);

}  // namespace har::format::saz
