#include "capture/writer.hpp"

#include <fmt/format.h>

#include <utility>

#include "capture/quiet_thread.hpp"

namespace har::capture {
namespace {

using stream::Nanos;

/// While there is traffic the thread looks for it this often, and nobody needs to wake it.
constexpr std::chrono::milliseconds kLinger{1};
/// How often it looks after commits, rotation and disks that were full, without traffic.
constexpr std::chrono::milliseconds kTick{50};
constexpr std::size_t kSpare = std::size_t{3} << 20;  ///< bytes of batches that are kept to be used again
constexpr Nanos kTell = std::chrono::seconds(1);

}  // namespace

Writer::Writer(const RecorderOptions& options, std::vector<std::unique_ptr<Output>> outputs)
    : options_(options), outputs_(std::move(outputs)), all_(outputs_) {
  if (options.redaction) redactor_ = std::make_unique<Redactor>(*options.redaction, all_);
  for (const auto& output : outputs_) summaries_.push_back(output->summary());
  thread_ = quiet_thread([this] { run(); });
}

void Writer::hand_over(Batch& batch) {
  if (batch.empty()) return;
  bool wake = false;
  {
    const std::lock_guard lock(mutex_);
    queued_.fetch_add(batch.size(), std::memory_order_relaxed);
    if (!queue_.empty() && queue_.back().size() + batch.size() <= kBatchSize) {
      queue_.back().append(batch);  // many small ones, while the thread does something else
      batch.clear();
    } else {
      queue_.push_back(std::move(batch));
      batch = Batch();
      if (!spare_.empty()) {
        batch = std::move(spare_.back());
        spare_.pop_back();
        spare_bytes_ -= batch.capacity();
      }
    }
    wake = std::exchange(waiting_, false);
  }
  if (wake) more_.notify_one();
  if (batch.capacity() < kBatchRoom) batch.reserve(kBatchRoom);
}

bool Writer::wait_for_room() {
  if (has_room(0)) return true;
  if (options_.max_lag.count() <= 0) return false;
  std::unique_lock lock(mutex_);
  return room_.wait_for(lock, options_.max_lag, [&] { return has_room(0); });
}

void Writer::dropped(std::uint64_t bytes) {
  dropped_.fetch_add(1, std::memory_order_relaxed);
  dropped_bytes_.fetch_add(bytes, std::memory_order_relaxed);
}

void Writer::rotate() {
  const std::lock_guard lock(mutex_);
  rotate_ = true;
  more_.notify_one();
}

void Writer::flush(std::function<void()> done) {
  const std::lock_guard lock(mutex_);
  flushes_.push_back(std::move(done));
  more_.notify_one();
}

void Writer::write(Batch& batch) {
  const std::size_t size = batch.size();
  Consumer* const first = redactor_ ? static_cast<Consumer*>(redactor_.get()) : &all_;
  batch.replay(*first);
  batch.clear();
  const std::lock_guard lock(mutex_);
  queued_.fetch_sub(size, std::memory_order_relaxed);
  if (spare_bytes_ + batch.capacity() <= kSpare) {
    spare_bytes_ += batch.capacity();
    spare_.push_back(std::move(batch));
  }
  room_.notify_one();
}

void Writer::tell_dropped() {
  const std::uint64_t dropped = dropped_.load(std::memory_order_relaxed);
  if (dropped == told_ || !options_.report) return;
  options_.report({Notice::Kind::dropped, fmt::format("{} events were not recorded, since the disk does not keep up ({} so far)",
                                                      dropped - told_, dropped)});
  told_ = dropped;
}

void Writer::run() {
  std::deque<Batch> work;
  std::vector<std::function<void()>> flushes;
  const auto asked = [this] { return stop_ || rotate_ || !flushes_.empty(); };
  for (;;) {
    bool rotate = false;
    bool stop = false;
    bool busy = false;
    {
      std::unique_lock lock(mutex_);
      if (queue_.empty() && !asked()) {
        waiting_ = true;
        more_.wait_for(lock, kTick, [&] { return !queue_.empty() || asked(); });
        waiting_ = false;
      }
      work.swap(queue_);
      flushes.swap(flushes_);
      rotate = std::exchange(rotate_, false);
      stop = stop_;
    }
    busy = !work.empty();
    const auto flush = [&] {
      const Nanos at = options_.clock ? options_.clock() : Nanos();
      for (const auto& output : outputs_) {
        if (rotate) output->rotate(at);
        output->flush(at);
      }
      rotate = false;
      return at;
    };
    for (Batch& batch : work) {
      write(batch);
      if (&batch != &work.back()) flush();  // nothing waits for all that has piled up
    }
    work.clear();
    const Nanos now = flush();
    for (const auto& output : outputs_) {
      if (!flushes.empty()) output->sync_now(now);
    }
    if (now - told_at_ >= kTell) {
      told_at_ = now;
      tell_dropped();
    }
    {
      const std::lock_guard lock(mutex_);
      for (std::size_t i = 0; i < outputs_.size(); ++i) summaries_[i] = outputs_[i]->summary();
    }
    for (const auto& done : flushes) done();
    flushes.clear();
    if (stop) {
      const std::lock_guard lock(mutex_);
      if (queue_.empty()) return;
      continue;
    }
    if (busy) {
      std::unique_lock lock(mutex_);
      more_.wait_for(lock, kLinger, asked);
    }
  }
}

void Writer::stop() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  more_.notify_one();
  thread_.join();
  if (redactor_) redactor_->finish();
  const Nanos now = options_.clock ? options_.clock() : Nanos();
  for (std::size_t i = 0; i < outputs_.size(); ++i) {
    outputs_[i]->finish(now);
    summaries_[i] = outputs_[i]->summary();
  }
  tell_dropped();
}

void Writer::add_summary(Summary& summary) const {
  summary.dropped = dropped_.load(std::memory_order_relaxed);
  summary.dropped_bytes = dropped_bytes_.load(std::memory_order_relaxed);
  const std::lock_guard lock(mutex_);
  summary.outputs = summaries_;
}

}  // namespace har::capture
