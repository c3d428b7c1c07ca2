#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "stream/io/finding.hpp"
#include "stream/io/limits.hpp"
#include "stream/mock/model.hpp"

namespace stream::mock {

enum class FileKind { http, websocket };
std::string_view to_string(FileKind kind);  ///< "HTTP mocks", "WebSocket mocks"

struct FileOptions {
  std::string source{};  ///< the file's name, for places
  /// The folder that `@file` bodies lie in, and never leave. Empty: there is none, and such a body is refused.
  std::string folder{};
  Limits limits{};
  /// mocks-unknown-member, mocks-duplicate-member, mocks-file-missing, mocks-regex (with devproxy), mocks-several-criteria,
  /// mocks-unused.
  FindingSink findings{};
  bool devproxy = false;  ///< an expression that is none never matches, instead of being an error
};

/// What a mocks file says.
struct MockFile {
  FileKind kind = FileKind::http;
  std::vector<HttpMock> http{};
  std::vector<WebSocketMock> websocket{};
};

/// Reads a file of HTTP mocks or of WebSocket mocks: which of them it is, its mocks say. Comments are passed over, and names
/// are read in any case. Errors: `syntax`, `encoding`, `truncated`, `limit`, `usage` (members that do not fit together),
/// `unsupported` (a file outside of the folder), with their place and JSON Pointer.
Result<MockFile> read_mocks(std::string_view text, const FileOptions& options);

/// The same from a file; `source` and `folder` are the path's. Errors: also those of open_input().
Result<MockFile> open_mocks(const std::string& path, FileOptions options);

/// The folder of a mocks file, as FileOptions::folder has it.
std::string mocks_folder(const std::string& path);

}  // namespace stream::mock
