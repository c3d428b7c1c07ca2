#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <charconv>
#include <climits>
#include <cstdio>
#include <utility>

#include "gather.hpp"
#include "stream/io/byte_sink.hpp"
#include "system.hpp"
#include "unfinished_outputs.hpp"

namespace stream {
namespace {

Error exists_error(const std::string& name) {
  return {ErrorCode::exists, "the file exists", {name}, "use --overwrite to replace it", EEXIST};
}

/// Standard output, a device, a pipe: what is written is there at once.
class ThroughSink final : public ByteSink {
 public:
  /// `owned` is closed by finish(); it is `descriptor` or none.
  ThroughSink(int descriptor, Descriptor owned, std::string name)
      : descriptor_(descriptor), owned_(std::move(owned)), name_(std::move(name)), gather_(descriptor, name_) {}

  Status write(std::string_view bytes) override { return gather_.write(bytes); }
  Status flush() override { return gather_.flush(); }
  const std::string& name() const override { return name_; }

  Status finish() override {
    STREAM_TRY(gather_.flush());
    // A copy of what belongs to others is closed in its place: that too reports deferred errors.
    if (owned_.get() < 0) owned_ = Descriptor(::fcntl(descriptor_, F_DUPFD_CLOEXEC, 3));
    if (const int number = owned_.close()) return gather_.refuse(system_error(number, "write", name_));
    return {};
  }

 private:
  int descriptor_;
  Descriptor owned_;
  std::string name_;
  Gather gather_;
};

/// A regular file, under a temporary name until finish().
class FileSink final : public ByteSink {
 public:
  FileSink(Descriptor descriptor, std::string name, std::string temporary, std::string target, UnfinishedOutput* unfinished,
           Overwrite overwrite)
      : descriptor_(std::move(descriptor)),
        name_(std::move(name)),
        temporary_(std::move(temporary)),
        target_(std::move(target)),
        unfinished_(unfinished),
        overwrite_(overwrite),
        gather_(descriptor_.get(), name_) {}

  ~FileSink() override {
    if (temporary_.empty()) return;
    ::unlink(temporary_.c_str());
    forget_unfinished_output(unfinished_);
  }

  Status write(std::string_view bytes) override { return gather_.write(bytes); }
  Status flush() override { return gather_.flush(); }
  const std::string& name() const override { return name_; }

  Status finish() override {
    STREAM_TRY(gather_.flush());
    if (const int number = descriptor_.close()) return gather_.refuse(system_error(number, "write", name_));
    const int number = overwrite_ == Overwrite::yes ? rename_over() : rename_new();
    if (number != 0) {
      const bool exists = number == EEXIST && overwrite_ == Overwrite::no;
      return gather_.refuse(exists ? exists_error(name_) : system_error(number, "create", name_));
    }
    forget_unfinished_output(unfinished_);
    temporary_.clear();
    return {};
  }

 private:
  int rename_over() { return ::rename(temporary_.c_str(), target_.c_str()) == 0 ? 0 : errno; }

  /// Gives the name unless it is taken, in one step.
  int rename_new() {
    if (::renameat2(AT_FDCWD, temporary_.c_str(), AT_FDCWD, target_.c_str(), RENAME_NOREPLACE) == 0) return 0;
    if (errno != EINVAL && errno != ENOSYS && errno != EOPNOTSUPP) return errno;
    // File systems without it (NFS, some FUSE) mostly have links, which do not replace either.
    if (::link(temporary_.c_str(), target_.c_str()) == 0) {
      ::unlink(temporary_.c_str());
      return 0;
    }
    if (errno != EPERM && errno != ENOSYS && errno != EOPNOTSUPP) return errno;
    // Neither (FAT through FUSE): look, then rename.
    return ::access(target_.c_str(), F_OK) == 0 ? EEXIST : rename_over();
  }

  Descriptor descriptor_;
  std::string name_;
  std::string temporary_;  ///< empty once it has its name
  std::string target_;
  UnfinishedOutput* unfinished_;
  Overwrite overwrite_;
  Gather gather_;
};

/// The number in "/dev/fd/3" and its kin. To open these anew would start a second file position, or fail for a pipe's end.
std::optional<int> descriptor_of(std::string_view path) {
  if (path == "/dev/stdout") return STDOUT_FILENO;
  if (path == "/dev/stderr") return STDERR_FILENO;
  for (const std::string_view prefix : {"/dev/fd/", "/proc/self/fd/"}) {
    if (!path.starts_with(prefix)) continue;
    const std::string_view digits = path.substr(prefix.size());
    int value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (error == std::errc() && end == digits.data() + digits.size() && value >= 0) return value;
  }
  return std::nullopt;
}

/// Where the last link of a chain of links leads, whether or not something is there.
Result<std::string> follow_links(const std::string& path) {
  constexpr int kMaxLinks = 40;  // as many as Linux follows
  std::string at = path;
  for (int links = 0; links < kMaxLinks; ++links) {
    char target[PATH_MAX];
    const ssize_t size = ::readlink(at.c_str(), target, sizeof target);
    if (size < 0) return at;  // no link, or nothing there
    const std::string_view text(target, static_cast<std::size_t>(size));
    if (text.starts_with('/')) {
      at = text;
    } else {
      at.resize(at.rfind('/') + 1);  // npos + 1 is 0
      at += text;
    }
  }
  return fail(system_error(ELOOP, "create", path));
}

Result<std::unique_ptr<ByteSink>> open_file(const std::string& name, Overwrite overwrite, const struct stat* existing) {
  STREAM_ASSIGN(std::string target, follow_links(name));
  const std::size_t slash = target.rfind('/') + 1;
  const std::string base = target.substr(slash);
  if (base.empty()) return fail(system_error(target.empty() ? ENOENT : EISDIR, "create", name));

  static std::atomic<unsigned> counter = 0;
  constexpr int kMaxTries = 1000;     // names that a process of the same number left behind
  constexpr std::size_t kBase = 200;  // the longest name is 255 bytes
  const mode_t mode = existing != nullptr ? S_IRUSR | S_IWUSR : 0666;
  for (int tries = 0; tries < kMaxTries; ++tries) {
    std::string temporary = fmt::format("{}.{}.{}-{}.tmp", target.substr(0, slash), base.substr(0, kBase), ::getpid(), ++counter);
    // Listed first: a signal that comes between must find it, and the name has our process's number.
    UnfinishedOutput* unfinished = add_unfinished_output(temporary);
    Descriptor descriptor(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOCTTY, mode));
    if (descriptor.get() < 0) {
      const int number = errno;
      forget_unfinished_output(unfinished);
      if (number == EEXIST) continue;
      return fail(system_error(number, "create", name));
    }
    if (existing != nullptr) {
      // Only root can keep another's owner; for anyone else the file becomes theirs, as it would with an editor. The mode
      // comes after it, and without set-id bits, which were meant for other bytes. File systems without modes keep none.
      [[maybe_unused]] const int owner = ::fchown(descriptor.get(), existing->st_uid, existing->st_gid);
      [[maybe_unused]] const int modes = ::fchmod(descriptor.get(), existing->st_mode & 0777);
    }
    return std::make_unique<FileSink>(std::move(descriptor), name, std::move(temporary), std::move(target), unfinished,
                                      overwrite);
  }
  return fail(system_error(EEXIST, "create a temporary file", name));
}

Result<std::unique_ptr<ByteSink>> open_plain(const std::string& path, Overwrite overwrite) {
  if (path == "-") return std::make_unique<ThroughSink>(STDOUT_FILENO, Descriptor(), "<stdout>");
  if (const auto number = descriptor_of(path)) {
    Descriptor copy(::fcntl(*number, F_DUPFD_CLOEXEC, 3));
    if (copy.get() < 0) return fail(system_error(errno, "open", path));
    const int descriptor = copy.get();
    return std::make_unique<ThroughSink>(descriptor, std::move(copy), path);
  }
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) {
    if (errno != ENOENT) return fail(system_error(errno, "create", path));
    return open_file(path, overwrite, nullptr);
  }
  if (S_ISDIR(status.st_mode)) return fail({ErrorCode::io, "cannot write: it is a directory", {path}, {}, EISDIR});
  if (S_ISREG(status.st_mode)) {
    if (overwrite == Overwrite::no) return fail(exists_error(path));
    return open_file(path, overwrite, &status);
  }
  Descriptor opened(::open(path.c_str(), O_WRONLY | O_CLOEXEC | O_NOCTTY));
  if (opened.get() < 0) return fail(system_error(errno, "open", path));
  const int descriptor = opened.get();
  return std::make_unique<ThroughSink>(descriptor, std::move(opened), path);
}

}  // namespace

bool is_broken_pipe(const Error& error) { return error.code == ErrorCode::io && error.system == EPIPE; }

Result<std::unique_ptr<ByteSink>> open_output(const std::string& path, const OutputOptions& options) {
  STREAM_ASSIGN(auto sink, open_plain(path, options.overwrite));
  return compress(std::move(sink), options.compression.value_or(compression_of_name(path)), options.level);
}

}  // namespace stream
