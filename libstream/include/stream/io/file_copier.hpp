#pragma once

#include <cstdint>
#include <memory>

#include "stream/io/byte_sink.hpp"
#include "stream/io/byte_source.hpp"

namespace stream {

/// Copies a file to an output on a thread of its own, as far as it is allowed to: the bytes that someone else has looked at
/// meanwhile.
class FileCopier {
 public:
  /// Copies from `from` on. `sink` must not be used by others before finish(), and must have answered true to copy_from().
  FileCopier(ByteSink& sink, const FilePosition& from);
  /// Without finish() what was allowed may not have been copied.
  ~FileCopier();

  /// Up to `offset` (in the file) everything may be copied. Does not wait. Errors: what has gone wrong so far.
  Status allow(std::uint64_t offset);
  /// Waits until all that was allowed is copied.
  Status finish();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace stream
