#include "stream/io/file_copier.hpp"

#include <condition_variable>
#include <mutex>
#include <thread>

namespace stream {

namespace {
/// Less than this is not worth waking up for.
constexpr std::uint64_t kStep = std::uint64_t{8} << 20;
}  // namespace

struct FileCopier::Impl {
  Impl(ByteSink& output, const FilePosition& start)
      : sink(output), from(start), allowed(start.offset), thread([this] { run(); }) {}

  void run() {
    std::unique_lock lock(mutex);
    for (;;) {
      wake.wait(lock, [this] { return allowed >= from.offset + kStep || ending; });
      if (allowed == from.offset || !status) return;
      const std::uint64_t size = allowed - from.offset;
      lock.unlock();
      auto copied = sink.copy_from(from, size);
      lock.lock();
      from.offset += size;
      if (!copied) {
        status = fail(std::move(copied).error());
      } else if (!*copied) {
        status = fail({ErrorCode::io, "cannot copy from the input any longer", {sink.name()}, {}, 0});
      }
      if (!status) return;
    }
  }

  ByteSink& sink;
  FilePosition from;
  std::uint64_t allowed;
  Status status{};
  bool ending = false;
  std::mutex mutex;
  std::condition_variable wake;
  std::thread thread;  // last: it starts when everything else is there
};

FileCopier::FileCopier(ByteSink& sink, const FilePosition& from) : impl_(std::make_unique<Impl>(sink, from)) {}

FileCopier::~FileCopier() { (void)finish(); }

Status FileCopier::allow(std::uint64_t offset) {
  const std::lock_guard lock(impl_->mutex);
  if (!impl_->status) return impl_->status;
  impl_->allowed = offset;
  if (offset >= impl_->from.offset + kStep) impl_->wake.notify_one();
  return {};
}

Status FileCopier::finish() {
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->ending = true;
    impl_->wake.notify_one();
  }
  if (impl_->thread.joinable()) impl_->thread.join();
  return impl_->status;
}

}  // namespace stream
