#pragma once

#include <string>
#include <string_view>

#include "hardiff/against/live_exchange.hpp"
#include "hardiff/against/targets.hpp"

namespace tools::hardiff {

/// The entry that is compared with the recorded one: what the live server has said, in the recording's terms. What we are
/// ourselves the reason for is as recorded: the request, the protocol's version, the fields of the connection, sizes on the wire,
/// and whatever else only the recorder knew. Addresses of live servers are those that they stand for.
///
/// `expected`: the recorded entry; `recorded_url`: what it asked for.
std::string comparable_entry(const stream::Json& expected, const LiveOutcome& outcome, const Targets& targets,
                             std::string_view recorded_url);

/// The answer's cookies as HAR lists them.
stream::Json har_cookies(const stream::Json& headers);

}  // namespace tools::hardiff
