#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "stream/io/error.hpp"

namespace stream {

/// `name: cannot <action>: <what errno says>`.
Error system_error(int number, std::string_view action, std::string name);

/// Owns a descriptor; -1 is none.
class Descriptor {
 public:
  explicit Descriptor(int value = -1) : value_(value) {}
  Descriptor(Descriptor&& other) noexcept : value_(other.release()) {}
  Descriptor& operator=(Descriptor&& other) noexcept;
  ~Descriptor();

  int get() const { return value_; }
  int release();
  /// Closes it; errno, or 0. Deferred write errors (NFS, quotas) show only here.
  int close();

 private:
  int value_;
};

/// One read(2) that waits where the descriptor does not block, and goes on after a signal. 0 is the end.
Result<std::size_t> read_some(int descriptor, std::span<char> buffer, const std::string& name);

/// Writes all of the parts, in order; waits where the descriptor does not block. `parts` is used up.
Status write_all(int descriptor, std::span<iovec> parts, const std::string& name);

}  // namespace stream
