#pragma once

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

}  // namespace har::diff
