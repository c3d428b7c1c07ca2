#pragma once

#include <cerrno>
#include <string>
#include <utility>

#include "stream/io/byte_source.hpp"

namespace har::format {

/// An input that is a folder: it has a name, and no bytes.
class FolderSource final : public stream::ByteSource {
 public:
  explicit FolderSource(std::string path) : path_(std::move(path)) {
    while (path_.size() > 1 && path_.ends_with('/')) path_.pop_back();
  }
  stream::Result<std::size_t> read(std::span<char>) override {
    return stream::fail({stream::ErrorCode::io, "cannot read: it is a directory", {path_}, {}, EISDIR});
  }
  const std::string& name() const override { return path_; }

 private:
  std::string path_;
};

/// The folder that a source is; null for any other.
inline const std::string* folder_of(const stream::ByteSource& source) {
  const auto* const folder = dynamic_cast<const FolderSource*>(&source);
  return folder != nullptr ? &folder->name() : nullptr;
}

}  // namespace har::format
