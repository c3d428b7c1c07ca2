#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "stream/io/error.hpp"

namespace har::capture {

/// The files of one test set: tests/test-1.yaml and so on, or mocks.yaml with streams/ beside it. What is there stays as it is:
/// new test cases and mocks have the numbers behind it. All can be read by their owner alone.
class KeployFolder {
 public:
  KeployFolder(std::string path, bool mocks, std::string comment)
      : path_(std::move(path)), mocks_(mocks), comment_(std::move(comment)) {}
  KeployFolder(const KeployFolder&) = delete;
  KeployFolder& operator=(const KeployFolder&) = delete;
  ~KeployFolder();

  /// Makes the folder, and looks what is there. Errors: `io`, `exists`: somebody else writes mocks there.
  stream::Status open();

  /// A document of which its name is a part.
  using Make = std::function<stream::Result<std::string>(std::string_view name)>;
  /// A test case, which has its name when it is whole.
  stream::Status add_test(const Make& make);
  /// A mock, behind the others. What could not be written as a whole is taken away again.
  stream::Status add_mock(const Make& make);
  /// streams/NAME. Errors: `exists`, `io`.
  stream::Status add_stream(const std::string& name, std::string_view text);

  /// The number of the next one.
  std::uint64_t next() const { return next_; }
  std::uint64_t bytes() const { return bytes_; }
  /// What was written since the last call survives a crash of the machine then.
  stream::Status sync();
  bool unsynced() const { return !unsynced_.empty(); }

 private:
  stream::Error error(const std::string& path, int number, std::string_view action) const;
  stream::Status make_folder(const std::string& path) const;
  stream::Status find_tests();
  stream::Status open_mocks();
  stream::Status write_new(const std::string& folder, const std::string& name, std::string_view text);
  void note_unsynced(std::string path);

  std::string path_;
  bool mocks_;
  std::string comment_;
  std::uint64_t next_ = 1;
  std::uint64_t bytes_ = 0;
  int descriptor_ = -1;     ///< of mocks.yaml
  std::uint64_t size_ = 0;  ///< of it: whole documents
  bool line_open_ = false;  ///< it does not end with a line end
  std::vector<std::string> unsynced_;
};

}  // namespace har::capture
