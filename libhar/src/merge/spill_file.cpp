#include "merge/spill_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <system_error>

namespace har::merging {

namespace {

int open_nameless(const std::string& folder) {
  const int nameless = ::open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (nameless >= 0 || (errno != EOPNOTSUPP && errno != EISDIR && errno != ENOENT)) return nameless;
  std::string path = folder + "/hartape-XXXXXX";  // file systems that have no O_TMPFILE
  const int named = ::mkostemp(path.data(), O_CLOEXEC);
  if (named >= 0) ::unlink(path.c_str());
  return named;
}

}  // namespace

SpillFile::SpillFile(std::string folder) : folder_(std::move(folder)) {
  if (!folder_.empty()) return;
  const char* const set = std::getenv("TMPDIR");
  folder_ = set != nullptr && *set != '\0' ? set : "/tmp";
}

SpillFile::~SpillFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

stream::Error SpillFile::error(int number, std::string_view action) const {
  return {stream::ErrorCode::io,
          fmt::format("cannot {} a temporary file: {}", action, std::system_category().message(number)),
          {folder_},
          "name a folder with more room with --tmp-dir",
          number};
}

stream::Status SpillFile::append(std::string_view bytes) {
  if (descriptor_ < 0 && (descriptor_ = open_nameless(folder_)) < 0) return stream::fail(error(errno, "make"));
  while (!bytes.empty()) {
    const ssize_t written = ::pwrite(descriptor_, bytes.data(), bytes.size(), static_cast<off_t>(size_));
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return stream::fail(error(written == 0 ? ENOSPC : errno, "write"));
    bytes.remove_prefix(static_cast<std::size_t>(written));
    size_ += static_cast<std::uint64_t>(written);
  }
  return {};
}

stream::Status SpillFile::read(std::uint64_t offset, std::span<char> out) const {
  while (!out.empty()) {
    const ssize_t got = ::pread(descriptor_, out.data(), out.size(), static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return stream::fail(error(got == 0 ? EIO : errno, "read"));
    out = out.subspan(static_cast<std::size_t>(got));
    offset += static_cast<std::uint64_t>(got);
  }
  return {};
}

void SpillFile::release(std::uint64_t offset, std::uint64_t size) const {
  (void)::fallocate(descriptor_, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, static_cast<off_t>(offset),
                    static_cast<off_t>(size));
}

}  // namespace har::merging
