#include "harcheck/spool.hpp"

#include <array>
#include <cerrno>
#include <system_error>

namespace tools::harcheck {
namespace {

stream::Status failed(int number) {
  return stream::fail({stream::ErrorCode::io,
                       "cannot keep the report in a temporary file: " + std::system_category().message(number),
                       {},
                       "there must be room in /tmp; --max-errors makes the report shorter",
                       number});
}

}  // namespace

stream::Status Spool::add(std::string_view text) {
  if (!file_ && text_.size() + text.size() <= kInMemory) {
    text_ += text;
    return {};
  }
  if (!file_) {
    file_.reset(std::tmpfile());
    if (!file_) return failed(errno);
    if (std::fwrite(text_.data(), 1, text_.size(), file_.get()) != text_.size()) return failed(errno);
    text_ = {};
  }
  if (std::fwrite(text.data(), 1, text.size(), file_.get()) != text.size()) return failed(errno);
  return {};
}

stream::Status Spool::move_to(stream::ByteSink& sink) {
  if (!file_) return sink.write(text_);
  if (std::fflush(file_.get()) != 0) return failed(errno);
  std::rewind(file_.get());
  std::array<char, 65536> buffer;
  while (const std::size_t count = std::fread(buffer.data(), 1, buffer.size(), file_.get()))
    STREAM_TRY(sink.write({buffer.data(), count}));
  return std::ferror(file_.get()) != 0 ? failed(errno) : stream::Status();
}

}  // namespace tools::harcheck
