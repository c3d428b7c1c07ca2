#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "har/entry_reader.hpp"
#include "pass/entry_file.hpp"
#include "stream/io/limits.hpp"

/// A HAR's array of entries read in parts, by several threads at once. Where a part begins is guessed: each part begins where an
/// entry seems to end. A part that is given out as good is proof that if its begin is the end of an entry, so is its end; the
/// first begins behind an entry that was read, and they are taken in order.
namespace har::pass {

struct Part {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
};

/// Finds where parts may end. The guess is a member that every entry has: the object that it stands in is one.
class PartCutter {
 public:
  /// `from`: behind an entry.
  PartCutter(const EntryFile& file, std::uint64_t from, std::size_t part_size)
      : file_(file), at_(from), part_size_(part_size), most_(8 * part_size) {}

  /// None: no end can be guessed before the part would be eight times as large as it should, or the file ends.
  std::optional<Part> next();

 private:
  bool read_on();
  std::optional<std::uint64_t> guess(std::uint64_t from);

  const EntryFile& file_;
  std::uint64_t at_;
  std::size_t part_size_;
  std::size_t most_;
  std::vector<char> window_{};  ///< what was read of the file from the place on where a guess is looked for
  std::size_t filled_ = 0;
  std::uint64_t window_at_ = 0;
};

/// A part's entries, and the memory that they stand in.
class PartText {
 public:
  /// Reads and checks what EntryReader checks. False: it is no run of whole entries with nothing wrong about them; then
  /// whoever wants to know why reads it in order.
  bool read(const EntryFile& file, const Part& part, const stream::Limits& limits);
  /// Numbered from 0 in each part.
  const std::vector<EntrySlice>& entries() const { return entries_; }
  std::string_view text() const { return text_; }

 private:
  bool slice(std::uint64_t offset, const stream::Limits& limits);

  std::unique_ptr<char[]> buffer_;
  std::size_t capacity_ = 0;
  std::vector<std::size_t> ends_;
  std::vector<EntrySlice> entries_;
  std::string_view text_;
};

/// Reads parts, works on them with several threads, of which the caller's is one, and has the results taken in order by whichever
/// thread is free, one at a time. Ends behind the last part that is good, before the first that is not.
template <class Out>
class PartWork {
 public:
  /// False, of either: the part is not good.
  using Work = std::function<bool(const PartText&, Out&)>;
  using Take = std::function<stream::Result<bool>(const Part&, Out&)>;

  PartWork(const EntryFile& file, PartCutter& cutter, const stream::Limits& limits, Work work, Take take)
      : file_(file), cutter_(cutter), limits_(limits), work_(std::move(work)), take_(std::move(take)) {}

  /// With so many threads beside the caller's. The error of `take`.
  stream::Status run(unsigned threads) {
    limit_ = 4 * (threads + 1);
    std::vector<std::thread> others;
    for (unsigned i = 0; i < threads; ++i) others.emplace_back([this] { loop(); });
    loop();
    for (std::thread& other : others) other.join();
    return std::move(status_);
  }

 private:
  struct Job {
    Part part{};
    Out out{};
    bool done = false;
    bool good = false;
  };

  void loop() {
    PartText text;
    std::unique_lock lock(mutex_);
    for (;;) {
      if (!taking_ && !jobs_.empty() && jobs_.front()->done) {
        take_done(lock);
      } else if (!over_ && jobs_.size() < limit_) {
        const auto part = cutter_.next();
        if (!part) {
          over_ = true;
          changed_.notify_all();
          continue;
        }
        jobs_.push_back(free_.empty() ? std::make_unique<Job>() : std::move(free_.back()));
        if (!free_.empty()) free_.pop_back();
        Job& job = *jobs_.back();
        job.part = *part;
        job.done = false;
        lock.unlock();
        const bool good = text.read(file_, job.part, limits_) && work_(text, job.out);
        lock.lock();
        job.good = good;
        job.done = true;
        if (taking_ || jobs_.front().get() != &job) continue;
      } else if (over_ && jobs_.empty()) {
        return;
      } else {
        changed_.wait(lock);
      }
    }
  }

  void take_done(std::unique_lock<std::mutex>& lock) {
    taking_ = true;
    while (!jobs_.empty() && jobs_.front()->done) {
      Job& job = *jobs_.front();
      if (failed_ || !job.good) {
        failed_ = over_ = true;
      } else {
        lock.unlock();
        auto taken = take_(job.part, job.out);
        lock.lock();
        if (!taken) status_ = stream::fail(std::move(taken).error());
        if (!taken || !*taken) failed_ = over_ = true;
      }
      free_.push_back(std::move(jobs_.front()));
      jobs_.pop_front();
    }
    taking_ = false;
    changed_.notify_all();
  }

  const EntryFile& file_;
  PartCutter& cutter_;
  const stream::Limits limits_;
  const Work work_;
  const Take take_;
  std::size_t limit_ = 0;
  std::mutex mutex_;
  std::condition_variable changed_;        ///< there is room, or it is over
  std::deque<std::unique_ptr<Job>> jobs_;  ///< in order, from begun to taken
  std::vector<std::unique_ptr<Job>> free_;
  bool taking_ = false;
  bool over_ = false;    ///< no further part is begun
  bool failed_ = false;  ///< nothing further is taken
  stream::Status status_{};
};

}  // namespace har::pass
