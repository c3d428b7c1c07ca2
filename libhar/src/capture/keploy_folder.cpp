#include "capture/keploy_folder.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <system_error>
#include <utility>

namespace har::capture {
namespace {

using stream::ErrorCode;
using stream::fail;
using stream::Status;
namespace fs = std::filesystem;

/// The N of "test-N.yaml".
std::optional<std::uint64_t> number_in(std::string_view name, std::string_view prefix, std::string_view suffix) {
  if (!name.starts_with(prefix) || !name.ends_with(suffix) || name.size() <= prefix.size() + suffix.size()) return std::nullopt;
  name.remove_prefix(prefix.size());
  name.remove_suffix(suffix.size());
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  if (error != std::errc() || end != name.data() + name.size() || number > UINT64_MAX / 2) return std::nullopt;
  return number;
}

/// All of it; what went wrong, or 0.
int write_all(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(descriptor, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return written == 0 ? ENOSPC : errno;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return 0;
}

}  // namespace

KeployFolder::~KeployFolder() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

stream::Error KeployFolder::error(const std::string& path, int number, std::string_view action) const {
  return {number == EEXIST ? ErrorCode::exists : ErrorCode::io,
          number == EEXIST ? std::string("the file exists")
                           : fmt::format("cannot {}: {}", action, std::system_category().message(number)),
          {path},
          "",
          number};
}

Status KeployFolder::make_folder(const std::string& path) const {
  std::string part;
  for (std::size_t at = 0; at < path.size();) {
    const std::size_t end = std::min(path.find('/', at + 1), path.size());
    part = path.substr(0, end);
    at = end;
    if (::mkdir(part.c_str(), 0700) == 0 || errno == EEXIST) continue;
    return fail(error(part, errno, "make the folder"));
  }
  std::error_code ignored;
  return fs::is_directory(path, ignored) ? Status() : fail(error(path, ENOTDIR, "make the folder"));
}

Status KeployFolder::open() {
  while (path_.size() > 1 && path_.ends_with('/')) path_.pop_back();
  if (!mocks_) {
    STREAM_TRY(make_folder(path_ + "/tests"));
    return find_tests();
  }
  STREAM_TRY(make_folder(path_ + "/streams"));
  return open_mocks();
}

Status KeployFolder::find_tests() {
  std::error_code error;
  for (fs::directory_iterator entry(path_ + "/tests", error), end; !error && entry != end; entry.increment(error)) {
    if (const auto number = number_in(entry->path().filename().string(), "test-", ".yaml")) next_ = std::max(next_, *number + 1);
  }
  if (error) return fail(this->error(path_ + "/tests", error.value(), "read the folder"));
  return {};
}

Status KeployFolder::open_mocks() {
  const std::string path = path_ + "/mocks.yaml";
  descriptor_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NONBLOCK, 0600);
  if (descriptor_ < 0) return fail(error(path, errno, "open"));
  struct stat status {};
  if (::fstat(descriptor_, &status) != 0) return fail(error(path, errno, "open"));
  if (!S_ISREG(status.st_mode)) return fail({ErrorCode::usage, "expected a regular file", {path}, {}});
  if (::flock(descriptor_, LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK) return fail({ErrorCode::exists, "another program is writing it", {path}, {}});
    return fail(error(path, errno, "lock"));
  }
  size_ = static_cast<std::uint64_t>(status.st_size);
  // The mocks that are there: "name: mock-7" at the beginning of a line.
  std::array<char, 64 << 10> buffer{};
  std::string line;
  next_ = 0;
  for (std::uint64_t offset = 0; offset < size_;) {
    const ssize_t got = ::pread(descriptor_, buffer.data(), buffer.size(), static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail(error(path, errno, "read"));
    if (got == 0) break;
    offset += static_cast<std::uint64_t>(got);
    for (const char c : std::string_view(buffer.data(), static_cast<std::size_t>(got))) {
      if (c != '\n') {
        if (line.size() < 64) line += c;
        continue;
      }
      while (line.ends_with('\r') || line.ends_with(' ')) line.pop_back();
      if (const auto number = number_in(line, "name: mock-", "")) next_ = std::max(next_, *number + 1);
      line.clear();
    }
  }
  line_open_ = !line.empty();
  return {};
}

/// It has its name when it is whole, and takes it from nobody.
Status KeployFolder::write_new(const std::string& folder, const std::string& name, std::string_view text) {
  const std::string path = fmt::format("{}/{}/{}", path_, folder, name);
  const std::string part = fmt::format("{}/{}/.{}.{}.part", path_, folder, name, ::getpid());
  const int descriptor = ::open(part.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (descriptor < 0) return fail(error(path, errno, "open"));
  int number = write_all(descriptor, text);
  ::close(descriptor);
  if (number == 0 && ::link(part.c_str(), path.c_str()) != 0) number = errno;
  // Not every file system has second names.
  if ((number == EPERM || number == ENOTSUP) && ::access(path.c_str(), F_OK) != 0 && ::rename(part.c_str(), path.c_str()) == 0) {
    number = 0;
  }
  ::unlink(part.c_str());
  if (number != 0) return fail(error(path, number, "write"));
  bytes_ += text.size();
  note_unsynced(path);
  return {};
}

Status KeployFolder::add_test(const Make& make) {
  for (;;) {
    const std::string name = fmt::format("test-{}", next_);
    STREAM_ASSIGN(const std::string document, make(name));
    Status written = write_new("tests", name + ".yaml", comment_ + document);
    if (!written && written.error().code == ErrorCode::exists) {
      ++next_;  // another program has made it meanwhile
      continue;
    }
    if (written) ++next_;
    return written;
  }
}

Status KeployFolder::add_mock(const Make& make) {
  STREAM_ASSIGN(const std::string document, make(fmt::format("mock-{}", next_)));
  const std::string_view before = size_ == 0 ? std::string_view(comment_) : line_open_ ? "\n---\n" : "---\n";
  const std::string text = std::string(before) + document;
  if (const int number = write_all(descriptor_, text); number != 0) {
    if (::ftruncate(descriptor_, static_cast<off_t>(size_)) != 0) line_open_ = true;
    return fail(error(path_ + "/mocks.yaml", number, "write"));
  }
  line_open_ = false;
  size_ += text.size();
  bytes_ += text.size();
  ++next_;
  note_unsynced(path_ + "/mocks.yaml");
  return {};
}

Status KeployFolder::add_stream(const std::string& name, std::string_view text) { return write_new("streams", name, text); }

void KeployFolder::note_unsynced(std::string path) {
  if (unsynced_.empty() || unsynced_.back() != path) unsynced_.push_back(std::move(path));
}

Status KeployFolder::sync() {
  Status done;
  const auto sync_one = [&](const std::string& path) {
    const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) return;  // somebody has taken it away
    if (::fsync(descriptor) != 0 && errno != EINVAL) done = fail(error(path, errno, "write"));
    ::close(descriptor);
  };
  for (const std::string& path : unsynced_) sync_one(path);
  // Their names, too.
  if (!unsynced_.empty()) sync_one(path_ + (mocks_ ? "/streams" : "/tests"));
  unsynced_.clear();
  return done;
}

}  // namespace har::capture
