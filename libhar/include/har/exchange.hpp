#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "har/side_files.hpp"
#include "stream/io/finding.hpp"
#include "stream/record/event.hpp"
#include "stream/text/json.hpp"

/// A HAR entry as an exchange with a timeline, and back.
///
/// Nothing is lost on the way: to_entry(to_exchange(e)) == e for every entry, as a document (order of members and spelling of
/// numbers included). What the timeline says is made again from it; what it can't say stays beside it, in the request
/// event's `entry` and `har` members. The other way round, an exchange keeps its bytes, their times and its messages; what
/// HAR has no place for is kept in `_recordingEvents`.
namespace har {

struct ToExchangeOptions {
  std::string id{};
  stream::WallTime start{};  ///< t = 0 of the recording that the exchange becomes part of
  stream::Place place{};     ///< of the entry, for findings
  stream::FindingSink report{};
  const SideFiles* files = nullptr;  ///< where `_file` members point to; without it they stay as they are
  std::string_view creator{};        ///< log.creator as "name version", for the repair of one writer's times
};

/// The moment an entry began, if it says so.
std::optional<stream::WallTime> started_at(const stream::Json& entry);

/// Times, sizes and types of the dialects of `_webSocketMessages` and `_eventSourceMessages` are made one, and reported:
/// ws-time-unit, ws-time-rebased, ws-time-repaired, ws-untimed, ws-data, sse-data-removed, side-file.
/// Errors: `syntax` if `entry` is no object.
stream::Result<stream::Exchange> to_exchange(stream::Json entry, const ToExchangeOptions& options);

/// The entry of an exchange: the one it came from, or a new one in our own form (docs/har-extensions.md).
stream::Json to_entry(const stream::Exchange& exchange);

/// The octets of the body that came (receive) or went (send), without its framing.
std::string body_of(const stream::Exchange& exchange, stream::Direction direction = stream::Direction::receive);

}  // namespace har
