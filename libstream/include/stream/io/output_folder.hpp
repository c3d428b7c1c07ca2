#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "stream/io/byte_sink.hpp"
#include "stream/io/error.hpp"

namespace stream {

/// Whether an output's path says that it is a folder: by a slash at its end, or because there is one.
bool names_folder(const std::string& path);

/// An output of several files. Each appears under its name when it is whole; without `finish()` those that are new are taken away
/// again. One owner; not thread-safe.
class OutputFolder {
 public:
  /// Makes the folder if it is not there. What is in one that is there stays as it is: without Overwrite::yes it must be empty.
  /// Errors: `exists` (hint: --overwrite), `io`.
  static Result<std::unique_ptr<OutputFolder>> open(const std::string& path, Overwrite overwrite = Overwrite::no);
  OutputFolder(const OutputFolder&) = delete;
  OutputFolder& operator=(const OutputFolder&) = delete;
  ~OutputFolder();

  /// A file below the folder ("tests/test-1.yaml"), not compressed whatever its name. It appears with the sink's finish().
  /// Errors: `usage` for a name that leaves the folder, `exists`, `io`.
  Result<std::unique_ptr<ByteSink>> create(const std::string& name);
  /// The same, as a whole.
  Status put(const std::string& name, std::string_view text);
  /// What was written stays.
  void finish() { finished_ = true; }

  /// Without a slash at its end.
  const std::string& path() const { return path_; }

 private:
  OutputFolder(std::string path, Overwrite overwrite) : path_(std::move(path)), overwrite_(overwrite) {}
  Status make_folders(const std::string& path);

  std::string path_;
  Overwrite overwrite_;
  std::vector<std::string> files_;    ///< that are new
  std::vector<std::string> folders_;  ///< that are new, outermost first
  bool finished_ = false;
};

}  // namespace stream
