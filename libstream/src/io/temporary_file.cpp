#include "stream/io/temporary_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <system_error>
#include <utility>
#include <vector>

namespace stream {

namespace {

constexpr std::size_t kBlock = std::size_t{1} << 20;

int open_nameless(const std::string& folder) {
  const int nameless = ::open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (nameless >= 0 || (errno != EOPNOTSUPP && errno != EISDIR && errno != ENOENT)) return nameless;
  std::string path = folder + "/hartape-XXXXXX";  // file systems that have no O_TMPFILE
  const int named = ::mkostemp(path.data(), O_CLOEXEC);
  if (named >= 0) ::unlink(path.c_str());
  return named;
}

}  // namespace

TemporaryFile::TemporaryFile(std::string folder, std::string hint) : folder_(std::move(folder)), hint_(std::move(hint)) {
  if (!folder_.empty()) return;
  const char* const set = std::getenv("TMPDIR");
  folder_ = set != nullptr && *set != '\0' ? set : "/tmp";
}

TemporaryFile::~TemporaryFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

Error TemporaryFile::error(int number, std::string_view action) const {
  return {ErrorCode::io,
          fmt::format("cannot {} a temporary file: {}", action, std::system_category().message(number)),
          {folder_},
          hint_,
          number};
}

Result<int> TemporaryFile::descriptor() {
  if (descriptor_ < 0 && (descriptor_ = open_nameless(folder_)) < 0) return fail(error(errno, "make"));
  return descriptor_;
}

Status TemporaryFile::write(std::uint64_t offset, std::string_view bytes) {
  STREAM_TRY(descriptor());
  while (!bytes.empty()) {
    const ssize_t written = ::pwrite(descriptor_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return fail(error(written == 0 ? ENOSPC : errno, "write"));
    bytes.remove_prefix(static_cast<std::size_t>(written));
    offset += static_cast<std::uint64_t>(written);
    size_ = std::max(size_, offset);
  }
  return {};
}

Status TemporaryFile::read(std::uint64_t offset, std::span<char> out) const {
  while (!out.empty()) {
    const ssize_t got = ::pread(descriptor_, out.data(), out.size(), static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return fail(error(got == 0 ? EIO : errno, "read"));
    out = out.subspan(static_cast<std::size_t>(got));
    offset += static_cast<std::uint64_t>(got);
  }
  return {};
}

Status TemporaryFile::append_all(ByteSource& source) {
  std::vector<char> buffer(kBlock);
  for (;;) {
    STREAM_ASSIGN(const std::size_t count, source.read(buffer));
    if (count == 0) return {};
    STREAM_TRY(append({buffer.data(), count}));
  }
}

Status TemporaryFile::write_to(ByteSink& sink) const {
  std::vector<char> buffer(kBlock);
  for (std::uint64_t at = 0; at < size_;) {
    const std::size_t count = static_cast<std::size_t>(std::min<std::uint64_t>(buffer.size(), size_ - at));
    STREAM_TRY(read(at, {buffer.data(), count}));
    STREAM_TRY(sink.write({buffer.data(), count}));
    at += count;
  }
  return {};
}

Status TemporaryFile::refresh() {
  STREAM_TRY(descriptor());
  struct stat about {};
  if (::fstat(descriptor_, &about) != 0) return fail(error(errno, "read"));
  size_ = static_cast<std::uint64_t>(about.st_size);
  return {};
}

void TemporaryFile::release(std::uint64_t offset, std::uint64_t size) const {
  (void)::fallocate(descriptor_, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, static_cast<off_t>(offset),
                    static_cast<off_t>(size));
}

}  // namespace stream
