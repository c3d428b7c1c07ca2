#include "stream/record/line_reader.hpp"

#include <fmt/format.h>

#include <cstring>

namespace stream {

namespace {
constexpr std::size_t kFirstBuffer = std::size_t{256} << 10;
}

Status LineReader::fill() {
  if (begin_ > 0) {
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    scanned_ -= begin_;
    begin_ = 0;
  }
  if (end_ == buffer_.size()) buffer_.resize(std::max(kFirstBuffer, buffer_.size() * 2));
  STREAM_ASSIGN(const std::size_t count, source_.read({buffer_.data() + end_, buffer_.size() - end_}));
  eof_ = count == 0;
  end_ += count;
  return {};
}

Result<std::optional<Line>> LineReader::next() {
  for (;;) {
    const char* const from = buffer_.data() + scanned_;
    const auto* feed = end_ > scanned_ ? static_cast<const char*>(std::memchr(from, '\n', end_ - scanned_)) : nullptr;
    if (feed == nullptr && !eof_) {
      scanned_ = end_;
      if (end_ - begin_ > limits_.max_entry) {
        return fail({ErrorCode::limit,
                     fmt::format("the line is longer than {} bytes", limits_.max_entry),
                     {source_.name(), number_ + 1, 1, offset_},
                     "raise the limit with --max-entry"});
      }
      STREAM_TRY(fill());
      continue;
    }
    if (feed == nullptr && begin_ == end_) return std::optional<Line>();
    const std::size_t stop = feed != nullptr ? static_cast<std::size_t>(feed - buffer_.data()) : end_;
    Line line{{buffer_.data() + begin_, stop - begin_}, ++number_, offset_, feed != nullptr};
    begin_ = feed != nullptr ? stop + 1 : stop;
    scanned_ = begin_;
    offset_ += begin_ - static_cast<std::size_t>(line.text.data() - buffer_.data());
    if (line.number == 1 && line.text.starts_with("\xEF\xBB\xBF")) {
      line.text.remove_prefix(3);
      line.offset += 3;
    }
    if (line.text.ends_with('\r')) line.text.remove_suffix(1);
    return std::optional(line);
  }
}

}  // namespace stream
