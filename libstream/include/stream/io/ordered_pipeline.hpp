#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "stream/io/error.hpp"

namespace stream {

/// Work on pieces of a stream by several threads, with the results in the order of the pieces: one thread (the caller's)
/// pushes pieces, `threads` others work on them, and one more consumes them, one after another.
///
/// Memory is bounded: push() waits while `threads` + 2 pieces are on their way. Pieces that were consumed come back by
/// recycle(), so that their memory, and that of the results they carry, is used again.
template <class Piece>
class OrderedPipeline {
 public:
  /// `work` is called on several threads at once; `consume` on one, in order. After `consume` has failed nothing more is
  /// consumed, and push() and finish() return its error.
  OrderedPipeline(unsigned threads, std::function<void(Piece&)> work, std::function<Status(Piece&)> consume)
      : limit_(threads + 2), work_(std::move(work)), consume_(std::move(consume)) {
    for (unsigned i = 0; i < threads; ++i) threads_.emplace_back([this] { run(); });
    threads_.emplace_back([this] { drain(); });
  }
  OrderedPipeline(const OrderedPipeline&) = delete;
  OrderedPipeline& operator=(const OrderedPipeline&) = delete;
  ~OrderedPipeline() { (void)finish(); }

  Status push(Piece piece) {
    std::unique_lock lock(mutex_);
    room_.wait(lock, [this] { return jobs_.size() < limit_ || !status_; });
    if (!status_) return status_;
    jobs_.push_back(std::make_unique<Job>(std::move(piece)));
    waiting_.push_back(jobs_.back().get());
    work_to_do_.notify_one();
    return {};
  }

  /// A piece that was consumed, to be filled again.
  std::optional<Piece> recycle() {
    const std::lock_guard lock(mutex_);
    if (free_.empty()) return std::nullopt;
    std::optional<Piece> piece(std::move(free_.back()));
    free_.pop_back();
    return piece;
  }

  /// Waits until everything is consumed; ends the threads.
  Status finish() {
    {
      const std::lock_guard lock(mutex_);
      ending_ = true;
      work_to_do_.notify_all();
      first_done_.notify_all();
    }
    for (std::thread& thread : threads_) {
      if (thread.joinable()) thread.join();
    }
    return status_;
  }

 private:
  struct Job {
    explicit Job(Piece from) : piece(std::move(from)) {}
    Piece piece;
    bool done = false;
  };

  void run() {
    std::unique_lock lock(mutex_);
    for (;;) {
      work_to_do_.wait(lock, [this] { return !waiting_.empty() || ending_; });
      if (waiting_.empty()) return;
      Job* const job = waiting_.front();
      waiting_.pop_front();
      lock.unlock();
      work_(job->piece);
      lock.lock();
      job->done = true;
      if (jobs_.front() == nullptr || jobs_.front().get() == job) first_done_.notify_one();
    }
  }

  void drain() {
    std::unique_lock lock(mutex_);
    for (;;) {
      first_done_.wait(lock, [this] { return (!jobs_.empty() && jobs_.front()->done) || (ending_ && jobs_.empty()); });
      if (jobs_.empty()) return;
      const std::unique_ptr<Job> job = std::move(jobs_.front());
      lock.unlock();
      Status status;
      if (status_) status = consume_(job->piece);  // only this thread writes status_
      lock.lock();
      jobs_.pop_front();  // only now: a piece counts until it is consumed
      if (!status) status_ = std::move(status);
      if (free_.size() < limit_) free_.push_back(std::move(job->piece));
      room_.notify_one();
    }
  }

  std::size_t limit_;
  std::function<void(Piece&)> work_;
  std::function<Status(Piece&)> consume_;
  std::mutex mutex_;
  std::condition_variable room_;           ///< for push(): a piece was consumed
  std::condition_variable work_to_do_;     ///< for the workers: a piece was pushed
  std::condition_variable first_done_;     ///< for the consumer: the first piece is done
  std::deque<std::unique_ptr<Job>> jobs_;  ///< in order, from pushed to consumed
  std::deque<Job*> waiting_;               ///< not yet taken by a worker
  std::vector<Piece> free_;
  Status status_{};
  bool ending_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace stream
