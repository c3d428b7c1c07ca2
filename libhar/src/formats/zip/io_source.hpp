#pragma once

#include <zip.h>

#include <cstdint>
#include <optional>

#include "stream/io/error.hpp"
#include "stream/io/temporary_file.hpp"

namespace har::format::zip {

/// A part of a temporary file as libzip reads it, or a whole one as libzip writes it (zip_source_function(3)). Outlives the
/// zip_source_t.
class FileSource {
 public:
  /// For reading.
  FileSource(const stream::TemporaryFile& file, std::uint64_t begin, std::uint64_t size)
      : file_(const_cast<stream::TemporaryFile*>(&file)), begin_(begin), size_(size) {}
  /// For writing; what is in it is not read.
  explicit FileSource(stream::TemporaryFile& file) : file_(&file), writable_(true) {}

  /// Belongs to the caller, until it is given to an archive. Null: there is no memory.
  zip_source_t* make(zip_error_t& error) { return zip_source_function_create(serve, this, &error); }
  /// What the file has refused.
  const std::optional<stream::Error>& failure() const { return failure_; }

 private:
  static zip_int64_t serve(void* self, void* data, zip_uint64_t size, zip_source_cmd_t command);
  zip_int64_t serve(void* data, zip_uint64_t size, zip_source_cmd_t command);
  zip_int64_t read(void* data, zip_uint64_t size);
  zip_int64_t write(const void* data, zip_uint64_t size);
  zip_int64_t stat(void* data, zip_uint64_t size);
  zip_int64_t seek(void* data, zip_uint64_t size, std::uint64_t all, std::uint64_t& at);
  zip_int64_t refuse(int code) {
    code_ = code;
    return -1;
  }
  std::uint64_t all() const { return writable_ ? file_->size() : size_; }

  stream::TemporaryFile* file_;
  std::uint64_t begin_ = 0;
  std::uint64_t size_ = 0;
  bool writable_ = false;
  std::uint64_t at_ = 0;
  std::uint64_t write_at_ = 0;
  int code_ = ZIP_ER_OK;
  std::optional<stream::Error> failure_;
};

}  // namespace har::format::zip
