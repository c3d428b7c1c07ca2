#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "stream/io/error.hpp"

namespace stream {

/// The buffer in front of a descriptor: small writes are gathered, large ones go through with what was gathered before them.
/// After an error every call returns it again.
class Gather {
 public:
  Gather(int descriptor, const std::string& name) : descriptor_(descriptor), name_(name) {}

  Status write(std::string_view bytes);
  Status flush();
  /// Makes every later call fail with `error`.
  tl::unexpected<Error> refuse(Error error);
  /// The error, if there was one.
  Status status() const;

 private:
  static constexpr std::size_t kCapacity = std::size_t{128} << 10;
  static constexpr std::size_t kLarge = std::size_t{32} << 10;

  Status send(std::string_view bytes);

  int descriptor_;
  const std::string& name_;
  std::string gathered_;
  bool failed_ = false;
  Error error_;
};

}  // namespace stream
