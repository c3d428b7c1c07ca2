#pragma once

#include <string>
#include <vector>

#include "stream/mock/http_mocks.hpp"
#include "stream/mock/websocket_mocks.hpp"

namespace stream::mock {

/// The mocks files of a server: each of them HTTP or WebSocket mocks, in the order in which they were added.
class MockSet {
 public:
  /// `play.folder` does not count: every file has its own.
  explicit MockSet(PlayOptions play = {}, FindingSink findings = {});

  /// Reads one more file. Errors: those of open_mocks(); nothing has changed then.
  Status add(const std::string& path);
  /// Reads a file of the set anew, and only then lets go of what it said before: after an error the old mocks stay. Counters
  /// of the file's mocks begin anew; open connections keep the mocks that they began with. Errors: also `usage` if the file is
  /// none of the set.
  Status reload(const std::string& path);

  const std::vector<std::string>& paths() const { return paths_; }
  bool empty() const { return paths_.empty(); }
  bool has(FileKind kind) const;

  /// As HttpMocks::match(), file by file; `mock` counts within the file that `place` names.
  Result<HttpMatch> match(const Request& request);
  bool may_match(const Request& request) const;
  std::unique_ptr<WebSocketConversation> connect(const Request& handshake);

 private:
  struct File {
    FileKind kind = FileKind::http;
    HttpMocks http{};
    WebSocketMocks websocket{};
  };
  Result<File> read(const std::string& path) const;

  PlayOptions play_;
  FindingSink findings_;
  std::vector<std::string> paths_;
  std::vector<File> files_;
};

}  // namespace stream::mock
