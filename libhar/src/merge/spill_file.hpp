#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "stream/io/error.hpp"

namespace har::merging {

/// A temporary file without a name: it is gone when the process is, however that ends. Written at its end, read anywhere.
class SpillFile {
 public:
  /// In `folder`; in $TMPDIR, or else /tmp, if that is empty.
  explicit SpillFile(std::string folder);
  SpillFile(const SpillFile&) = delete;
  SpillFile& operator=(const SpillFile&) = delete;
  ~SpillFile();

  /// Errors: `io`, with a hint that names the option.
  stream::Status append(std::string_view bytes);
  stream::Status read(std::uint64_t offset, std::span<char> out) const;
  /// Gives the space of what is not needed any more back, where the file system can.
  void release(std::uint64_t offset, std::uint64_t size) const;
  std::uint64_t size() const { return size_; }

 private:
  stream::Error error(int number, std::string_view action) const;

  std::string folder_;
  int descriptor_ = -1;
  std::uint64_t size_ = 0;
};

}  // namespace har::merging
