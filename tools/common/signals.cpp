#include "common/signals.hpp"

#include <utility>

namespace tools {
namespace {

std::function<void()> stop_now;  // read by the handler, which is only set while there is one

void on_signal(int) { stop_now(); }

void set(void (*handler)(int), int flags) {
  for (const int number : {SIGINT, SIGTERM}) {
    struct sigaction action {};
    action.sa_handler = handler;
    action.sa_flags = flags;
    sigemptyset(&action.sa_mask);
    sigaction(number, &action, nullptr);
  }
}

}  // namespace

StopOnSignals::StopOnSignals(std::function<void()> stop) {
  stop_now = std::move(stop);
  // Should a stop ever take long, another Ctrl-C does what it does everywhere.
  set(on_signal, static_cast<int>(SA_RESETHAND));
}

StopOnSignals::~StopOnSignals() { set(SIG_IGN, 0); }  // what is left to do is short

void default_signals() { set(SIG_DFL, 0); }

}  // namespace tools
