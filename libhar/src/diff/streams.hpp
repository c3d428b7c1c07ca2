#pragma once

#include <cstdint>
#include <string_view>

#include "diff/found.hpp"
#include "diff/judge.hpp"
#include "har/entry_view.hpp"

namespace har::diff {

/// Whether an entry is a WebSocket's, or its answer a stream of events, records or parts.
bool is_stream(EntryView& entry);

/// The messages, or what streams in the answer, and how it ended. False: one of the two cannot be read as an exchange.
bool compare_streams(Found& found, Judge& judge, EntryView& expected, EntryView& actual, const SideFiles* expected_files,
                     const SideFiles* actual_files);

/// The same for messages and events that are equal by the rules and in the same order.
std::uint64_t stream_hash(Judge& judge, EntryView& entry, const SideFiles* files);

}  // namespace har::diff
