#pragma once

#include <sys/types.h>

#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "stream/io/error.hpp"

namespace tools::harproxy {

/// What a shell says of a command that is not there, and of one that cannot be run.
inline constexpr int kNotFound = 127;
inline constexpr int kNotRunnable = 126;

/// A program that runs beside us.
class Child {
 public:
  /// Starts it, found as a shell finds it, with our environment and these variables. `ended` is called on another thread. Errors:
  /// `io` with the number of the system's error.
  static stream::Result<std::unique_ptr<Child>> start(const std::vector<std::string>& command,
                                                      const std::vector<std::pair<std::string, std::string>>& variables,
                                                      std::function<void()> ended);
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  /// Waits for it.
  ~Child();

  /// Waits for its end. Its exit status, or 128 and the number of the signal that ended it.
  int wait();
  /// Asks it to end.
  void terminate() const;

 private:
  explicit Child(pid_t process) : process_(process) {}

  const pid_t process_;
  int status_ = 0;
  std::thread thread_;
};

}  // namespace tools::harproxy
