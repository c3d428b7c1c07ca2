#pragma once

#include <pthread.h>

#include <csignal>
#include <thread>
#include <utility>

namespace har::capture {

/// A thread that no signal is delivered to: they are the relay's business.
template <class Work>
std::thread quiet_thread(Work work) {
  sigset_t all;
  sigset_t before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  std::thread thread(std::move(work));
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return thread;
}

}  // namespace har::capture
