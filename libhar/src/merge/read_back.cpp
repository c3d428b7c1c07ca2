#include "merge/read_back.hpp"

#include <algorithm>
#include <cstring>

#include "har/exchange.hpp"

namespace har::merging {

using stream::Result;
using stream::Status;

Result<EntryChecksum> checksum_of(const Format& format, stream::ByteSource& source, const ReadOptions& options) {
  const auto reader = format.open_reader(source, options);
  EntryChecksum sum;
  for (;;) {
    STREAM_ASSIGN(const auto item, reader->next());
    if (!item) return sum;
    sum += entry_checksum(item->exchange ? to_json(to_entry(*item->exchange)) : item->text);
  }
}

/// What was written, as a source. Reads wait.
class ReadBackSink::Source final : public stream::ByteSource {
 public:
  explicit Source(ReadBackSink& sink) : sink_(sink) {}

  Result<std::size_t> read(std::span<char> buffer) override {
    if (at_ == piece_.size()) {
      std::unique_lock lock(sink_.mutex_);
      sink_.changed_.wait(lock, [this] { return !sink_.pieces_.empty() || sink_.ended_; });
      if (sink_.pieces_.empty()) return std::size_t{0};
      piece_ = std::move(sink_.pieces_.front());
      sink_.pieces_.pop_front();
      sink_.waiting_ -= piece_.size();
      at_ = 0;
      sink_.changed_.notify_all();
    }
    const std::size_t count = std::min(buffer.size(), piece_.size() - at_);
    std::memcpy(buffer.data(), piece_.data() + at_, count);
    at_ += count;
    return count;
  }
  const std::string& name() const override { return sink_.name(); }

 private:
  ReadBackSink& sink_;
  std::string piece_;
  std::size_t at_ = 0;
};

ReadBackSink::ReadBackSink(std::unique_ptr<stream::ByteSink> sink, const Format& format, const ReadOptions& options)
    : sink_(std::move(sink)) {
  thread_ = std::thread([this, &format, options] {
    Source source(*this);
    auto result = checksum_of(format, source, options);
    const std::lock_guard lock(mutex_);
    result_ = std::move(result);
    gone_ = true;
    pieces_.clear();
    changed_.notify_all();
  });
}

ReadBackSink::~ReadBackSink() { end(); }

void ReadBackSink::end() {
  {
    const std::lock_guard lock(mutex_);
    ended_ = true;
    changed_.notify_all();
  }
  if (thread_.joinable()) thread_.join();
}

Status ReadBackSink::write(std::string_view bytes) {
  STREAM_TRY(sink_->write(bytes));
  if (bytes.empty()) return {};
  constexpr std::size_t kMost = std::size_t{1} << 20;
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return waiting_ < kMost || gone_; });
  if (gone_) return {};
  pieces_.emplace_back(bytes);
  waiting_ += bytes.size();
  changed_.notify_all();
  return {};
}

Result<EntryChecksum> ReadBackSink::checksum() {
  end();
  return result_;
}

}  // namespace har::merging
