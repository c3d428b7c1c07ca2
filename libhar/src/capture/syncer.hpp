#pragma once

#include <condition_variable>
#include <mutex>
#include <thread>

namespace har::capture {

/// Brings what was written to a file to the disk, on a thread of its own: where much was written that takes seconds, and whoever
/// writes should not wait for it.
class Syncer {
 public:
  Syncer();
  Syncer(const Syncer&) = delete;
  Syncer& operator=(const Syncer&) = delete;
  ~Syncer();

  /// Begins with what was written so far; the descriptor may be closed meanwhile. False: the last one is not over yet.
  bool begin(int descriptor);
  /// The error number of one that has failed, once; 0: none has.
  int take_failure();

 private:
  void run();

  std::mutex mutex_;
  std::condition_variable work_;
  int descriptor_ = -1;  ///< our own; -1: there is nothing to do
  int failure_ = 0;
  bool stop_ = false;
  std::thread thread_;
};

}  // namespace har::capture
