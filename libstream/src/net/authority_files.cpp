#include "authority_files.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <system_error>
#include <utility>

namespace stream::net {
namespace {

constexpr std::size_t kMostBytes = std::size_t{1} << 20;

tl::unexpected<Error> refused(int number, std::string_view action, std::string name) {
  return fail({ErrorCode::io,
               fmt::format("cannot {}: {}", action, std::system_category().message(number)),
               {std::move(name)},
               {},
               number});
}

class File {
 public:
  explicit File(int descriptor) : descriptor_(descriptor) {}
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  ~File() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  int get() const { return descriptor_; }

 private:
  int descriptor_;
};

Result<std::string> read_all(const File& file, const std::string& name) {
  std::string text;
  std::array<char, 8192> buffer;
  for (;;) {
    const ssize_t count = ::read(file.get(), buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return refused(errno, "read", name);
    if (count == 0) return text;
    text.append(buffer.data(), static_cast<std::size_t>(count));
    if (text.size() > kMostBytes) return fail({ErrorCode::limit, "this is too large for keys and certificates", {name}, {}});
  }
}

/// A file beside `name` with this text, synchronised; its name.
Result<std::string> write_beside(const std::string& name, const std::string& text, mode_t mode) {
  std::string temporary = name + ".XXXXXX";
  const File file(::mkostemp(temporary.data(), O_CLOEXEC));  // 0600
  if (file.get() < 0) return refused(errno, "write", name);
  std::size_t done = 0;
  while (done < text.size()) {
    const ssize_t count = ::write(file.get(), text.data() + done, text.size() - done);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) break;
    done += static_cast<std::size_t>(count);
  }
  if (done == text.size() && ::fchmod(file.get(), mode) == 0 && ::fsync(file.get()) == 0) return temporary;
  const int number = errno;
  ::unlink(temporary.c_str());
  return refused(number, "write", name);
}

/// With all folders above it, as the XDG Base Directory Specification has it: for the user alone.
int make_folders(const std::string& folder) {
  for (std::size_t end = folder.find('/', 1);; end = folder.find('/', end + 1)) {
    const std::string part = folder.substr(0, end);
    if (::mkdir(part.c_str(), 0700) != 0 && errno != EEXIST) {
      const int number = errno;
      struct stat info {};
      if (::stat(part.c_str(), &info) != 0) return number;  // it may be there, in a place where nothing may be made
    }
    if (end == std::string::npos) return 0;
  }
}

}  // namespace

Result<std::string> read_small_file(const std::string& name) {
  const File file(::open(name.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) return refused(errno, "open", name);
  return read_all(file, name);
}

Status AuthorityFiles::prepare_folder() const {
  if (folder_.empty()) return fail({ErrorCode::usage, "the certificate authority has no folder", {}, {}});
  if (const int number = make_folders(folder_); number != 0) return refused(number, "make the folder", folder_);
  struct stat info {};
  if (::stat(folder_.c_str(), &info) != 0) return refused(errno, "open", folder_);
  if (!S_ISDIR(info.st_mode)) return fail({ErrorCode::usage, "this is no folder", {folder_}, {}});
  if (info.st_uid != ::geteuid() || (info.st_mode & 022) != 0) {
    return fail({ErrorCode::usage,
                 info.st_uid != ::geteuid() ? "the folder of the certificate authority belongs to another user"
                                            : "others may write into the folder of the certificate authority",
                 {folder_},
                 info.st_uid != ::geteuid() ? "name one of your own with --ca" : "chmod go-w " + folder_});
  }
  return {};
}

Result<std::optional<std::string>> AuthorityFiles::read_key() const {
  const std::string name = key_file();
  // Looked for before the key: whoever makes both makes the key first.
  const bool has_certificate = ::access(certificate_file().c_str(), F_OK) == 0;
  const File file(::open(name.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (file.get() < 0) {
    if (errno != ENOENT) return refused(errno, "open", name);
    if (!has_certificate) return std::nullopt;
    return fail({ErrorCode::syntax,
                 "there is a certificate, but no key to it",
                 {name},
                 fmt::format("delete {}, and another authority will be made; what trusts the old one must be told of the new one",
                             certificate_file())});
  }
  struct stat info {};
  if (::fstat(file.get(), &info) != 0) return refused(errno, "open", name);
  if (!S_ISREG(info.st_mode)) return fail({ErrorCode::usage, "this is no file", {name}, {}});
  if (info.st_uid != ::geteuid())
    return fail({ErrorCode::usage, "the key belongs to another user", {name}, "name a folder of your own with --ca"});
  if ((info.st_mode & 077) != 0) {
    return fail({ErrorCode::usage,
                 fmt::format("the key is open to others (mode {:04o})", info.st_mode & 07777),
                 {name},
                 "if nobody can have read it: chmod 600 " + name});
  }
  STREAM_ASSIGN(std::string text, read_all(file, name));
  return std::optional<std::string>(std::move(text));
}

Status AuthorityFiles::add_key(const std::string& text) const {
  STREAM_ASSIGN(const std::string temporary, write_beside(key_file(), text, 0600));
  const int number = ::link(temporary.c_str(), key_file().c_str()) == 0 ? 0 : errno;
  ::unlink(temporary.c_str());
  if (number != 0 && number != EEXIST) return refused(number, "write", key_file());
  return {};
}

Status AuthorityFiles::keep_certificate(const std::string& text) const {
  const std::string name = certificate_file();
  const auto there = read_small_file(name);
  if (there && *there == text) return {};
  if (there) {
    return fail({ErrorCode::syntax,
                 "this is not the certificate of " + key_file(),
                 {name},
                 "delete it, and the right one will be written"});
  }
  if (there.error().system != ENOENT) return fail(there.error());
  STREAM_ASSIGN(const std::string temporary, write_beside(name, text, 0644));
  if (::rename(temporary.c_str(), name.c_str()) == 0) return {};
  const int number = errno;
  ::unlink(temporary.c_str());
  return refused(number, "write", name);
}

}  // namespace stream::net
