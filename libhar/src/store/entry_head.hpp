#pragma once

#include <optional>
#include <string_view>

#include "stream/io/limits.hpp"
#include "stream/record/event.hpp"

namespace har::store {

/// As much of an entry's exchange as match::recorded_of() and Exchange::kind() look at, without reading the rest: they say of it
/// what they say of the whole. Nothing if that takes more than its head, or if something is wrong with it.
std::optional<stream::Exchange> read_head(std::string_view entry, const stream::Limits& limits);

}  // namespace har::store
