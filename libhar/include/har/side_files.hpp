#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "stream/io/error.hpp"

namespace har {

/// The folder of a HAR, in which Playwright's "attach" mode keeps bodies and messages (`content._file`), or of another file that
/// names files beside it.
class SideFiles {
 public:
  /// `har_path` is the HAR's path as the user gave it; "-" has no folder, and every file is refused.
  SideFiles(std::string har_path, std::size_t max_size);

  /// The file's bytes. A name that is absolute, or that leaves the folder by ".." or by a symbolic link, is refused.
  stream::Result<std::string> read(std::string_view name) const;

  /// The file's path, if it may be read and is there. Errors: `unsupported` if it may not, `io` if it is not there.
  stream::Result<std::string> find(std::string_view name) const;

  /// False: the HAR came from standard input, so that nothing can be beside it.
  bool has_folder() const { return har_path_ != "-"; }

 private:
  std::string har_path_;
  std::size_t max_size_;
};

}  // namespace har
