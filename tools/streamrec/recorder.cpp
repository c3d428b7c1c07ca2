#include "streamrec/recorder.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "common/tool.hpp"
#include "stream/record/writer.hpp"

namespace tools::streamrec {
namespace {

using stream::ErrorCode;
using stream::fail;
using stream::Status;

stream::Error system_error(int number, std::string_view action, const std::string& name) {
  stream::Error error{
      ErrorCode::io, fmt::format("cannot {}: {}", action, std::system_category().message(number)), {name}, {}, number};
  return error;
}

Status write_all(int descriptor, std::string_view bytes, const std::string& name) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
    if (written >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(written));
      continue;
    }
    if (errno == EAGAIN) {
      pollfd waiting{descriptor, POLLOUT, 0};
      ::poll(&waiting, 1, -1);
    } else if (errno != EINTR) {
      return fail(system_error(errno, "write", name));
    }
  }
  return {};
}

}  // namespace

stream::Result<std::unique_ptr<Recorder>> Recorder::open(const RecorderOptions& options) {
  if (options.path == "-") return std::unique_ptr<Recorder>(new Recorder(options, STDOUT_FILENO, false));
  constexpr int kFlags = O_WRONLY | O_APPEND | O_CLOEXEC;
  constexpr mode_t kMode = 0666;
  int descriptor = ::open(options.path.c_str(), kFlags | O_CREAT | O_EXCL, kMode);
  const bool created = descriptor >= 0;
  if (!created && errno == EEXIST) {
    struct stat status {};
    const bool regular = ::stat(options.path.c_str(), &status) != 0 || S_ISREG(status.st_mode);
    if (regular && !options.overwrite) {
      return fail({ErrorCode::exists, "the file exists", {options.path}, "use --overwrite to replace it"});
    }
    descriptor = ::open(options.path.c_str(), kFlags);
  }
  if (descriptor < 0) return fail(system_error(errno, "open", options.path));
  return std::unique_ptr<Recorder>(new Recorder(options, descriptor, created));
}

Recorder::Recorder(const RecorderOptions& options, int descriptor, bool created)
    : options_(options),
      name_(options.path == "-" ? "<stdout>" : options.path),
      descriptor_(descriptor),
      created_(created),
      start_(std::chrono::steady_clock::now()),
      wall_start_(std::chrono::time_point_cast<stream::Nanos>(std::chrono::system_clock::now())) {}

Recorder::~Recorder() {
  if (created_ && !begun_) ::unlink(options_.path.c_str());
  if (descriptor_ > STDERR_FILENO) ::close(descriptor_);
}

Status Recorder::write(stream::Event event, Moment moment) {
  line_.clear();
  if (!begun_) {
    // Only now is there something to put in the place of an older file.
    struct stat status {};
    if (!created_ && options_.path != "-" && ::fstat(descriptor_, &status) == 0 && S_ISREG(status.st_mode) &&
        ::ftruncate(descriptor_, 0) != 0) {
      return fail(system_error(errno, "write", name_));
    }
    begun_ = true;
    stream::write_event(line_,
                        stream::make_header(wall_start_, stream::Json::Object{{"name", "streamrec"}, {"version", version()}}));
  }
  last_ = event.t = std::max(last_, std::chrono::duration_cast<stream::Nanos>(moment - start_));
  stream::write_event(line_, event);
  return write_all(descriptor_, line_, name_);
}

Status Recorder::print(std::string_view payload) {
  return options_.print ? write_all(STDOUT_FILENO, payload, "<stdout>") : Status();
}

Status Recorder::finish() {
  if (descriptor_ <= STDERR_FILENO) return {};
  const int descriptor = std::exchange(descriptor_, -1);
  return ::close(descriptor) == 0 ? Status() : fail(system_error(errno, "write", name_));
}

}  // namespace tools::streamrec
