#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>

#include "stream/text/timestamp.hpp"

namespace tools::streamdiff_tool {

/// Waits for what arrives in a pipe, until a time is over or somebody presses Ctrl-C.
class Waiting {
 public:
  explicit Waiting(std::optional<stream::Nanos> timeout);
  Waiting(const Waiting&) = delete;
  Waiting& operator=(const Waiting&) = delete;
  ~Waiting();

  /// Whether there is something to be read, or the end; false if nothing more is waited for. See InputOptions::wait.
  bool wait(int descriptor);
  /// Since this was made.
  stream::Nanos now() const;
  /// Ends the waiting. Async-signal-safe.
  void stop() noexcept;
  /// Why no more was waited for: "--timeout", "interrupted"; empty if it was not so.
  const std::string& gave_up() const { return gave_up_; }

 private:
  using Clock = std::chrono::steady_clock;
  Clock::time_point begin_ = Clock::now();
  std::optional<Clock::time_point> deadline_;
  int wake_ = -1;  ///< an eventfd
  std::string gave_up_;
};

}  // namespace tools::streamdiff_tool
