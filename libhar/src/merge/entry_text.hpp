#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "stream/text/json.hpp"
#include "stream/text/timestamp.hpp"

/// Looking at entries as text, and changing single values in it: every byte that is not changed stays as it is.
namespace har::merging {

/// A value in a text, and what stands there instead.
struct Edit {
  std::string_view where{};  ///< part of the text
  std::string text{};
};

/// `text` with edits, which are in its order and do not overlap, appended to `out`.
void append_edited(std::string& out, std::string_view text, const std::vector<Edit>& edits);

/// What a raw JSON string says; nothing if it is none.
std::optional<std::string> raw_string(std::string_view value);

/// When an entry began, if it says so. (Of an entry that says so twice, always the same of both.)
std::optional<stream::WallTime> entry_time(std::string_view entry);

/// A date and time in ISO 8601, moved. The zone, the separator and the digits of the fraction stay, and more digits are only
/// added if they are needed. Nothing if it is no time.
std::optional<std::string> shift_timestamp(std::string_view text, stream::Nanos shift);

/// A JSON number of seconds (`decimals` 9), milliseconds (6) or microseconds (3), moved, to the digit: digits past the
/// nanosecond and zeros at the end stay. A number with an exponent is written without one.
std::string shift_number(std::string_view number, stream::Nanos shift, int decimals);

/// An entry with all its moments moved: startedDateTime, and the times of `_webSocketMessages` (in the unit that they are in,
/// unless their clock is unknown), `_eventSourceMessages`, `_streamChunks` and `_webSocketClose`.
std::string shift_entry(std::string_view entry, stream::Nanos shift);

/// The `startedDateTime` of pages, moved.
void shift_pages(stream::Json& pages, stream::Nanos shift);

}  // namespace har::merging
