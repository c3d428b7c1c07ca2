#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "stream/io/error.hpp"
#include "stream/io/temporary_file.hpp"

namespace har::capture {

/// Where the spools of an output keep what they have no room for: one file without a name.
class SpoolFile {
 public:
  explicit SpoolFile(std::string folder) : file_(std::move(folder)) {}

  /// Bytes in memory, of all spools together, beyond which each keeps only little.
  static constexpr std::size_t kMemory = std::size_t{16} << 20;

 private:
  friend class Spool;
  stream::TemporaryFile file_;
  std::size_t held_ = 0;
};

/// Bytes that are gathered until somebody reads them, once: a little of them in memory.
class Spool {
 public:
  static constexpr std::size_t kLarge = std::size_t{64} << 10;
  static constexpr std::size_t kSmall = std::size_t{4} << 10;

  /// Errors: `io`: the disk is full; the bytes are not in it.
  stream::Status append(SpoolFile& file, std::string_view bytes);
  /// Calls with all of it, piece by piece. May be called again.
  stream::Status each(const SpoolFile& file, const std::function<stream::Status(std::string_view)>& call) const;
  void clear(SpoolFile& file);

  std::uint64_t size() const { return size_; }
  bool empty() const { return size_ == 0; }

 private:
  struct Extent {
    std::uint64_t offset = 0;
    std::uint64_t size = 0;
  };
  std::string memory_;
  std::vector<Extent> extents_;
  std::uint64_t size_ = 0;
};

}  // namespace har::capture
