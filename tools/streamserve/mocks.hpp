#pragma once

#include <memory>
#include <string>
#include <vector>

#include "common/mocks_files.hpp"
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

  using Reload = MocksFiles::Reload;
  /// Reads the files that have changed.
  std::vector<Reload> refresh() { return files_->refresh(); }

 private:
  stream::mock::Request request_of(const stream::net::Request& request);

  explicit Mocks(std::unique_ptr<MocksFiles> files) : files_(std::move(files)) {}

  std::unique_ptr<MocksFiles> files_;
  std::string url_;  // of the request that is looked at
};

}  // namespace tools::streamserve
