#include "capture/syncer.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "capture/quiet_thread.hpp"

namespace har::capture {

Syncer::Syncer() {
  thread_ = quiet_thread([this] { run(); });
}

Syncer::~Syncer() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  work_.notify_one();
  thread_.join();
}

bool Syncer::begin(int descriptor) {
  const std::lock_guard lock(mutex_);
  if (descriptor_ >= 0) return false;
  descriptor_ = ::fcntl(descriptor, F_DUPFD_CLOEXEC, 0);
  if (descriptor_ < 0) return false;
  work_.notify_one();
  return true;
}

int Syncer::take_failure() {
  const std::lock_guard lock(mutex_);
  return std::exchange(failure_, 0);
}

void Syncer::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    work_.wait(lock, [this] { return stop_ || descriptor_ >= 0; });
    if (descriptor_ < 0) return;
    const int descriptor = descriptor_;
    lock.unlock();
    const int failure = ::fdatasync(descriptor) != 0 && errno != EINVAL ? errno : 0;
    ::close(descriptor);
    lock.lock();
    descriptor_ = -1;
    if (failure != 0) failure_ = failure;
  }
}

}  // namespace har::capture
