#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "stream/io/byte_source.hpp"

/// A folder of its own for a test, deleted at its end.
class Scratch {
 public:
  Scratch();
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  ~Scratch();

  std::string path(std::string_view name) const { return folder_ / name; }
  /// Writes a file; its path.
  std::string file(std::string_view name, std::string_view bytes) const;
  /// The names of what is in it, sorted; hidden files too.
  std::vector<std::string> names() const;

 private:
  std::filesystem::path folder_;
};

std::string contents(const std::string& path);

/// Bytes that compress, but not to nothing; the same for the same size.
std::string sample_bytes(std::size_t size);

std::string compressed(std::string_view bytes, stream::Compression compression, int level = 0);

/// What came out up to the end or the error.
struct Drained {
  std::string bytes;
  std::optional<stream::Error> error;
};
Drained drain(stream::ByteSource& source, std::size_t read_size = 4096);
