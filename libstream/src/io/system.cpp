#include "system.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

namespace stream {
namespace {

static_assert(EAGAIN == EWOULDBLOCK);

/// Waits until the descriptor is ready, or has an error that the next call will report.
void wait_for(int descriptor, short events) {
  pollfd waiting{descriptor, events, 0};
  ::poll(&waiting, 1, -1);
}

}  // namespace

Error system_error(int number, std::string_view action, std::string name) {
  // system_category() rather than strerror(): it may be called from several threads.
  return {
      ErrorCode::io, fmt::format("cannot {}: {}", action, std::system_category().message(number)), {std::move(name)}, {}, number};
}

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
  if (this != &other) {
    close();
    value_ = other.release();
  }
  return *this;
}

Descriptor::~Descriptor() { close(); }

int Descriptor::release() { return std::exchange(value_, -1); }

int Descriptor::close() {
  if (value_ < 0) return 0;
  // Linux has closed the descriptor even where close() says EINTR; to try again could close another thread's.
  return ::close(release()) == 0 || errno == EINTR ? 0 : errno;
}

Result<std::size_t> read_some(int descriptor, std::span<char> buffer, const std::string& name) {
  for (;;) {
    const ssize_t count = ::read(descriptor, buffer.data(), buffer.size());
    if (count >= 0) return static_cast<std::size_t>(count);
    if (errno == EAGAIN) {
      wait_for(descriptor, POLLIN);
    } else if (errno != EINTR) {
      return fail(system_error(errno, "read", name));
    }
  }
}

Status write_all(int descriptor, std::span<iovec> parts, const std::string& name) {
  for (;;) {
    while (!parts.empty() && parts.front().iov_len == 0) parts = parts.subspan(1);
    if (parts.empty()) return {};
    const ssize_t count = ::writev(descriptor, parts.data(), static_cast<int>(parts.size()));
    if (count < 0) {
      if (errno == EAGAIN) {
        wait_for(descriptor, POLLOUT);
      } else if (errno != EINTR) {
        return fail(system_error(errno, "write", name));
      }
      continue;
    }
    auto done = static_cast<std::size_t>(count);
    for (iovec& part : parts) {
      const std::size_t taken = done < part.iov_len ? done : part.iov_len;
      part.iov_base = static_cast<char*>(part.iov_base) + taken;
      part.iov_len -= taken;
      done -= taken;
    }
  }
}

}  // namespace stream
