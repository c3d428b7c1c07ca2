#include "harproxy/signals.hpp"

#include <pthread.h>

#include <array>
#include <atomic>
#include <cerrno>

namespace tools::harproxy {
namespace {

constexpr std::array<int, 4> kSignals{SIGINT, SIGTERM, SIGHUP, SIGUSR1};

std::atomic<stream::proxy::Proxy*> running{nullptr};
std::atomic<pid_t> child{0};
std::atomic<bool> draining{false};
// Read in a signal handler.
static_assert(std::atomic<stream::proxy::Proxy*>::is_always_lock_free && std::atomic<pid_t>::is_always_lock_free);

void on_signal(int number, siginfo_t* from, void*) {
  const int before = errno;
  stream::proxy::Proxy* const proxy = running.load();
  const pid_t other = child.load();
  if (proxy == nullptr) return;
  if (number == SIGUSR1) {
    proxy->notify(static_cast<int>(Notify::rotate));
  } else if (other != 0) {
    // The terminal sends its own to all processes of the foreground.
    if (from->si_code != SI_KERNEL) ::kill(other, number);
  } else if (!draining.exchange(true)) {
    proxy->notify(static_cast<int>(Notify::drain));
  } else {
    proxy->stop();
  }
  errno = before;
}

}  // namespace

ProxySignals::ProxySignals(stream::proxy::Proxy& proxy) {
  draining = false;
  child = 0;
  running = &proxy;
  for (const int number : kSignals) {
    struct sigaction before {};
    sigaction(number, nullptr, &before);
    if (number == SIGHUP && before.sa_handler == SIG_IGN) continue;  // nohup: it is to outlive the terminal
    struct sigaction action {};
    action.sa_sigaction = on_signal;
    action.sa_flags = SA_SIGINFO;
    sigemptyset(&action.sa_mask);
    sigaction(number, &action, nullptr);
  }
}

ProxySignals::~ProxySignals() {
  for (const int number : kSignals) std::signal(number, SIG_IGN);  // what is left to do is short
  running = nullptr;
}

void ProxySignals::send_to(pid_t process) { child = process; }

SignalsHeld::SignalsHeld() {
  sigset_t held;
  sigemptyset(&held);
  for (const int number : kSignals) sigaddset(&held, number);
  pthread_sigmask(SIG_BLOCK, &held, &before_);
}

SignalsHeld::~SignalsHeld() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

}  // namespace tools::harproxy
