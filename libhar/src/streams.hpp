#pragma once

#include <memory>

#include "har/streams.hpp"

namespace har {

/// How much of an input that is not live is looked at before its first exchange is asked for.
inline constexpr std::size_t kLookAhead = std::size_t{1} << 20;

ExchangeHead head_of(const stream::Exchange& exchange, std::size_t number);

/// The exchanges of a recording, event by event. `source` outlives the reader.
std::unique_ptr<StreamReader> recording_streams(stream::ByteSource& source, const StreamInput& options);
/// The one exchange that a body is.
std::unique_ptr<StreamReader> body_streams(stream::ByteSource& source, stream::StreamKind kind, const StreamInput& options);
/// Exchanges that are read one by one.
std::unique_ptr<StreamReader> whole_streams(std::unique_ptr<ExchangeReader> exchanges, const StreamInput& options);

}  // namespace har
