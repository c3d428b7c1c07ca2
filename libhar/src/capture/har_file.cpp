#include "capture/har_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <system_error>
#include <vector>

namespace har::capture {
namespace {

using stream::Status;

constexpr std::string_view kTail = "\n]}}\n";
constexpr std::size_t kBuffer = std::size_t{256} << 10;

/// session.har has .session.har.spare beside it.
std::string spare_name(const std::string& path) {
  const std::size_t name = path.rfind('/') == std::string::npos ? 0 : path.rfind('/') + 1;
  return path.substr(0, name) + "." + path.substr(name) + ".spare";
}

/// Whether somebody else has it open.
bool is_read(int descriptor) {
  // No signal, should somebody open it meanwhile.
  if (::fcntl(descriptor, F_SETOWN, 0) != 0) return false;
  if (::fcntl(descriptor, F_SETLEASE, F_WRLCK) != 0) return errno == EAGAIN;
  ::fcntl(descriptor, F_SETLEASE, F_UNLCK);
  return false;
}

}  // namespace

stream::Error HarFile::error(int number, std::string_view action) const {
  const bool exists = number == EEXIST;
  return {exists ? stream::ErrorCode::exists : stream::ErrorCode::io,
          exists ? std::string("the file exists") : fmt::format("cannot {}: {}", action, std::system_category().message(number)),
          {path_},
          exists ? "use --overwrite to replace it" : "",
          number};
}

stream::Result<std::unique_ptr<HarFile>> HarFile::create(const std::string& path, std::string_view head,
                                                         stream::Overwrite overwrite) {
  std::unique_ptr<HarFile> file(new HarFile(path, spare_name(path)));
  struct stat status {};
  if (::lstat(path.c_str(), &status) == 0) {
    if (overwrite == stream::Overwrite::no) return stream::fail(file->error(EEXIST, "open"));
    if (!S_ISREG(status.st_mode)) {
      return stream::fail({stream::ErrorCode::usage, "expected a regular file, which a HAR that grows must be", {path}});
    }
  }
  const auto open = [&]() -> stream::Result<int> {
    ::unlink(file->spare_path_.c_str());  // one that a crash has left
    const int made = ::open(file->spare_path_.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (made < 0) return stream::fail(file->error(errno, "open"));
    return made;
  };
  file->first_ = file->whole_ = file->written_ = head.size();
  for (std::size_t i = 0; i < 2; ++i) {
    STREAM_ASSIGN(file->files_[i], open());
    file->live_ = 1 - i;  // put() writes to the spare
    file->ends_[i] = head.size();
    Status written = file->put(std::string(head) + std::string(kTail), 0);
    int number = 0;
    if (written && i == 0) {
      // It has its name when it is whole, and takes it from nobody.
      const bool replaces = overwrite == stream::Overwrite::yes;
      if (replaces ? ::rename(file->spare_path_.c_str(), path.c_str()) : ::link(file->spare_path_.c_str(), path.c_str())) {
        number = errno;
      } else if (!replaces) {
        ::unlink(file->spare_path_.c_str());
      }
    }
    if (!written || number != 0) {
      ::unlink(file->spare_path_.c_str());
      if (i == 1) ::unlink(path.c_str());
      return stream::fail(written ? file->error(number, "make") : std::move(written).error());
    }
  }
  file->live_ = 0;
  file->longest_ = head.size() + kTail.size();
  file->ready_ = true;
  return file;
}

HarFile::~HarFile() {
  if (files_[spare()] >= 0) ::unlink(spare_path_.c_str());
  for (const int descriptor : files_) {
    if (descriptor >= 0) ::close(descriptor);
  }
}

Status HarFile::put(std::string_view bytes, std::uint64_t offset) {
  while (!bytes.empty()) {
    const ssize_t written = ::pwrite(files_[spare()], bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return stream::fail(error(written == 0 ? ENOSPC : errno, "write"));
    bytes.remove_prefix(static_cast<std::size_t>(written));
    offset += static_cast<std::uint64_t>(written);
    longest_ = std::max(longest_, offset);
  }
  return {};
}

/// From the file that has the name to the spare.
Status HarFile::copy(std::uint64_t from, std::uint64_t to) {
  std::vector<char> piece(static_cast<std::size_t>(std::min<std::uint64_t>(to - from, kBuffer)));
  while (from < to) {
    const std::size_t size = static_cast<std::size_t>(std::min<std::uint64_t>(piece.size(), to - from));
    const ssize_t got = ::pread(files_[live_], piece.data(), size, static_cast<off_t>(from));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return stream::fail(error(got == 0 ? EIO : errno, "read"));
    STREAM_TRY(put({piece.data(), static_cast<std::size_t>(got)}, from));
    from += static_cast<std::uint64_t>(got);
  }
  return {};
}

Status HarFile::make_spare() {
  if (files_[spare()] >= 0) ::close(files_[spare()]);
  ::unlink(spare_path_.c_str());
  files_[spare()] = ::open(spare_path_.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (files_[spare()] < 0) return stream::fail(error(errno, "open"));
  ends_[spare()] = 0;
  longest_ = 0;
  return {};
}

/// The spare gets what it lacks.
Status HarFile::prepare_spare() {
  if (ready_) return {};
  if (files_[spare()] < 0 || is_read(files_[spare()])) STREAM_TRY(make_spare());
  STREAM_TRY(copy(ends_[spare()], ends_[live_]));
  ends_[spare()] = ends_[live_];
  whole_ = written_ = ends_[live_];
  ready_ = true;
  return {};
}

Status HarFile::flush() {
  if (buffer_.empty()) return {};
  STREAM_TRY(put(buffer_.view(), written_));
  written_ += buffer_.size();
  buffer_.clear();
  return {};
}

Status HarFile::append(std::string_view bytes) {
  STREAM_TRY(prepare_spare());
  if (!begun_) {
    begun_ = true;
    buffer_ << (whole_ == first_ ? "\n" : ",\n");
  }
  buffer_ << bytes;
  return buffer_.size() < kBuffer ? Status() : flush();
}

Status HarFile::keep() {
  begun_ = false;
  // Buffered entries are whole too, but one of them may fail to be written: only what is in the file counts.
  STREAM_TRY(flush());
  whole_ = written_;
  return {};
}

void HarFile::drop() {
  begun_ = false;
  buffer_.clear();
  if (ready_) written_ = whole_;
}

Status HarFile::exchange() {
  if (::renameat2(AT_FDCWD, spare_path_.c_str(), AT_FDCWD, path_.c_str(), RENAME_EXCHANGE) == 0) return {};
  const int number = errno;
  if (number == ENOENT) {  // somebody has taken it away: what is in it comes back, and the other has no name
    if (::rename(spare_path_.c_str(), path_.c_str()) != 0) return stream::fail(error(errno, "rename"));
    ::close(files_[live_]);
    files_[live_] = -1;
    return {};
  }
  if (number != EINVAL && number != ENOSYS) return stream::fail(error(number, "rename"));
  const std::string old = spare_path_ + "2";
  ::unlink(old.c_str());
  if (::link(path_.c_str(), old.c_str()) != 0) return stream::fail(error(errno, "link"));
  if (::rename(spare_path_.c_str(), path_.c_str()) != 0 || ::rename(old.c_str(), spare_path_.c_str()) != 0) {
    return stream::fail(error(errno, "rename"));
  }
  return {};
}

Status HarFile::commit(bool sync) {
  if (begun_ || !dirty() || !ready_) return {};
  STREAM_TRY(put(kTail, whole_));
  const std::uint64_t end = whole_ + kTail.size();
  if (longest_ > end) {  // an entry that was dropped was written before
    if (::ftruncate(files_[spare()], static_cast<off_t>(end)) != 0) return stream::fail(error(errno, "write"));
    longest_ = end;
  }
  if (sync && ::fdatasync(files_[spare()]) != 0 && errno != EINVAL) return stream::fail(error(errno, "write"));
  STREAM_TRY(exchange());
  ends_[spare()] = whole_;
  live_ = spare();
  ready_ = false;
  longest_ = ends_[spare()] + kTail.size();
  return {};
}

Status HarFile::finish(bool sync) {
  STREAM_TRY(commit(sync));
  if (files_[spare()] >= 0) {
    ::unlink(spare_path_.c_str());
    ::close(files_[spare()]);
    files_[spare()] = -1;
  }
  return {};
}

}  // namespace har::capture
