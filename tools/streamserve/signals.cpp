#include "streamserve/signals.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>

namespace tools::streamserve {
namespace {

std::atomic<stream::net::Server*> running{nullptr};
std::atomic<bool> draining{false};
static_assert(std::atomic<stream::net::Server*>::is_always_lock_free);  // read in a signal handler

void on_signal(int number) {
  stream::net::Server* const server = running.load();
  if (server == nullptr) return;
  if (number == SIGHUP) return server->notify(static_cast<int>(Notice::reload));
  if (number == SIGTERM && !draining.exchange(true)) return server->notify(static_cast<int>(Notice::drain));
  server->stop();
}

void set(void (*handler)(int)) {
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) {
    struct sigaction action {};
    action.sa_handler = handler;
    sigemptyset(&action.sa_mask);
    sigaction(number, &action, nullptr);
  }
}

bool has_terminal() {
  const int before = errno;
  const int terminal = ::open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
  if (terminal >= 0) ::close(terminal);
  errno = before;
  return terminal >= 0;
}

}  // namespace

ServerSignals::ServerSignals(stream::net::Server& server) : had_terminal_(has_terminal()) {
  struct sigaction before {};
  sigaction(SIGHUP, nullptr, &before);
  if (before.sa_handler == SIG_IGN) had_terminal_ = false;  // nohup: it is to outlive the terminal
  draining = false;
  running = &server;
  set(on_signal);
}

ServerSignals::~ServerSignals() {
  set(SIG_IGN);  // what is left to do is short
  running = nullptr;
}

bool ServerSignals::terminal_gone() const { return had_terminal_ && !has_terminal(); }

}  // namespace tools::streamserve
