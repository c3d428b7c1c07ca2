#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "har/stat/facts.hpp"

/// What is counted of the events within an exchange.
namespace har::stat {

/// Of any entry, in any dialect: by way of its exchange. Neither: it is an ordinary answer, whose pieces have no times.
struct TimelineFacts {
  std::optional<SocketFacts> socket{};
  std::optional<StreamFacts> stream{};
};
TimelineFacts read_timeline(std::string_view entry, const FactsReader::Context& context);

/// The events of a whole body (the decoded octets), by what it is.
std::uint64_t count_events(stream::StreamKind kind, std::string_view body, std::string_view media_type);

/// The same of server-sent events alone, without making them: those that SseDecoder gives.
std::uint64_t count_sse_events(std::string_view body);

/// How many octets base64 stands for, without decoding it; nothing if it has to be, to know.
std::optional<std::uint64_t> base64_length(std::string_view text);

}  // namespace har::stat
