#include "hargrep/run.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <system_error>
#include <thread>

namespace tools::hargrep {

using stream::ErrorCode;
using stream::fail;
using stream::Status;

namespace {

Status copy_failed() {
  return fail({ErrorCode::io,
               "cannot copy the input to a temporary file: " + std::system_category().message(errno),
               {},
               "an input that must be read twice needs room in $TMPDIR, or else /tmp, unless it is a file",
               errno});
}

/// The bytes of an input, as they are, in a file without a name.
stream::Result<std::shared_ptr<int>> copied(const std::string& path) {
  const char* const folder = std::getenv("TMPDIR");
  std::string name = std::string(folder != nullptr && *folder != '\0' ? folder : "/tmp") + "/hargrep-XXXXXX";
  const int descriptor = ::mkostemp(name.data(), O_CLOEXEC);
  if (descriptor < 0) return fail(copy_failed().error());
  std::shared_ptr<int> file(new int(descriptor), [](const int* number) {  // NOLINT: closes what it holds
    ::close(*number);
    delete number;  // NOLINT
  });
  ::unlink(name.c_str());
  stream::InputOptions raw;
  raw.compression = stream::Compression::none;
  STREAM_ASSIGN(const auto source, stream::open_input(path, raw));
  std::vector<char> buffer(std::size_t{1} << 20);
  for (;;) {
    STREAM_ASSIGN(const std::size_t count, source->read(buffer));
    if (count == 0) return file;
    for (std::size_t done = 0; done < count;) {
      const ssize_t wrote = ::write(descriptor, buffer.data() + done, count - done);
      if (wrote < 0 && errno == EINTR) continue;
      if (wrote < 0) return fail(copy_failed().error());
      done += static_cast<std::size_t>(wrote);
    }
  }
}

}  // namespace

Session::Session(Tool& tool, const Options& options, Selection selection, std::vector<std::string> inputs)
    : tool_(tool), options_(options), selection_(std::move(selection)) {
  for (std::string& path : inputs) inputs_.push_back({path, path, nullptr});
}

Status Session::make_rereadable() {
  for (Source& input : inputs_) {
    struct stat info {};
    if (input.path != "-" && (::stat(input.path.c_str(), &info) != 0 || S_ISREG(info.st_mode) || S_ISDIR(info.st_mode))) continue;
    STREAM_ASSIGN(input.copy, copied(input.path));
    input.read = fmt::format("/proc/self/fd/{}", *input.copy);
  }
  return {};
}

void Session::say(const har::Message& message, std::size_t input) {
  const auto renamed = [&](auto one) {
    if (one.place.source == inputs_[input].read) one.place.source = shown(input);
    return one;
  };
  if (const auto* error = std::get_if<stream::Error>(&message)) {
    tool_.messages().error(renamed(*error));
    lost_ = true;
  } else {
    tool_.messages().finding(renamed(std::get<stream::Finding>(message)));
  }
}

std::unique_ptr<har::Input> Session::open(std::size_t input) {
  const auto from = options_.input.format ? std::optional<std::string_view>(*options_.input.format) : std::nullopt;
  stream::InputOptions how = options_.input.options;
  if (inputs_[input].copy && !how.compression && stream::compression_of_name(inputs_[input].path) == stream::Compression::brotli)
    how.compression = stream::Compression::brotli;
  auto opened = har::open_source(inputs_[input].read, from, how);
  if (!opened) {
    stream::Error error = opened.error();
    const bool expression = inputs_[input].path.find_first_of("=<>()&|\"") != std::string::npos;
    if (error.hint.empty() && expression && options_.selects())
      error.hint = "if that is meant as an expression, it stands behind -e";
    say(error, input);
    return nullptr;
  }
  if (inputs_[input].copy) opened->files = std::make_unique<har::SideFiles>(inputs_[input].path, how.limits.max_entry);
  selection_.begin_input();
  return std::make_unique<har::Input>(std::move(*opened));
}

har::EntryPassOptions Session::pass(std::size_t input, bool loud) {
  har::EntryPassOptions out;
  out.read.limits = options_.input.options.limits;
  out.threads = selection_.ordered()    ? 1
                : options_.threads != 0 ? options_.threads
                                        : std::max(1U, std::thread::hardware_concurrency());
  out.numbered = selection_.numbered();
  out.say = [this, input, loud](const har::Message& message) {
    if (loud) {
      say(message, input);
    } else if (std::holds_alternative<stream::Error>(message)) {
      lost_ = true;
    }
  };
  return out;
}

}  // namespace tools::hargrep
