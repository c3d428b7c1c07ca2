#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "stream/io/byte_sink.hpp"
#include "stream/io/byte_source.hpp"
#include "stream/io/error.hpp"

namespace stream {

/// A temporary file without a name: it is gone when the process is, however that ends. Written at its end, read anywhere. Made
/// with the first byte.
class TemporaryFile {
 public:
  /// In `folder`; in $TMPDIR, or else /tmp, if that is empty. `hint` says what to do where there is no room.
  explicit TemporaryFile(std::string folder = {}, std::string hint = "name a folder with more room with TMPDIR");
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  ~TemporaryFile();

  /// Errors of all of these: `io`, with the hint; those of the source and the sink.
  Status append(std::string_view bytes) { return write(size_, bytes); }
  /// Over what stands there, and on behind the end.
  Status write(std::uint64_t offset, std::string_view bytes);
  Status read(std::uint64_t offset, std::span<char> out) const;
  /// Appends all that comes.
  Status append_all(ByteSource& source);
  /// Writes all of it.
  Status write_to(ByteSink& sink) const;
  /// Gives the space of what is not needed any more back, where the file system can.
  void release(std::uint64_t offset, std::uint64_t size) const;
  std::uint64_t size() const { return size_; }
  /// For libraries that read or write it themselves; makes the file. It belongs to this. Errors: `io`.
  Result<int> descriptor();
  /// Takes the size from the system, after somebody else has written.
  Status refresh();

 private:
  Error error(int number, std::string_view action) const;

  std::string folder_;
  std::string hint_;
  int descriptor_ = -1;
  std::uint64_t size_ = 0;
};

}  // namespace stream
