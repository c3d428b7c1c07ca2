#pragma once

#include <csignal>
#include <functional>

namespace tools {

/// Ctrl-C and SIGTERM call `stop`, which must be async-signal-safe, as long as this lives; the second one ends the program. There
/// is one at a time.
class StopOnSignals {
 public:
  explicit StopOnSignals(std::function<void()> stop);
  StopOnSignals(const StopOnSignals&) = delete;
  StopOnSignals& operator=(const StopOnSignals&) = delete;
  ~StopOnSignals();
};

/// Gives Ctrl-C and SIGTERM back to the system.
void default_signals();

}  // namespace tools
