#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "stream/replay/answer.hpp"

namespace stream::replay {

struct ByteRange {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;  ///< behind the last

  bool operator==(const ByteRange&) const = default;
};

struct Ranges {
  bool ignored = false;           ///< it is as if there were no Range field
  std::vector<ByteRange> list{};  ///< those that the body has, as they were asked for; empty: none
};

/// A Range field (RFC 9110 §14.2) for a body of `size` bytes. Ignored: another unit than bytes, what is no range, more than 16
/// ranges, ranges that overlap.
Ranges parse_ranges(std::string_view field, std::uint64_t size);

/// 206 with these parts of the body; there is at least one.
std::shared_ptr<const Answer> cut_to(const std::vector<ByteRange>& ranges, const std::shared_ptr<const Answer>& answer);

}  // namespace stream::replay
