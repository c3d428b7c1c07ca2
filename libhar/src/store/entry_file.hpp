#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <memory>
#include <string>

#include "stream/io/error.hpp"

namespace har::store {

/// A regular file that is read in pieces, from anywhere, as long as nobody writes to it.
class EntryFile {
 public:
  /// Null: it is no regular file. Errors: `io`.
  static stream::Result<std::unique_ptr<EntryFile>> open(const std::string& path);
  EntryFile(const EntryFile&) = delete;
  EntryFile& operator=(const EntryFile&) = delete;
  ~EntryFile();

  std::uint64_t size() const { return static_cast<std::uint64_t>(opened_.st_size); }
  /// Whether `path` still leads here.
  bool is_at(const std::string& path) const;
  /// Errors: `io`, where it was written to, or cut, since it was opened.
  stream::Status check() const;
  /// May be called on several threads at once. Errors: those of check(), and `io`.
  stream::Result<std::string> read(std::uint64_t offset, std::size_t size) const;

 private:
  EntryFile(std::string path, int descriptor, const struct stat& opened)
      : path_(std::move(path)), descriptor_(descriptor), opened_(opened) {}

  std::string path_;
  int descriptor_;
  struct stat opened_;
};

}  // namespace har::store
