#pragma once

#include <string>

#include "stream/compare/compare.hpp"

namespace stream {

/// What Keploy's comparators of streams call such a difference ("data-value mismatch"); empty if they have no word for it.
std::string keploy_reason(StreamKind kind, const Difference& difference);
/// What they say of a stream that is shorter: "expected 40 frames but only received 39"; else empty.
std::string keploy_reason(const Comparison& comparison);

}  // namespace stream
