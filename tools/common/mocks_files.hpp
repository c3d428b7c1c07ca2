#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "stream/mock/mock_set.hpp"

namespace tools {

/// Mocks that are read anew when their files change.
class MocksFiles {
 public:
  /// Errors: those of mock::open_mocks().
  static stream::Result<std::unique_ptr<MocksFiles>> open(const std::vector<std::string>& paths, stream::mock::PlayOptions play,
                                                          stream::FindingSink findings);
  MocksFiles(const MocksFiles&) = delete;
  MocksFiles& operator=(const MocksFiles&) = delete;

  stream::mock::MockSet& set() { return set_; }

  /// A file that has been read anew, or could not be: then its mocks are what they were.
  struct Reload {
    std::string path{};
    std::optional<stream::Error> error{};
  };
  /// Reads the files that have changed.
  std::vector<Reload> refresh();

 private:
  /// What a file's change is known by.
  struct Stamp {
    std::int64_t seconds = 0;
    std::int64_t nanoseconds = 0;
    std::uint64_t size = 0;
    std::uint64_t inode = 0;

    bool operator==(const Stamp&) const = default;
  };
  static Stamp stamp_of(const std::string& path);

  MocksFiles(stream::mock::PlayOptions play, stream::FindingSink findings) : set_(std::move(play), std::move(findings)) {}

  stream::mock::MockSet set_;
  std::vector<Stamp> stamps_;
};

}  // namespace tools
