#pragma once

#include <string>
#include <string_view>

#include "har/stat/totals.hpp"
#include "stream/io/error.hpp"

namespace har::stat {

/// Totals as one line of JSON, which can be added to others later, or elsewhere (docs/harstat.md, "Partial summaries"). The same
/// totals give the same line.
std::string to_partial(const Totals& totals);

/// Reads a line that to_partial() made. It is not trusted: what does not fit together is refused, with the place. Errors:
/// `syntax`, `unsupported` for another version.
stream::Result<Totals> read_partial(std::string_view line, const stream::Place& place);

/// The greatest number in a partial line; sums of these that stay below Quantiles::kLargest cannot overflow when the totals are
/// added.
std::uint64_t weight_of(const Totals& totals);

}  // namespace har::stat
