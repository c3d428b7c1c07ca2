#pragma once

#include <chrono>
#include <cstddef>
#include <string_view>
#include <vector>

#include "stream/record/tap.hpp"
#include "stream/replay/answer.hpp"
#include "timer_queue.hpp"

/// What the parts of a Connection share: one file for each thing that it does.
namespace stream::proxy {

/// What one end does not take is held up to about this; then the other is not read.
inline constexpr std::size_t kMostUnsent = std::size_t{64} << 10;

inline TapTime tap_time(net::SteadyTime time) { return std::chrono::duration_cast<Nanos>(time.time_since_epoch()); }

inline std::vector<TapField> fields_of(const std::vector<replay::HeaderField>& headers) {
  std::vector<TapField> fields;
  fields.reserve(headers.size());
  for (const replay::HeaderField& field : headers) fields.push_back({field.name, field.value});
  return fields;
}

/// By the minor version.
inline constexpr std::string_view kVersions[] = {"HTTP/1.0", "HTTP/1.1"};

}  // namespace stream::proxy
