#include "harproxy/console.hpp"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace tools::harproxy {
namespace {

constexpr unsigned kShown = 3;             ///< times that the same is said of a host
constexpr std::size_t kRemembered = 1000;  ///< hosts

void write(std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stderr);
  std::fflush(stderr);
}

/// The columns of the terminal; a line that is longer would not be taken away whole.
std::size_t columns() {
  winsize size{};
  return ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1 ? size.ws_col : 80;
}

}  // namespace

template <class Work>
void Console::say(const Work& work) {
  const std::lock_guard lock(mutex_);
  if (!line_.empty()) write("\r\x1b[K");
  work();
  if (!line_.empty()) write(line_);
}

void Console::warning(std::string_view text) {
  say([&] { messages_.warning(text); });
}
void Console::note(std::string_view text) {
  say([&] { notes_ == Notes::shown ? messages_.note(text) : messages_.verbose(text); });
}
void Console::hint(std::string_view text) {
  say([&] { messages_.hint(text); });
}
void Console::verbose(std::string_view text) {
  say([&] { messages_.verbose(text); });
}

void Console::line(std::string_view text) {
  const std::string shown(text.substr(0, columns() - 1));
  const std::lock_guard lock(mutex_);
  if (shown == line_) return;
  line_ = shown;
  write("\r\x1b[K" + line_);
}

void Console::end_line() {
  const std::lock_guard lock(mutex_);
  if (line_.empty()) return;
  line_.clear();
  write("\r\x1b[K");
}

void Console::notice(const har::capture::Notice& notice) {
  using Kind = har::capture::Notice::Kind;
  switch (notice.kind) {
    case Kind::trouble:
    case Kind::dropped:
    case Kind::left_out:
      return warning(notice.message);
    case Kind::recovered:
      return note(notice.message);
    case Kind::rotated:
      return note("the next file: " + notice.message);
  }
}

void Console::incident(const stream::proxy::Incident& incident) {
  const std::string place = incident.host.empty() ? incident.client : fmt::format("{} for {}", incident.client, incident.host);
  const std::string text = fmt::format("{}: {}", place, incident.what);
  if (incidents_.size() >= kRemembered) incidents_.clear();
  const unsigned times = ++incidents_[{incident.host.empty() ? incident.client : incident.host, incident.what}];
  if (times > kShown) return verbose(text);
  warning(times == kShown ? text + " (the same is not said again without -v)" : text);
  if (hinted_ || incident.what.find("certificate") == std::string::npos) return;
  hinted_ = true;
  hint("'harproxy ca' tells how programs are made to trust us; --tunnel HOST passes a host on unopened");
}

bool shows_progress(Progress progress, const Messages& messages) {
  if (messages.quiet || progress == Progress::never) return false;
  if (progress == Progress::always) return true;
  const char* const kind = std::getenv("TERM");
  return ::isatty(STDERR_FILENO) != 0 && kind != nullptr && std::string_view(kind) != "dumb";
}

}  // namespace tools::harproxy
