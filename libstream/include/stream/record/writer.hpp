#pragma once

#include <string>

#include "stream/io/byte_sink.hpp"
#include "stream/record/event.hpp"

namespace stream {

/// Appends the line of an event, with its line feed. Data that is valid UTF-8 goes into `data`, else into `data64`.
void write_event(std::string& out, const Event& event);

/// A header with the given start; `creator` is {"name":…,"version":…} or null.
Event make_header(WallTime start, Json creator, Json log = {});

/// The events of an exchange in the order of a file: request, response (before the first event that is not earlier),
/// timeline, end.
void write_exchange(std::string& out, const Exchange& exchange);

}  // namespace stream
