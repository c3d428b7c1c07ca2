#include "stream/mock/mock_set.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace stream::mock {

MockSet::MockSet(PlayOptions play, FindingSink findings) : play_(std::move(play)), findings_(std::move(findings)) {}

Result<MockSet::File> MockSet::read(const std::string& path) const {
  FileOptions options;
  options.limits = play_.limits;
  options.findings = findings_;
  options.devproxy = play_.devproxy;
  STREAM_ASSIGN(MockFile read, open_mocks(path, std::move(options)));
  PlayOptions play = play_;
  play.folder = mocks_folder(path);
  return File{read.kind, HttpMocks(std::move(read.http), play), WebSocketMocks(std::move(read.websocket), play)};
}

Status MockSet::add(const std::string& path) {
  STREAM_ASSIGN(File file, read(path));
  paths_.push_back(path);
  files_.push_back(std::move(file));
  return {};
}

Status MockSet::reload(const std::string& path) {
  const auto known = std::find(paths_.begin(), paths_.end(), path);
  if (known == paths_.end()) return fail({ErrorCode::usage, fmt::format("there are no mocks of \"{}\" to be read anew", path)});
  STREAM_ASSIGN(File file, read(path));
  files_[static_cast<std::size_t>(known - paths_.begin())] = std::move(file);
  return {};
}

bool MockSet::has(FileKind kind) const {
  return std::any_of(files_.begin(), files_.end(), [&](const File& file) { return file.kind == kind; });
}

Result<HttpMatch> MockSet::match(const Request& request) {
  for (File& file : files_) {
    STREAM_ASSIGN(HttpMatch match, file.http.match(request));
    if (match.answer != nullptr) return match;
  }
  return HttpMatch{};
}

bool MockSet::may_match(const Request& request) const {
  return std::any_of(files_.begin(), files_.end(), [&](const File& file) { return file.http.may_match(request); });
}

std::unique_ptr<WebSocketConversation> MockSet::connect(const Request& handshake) {
  for (File& file : files_) {
    if (auto conversation = file.websocket.connect(handshake)) return conversation;
  }
  return nullptr;
}

}  // namespace stream::mock
