#include "common/mocks_files.hpp"

#include <sys/stat.h>

#include <utility>

namespace tools {

stream::Result<std::unique_ptr<MocksFiles>> MocksFiles::open(const std::vector<std::string>& paths,
                                                             stream::mock::PlayOptions play, stream::FindingSink findings) {
  std::unique_ptr<MocksFiles> mocks(new MocksFiles(std::move(play), std::move(findings)));
  for (const std::string& path : paths) {
    mocks->stamps_.push_back(stamp_of(path));  // before it is read: a change in between is seen later
    STREAM_TRY(mocks->set_.add(path));
  }
  return mocks;
}

MocksFiles::Stamp MocksFiles::stamp_of(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return {};
  return {status.st_mtim.tv_sec, status.st_mtim.tv_nsec, static_cast<std::uint64_t>(status.st_size), status.st_ino};
}

std::vector<MocksFiles::Reload> MocksFiles::refresh() {
  std::vector<Reload> out;
  for (std::size_t i = 0; i < stamps_.size(); ++i) {
    const std::string& path = set_.paths()[i];
    const Stamp now = stamp_of(path);
    // A file that is gone is about to come back: that is how editors replace it.
    if (now == stamps_[i] || now == Stamp{}) continue;
    stamps_[i] = now;
    const auto status = set_.reload(path);
    out.push_back({path, status ? std::nullopt : std::optional(status.error())});
  }
  return out;
}

}  // namespace tools
