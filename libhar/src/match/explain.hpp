#pragma once

#include "match/index.hpp"

namespace har::match {

/// The exchange whose request is most like `live`, and how it differs.
std::optional<Nearest> nearest(const Request& live, const MatchOptions& options, Index& index, Bodies& bodies,
                               const Matcher::Recall& recall);

}  // namespace har::match
