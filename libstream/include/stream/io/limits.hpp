#pragma once

#include <cstddef>
#include <cstdint>

namespace stream {

/// Nesting is followed by recursion: a limit above this is taken for this, which fits into a thread's stack.
inline constexpr std::size_t kDeepestLimit = 2000;

/// What a reader refuses. Each member names the option that raises it, and so must every message of a refusal.
struct Limits {
  std::size_t max_entry = std::size_t{256} << 20;  ///< bytes of one entry, line, event or message (--max-entry)
  std::size_t max_depth = 512;                     ///< nesting of arrays and objects (--max-depth); at most kDeepestLimit
  /// Decompressed bytes for each compressed byte, once more than 64 MiB have been produced (--max-expansion). 0: no limit.
  std::uint64_t max_expansion = 1100;

  bool operator==(const Limits&) const = default;
};

}  // namespace stream
