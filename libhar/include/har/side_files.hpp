#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "stream/io/error.hpp"

namespace har {

/// The folder beside a HAR, in which Playwright's "attach" mode keeps bodies and messages (`content._file`).
class SideFiles {
 public:
  /// `har_path` is the HAR's path as the user gave it; "-" has no folder, and every file is refused.
  SideFiles(std::string har_path, std::size_t max_size);

  /// The file's bytes. A name that is absolute, or that leaves the folder by ".." or by a symbolic link, is refused.
  stream::Result<std::string> read(std::string_view name) const;

 private:
  std::string har_path_;
  std::size_t max_size_;
};

}  // namespace har
