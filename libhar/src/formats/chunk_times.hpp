#pragma once

#include <fmt/format.h>
#include <algorithm>

#include "formats/http_message.hpp"
#include "formats/losses.hpp"

namespace har::format {

/// For writers of formats that hold a body in one piece and the time of its end: a body that came so has lost nothing, and of all
/// others it is said that the times are left out. `_streamChunks` is then among what such a writer holds.
inline void report_chunk_times(const stream::Exchange& exchange, const MessageTimes& times, std::string_view format,
                               const stream::Place& place, const stream::FindingSink& report) {
  const stream::Nanos end = exchange.begin() + times.ended.value_or(stream::Nanos{});
  std::size_t pieces = 0;
  bool at_end = true;
  for (const stream::Event& event : exchange.timeline) {
    if (event.kind != stream::EventKind::data || event.direction != stream::Direction::receive) continue;
    ++pieces;
    at_end = event.t == end;
  }
  if (pieces > 1 || !at_end)
    report_loss("_streamChunks", fmt::format("the times of the body's chunks are left out: {} has no place for them", format),
                place, report);
}

}  // namespace har::format
