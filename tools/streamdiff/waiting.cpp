#include "streamdiff/waiting.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>

namespace tools::streamdiff_tool {

Waiting::Waiting(std::optional<stream::Nanos> timeout) : wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (timeout) deadline_ = begin_ + *timeout;
}

Waiting::~Waiting() {
  if (wake_ >= 0) ::close(wake_);
}

bool Waiting::wait(int descriptor) {
  while (gave_up_.empty()) {
    int milliseconds = -1;
    if (deadline_) {
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(*deadline_ - Clock::now()).count();
      milliseconds = static_cast<int>(std::clamp<std::int64_t>(left, 0, 3'600'000));
    }
    std::array<pollfd, 2> both{pollfd{descriptor, POLLIN, 0}, pollfd{wake_, POLLIN, 0}};
    const int ready = ::poll(both.data(), both.size(), milliseconds);
    if (ready < 0 && errno != EINTR) return true;  // the read will say what is wrong
    if (ready > 0 && (both[1].revents & POLLIN) != 0) {
      gave_up_ = "interrupted";
    } else if (ready > 0 && both[0].revents != 0) {
      return true;
    } else if (deadline_ && Clock::now() >= *deadline_) {
      gave_up_ = "--timeout";
    }
  }
  return false;
}

stream::Nanos Waiting::now() const { return std::chrono::duration_cast<stream::Nanos>(Clock::now() - begin_); }

void Waiting::stop() noexcept {
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto written = ::write(wake_, &one, sizeof one);
}

}  // namespace tools::streamdiff_tool
