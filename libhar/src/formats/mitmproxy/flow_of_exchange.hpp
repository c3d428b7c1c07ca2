#pragma once

#include <cstddef>
#include <string>

#include "stream/io/finding.hpp"
#include "stream/record/event.hpp"

namespace har::format::mitm {

/// Appends the exchange as a flow of version 17. `index`: its number in its input, of which its id is made unless it has one.
void write_flow(std::string& out, const stream::Exchange& exchange, std::size_t index, const stream::Place& place,
                const stream::FindingSink& report);

}  // namespace har::format::mitm
