#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace har::diff {

/// Fingerprints of an entry's text as it stands, in one pass over it: nothing is decoded.
struct RawPrints {
  std::uint64_t all = 0;      ///< of what the standard profile compares, and a little more
  std::uint64_t content = 0;  ///< of method, URL, body and status, body, messages
  bool good = false;          ///< it is an object with what an entry has
  bool side_file = false;     ///< a body stands in another file
};

/// `entry` has whole strings and brackets that match.
RawPrints raw_prints(std::string_view entry, std::uint64_t seed);

}  // namespace har::diff
