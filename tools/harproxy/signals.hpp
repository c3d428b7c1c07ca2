#pragma once

#include <sys/types.h>

#include <csignal>

#include "stream/proxy/proxy.hpp"

namespace tools::harproxy {

/// What signals ask for by Proxy::notify().
enum class Notify : int { drain = 0, rotate = 1 };

/// As long as this lives: the first of SIGINT, SIGTERM and SIGHUP asks for a drain, and the second stops; SIGUSR1 asks for a
/// rotation. There is one at a time.
class ProxySignals {
 public:
  explicit ProxySignals(stream::proxy::Proxy& proxy);
  ProxySignals(const ProxySignals&) = delete;
  ProxySignals& operator=(const ProxySignals&) = delete;
  ~ProxySignals();

  /// From now on those that end go to this process instead; 0: to us again, as if none had come. The one of Ctrl-C does not: the
  /// terminal has sent it to the other process, too.
  static void send_to(pid_t child);
};

/// None of those comes, on any thread that is made meanwhile.
class SignalsHeld {
 public:
  SignalsHeld();
  SignalsHeld(const SignalsHeld&) = delete;
  SignalsHeld& operator=(const SignalsHeld&) = delete;
  ~SignalsHeld();

 private:
  sigset_t before_{};
};

}  // namespace tools::harproxy
