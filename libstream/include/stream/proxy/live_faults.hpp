#pragma once

#include "stream/io/error.hpp"
#include "stream/replay/fault.hpp"

namespace stream::proxy {

/// Whether traffic that is relayed can meet this fault: what comes is not known before it is there, and a recording's exchanges
/// have names that those on the wire have not. Errors: `usage`, with the way out.
Status check_live_fault(const replay::FaultRule& rule);

}  // namespace stream::proxy
