#pragma once

#include <sys/stat.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "stream/mock/mock_set.hpp"
#include "stream/net/server.hpp"

/// The mocks that answer before any recording.
namespace tools::streamserve {

class Mocks {
 public:
  /// Errors: those of mock::open_mocks().
  static stream::Result<std::unique_ptr<Mocks>> open(const std::vector<std::string>& paths, std::uint64_t seed,
                                                     stream::FindingSink findings);

  /// The answer of the first mock that fits; null: none does.
  stream::Result<stream::mock::HttpMatch> match(const stream::net::Request& request);
  /// The conversation of the first mock that fits a handshake; null: none does.
  std::unique_ptr<stream::mock::WebSocketConversation> connect(const stream::net::Request& request);

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
  stream::mock::Request request_of(const stream::net::Request& request);

  Mocks(stream::mock::PlayOptions play, stream::FindingSink findings) : set_(std::move(play), std::move(findings)) {}

  stream::mock::MockSet set_;
  std::vector<Stamp> stamps_;
  std::string url_;  // of the request that is looked at
};

}  // namespace tools::streamserve
