#include "formats/zip/io_source.hpp"

#include <algorithm>
#include <cstring>

namespace har::format::zip {

zip_int64_t FileSource::serve(void* self, void* data, zip_uint64_t size, zip_source_cmd_t command) {
  return static_cast<FileSource*>(self)->serve(data, size, command);
}

zip_int64_t FileSource::serve(void* data, zip_uint64_t size, zip_source_cmd_t command) {
  switch (command) {
    case ZIP_SOURCE_OPEN:
      at_ = 0;
      return 0;
    case ZIP_SOURCE_READ:
      return read(data, size);
    case ZIP_SOURCE_STAT:
      return stat(data, size);
    case ZIP_SOURCE_ERROR: {
      const int codes[] = {code_, 0};
      if (size < sizeof codes) return -1;
      std::memcpy(data, codes, sizeof codes);
      return sizeof codes;
    }
    case ZIP_SOURCE_SEEK:
      return seek(data, size, all(), at_);
    case ZIP_SOURCE_TELL:
      return static_cast<zip_int64_t>(at_);
    case ZIP_SOURCE_BEGIN_WRITE:
      write_at_ = 0;
      return 0;
    case ZIP_SOURCE_WRITE:
      return write(data, size);
    case ZIP_SOURCE_SEEK_WRITE:
      return seek(data, size, all(), write_at_);
    case ZIP_SOURCE_TELL_WRITE:
      return static_cast<zip_int64_t>(write_at_);
    case ZIP_SOURCE_SUPPORTS:
      return writable_ ? ZIP_SOURCE_SUPPORTS_WRITABLE : ZIP_SOURCE_SUPPORTS_SEEKABLE;
    case ZIP_SOURCE_CLOSE:
    case ZIP_SOURCE_FREE:
    case ZIP_SOURCE_COMMIT_WRITE:
    case ZIP_SOURCE_ROLLBACK_WRITE:
    case ZIP_SOURCE_REMOVE:
      return 0;
    default:
      return refuse(ZIP_ER_OPNOTSUPP);
  }
}

zip_int64_t FileSource::read(void* data, zip_uint64_t size) {
  const std::uint64_t count = std::min<std::uint64_t>(size, all() - std::min(at_, all()));
  if (count == 0) return 0;
  if (auto status = file_->read(begin_ + at_, {static_cast<char*>(data), static_cast<std::size_t>(count)}); !status) {
    failure_ = std::move(status).error();
    return refuse(ZIP_ER_READ);
  }
  at_ += count;
  return static_cast<zip_int64_t>(count);
}

zip_int64_t FileSource::write(const void* data, zip_uint64_t size) {
  if (auto status = file_->write(write_at_, {static_cast<const char*>(data), static_cast<std::size_t>(size)}); !status) {
    failure_ = std::move(status).error();
    return refuse(ZIP_ER_WRITE);
  }
  write_at_ += size;
  return static_cast<zip_int64_t>(size);
}

zip_int64_t FileSource::stat(void* data, zip_uint64_t size) {
  if (size < sizeof(zip_stat_t)) return refuse(ZIP_ER_INVAL);
  auto* const about = static_cast<zip_stat_t*>(data);
  zip_stat_init(about);
  about->size = all();
  about->valid |= ZIP_STAT_SIZE;
  return sizeof(zip_stat_t);
}

zip_int64_t FileSource::seek(void* data, zip_uint64_t size, std::uint64_t all, std::uint64_t& at) {
  zip_error_t error;
  zip_error_init(&error);
  const zip_int64_t to = zip_source_seek_compute_offset(at, all, data, size, &error);
  if (to < 0) {
    code_ = zip_error_code_zip(&error);
    zip_error_fini(&error);
    return -1;
  }
  zip_error_fini(&error);
  at = static_cast<std::uint64_t>(to);
  return 0;
}

}  // namespace har::format::zip
