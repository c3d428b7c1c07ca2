#include "formats/sqlite/descriptor_vfs.hpp"

#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <string_view>

namespace har::format::sqlite {
namespace {

constexpr const char* kName = "hartape-descriptor";
constexpr std::string_view kPrefix = "/descriptor/";

/// What SQLite allocates for an open file: its methods come first (www.sqlite.org/c3ref/file.html).
struct File {
  sqlite3_file base;
  int descriptor;
  bool read_only;
};

File& of(sqlite3_file* file) { return *reinterpret_cast<File*>(file); }

int close_file(sqlite3_file*) { return SQLITE_OK; }

int read_file(sqlite3_file* file, void* out, int size, sqlite3_int64 offset) {
  auto* to = static_cast<char*>(out);
  auto left = static_cast<std::size_t>(size);
  while (left > 0) {
    const ssize_t got = ::pread(of(file).descriptor, to, left, static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return SQLITE_IOERR_READ;
    if (got == 0) {  // the rest must be zeros, says SQLite
      std::memset(to, 0, left);
      return SQLITE_IOERR_SHORT_READ;
    }
    to += got;
    left -= static_cast<std::size_t>(got);
    offset += got;
  }
  return SQLITE_OK;
}

int write_file(sqlite3_file* file, const void* bytes, int size, sqlite3_int64 offset) {
  if (of(file).read_only) return SQLITE_READONLY;
  const auto* from = static_cast<const char*>(bytes);
  auto left = static_cast<std::size_t>(size);
  while (left > 0) {
    const ssize_t put = ::pwrite(of(file).descriptor, from, left, static_cast<off_t>(offset));
    if (put < 0 && errno == EINTR) continue;
    if (put <= 0) return put == 0 || errno == ENOSPC || errno == EDQUOT ? SQLITE_FULL : SQLITE_IOERR_WRITE;
    from += put;
    left -= static_cast<std::size_t>(put);
    offset += put;
  }
  return SQLITE_OK;
}

int truncate_file(sqlite3_file* file, sqlite3_int64 size) {
  return ::ftruncate(of(file).descriptor, static_cast<off_t>(size)) == 0 ? SQLITE_OK : SQLITE_IOERR_TRUNCATE;
}
int sync_file(sqlite3_file*, int) { return SQLITE_OK; }  // it is gone after a crash at any rate
int size_of_file(sqlite3_file* file, sqlite3_int64* size) {
  struct stat about {};
  if (::fstat(of(file).descriptor, &about) != 0) return SQLITE_IOERR_FSTAT;
  *size = about.st_size;
  return SQLITE_OK;
}
int lock_file(sqlite3_file*, int) { return SQLITE_OK; }
int unlock_file(sqlite3_file*, int) { return SQLITE_OK; }
int check_lock(sqlite3_file*, int* out) {
  *out = 0;
  return SQLITE_OK;
}
int control_file(sqlite3_file*, int, void*) { return SQLITE_NOTFOUND; }
int sector_size(sqlite3_file*) { return 4096; }
int characteristics(sqlite3_file* file) { return of(file).read_only ? SQLITE_IOCAP_IMMUTABLE : SQLITE_IOCAP_POWERSAFE_OVERWRITE; }

const sqlite3_io_methods kMethods = {
    1,         close_file,  read_file,  write_file,   truncate_file, sync_file,       size_of_file,
    lock_file, unlock_file, check_lock, control_file, sector_size,   characteristics, nullptr,
    nullptr,   nullptr,     nullptr,    nullptr,      nullptr,
};

sqlite3_vfs* system_of(sqlite3_vfs* vfs) { return static_cast<sqlite3_vfs*>(vfs->pAppData); }

int open_file(sqlite3_vfs* vfs, const char* name, sqlite3_file* file, int flags, int* flags_out) {
  file->pMethods = nullptr;
  if (name == nullptr) return system_of(vfs)->xOpen(system_of(vfs), name, file, flags, flags_out);
  std::string_view text = name;
  int descriptor = -1;
  if ((flags & SQLITE_OPEN_MAIN_DB) == 0 || !text.starts_with(kPrefix)) return SQLITE_CANTOPEN;
  text.remove_prefix(kPrefix.size());
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), descriptor);
  if (error != std::errc{} || stop != text.data() + text.size() || descriptor < 0) return SQLITE_CANTOPEN;
  of(file).descriptor = descriptor;
  of(file).read_only = (flags & SQLITE_OPEN_READONLY) != 0;
  file->pMethods = &kMethods;
  if (flags_out != nullptr) *flags_out = flags;
  return SQLITE_OK;
}

int delete_file(sqlite3_vfs*, const char*, int) { return SQLITE_OK; }
/// There is never a journal beside it.
int access_file(sqlite3_vfs*, const char*, int, int* out) {
  *out = 0;
  return SQLITE_OK;
}
int full_name(sqlite3_vfs*, const char* name, int size, char* out) {
  const std::string_view text = name;
  if (text.size() >= static_cast<std::size_t>(std::max(size, 0))) return SQLITE_CANTOPEN;
  std::memcpy(out, text.data(), text.size());
  out[text.size()] = '\0';
  return SQLITE_OK;
}
void* open_library(sqlite3_vfs*, const char*) { return nullptr; }
void library_error(sqlite3_vfs*, int size, char* out) {
  if (size > 0) *out = '\0';
}
void (*library_symbol(sqlite3_vfs*, void*, const char*))() { return nullptr; }
void close_library(sqlite3_vfs*, void*) {}
int randomness(sqlite3_vfs* vfs, int size, char* out) { return system_of(vfs)->xRandomness(system_of(vfs), size, out); }
int wait_a_while(sqlite3_vfs*, int) { return 0; }
int current_time(sqlite3_vfs*, double* out) {
  *out = 0;
  return SQLITE_OK;
}
int last_error(sqlite3_vfs*, int, char*) { return errno; }

}  // namespace

const char* descriptor_vfs() {
  static const bool registered = [] {
    if (sqlite3_initialize() != SQLITE_OK) return false;
    sqlite3_vfs* const system = sqlite3_vfs_find(nullptr);
    if (system == nullptr) return false;
    static sqlite3_vfs vfs{};
    vfs.iVersion = 1;
    vfs.szOsFile = std::max(system->szOsFile, static_cast<int>(sizeof(File)));
    vfs.mxPathname = system->mxPathname;
    vfs.zName = kName;
    vfs.pAppData = system;
    vfs.xOpen = open_file;
    vfs.xDelete = delete_file;
    vfs.xAccess = access_file;
    vfs.xFullPathname = full_name;
    vfs.xDlOpen = open_library;
    vfs.xDlError = library_error;
    vfs.xDlSym = library_symbol;
    vfs.xDlClose = close_library;
    vfs.xRandomness = randomness;
    vfs.xSleep = wait_a_while;
    vfs.xCurrentTime = current_time;
    vfs.xGetLastError = last_error;
    return sqlite3_vfs_register(&vfs, 0) == SQLITE_OK;
  }();
  return registered ? kName : nullptr;
}

std::string descriptor_name(int descriptor) { return std::string(kPrefix) + std::to_string(descriptor); }

}  // namespace har::format::sqlite
