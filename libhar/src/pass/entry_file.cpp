#include "pass/entry_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace har::pass {
namespace {

stream::Error error_of(int number, const std::string& path) {
  return {stream::ErrorCode::io, "cannot read: " + std::generic_category().message(number), {path}, {}, number};
}

bool same(const timespec& a, const timespec& b) { return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec; }

}  // namespace

stream::Result<std::unique_ptr<EntryFile>> EntryFile::open(const std::string& path) {
  struct stat status {};
  // Not opened before it is known to be one: a pipe would wait, or lose what it has.
  if (path == "-" || ::stat(path.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) return std::unique_ptr<EntryFile>();
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY);
  if (descriptor < 0) return stream::fail(error_of(errno, path));
  std::unique_ptr<EntryFile> file(new EntryFile(path, descriptor, status));
  if (::fstat(descriptor, &file->opened_) != 0) return stream::fail(error_of(errno, path));
  if (!S_ISREG(file->opened_.st_mode)) return std::unique_ptr<EntryFile>();
  return file;
}

EntryFile::~EntryFile() { ::close(descriptor_); }

bool EntryFile::is_at(const std::string& path) const {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 && status.st_dev == opened_.st_dev && status.st_ino == opened_.st_ino;
}

stream::Status EntryFile::check() const {
  struct stat status {};
  if (::fstat(descriptor_, &status) != 0) return stream::fail(error_of(errno, path_));
  if (status.st_size != opened_.st_size || !same(status.st_mtim, opened_.st_mtim)) {
    return stream::fail({stream::ErrorCode::io,
                         "the file has changed since it was opened",
                         {path_},
                         "open it anew; write a new file and rename it, so that nobody reads half of it"});
  }
  return {};
}

stream::Result<std::size_t> EntryFile::read_at(std::uint64_t offset, std::span<char> buffer) const {
  std::size_t done = 0;
  while (done < buffer.size()) {
    const ssize_t count = ::pread(descriptor_, buffer.data() + done, buffer.size() - done, static_cast<off_t>(offset + done));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return stream::fail(error_of(errno, path_));
    if (count == 0) break;
    done += static_cast<std::size_t>(count);
  }
  return done;
}

stream::Result<std::string> EntryFile::read(std::uint64_t offset, std::size_t size) const {
  std::string bytes(size, '\0');
  STREAM_TRY(read_at(offset, bytes));
  // Behind the reading: whoever wrote while we read has changed the time by now, and whoever cut the size.
  STREAM_TRY(check());
  return bytes;
}

stream::Result<std::size_t> EntryFileSource::read(std::span<char> buffer) {
  STREAM_ASSIGN(const std::size_t count, file_.read_at(at_, buffer));
  at_ += count;
  return count;
}

}  // namespace har::pass
