#pragma once

#include <string>
#include <utility>

#include "stream/io/byte_sink.hpp"
#include "stream/io/temporary_file.hpp"

namespace har::format::zip {

/// Writes to a temporary file, for writers of what becomes a member of an archive.
class FileSink final : public stream::ByteSink {
 public:
  FileSink(stream::TemporaryFile& file, std::string name) : file_(file), name_(std::move(name)) {}

  stream::Status write(std::string_view bytes) override { return bytes.empty() ? stream::Status() : file_.append(bytes); }
  stream::Status flush() override { return {}; }
  stream::Status finish() override { return {}; }
  const std::string& name() const override { return name_; }

 private:
  stream::TemporaryFile& file_;
  std::string name_;
};

}  // namespace har::format::zip
