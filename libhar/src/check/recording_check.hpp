#pragma once

#include "har/format.hpp"
#include "stream/io/error.hpp"

namespace har::check {

class Session;

/// Checks a recording to its end, line by line, in memory bounded by the longest line and the exchanges that are open.
stream::Status check_recording(Input& input, Session& session);

}  // namespace har::check
