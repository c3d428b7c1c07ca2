#pragma once

#include <cstddef>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>

#include "stream/io/byte_sink.hpp"

namespace tools::harcheck {

/// Text that waits for its turn: in memory as long as it is short, then in a temporary file without a name.
class Spool {
 public:
  stream::Status add(std::string_view text);
  /// Writes all of it.
  stream::Status move_to(stream::ByteSink& sink);

 private:
  static constexpr std::size_t kInMemory = std::size_t{4} << 20;
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };

  std::string text_;
  std::unique_ptr<std::FILE, Close> file_;
};

}  // namespace tools::harcheck
