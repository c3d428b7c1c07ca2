#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "capture/batch.hpp"
#include "capture/captured.hpp"
#include "capture/redactor.hpp"

namespace har::capture {

/// The thread on which everything but the copying happens: secrets, text, files. Batches come in order.
class Writer {
 public:
  /// `options` outlive it.
  Writer(const RecorderOptions& options, std::vector<std::unique_ptr<Output>> outputs);
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;
  ~Writer() { stop(); }

  /// Takes what is in the batch, which is empty then.
  void hand_over(Batch& batch);
  /// Whether there is room for more; does not wait.
  bool has_room(std::size_t waiting) const { return queued_.load(std::memory_order_relaxed) + waiting < options_.max_queue; }
  /// Waits until there is, `max_lag` at most.
  bool wait_for_room();
  /// An event was not recorded.
  void dropped(std::uint64_t bytes);
  void rotate();
  /// What was handed over before is on the disk when `done` is called, on this thread.
  void flush(std::function<void()> done);
  /// Everything is written, the files are closed, and the thread has ended.
  void stop();
  void add_summary(Summary& summary) const;

 private:
  void run();
  void write(Batch& batch);
  void tell_dropped();

  const RecorderOptions& options_;
  std::vector<std::unique_ptr<Output>> outputs_;
  struct All final : Consumer {
    explicit All(std::vector<std::unique_ptr<Output>>& outputs) : outputs_(outputs) {}
    void take(const Captured& captured) override {
      for (const auto& output : outputs_) output->take(captured);
    }
    std::vector<std::unique_ptr<Output>>& outputs_;
  } all_;
  std::unique_ptr<Redactor> redactor_;

  mutable std::mutex mutex_;
  std::condition_variable more_;
  std::condition_variable room_;
  std::deque<Batch> queue_;
  std::vector<Batch> spare_;
  std::size_t spare_bytes_ = 0;
  bool waiting_ = false;  ///< the thread sleeps, and wants to be woken
  bool rotate_ = false;
  std::vector<std::function<void()>> flushes_;  ///< who waits for what is in the queue
  bool stop_ = false;
  std::vector<OutputSummary> summaries_;
  std::atomic<std::size_t> queued_{0};
  std::atomic<std::uint64_t> dropped_{0};
  std::atomic<std::uint64_t> dropped_bytes_{0};
  std::uint64_t told_ = 0;
  stream::Nanos told_at_{};
  std::thread thread_;
};

}  // namespace har::capture
