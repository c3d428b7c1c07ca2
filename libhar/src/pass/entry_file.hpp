#pragma once

#include <sys/stat.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "stream/io/byte_source.hpp"
#include "stream/io/error.hpp"

namespace har::pass {

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
  /// Reads into `buffer`, less than that only where the file ends; how many bytes. check() is left to the caller. May be called
  /// on several threads at once. Errors: `io`.
  stream::Result<std::size_t> read_at(std::uint64_t offset, std::span<char> buffer) const;

 private:
  EntryFile(std::string path, int descriptor, const struct stat& opened)
      : path_(std::move(path)), descriptor_(descriptor), opened_(opened) {}

  std::string path_;
  int descriptor_;
  struct stat opened_;
};

/// Reads such a file in order, from wherever it is sent.
class EntryFileSource : public stream::ByteSource {
 public:
  /// `file` outlives the source.
  EntryFileSource(const EntryFile& file, std::string name) : file_(file), name_(std::move(name)) {}

  void seek(std::uint64_t offset) { at_ = offset; }
  stream::Result<std::size_t> read(std::span<char> buffer) override;
  const std::string& name() const override { return name_; }
  std::optional<std::uint64_t> size_hint() const override { return file_.size() - std::min(file_.size(), at_); }

 private:
  const EntryFile& file_;
  std::string name_;
  std::uint64_t at_ = 0;
};

}  // namespace har::pass
