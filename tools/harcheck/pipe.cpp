#include "harcheck/pipe.hpp"

#include <algorithm>
#include <cstring>
#include <span>
#include <utility>

namespace tools::harcheck {

using stream::Result;
using stream::Status;

void Pipe::write(std::string_view bytes) {
  while (!bytes.empty()) {
    std::unique_lock lock(mutex_);
    writable_.wait(lock, [&] { return left_ || bytes_.size() - at_ < kCapacity; });
    if (left_) return;
    bytes_.erase(0, std::exchange(at_, 0));
    const std::string_view piece = bytes.substr(0, kCapacity);
    bytes_ += piece;
    bytes.remove_prefix(piece.size());
    readable_.notify_one();
  }
}

void Pipe::close() {
  const std::lock_guard lock(mutex_);
  closed_ = true;
  readable_.notify_one();
}

std::size_t Pipe::read(std::span<char> buffer) {
  std::unique_lock lock(mutex_);
  readable_.wait(lock, [&] { return closed_ || at_ < bytes_.size(); });
  const std::size_t count = std::min(buffer.size(), bytes_.size() - at_);
  std::memcpy(buffer.data(), bytes_.data() + at_, count);
  at_ += count;
  writable_.notify_one();
  return count;
}

void Pipe::leave() {
  const std::lock_guard lock(mutex_);
  left_ = true;
  writable_.notify_one();
}

namespace {

class PipeSource final : public stream::ByteSource {
 public:
  PipeSource(Pipe& pipe, std::string name) : pipe_(pipe), name_(std::move(name)) {}

  Result<std::size_t> read(std::span<char> buffer) override { return pipe_.read(buffer); }
  const std::string& name() const override { return name_; }

 private:
  Pipe& pipe_;
  std::string name_;
};

class TeeSink final : public stream::ByteSink {
 public:
  TeeSink(Pipe& pipe, stream::ByteSink* other, std::string name) : pipe_(pipe), other_(other), name_(std::move(name)) {}

  Status write(std::string_view bytes) override {
    pipe_.write(bytes);
    return other_ != nullptr ? other_->write(bytes) : Status();
  }
  Status flush() override { return other_ != nullptr ? other_->flush() : Status(); }
  Status finish() override { return {}; }
  const std::string& name() const override { return name_; }

 private:
  Pipe& pipe_;
  stream::ByteSink* other_;
  std::string name_;
};

}  // namespace

std::unique_ptr<stream::ByteSource> pipe_source(Pipe& pipe, std::string name) {
  return std::make_unique<PipeSource>(pipe, std::move(name));
}

std::unique_ptr<stream::ByteSink> tee_sink(Pipe& pipe, stream::ByteSink* other, std::string name) {
  return std::make_unique<TeeSink>(pipe, other, std::move(name));
}

}  // namespace tools::harcheck
